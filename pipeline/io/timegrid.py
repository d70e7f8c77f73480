"""The even grid that the stamps of a table lie on: its step, and the gaps in it.

The rate is that of the whole column, not of the median step: of all rates that its stamps allow, each off by no more
than the clock's resolution, the one that is written shortest. A clock that counts in 1 ms shows 80 Hz as steps of 12
and 13 ms. Its resolution is the last figure of its stamps, or the power of ten that divides all of its steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice

import numpy as np

from ..errors import ReadError
from ..plugins import bundled
from ..units import Duration
from .base import Block
from .stamps import PLAIN, UNITS, Clock, Stamp

JITTER = 0.01
"""Largest deviation of a step from the true one, in steps, beyond the clock's resolution."""

GAP = 1.5
"""A longer step than this many is a gap."""

_OFF_GRID = 0.1  # a gap must be whole steps to this; what lies between would need resampling
HEAD = 10_000
"""Rows that the step and the resolution are first guessed from."""

_REGULAR = 3  # fewer rows off the even step may be rows that are missing
_CHUNK = 1 << 18


@dataclass(frozen=True)
class Gap:
    """Missing frames before a row."""

    row: int
    steps: int
    """Frames from the row before to this one, at least 2."""
    seconds: float


@dataclass(frozen=True)
class TimeRequest:
    """Choices for a time column: those of `open_reader`, and what is known of its form."""

    name: str
    column: str
    position: int
    fs: float | None = None
    """Rate in Hz if it is known already: then the steps may jitter, but not be another."""
    gaps: str = "error"
    unit: str | None = None
    told: str | None = None
    """The unit that the header names."""
    clock: Clock = PLAIN
    max_gap: Duration | None = None
    parts: tuple[tuple[str, int, int], ...] = ()
    """Name, position and number of words of each column, where the time stands in several."""

    def fail(self, message: str, line: int | None = None) -> ReadError:
        """An error of this column."""
        where = f"column {self.column!r}"
        return ReadError(self.name, f"{where if line is None else f'line {line}, {where}'}: {message}")


@dataclass(frozen=True)
class _Steps:
    """Steps of a column below a limit: their sum, number, least and largest; how many are not below it, or 0."""

    total: int
    count: int
    least: int
    largest: int
    long: int
    zeros: int

    @property
    def mean(self) -> float:
        return self.total / max(1, self.count)

    @property
    def apart(self) -> float:
        """Largest deviation from the mean."""
        return max(self.largest - self.mean, self.mean - self.least)


