"""Stamps of a column of times, read and written in one form: numbers, ISO 8601, and what `dates` knows besides."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from ..fields import invalid
from ..plugins import bundled

if TYPE_CHECKING:
    from .timecolumn import StampTexts

UNITS = {name: Decimal(value) for name, value in (("s", 1), ("ms", "0.001"), ("us", "0.000001"), ("ns", "1e-9"))}
UNITS |= {name: Decimal(value) for name, value in (("min", 60), ("h", 3600), ("d", 86400))}
"""Seconds in the units of a column of numbers."""

UNIT_NAMES = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
UNIT_NAMES |= {"min": "minutes", "h": "hours", "d": "days"}

_WORDS = {"s": "sec secs second seconds", "ms": "msec millis milliseconds", "us": "µs μs usec micros microseconds"}
_WORDS |= {"ns": "nanos nanoseconds", "min": "minutes", "h": "hours", "d": "days"}
_SPELLINGS = {word: unit for unit, words in _WORDS.items() for word in words.split()}

_MOST_EXPONENT = 999
"""Of a number that may be a time: arithmetic of decimals knows no size of others."""

_EPOCH = datetime(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)
_ZONE = re.compile(r" ?(?:Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)$")
_FINE = re.compile(r"[.,](\d{6})(\d+)")
_COARSE = {10: Decimal(86400), 13: Decimal(3600), 16: Decimal(60)}  # by the length of ISO 8601
_FORTRAN = re.compile(r"(\.\d*)[Dd](?=[+-]?\d{1,3}(?!\d))")  # it writes a point always, and hexadecimal has none
_SECOND = re.compile(r"[0-5][0-9](\.[0-9]+)?")
_COMPACT = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:T?([01]\d|2[0-3])([0-5]\d){0,2})?")


@dataclass(frozen=True)
class Clock:
    """How the cells of a time column are read."""

    unit: Decimal = Decimal(1)
    comma: bool = False
    """Numbers have a decimal comma."""
    day_first: bool = True
    """07/08/2024 is in August."""
    form: str = ""
    """strptime's form; empty reads numbers, ISO 8601 and the common dates."""
    zone: str = ""


@dataclass(frozen=True)
class TimeColumn:
    """Form of a table's time column, so that an output can be given one in the same form."""

    name: str
    """Header of the column."""
    position: int
    """Place among all columns of the file, from 0."""
    start: Decimal
    """Time of frame 0 in seconds; for ISO 8601 since 1970-01-01 on the clock of ``zone``."""
    step: Decimal
    """Seconds between frames."""
    iso: bool = False
    """ISO 8601 text, not numbers."""
    digits: int | None = None
    """Decimals of every row; None where they differ from row to row."""
    separator: str = " "
    """Character of ISO 8601 between date and time: ``"T"`` or a space."""
    length: int = 19
    """Characters of ISO 8601 before the zone."""
    zone: str = ""
    """Zone of ISO 8601 (``"Z"``); empty without one."""
    form: str = ""
    """Form of other dates and clock times, as for strftime; empty for numbers and ISO 8601."""
    unit: Decimal = Decimal(1)
    """Seconds in one of the column's numbers."""
    comma: bool = False
    """Numbers have a decimal comma."""
    before: int = 0
    """Frames of an output that lie before ``start``."""
    texts: StampTexts | None = field(default=None, repr=False, compare=False)
    """The stamps of the file as they are written there."""


class Stamp(NamedTuple):
    """One cell of a time column: ``seconds`` for comparing, ``clock`` as its own clock shows it."""

    seconds: Decimal
    clock: Decimal
    iso: bool
    digits: int
    separator: str = " "
    length: int = 0
    zone: str = ""
    form: str = ""
    """The form of a date that is not ISO 8601, as for strftime."""
    resolution: Decimal = Decimal(1)
    """Seconds that the last figure stands for."""


PLAIN = Clock()
"""How cells are read whose column is not known."""


def plainly(text: str) -> str:
    """A number with a true minus sign, or an exponent as Fortran writes it (``1.5D+03``), as Python reads one."""
    return _FORTRAN.sub(r"\1e", text.replace("\N{MINUS SIGN}", "-"))


