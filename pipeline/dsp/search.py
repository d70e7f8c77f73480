"""Searches a signal for templates: the scores, their peaks and what has none, gathered while the signal streams by.

Peaks of different templates compete with each other, those of different channels never do. The decoys, the templates
reversed in time, share the transforms and are picked by themselves.

A long signal may be searched in parts, elsewhere and at once: one search for each, with ``first_frame``, a multiple of
`Search.grain`, is given the frames up to the next part's first and ``latency`` more, which there must be; its `part`
goes to `merged` of a search of its own. What comes out is the same, bit for bit, as of one search of all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import SignalError
from ..kernel import Array
from .detection import Detection, Peaks, Regions
from .peaks import MOST, Picker, Polarity, joined, needed
from .score_bank import ChannelMode, Score
from .scores import Scorer, Scores
from .thresholds import RunningMedian


@dataclass(frozen=True)
class Part:
    """Result of searching one part of a signal: `Search.merged` makes of the parts what one search finds."""

    first: int
    """Frame of the signal that the part begins with."""
    end: int
    """Frames of the signal that were seen."""
    windows: int
    """Number of windows that were scored, from ``first`` on."""
    kept: tuple[tuple[npt.NDArray[np.int64], Array], ...]
    """Windows that matter to peaks, and their scores, of each template, decoys behind them, and each channel."""
    medians: list[list[RunningMedian]]
    runs: _Runs


@dataclass(frozen=True)
class SearchSettings:
    """Settings of a search: the score, and which of its values are peaks."""

    score: Score = "ncc"
    mode: ChannelMode = "each"
    """Score of ``each`` channel, their ``mean``, or one of all (``sum``), as for `Scorer`."""
    min_distance: int | None = None
    """Frames between two peaks, at least; None takes half of the shortest template."""
    polarity: Polarity = "positive"
    """Sign of the scores that count."""
    floor: float = 0.0
    """|score| below which nothing is a peak."""
    compete: bool = True
    """Whether a peak of one template keeps lower ones of others away."""
    decoys: bool = False
    """Whether the templates are looked for reversed too."""
    median: bool = False
    """Whether the median |score| is wanted."""
    eps: float = 2.0**-52
    """Relative spacing of the numbers that the samples were given as."""


class Search:
    """Searches blocks ``(n, channels * bins)``; the scores of the templates are given on as they come.

    Parameters
    ----------
    templates
        ``(m, bins)`` or ``(m, channels * bins)`` each.
    names
        of the templates.
    fs
        rate of the signal in Hz.
    channels
        of the signal.
    settings
        how peaks are found.
    bins, executor
        as for `Scorer`.
    first_frame
        of the part that is searched, a multiple of `grain`; None for a whole signal.
    """

    def __init__(
        self,
        templates: Sequence[npt.ArrayLike],
        names: Sequence[str],
        fs: float,
        channels: int,
        settings: SearchSettings | None = None,
        *,
        bins: int = 1,
        first_frame: int | None = None,
        executor: Executor | None = None,
    ) -> None:
        asked = settings or SearchSettings()
        arrays = [np.asarray(template, np.float64) for template in templates]
        looked_for = arrays + [array[::-1] for array in arrays] if asked.decoys else arrays
        self._scorer = Scorer(
            looked_for, channels, asked.score, asked.mode, bins=bins, eps=asked.eps, executor=executor
        )
        self._bounded = asked.score == "ncc"
        self._fs, self._names, self._lengths = fs, tuple(names), tuple(map(len, arrays))
        half = self._scorer.shortest // 2
        distance = max(1, half if asked.min_distance is None else asked.min_distance)
        self.count, self.channels_out = len(arrays), self._scorer.channels_out
        self.latency = self._scorer.longest - 1
        self.grain = self._scorer.group * self._scorer.block
        """Windows that are scored together: parts begin at multiples."""
        if (first_frame or 0) % self.grain:
            raise ValueError(f"a part must begin at a multiple of {self.grain} frames, got {first_frame}")
        self._first, self._asked = first_frame or 0, asked
        self._pieces: list[list[tuple[npt.NDArray[np.int64], Array]]] | None = (
            None if first_frame is None else [[] for _ in range(len(looked_for) * self.channels_out)]
        )
        self._windows = 0
        outputs = range(self.channels_out)
        groups = [slice(0, self.count)] if asked.compete else [slice(t, t + 1) for t in range(self.count)]

        def pickers(first: int) -> list[tuple[slice, int, Picker]]:
            return [
                (slice(first + group.start, first + group.stop), channel, Picker(distance, asked.polarity, asked.floor))
                for channel in outputs
                for group in groups
            ]

        self._pickers = pickers(0)
        self._decoys = pickers(self.count) if asked.decoys else []
        self._medians = [[RunningMedian() for _ in outputs] for _ in arrays] if asked.median else []
        self._runs = _Runs(self._lengths)
        self._frames = self._first

    def process(self, block: Array) -> list[Scores]:
        """Take frames in; the scores that are known by now, decoys left out."""
        self._frames += len(block)
        return self._taken(self._scorer.process(block))

    def flush(self) -> list[Scores]:
        """The scores of the last windows."""
        return self._taken(self._scorer.flush())

    def part(self, *, ended: bool) -> Part:
        """Result of a search with ``first_frame``, for `merged`; ``ended``: the signal ends here. Called once."""
        if self._pieces is None:
            raise ValueError("a search of a whole signal has no part; give it first_frame")
        self._taken(self._scorer.flush() if ended else self._scorer.finish())
        if not ended and self._windows + self.latency != self._frames - self._first:
            raise ValueError(
                f"a part that is not the last needs a multiple of {self.grain} frames and {self.latency} more, "
                f"got {self._frames - self._first}"
            )
        kept = tuple(
            (
                np.concatenate([np.zeros(0, np.int64), *(a for a, _ in pieces)]),
                np.concatenate([[], *(s for _, s in pieces)]),
            )
            for pieces in self._pieces
        )
        return Part(self._first, self._frames, self._windows, kept, self._medians, self._runs)

    def merged(self, parts: Iterable[Part]) -> Detection:
        """Result of the parts of a signal, in order, together; of a search that was given no frame."""
        for part in parts:
            self._frames = part.end
            for start in range(part.first, part.first + part.windows, self.grain):
                stop = min(start + self.grain, part.first + part.windows)
                values = np.zeros((len(part.kept), stop - start))
                for row, (at, scores) in zip(values, part.kept, strict=True):
                    here = slice(*np.searchsorted(at, (start, stop)))
                    row[at[here] - start] = scores[here]
                self._picked_from(values.reshape(-1, self.channels_out, stop - start))
            for medians, others in zip(self._medians, part.medians, strict=True):
                for median, other in zip(medians, others, strict=True):
                    median.join(other)
            self._runs.join(part.runs)
        return self.detection()

    def detection(self) -> Detection:
        """Result of the search, after `flush`; called once."""
        peaks, dropped = _picked(self._pickers, 0)
        decoys, decoys_dropped = _picked(self._decoys, self.count) if self._decoys else (None, False)
        medians = np.array([[m.value() for m in row] for row in self._medians]) if self._medians else None
        warnings = [
            f"more than {MOST:,} {what} in a channel; the lowest were left out: raise the threshold"
            for what, is_so in (("peaks", dropped), ("peaks of reversed templates", decoys_dropped))
            if is_so
        ]
        return Detection(
            self._fs,
            self._frames,
            self._names,
            self._lengths,
            peaks,
            self._runs.regions(),
            decoys,
            medians,
            self._bounded,
            tuple(warnings),
            polarity=self._asked.polarity,
        )

    def memory(self, threads: int) -> int:
        """Bytes that are in use at the peak, with ``threads`` that compute."""
        return self._scorer.memory(threads)

    def describe(self) -> str:
        """Description of how the scores are computed, for a plan."""
        return self._scorer.describe()

    def _taken(self, pieces: Iterable[Scores]) -> list[Scores]:
        kept = []
        for scores in pieces:
            scores = Scores(self._first + scores.start, scores.values, scores.statuses)
            if not (self._bounded or np.isfinite(scores.values).all()):
                where = f"scores behind frame {scores.start}"
                raise SignalError(f"{where} are not finite: numbers grew too large; set score: ncc")
            self._windows += scores.values.shape[2]
            if self._pieces is None:
                self._picked_from(scores.values)
            else:
                self._keep(scores, self._pieces)
            for row, values in zip(self._medians, scores.values, strict=False):
                for median, track in zip(row, values, strict=True):
                    median.add(track)
            self._runs.add(scores)
            kept.append(Scores(scores.start, scores.values[: self.count], scores.statuses))
        return kept

    def _picked_from(self, values: Array) -> None:
        for rows, channel, picker in (*self._pickers, *self._decoys):
            picker.process(values[rows, channel])

    def _keep(self, scores: Scores, pieces: list[list[tuple[npt.NDArray[np.int64], Array]]]) -> None:
        for track, kept in zip(scores.values.reshape(len(pieces), -1), pieces, strict=True):
            at = needed(track, self._asked.polarity, self._asked.floor)
            kept.append((at + scores.start, track[at]))


def _picked(pickers: Sequence[tuple[slice, int, Picker]], first: int) -> tuple[Peaks, bool]:
    found = joined([(picker.flush(), rows.start - first, channel) for rows, channel, picker in pickers])
    return found, any(picker.dropped for _, _, picker in pickers)


class _Runs:
    """Runs of windows without a score, joined where they go on in the next piece."""

    def __init__(self, lengths: Sequence[int]) -> None:
        self._lengths = lengths
        self._runs: dict[tuple[int, int], list[list[int]]] = {}  # of a length and a channel: [start, stop, status]

    def add(self, scores: Scores) -> None:
        """Take in the windows of the next piece."""
        for length, rows in scores.statuses.items():
            for channel, row in enumerate(rows):
                runs = self._runs.setdefault((length, channel), [])
                edges = np.flatnonzero(np.diff(row, prepend=0, append=0))
                for a, b in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
                    start, stop, status = scores.start + a, scores.start + b, int(row[a])
                    if status and runs and runs[-1][1:] == [start, status]:
                        runs[-1][1] = stop
                    elif status:
                        runs.append([start, stop, status])

    def join(self, later: _Runs) -> None:
        """Take in the runs of the windows that follow."""
        for key, others in later._runs.items():
            runs = self._runs.setdefault(key, [])
            if runs and others and runs[-1][1:] == [others[0][0], others[0][2]]:
                runs[-1][1] = others[0][1]
                others = others[1:]
            runs += [list(run) for run in others]

    def regions(self) -> Regions:
        """All of them, for each template, ordered by start, then template, then channel."""
        rows = [
            (start, stop, channel, template, status)
            for template, of_length in enumerate(self._lengths)
            for (length, channel), runs in self._runs.items()
            if length == of_length
            for start, stop, status in runs
        ]
        table = np.array(sorted(rows, key=lambda row: (row[0], row[3], row[2])), np.int64).reshape(-1, 5).T
        start, stop, channel, template, status = table
        narrow = (channel.astype(np.int32), template.astype(np.int32), status.astype(np.uint8))
        return Regions(start.copy(), stop.copy(), *narrow)
