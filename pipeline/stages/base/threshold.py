"""`Threshold`: from which score on a find counts, set in one of four ways, and whether a template's decoy can serve."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Self

import numpy as np
from pydantic import (
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    PlainValidator,
    SerializerFunctionWrapHandler,
    WithJsonSchema,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from ...errors import SettingError
from ...fields import Fraction, Within, invalid
from ...kernel import Kernel, Taps
from ...settings import Settings
from .templates import Template

MIN_ASYMMETRY = 0.1
"""The least asymmetry of a template whose reversal can be its decoy: at a, the decoy scores up to ``1 - a`` on the
very events, and below 0.1 that is as high as events differ among themselves."""

_RATE = re.compile(r"\s*((?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*(?:per|/)\s*([a-z]+)\s*", re.ASCII)
_SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86400.0}
_RATE_HELP = "write a number per second, minute, hour or day, such as '1 per hour'"
_LONGEST = 100  # characters of a rate


@dataclass(frozen=True)
class Rate:
    """Rate: a number of events in a stretch of time; ``str()`` gives the text that is read back to the same value."""

    count: float
    per: str
    """``second``, ``minute``, ``hour`` or ``day``."""

    @property
    def per_second(self) -> float:
        """The rate in Hz."""
        return self.count / _SECONDS[self.per]

    def __str__(self) -> str:
        return f"{repr(self.count).removesuffix('.0')} per {self.per}"


def _rate(value: object) -> Rate:
    if isinstance(value, Rate):
        return value
    match = _RATE.fullmatch(value) if isinstance(value, str) and len(value) <= _LONGEST else None
    if match is None:
        raise invalid(f"cannot read {value!r:.80} as a rate; {_RATE_HELP}")
    if match[2] not in _SECONDS:
        raise invalid(f"unknown stretch of time {match[2]!r} in {value!r}; {_RATE_HELP}")
    count = float(match[1])
    if not 0 < count < math.inf:
        fix = "; no threshold can promise none" if count == 0 else ""
        raise invalid(f"a rate of false alarms must be finite and above 0, got {value!r}{fix}")
    return Rate(count, match[2])


RateField = Annotated[
    Rate,
    PlainValidator(_rate),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "x-unit": "'per second', 'per minute', 'per hour' or 'per day'"}),
]


class Threshold(Settings):
    """|score| from which on a find counts; exactly one of these; in short `0.7`, `mad 8`, `1 per hour`, `fdr 5%`."""

    score: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    """The |score| itself: `0.7`."""
    mad: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """Threshold in medians: so many times the median |score| of the recording: `8`."""
    false_alarms: RateField | None = None
    """Rate of events that chance is expected to give, over all templates and channels: `1 per hour`."""
    fdr: Annotated[Fraction, Within(0, 0.99, above=True)] | None = None
    """The part of the events that chance is expected to have given: `5%`."""

    @model_validator(mode="before")
    @classmethod
    def _bare_number(cls, data: Any) -> Any:
        if isinstance(data, int | float) and not isinstance(data, bool):
            return {"score": data}
        given = _from_short_form(data) if isinstance(data, str) else data
        if not isinstance(given, dict | Threshold):
            fix = "a number, or one of 'score: 0.7', 'mad: 8', 'false_alarms: 1 per hour', 'fdr: 5%'"
            raise invalid(f"must be {fix}, got {data!r:.80}")
        return given

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            got = f"got {' and '.join(given)}" if given else "got none"
            raise invalid(f"set exactly one of 'score', 'mad', 'false_alarms' and 'fdr', {got}")
        return self

    @model_serializer(mode="wrap")
    def _only_the_one(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in handler(self).items() if value is not None}

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        made = super().__get_pydantic_json_schema__(schema, handler)
        forms = ["object", "number", "string"]
        handler.resolve_ref_schema(made).update(type=forms, minProperties=1, maxProperties=1)
        return made

    @property
    def needs_decoys(self) -> bool:
        """Whether it is set from the peaks of the reversed templates."""
        return self.false_alarms is not None or self.fdr is not None

    @property
    def needs_median(self) -> bool:
        """Whether it is set from the median |score|."""
        return self.mad is not None


def _from_short_form(text: str) -> dict[str, str] | None:
    """``mad 8`` as the setting it stands for; None where it stands for none."""
    if len(text) > _LONGEST:
        return None
    word, _, value = text.strip().partition(" ")
    if word in ("score", "mad", "fdr"):
        return {word: value}
    if _RATE.fullmatch(text):
        return {"false_alarms": text}
    try:
        float(text)
    except ValueError:
        return None
    return {"score": text}


def _least_asymmetry(taps: Taps) -> float:
    """Least asymmetry of the columns of ``(m, C)``, each without its mean."""
    small = np.ldexp(taps, -math.frexp(float(np.abs(taps).max()))[1])  # of the same shape, with sums that are finite
    centred = small - small.mean(axis=0)
    return min(Kernel(column).asymmetry for column in centred.T)


def check_decoys(
    threshold: Threshold, templates: Sequence[Template], asymmetry_of: Callable[[Taps], float] = _least_asymmetry
) -> None:
    """Refuse a threshold that is set from decoys where a template is nearly its own reversal.

    The asymmetry is that of the template without its mean (`Kernel.asymmetry`), in the channel where it is least,
    unless told how to measure it.

    Raises
    ------
    SettingError
        on ``threshold``: a template's asymmetry is below `MIN_ASYMMETRY`.
    """
    if not threshold.needs_decoys:
        return
    way = "false_alarms" if threshold.false_alarms is not None else "fdr"
    for template in templates:
        asymmetry = asymmetry_of(template.taps)
        if asymmetry < MIN_ASYMMETRY:
            raise SettingError(
                f"the template {template.name!r} is nearly its own reversal: its asymmetry must be at least "
                f"{MIN_ASYMMETRY:g}, got {asymmetry:.2g}; reversed it finds what the template finds, so it cannot "
                f"tell what chance gives; set threshold: 0.7 or mad 8 instead",
                "threshold",
                way,
            )
