"""Read and write CSV: columns of numbers are channels, rows are frames, streamed.

The separator is a comma, semicolon or tab; a first row that is not all numbers and times is the header; lines that
begin with ``#`` are comments. A table is gone through once for its length and its time column, then read in blocks.

Written are a header, the time column in the form it came in, and every number as the shortest text that gives the same
double. Without a time column the rate goes to a JSON sidecar.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from ..errors import ReadError, UsageError
from ..limits import MAX_CHANNELS, set_by
from ..text import cell, from_cell, shorten
from .base import Block, Reader, ReadOptions, SignalInfo, Writer, WriteReport, WriteRequest
from .sink import open_sink
from .source import Source
from .tables import find_column, output_names, read_sidecar, sidecars_of
from .timecolumn import Stamp, TimeGrid, format_stamps, parse_stamp, steps_between, survey

_MAX_LINE = 1 << 20
_SHOWN = 40  # characters of a cell or line in a message
_SHAPE = "a row is a frame, a column a channel"
_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d*,\d+\s*")
GAPS = ("error", "interpolate", "nan")


def check_gaps(gaps: str) -> None:
    """Refuse a way of treating gaps that does not exist for one signal."""
    if gaps == "split":
        raise UsageError("gaps: split makes several signals of one and is not available here; take interpolate or nan")
    if gaps not in GAPS:
        raise UsageError(f"gaps: is {', '.join(GAPS)}, got {gaps!r}")


class CsvReader(Reader):
    """The rows of a CSV file."""

    def __init__(self, source: Source, options: ReadOptions) -> None:
        check_gaps(options.gaps)
        self._source = source.spooled()
        self._name = source.name
        self._gaps = options.gaps
        self._notes: list[str] = []
        self._delimiter = self._find_delimiter()
        self._skip = 0
        first = next((row for _, row in self._rows()), [])
        has_header = any(parse_stamp(cell) is None for cell in first)
        self._skip = int(has_header)
        self._width = len(first)
        self._header = tuple(from_cell(text.strip()) for text in first) if has_header else ()
        if not first:
            raise ReadError(self._name, "has no rows")
        for line, row in islice(self._rows(), 1):
            self._refuse_prose(line, row)
        self._time = None if options.time_column is None else self._find(options.time_column)
        if options.columns is None:
            self._chosen = [i for i in range(self._width) if i != self._time]
        else:
            self._chosen = [self._find(wanted) for wanted in options.columns]
        if not 1 <= len(self._chosen) <= MAX_CHANNELS:
            many = f"{len(self._chosen)} columns chosen as channels"
            raise ReadError(self._name, f"{many}; 1 to {MAX_CHANNELS} can be ({set_by('channels')})")
        self._grid, fs, frames = self._measure(options)
        names = tuple(self._header[i] for i in self._chosen) if has_header else ()
        column = self._grid.column if self._grid else None
        info = SignalInfo(
            fs, len(self._chosen), frames, "CSV", None, names=names, time=column, delimiter=self._delimiter
        )
        super().__init__(info, options.dtype)
        self.warnings = self._notes
        self._values = self._frames()

    def _find(self, wanted: str | int) -> int:
        return find_column(self._name, self._header, self._width, wanted)

    def _find_delimiter(self) -> str:
        lines = self._source.head.decode("utf-8", "replace").splitlines()
        first = next((line for line in lines if line.strip() and not line.startswith("#")), "")
        return max(",;\t", key=first.count)

    def _measure(self, options: ReadOptions) -> tuple[TimeGrid | None, float, int]:
        """Time grid, rate and number of frames."""
        if options.fs is not None and not 0 < options.fs < float("inf"):
            raise UsageError(f"fs: must be above 0 Hz, got {options.fs:g}")
        fs = None if options.fs is None else float(options.fs)
        if self._time is not None:
            cells = self._times(self._time)
            column = self._header[self._time] if self._header else str(self._time)
            grid, self._notes = survey(self._name, column, self._time, cells, fs=fs, gaps=options.gaps)
            return grid, grid.fs, grid.frames
        return None, self._rate_beside() if fs is None else fs, sum(1 for _ in self._rows())

    def _rate_beside(self) -> float:
        fs = None if self._source.piped else read_sidecar(self._name)[0]
        if fs is None:
            line, row = next(self._rows(), (1, list(self._header)))
            self._refuse_prose(line, row)
            self._numbers(line, row)  # what is wrong with the cells is told before a rate is asked for
            columns = ", ".join(self._header) if self._header else f"{self._width}, without a header"
            raise ReadError(
                self._name,
                f"tells no sampling rate: give fs:, name its time column (columns: {columns}), or put"
                ' {"fs": ...} into a .json of the same name',
            )
        return fs

    def _refuse_prose(self, line: int, row: list[str]) -> None:
        """Refuse a row of words: a licence or a note is no table with something wrong in it."""
        if any(map(str.strip, row)) and not any(map(_tells_a_number, row)):
            said = shorten(self._delimiter.join(row), _SHOWN)
            raise ReadError(self._name, f"is text, but no table of numbers: line {line} is {said!r}")

    def _times(self, position: int) -> Iterator[tuple[int, str]]:
        for line, row in self._rows():
            if len(row) != self._width:
                self._check_width(line, row)
            yield line, row[position]

    def _check_width(self, line: int, row: list[str]) -> None:
        if len(row) != self._width:
            count = f"{len(row)} column{'s' if len(row) != 1 else ''}"
            raise ReadError(self._name, f"line {line} has {count}, the first row has {self._width}; {_SHAPE}")

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """(line, cells) of every row behind the header, from the start of the file."""
        os.lseek(self._source.fd, 0, os.SEEK_SET)
        skip = self._skip
        with open(self._source.fd, encoding="utf-8-sig", errors="surrogateescape", newline="", closefd=False) as text:
            rows = csv.reader(iter(lambda: text.readline(_MAX_LINE), ""), delimiter=self._delimiter, strict=True)
            try:
                for row in rows:
                    if not row or row[0].startswith("#"):
                        continue
                    if skip:
                        skip -= 1
                        continue
                    yield rows.line_num, row
            except csv.Error as error:
                raise ReadError(self._name, f"line {rows.line_num}: {error}") from error

    def _numbers(self, line: int, row: list[str]) -> list[float]:
        if len(row) != self._width:
            self._check_width(line, row)
        cells = [row[i] for i in self._chosen]
        try:
            if "_" not in "".join(cells):  # Python reads 1_000 as a number; nobody else does
                return [float(cell) for cell in cells]
        except ValueError:
            pass
        for i, text in zip(self._chosen, cells, strict=True):
            if not _is_number(text):
                column = repr(self._header[i]) if self._header else str(i)
                what = "is empty" if not text.strip() else f"{shorten(text, _SHOWN)!r} is no number"
                comma = _DECIMAL_COMMA.fullmatch(text)
                fix = "a point is needed, not a decimal comma" if comma else f"choose others with columns: ({_SHAPE})"
                raise ReadError(self._name, f"line {line}, column {column} {what}; {fix}")
        return []

    def _frames(self) -> Generator[list[float]]:
        """The values of every frame, those of gaps filled in."""
        if self._grid is None or not self._grid.gaps:
            for line, row in self._rows():
                yield self._numbers(line, row)
            return
        before: list[float] = []
        stamp: Stamp | None = None
        for line, row in self._rows():
            values = self._numbers(line, row)
            now = parse_stamp(row[self._grid.column.position])
            if now is not None and stamp is not None:
                yield from self._filled(before, values, steps_between(stamp, now, self._grid.column.step))
            stamp = now
            yield values
            before = values

    def _filled(self, before: list[float], after: list[float], steps: int) -> Iterator[list[float]]:
        for k in range(1, steps):
            if self._gaps == "nan":
                yield [float("nan")] * len(after)
            else:
                yield [a + (b - a) * (k / steps) for a, b in zip(before, after, strict=True)]

    def _read_piece(self, frames: int) -> Block:
        rows = list(islice(self._values, frames))
        if len(rows) < frames and self._done + len(rows) != self.info.frames:
            raise ReadError(self._name, f"had {self.info.frames} rows, then {self._done + len(rows)}: it changed")
        return np.array(rows, self._dtype).reshape(len(rows), self.info.channels)

    def close(self) -> None:
        """Let go of the file."""
        self._values.close()
        self._source.close()


def _tells_a_number(cell: str) -> bool:
    """Whether a cell is a number or a time, written in whatever way."""
    return _is_number(cell.replace("_", "")) or bool(_DECIMAL_COMMA.fullmatch(cell)) or parse_stamp(cell) is not None


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


class CsvWriter(Writer):
    """Write one table."""

    def __init__(self, request: WriteRequest) -> None:
        super().__init__(request)
        if request.fmt.subtype is not None:
            raise UsageError(f"{request.path}: a CSV has no subtype, got {request.fmt.subtype}")
        source = request.source
        self._time = source.time if source else None
        self._own_fs = None if source and source.fs == request.fs else request.fs
        self._text = io.StringIO()
        self._csv = csv.writer(self._text, delimiter=source.delimiter if source else ",", lineterminator="\n")
        self._sink = open_sink(request.path, overwrite=request.overwrite)
        self.outputs = [self._sink]
        try:
            if self._time is None:
                self.outputs = [*sidecars_of(request), self._sink]
            if not (source and source.is_table and not source.names):
                names: list[str] = list(output_names(request))
                if self._time is not None:
                    names.insert(self._time.position, self._time.name)
                self._send([list(map(cell, names))])
        except BaseException:
            self.abort()
            raise

    def _send(self, rows: Iterable[Sequence[Any]]) -> None:
        self._csv.writerows(rows)
        self._sink.write(self._text.getvalue().encode("utf-8", "surrogateescape"))
        self._text.seek(0)
        self._text.truncate()

    def _write(self, block: Block) -> None:
        columns: list[list[Any]] = block.T.tolist()
        if self._time is not None:
            times = format_stamps(self._time, self.frames, len(block), self._own_fs)
            columns.insert(self._time.position, times)
        self._send(zip(*columns, strict=True))

    def _finish(self) -> WriteReport:
        return self._report("CSV", None, self._sink.size())
