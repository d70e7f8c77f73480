"""Reads values with units, as people write them, and writes them so: ``"250 ms"``, ``"4 kHz"``, ``"-6 dB"``, ``"30%"``.

A bare number is seconds, hertz or linear gain. What is ambiguous is refused, with a likely fix: ``5 m`` may be
minutes, milliseconds or metres. Case matters only where it must: ``mHz`` is a thousandth, ``MHz`` a million.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeVar

from .errors import UnitError
from .text import unit_fix

_V = TypeVar("_V")

_NUMBER_AND_UNIT = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([^\d\s].*?)?\s*", re.ASCII)

# decimal, so that 10.03 ms is the number nearest to 0.01003 s
_SECONDS = {"us": "1e-6", "µs": "1e-6", "μs": "1e-6", "ms": "1e-3", "s": "1", "min": "60", "h": "3600"}
_FRAMES = ("samples", "sample", "frames", "frame")
_HERTZ = {"mHz": "1e-3", "Hz": "1", "kHz": "1e3", "MHz": "1e6"}

_LONGEST_TIME = 1e9  # seconds, 31 years: frames stay finite at any rate
_MOST_SAMPLES = 2**53  # whole numbers beyond it are not all floats
_LONGEST = 100  # characters; the pattern's time grows with the square of the text, and nothing honest is longer

_FEW = 6  # characters of a number that nobody would write with a unit instead

_TIME_HELP = "write seconds as a number, or a unit such as '250 ms', '0.25 s', '2 min' or '11025 samples'"
_HERTZ_HELP = "write hertz as a number, or a unit such as '440 Hz' or '4 kHz'"
_GAIN_HELP = "write a linear factor as a number, or a unit such as '-6 dB' or '50%'"
_FRACTION_HELP = "write a number from 0 to 1, or a percentage such as '30%'"


@dataclass(frozen=True)
class Duration:
    """A length of time, in seconds or in samples; samples become seconds only when the rate is known.

    ``str()`` gives a text that :func:`parse_duration` reads back to the same value.
    """

    value: float
    unit: Literal["s", "samples"] = "s"

    def seconds(self, fs: float) -> float:
        """Length in seconds at the rate ``fs`` in Hz."""
        return self.value if self.unit == "s" else self.value / fs

    def exact_frames(self, fs: float) -> float:
        """Length in frames at the rate ``fs`` in Hz, before rounding."""
        return self.value * fs if self.unit == "s" else self.value

    def frames(self, fs: float) -> int:
        """Length in whole frames at the rate ``fs`` in Hz: the nearest, halves up."""
        return math.floor(self.exact_frames(fs) + 0.5)

    def __str__(self) -> str:
        number = repr(int(self.value)) if self.value.is_integer() else repr(self.value)
        return f"{number} {self.unit}"


def _split(value: object, help_text: str, what: str) -> tuple[float, str]:
    """Number and unit of a value; raises `UnitError` where it has no number or the number is not finite."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise UnitError(f"cannot read {value!r} as {what}; {help_text}")
    if isinstance(value, str):
        if len(value) > _LONGEST:
            raise UnitError(f"cannot read a text of {len(value)} characters as {what}; {help_text}")
        match = _NUMBER_AND_UNIT.fullmatch(value)
        if match is None:
            raise UnitError(f"cannot read {value!r} as {what}; {help_text}")
        number, unit = float(match[1]), match[2] or ""
    else:
        number, unit = _as_float(value, what), ""
    if not math.isfinite(number):
        raise UnitError(f"{what} must be finite, got {value!r}")
    return number, unit


def _scaled(number: float, scale: str) -> float:
    return float(Decimal(repr(number)) * Decimal(scale))


def _as_float(value: float, what: str) -> float:
    try:
        return float(value)
    except OverflowError:
        raise UnitError(f"{what} must be finite, got an integer of more than 300 digits") from None


