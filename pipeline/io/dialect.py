"""Form of a table in a text: encoding, separator, decimal mark, comments, and what stands above its first row.

All of it is seen from the first bytes, for which rows further down vote: a row is data where each column that holds
numbers below holds one there, too. What cannot be seen may be said in `TableSettings`; what is ambiguous is refused.
"""

from __future__ import annotations

import codecs
import csv
import os
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from ..errors import ReadError
from ..fields import invalid
from ..plugins import bundled
from ..settings import Settings
from ..text import from_cell, shorten
from .source import Source, text_encoding
from .stamps import Clock, check_time_format, check_zone, parse_stamp, plainly

SAMPLE = 1 << 16
"""Bytes at the beginning of a text by which its form is known."""

LINE_END = re.compile("\r\n|\r|\n")
"""What ends a line of a table: no form feed does, nor U+2028."""

COUNTED = 8
"""Rows by which a column that counts them is known."""

MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", "-nan", "+nan", "null", "none", "nil", "-", "--", "---", "?", "."})
MISSING |= {"nat", "missing", "<na>", "n.a.", "\\n", "#div/0!", "#value!", "#num!", "-nan(ind)", "-1.#ind", "1.#qnan"}
"""Cells that say that a value is missing, in lower case."""

_NO_REMARKS = ("#N/A", "#DIV/0!", "#VALUE!", "#NUM!")
_VOTERS = 200  # rows at the end of the sample that tell what a row is
_NAMED = {"tab": "\t", "blanks": " ", "blank": " ", "space": " ", "comma": ",", "semicolon": ";"}
_COMMENTS = ("#", "%", "*", "!", "//", '"# ', ";")
_VALUE_OF = re.compile(r"\s*([-+\d.eE]+)\s*//\s*(.+)")  # a number and its name, as exports of measured responses have
_COMMA = re.compile(r"[+\u2212-]?\d*,\d+([eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+\u2212-]?[1-9]\d{0,2},\d{3}")
_MARKED = re.compile(r"[+\u2212-]?[1-9]\d{0,2}([ ,.'\xa0\u202f])\d{3}((?:\1\d{3})*)(?:(?!\1)([.,])\d+)?")  # 1'234.5
_LISTED = re.compile(rb"[\[{(=][\s\0]*[-+.\d\[{(]")  # perhaps such a list
_PLAIN = re.compile(r"[+\u2212-]?\d*[.,]?\d+")
_UNIT = re.compile(
    r"(?i:seconds?|milliseconds?|secs?|minutes?|hours?|volts?|hh:mm:ss(\.m+)?)|[\[(].*[\])]|-?|[mµuknMG]?(s|sec|Hz|V|A|g|m|W|Pa|N|T|L|l|bar|m/s|rad|m/s(\^2|\*\*2|²))|min|h|d|°?[CFK]|deg(/s|C|F)?|°(/s)?|"
    r"dps|rad/s|%(RH)?|hPa|cm|dB\w{0,3}|lx|lux|pp[mb]|NTU|rpm|bpm|raw|counts?|a\.?u\.?|pH|Nm"
)


def _encoding(value: str) -> str:
    try:
        name = codecs.lookup(value).name
        b"1".decode(name, "replace")  # hex, idna and the like are no encodings of texts
    except (LookupError, ValueError):
        raise invalid(f"must be an encoding such as utf-8, cp1252 or utf-16, got {value!r}") from None
    return "utf-8-sig" if name == "utf-8" else name


def _delimiter(value: str) -> str:
    mark = _NAMED.get(value.lower(), value)
    if len(mark) != 1 or mark.isalnum() or mark in '"\n\r.+-':
        raise invalid(f"must be one character such as ';', or tab, or blanks, got {value!r}")
    return mark


