"""Dates and times as people and programs write them, beyond ISO 8601: 15.07.2024 10:00, 7/15/24 10 PM, 1:07.250."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal

from pipeline.io.stamps import Clock, Stamp, figure_s, stamp_of

__all__ = [
    "finer", "format_elapsed", "is_ambiguous_date", "is_clock_time", "month_is_first", "parsed",
]  # fmt: skip

_DATE = re.compile(
    r"(?:(\d{4}|\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{1,2}))?(,? +|,|T|$|(?<!.))"
    r"(?:(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,:](\d+))?)?(?: *([AaPp])\.?[Mm]\.?)?)?(Z|[+-]\d{2}:?\d{2})?"
)
_ELAPSED = re.compile(r"(?:(\d+)( days?,? ))?(?:(\d+):)?(\d+):([0-5]\d)(?:([.,])(\d+))?")
_WORDED = re.compile(r"(?=.*[A-Za-z]{3})(.*:[0-5]\d)(?:\.(\d+))?(\D.*)?")
_WORDED_FORMS = (
    *("%d-%b-%Y %H:%M:%S", "%d %b %Y %H:%M:%S", "%b %d, %Y %H:%M:%S", "%b %d %Y %H:%M:%S", "%b %d, %Y %I:%M:%S %p"),
    *("%a %b %d %H:%M:%S %Y", "%a %d %b %Y %H:%M:%S", "%a, %d %b %Y %H:%M:%S %z", "%d/%b/%Y:%H:%M:%S %z"),
)


def parsed(text: str, clock: Clock, fold: int) -> Stamp | None:
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
    return stamp_of(moment, clock, fold, rest, zone, resolution, form + zone.replace("%", "%%"))


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
    return Stamp(shown, shown, True, 0, form=form, resolution=figure_s(Decimal(1), digits))


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
        part, figure = Decimal(int(fraction or 0)).scaleb(-len(fraction)), figure_s(Decimal(1), len(fraction))
        form = form.replace("%S", f"%S.%f{len(fraction)}") if fraction else form
        return stamp_of(moment, clock, fold, part, zone, figure, form)
    return None


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


def is_clock_time(text: str) -> bool:
    """Whether it is a time without a date."""
    found = _DATE.fullmatch(text.strip())
    return found is not None and not found[2] and bool(found[6])


def finer(form: str) -> str:
    """A form of dates that shows microseconds, where it does not show seconds or parts of them."""
    if "%S" not in form:
        form = form.replace("%M", "%M:%S") if "%M" in form else f"{form} %H:%M:%S"
    return re.sub(r"%f\d+", "%f", form) if "%f" in form else form.replace("%S", "%S.%f")


def format_elapsed(form: str, time: Decimal, *, own: bool) -> str:
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