def parse_duration(value: object) -> Duration:
    """A time: ``"250 ms"``, ``"0.25 s"``, ``"11025 samples"``, or a number of seconds.

    Raises
    ------
    UnitError
        no number, no such unit, an ambiguous unit, a part of a sample, or over 31 years.
    """
    if isinstance(value, Duration):
        return value
    number, unit = _split(value, _TIME_HELP, "a time")
    if unit in _FRAMES:
        if not number.is_integer():
            raise UnitError(f"samples come whole, got {value!r}; write a time such as '0.5 ms' to have it rounded")
        if abs(number) > _MOST_SAMPLES:
            raise UnitError(f"a time must be at most {_MOST_SAMPLES} samples, got {value!r}")
        return Duration(number, "samples")
    if unit == "m":
        raise UnitError(f"{value!r} is ambiguous: write 'ms' for milliseconds or 'min' for minutes")
    if unit and unit not in _SECONDS:
        fix = unit_fix(number, unit, (*_SECONDS, *_FRAMES), _TIME_HELP)
        raise UnitError(f"unknown unit {unit!r} of a time in {value!r}; {fix}")
    seconds = _scaled(number, _SECONDS[unit or "s"])
    if abs(seconds) > _LONGEST_TIME:
        raise UnitError(f"a time must be at most {_LONGEST_TIME:g} s, got {value!r}")
    return Duration(seconds)


def parse_frequency(value: object) -> float:
    """A frequency in Hz: ``"4 kHz"``, ``"440 Hz"``, or a number of hertz.

    Raises
    ------
    UnitError
        no number, no such unit.
    """
    number, unit = _split(value, _HERTZ_HELP, "a frequency")
    if unit and unit not in _HERTZ:
        fix = unit_fix(number, unit, _HERTZ, _HERTZ_HELP)
        raise UnitError(f"unknown unit {unit!r} of a frequency in {value!r}; {fix}")
    hertz = _scaled(number, _HERTZ[unit or "Hz"])
    if not math.isfinite(hertz):
        raise UnitError(f"a frequency must be finite, got {value!r}")
    return hertz


def parse_gain(value: object) -> float:
    """A linear amplitude factor: ``"-6 dB"`` is ``10 ** (-6 / 20)``, ``"50%"`` is 0.5, a number is itself.

    Raises
    ------
    UnitError
        no number, no such unit.
    """
    number, unit = _split(value, _GAIN_HELP, "a gain")
    if unit.lower() == "db":
        if number > 1000:
            raise UnitError(f"a gain must be at most 1000 dB, got {value!r}")
        return float(10.0 ** (number / 20.0))
    if unit == "%":
        return number / 100
    if unit:
        raise UnitError(
            f"unknown unit {unit!r} of a gain in {value!r}; {unit_fix(number, unit, ('dB', '%'), _GAIN_HELP)}"
        )
    return number


def parse_fraction(value: object) -> float:
    """A part of one: ``"30%"`` or a number from 0 to 1.

    Raises
    ------
    UnitError
        no number, no such unit, outside [0, 1].
    """
    number, unit = _split(value, _FRACTION_HELP, "a fraction")
    if unit and unit != "%":
        raise UnitError(f"unknown unit {unit!r} of a fraction in {value!r}; {_FRACTION_HELP}")
    fraction = number / 100 if unit == "%" else number
    if not 0 <= fraction <= 1:
        fix = f"; did you mean '{number:g}%'?" if not unit and 1 < number <= 100 else ""
        raise UnitError(f"a fraction must be from 0 to 1 (0% to 100%), got {value!r}{fix}")
    return fraction


def write_duration(value: Duration) -> str:
    """A time with the unit that suits it, ``250 ms``, ``2 samples``; `parse_duration` gives the same back."""
    if value.unit == "s" and 0 < abs(value.value) < 1:
        return str(_if_read_back(f"{_shifted(value.value, 3)} ms", parse_duration, value))
    return str(value)


def write_frequency(value: float) -> str | float:
    """A frequency with its unit, ``4 kHz``; the number itself where `parse_frequency` would not give it back."""
    text = f"{_shifted(value, -3)} kHz" if value >= 1000 else f"{value:g} Hz"
    return _if_read_back(text, parse_frequency, value)


def write_gain(value: float) -> str | float:
    """A factor of few digits as it is, another in decibels where `parse_gain` gives it back: ``-6 dB``."""
    if len(repr(value)) <= _FEW or value <= 0:
        return value
    return _if_read_back(f"{20 * math.log10(value):.6g} dB", parse_gain, value)


def write_fraction(value: float) -> str | float:
    """A part of few digits as it is, another as a percentage where `parse_fraction` gives it back."""
    return value if len(repr(value)) <= _FEW else _if_read_back(f"{_shifted(value, 2)}%", parse_fraction, value)


def _shifted(value: float, digits: int) -> str:
    """A number times ten to the power of ``digits``, written with as few digits as say it."""
    return f"{Decimal(repr(value)).scaleb(digits).normalize():f}"


def _if_read_back(text: str, parse: Callable[[object], _V], value: _V) -> str | _V:
    return text if len(text) <= _LONGEST and parse(text) == value else value
