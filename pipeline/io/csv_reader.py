"""Read CSV: columns of numbers are channels, rows are frames, streamed.

Separator, decimal mark, comments, header and units are seen from its beginning (`dialect.py`). A table is gone through
once for its length and its time column, then read in blocks. A cell that is empty, NA or the like is a missing value, a
gap as a missing row is one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Iterator, Sequence
from itertools import islice, pairwise, zip_longest

import numpy as np

from ..errors import ReadError, UsageError
from ..limits import MAX_CHANNELS, set_by
from ..plugins import bundled
from ..text import shorten
from .base import Block, Reader, ReadOptions, SignalInfo
from .csv_rows import Rows
from .dialect import (
    COUNTED,
    MISSING,
    TableSettings,
    counts_rows,
    find_dialect,
    in_rows,
    is_decimal_comma,
    number_of,
)
from .gaps import Filling
from .source import Source
from .stamps import UNITS, Clock, parse_stamp, sounds_like_time, unit_told
from .tables import comment_meant, find_column, read_sidecar
from .timecolumn import TimeGrid, survey
from .timegrid import TimeRequest

_SHOWN = 40  # characters of a cell or line in a message
_SHAPE = "a row is a frame, a column a channel"
_NAN = float("nan")
GAPS = ("error", "interpolate", "nan", "split")


class CsvReader(Reader):
    """The rows of a CSV file."""

    def __init__(self, source: Source, options: ReadOptions) -> None:
        if options.gaps not in GAPS:
            raise UsageError(f"gaps: is {', '.join(GAPS)}, got {options.gaps!r}")
        if options.time_unit is not None and options.time_unit not in UNITS:
            raise UsageError(f"time_unit: is {', '.join(UNITS)}, got {options.time_unit!r}")
        self._source = in_rows(source.spooled())
        self._name = source.name
        self._options = options
        self._table = options.table or TableSettings()
        self._missing = MISSING - {"nan", "-nan", "+nan"} | {str(one).strip().lower() for one in self._table.missing}
        self._sentinels = {float(one) for one in self._table.missing if number_of(str(one)) is not None}
        os.lseek(self._source.fd, 0, os.SEEK_SET)
        time = options.time_column
        self._asked = () if time is None else (time,) if isinstance(time, str | int) else tuple(time)
        asked = (*self._asked, *(options.columns or ()))
        wanted = frozenset(one.strip("'\"") for one in asked if isinstance(one, str))
        told = options.untold_fs is None
        self._form = find_dialect(self._name, self._source.fd, self._table, wanted, strict=not told)
        self._plain = self._form.decimal == "." and not self._sentinels
        self._header, self._width = self._form.header, self._form.width
        if not self._width:
            behind = f" behind the {self._table.skip} lines of table: skip" if self._table.skip else ""
            raise ReadError(self._name, f"has no rows{behind}")
        self._rows = Rows(self._name, self._source.fd, self._form, self._missing, timed=time is not None)
        for line, row in islice(self._rows, 1):
            self._refuse_prose(line, row)
        self._times = self._chosen_times(options)
        self._chosen = self._chosen_columns(options)
        doubts = self._doubts()
        limit = MAX_CHANNELS if options.untold_fs is None else self._width
        if not 1 <= len(self._chosen) <= limit:
            many = f"{len(self._chosen)} columns chosen as channels"
            raise ReadError(self._name, f"{many}; 1 to {MAX_CHANNELS} can be ({set_by('channels')})")
        notes = [*self._form.notes, *doubts]
        self._grid, fs, frames = self._measure(options, notes)
        names = tuple(self._header[i] for i in self._chosen) if self._header else ()
        stamps = self._grid.column if self._grid else None
        delimiter = self._form.delimiter
        info = SignalInfo(fs, len(self._chosen), frames, "CSV", None, names=names, time=stamps, delimiter=delimiter)
        super().__init__(info, options.dtype)
        self.warnings = notes
        if self._grid is not None and options.gaps == "split" and self._grid.gaps:
            cuts = [0, *(gap.row for gap in self._grid.gaps), frames]
            self.parts = tuple(b - a for a, b in pairwise(cuts))
            notes.append(f"gaps: split runs {len(self.parts)} parts, each from rest and cut off where it ends")
        self._filling = Filling(self._name, len(self._chosen), options, fs, self._grid.gaps if self._grid else ())
        self._values = self._frames()
        self._left = np.zeros((0, len(self._chosen)))

    def _chosen_times(self, options: ReadOptions) -> list[int]:
        if options.untold_fs is not None and not {*self._asked} <= {*self._header, *range(self._width)}:
            return []  # a file of taps or a template beside tables with times need not have them
        return list(map(self._find, self._asked))

    def _chosen_columns(self, options: ReadOptions) -> list[int]:
        wanted = options.columns
        if wanted is not None and options.untold_fs is not None:
            wanted = wanted if all(one in self._header or one in range(self._width) for one in wanted) else None
        if wanted is None:
            return [i for i in range(self._width) if i not in self._times]
        return [self._find(one) for one in wanted]

    def _doubts(self) -> list[str]:
        """What to ask about a first column that counts its rows; raises `ReadError` where it would be taps."""
        if not counts_rows([row[0] for _, row in islice(self._rows, COUNTED)]):
            return []
        if self._times == [0] and not (self._header and sounds_like_time(self._header[0])):
            return [
                "its first column counts either seconds or the rows; if the rows, give fs: in place of the time column"
            ]
        if self._options.columns is not None or self._chosen[:1] != [0] or len(self._chosen) == 1:
            return []
        if self._options.untold_fs is not None:
            raise ReadError(self._name, "its first column counts the rows; leave it out of the file")
        return [f"its first column counts the rows and is a channel; choose others with columns: {self._chosen[1:]}"]

    def _called(self, column: int) -> str:
        return self._header[column] if self._header else str(column)

    def _find(self, wanted: str | int) -> int:
        return find_column(self._name, self._header, self._width, wanted)

    def _measure(self, options: ReadOptions, notes: list[str]) -> tuple[TimeGrid | None, float, int]:
        """Time grid, rate and number of frames."""
        if options.fs is not None and not 0 < options.fs < float("inf"):
            raise UsageError(f"fs: must be above 0 Hz, got {options.fs:g}")
        fs = None if options.fs is None else float(options.fs)
        if self._times:
            names, at = [*map(self._called, self._times)], min(self._times)
            line, row = next(iter(self._rows), (1, [""] * self._width))
            several, units = len(names) > 1, self._form.units[at] if self._form.units else ""
            told, comma = None if several else unit_told(names[0], units), self._form.decimal == ","
            clock = Clock(comma=comma, form=self._table.time_format or "", zone=self._table.zone or "")
            unit, longest = options.time_unit, options.max_gap
            parts: tuple[tuple[str, int, int], ...] = ()
            if several:
                self._check_width(line, row)
                self._words = [len(cell.split()) for cell in row]
                parts = tuple((self._called(i), i, self._words[i]) for i in self._times)
            column = " ".join(names)
            asked = TimeRequest(self._name, column, at, fs, options.gaps, unit, told, clock, longest, parts)
            grid, more = survey(asked, self._cells)
            notes += more
            return grid, grid.fs, grid.frames
        if fs is None:
            fs = self._rate_beside()
        return None, fs, sum(len(rows) for _, rows in self._rows.batches())

    def _rate_beside(self) -> float:
        if self._form.step is not None and self._form.step > 0:
            told = 1 / self._form.step
            return float(round(told)) if abs(told - round(told)) < 1e-5 * told else told
        fs = None if self._source.piped else read_sidecar(self._name)[0]
        if fs is not None:
            return fs
        line, row = next(iter(self._rows), (1, list(self._header)))
        self._refuse_prose(line, row)
        self._numbers(line, row)  # what is wrong with the cells is told before a rate is asked for
        if self._options.untold_fs is not None:
            return self._options.untold_fs
        columns = ", ".join(self._header) if self._header else f"{self._width}, without a header"
        named = zip_longest(self._header, self._form.units, fillvalue="")
        likely = self._date_and_time(row) or next((_quoted(x) for x, unit in named if sounds_like_time(x, unit)), "")
        probably = likely and f", such as time_column: {likely}"
        told = bundled("faltung_tables.rates", "a rate in words").told_rate(self._form.lines, self._form.first)
        said = f" {told[0]:.12g}, as {told[1]!r} seems to say" if told and not likely else ""
        raise ReadError(
            self._name,
            f"tells no sampling rate: give fs:{said}, name its time column{probably} (columns: {columns}), or put"
            ' {"fs": ...} into a .json of the same name',
        )

    def _refuse_prose(self, line: int, row: list[str]) -> None:
        """Refuse a row of words: a licence or a note is no table with something wrong in it."""
        if any(map(str.strip, row)) and not any(map(self._tells_a_number, filter(str.strip, row))):
            said = shorten(self._form.delimiter.join(row), _SHOWN)
            raise ReadError(self._name, f"is text, but no table of numbers: line {line} is {said!r}")

    def _tells_a_number(self, cell: str) -> bool:
        """Whether a cell is a number or a time, or a missing one, written in whatever way."""
        plain = cell.replace("_", "")
        return number_of(plain) is not None or is_decimal_comma(cell) or self._is_time(cell) or self._is_missing(cell)

    def _is_time(self, cell: str) -> bool:
        return parse_stamp(cell, Clock(form=self._table.time_format or "")) is not None

    def _date_and_time(self, row: Sequence[str]) -> str:
        """The setting for the columns of a row that hold a date alone and a time alone; empty without two such."""
        found = bundled("faltung_tables.doubts", "a table").date_and_time(row)
        return f"[{', '.join(_quoted(self._called(i)) for i in found)}]" if found else ""

    def _is_missing(self, cell: str) -> bool:
        return cell.strip().lower() in self._missing

    def _cells(self) -> Iterator[tuple[Sequence[int], list[str]]]:
        """Lines and stamps, of many rows at a time."""
        at = self._times[0]
        for lines, rows in self._rows.batches():
            wrong = next((k for k, row in enumerate(rows) if len(row) != self._width), None)
            if len(self._times) > 1:
                yield lines[:wrong], list(map(self._joined, lines[:wrong], rows[:wrong]))
            else:
                yield lines[:wrong], [row[at] for row in rows[:wrong]]
            if wrong is not None:
                self._check_width(lines[wrong], rows[wrong])

    def _joined(self, line: int, row: Sequence[str]) -> str:
        """The stamp of a row whose time stands in several columns."""
        for i in self._times:
            if len(row[i].split()) != self._words[i] or not self._words[i]:
                raise self._wrong(line, i, f"{row[i]!r} is no part of a time as the first row has one")
        return " ".join(row[i].strip() for i in self._times)

    def _check_width(self, line: int, row: list[str]) -> None:
        if len(row) != self._width:
            count = f"{len(row)} column{'s' if len(row) != 1 else ''}"
            fix = f"{_SHAPE}{comment_meant(row[0]) if row else ''}"
            raise ReadError(self._name, f"line {line} has {count}, the first row has {self._width}; {fix}")

    def _numbers(self, line: int, row: list[str]) -> list[float]:
        if len(row) != self._width:
            self._check_width(line, row)
        cells = [row[i] for i in self._chosen]
        try:
            if self._plain and "_" not in "".join(cells):
                return [float(cell) for cell in cells]
        except ValueError:
            pass
        values = [number_of(text, self._form.decimal) for text in cells]
        for k, (i, text) in enumerate(zip(self._chosen, cells, strict=True)):
            if self._is_missing(text) or values[k] in self._sentinels:
                if self._options.gaps in ("error", "split"):
                    others = "" if i in self._form.numeric else self._others(row)
                    what = "is empty" if not text.strip() else repr(text.strip())
                    raise self._wrong(
                        line, i, f"{what}: a missing value; {others and f'{others}, or '}set gaps: interpolate or nan"
                    )
                values[k] = _NAN
            elif values[k] is None:
                raise self._no_number(line, i, text, row)
        return [_NAN if value is None else value for value in values]

    def _no_number(self, line: int, column: int, text: str, row: list[str]) -> ReadError:
        if "\0" in text:
            fix = "which a recorder or a copy leaves that broke off; take them out, as tr -d '\\0' does"
            return self._wrong(line, column, f"holds NUL characters, {fix}")
        said = f"{shorten(text, _SHOWN)!r} is no number"
        if self._form.decimal == "," and number_of(text) is not None:
            return self._wrong(line, column, f"{said}; others have a decimal comma, this has a point")
        if is_decimal_comma(text):
            return self._wrong(
                line, column, f"{said}; a point is needed, not a decimal comma, or table: {{decimal: ','}}"
            )
        pair = self._date_and_time(row)
        if self._is_time(text) and (pair or not self._times) and len(self._times) < 2:
            name = pair or _quoted(self._called(column))
            return self._wrong(line, column, f"{said}, but a time; set time_column: {name}")
        only = self._width - len(self._times) == 1
        fix = f"{'mend it' if only else self._others(row) or 'choose others with columns:'} ({_SHAPE})"
        if line > self._form.first and not any(map(str.isdigit, text)):
            fix += f", or table: {{missing: [{text.strip()!r}]}} says that it is a missing value"
        if line > self._form.first and column == 0:
            fix += comment_meant(text)
        return self._wrong(line, column, f"{said}; {fix}")

    def _others(self, row: list[str]) -> str:
        """Columns to choose, those that have a number in this row and mostly; empty where there is none."""
        form = self._form
        numbers = [i for i in form.numeric if i not in self._times and number_of(row[i], form.decimal) is not None]
        return f"choose others with columns: {numbers}" if numbers else ""

    def _wrong(self, line: int, column: int, message: str) -> ReadError:
        name = self._called(column)
        return ReadError(self._name, f"line {line}, column {repr(name) if self._header else name} {message}")

    def _frames(self) -> Generator[Block]:
        """The values of frames, many at a time, those that are missing filled in."""
        if self._filling.is_idle:
            yield from (self._block(lines, rows) for lines, rows in self._rows.batches() if rows)
            return
        filled = self._filling.frames((line, self._numbers(line, row)) for line, row in self._rows)
        while rows := list(islice(filled, self._rows.most)):
            yield np.array(rows)
        self.warnings += self._filling.notes()

    def _block(self, lines: Sequence[int], rows: Sequence[list[str]]) -> Block:
        """Values of rows: column by column where all are plain numbers, else row by row, which says what is wrong."""
        if self._plain and {*map(len, rows)} == {self._width}:
            columns = [[row[i] for row in rows] for i in self._chosen]
            if not any("_" in "".join(column) for column in columns):
                try:
                    return np.array([list(map(float, column)) for column in columns]).T
                except ValueError:
                    pass
        return np.array([self._numbers(line, row) for line, row in zip(lines, rows, strict=True)])

    def _read_piece(self, frames: int) -> Block:
        parts, count = [], 0
        while count < frames and (part := self._left if len(self._left) else next(self._values, None)) is not None:
            parts.append(part[: frames - count])
            count, self._left = count + len(parts[-1]), part[frames - count :]
        if count < frames and self._done + count != self.info.frames:
            raise ReadError(self._name, f"had {self.info.frames} rows, then {self._done + count}: it changed")
        return np.ascontiguousarray(np.concatenate([*parts, self._left[:0]]), self._dtype)

    def close(self) -> None:
        """Let go of the file."""
        self._values.close()
        self._source.close()


def _quoted(name: str) -> str:
    """A name as the value of a setting, in quotes where it has more than letters and digits."""
    return name if re.fullmatch(r"[\w.-]+", name) else f"'{name}'"
