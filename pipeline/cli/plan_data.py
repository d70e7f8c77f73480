"""A plan as plain data: what each stage is by itself, and the steps that really run."""

from __future__ import annotations

import math
from typing import Any

from ..engine.align import Align
from ..engine.grouping import Group
from ..engine.plan import Plan, StagePlan, Step
from ..kernel import Kernel
from ..stages.base import Stage

__all__ = ["label_of", "method_of", "plan_data"]


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
        "memory_bytes": plan.memory,
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
        "norm1": kernel.norm1,
        "norm2": kernel.norm2,
        "dc": kernel.dc,
        "peak_gain_db": _finite(kernel.peak_gain_db),
        "worst_case_db": _finite(kernel.worst_case_db),
        "asymmetry": kernel.asymmetry,
        "symmetry": kernel.describe_symmetry(),
    }


def _finite(value: float) -> float | None:
    """None for the decibels of a kernel of zeros: JSON has no infinity."""
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
    return f"overlap-save, FFT of {method.n_fft:,}{parts}"


def label_of(planned: StagePlan) -> str:
    """``0 echo``, or with an id ``1 hall (reverb)``."""
    name = f"{planned.stage.id} ({planned.stage.use})" if planned.stage.id else planned.stage.use
    return f"{planned.index} {name}"
