"""A signal in parts, between gaps, each run by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from ..errors import UsageError
from ..kernel import Array
from ..stages.base import DetectorStage
from .plan import Plan
from .stream import stream


def in_parts(plan: Plan, parts: Sequence[int], read: Callable[[int], Iterator[Array]]) -> Iterator[Array]:
    """The output of each part of a signal that its gaps split, from rest; of all but the last the tail is cut off."""
    detects = any(isinstance(one.stage, DetectorStage) for one in plan.stages)
    refused = {
        "a stage that finds; set gaps: nan and nonfinite: propagate, with which no window spans a gap": detects,
        "a stage that changes the rate; set gaps: interpolate": plan.format_out.fs != plan.format_in.fs,
        "pre_roll: keep, which is for one signal; leave it out": plan.options.keeps_pre_roll,
    }
    for what in [what for what, there in refused.items() if there]:
        raise UsageError(f"gaps: split cannot be with {what}")
    trimmed = replace(plan, options=plan.options.model_copy(update={"tail": "trim"}))
    for i, frames in enumerate(parts, 1):
        yield from stream(plan if i == len(parts) else trimmed, read(frames))
