"""Time columns: what a column of stamps tells of a table, and the stamps as they are written.

Stamps of an output are the texts of the input's rows; only where a row is made one is made for it, in the same form.
"""

from __future__ import annotations

import os
import re
import tempfile
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain, islice
from math import ceil
from typing import IO

import numpy as np

from ..limits import MAX_FRAMES, MAX_ROWS, at_most, set_by
from ..plugins import bundled
from ..system import pread
from ..text import shorten
from .base import Block
from .gaps import MOST_HELD
from .sink import naming_errors, write_all
from .stampblocks import ticks_since
from .stamps import (
    UNIT_NAMES,
    UNITS,
    Clock,
    Stamp,
    TimeColumn,
    compact_form,
    dates,
    format_stamp,
    format_time,
    parse_stamp,
    unit_of_epoch,
)
from .tables import comment_meant
from .timegrid import HEAD, Gap, Grid, TimeRequest

_MOST_PER_ROW = 100  # where there are so many that it is more than `MAX_ROWS`
Cells = Callable[[], Iterator[tuple[Sequence[int], Sequence[str]]]]
_DAY = Decimal(86400)
_FURTHEST = 1 << 62  # ticks


@dataclass(frozen=True)
class TimeGrid:
    """An even grid: the column, its rate in Hz, its number of frames (gaps counted in) and its gaps."""

    column: TimeColumn
    fs: float
    frames: int
    gaps: tuple[Gap, ...] = ()


class StampTexts:
    """Stamps of all rows as they stand in the file, put aside in a temporary one; those made go between them."""

    def __init__(self, parts: tuple[tuple[str, int, int], ...] = ()) -> None:
        self.parts = parts
        with tempfile.TemporaryFile() as file:
            self._fd = os.dup(file.fileno())
        weakref.finalize(self, os.close, self._fd)
        self.clock = Clock()
        self.gaps: tuple[Gap, ...] = ()

    def add(self, stamps: str) -> None:
        """Put more of them aside, a line each."""
        write_all(self._fd, stamps.encode("utf-8", "surrogateescape"))

    def _lines(self) -> Iterator[list[str]]:
        at, rest = 0, b""
        while part := pread(self._fd, 1 << 16, at):
            at += len(part)
            whole, _, rest = (rest + part).rpartition(b"\n")
            if whole or _:
                yield whole.decode("utf-8", "surrogateescape").split("\n")

    def frames(self, column: TimeColumn) -> Iterator[str]:
        """The stamp of each frame, and after the last row so on without end."""
        gaps = iter(self.gaps)
        gap = next(gaps, None)
        before: str | None = None
        for lines in self._lines() if gap is None else ():
            yield from lines
            before = lines[-1]
        for row, text in enumerate(chain.from_iterable(self._lines())) if gap is not None else ():
            if gap is not None and gap.row == row:
                if before is not None and (stamp := parse_stamp(before, self.clock)) is not None:
                    part = Decimal(gap.seconds) / gap.steps
                    for k in range(1, gap.steps):
                        yield format_time(replace(column, zone=stamp.zone), stamp.clock + k * part)
                gap = next(gaps, None)
            yield text
            before = text
        last = None if before is None else parse_stamp(before, self.clock)
        if last is not None:
            column = replace(column, start=last.clock, zone=last.zone)
        frame = 0 if last is None else 1
        while True:
            yield format_stamp(column, frame)
            frame += 1


def stamps_of(column: TimeColumn, fs: float | None) -> Iterator[str]:
    """The stamps of the frames of an output, without end; ``fs`` where it has a rate of its own."""
    for frame in range(-column.before, 0):
        yield format_stamp(column, frame, fs)
    if fs is None and column.texts is not None:
        yield from column.texts.frames(column)
    frame = 0
    while True:
        yield format_stamp(column, frame, fs)
        frame += 1


def columns_of(column: TimeColumn, stamps: Sequence[str]) -> list[tuple[str, int, Sequence[str]]]:
    """Stamps as columns of a table, with name and position: several where the time of the input stood in several."""
    parts = () if column.texts is None else column.texts.parts
    if not parts:
        return [(column.name, column.position, stamps)]
    form = re.compile(" ".join([*(rf"(\S+(?:\s+\S+){{{words - 1}}})" for _, _, words in parts[:-1]), "(.*)"]))
    cells = [found.groups() for found in map(form.fullmatch, stamps) if found]
    columns = [(name, at, [row[k] for row in cells]) for k, (name, at, _) in enumerate(parts)]
    return sorted(columns, key=lambda one: one[1])


