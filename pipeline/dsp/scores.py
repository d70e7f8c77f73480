"""Streams the scores of templates at every window of a signal, on a grid fixed to absolute frame numbers.

Windows are counted by their **start**. Template t of m frames has N - m + 1 of them in N frames; what is given out
reaches as far as the shortest template's, and where a longer one would run over the end its score is 0. See `gather`
for the grid, `score_blocks` for the method and what it errs by.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..kernel import Array
from .gather import Gather
from .score_bank import ChannelMode, Score, banks
from .score_blocks import score_rows
from .threads import SerialExecutor, groups_ahead

__all__ = ["ChannelMode", "Score", "Scorer", "Scores"]

_LEAST, _MOST = 1 << 13, 1 << 18  # points of a transform
_GROUP_POINTS = 1 << 17  # of a batch, all channels, below which calling costs more than computing
_SCORES = 1 << 21  # scores of a group, at most, where a block is not more


@dataclass(frozen=True)
class Scores:
    """Scores of the windows from ``start`` on."""

    start: int
    values: npt.NDArray[np.float64]
    """(templates, channels, windows); one channel where the channels give one score together."""
    statuses: dict[int, npt.NDArray[np.uint8]]
    """Statuses for each length of template with windows that have no score: (channels, windows)."""


class Scorer:
    """Scores blocks ``(n, channels * bins)`` against templates.

    Parameters
    ----------
    templates
        ``(m,)`` or ``(m, 1)``, the same for every channel, or ``(m, channels)``; lengths may differ. With bins,
        ``(m, bins)`` or ``(m, channels * bins)``.
    channels
        of the signal.
    bins
        columns that are one channel and have one mean, as the bins of a spectrogram do, those of a channel together.
    score
        ``ncc``: Pearson's r of template and window; ``correlation``: ``sum_i x[k+i] t[i]``; ``matched_filter``: that by
        ``||t||^2``, the gain at which the template fits best.
    mode
        a score for ``each`` channel; the ``mean`` of those that have one; or that of all channels as one long vector
        (``sum``), each centred by itself.
    eps
        relative spacing of the numbers that the samples were given as: what is flat but for it is flat.
    executor
        computes groups side by side; without one each is computed when it is whole.

    Raises
    ------
    SignalError
        a template that is empty, not finite, constant (silent, where it is not centred), or for other channels.
    """

    def __init__(
        self,
        templates: Sequence[npt.ArrayLike],
        channels: int,
        score: Score = "ncc",
        mode: ChannelMode = "each",
        *,
        bins: int = 1,
        eps: float = 2.0**-52,
        executor: Executor | None = None,
    ) -> None:
        self._banks = banks(templates, channels, score, mode, bins)
        self._channels, self._bins, self._mode, self._eps = channels, bins, mode, eps
        self._executor = executor or SerialExecutor()
        self._count = len(templates)
        self.shortest, self.longest = self._banks[0].length, self._banks[-1].length
        self.n_fft = transform_points(self.longest, bins, self._count * channels)
        self.block = self.n_fft - self.longest + 1
        fits = max(1, _SCORES // (self._count * channels * self.block))
        self.group = min(max(1, _GROUP_POINTS // (self.n_fft * channels * bins)), fits)
        self._gather: Gather[Scores] = Gather(
            channels * bins, self.longest - 1, self.block, self.group, ahead=groups_ahead(executor)
        )

    @property
    def channels_out(self) -> int:
        """Channels that have a score of their own."""
        return self._channels if self._mode == "each" else 1

    def process(self, block: Array) -> Iterator[Scores]:
        """Take frames in; the scores that are known by now, in order."""
        yield from map(self._cut, self._gather.process(block, self._begin))

    def flush(self) -> Iterator[Scores]:
        """The scores of the last windows."""
        # behind the end nothing is known, and nothing is cut there
        yield from map(self._cut, self._gather.flush(self._gather.frames_in - self.shortest + 1, np.nan, self._begin))

    def finish(self) -> Iterator[Scores]:
        """The scores of the groups that are whole, and no others: more frames follow elsewhere."""
        yield from map(self._cut, self._gather.finished())

    def memory(self, threads: int) -> int:
        """Bytes that are in use at the peak, with ``threads`` that compute."""
        points = self.n_fft * self._channels * self._bins * 8
        lengths, under_way = len(self._banks), threads + 1 if threads > 1 else 1
        working = threads * self.group * points * (5 + 2 * lengths)  # rows, spectra, products, sums of each length
        scores = self._count * self.channels_out * self.group * self.block * 8
        return self._count * points + under_way * self.group * points + working + (under_way + 3) * scores

    def describe(self) -> str:
        """Description of how the scores are computed, for a plan."""
        templates = f"{self._count} template{'s' if self._count > 1 else ''}"
        return f"{templates}: fft {self.n_fft}, blocks of {self.block} windows, {self.group} at a time, in float64"

    def _begin(self, region: Array, blocks: int, start: int) -> Future[Scores]:
        return self._executor.submit(self._scores, region, blocks, start)

    def _cut(self, scores: Scores) -> Scores:
        """Scores of the windows that there are."""
        frames = self._gather.frames_in - scores.start
        known = {m: s[:, : max(0, frames - m + 1)] for m, s in scores.statuses.items()}
        values = scores.values[:, :, : frames - self.shortest + 1]
        return Scores(scores.start, values, {m: s for m, s in known.items() if s.any()})

    def _scores(self, region: Array, blocks: int, start: int) -> Scores:
        rows = self._gather.blocks(region, blocks)
        units = 1 if self._mode == "sum" else self._channels
        rows = rows.reshape(units, -1, blocks, self.n_fft).swapaxes(1, 2)
        values = np.empty((self._count, len(rows), blocks, self.block))
        with np.errstate(all="ignore"):
            found = score_rows(rows, self._banks, self._eps, values)
        self._gather.regions.give_back(region)
        statuses = {m: status.reshape(len(rows), -1) for m, status in found.items()}
        scores = Scores(start, values.reshape(self._count, len(rows), -1), statuses)
        return self._mean(scores) if self._mode == "mean" else scores

    def _mean(self, scores: Scores) -> Scores:
        """The mean over the channels that have a score: the others hold 0."""
        values, statuses = scores.values.sum(axis=1, keepdims=True), {}
        for bank in self._banks:
            counts: Any = self._channels
            if bank.length in scores.statuses:
                status = scores.statuses[bank.length]
                counts = (status == 0).sum(axis=0)
                statuses[bank.length] = np.where(counts == 0, status.max(axis=0), 0).astype(np.uint8)[None]
            values[list(bank.members)] /= np.maximum(counts, 1)
        return Scores(scores.start, values, statuses)


def transform_points(longest: int, bins: int = 1, tracks: int = 1) -> int:
    """Points of the transform: eight to sixteen times the template, within limits; at least two to four times."""
    least: int = 1 << (2 * longest - 1).bit_length()
    fewer = (bins - 1).bit_length()  # of many bins each has a transform
    most = 1 << (_SCORES // tracks).bit_length() - 1  # of many tracks a block is kept whole
    return max(_LEAST >> fewer, min(4 * least, _MOST >> fewer, most), least)