class TableSettings(Settings):
    """Form of a table in a text, where it is not seen by itself; frozen."""

    encoding: Annotated[str, AfterValidator(_encoding)] | None = None
    """The encoding of the text: `utf-8`, `cp1252`, `utf-16`."""
    delimiter: Annotated[str, AfterValidator(_delimiter)] | None = None
    """What parts the columns: `;`, `tab`, `blanks`."""
    decimal: Literal[".", ","] | None = None
    """The decimal mark of its numbers."""
    comment: Annotated[str, Field(min_length=1)] | None = None
    """What lines begin with that are no rows; `#` always is one."""
    skip: Annotated[int, Field(ge=0)] | None = None
    """Lines before the table, whose header or first row comes next."""
    missing: tuple[str | float, ...] = ()
    """Cells that stand for a missing value, such as `-999`, beside empty ones, NA, null and the like."""
    time_format: Annotated[str, AfterValidator(check_time_format)] | None = None
    """The form of its times, as for Python's strptime: `%m/%d/%Y %H:%M:%S`."""
    zone: Annotated[str, AfterValidator(check_zone)] | None = None
    """The time zone that its clock shows, `Europe/Berlin`, for clocks that are put forward and back; `UTC` never is."""


@dataclass(frozen=True)
class Dialect:
    """Form of one table."""

    encoding: str = "utf-8-sig"
    delimiter: str = ","
    decimal: str = "."
    comments: tuple[str, ...] = ("#",)
    first: int = 1
    """The line of its first row, from 1; a header stands before it."""
    width: int = 0
    header: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    """What a row of units between header and data says."""
    trailing: bool = False
    """Each row ends with a separator, behind which there is nothing."""
    step: float | None = None
    """Seconds between frames that the lines above tell."""
    named: bool = False
    """There are lines of a number and its name, which are no rows."""
    notes: tuple[str, ...] = ()
    numeric: tuple[int, ...] = ()
    """Columns that hold numbers or times in most rows."""
    lines: tuple[str, ...] = ()
    """The text down to the first few rows."""

    def is_named(self, cell: str) -> bool:
        """Whether a line is a number and its name, and no row."""
        return _VALUE_OF.fullmatch(cell) is not None