def parse_stamp(text: str, clock: Clock = PLAIN, *, fold: int = 0) -> Stamp | None:
    """A number or a time; None when it is neither. ``fold`` chooses of two times that a clock shows alike."""
    text = text.strip(" \t\r\n'")
    if clock.form:
        try:
            moment = datetime.strptime(text, clock.form)
        except ValueError:
            return None
        figure = Decimal(1).scaleb(-6 if "%f" in clock.form else 0)
        return stamp_of(moment, clock, fold, Decimal(0), "", figure, clock.form)
    if text[4:5] == "-":  # rather a date: what is tried in vain costs most of the time
        return _moment(text, clock, fold) or _number(text, clock)
    return _number(text, clock) or _moment(text, clock, fold)


def _number(text: str, clock: Clock) -> Stamp | None:
    text = plainly(text.replace(",", ".") if clock.comma else text)
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    if number.is_finite() and abs(number.adjusted()) > _MOST_EXPONENT:
        return None
    seconds = number if clock.unit == 1 else number * clock.unit
    whole, point, decimals = text.partition(".")
    digits = len(decimals)
    if not decimals.isdigit() and (point or not whole.isdigit()):  # few are; the tuple of a number is slow to make
        exponent = number.as_tuple().exponent
        if not isinstance(exponent, int):
            return None
        digits = max(0, -exponent)
    return Stamp(seconds, seconds, False, digits, resolution=figure_s(clock.unit, digits))


def _moment(text: str, clock: Clock, fold: int) -> Stamp | None:
    second, length = text[17:], len(text)
    if text[16:17] == ":" and length <= 26 and not clock.zone and _SECOND.fullmatch(second):
        minute = _minute(text[:16])  # that of the row before, mostly
        if minute is not None:
            shown = minute + Decimal(second)
            coarse = _COARSE.get(length) or figure_s(Decimal(1), max(0, length - 20))
            return Stamp(shown, shown, True, 0, text[10], length, resolution=coarse)
    found = _ZONE.search(text, 11)
    zone = found.group() if found else ""
    offset = "Z" if zone.strip() in ("UTC", "GMT") else zone.strip()
    try:
        moment = datetime.fromisoformat(text[: length - len(zone)] + offset)
    except ValueError:
        other: Stamp | None = dates().parsed(text, clock, fold)
        return other
    length = len(text) - len(zone)
    fine = _FINE.search(text) if length > 26 else None
    rest = Decimal(int(fine[2])).scaleb(-6 - len(fine[2])) if fine else Decimal(0)
    compact = compact_form(text[:length])
    resolution = (not compact and _COARSE.get(length)) or figure_s(Decimal(1), max(0, length - 20))
    stamp = stamp_of(moment, clock, fold, rest, zone, resolution, compact and compact + zone.replace("%", "%%"))
    return stamp._replace(separator=text[10:11] or " ", length=length)


@lru_cache(64)
def _minute(text: str) -> Decimal | None:
    """Seconds of ``2024-07-15T10:00`` since 1970; None of anything else, a time with a zone among it."""
    if text[13] != ":":
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo else _seconds(moment - _EPOCH)


@cache
def dates() -> Any:
    """The module that reads dates and times as people and programs write them, beyond ISO 8601, and writes them so."""
    return bundled("faltung_tables.dates", "a date that is not ISO 8601")


def stamp_of(
    moment: datetime, clock: Clock, fold: int, rest: Decimal, zone: str, resolution: Decimal, form: str = ""
) -> Stamp:
    """The stamp of a moment and the ``rest`` that is finer than it; one without a zone is on the column's clock."""
    shown = _seconds(moment.replace(tzinfo=None) - _EPOCH) + rest
    if clock.zone and moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(clock.zone), fold=fold)
    seconds = shown - _seconds(moment.utcoffset() or timedelta(0))
    return Stamp(seconds, shown, True, 0, zone=zone, form=form, resolution=resolution)


@lru_cache(64)
def figure_s(unit: Decimal, digits: int) -> Decimal:
    """What the last of some decimals stands for, in seconds."""
    return unit.scaleb(-digits)


