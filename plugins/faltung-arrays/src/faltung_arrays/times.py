"""Puts rows that have a time each on an even grid: their rate, their gaps, and the time of every piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.errors import ReadError

_BLOCK = 1 << 16
_GAP, _JITTER, _APART = 1.5, 0.01, 0.05
"""A step this many times as long is a gap; what steps may differ by; frames that a time may run away from its piece."""


class Piece(NamedTuple):
    """Rows without a gap: ``rows`` of them from ``row`` on begin at ``frame``."""

    frame: int
    row: int
    rows: int


@dataclass(frozen=True)
class Timed:
    """What the times of rows say."""

    fs: float
    pieces: tuple[Piece, ...]
    marks: tuple[tuple[int, Any], ...]
    """First frame of each stretch that is even, with the time of it as it is stored."""


@dataclass(frozen=True)
class Times:
    """A stored vector of times."""

    file: str
    name: str
    read: Callable[[int, int], npt.NDArray[Any]]
    """Times from one row to before another, as they are stored."""
    count: int
    unit: Decimal
    """Seconds in 1."""

    def _blocks(self) -> Iterator[tuple[int, npt.NDArray[Any], npt.NDArray[np.float64]]]:
        """Row, times and the seconds to each from the one before it."""
        last = self.read(0, 1)
        for begin in range(1, self.count, _BLOCK):
            here = self.read(begin, min(begin + _BLOCK, self.count))
            steps = np.diff(np.concatenate([last, here])).astype(np.float64) * float(self.unit)
            wrong = ~(steps > 0)
            if wrong.any():
                row = begin + int(np.argmax(wrong))
                raise self._fail(f"does not go on at row {row}: a step of {steps[row - begin]:g} s")
            yield begin, here, steps
            last = here[-1:]

    def _fail(self, words: str) -> ReadError:
        return ReadError(self.file, f"{self.name} {words}")

    def _slack(self) -> float:
        """Seconds that a time is uncertain by: a unit of whole numbers, else the last place of the largest."""
        ends = np.concatenate([self.read(0, 1), self.read(self.count - 1, self.count)])
        if ends.dtype.kind in "iu":
            return float(self.unit)
        return float(np.spacing(np.abs(ends).max())) * float(self.unit)

    def gridded(self, fs: float | None) -> Timed:
        """The rows on their grid, at ``fs`` where that is known already."""
        if self.count < 2:
            if fs is None:
                raise self._fail("has one time, so no rate; give fs:")
            return Timed(fs, (Piece(0, 0, self.count),), tuple((0, t) for t in self.read(0, self.count)))
        slack = self._slack()
        mean, off = self._step(fs, slack)
        fs = fs or _plainest(mean, off)
        return self._placed(fs)

    def _step(self, fs: float | None, slack: float) -> tuple[float, float]:
        """Seconds from row to row, gaps left out, and what that is uncertain by."""
        usual, total, count, gaps = 0.0, 0.0, 0, 0
        for begin, _, steps in self._blocks():
            usual = usual or float(np.sort(steps)[(len(steps) - 1) // 2])
            if slack > usual / 4 and fs is None:
                raise self._fail(f"is stored to {slack:g} s, too coarse for steps of {usual:g} s; give fs:")
            plain = steps[steps < _GAP * usual]
            apart = np.abs(steps - usual)
            wrong = (apart > _JITTER * usual + 2 * slack) & (steps < _GAP * usual)
            if wrong.any() and fs is None:
                row = begin + int(np.argmax(wrong))
                words = f"has a step of {steps[row - begin]:g} s before row {row} where the step is {usual:g} s"
                raise self._fail(f"{words}: over 1 % of jitter; give fs: to take the rows as even")
            total, count, gaps = total + float(plain.sum()), count + len(plain), gaps + len(steps) - len(plain)
        mean = total / max(1, count)
        if fs is not None and abs(mean * fs - 1) > _JITTER + 2 * slack * fs:
            raise self._fail(f"has steps of {mean:g} s, the rate told is {fs:g} Hz, steps of {1 / fs:g} s")
        return mean, 2 * slack * (gaps + 1) / max(1, count) + 1e-12 * mean

    def _placed(self, fs: float) -> Timed:
        pieces, first = [Piece(0, 0, 1)], self.read(0, 1)[0]
        marks, mark_frame, mark_time = [(0, first)], 0, first
        frame = 0  # of the row before
        for begin, here, steps in self._blocks():
            missing = np.where(steps * fs > _GAP, np.rint(steps * fs) - 1, 0).astype(np.int64)
            frames = frame + np.cumsum(1 + missing)
            starts = np.flatnonzero(missing > 0).tolist()
            for at in starts:
                row = begin + at
                pieces[-1] = pieces[-1]._replace(rows=row - pieces[-1].row)
                pieces.append(Piece(int(frames[at]), row, 1))
            at = 0
            while at < len(here):  # each stretch that is even ends where a time is too far from what it should be
                stop = min(len(here), at + 4096)
                seconds = (here[at:stop] - mark_time).astype(np.float64) * float(self.unit)
                far = np.abs(seconds * fs - (frames[at:stop] - mark_frame)) > _APART
                if not far.any():
                    at = stop
                    continue
                at += int(np.argmax(far))
                mark_frame, mark_time = int(frames[at]), here[at]
                marks.append((mark_frame, mark_time))
            frame = int(frames[-1])
        pieces[-1] = pieces[-1]._replace(rows=self.count - pieces[-1].row)
        return Timed(fs, tuple(pieces), tuple(marks))


def _plainest(step: float, off: float) -> float:
    """The rate of a step, within what that is uncertain by: the one that has the fewest figures, as Hz or as s."""
    low, high = step - off, step + off
    if low <= 0:
        return 1 / step
    for figures in range(16):
        rate, seconds = float(f"{1 / step:.{figures}e}"), float(f"{step:.{figures}e}")
        if 1 / high <= rate <= 1 / low:
            return rate
        if low <= seconds <= high:
            return 1 / seconds
    return 1 / step
