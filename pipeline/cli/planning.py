"""Plans for the files a command names, or for a signal that is only described by its rate and channels."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..config.inputs import Place
from ..config.outputs import plan_outputs
from ..engine.plan import Plan, make_plan
from ..errors import FaltungError, SettingError, UsageError
from ..job import Job, plan_job
from ..stages.base import Format
from ..units import parse_frequency
from .jobs import sources_of
from .predict import Prediction, predict

if TYPE_CHECKING:
    from ..config.load import LoadedConfig

Asked = tuple[Place, Place | None, tuple[Place, ...]]
"""An input, its output, its event files."""

__all__ = ["Asked", "asked_of", "described_format", "plan_each", "plan_for"]


def described_format(loaded: LoadedConfig, fs: str | None, channels: int | None) -> Format | None:
    """The signal that ``--fs`` and ``--channels`` describe; None where no rate is given."""
    if fs is None and channels is not None:
        raise UsageError("--channels describes a signal together with --fs; give both")
    if fs is None:
        return None
    rate = parse_frequency(fs)
    if rate <= 0:
        raise UsageError(f"--fs must be above 0 Hz, got {fs}")
    return Format(rate, channels or 1, loaded.settings.precision)


def plan_for(loaded: LoadedConfig, fmt: Format) -> Plan:
    """The plan for a signal of this format; a `SettingError` is told with its line and column."""
    job = Job.of(loaded.settings)
    try:
        return make_plan(job.stages, fmt, job.options)
    except SettingError as error:
        raise loaded.locate(error) from error


def asked_of(loaded: LoadedConfig, inputs: Sequence[str], output: str | None) -> list[Asked]:
    """Inputs with their outputs and event files, as far as it is said where these go."""
    sources, root = sources_of(loaded, inputs)
    template, base = (loaded.settings.output, loaded.base) if output is None else (output, None)
    targets: list[Place | None] = [None] * len(sources)
    if template is not None:
        targets = [target for _, target in plan_outputs(sources, template, base, root)]
    found = [[path for _, path in plan_outputs(sources, one, loaded.base, root)] for one in loaded.settings.events]
    events = list(zip(*found, strict=True)) if found else [()] * len(sources)
    return list(zip(sources, targets, events, strict=True))


def plan_each(
    loaded: LoadedConfig, job: Job, asked: Sequence[Asked], *, alone: bool
) -> tuple[list[Prediction], list[str]]:
    """A prediction for each input, and the reasons of those that failed.

    Raises
    ------
    FaltungError
        with ``alone``, where there is one file and no more to be told; a `SettingError` with its line and column.
    """
    predicted: list[Prediction] = []
    failed: list[str] = []
    for source, target, events in asked:
        try:
            plan, info = plan_job(job, os.fspath(source))
            predicted.append(predict(job, source, target, plan, info, events))
        except FaltungError as error:
            if alone:
                raise loaded.locate(error) if isinstance(error, SettingError) else error from error
            failed.append(f"{source}: {error}" if isinstance(error, SettingError) else str(error))
    return predicted, failed