def find_dialect(
    name: str, fd: int, table: TableSettings, wanted: frozenset[str] = frozenset(), *, strict: bool = False
) -> Dialect:
    """Form of the table in an open file, whose header is the line that holds the names ``wanted``, where one does.

    ``strict`` refuses ``1,2``, which may be one number or two.

    Raises
    ------
    ReadError
        Its numbers can be read in two ways.
    """
    raw = os.read(fd, SAMPLE)
    whole = len(raw) < SAMPLE
    encoding = table.encoding or text_encoding(raw) or "utf-8-sig"
    text = raw.decode(encoding, "replace").removeprefix("\ufeff")
    lines = LINE_END.split(text)[: None if whole else -1] or [text]
    comments = ("#",) if table.comment is None else ("#", table.comment)
    notes = []
    if encoding == "cp1252" and table.encoding is None:
        notes.append("its text is not UTF-8; read as Windows-1252 (Latin-1), and written as UTF-8")
    start = table.skip or 0
    delimiter = table.delimiter
    if lines[start : start + 1] and (sep := re.fullmatch(r"\"?sep=(.)\"?", lines[start].strip("\r\n "))):
        delimiter, start = delimiter or sep[1], start + 1
    body = [line for line in lines[start:] if line.strip() and not line.startswith(comments)]
    voters = [line for line in body if not _VALUE_OF.fullmatch(line)][-_VOTERS:]
    tells = partial(_is_numeric, clock=Clock(form=table.time_format or ""))
    delimiter = delimiter or _of_one_column(name, voters, strict=strict)
    delimiter = delimiter or max(("\t", ";", ",", "|", " "), key=lambda mark: _fitness(voters, mark, tells))
    rows = [_cells(line, delimiter) for line in voters]
    width = Counter(map(len, rows)).most_common(1)[0][0] if rows else 0
    rows = [row for row in rows if len(row) == width]
    numeric = [sum(map(tells, column)) * 2 > len(rows) for column in zip(*rows, strict=True)]
    absent = MISSING | {str(one).strip().lower() for one in table.missing}
    told = partial(_tells_or_misses, tells=tells, absent=absent)
    at, width, above, step = _first_row(lines, start, comments, delimiter, numeric, told)
    seen = tuple(mark for mark in _COMMENTS[1:] if mark != delimiter and any(x.startswith(mark) for _, x in above))
    above = [(n, line) for n, line in above if not line.startswith(seen)] if seen else above
    if above and table.skip is None:
        texts = [_cells(line, delimiter) for _, line in above]
        first = list(map(tells, _cells("".join(lines[at - 1 : at]), delimiter)))
        first_row = bundled("faltung_tables.doubts", "a table").first_row
        notes += first_row(name, above[-1][0], [one for one in texts if len(one) == width], first, tells)
    trailing = bool(rows) and width > 1 and not any(row[-1].strip() for row in rows)
    if trailing:
        width, rows = width - 1, [row[:-1] for row in rows]
    header, units, passed = _above(above, lines, delimiter, width, wanted, table.skip is not None)
    if not header and width > 1 and (remarks := [x for x in lines[start : at - 1] if x.startswith((*comments, *seen))]):
        marked = _names(_cells(remarks[-1].lstrip("#%*!/; "), delimiter)) or [""]  # as numpy.savetxt writes its header
        marked[0] = marked[0] or "#"
        if width <= len(marked) <= width + trailing and all(marked) and not any(map(tells, marked)):
            header = tuple(marked)
    if trailing and len(header) > width:  # the last column has a name, but no value
        trailing, width = False, width + 1
    decimal = table.decimal or _decimal(name, rows, delimiter, strict=strict and table.delimiter is None)
    if passed:
        said = shorten(passed[0].strip(), 40)
        notes.append(f"{len(passed)} line{'s' * (len(passed) > 1)} above the table passed over, from {said!r} on")
    named = any(map(_VALUE_OF.fullmatch, lines))
    held = tuple(i for i, one in enumerate(numeric) if one)
    return Dialect(
        encoding, delimiter, decimal, (*comments, *seen), at, width, header, units, trailing, step, named, tuple(notes),
        held, tuple(lines[: at + COUNTED]),
    )  # fmt: skip


def in_rows(source: Source) -> Source:
    """A text with the numbers of a list as rows, where it holds one as programs write it; any other source as it is."""
    listed = _LISTED.search(source.head)
    return bundled("faltung_tables.lists", "a list of numbers in a text").as_rows(source) if listed else source