def survey(asked: TimeRequest, cells: Cells) -> tuple[TimeGrid, list[str]]:
    """Go through a time column once, and hold it to an even grid; also what to warn of.

    Parameters
    ----------
    asked
        what is known of the column.
    cells
        gives lines and texts of all rows, many at a time, from the first.

    Raises
    ------
    ReadError
        A cell is no time, or the steps go back, jitter, leave a gap, or tell no rate.
    """

    def rows() -> Iterator[tuple[int, str]]:
        return chain.from_iterable(zip(lines, texts, strict=True) for lines, texts in cells())

    head = [text for _, text in islice(rows(), HEAD)]
    asked, notes = _clock(asked, head)
    texts = StampTexts(asked.parts)
    with tempfile.TemporaryFile() as store:
        first, digits, fine = _gather(asked, cells, texts, store)
        size = os.fstat(store.fileno()).st_size // 8
        ticks = np.memmap(store, np.int64, "r") if size else np.zeros(0, np.int64)
        if asked.fs is None and (size < 2 or ticks[0] == ticks[-1]):
            alike = " of one time" if size > 1 else ""
            raise asked.fail(f"{size} rows{alike} tell no rate; give fs:{alike and ', or another time_column, or two'}")
        grid = Grid(asked, ticks, lambda row: next(islice(rows(), row, None)), first, fine)
        step, gaps = grid.fitted()
        notes += grid.notes
        if unit := bundled("faltung_tables.doubts", "a table").likelier_unit(asked, first, digits, step):
            fix = f"set time_unit: {unit} or another if they are not, s if they are"
            notes.append(f"column {asked.column!r}: its numbers are taken as seconds, {float(1 / step):.6g} Hz; {fix}")
    texts.gaps, texts.clock = () if asked.gaps == "split" else gaps, asked.clock
    form = TimeColumn(
        name=asked.column,
        position=asked.position,
        start=first.clock,
        step=step,
        iso=first.iso,
        digits=digits.pop() if len(digits) == 1 else None,
        separator=first.separator,
        length=first.length,
        zone=first.zone,
        form=first.form,
        unit=asked.clock.unit,
        comma=asked.clock.comma,
        texts=texts,
    )
    frames = size + (0 if asked.gaps == "split" else sum(gap.steps - 1 for gap in gaps))
    allowed = MAX_FRAMES if asked.max_gap is not None else min(MAX_FRAMES, max(MAX_ROWS, size * _MOST_PER_ROW))
    if frames > allowed:
        longest = max(gaps, key=lambda gap: gap.steps)
        line, text = next(islice(rows(), longest.row, None))
        said = f"over the limit of {MAX_ROWS:,} or {_MOST_PER_ROW} a row ({set_by('rows')})"
        limit = said if allowed < MAX_FRAMES else f"there can be {at_most('frames')}"
        most = MAX_FRAMES if asked.gaps == "nan" else MOST_HELD
        more = (
            f", or max_gap: {ceil(longest.seconds)}s to make them" if frames <= most and asked.max_gap is None else ""
        )
        raise asked.fail(
            f"a gap of {longest.seconds:g} s: {frames:,} rows would be made of {size:,}, {limit};"
            f" is the time {text} right? set gaps: split to make none{more}",
            line,
        )
    return TimeGrid(form, float(1 / step) if asked.fs is None else asked.fs, frames, gaps), notes


def _clock(asked: TimeRequest, head: list[str]) -> tuple[TimeRequest, list[str]]:
    """How the stamps are read, where it was not said: unit and order of dates."""
    clock, notes = asked.clock, []
    if not clock.form and any(map(dates().is_ambiguous_date, head[:1])):
        first = any(map(dates().month_is_first, head))
        if not first and all(map(dates().is_ambiguous_date, head)):
            either = parse_stamp(head[0], replace(clock, day_first=head[0].strip()[-1] not in "Mm"))
            form = "%d/%m/%Y" if either is None else re.sub(r"%f\d+", "%f", either.form)
            fix = f"set table: {{time_format: {form!r}}} or another"
            raise asked.fail(f"{head[0]!r} may be a day and a month or a month and a day; {fix}")
        clock = replace(clock, day_first=not first)
    elif not clock.form and any(map(dates().month_is_first, head)):
        clock = replace(clock, day_first=False)
    stamp = parse_stamp(head[0], clock) if head else None
    forms = {compact_form(text.strip()) for text in head} if stamp is not None and not stamp.iso else set()
    if len(forms) == 1 and "" not in forms and not (asked.unit or asked.told or clock.form):
        clock = replace(clock, form=forms.pop())
        notes.append(f"column {asked.column!r}: its numbers are dates, as {head[0].strip()}; set time_unit: s if not")
    elif stamp is not None and not stamp.iso:
        unit = asked.unit or asked.told or unit_of_epoch(stamp.clock) or "s"
        if asked.unit is None and unit != "s":
            shown = stamp.clock * UNITS[unit]
            when = (
                f", from {datetime(1970, 1, 1) + timedelta(seconds=int(shown)):%Y-%m-%d %H:%M:%S} on"
                if shown > 10**8
                else ""
            )
            notes.append(
                f"column {asked.column!r}: its numbers are {UNIT_NAMES[unit]}{when}; set time_unit: for others"
            )
        clock = replace(clock, unit=UNITS[unit])
    return replace(asked, clock=clock), notes