def compact_form(text: str) -> str:
    """Form of a date without marks, 20240715 or 20240715T100500, as for strptime; empty of anything else."""
    form = "%Y%m%d%H%M%S"[: len(text.replace("T", "")) - 2]
    return "" if _COMPACT.fullmatch(text) is None else f"{form[:6]}T{form[6:]}" if "T" in text else form


def unit_told(header: str, below: str = "") -> str | None:
    """Unit of a column of times that its header, or the row of units below it, names."""
    tail = re.fullmatch(r".*?(?:[\[(/]\s*|[_ ])([^\W\d_]+)\.?\s*[\])]?", header.strip())
    bracketed = header.strip().endswith((")", "]")) or "/" in header
    for word in (below.strip(" []()"), tail[1] if tail else header.strip()):
        unit = _SPELLINGS.get(word.lower(), word)
        if unit in UNITS and (unit not in ("min", "h", "d") or bracketed or word == below.strip(" []()")):
            return unit
    return None


def sounds_like_time(name: str, unit: str = "") -> bool:
    """Whether a column of this name, and of a unit in the row below it, is likely one of times."""
    word = name.strip().lower()
    begins = word.startswith(("time", "date", "zeit", "sec", "temps", "tiempo"))
    return begins or word == "t" or unit_told(name, unit) is not None


def unit_of_epoch(first: Decimal) -> str | None:
    """Unit in which a number is a time between 1973 and 2100, counted from 1970; None where it is none."""
    for unit in ("s", "ms", "us", "ns"):
        if Decimal(10) ** 8 <= abs(first * UNITS[unit]) < Decimal("4.2e9") and abs(first) >= Decimal(10) ** 8:
            return unit
    return None


def _seconds(delta: timedelta) -> Decimal:
    return Decimal(delta // _MICROSECOND).scaleb(-6)


def format_stamp(column: TimeColumn, frame: int, fs: float | None = None) -> str:
    """The time of a frame in the form of its column; ``fs`` when the rate is no longer the column's own."""
    time = column.start + frame * (column.step if fs is None else 1 / Decimal(fs))
    return format_time(column, time, own=fs is None)


def format_time(column: TimeColumn, time: Decimal, *, own: bool = True) -> str:
    """A time on a column's clock in its form; finer than it where ``own`` is not set."""
    if column.form.startswith("since|"):
        elapsed: str = dates().format_elapsed(column.form, time, own=own)
        return elapsed
    if column.form:
        form: str = column.form if own else dates().finer(column.form)
        places = re.search(r"%f(\d+)", form)
        time = time.quantize(Decimal(1).scaleb(-int(places[1]) if places else -6 if "%f" in form else 0))
        whole = int(time.to_integral_value(ROUND_FLOOR))
        moment = _EPOCH + timedelta(seconds=whole)
        part = f"{time - whole:f}"[2:]
        return moment.strftime(re.sub(r"%f\d*", part, form))
    if column.iso:
        length = column.length if own else max(column.length, 26)
        digits = max(0, length - 20) if own else max(6, length - 20)
        time = time.quantize(Decimal(1).scaleb(-digits)) if length >= 19 else time
        whole = int(time.to_integral_value(ROUND_FLOOR))
        text = (_EPOCH + timedelta(seconds=whole)).isoformat(sep=column.separator)
        text += f".{time - whole:.{digits}f}".replace(".0.", ".", 1) if digits else ""
        return text[:length] + column.zone
    time /= column.unit
    if column.digits is not None and own:
        text = f"{time:.{column.digits}f}"
    else:
        text = repr(float(round(time, max(9, column.digits or 0))))
    return text.replace(".", ",") if column.comma else text


def check_time_format(value: str) -> str:
    """Refuse a form that strptime does not know."""
    try:
        datetime.strptime(datetime(2024, 7, 15, 10, 5, 7).strftime(value), value)
    except ValueError:
        raise invalid(f"must be a form such as '%d.%m.%Y %H:%M:%S', got {value!r}") from None
    return value


def check_zone(value: str) -> str:
    """Refuse a time zone that is not known."""
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise invalid(f"must be a time zone such as Europe/Berlin or UTC, got {value!r}") from None
    return value
