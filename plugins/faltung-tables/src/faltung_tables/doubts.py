"""What to ask about a table that is read as it says, and is likely meant otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pipeline.io.stamps import Stamp, is_clock_time, parse_stamp
from pipeline.io.timegrid import TimeRequest

__all__ = ["date_and_time", "likelier_unit"]

_DAY = 86400


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