def _gather(
    asked: TimeRequest, cells: Cells, texts: StampTexts, store: IO[bytes]
) -> tuple[Stamp, set[int], tuple[Decimal, Decimal]]:
    """Put the times of all rows aside, in ticks since the first; the first, the decimals, tick and resolution."""
    first = previous = Stamp(Decimal(0), Decimal(0), False, 0)
    digits, tick, finest, days = set[int](), Decimal("1e-9"), Decimal(1) * 86400, Decimal(0)
    per_second = 10**9
    wraps: bool | None = None
    n = longest = 0
    for lines, written in cells():
        alike = written and n > 1 and not days and len(digits) == 1
        known = ticks_since(first, written, asked.clock, per_second) if alike else None
        if known is not None:
            previous = parse_stamp(written[-1], asked.clock) or previous
            _put_aside(asked.name, *known, store, texts)
            continue
        pending: list[int] = []
        for line, text in zip(lines, written, strict=True):
            stamp = _stamp_in(asked, line, text, first if n else None)
            if n == 0:
                first, wraps = stamp, dates().is_clock_time(text) and not asked.clock.form
            elif asked.clock.zone and stamp.seconds <= previous.seconds:
                later = parse_stamp(text, asked.clock, fold=1)
                stamp = later if later is not None and later.seconds > previous.seconds else stamp
            elif wraps and stamp.seconds + days < previous.seconds - _DAY / 2:
                days += _DAY
            stamp = stamp._replace(seconds=stamp.seconds + days) if days else stamp
            if stamp.form.startswith("since") and stamp.form != first.form:  # so on beyond 23:59:59
                first = first._replace(form=stamp.form)
            if n == 1 and 0 < stamp.seconds - first.seconds < Decimal("2e-6"):
                tick, per_second = Decimal("1e-15"), 10**15
            digits.add(stamp.digits)
            longest = max(longest, stamp.length)  # isoformat() gives a whole second no decimals
            if stamp.resolution < finest:
                finest = stamp.resolution
            since = (stamp.seconds - first.seconds) * per_second
            if abs(since) >= _FURTHEST:
                away = f"{text!r} lies {float(since / per_second):.3g} s from the first time"
                raise asked.fail(f"{away}; is it one? set time_unit: for another unit", line)
            pending.append(round(since))
            previous = stamp
            n += 1
        told = "".join(f"{one.strip()}\n" for one in written)
        _put_aside(asked.name, np.array(pending, np.int64), told, store, texts)
    return first._replace(length=longest), digits, (tick, finest)


def _stamp_in(asked: TimeRequest, line: int, text: str, first: Stamp | None) -> Stamp:
    stamp = parse_stamp(text, asked.clock)
    if stamp is None:
        fix = comment_meant(text) if first and not asked.position else ""
        said = f"{shorten(text, 40)!r} is no time"
        raise asked.fail(f"{said} (seconds, ISO 8601, or table: {{time_format: ...}}){fix}", line)
    if first and stamp.iso and first.iso and bool(stamp.zone) != bool(first.zone):
        has, other = ("a", "none") if stamp.zone else ("no", first.zone.strip())
        fix = "write the same in all rows"
        raise asked.fail(f"{text!r} has {has} time zone, the first time has {other}; {fix}", line)
    return stamp


def _put_aside(name: str, ticks: Block, written: str, store: IO[bytes], texts: StampTexts) -> None:
    with naming_errors(f"{name}, its times in a temporary file"):
        store.write(ticks.tobytes())
        store.flush()
        texts.add(written)
