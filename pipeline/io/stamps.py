"""Stamps of a column of times, read and written in one form: numbers, ISO 8601, other dates, clock times."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ..fields import invalid
from .base import TimeColumn

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
_DATE = re.compile(
    r"(?:(\d{4}|\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{1,2}))?(,? +|,|T|$|(?<!.))"
    r"(?:(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,:](\d+))?)?(?: *([AaPp])\.?[Mm]\.?)?)?(Z|[+-]\d{2}:?\d{2})?"
)


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


_FORTRAN = re.compile(r"(?<=[\d.])[Dd](?=[+-]?\d)")
_SECOND = re.compile(r"[0-5][0-9](\.[0-9]+)?")
_ELAPSED = re.compile(r"(?:(\d+)( days?,? ))?(?:(\d+):)?(\d+):([0-5]\d)(?:([.,])(\d+))?")
_WORDED = re.compile(r"(?=.*[A-Za-z]{3})(.*:[0-5]\d)(?:\.(\d+))?(\D.*)?")
_COMPACT = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:T?([01]\d|2[0-3])([0-5]\d){0,2})?")
_WORDED_FORMS = (
    *("%d-%b-%Y %H:%M:%S", "%d %b %Y %H:%M:%S", "%b %d, %Y %H:%M:%S", "%b %d %Y %H:%M:%S", "%b %d, %Y %I:%M:%S %p"),
    *("%a %b %d %H:%M:%S %Y", "%a %d %b %Y %H:%M:%S", "%a, %d %b %Y %H:%M:%S %z", "%d/%b/%Y:%H:%M:%S %z"),
)


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
    return _FORTRAN.sub("e", text.replace("\N{MINUS SIGN}", "-"))


def parse_stamp(text: str, clock: Clock = PLAIN, *, fold: int = 0) -> Stamp | None:
    """A number or a time; None when it is neither. ``fold`` chooses of two times that a clock shows alike."""
    text = text.strip(" \t\r\n'")
    if clock.form:
        try:
            moment = datetime.strptime(text, clock.form)
        except ValueError:
            return None
        return _of(moment, clock, fold, Decimal(0), "", Decimal(1).scaleb(-6 if "%f" in clock.form else 0), clock.form)
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
    return Stamp(seconds, seconds, False, digits, resolution=_figure(clock.unit, digits))


def _moment(text: str, clock: Clock, fold: int) -> Stamp | None:
    second, length = text[17:], len(text)
    if text[16:17] == ":" and length <= 26 and not clock.zone and _SECOND.fullmatch(second):
        minute = _minute(text[:16])  # that of the row before, mostly
        if minute is not None:
            shown = minute + Decimal(second)
            coarse = _COARSE.get(length) or _figure(Decimal(1), max(0, length - 20))
            return Stamp(shown, shown, True, 0, text[10], length, resolution=coarse)
    found = _ZONE.search(text, 11)
    zone = found.group() if found else ""
    offset = "Z" if zone.strip() in ("UTC", "GMT") else zone.strip()
    try:
        moment = datetime.fromisoformat(text[: length - len(zone)] + offset)
    except ValueError:
        return _other_date(text, clock, fold)
    length = len(text) - len(zone)
    fine = _FINE.search(text) if length > 26 else None
    rest = Decimal(int(fine[2])).scaleb(-6 - len(fine[2])) if fine else Decimal(0)
    compact = compact_form(text[:length])
    resolution = (not compact and _COARSE.get(length)) or _figure(Decimal(1), max(0, length - 20))
    stamp = _of(moment, clock, fold, rest, zone, resolution, compact and compact + zone.replace("%", "%%"))
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


def _of(
    moment: datetime, clock: Clock, fold: int, rest: Decimal, zone: str, resolution: Decimal, form: str = ""
) -> Stamp:
    shown = _seconds(moment.replace(tzinfo=None) - _EPOCH) + rest
    if clock.zone and moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(clock.zone), fold=fold)
    seconds = shown - _seconds(moment.utcoffset() or timedelta(0))
    return Stamp(seconds, shown, True, 0, zone=zone, form=form, resolution=resolution)


def _other_date(text: str, clock: Clock, fold: int) -> Stamp | None:
    """Dates such as 15.07.2024 10:00 or 7/15/24 10:00:00 PM, and clock times, which are of the day 1970-01-01."""
    found = _DATE.fullmatch(text)
    if found is None or not (found[1] or found[6]) or len(found[1] or "year") + len(found[4] or "year") < 3:
        return _elapsed(text) or _worded(text, clock, fold)
    a, mark, b, c, between, hour, minute, second, fraction, half, zone = found.groups("")
    form = ""
    if not mark:
        year, month, day = 1970, 1, 1
    elif len(a) == 4:
        year, month, day, form = int(a), int(b), int(c), f"%Y{mark}%m{mark}%d"
    elif (clock.day_first or mark == "." or int(a) > 12) and not int(b) > 12:
        year, month, day, form = int(c), int(b), int(a), f"%d{mark}%m{mark}%{'Y' if len(c) == 4 else 'y'}"
    else:
        year, month, day, form = int(c), int(a), int(b), f"%m{mark}%d{mark}%{'Y' if len(c) == 4 else 'y'}"
    year += 0 if year > 99 else 2000 if year < 69 else 1900
    if hour:
        form += between + ("%I" if half else "%H") + ":%M" + (":%S" if second else "")
        form += text[found.end(8)] + "%f" + str(len(fraction)) if fraction else ""
        form += (" " if " " in text[found.start(10) - 1 : found.start(10)] else "") + "%p" if half else ""
    hours = int(hour or 0)
    if half:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + 12 * (half in "Pp")
    parts = hours, int(minute or 0), int(second or 0)
    midnight = parts == (24, 0, 0) and not int(fraction or 0) and bool(mark or not second)  # the end of a day
    try:
        moment = datetime(year, month, day, *((0, 0, 0) if midnight else parts)) + timedelta(days=midnight)
        moment = moment.replace(tzinfo=datetime.fromisoformat(f"2000-01-01T00{zone}").tzinfo if zone else None)
    except (ValueError, OverflowError):
        return _elapsed(text)
    rest = Decimal(int(fraction or 0)).scaleb(-len(fraction))
    resolution = Decimal(1).scaleb(-len(fraction)) if second else Decimal(60 if hour else 86400)
    return _of(moment, clock, fold, rest, zone, resolution, form + zone.replace("%", "%%"))


def _elapsed(text: str) -> Stamp | None:
    """Time since a start, 1:07.250 or 26:00:00 or 1 day 02:00:00, as a clock of no day never shows it."""
    found = _ELAPSED.fullmatch(text)
    if found is None or not (found[2] or found[7] or int(found[3] or 0) > 23) or (found[2] and not found[3]):
        return None
    days, day, hours, minutes, second, point, fraction = found.groups("")
    digits = len(fraction)
    whole = ((int(days or 0) * 24 + int(hours or 0)) * 60 + int(minutes)) * 60 + int(second)
    shown = whole + Decimal(int(fraction or 0)).scaleb(-digits)
    form = "|".join(("since", day, str(len(hours or minutes)), "3" if hours else "2", point, str(digits)))
    return Stamp(shown, shown, True, 0, form=form, resolution=_figure(Decimal(1), digits))


def _worded(text: str, clock: Clock, fold: int) -> Stamp | None:
    """Dates with the names of months: 15-Jul-2024 10:00:00.250, Jul 15, 2024 10:00:00 AM."""
    found = _WORDED.fullmatch(text)
    time, fraction, rest = ("", "", "") if found is None else found.groups("")
    for form in _WORDED_FORMS if found else ():
        try:
            moment = datetime.strptime(time + rest, form)
        except ValueError:
            continue
        zone = rest.strip() if form.endswith("%z") else ""
        form = form.removesuffix("%z") + zone
        part, figure = Decimal(int(fraction or 0)).scaleb(-len(fraction)), _figure(Decimal(1), len(fraction))
        form = form.replace("%S", f"%S.%f{len(fraction)}") if fraction else form
        return _of(moment, clock, fold, part, zone, figure, form)
    return None


@lru_cache(64)
def _figure(unit: Decimal, digits: int) -> Decimal:
    """What the last of some decimals stands for, in seconds."""
    return unit.scaleb(-digits)


def is_ambiguous_date(text: str) -> bool:
    """Whether day and month may be either of the first two numbers of a date."""
    found = _DATE.fullmatch(text.strip())
    return (
        found is not None and found[2] in ("/", "-") and len(found[1]) < 3 and max(int(found[1]), int(found[3])) <= 12
    )


def month_is_first(text: str) -> bool:
    """Whether the second number of a date can only be the day."""
    found = _DATE.fullmatch(text.strip())
    return found is not None and bool(found[2]) and len(found[1]) < 3 and int(found[3]) > 12


def compact_form(text: str) -> str:
    """Form of a date without marks, 20240715 or 20240715T100500, as for strptime; empty of anything else."""
    form = "%Y%m%d%H%M%S"[: len(text.replace("T", "")) - 2]
    return "" if _COMPACT.fullmatch(text) is None else f"{form[:6]}T{form[6:]}" if "T" in text else form


def is_clock_time(text: str) -> bool:
    """Whether it is a time without a date."""
    found = _DATE.fullmatch(text.strip())
    return found is not None and not found[2] and bool(found[6])


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
        return _format_elapsed(column.form, time, own=own)
    if column.form:
        form = column.form if own else _finer(column.form)
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


def _finer(form: str) -> str:
    """A form of dates that shows microseconds, where it does not show seconds or parts of them."""
    if "%S" not in form:
        form = form.replace("%M", "%M:%S") if "%M" in form else f"{form} %H:%M:%S"
    return re.sub(r"%f\d+", "%f", form) if "%f" in form else form.replace("%S", "%S.%f")


def _format_elapsed(form: str, time: Decimal, *, own: bool) -> str:
    """Time since a start as `_elapsed` reads it."""
    _, day, width, fields, point, digits = form.split("|")
    n = int(digits) if own else max(6, int(digits))
    minutes, second = divmod(abs(time).quantize(Decimal(1).scaleb(-n)), 60)
    text = "-" if time < 0 else ""
    if day:
        text += f"{minutes // 1440}{day}"
        minutes %= 1440
    text += f"{minutes // 60:0{width}}:{minutes % 60:02}" if fields == "3" else f"{minutes:0{width}}"
    return f"{text}:{second:0{n + 3 if n else 2}.{n}f}".replace(".", point or ".")


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
