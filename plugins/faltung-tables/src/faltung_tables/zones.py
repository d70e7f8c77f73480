"""Time zones whose clocks are put forward or back between two times that a table shows."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

__all__ = ["zone_of_change"]

_COMMON = ("Europe/Berlin", "America/New_York", "Australia/Sydney", "America/Santiago")


@lru_cache
def _zones() -> tuple[ZoneInfo, ...]:
    names = sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
    return tuple(ZoneInfo(name) for name in [*(one for one in _COMMON if one in names), *names])


@lru_cache
def _changing(day: date) -> tuple[ZoneInfo, ...]:
    """Time zones in which clocks are put forward or back on a day, or on one beside it."""
    before, after = (datetime(day.year, day.month, day.day) + timedelta(days=k) for k in (-1, 2))
    return tuple(zone for zone in _zones() if zone.utcoffset(before) != zone.utcoffset(after))


def zone_of_change(before: datetime, after: datetime, step_s: float) -> str | None:
    """A time zone whose clocks show two times that are one step apart, since they were changed between these."""
    if not 600 <= abs((after - before).total_seconds() - step_s) <= 7800:
        return None
    for zone in _changing(before.date()):
        took = after.replace(tzinfo=zone, fold=1).timestamp() - before.replace(tzinfo=zone).timestamp()
        if abs(took - step_s) <= 0.1 * step_s:
            return zone.key
    return None
