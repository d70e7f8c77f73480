"""Searches the spectrogram of a signal for patches: those of the templates, at every column, at their own frequencies.

With S the levels of the recording in dB and P those of a template, both (columns, bins), patch k is scored by

    rho[k] = sum_jf (S[k+j, f] - mean_k)(P[j, f] - mean_P) / (||S_k - mean_k|| ||P - mean_P||)

with one mean for a whole patch: Pearson's r in two dimensions. The patch slides in time only: a call keeps its pitch,
and at another pitch it is another call. A decoy is the patch reversed in time. Convolution would need the patch turned
by 180 degrees: ``correlate2d(S, P) == convolve2d(S, P[::-1, ::-1])``.

Columns are the frames of a `Search` whose channels have one mean over their bins; all that leaves here is in frames.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import replace

import numpy as np

from ..kernel import Array
from .detection import Detection, Peaks
from .scores import Scores
from .search import Part, Search, SearchSettings
from .spectrogram import Grid, Spectrogram, spectrogram
from .transforms import irfft, rfft


class PatchSearch:
    """Searches blocks ``(n, channels)``; a score is given on for each frame, that of the column that began last.

    Parameters
    ----------
    templates
        ``(m, 1)`` or ``(m, channels)`` each, m at least a window of the grid; each is cut to its whole windows.
    names, fs, channels
        as for `Search`.
    grid
        of the spectrograms; that of a template begins with the template.
    settings
        as for `Search`, with ``min_distance`` in frames; None takes half of the shortest patch.
    first_frame, executor
        as for `Search`, in frames; so are `grain`, `part` and `merged`.
    """

    def __init__(
        self,
        templates: Sequence[Array],
        names: Sequence[str],
        fs: float,
        channels: int,
        grid: Grid,
        settings: SearchSettings | None = None,
        *,
        first_frame: int | None = None,
        executor: Executor | None = None,
    ) -> None:
        asked = settings or SearchSettings()
        patches = [spectrogram(template, grid) for template in templates]
        half = grid.span(min(map(len, patches))) // 2
        distance = half if asked.min_distance is None else asked.min_distance
        self._grid, self._frames = grid, first_frame or 0
        self._columns = Spectrogram(grid, channels)
        self._search = Search(
            patches,
            names,
            fs,
            channels,
            replace(asked, min_distance=-(-distance // grid.hop)),
            bins=grid.bins,
            first_frame=None if first_frame is None else first_frame // grid.hop,
            executor=executor,
        )
        self.count, self.channels_out = self._search.count, self._search.channels_out
        self.latency = grid.span(self._search.latency + 1) - 1
        self.grain = math.lcm(self._columns.group, self._search.grain) * grid.hop
        if (first_frame or 0) % self.grain:
            raise ValueError(f"a part must begin at a multiple of {self.grain} frames, got {first_frame}")

    def process(self, block: Array) -> Iterator[Scores]:
        """Take frames in; the scores that are known by now."""
        self._frames += len(block)
        yield from self._searched(self._columns.process(block))

    def flush(self) -> Iterator[Scores]:
        """The scores of the last columns."""
        yield from self._searched(self._columns.flush())
        yield from self._in_frames(self._search.flush())

    def _searched(self, groups: Iterable[Array]) -> Iterator[Scores]:
        for columns in groups:
            yield from self._in_frames(self._search.process(columns))

    def detection(self) -> Detection:
        """Result of the search, in frames; called once, after `flush`."""
        return self._moved(replace(self._search.detection(), frames=self._frames))

    def part(self, *, ended: bool) -> Part:
        """Result of a part, as `Search.part` gives it."""
        for columns in self._columns.flush():
            self._search.process(columns)
        return replace(self._search.part(ended=ended), end=self._frames)

    def merged(self, parts: Iterable[Part]) -> Detection:
        """Result of all parts, as `Search.merged` gives it."""
        return self._moved(self._search.merged(parts))

    def _moved(self, found: Detection) -> Detection:
        """The same result counted in frames, no longer in columns."""
        hop = self._grid.hop

        def moved(peaks: Peaks) -> Peaks:
            return replace(peaks, frame=peaks.frame * hop, offset=peaks.offset * hop)

        return replace(
            found,
            lengths=tuple(map(self._grid.span, found.lengths)),
            peaks=moved(found.peaks),
            regions=replace(found.regions, start=found.regions.start * hop, stop=found.regions.stop * hop),
            decoys=None if found.decoys is None else moved(found.decoys),
            hop=hop,
        )

    def memory(self, threads: int) -> int:
        """Bytes that are in use at the peak, with ``threads`` that compute."""
        held = self.count * self.channels_out * self._search.grain * self._grid.hop * 8
        return self._search.memory(threads) + 6 * held  # repeated, turned, joined

    def describe(self) -> str:
        """Description of how the scores are computed, for a plan."""
        grid = self._grid
        taken = f"spectrogram of windows of {grid.window} frames every {grid.hop}, {grid.bins} bins"
        return f"{taken}; {self._search.describe()}"

    def _in_frames(self, pieces: Iterable[Scores]) -> Iterator[Scores]:
        hop = self._grid.hop
        for scores in pieces:
            statuses = {self._grid.span(m): np.repeat(status, hop, axis=-1) for m, status in scores.statuses.items()}
            yield Scores(scores.start * hop, np.repeat(scores.values, hop, axis=-1), statuses)


def patch_asymmetry(patch: Array) -> float:
    """``1 - max_k |sum_f (P_f * P_f)[k]| / ||P||^2``, P of shape (columns, bins) about its mean: 0 if its own reversal.

    Each bin is convolved with itself in time, as `Kernel.asymmetry` does it with taps.
    """
    centred = patch - patch.mean()
    n = 2 * len(patch)
    padded = np.zeros((patch.shape[1], n))
    padded[:, : len(patch)] = centred.T
    itself = irfft((rfft(padded) ** 2).sum(axis=0), n)
    return max(0.0, 1.0 - float(np.abs(itself).max() / (centred**2).sum()))
