"""Plans of runs: the plan of the stages, each output with its size, and each file's state.

Bytes are those of the samples; a header adds some. What a codec will make of a signal cannot be known: None.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..batch.manifest import read_manifest
from ..batch.resume import Item, ItemState, batch_of
from ..config.inputs import STREAM, Place, Unreadable
from ..config.load import LoadedConfig
from ..dsp.transforms import library_for
from ..engine.plan import ANY_LENGTH, BLOCK, Plan, StagePlan, Step, make_plan
from ..engine.steps import Align, Group
from ..errors import FaltungError, SettingError, UsageError
from ..io import SignalInfo
from ..io.encodings import bytes_per_sample
from ..io.formats import container_and_subtype
from ..io.tables import CELLS_AT_ONCE
from ..job import Job, open_signal, plan_job
from ..kernel import Kernel
from ..limits import LEAST_FS, MAX_CHANNELS, MOST_FS, at_most
from ..stages.base import Format, Stage
from ..stages.base.loudness import FULL, LOUDER, SQUARE
from ..text import shorten
from ..units import parse_frequency
from .work import Config, Paths, Work, items_of, load, resumed, sources_of

_ARROW = 100 << 20  # bytes of pyarrow's libraries and of what its own pool keeps
_HEARD_S = 30.0  # of an input before a run
_CELL = 300  # bytes of a number as text while it is read or written


@dataclass(frozen=True)
class Prediction:
    """Output that will be written for one input; ``frames`` and what follows from it are None for a pipe."""

    source: Place
    target: Place | None
    info: SignalInfo
    plan: Plan
    container: str | None
    subtype: str | None
    frames: int | None
    bytes: int | None
    events: tuple[Place, ...] = ()
    """Files for what a search finds."""

    @property
    def seconds(self) -> float | None:
        """Duration of the output."""
        return None if self.frames is None else self.frames / self.plan.format_out.fs

    def to_dict(self) -> dict[str, Any]:
        """Facts as plain data."""
        return {
            "input": str(self.source),
            "output": None if self.target is None else str(self.target),
            "event_files": [str(path) for path in self.events],
            "frames_in": self.info.frames,
            "frames": self.frames,
            "fs": self.plan.format_out.fs,
            "channels": self.plan.format_out.channels,
            "duration_s": self.seconds,
            "container": self.container,
            "subtype": self.subtype,
            "bytes": self.bytes,
        }


@dataclass(frozen=True)
class RunPlan(Sequence[Prediction]):
    """Plan of a run: a sequence of predictions, one for each input that could be opened.

    Examples
    --------
    >>> print(plan([Echo(delay="250 ms", gain="-6 dB")], fs=48_000))
    0 echo
    """

    plans: tuple[Plan, ...]
    """Plan of the stages for each format among the inputs."""
    predictions: tuple[Prediction, ...] = ()
    failed: tuple[str, ...] = ()
    """Reasons why inputs could not be planned for."""
    states: tuple[ItemState, ...] = ()
    """State of each item of a batch: new, unchanged, or why it is done again."""
    skipped: int = 0
    """Number of inputs that are passed over, because an output of theirs exists."""

    def memory_of(self, plan: Plan) -> int:
        """Bytes that a process is expected to need at its peak, for the longest of the inputs that a plan is for."""
        files = [one for one in self.predictions if one.plan.format_in == plan.format_in]
        frames = max((ANY_LENGTH if one.info.frames is None else one.info.frames for one in files), default=ANY_LENGTH)
        arrow = any("PARQUET" in (one.container, one.info.container) for one in files)
        text = any("CSV" in (one.container, one.info.container) for one in files)
        cells = min(CELLS_AT_ONCE, frames * MAX_CHANNELS) * text  # of columns that are not taken, too
        return plan.memory(frames) + arrow * _ARROW + cells * _CELL

    def __len__(self) -> int:
        return len(self.predictions)

    def __getitem__(self, index: Any) -> Any:
        return self.predictions[index]

    def __iter__(self) -> Iterator[Prediction]:
        return iter(self.predictions)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data: every number with its unit in its name, frames where no unit is named."""
        plans = [{**plan_data(one), "memory_bytes": self.memory_of(one)} for one in self.plans]
        return {"plans": plans, "files": [one.to_dict() for one in self.predictions]}

    def to_json(self) -> str:
        """`to_dict` as JSON."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False)

    def __str__(self) -> str:
        counted = [f"{len(self)} of {len(self) + len(self.failed)} inputs can be run"] if self or self.failed else []
        steps = [", ".join(label_of(stage) for stage in one.stages) for one in self.plans]
        return "\n".join([*steps, *counted, *(f"  {reason}" for reason in self.failed)])


def plan(
    config: Config,
    inputs: Paths = (),
    output: str | os.PathLike[str] | None = None,
    *,
    settings: Sequence[str] = (),
    fs: float | str | None = None,
    channels: int | None = None,
) -> RunPlan:
    """Plan of what `run` would do, stage by stage and file by file; nothing is run or written.

    Parameters
    ----------
    config, inputs, output, settings
        as for `run`.
    fs, channels
        describe a signal that is not there, in Hz, in place of inputs.

    Returns
    -------
    RunPlan
        the plan for each format, what each input comes to, and, for a batch, what was done before.

    Raises
    ------
    ConfigError
        everything that is wrong with the configuration; with one input, a setting that does not fit it.
    UsageError
        no input and no description of one.

    Examples
    --------
    >>> made = plan([{"use": "echo", "delay": "250 ms", "gain": "-6 dB"}], fs="48 kHz")
    >>> made.plans[0].tail
    12000
    """
    loaded = load(config, settings)
    described = described_format(loaded, fs, channels)
    if described is not None:
        if inputs:
            raise UsageError("fs= describes a signal that is not there; leave out either it or the inputs")
        return RunPlan((plan_for(loaded, described),))
    sources, root = sources_of(loaded, inputs)
    if not sources:
        raise UsageError("no input; name a file, or describe the signal: fs=48000 channels=2")
    items, first = items_of(loaded, sources, None if output is None else os.fspath(output), root)
    unreadable = [f"{one}: {one.why}" for one in sources if isinstance(one, Unreadable)]
    states: list[ItemState] = []
    if first is not None and first[0] != "-" and len(items) > 1:
        batch = batch_of(loaded, *first, None)
        states = batch.states(items, read_manifest(batch.manifest))
    alone = len(items) == 1 and not unreadable
    return plan_items(loaded, Job.of(loaded.settings), items, states, alone=alone, unreadable=unreadable)


def plan_work(work: Work) -> RunPlan:
    """Plan of the run of this work, without what is done already."""
    if work.batch is not None:
        work = resumed(work, read_manifest(work.batch.manifest))
    alone = work.batch is None and len(work.items) == 1 and not work.unreadable
    unreadable = [f"{one}: {one.why}" for one in work.unreadable]
    return plan_items(
        work.loaded, work.job, work.items, work.states, alone=alone, skipped=len(work.skipped), unreadable=unreadable
    )


def plan_items(
    loaded: LoadedConfig,
    job: Job,
    items: Sequence[Item],
    states: Sequence[ItemState] = (),
    *,
    alone: bool,
    skipped: int = 0,
    unreadable: Sequence[str] = (),
) -> RunPlan:
    """A prediction for each input, and the reasons of those that failed.

    Raises
    ------
    FaltungError
        with ``alone``, where there is one file and no more to be told; a `SettingError` with its line and column.
    """
    predicted: list[Prediction] = []
    failed = list(unreadable)
    for item in items:
        try:
            made, info = plan_job(job, os.fspath(item.source))
            predicted.append(_prediction(job, item, made, info))
        except FaltungError as error:
            if alone:
                raise loaded.locate(error) if isinstance(error, SettingError) else error from error
            failed.append(f"{item.source}: {error}" if isinstance(error, SettingError) else str(error))
    plans: dict[Format, Plan] = {}
    for one in predicted:
        plans.setdefault(one.plan.format_in, one.plan)
    return RunPlan(tuple(plans.values()), tuple(predicted), tuple(failed), tuple(states), skipped)


def told_before(work: Work) -> list[str]:
    """What to say before a run: the stages that may take a loud signal over full scale, and what of theirs helps."""
    item, job = next(iter(work.items), None), work.job
    if work.loaded.settings.clip != "warn":
        return []
    if item is None or item.signal is None or item.source == STREAM:
        return []
    if work.batch is None and os.path.lexists(item.signal) and not work.choices.overwrite:
        return []
    told: list[tuple[StagePlan, str]] = []
    try:
        with open_signal(job, os.fspath(item.source)) as (reader, fmt):
            subtype = container_and_subtype(item.signal, reader.info, job.format.subtype)[1]
            if subtype not in (None, "FLOAT", "DOUBLE"):
                told = [(one, words) for one in job.plan(fmt).stages for words in one.notes if LOUDER in words]
            if any(words.startswith(SQUARE) for _, words in told):
                blocks = (reader.read(BLOCK) for _ in range(math.ceil(_HEARD_S * fmt.fs / BLOCK)))
                if not any(np.abs(block).max(initial=0.0) > FULL for block in blocks):
                    told = [(one, words) for one, words in told if not words.startswith(SQUARE)]
    except (FaltungError, OSError, MemoryError):  # which the run will tell
        return []
    return [f"{label_of(one)}: {words}" for one, words in told]


def described_format(loaded: LoadedConfig, fs: float | str | None, channels: int | None) -> Format | None:
    """The signal that ``fs`` and ``channels`` describe; None where no rate is given."""
    if fs is None and channels is not None:
        raise UsageError("channels= describes a signal together with fs=; give both")
    if fs is None:
        return None
    rate = parse_frequency(fs)
    if not LEAST_FS <= rate <= MOST_FS:
        raise UsageError(f"fs= must be {LEAST_FS} to {MOST_FS} Hz, got {fs}")
    if not 1 <= (channels or 1) <= MAX_CHANNELS:
        raise UsageError(f"channels= must be 1 or more, and {at_most('channels')}, got {shorten(str(channels), 20)}")
    return Format(rate, channels or 1, loaded.settings.precision, Job.of(loaded.settings).reading)


def plan_for(loaded: LoadedConfig, fmt: Format) -> Plan:
    """The plan for a signal of this format; a `SettingError` is told with its line and column."""
    job = Job.of(loaded.settings)
    try:
        return make_plan(job.stages, fmt, job.options)
    except SettingError as error:
        raise loaded.locate(error) from error


def _prediction(job: Job, item: Item, made: Plan, info: SignalInfo) -> Prediction:
    frames = None if info.frames is None else made.frames_out(info.frames)
    if item.signal is None:
        return Prediction(item.source, None, info, made, None, None, frames, None, item.events)
    container, subtype = container_and_subtype(item.signal, info, job.format.subtype)
    width = bytes_per_sample(container, subtype)
    size = None if width is None or frames is None else frames * made.format_out.channels * width
    return Prediction(item.source, item.signal, info, made, container, subtype, frames, size, item.events)


def plan_data(plan: Plan) -> dict[str, Any]:
    """For machines: every number with its unit in its name, frames where no unit is named."""
    return {
        "fs": plan.format_in.fs,
        "channels": plan.format_in.channels,
        "fs_out": plan.format_out.fs,
        "channels_out": plan.format_out.channels,
        "precision": plan.options.precision,
        "tail": plan.options.tail,
        "pre_roll": plan.options.pre_roll,
        "latency_frames": plan.latency,
        "tail_frames": plan.tail,
        "passes": plan.passes,
        "memory_bytes": plan.memory(),
        "stages": [_stage_data(planned) for planned in plan.stages],
        "steps": [_step_data(step) for step in plan.steps],
    }


def _stage_data(planned: StagePlan) -> dict[str, Any]:
    return {
        "index": planned.index,
        "use": planned.stage.use,
        "id": planned.stage.id,
        "causal": planned.is_causal,
        "latency_frames": planned.latency,
        "tail_frames": planned.tail,
        "linear": planned.stage.linear,
        "time_invariant": planned.stage.time_invariant,
        "whole_signal": planned.stage.whole_signal,
        "fs_out": planned.format_out.fs,
        "channels_out": planned.format_out.channels,
        "kernel": None if planned.kernel is None else _kernel_data(planned.kernel, planned.format_in.fs),
        "notes": list(planned.notes),
    }


def _kernel_data(kernel: Kernel, fs: float) -> dict[str, Any]:
    return {
        "taps": kernel.length,
        "duration_s": kernel.length / fs,
        "nonzero_taps": len(kernel.nonzero),
        "shape": list(kernel.taps.shape),
        "origin": kernel.origin,
        "norm1": _finite(kernel.norm1),
        "norm2": _finite(kernel.norm2),
        "dc": _finite(kernel.dc),
        "peak_gain_db": _finite(kernel.peak_gain_db),
        "worst_case_db": _finite(kernel.worst_case_db),
        "asymmetry": _finite(kernel.asymmetry),
        "symmetry": kernel.describe_symmetry(),
    }


def _finite(value: float) -> float | None:
    """None for the decibels of a kernel of zeros, and for what is over the range of numbers: JSON has no infinity."""
    return value if math.isfinite(value) else None


def _step_data(step: Step) -> dict[str, Any]:
    method = step.method
    return {
        "stages": list(step.stages),
        "method": method_of(step),
        "taps": step.work.kernel.length if isinstance(step.work, Group) else None,
        "n_fft": method.n_fft or None if method else None,
        "block": method.block or None if method else None,
        "partitions": method.partitions if method else None,
        "latency_frames": step.latency,
        "tail_frames": step.tail,
    }


def method_of(step: Step) -> str:
    """How a step is done, in words."""
    work = step.work
    if isinstance(work, Align):
        return f"{'add' if work.added > 0 else 'drop'} {abs(work.added):,} frames in front"
    if isinstance(work, Stage):
        return "whole signal, put aside" if work.whole_signal else "streamed"
    method = work.method
    if method.name != "fft":
        return f"{len(work.kernel.nonzero):,} shifted adds" if method.name == "sparse" else "direct sum"
    parts = f", {method.partitions} partitions" if method.partitions > 1 else ""
    return f"overlap-save, FFT of {method.n_fft:,}{parts}, by {library_for(method.n_fft)}"


def label_of(planned: StagePlan) -> str:
    """``0 echo``, or with an id ``1 hall (reverb)``."""
    name = f"{planned.stage.id} ({planned.stage.use})" if planned.stage.id else planned.stage.use
    return f"{planned.index} {name}"
