"""Settings that can be and are hardly meant: numbers without a unit that are sensible only with one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, WithJsonSchema

from ..errors import SettingPath
from ..problems import Located

_RATES_IN_KHZ = (11.025, 22.05, 44.1, 88.2, 176.4, 352.8)
_LONG = 20  # seconds; a delay, a predelay or a window that is longer is rare, one of so many milliseconds is not


def signal_help(path: object) -> str:
    """What to do with a signal that was given as a configuration."""
    return f"a configuration comes first; write: faltung run CONFIG {path} -o OUT, or faltung apply {path} OUT STAGE"


def doubts(settings: Any, raw: Any, path: SettingPath = ()) -> Iterator[Located]:
    """What to ask about settings, beside the data that they were made of."""
    if isinstance(settings, BaseModel) and isinstance(raw, Mapping):
        for name, field in type(settings).model_fields.items():
            if name in raw and (path or name in ("stages", "fs")):
                message = _doubt(_unit_of(field.annotation, field.metadata), raw[name], hasattr(settings, "window"))
                yield from [Located((*path, name), message)] if message else []
                yield from doubts(getattr(settings, name), raw[name], (*path, name))
    elif isinstance(settings, tuple) and isinstance(raw, list | tuple) and len(settings) == len(raw):
        for i, pair in enumerate(zip(settings, raw, strict=True)):
            yield from doubts(*pair, (*path, i))


def _doubt(unit: str, given: Any, of_window: bool) -> str:
    if isinstance(given, bool) or not isinstance(given, int | float):
        return ""
    if unit == "gain" and given < -1:
        level = 20 * math.log10(-given)
        return f"{given:g} is a factor, {level:+.1f} dB and the polarity turned; did you mean '{given:g} dB'?"
    if unit == "time" and given >= _LONG:
        return f"{given:g} are seconds; did you mean '{given:g} ms'?"
    if unit == "time" and of_window and given > 1 and isinstance(given, int):
        return f"{given} are seconds; did you mean '{given} samples'? '{given} s' says that they are"
    if unit == "frequency" and given in _RATES_IN_KHZ:
        return f"{given:g} are hertz; did you mean '{given:g} kHz'?"
    return ""


def _unit_of(annotation: Any, metadata: Iterable[Any] = ()) -> str:
    """What a setting's numbers are without a unit: ``"time"``, ``"frequency"``, ``"gain"``; empty for others."""
    for one in (*metadata, *getattr(annotation, "__metadata__", ())):
        if isinstance(one, WithJsonSchema) and one.json_schema:
            return str(one.json_schema.get("x-unit", "")).partition(":")[0]
    return next(filter(None, map(_unit_of, getattr(annotation, "__args__", ()))), "")
