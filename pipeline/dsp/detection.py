"""Results of a search for templates, as columns: the peaks of the scores, the regions that have none, the null.

Frames are counted from the first frame of the signal that was searched; a peak stands at the **start** of its window.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

STATUSES = ("ok", "flat", "gap")
"""States of a window: it has a score; it is constant, to within rounding; it holds a sample that is not finite."""


@dataclass(frozen=True)
class Peaks:
    """Peaks of scores, each column of shape (n,), ordered by frame, then template, then channel."""

    frame: npt.NDArray[np.int64]
    template: npt.NDArray[np.int32]
    """Position in `Detection.templates`."""
    channel: npt.NDArray[np.int32]
    """Number of the channel, from 0; 0 where the channels give one score together."""
    score: npt.NDArray[np.float64]
    offset: npt.NDArray[np.float64]
    """Extremum of a parabola through the peak and its two neighbours, in frames from the peak."""

    def __len__(self) -> int:
        return len(self.frame)


@dataclass(frozen=True)
class Regions:
    """Runs of windows without a score, each column of shape (n,): windows ``start`` to ``stop - 1``."""

    start: npt.NDArray[np.int64]
    stop: npt.NDArray[np.int64]
    channel: npt.NDArray[np.int32]
    template: npt.NDArray[np.int32]
    status: npt.NDArray[np.uint8]
    """Position in `STATUSES`."""


@dataclass(frozen=True)
class Detection:
    """Result of one search in one signal."""

    fs: float
    """Rate of the signal that was searched, in Hz."""
    frames: int
    """Length of the signal that was searched."""
    templates: tuple[str, ...]
    lengths: tuple[int, ...]
    """Lengths of the templates, in frames."""
    peaks: Peaks
    regions: Regions
    decoys: Peaks | None = None
    """Peaks of the reversed templates, picked by the same rules, where they were asked for."""
    median: npt.NDArray[np.float64] | None = None
    """Median |score| over the windows that have one: (templates, channels), where it was asked for."""
    bounded: bool = True
    """Whether scores lie in [-1, 1], as those of ``ncc`` do."""
    warnings: tuple[str, ...] = ()
    """Limits that the search met: it keeps 2^20 peaks at most, of each channel (and template, if none compete)."""
    hop: int = 1
    """Frames from one window that is scored to the next."""
    polarity: str = "both"
    """Scores that are peaks: ``positive``, ``negative`` or ``both``."""

    @classmethod
    def of(
        cls, name: str, length: int, starts: npt.ArrayLike, scores: npt.ArrayLike, channels: npt.ArrayLike = 0,
        *, fs: float, frames: int,
    ) -> Detection:  # fmt: skip
        """Result of a search for one thing: each event begins at one of ``starts``, and lasts ``length`` frames."""
        frame = np.asarray(starts, np.int64).reshape(-1)
        channel = np.broadcast_to(np.asarray(channels, np.int32), frame.shape)
        order = np.lexsort((channel, frame))
        score = np.asarray(scores, np.float64).reshape(-1)
        zeros, none = np.zeros(len(frame)), np.zeros(0, np.int64)
        peaks = Peaks(frame[order], zeros.astype(np.int32), channel[order], score[order], zeros)
        regions = Regions(none, none, none.astype(np.int32), none.astype(np.int32), none.astype(np.uint8))
        return cls(fs, frames, (name,), (length,), peaks, regions, bounded=False)

    def fault(self) -> str:
        """Sentence on what does not fit together in it; empty where all does."""
        if len(self.templates) != len(self.lengths) or min(self.lengths, default=1) < 1:
            return f"each template has a length of at least 1 frame, got {self.templates} and {self.lengths}"
        for name, table in (("peaks", self.peaks), ("decoys", self.decoys), ("regions", self.regions)):
            columns = {} if table is None else vars(table)
            if not all(isinstance(column, np.ndarray) for column in columns.values()):
                return f"the columns of {name} are numpy arrays, got {[type(one).__name__ for one in columns.values()]}"
            if len({column.shape for column in columns.values()}) > 1:
                return f"the columns of {name} have one length, got {[column.shape for column in columns.values()]}"
            if columns and not np.isin(columns["template"], np.arange(len(self.templates))).all():
                return f"{name} are of templates 0 to {len(self.templates) - 1}, got {columns['template'].max()}"
            frame = columns.get("frame", np.zeros(0))
            if len(frame) and not 0 <= frame.min() <= frame.max() < self.frames:
                return f"{name} lie in frames 0 to {self.frames - 1}, got {frame.min()} to {frame.max()}"
            if not all(np.isfinite(columns[key]).all() for key in ("score", "offset") if key in columns):
                return f"the scores and offsets of {name} are finite"
            if (np.diff(frame) < 0).any():
                return f"{name} are ordered by frame"
        return ""

    def counted_from(self, zero: int, *, keep_before: bool = False) -> Detection:
        """The same with frame ``zero`` as frame 0; what starts before it is left out, unless ``keep_before``."""
        first = -zero if keep_before else 0

        def moved(peaks: Peaks) -> Peaks:
            kept = peaks.frame - zero >= first
            columns = {name: column[kept] for name, column in vars(peaks).items()}
            return Peaks(**{**columns, "frame": columns["frame"] - zero})

        kept = self.regions.stop - zero > first
        columns = {name: column[kept] for name, column in vars(self.regions).items()}
        start, stop = np.maximum(columns["start"] - zero, first), columns["stop"] - zero
        return replace(
            self,
            frames=self.frames - zero,
            peaks=moved(self.peaks),
            regions=Regions(**{**columns, "start": start, "stop": stop}),
            decoys=None if self.decoys is None else moved(self.decoys),
        )
