"""What to ask about a table that is read as it says, and is likely meant otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal

from pipeline.errors import ReadError
from pipeline.io.stamps import Stamp, parse_stamp
from pipeline.io.timegrid import TimeRequest
from pipeline.text import shorten

from .dates import is_clock_time

__all__ = ["date_and_time", "first_row", "likelier_unit"]

_DAY = 86400
_LIKE_A_NUMBER = re.compile(r"[\s'\"<>~=≈±≤≥$€£(*+\-\N{MINUS SIGN}\u200b\u00ad\ufeff]*[.,]?\d")


def likelier_unit(asked: TimeRequest, first: Stamp, digits: set[int], step: Decimal) -> str:
    """A unit that numbers likely have which are taken as seconds, since nothing says another; empty where none is.

    Days since some year have steps that no decimal holds; an epoch of our time is one of seconds.
    """
    if first.iso or asked.unit or asked.told or asked.clock.unit != 1 or asked.fs is not None or first.clock >= 10**8:
        return ""
    if digits == {0} and step > 1 and step % 60:
        return "ms"
    return "d" if min(digits) > 4 and first.clock > 20_000 and step < 1 and step % Decimal("0.0001") else ""


def date_and_time(row: Sequence[str]) -> list[int]:
    """The columns of a row that hold a date alone and a time alone; none without two such."""
    stamps = [parse_stamp(cell) for cell in row]
    dates = [i for i, stamp in enumerate(stamps) if stamp and stamp.iso and stamp.resolution == _DAY]
    times = [i for i, cell in enumerate(row) if is_clock_time(cell)]
    return [dates[0], times[0]] if dates and times else []


def first_row(
    name: str, line: int, above: Sequence[Sequence[str]], numeric: Sequence[bool], tells: Callable[[str], bool]
) -> list[str]:
    """What to note of the last line above the first row, taken for a header; ``above`` are the lines as wide as it.

    Raises
    ------
    ReadError
        It is rather a row with a cell that is no number: there is a header above it, or a time begins it.
    """
    if not above or len(above[-1]) != len(numeric):
        return []
    row = above[-1]
    cells = [cell for cell, wanted in zip(row, numeric, strict=True) if wanted]
    numbers = list(filter(tells, cells))
    headed = any(not any(map(tells, one)) for one in above[:-1])
    alike = bool(cells) and all(map(_LIKE_A_NUMBER.match, cells))
    begins = tells(row[0]) and row[0][0] != "'" and (headed or not all(cell.strip().isdecimal() for cell in numbers))
    if begins or (headed and alike):
        wrong = next((cell.strip() for cell in cells if not tells(cell)), "")
        raise ReadError(
            name,
            f"line {line} stands above the first row of numbers and looks like a row, but for {wrong!r}: mend it, or"
            f" table: {{missing: [{wrong!r}]}} says that it is a missing value, table: {{skip: {line - 1}}} that the"
            " line is a header",
        )
    said = f"line {line} is taken for a header and no row, though it holds numbers: {shorten(', '.join(row), 40)!r}"
    return [said] if numbers or alike else []
