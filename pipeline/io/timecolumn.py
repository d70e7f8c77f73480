"""Time columns: text to seconds and back, and the even grid of frames that they must lie on.

Times are decimals, not floats: the step of 1551178506.01 and 1551178506.02 is 0.01 s exactly, so the rate is 100 Hz
exactly. The rate is one over the median step, against which jitter and gaps are held.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import chain, islice, pairwise
from typing import NamedTuple

import numpy as np

from ..errors import ReadError
from ..limits import MAX_ROWS, set_by
from .base import TimeColumn

JITTER = Decimal("0.01")
"""Largest deviation of a step from the median step, in steps."""

GAP = Decimal("1.5")
"""A longer step than this many median steps is a gap."""

_MOST_PER_ROW = 100  # where there are so many that it is more than `MAX_ROWS`
_OFF_GRID = Decimal("0.1")  # a gap must be whole steps to this; what lies between would need resampling
_MEDIAN_ROWS = 10_000
_EPOCH = datetime(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)
_LAST = (datetime.max - _EPOCH) // _MICROSECOND
_ZONE = re.compile(r"(Z|[+-]\d{2}:?\d{2})$")


class Stamp(NamedTuple):
    """One cell of a time column: ``seconds`` for comparing, ``clock`` as its own clock shows it."""

    seconds: Decimal
    clock: Decimal
    iso: bool
    digits: int
    separator: str = " "
    length: int = 0
    zone: str = ""


def parse_stamp(text: str) -> Stamp | None:
    """A number in seconds or an ISO 8601 date and time; None when it is neither."""
    text = text.strip()
    if text[4:5] == "-":  # rather a date: what is tried in vain costs most of the time
        return _moment(text) or _number(text)
    return _number(text) or _moment(text)


def _number(text: str) -> Stamp | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    whole, point, digits = text.partition(".")
    if digits.isdigit() or (whole.isdigit() and not point):  # as most are; the tuple of a number is slow to make
        return Stamp(number, number, False, len(digits))
    exponent = number.as_tuple().exponent
    return Stamp(number, number, False, max(0, -exponent)) if isinstance(exponent, int) else None


def _moment(text: str) -> Stamp | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        clock = seconds = _seconds(moment - _EPOCH)
        zone = ""
    else:
        clock = _seconds(moment.replace(tzinfo=None) - _EPOCH)
        seconds = clock - _seconds(moment.utcoffset() or timedelta(0))
        found = _ZONE.search(text)
        zone = found.group() if found else ""
    return Stamp(seconds, clock, True, 0, text[10:11] or " ", len(text) - len(zone), zone)


def _seconds(delta: timedelta) -> Decimal:
    return Decimal(delta // _MICROSECOND).scaleb(-6)


@dataclass(frozen=True)
class TimeGrid:
    """An even grid: the column, its rate in Hz, its number of frames (gaps counted in), and whether there are gaps."""

    column: TimeColumn
    fs: float
    frames: int
    gaps: bool


def survey(
    name: str, column: str, position: int, cells: Iterator[tuple[int, str]], *, fs: float | None, gaps: str
) -> tuple[TimeGrid, list[str]]:
    """Go through a time column once, and hold it to an even grid; also what to warn of.

    Parameters
    ----------
    name
        of the file, for messages.
    column, position
        of the time column.
    cells
        (line, text) of every row.
    fs
        rate in Hz if it is known already: then the steps may jitter, but not be off by 1 % in the median.
    gaps
        ``"error"`` refuses gaps.

    Raises
    ------
    ReadError
        A cell is no time, or the steps go back, jitter, leave a gap, or tell no rate.
    """
    where = f"column {column!r}"

    def stamps() -> Iterator[tuple[int, Stamp]]:
        for line, text in cells:
            stamp = parse_stamp(text)
            if stamp is None:
                raise ReadError(name, f"line {line}, {where}: {text!r} is no time (seconds, or ISO 8601)")
            yield line, stamp

    rows = stamps()
    head = list(islice(rows, _MEDIAN_ROWS))
    if len(head) < 2 and fs is None:
        raise ReadError(name, f"{where}: {len(head)} rows tell no rate; give fs:")
    steps = [b.seconds - a.seconds for (_, a), (_, b) in pairwise(head)]
    step = statistics.median(steps) if fs is None else 1 / Decimal(fs)
    if fs is not None and steps and abs(statistics.median(steps) - step) > JITTER * step:
        median = float(statistics.median(steps))
        raise ReadError(name, f"{where}: its median step is {median:g} s, fs says {step:.6g} s; is it in seconds?")
    frames, digits, length = 0, set[int](), 0
    previous: Stamp | None = None
    even = Decimal(0)  # the last step that was one step of the grid
    missing = 0  # frames that gaps leave out
    for line, stamp in chain(head, rows):
        frames += 1
        if previous is not None and (took := stamp.seconds - previous.seconds) != even:
            gap = _Step(name, f"line {line}, {where}", step, fs is None, gaps)
            count = gap.count(previous, stamp)
            missing += count - 1
            if count > 1 and frames + missing > max(MAX_ROWS, frames * _MOST_PER_ROW):
                raise gap.fail(
                    f"{frames + missing:,} rows would be made of {frames:,}, over the limit of {MAX_ROWS:,} or"
                    f" {_MOST_PER_ROW} a row ({set_by('rows')}); is the time {stamp.seconds:.12g} s right?"
                )
            even = took if count == 1 else even
        digits.add(stamp.digits)
        length = max(length, stamp.length)
        previous = stamp
    first = head[0][1] if head else Stamp(Decimal(0), Decimal(0), False, 0)
    form = TimeColumn(
        name=column,
        position=position,
        start=first.clock,
        step=step,
        iso=first.iso,
        digits=digits.pop() if len(digits) == 1 else None,
        separator=first.separator,
        length=length,
        zone=first.zone,
    )
    warnings = []
    frames += missing
    drift = previous.seconds - first.seconds - (frames - 1) * step if previous else Decimal(0)
    if abs(drift) > step / 2:
        warnings.append(
            f"{where}: the median step is {float(step):g} s, but the rows drift from it by {float(drift):+.3g} s to the"
            " end; times of the output follow the median"
        )
    return TimeGrid(form, float(1 / step) if fs is None else fs, frames, missing > 0), warnings


@dataclass(frozen=True)
class _Step:
    """Rule that one step of a time column is held to."""

    name: str
    where: str
    step: Decimal
    strict: bool
    gaps: str

    def count(self, a: Stamp, b: Stamp) -> int:
        """Whole steps from one stamp to the next, 1 unless there is a gap."""
        took = b.seconds - a.seconds
        if took <= 0 or self.step <= 0:
            raise self.fail(f"the time does not go on ({a.seconds:f} s, then {b.seconds:f} s); sort the rows")
        ratio = took / self.step
        words = f"of {float(took):g} s where the step is {float(self.step):g} s"
        if ratio <= GAP:
            if self.strict and abs(ratio - 1) > JITTER:
                fix = "resample the series to an even grid, or give fs: to take the rows as even"
                raise self.fail(f"a step {words}: over 1 % of jitter; {fix}")
            return 1
        if self.gaps == "error":
            raise self.fail(f"a gap {words}; set gaps: interpolate or nan")
        whole = int(ratio.to_integral_value())
        if abs(ratio - whole) > _OFF_GRID:
            raise self.fail(f"a gap {words}, not of whole steps; resample the series first")
        return whole

    def fail(self, message: str) -> ReadError:
        return ReadError(self.name, f"{self.where}: {message}")


def steps_between(a: Stamp, b: Stamp, step: Decimal) -> int:
    """Whole steps between two stamps that `survey` has accepted."""
    return max(1, int(((b.seconds - a.seconds) / step).to_integral_value()))


def format_stamps(column: TimeColumn, first: int, count: int, fs: float | None = None) -> list[str]:
    """The times of frames from ``first`` on, each as `format_stamp` gives it."""
    digits = 6 if column.iso else column.digits
    if fs is None and digits is not None:
        start, step = column.start.scaleb(digits), column.step.scaleb(digits)
        if start == int(start) >= 0 and step == int(step) > 0:  # whole numbers, which are told quickly
            ticks = range(int(start + first * step), int(start + (first + count) * step), int(step))
            if not column.iso:
                unit = 10**digits
                return [f"{t // unit}.{t % unit:0{digits}}" for t in ticks] if digits else list(map(str, ticks))
            if count and ticks[-1] <= _LAST:
                moments = np.datetime_as_string(np.array(ticks, np.int64).view("datetime64[us]")).tolist()
                return [f"{t[:10]}{column.separator}{t[11:]}"[: column.length] + column.zone for t in moments]
    return [format_stamp(column, frame, fs) for frame in range(first, first + count)]


def format_stamp(column: TimeColumn, frame: int, fs: float | None = None) -> str:
    """The time of a frame in the form of its column; ``fs`` when the rate is no longer the column's own."""
    time = column.start + frame * (column.step if fs is None else 1 / Decimal(fs))
    if column.iso:
        moment = _EPOCH + timedelta(microseconds=int(time.scaleb(6).to_integral_value()))
        text = moment.isoformat(sep=column.separator, timespec="microseconds")
        return text[: column.length if fs is None else len(text)] + column.zone
    if column.digits is not None and fs is None:
        return f"{time:.{column.digits}f}"
    return repr(float(round(time, max(9, column.digits or 0))))
