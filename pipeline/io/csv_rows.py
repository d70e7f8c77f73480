"""Rows of a table in a text, with the line that each stands in, without what is none: blank lines and comments."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain, islice
from typing import IO, Any

from ..errors import ReadError
from .dialect import LINE_END, Dialect
from .tables import CELLS_AT_ONCE

_MAX_LINE = 1 << 20
_BATCH = 4096  # rows, or fewer where they are wide


class Rows:
    """The rows of an open text, from the first whenever they are asked for.

    Parameters
    ----------
    name, fd
        of the file.
    form
        its dialect.
    missing
        cells that say that a value is missing, in lower case.
    timed
        whether a column of times is asked for: then rows of empty cells are none.

    Attributes
    ----------
    most
        rows that are read at a time.
    """

    def __init__(self, name: str, fd: int, form: Dialect, missing: frozenset[str], *, timed: bool) -> None:
        self._name, self._fd, self._form, self._missing, self._timed = name, fd, form, missing, timed
        self.most = max(16, min(_BATCH, CELLS_AT_ONCE // max(1, form.width)))

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        """(line, cells) of every row behind the header, from the start of the file."""
        return chain.from_iterable(zip(lines, rows, strict=True) for lines, rows in self.batches())

    def batches(self) -> Iterator[tuple[Sequence[int], list[list[str]]]]:
        """Lines and cells of rows behind the header, many at a time; few at first, which may be all that is asked."""
        form = self._form
        os.lseek(self._fd, 0, os.SEEK_SET)
        coding = form.encoding
        with open(self._fd, encoding=coding, errors="surrogateescape", newline="", closefd=False) as text:
            lines = self._lines(text)
            for _ in islice(lines, form.first - 1):
                pass
            blanks = form.delimiter == " "
            reader: Any = map(str.split, lines) if blanks else csv.reader(lines, delimiter=form.delimiter, strict=True)
            line, most = form.first, 16
            while True:
                rows: list[list[str]] = []
                failed: csv.Error | None = None
                try:
                    rows.extend(islice(reader, most))
                except csv.Error as error:  # what was read before it stays
                    failed = error
                if rows:
                    ends = len(rows) if blanks or failed else form.first - 1 + reader.line_num - (line - 1)
                    yield self._kept(
                        range(line, line + len(rows)) if ends == len(rows) else _lines_of(rows, line), rows
                    )
                if failed is not None:
                    at, begun = form.first - 1 + reader.line_num, _lines_of([*rows, []], line)[-1]
                    if at > begun or "unexpected end" in str(failed):
                        fix = f"a quote that is opened in line {begun} is never closed; close it, or take it out"
                        raise ReadError(self._name, f"line {begun}: {fix}") from failed
                    if "field limit" in str(failed):
                        fix = f"a cell of over {csv.field_size_limit():,} characters, which no number has; cut it out"
                        raise ReadError(self._name, f"line {at}: {fix}") from failed
                    raise ReadError(self._name, f"line {at}: {failed}") from failed
                if len(rows) < most:
                    return
                line += ends
                most = self.most

    def _lines(self, text: IO[str]) -> Iterator[str]:
        try:
            yield from iter(lambda: text.readline(_MAX_LINE), "")
        except UnicodeDecodeError as error:
            raise ReadError(self._name, f"its text ends in the middle of a character of {error.encoding}") from error

    def _kept(self, lines: Sequence[int], rows: list[list[str]]) -> tuple[Sequence[int], list[list[str]]]:
        """Lines and rows without those that are none: empty lines, comments, numbers with their names."""
        form = self._form
        if {*map(len, rows)} == {form.width} and not form.named:
            firsts = "\n".join(["", *(row[0] for row in rows)])
            if not any(f"\n{mark}" in firsts for mark in (*form.comments, "\n")) and not firsts.endswith("\n"):
                return lines, rows
        kept = []
        for line, row in zip(lines, rows, strict=True):
            remark = bool(row) and row[0].startswith(form.comments)
            remark = remark and row[0].strip().lower() not in self._missing  # such as #N/A
            if not row or remark or (form.named and form.is_named(row[0])):
                continue
            if self._timed and not any(row):  # as spreadsheets leave them behind the last row
                continue
            if form.trailing and len(row) == form.width + 1 and not row[-1].strip():
                row.pop()
            kept.append((line, row))
        return [line for line, _ in kept], [row for _, row in kept]


def _lines_of(rows: Sequence[Sequence[str]], line: int) -> list[int]:
    """The last line of each row, counted in its cells, which may hold some in quotes."""
    taken = (1 + sum(len(LINE_END.findall(cell)) for cell in row) for row in rows)
    return [line - 1 + upto for upto in accumulate(taken)]