def _above(
    above: Sequence[tuple[int, str]],
    lines: Sequence[str],
    delimiter: str,
    width: int,
    wanted: frozenset[str],
    skipped: bool,
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Header, units, and lines passed over, among the lines of text above the first row."""
    block: list[list[str]] = []  # the last of them, as wide as the table and without a blank line between
    below = None
    for at, line in reversed(above):
        cells = _names(_cells(line, delimiter))
        if len(cells) == width - 1 > 0 and (wanted & {*cells} or delimiter in " \t"):
            cells.insert(0, "")  # the rows have names, as R writes them
        if not width <= len(cells) <= width + 1:
            break
        if below is not None and any(not x.strip() for x in lines[at : below - 1]):
            break
        block.insert(0, cells if len(cells) == width or cells[-1] else cells[:-1])
        below = at
    named = next((k for k in reversed(range(len(block))) if wanted & {*block[k]}), None)
    if skipped:
        first = 0
    elif named is not None:
        first = named
    else:
        first = len(block) - 1
        if first > 0 and "" not in block[-2] and any(block[-1]):
            repeats = len({*block[-1]}) < len(block[-1]) and len({*block[-2]}) == len(block[-2])
            first -= repeats or all(_UNIT.fullmatch(cell) for cell in block[-1])
    header, units = block[first : first + 1], block[first + 1 : first + 2]
    passed = tuple(line for _, line in above[: len(above) - len(block[first:])])
    return tuple(map(from_cell, header[0])) if header else (), tuple(units[0]) if units else (), passed


def _names(cells: Sequence[str]) -> list[str]:
    """Names of columns, without the quotes that some programs leave about them."""
    stripped = [cell.strip() for cell in cells]
    return [one[1:-1] if len(one) > 1 and one[0] == one[-1] and one[0] in "'\"" else one for one in stripped]


def _cells(line: str, delimiter: str) -> list[str]:
    if delimiter == " ":
        return line.split()
    return next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter), [])


def _fitness(lines: Sequence[str], delimiter: str, tells: Callable[[str], bool]) -> tuple[float, float]:
    """How well a separator fits: the share of cells that are numbers or times, and of rows that are as wide as most."""
    rows = [_cells(line, delimiter) for line in lines]
    widths = Counter(map(len, rows))
    if not widths or max(widths, key=lambda w: (widths[w], w)) < 2:
        return (-1.0, 0.0) if delimiter != "," else (-0.5, 0.0)
    width, count = widths.most_common(1)[0]
    cells = [cell for row in rows if len(row) == width for cell in row]
    clear = sum(map(tells, cells)) / len(cells)
    fit = clear * count / len(rows)
    if delimiter in " |":  # which stand between words, too
        return (fit, -width if delimiter == " " else 0.0) if fit > 0.5 else (-1.0, 0.0)
    return fit, 0.0


def _of_one_column(name: str, lines: Sequence[str], *, strict: bool) -> str | None:
    """A separator that parts nothing, where each line is one number and some have marks between thousands."""
    words = [line.strip() for line in lines if line.strip()[:1] in "+-\u2212.,0123456789"]
    found_in = filter(None, map(_MARKED.fullmatch, words))
    marked = [found for found in found_in if found[1] != "." or found[2] or found[3]]  # 1.125 has a decimal point
    if not marked or not all(_MARKED.fullmatch(word) or _PLAIN.fullmatch(word) for word in words):
        return None
    if len(marked) < len(words) or any(found[1] in "'\xa0\u202f" for found in marked):
        return ";"
    names = [line.strip() for line in lines if line.strip() not in words]
    if (names and re.search(r"[,; \t|]", names[-1])) or not (names or strict or (marked[0][1] == " " and marked[0][3])):
        return None
    raise ReadError(
        name,
        f"{words[0]!r} may be one number with marks between thousands, or columns: table: {{delimiter: ';'}} says"
        f" the first, table: {{delimiter: {'blanks' if marked[0][1] == ' ' else 'comma'}}} the second",
    )


def _first_row(
    lines: Sequence[str],
    start: int,
    comments: tuple[str, ...],
    delimiter: str,
    numeric: Sequence[bool],
    told: Callable[[str], bool],
) -> tuple[int, int, list[tuple[int, str]], float | None]:
    """Line and width of the first row of data, the lines of text above it, and the step that they tell.

    Without a row of data the first line is the header. Rows of empty cells are data if no text stands below them.
    """
    above: list[tuple[int, str]] = []
    step, width = None, 0
    empty: tuple[int, int, int] | None = None  # line and width of the first such row, and lines of text above it
    for at, line in enumerate(lines[start:], start + 1):
        blank = not line.strip() and not (delimiter == "\t" and "\t" in line)
        if blank or (line.startswith(comments) and not line.startswith(_NO_REMARKS)):
            continue
        if value := _VALUE_OF.fullmatch(line):
            step = float(value[1]) if "sample interval" in value[2].lower() else step
            continue
        cells = _cells(line, delimiter)
        if _is_data(cells, numeric, told):
            width = len(cells)
            break
        empty = None if any(map(str.strip, cells)) else empty or (at, len(cells), len(above))
        if above and re.search(f'(?:^|{re.escape(delimiter)})"[^"]*$', above[-1][1]):  # a name of several lines
            above[-1] = (at, f"{above[-1][1]} {line}")
        elif line.strip():
            above.append((at, line))
    if empty and (empty[1] == width if width else not empty[2]):
        return empty[0], empty[1], above[: empty[2]], step
    if width:
        return at, width, above, step
    at = above[0][0] + 1 if above else start + 1
    return at, len(_cells(above[0][1], delimiter)) if above else 0, above[:1], step


def _is_data(cells: Sequence[str], numeric: Sequence[bool], told: Callable[[str], bool]) -> bool:
    """Whether a line is a row of data: numbers alone, or numbers wherever the rows below have them."""
    if all(map(told, cells)):
        return any(map(str.strip, cells))
    wanted = [cell for cell, one in zip(cells, numeric, strict=False) if one]
    return len(cells) == len(numeric) and any(numeric) and all(map(told, wanted))


def _decimal(name: str, rows: Sequence[Sequence[str]], delimiter: str, *, strict: bool) -> str:
    cells = [cell.strip() for row in rows for cell in row]
    if told := [found[3] for found in map(_MARKED.fullmatch, cells) if found and found[3]]:
        return told[0]
    commas = [cell for cell in cells if _COMMA.fullmatch(cell)]  # between commas these stand in quotes
    if delimiter != "," or commas:
        if commas and all(map(_THOUSANDS.fullmatch, commas)):
            raise ReadError(
                name,
                f"{commas[0]!r} has a decimal comma, or one between thousands: table: {{decimal: ','}} says the first;"
                " else leave it out",
            )
        return "," if commas else "."
    pairs = all(len(row) == 2 and row[0].strip().lstrip("+-").isdigit() and row[1].isdigit() for row in rows)
    if strict and rows and pairs:
        said = ",".join(rows[0])
        raise ReadError(
            name,
            f"{said!r} may be a number with a decimal comma, or two columns: write {said.replace(',', '.')},"
            f" or {', '.join(rows[0])!r} for two columns",
        )
    return "."


def number_of(cell: str, decimal: str = ".") -> float | None:
    """The number that a cell holds, with marks between its thousands or without; None where it holds none."""
    for text in (cell, plainly(cell)):
        try:
            if "_" not in text and (decimal == "." or "." not in text):  # Python reads 1_000; nobody else does
                return float(text.replace(decimal, "."))
        except ValueError:
            pass
    cell = plainly(cell)
    found = _MARKED.fullmatch(cell.strip())
    if found is None or found[1] == decimal or found[3] not in (None, decimal):
        return None
    if found[1] in ".," and not found[2] and not found[3]:  # 1,234 may be a part of 1 as well
        return None
    return float(cell.replace(found[1], "").replace(decimal, "."))


def counts_rows(cells: Sequence[str]) -> bool:
    """Whether the cells of a column's first ``COUNTED`` rows are whole numbers, each one more than that before."""
    first = cells[0].strip() if len(cells) == COUNTED else ""
    return (
        first.isdecimal()
        and len(first) < 10
        and [cell.strip() for cell in cells] == [str(int(first) + k) for k in range(COUNTED)]
    )


def is_decimal_comma(cell: str) -> bool:
    """Whether a cell is a number with a decimal comma."""
    return number_of(cell, ",") is not None and number_of(cell) is None


def _tells_or_misses(cell: str, tells: Callable[[str], bool], absent: frozenset[str]) -> bool:
    return tells(cell) or cell.strip().lower() in absent


def _is_numeric(cell: str, clock: Clock) -> bool:
    return number_of(cell) is not None or number_of(cell, ",") is not None or parse_stamp(cell, clock) is not None
