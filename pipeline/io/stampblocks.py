"""Times of many rows at once, where all are written alike: whole numbers of ticks, as exact as stamp by stamp.

What differs in form, or is no time, is left to `stamps.parse_stamp`, a row at a time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

import numpy as np

from .base import Block
from .stamps import Clock, Stamp

_WIDEST = 1 << 62
_HOUR, _MINUTE = 3600, 60
_DAY_ZERO = date(1970, 1, 1).toordinal()


def ticks_since(first: Stamp, texts: Sequence[str], clock: Clock, per_second: int) -> tuple[Block, str] | None:
    """Ticks of stamps since the first of their column, and the stamps a line each; None where they differ in form."""
    text = "\n".join([*texts, ""])
    if clock.form or first.form:
        return None
    found = (
        _of_dates(first, texts, text, clock, per_second) if first.iso else _of_numbers(first, text, clock, per_second)
    )
    return None if found is None else (found, text)


def _of_numbers(first: Stamp, text: str, clock: Clock, per_second: int) -> Block | None:
    point = "," if clock.comma else "."
    decimals = rf"{re.escape(point)}[0-9]{{{first.digits}}}" if first.digits else ""
    figure = clock.unit.scaleb(-first.digits)
    factor, start = figure * per_second, first.seconds / figure
    if factor % 1 or start % 1 or not re.fullmatch(rf"(?:-?[0-9]{{1,19}}{decimals}\n)*", text):
        return None
    counts = list(map(int, text.replace(point, "").split()))
    begin, scale, least, most = int(start), int(factor), min(counts), max(counts)
    if max(-least, most) >= _WIDEST or max(most - begin, begin - least) * scale >= _WIDEST:
        return None
    return (np.array(counts, np.int64) - begin) * scale


def _of_dates(first: Stamp, texts: Sequence[str], text: str, clock: Clock, per_second: int) -> Block | None:
    """ISO 8601 to the second or finer, all with the zone of the first."""
    digits = max(0, first.length - 20)
    if clock.zone or first.length < 19 or 10**digits > per_second or len(texts[0]) != first.length + len(first.zone):
        return None
    fraction = rf"\.[0-9]{{{digits}}}" if digits else ""
    two, between = "[0-9]{2}", re.escape(first.separator)
    if not re.fullmatch(
        f"(?:{two}{two}-{two}-{two}{between}{two}:{two}:{two}{fraction}{re.escape(first.zone)}\n)*", text
    ):
        return None
    figures = np.frombuffer(text.encode("ascii"), np.uint8).reshape(len(texts), -1).astype(np.int64) - ord("0")
    year = _number(figures[:, :4])
    month, day, hour, minute, second = (_number(figures[:, at : at + 2]) for at in (5, 8, 11, 14, 17))
    if hour.max() > 23 or minute.max() > 59 or second.max() > 59:
        return None
    days, which = np.unique((year * 100 + month) * 100 + day, return_inverse=True)
    try:
        ordinals = [date(one // 10_000, one // 100 % 100, one % 100).toordinal() - _DAY_ZERO for one in days.tolist()]
    except ValueError:
        return None
    whole = np.array(ordinals, np.int64)[which] * 24 * _HOUR + hour * _HOUR + minute * _MINUTE + second
    begin = first.clock.to_integral_value(rounding="ROUND_FLOOR")
    away = whole - int(begin)
    if np.abs(away).max() >= _WIDEST // per_second:
        return None
    parts = _number(figures[:, 20 : 20 + digits]) * (per_second // 10**digits) if digits else 0
    ticks: Block = away * per_second + parts - int((first.clock - begin) * per_second)
    return ticks


def _number(figures: Block) -> Block:
    """Numbers whose decimal figures stand in the columns."""
    numbers: Block = figures @ 10 ** np.arange(figures.shape[1] - 1, -1, -1)
    return numbers
