"""Types for settings: what a pydantic model writes so that its settings carry units, limits and file paths.

``delay: Seconds`` reads ``"250 ms"`` and holds a `Duration`; ``Annotated[Seconds, Within("0 s", "10 s")]`` also
holds it to a range and names both ends when it refuses.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, GetCoreSchemaHandler, PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError, core_schema
from pydantic_core.core_schema import ValidationInfo

from .errors import UnitError
from .text import gain_meant
from .units import Duration, parse_duration, parse_fraction, parse_frequency, parse_gain, write_gain


def invalid(message: str) -> PydanticCustomError:
    """An error for a validator to raise; its text reaches the user as it stands, braces and all."""
    return PydanticCustomError("faltung", "{message}", {"message": message})


def _reading(parse: Callable[[object], Any]) -> Callable[[object], Any]:
    def read(value: object) -> Any:
        try:
            return parse(value)
        except UnitError as error:
            raise invalid(str(error)) from None

    return read


def _unit_schema(unit: str, example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": ["number", "string"], "x-unit": unit, "examples": [example]})


Seconds = Annotated[
    Duration,
    PlainValidator(_reading(parse_duration)),
    PlainSerializer(str),
    _unit_schema("time: 's', 'ms', 'us', 'min', 'h' or 'samples'; a bare number is seconds", "250 ms"),
]
Hertz = Annotated[
    float,
    BeforeValidator(_reading(parse_frequency)),
    _unit_schema("frequency: 'Hz', 'kHz', 'MHz' or 'mHz'; a bare number is hertz", "4 kHz"),
]
Amplitude = Annotated[
    float,
    BeforeValidator(_reading(parse_gain)),
    _unit_schema("gain: 'dB' or '%'; a bare number is a linear factor", "-6 dB"),
]
Fraction = Annotated[
    float,
    BeforeValidator(_reading(parse_fraction)),
    _unit_schema("fraction: '%'; a bare number is from 0 to 1", "30%"),
]


@dataclass(frozen=True)
class Within:
    """A range for a setting, both ends as people write them; ``above`` leaves the lower end out.

    A time in samples is held to a range in seconds only when the rate is known: by `check`.

    Examples
    --------
    >>> from pipeline.units import parse_duration
    >>> Within("1 ms", "10 s").check(parse_duration("48 samples"), 96_000)
    'must be at least 1 ms, got 48 samples'
    """

    low: str | float | None = None
    high: str | float | None = None
    above: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._validate, handler(source))

    def _validate(self, value: Any) -> Any:
        message = self.check(value, None)
        if message:
            raise invalid(message)
        return value

    def check(self, value: Any, fs: float | None) -> str | None:
        """Sentence on what is wrong with ``value`` at the rate ``fs`` in Hz, or None."""
        low = self._bound(self.low, value)
        high = self._bound(self.high, value) if self.high is not None else float("inf")
        if isinstance(value, Duration):
            if value.unit == "samples" and fs is None:
                number, low, high = value.value, min(low, 0.0), float("inf")
            else:
                number = value.seconds(fs or 1.0)
        else:
            number = float(value)
        if "dB" in f"{self.low} {self.high}":
            value = write_gain(value)
        if number < low or (self.above and number == low):
            fix = gain_meant(number) if "dB" in str(self.low) else ""
            return f"must be {'above' if self.above else 'at least'} {self.low}, got {value}{fix}"
        if number > high:
            in_ms = isinstance(value, Duration) and value.unit == "s" and number == int(number) and number < 1000 * high
            return f"must be at most {self.high}, got {value}" + (f"; did you mean '{number:g} ms'?" if in_ms else "")
        return None

    @staticmethod
    def _bound(bound: str | float | None, value: Any) -> float:
        if bound is None:
            return float("-inf")
        if isinstance(value, Duration):
            return parse_duration(bound).value
        if "dB" in str(bound):
            return parse_gain(bound)
        return parse_frequency(bound)


_VARIABLE = re.compile(r"\$\{([^${}]*)\}")


def read_input_path(value: object, info: ValidationInfo) -> Path:
    """A path to read from, taken from the folder of the configuration, with ``${VAR}`` replaced."""
    if not isinstance(value, str | os.PathLike) or not str(value).strip():
        raise invalid(f"must be a path, got {value!r}")
    text = os.fspath(value)
    if "\0" in str(text):
        raise invalid(f"a path cannot hold a NUL character, got {text!r}")
    if "://" in str(text):
        raise invalid(f"must be a path on this machine, got the URL {text!r}")
    context: Mapping[str, Any] = info.context or {}
    try:
        path = Path(expand_variables(str(text))).expanduser()
    except RuntimeError:
        raise invalid(f"there is no user of that name in {text!r}") from None
    base = context.get("base")
    return path if base is None or path.is_absolute() else Path(base) / path


def expand_variables(text: str) -> str:
    """Replace ``${VAR}`` by the environment's value; a variable that is not set is an error."""

    def value_of(match: re.Match[str]) -> str:
        name = match[1]
        if name not in os.environ:
            raise invalid(f"the environment variable {name!r} in {text!r} is not set")
        return os.environ[name]

    return _VARIABLE.sub(value_of, text)


InputFile = Annotated[
    Path,
    PlainValidator(read_input_path),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "format": "path", "x-unit": "a path, relative to the configuration file"}),
]
