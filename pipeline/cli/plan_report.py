"""The plans of a configuration: one for each format among its inputs, then what each input comes to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..engine.plan import Plan
from ..errors import UsageError
from ..job import Job
from ..stages.base import Format
from .plan_data import plan_data
from .plan_view import plan_parts, predictions_table
from .planning import asked_of, described_format, plan_each, plan_for
from .predict import Prediction
from .terminal import render, write_json

if TYPE_CHECKING:
    from ..config.load import LoadedConfig

__all__ = ["plans_for", "show_plans", "write_plans"]


def plans_for(
    loaded: LoadedConfig, inputs: Sequence[str], output: str | None, fs: str | None, channels: int | None
) -> tuple[list[Plan], list[Prediction], list[str]]:
    """The plans, what comes of each input, and why others failed."""
    described = described_format(loaded, fs, channels)
    if described is not None:
        if inputs:
            raise UsageError("--fs describes a signal that is not there; leave out either it or the inputs")
        return [plan_for(loaded, described)], [], []
    asked = asked_of(loaded, inputs, output)
    if not asked:
        raise UsageError("no input; name a file, or describe the signal: --fs 48000 --channels 2")
    predicted, failed = plan_each(loaded, Job.of(loaded.settings), asked, alone=len(asked) == 1)
    plans: dict[Format, Plan] = {}
    for one in predicted:
        plans.setdefault(one.plan.format_in, one.plan)
    return list(plans.values()), predicted, failed


def show_plans(plans: Sequence[Plan], predicted: Sequence[Prediction]) -> None:
    """For people."""
    for i, plan in enumerate(plans):
        render(*([""] if i else []), *plan_parts(plan))
    if predicted:
        render("", predictions_table(predicted))


def write_plans(plans: Sequence[Plan], predicted: Sequence[Prediction]) -> None:
    """For machines."""
    write_json({"plans": [plan_data(plan) for plan in plans], "files": [one.as_data() for one in predicted]})
