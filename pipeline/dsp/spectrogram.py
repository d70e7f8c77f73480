"""Streams the columns of a log-magnitude spectrogram, on a grid fixed to absolute frame numbers.

Convention: column k is of the frames ``k H`` to ``k H + W - 1``, with W the window and H the hop, and belongs to the
first of them; only whole windows have a column. Of each channel,

    S[k, f] = 20 log10 max(|X[k, f]|, floor),    X[k, f] = 2 sum_n w[n] x[k H + n] exp(-2 pi i f n / W),   sum w = 1

in dB, so that a sine of amplitude 1 in the middle of a bin reaches 0; w is a Hann window, bin f lies at ``f fs / W``
hertz. The columns are those of `scipy.signal.ShortTimeFFT` with that window, which cannot stream.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np

from ..kernel import Array
from .gather import Gather
from .threads import SerialExecutor
from .transforms import rfft
from .windows import hann

_POINTS, _MOST = 1 << 15, 32  # of the windows that are transformed at once, and how many these are


@dataclass(frozen=True)
class Grid:
    """Points of a spectrogram: ``1 <= hop <= window`` in frames, the bins ``first`` to ``stop - 1``."""

    window: int
    hop: int
    first: int
    stop: int
    floor: float
    """The least magnitude, above 0."""

    @property
    def bins(self) -> int:
        """Values of a column."""
        return self.stop - self.first

    def columns(self, frames: int) -> int:
        """Whole windows in so many frames."""
        return max(0, (frames - self.window) // self.hop + 1)

    def span(self, columns: int) -> int:
        """Frames that so many columns, at least one, are of."""
        return (columns - 1) * self.hop + self.window


class Spectrogram:
    """Takes blocks ``(n, channels)``, gives columns ``(k, channels * bins)`` in dB, those of a channel together.

    Groups of columns are computed whole, the last one padded with zeros, so that no cut of the input reaches the
    arithmetic. A window with a sample that is not finite has no finite value.
    """

    def __init__(self, grid: Grid, channels: int) -> None:
        self._grid, self._weights = grid, 2 * hann(grid.window)
        self.group = min(_MOST, 1 << max(1, _POINTS // (grid.window * channels)).bit_length() - 1)
        """Columns that are computed together: parts of a signal begin at multiples."""
        self._gather: Gather[Array] = Gather(channels, grid.window - grid.hop, grid.hop, self.group)

    def process(self, block: Array) -> Iterator[Array]:
        """Take frames in; the columns of each group that is whole."""
        return self._gather.process(block, self._begin)

    def flush(self) -> Iterator[Array]:
        """The columns that are left."""
        columns = self._grid.columns(self._gather.frames_in)
        left = columns - self._gather.begun // self._grid.hop
        return (group[:left] for group in self._gather.flush(columns * self._grid.hop, 0.0, self._begin))

    def _begin(self, region: Array, columns: int, start: int) -> Future[Array]:
        return SerialExecutor().submit(self._columns, region, columns, start)

    def _columns(self, region: Array, columns: int, start: int) -> Array:  # noqa: ARG002
        region[:, self._grid.span(columns) :] = 0
        windows = self._gather.blocks(region, self.group).swapaxes(0, 1)
        with np.errstate(all="ignore"):
            spectra = rfft(windows * self._weights)[..., self._grid.first : self._grid.stop]
            levels: Array = 20 * np.log10(np.maximum(np.abs(spectra), self._grid.floor))
        self._gather.regions.give_back(region)
        return levels.reshape(self.group, -1)


def spectrogram(x: Array, grid: Grid) -> Array:
    """All columns of ``(n, channels)``, as `Spectrogram` gives them: ``(columns, channels * bins)``."""
    stream = Spectrogram(grid, x.shape[1])
    empty = np.zeros((0, x.shape[1] * grid.bins))
    return np.concatenate([empty, *stream.process(x), *stream.flush()])
