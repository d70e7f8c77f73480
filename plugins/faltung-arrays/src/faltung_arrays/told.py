"""Knows what people call the rate, the times and the beginning of a signal, and reads them from attributes."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np

from pipeline.errors import ReadError
from pipeline.io.clock import Moment, parse_moment

RATES = frozenset((
    "fs", "sr", "srate", "sfreq", "rate", "samplerate", "samplingrate", "samplefrequency", "samplingfrequency",
    "samplingfreq", "samplerateinhz", "samplingrateinhz", "sampleratehz", "samplingratehz", "fshz",
))  # fmt: skip
TIMES = frozenset(("t", "time", "times", "timestamp", "timestamps", "tvec", "timevector"))
STARTS = frozenset((
    "starttime", "startdatetime", "recordingstarttime", "recordingstart", "sessionstarttime", "starttimestamp", "t0",
    "starttimeutc",
))  # fmt: skip
MEANINGS = ("units", "unit", "_FillValue", "scale_factor", "add_offset")
"""Attributes that say what numbers mean."""
_UNITS = {
    word: Decimal(seconds)
    for seconds, words in (
        ("0.000000001", "ns nsec nanosecond"), ("0.000001", "us µs usec microsecond"), ("0.001", "ms msec millisecond"),
        ("1", "s sec second"), ("60", "min minute"), ("3600", "h hr hour"), ("86400", "d day"),
    )
    for word in words.split()
}  # fmt: skip
_SINCE = re.compile(r"\s*(\w+)\s+since\s+(.+?)\s*", re.IGNORECASE)


def plain(name: str) -> str:
    """A name without what people write differently: ``Sampling_Rate`` is ``samplingrate``."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def text_of(value: Any) -> str:
    """Text of an attribute or a scalar, as bytes, as characters or in an array of one."""
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(-1)[0]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def number_of(value: Any) -> float | None:
    """Number of an attribute or a scalar; a single precision one as it is written, so that 0.1 is 0.1; else None."""
    flat = np.asarray(value).reshape(-1)
    if flat.size != 1:
        return None
    one = flat[0]
    if isinstance(one, np.floating) and one.dtype.itemsize < 8:
        return float(str(one))
    try:
        return float(text_of(one) if isinstance(one, bytes | str) else one)
    except (TypeError, ValueError):
        return None


def rate_in(file: str, attributes: Mapping[str, Any], where: str) -> float | None:
    """The rate among attributes or scalars; raises where it is none that can be."""
    for name, value in attributes.items():
        if plain(name) in RATES and (fs := number_of(value)) is not None:
            if not (fs > 0 and math.isfinite(fs)):
                raise ReadError(file, f"{where}{name}: the sampling rate must be above 0 Hz, got {fs:g}")
            return fs
    return None


def start_in(attributes: Mapping[str, Any]) -> tuple[str, Moment] | None:
    """What is called the beginning and is a date with a time, with its name."""
    for name, value in attributes.items():
        if plain(name) in STARTS and (told := parse_moment(text_of(value))) is not None:
            return name, told
    return None


def unit_of(text: str) -> tuple[Decimal, Moment | None] | None:
    """Seconds in a unit, ``ms`` or ``nanoseconds since 2024-03-01``, and what it counts from; None for no unit."""
    since = _SINCE.fullmatch(text)
    word = (since.group(1) if since else text).strip().lower()
    seconds = _UNITS.get(word) or _UNITS.get(word.removesuffix("s"))
    return None if seconds is None else (seconds, _moment_since(since.group(2)) if since else None)


def _moment_since(text: str) -> Moment | None:
    """A date with or without a time; of such units one without a zone is in UTC."""
    told = parse_moment(text) or parse_moment(f"{text}T00:00:00") or parse_moment(f"{text}:00")
    return told if told is None or told.zone is not None else told._replace(zone=0)