class Grid:
    """Search for the even grid that stamps lie on, in ticks."""

    def __init__(
        self,
        asked: TimeRequest,
        ticks: Block,
        row_at: Callable[[int], tuple[int, str]],
        first: Stamp,
        fine: tuple[Decimal, Decimal],
    ) -> None:
        self._asked, self._ticks, self._row_at, self._first = asked, ticks, row_at, first
        self._tick, finest = fine
        self._finest = max(1, int(finest / self._tick))
        self._step = 0.0
        self.notes: list[str] = []

    def fitted(self) -> tuple[Decimal, tuple[Gap, ...]]:
        """Seconds from frame to frame, and the gaps."""
        fs = self._asked.fs
        if len(self._ticks) < 2:
            return 1 / Decimal(fs or 1), ()
        head = np.diff(self._ticks[: HEAD + 1])
        median = float(np.sort(head)[(len(head) - 1) // 2])  # of two the lower: the higher may be a gap
        self._step = median if fs is None else float(1 / Decimal(fs) / self._tick)
        self._refuse_backwards()
        clock = self._resolution(int(np.gcd.reduce(head)))
        if fs is None:
            step, resolution = self._even(median, clock)
        else:
            step = 1 / Decimal(fs) / self._tick
            self._hold_to(float(step), median, clock)
            plain = self._below(GAP * float(step))
            same = self._is_plain(plain) and abs(plain.mean - float(step)) < JITTER * float(step)
            resolution = self._slack(plain.mean) if same else clock
        return step * self._tick, self._gaps(float(step), resolution)

    def _seconds(self, ticks: float) -> float:
        return float(Decimal(ticks) * self._tick)

    def _resolution(self, divisor: int) -> int:
        """The power of ten of a second that all steps are multiples of, no finer than the stamps are written."""
        unit = int(1 / self._tick)
        while unit > self._finest and divisor % unit:
            unit //= 10
        return max(unit, self._finest)

    def _chunks(self) -> Iterator[tuple[int, Block]]:
        for start in range(0, len(self._ticks) - 1, _CHUNK):
            yield start, np.diff(self._ticks[start : start + _CHUNK + 1])

    def _below(self, limit: float) -> _Steps:
        total = count = long = zeros = largest = 0
        least = 1 << 62
        for _, steps in self._chunks():
            kept = steps[steps < limit]
            total, count = total + int(kept.sum()), count + len(kept)
            long, zeros = long + len(steps) - len(kept), zeros + int((kept == 0).sum())
            if len(kept):
                least, largest = min(least, int(kept.min())), max(largest, int(kept.max()))
        return _Steps(total, count, least, largest, long, zeros)

    def _refuse_backwards(self) -> None:
        for start, steps in self._chunks():
            if (steps < 0).any():
                row = start + int(np.argmax(steps < 0)) + 1
                raise self._stands_still(row)

    def _stands_still(self, row: int) -> ReadError:
        if (jump := self._clock_change(row)) is not None:
            return jump
        took = int(self._ticks[row]) - int(self._ticks[row - 1])
        fix = "sort the rows" if took < 0 else "leave one of the two out"
        return self._fail(row, f"the time does not go on ({self._cell(row - 1)!r}, then {self._cell(row)!r}); {fix}")

    def _cell(self, row: int) -> str:
        return self._row_at(row)[1].strip()

    def _fail(self, row: int, message: str) -> ReadError:
        return self._asked.fail(message, self._row_at(row)[0])

    def _clock_change(self, row: int) -> ReadError | None:
        """What to say of a step that only seems another, since clocks were put forward or back in it."""
        first, zone = self._first, self._asked.clock.zone
        if not first.iso or first.zone or zone == "UTC":
            return None
        before, after = (self._shown(int(self._ticks[k])) for k in (row - 1, row))
        zones = bundled("faltung_tables.zones", "to know a clock that is put forward or back")
        where = zones.zone_of_change(before, after, self._seconds(self._step)) if before.year > 1970 else None
        if where in (None, zone):
            return None
        shift = (after - before).total_seconds() - self._seconds(self._step)
        words = f"the clock is put {'forward' if shift > 0 else 'back'} by {abs(shift) / 60:g} minutes, as in {where}"
        fix = f"table: {{zone: {where}}} or another says when clocks are changed, zone: UTC that this one is not"
        return self._fail(row, f"{words}{f' and not in {zone}' if zone else ''}; {fix}")

    def _shown(self, ticks: int) -> datetime:
        return datetime(1970, 1, 1) + timedelta(seconds=float(self._first.clock + ticks * self._tick))

    def _even(self, median: float, clock: int) -> tuple[Decimal, float]:
        """Step and resolution of a column whose rate is not known."""
        limit = GAP * median
        plain = self._below(limit + 0.5)
        slack, even = self._slack(plain.mean), self._is_plain(plain)
        if not even or plain.long >= _REGULAR:
            rounded = self._rounded(median, clock)
            if rounded is not None and not (even and abs(float(rounded) / plain.mean - 1) < 1e-6):
                said = f"{float(1 / (rounded * self._tick)):.9g} Hz"
                counts = f"its clock counts in {self._seconds(clock):g} s"
                self.notes.append(f"column {self._asked.column!r}: {counts}; {said} fits all its stamps")
                return rounded, clock
            if rounded is None and even and self._alternates(median):
                words = f"steps of {self._seconds(median):g} s and longer ones alternate"
                coarse = f"its clock counts in {self._seconds(clock):g} s, too coarse to tell where rows are missing"
                raise self._asked.fail(f"{words}: {coarse}; give fs:")
        if not even:
            raise self._uneven(median, slack)
        if plain.least == plain.largest:
            return Decimal(plain.least), slack
        fitting = self._rounded(median, self._finest) if plain.apart <= self._finest else None
        if fitting is not None:
            return fitting, slack
        off = max(self._finest, 2 * plain.apart) * (plain.long + 1) / plain.count
        return self._shortest(plain.mean - off, plain.mean + off), slack

    def _slack(self, step: float) -> float:
        """What two stamps may be apart beyond jitter, where the last figure is finer than the step."""
        return self._finest if 4 * self._finest <= step else 0

    def _is_plain(self, steps: _Steps) -> bool:
        """Whether all steps that are no gaps are one step, but for jitter."""
        most = max(0.5, JITTER * steps.mean + self._slack(steps.mean))
        return steps.count > 0 and not steps.zeros and steps.apart < most

    def _alternates(self, median: float) -> bool:
        """Whether longer steps come as regularly as they do where a clock is too coarse."""
        runs = np.diff(np.flatnonzero(next(self._chunks())[1] > GAP * median))
        return len(runs) > 2 * _REGULAR and bool((np.abs(runs - np.median(runs)) <= 1).mean() > 0.5)

    def _uneven(self, median: float, slack: float) -> ReadError:
        for start, steps in self._chunks():
            wrong = (steps == 0) | ((steps <= GAP * median) & (np.abs(steps - median) >= JITTER * median + slack))
            if wrong.any():
                row = start + int(np.argmax(wrong)) + 1
                took = int(steps[row - start - 1])
                if not took:
                    return self._stands_still(row)
                if (jump := self._clock_change(row)) is not None:
                    return jump
                words = f"a step of {self._seconds(took):g} s where the step is {self._seconds(median):g} s"
                fix = "resample the series to an even grid, or give fs: to take the rows as even"
                return self._fail(row, f"{words}: over 1 % of jitter; {fix}")
        return self._asked.fail(f"its steps are about {self._seconds(median):g} s, but not even; give fs:")

    def _rounded(self, median: float, clock: int) -> Decimal | None:
        """Step of an even column whose stamps are rounded to ``clock``; None where they are not."""
        found = self._below(GAP * median + clock + 0.5)
        for _ in range(3):
            found = self._below(_limit(found.mean, clock))
        if found.count < _REGULAR or 0 < found.zeros < _REGULAR:
            return None
        off = clock * (found.long + 1) / found.count
        low, high = max(found.mean - off, found.mean / 2), found.mean + off
        step = self._shortest(low, high)
        if self._fits(float(step), clock):
            return step
        tried = np.linspace(low, high, 41)
        bands = [self._band(float(one), clock, 1) for one in tried]
        best = float(tried[int(np.argmin(bands))])
        step = self._shortest(best - (high - low) / 80, best + (high - low) / 80)
        return next((one for one in (step, Decimal(best)) if self._fits(float(one), clock)), None)

    def _fits(self, step: float, clock: int) -> bool:
        return step > 0 and self._band(step, clock) < clock + JITTER * step

    def _band(self, step: float, clock: int, chunks: int | None = None) -> float:
        """Largest spread of the stamps about a grid, between gaps."""
        widest = 0.0
        for _, steps in islice(self._chunks(), chunks):
            starts = np.concatenate([[0], np.flatnonzero(steps >= _limit(step, clock)) + 1])
            times = np.concatenate([[0], np.cumsum(steps)]) - step * np.arange(len(steps) + 1)
            spread = np.maximum.reduceat(times, starts) - np.minimum.reduceat(times, starts)
            widest = max(widest, float(spread.max()))
        return widest

    def _shortest(self, low: float, high: float) -> Decimal:
        """Step in ticks between two, the one whose rate or seconds are written with the fewest figures."""
        lowest, highest = Decimal(low) * self._tick, Decimal(high) * self._tick
        middle = (lowest + highest) / 2
        if lowest <= 0:
            return middle / self._tick
        for figures in range(1, 17):
            rate, step = (Decimal(f"{one:.{figures - 1}e}") for one in (1 / middle, middle))
            if 1 / highest <= rate <= 1 / lowest:
                return 1 / rate / self._tick
            if lowest <= step <= highest:
                return step / self._tick
        return middle / self._tick

    def _hold_to(self, step: float, median: float, clock: int) -> None:
        """Refuse steps that are others than a given rate says."""
        found = self._below(max(GAP * median, median + clock) + 0.5)
        off = clock * (found.long + 1) / max(1, found.count)
        if abs(found.mean - step) > JITTER * step + off:
            ratio = found.mean / step * float(self._asked.clock.unit)
            unit = next((u for u, s in UNITS.items() if abs(ratio * float(s) - 1) < 0.02), None)
            likely = "is it in seconds? if it counts rows, leave it out"
            fix = f"set time_unit: {unit}" if unit and not self._first.iso else likely
            said = f"its median step is {self._seconds(median):g} s, fs says {self._seconds(step):.6g} s"
            raise self._asked.fail(f"{said}; {fix}")
        if found.zeros and clock < step:
            raise self._uneven(median, 0)

    def _gaps(self, step: float, resolution: float) -> tuple[Gap, ...]:
        way, found = self._asked.gaps, []
        for start, steps in self._chunks():
            for at in np.flatnonzero(steps >= _limit(step, resolution)).tolist():
                row, took = start + at + 1, int(steps[at])
                seconds, whole = self._seconds(took), max(2, round(took / step))
                words = f"a gap of {seconds:g} s where the step is {self._seconds(step):g} s"
                if way != "split" and (jump := self._clock_change(row)) is not None:
                    raise jump
                if way == "error":
                    raise self._fail(row, f"{words}; set gaps: interpolate or nan, or split to run each part by itself")
                if way != "split" and abs(took / step - whole) > _OFF_GRID + resolution / step:
                    raise self._fail(row, f"{words}, not of whole steps; resample the series first, or set gaps: split")
                longest = self._asked.max_gap
                most = whole if longest is None else longest.exact_frames(1 / self._seconds(step)) * (1 + 0.5)
                if way != "split" and whole - 1 > most:
                    raise self._fail(row, f"{words}: {whole - 1:,} rows are missing, more than max_gap: {longest}")
                found.append(Gap(row, whole, seconds))
        return tuple(found)


def _limit(step: float, clock: float) -> float:
    """A step of at least so much is a gap."""
    return step + max(clock, (GAP - 1) * step) + 1e-6 * step
