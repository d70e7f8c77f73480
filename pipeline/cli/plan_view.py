"""A plan as people read it: the stages by themselves, the steps that run, the files that come of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..engine.plan import Plan, StagePlan
from ..io.names import shown_path
from ..match.writers import event_format
from ..runs.plans import Prediction, RunPlan, label_of, method_of
from ..text import count, duration, hertz, signed, size
from .terminal import render, table

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table


def show_run_plan(plan: RunPlan) -> None:
    """The plan for each format among the inputs, then what each input comes to."""
    for i, one in enumerate(plan.plans):
        render(*([""] if i else []), *_plan_parts(one, plan.memory_of(one)))
    if plan:
        render("", predictions_table(plan))


def _plan_parts(plan: Plan, memory: int) -> list[RenderableType]:
    """A plan, part by part."""
    from rich.padding import Padding
    from rich.text import Text

    fmt = plan.format_in
    head = f"for {count(fmt.channels, 'channel')} at {hertz(fmt.fs)}, in {fmt.precision} precision"
    parts: list[RenderableType] = [Text.assemble(("plan", "bold"), "  ", head)]
    if not plan.stages:
        return [*parts, "every stage is switched off: the signal passes as it is"]
    parts += [Padding(_stages_table(plan), (1, 0)), _sentences(plan), Padding(_steps_table(plan), (1, 0))]
    return [*parts, _total(plan, memory)]


def _stages_table(plan: Plan) -> Table:
    """Numbers of each stage by itself."""
    titles = ("stage", "taps", "length", "tail\nframes", "‖h‖₁", "DC\ngain", "peak\ndB", "worst\ndB")
    shown = table(*titles, right=(1, 2, 3, 4, 5, 6, 7))
    for planned in plan.stages:
        kernel = planned.kernel
        if kernel is None:
            shown.add_row(label_of(planned), "", "", f"{planned.tail:,}" if planned.tail else "", "", "", "", "")
            continue
        gains = (_fixed(kernel.norm1), _fixed(kernel.dc), _db(kernel.peak_gain_db), _db(kernel.worst_case_db))
        length = duration(kernel.length / planned.format_in.fs)
        shown.add_row(label_of(planned), f"{kernel.length:,}", length, f"{kernel.tail:,}", *gains)
    return shown


def _fixed(value: float) -> str:
    return f"{value:.3f}" if abs(value) >= 0.0005 or value == 0 else f"{value:.0e}"


def _db(value: float) -> str:
    if not math.isfinite(value):
        return "-inf"
    return signed(value)


def _sentences(plan: Plan) -> Table:
    """Facts of each stage, in words."""
    shown = table("stage", "what to know", fold=1)
    for planned in plan.stages:
        shown.add_row(label_of(planned), "\n".join(_facts(planned)))
    return shown


def _facts(planned: StagePlan) -> list[str]:
    facts = []
    if planned.stage.whole_signal:
        facts.append("needs the whole signal")
    elif planned.is_causal:
        facts.append("causal")
    elif planned.latency:
        frames = count(planned.latency, "future frame")
        facts.append(f"not causal: needs {frames} ({duration(planned.latency / planned.format_out.fs)})")
    nature = {"linear": planned.stage.linear, "time-invariant": planned.stage.time_invariant}
    missing = [word for word, held in nature.items() if not held]
    if missing:
        facts.append(f"not {' and not '.join(missing)}")
    before, after = planned.format_in, planned.format_out
    if before.fs != after.fs:
        facts.append(f"{hertz(before.fs)} in, {hertz(after.fs)} out")
    if before.channels != after.channels:
        facts.append(f"{count(before.channels, 'channel')} in, {after.channels} out")
    symmetry = [planned.kernel.describe_symmetry()] if planned.kernel is not None else []
    return ["; ".join(facts)] * bool(facts) + symmetry + list(planned.notes)


def _steps_table(plan: Plan) -> Table:
    """Steps that really run: neighbouring kernels as one, and how each is applied."""
    labels = {planned.index: label_of(planned) for planned in plan.stages}
    shown = table("what runs", "how", "taps", "latency\nframes", "tail\nframes", right=(2, 3, 4))
    for step in plan.steps:
        stages = " * ".join(labels[i] for i in step.stages) or "(alignment)"
        taps = f"{step.work.kernel.length:,}" if step.method is not None else ""  # type: ignore[union-attr]
        shown.add_row(stages, method_of(step), taps, f"{step.latency:,}", f"{step.tail:,}")
    return shown


def _total(plan: Plan, memory: int) -> str:
    passes = count(plan.passes, "pass")
    longer = ", however long it is" if memory >= plan.memory() else ""
    return f"{passes} over the signal, about {size(memory)} of memory{longer}"


def predictions_table(predictions: Sequence[Prediction]) -> Table:
    """Each input, and below it what will be written; rate and channels where they are not the same everywhere."""
    formats = {(fmt.fs, fmt.channels) for one in predictions for fmt in (one.info, one.plan.format_out)}
    layout = ["rate", "ch"] if len(formats) > 1 else []
    numbers = (2, 3, *range(4, 4 + len(layout)), -1)
    shown = table("", "file", "frames", "duration", *layout, "format", "size", right=numbers, fold=1)
    for one in predictions:
        info, after = one.info, one.plan.format_out
        source = "standard input" if str(one.source) == "-" else shown_path(one.source)
        was = _layout(info.fs, info.channels)[: len(layout)]
        shown.add_row("", source, *_length(info.frames, info.fs), *was, _form(info.container, info.subtype), "")
        for path in one.events:
            shown.add_row("→", shown_path(path), "", "", *[""] * len(layout), event_format(path), "")
        if one.target is None and one.events:
            continue
        target = "output" if one.target is None else shown_path(one.target)
        becomes = _layout(after.fs, after.channels)[: len(layout)]
        room = "" if one.bytes is None else size(one.bytes)
        shown.add_row("→", target, *_length(one.frames, after.fs), *becomes, _form(one.container, one.subtype), room)
    return shown


def _layout(fs: float, channels: int) -> list[str]:
    return [hertz(fs), str(channels)]


def _form(container: str | None, subtype: str | None) -> str:
    return " ".join(filter(None, (container, subtype)))


def _length(frames: int | None, fs: float) -> tuple[str, str]:
    return ("", "") if frames is None else (f"{frames:,}", duration(frames / fs))
