"""One long recording spread over workers: each computes a shard of the output, bit for bit as in one pass.

A kernel remembers no more than its length. So a worker begins to read so long before its shard that every block which
reaches into it holds the same samples, at a frame where the blocks of all kernels begin: the grid is that of one pass.
The parts are joined by the ordinary writer, which sees one signal: dither, clipping and the peak are those of it.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..config.load import validate_config
from ..config.model import Configuration
from ..engine.grouping import Group
from ..engine.memory import BLOCK
from ..engine.plan import Plan
from ..engine.stream import stream
from ..errors import SettingError, UsageError
from ..io import SignalInfo
from ..job import Job, Report, open_signal, run_job
from ..kernel import Array
from .task import configuration_text

__all__ = ["render_shard", "run_sharded"]


def run_sharded(
    settings: Configuration, source: Path, target: Path, executor: Executor, frames: int, *, overwrite: bool = False
) -> Report:
    """Run a configuration on one file, in shards of so many frames of the output.

    Raises
    ------
    UsageError
        the length of the input is not known before it is read.
    SettingError
        a stage is no kernel, so that a part of its output may need the whole input; or `hop` is set.
    FaltungError
        what `run_job` raises; what a worker was lost for.
    """
    text = configuration_text(settings, settings.threads or 1)
    with tempfile.TemporaryDirectory(prefix=".faltung-", dir=target.parent) as folder:

        def rendered(plan: Plan, info: SignalInfo) -> Iterator[Array]:
            _refuse_what_has_no_shards(plan)
            if info.frames is None:
                raise UsageError(f"{source}: tells no length, so it cannot be cut into shards; convert it to WAV")
            total = plan.frames_out(info.frames)
            parts: list[tuple[Path, Future[Any]]] = []
            for first in range(0, total, frames):
                last, part = min(first + frames, total), Path(folder, f"{first}.npy")
                parts.append((part, executor.submit(render_shard, text, str(source), first, last, str(part))))
            for part, future in parts:
                future.result()
                whole = np.load(part, mmap_mode="r")
                for begin in range(0, len(whole), BLOCK):
                    yield np.array(whole[begin : begin + BLOCK])
                part.unlink()

        return run_job(Job.of(settings), source, target, overwrite=overwrite, rendered=rendered)


def render_shard(configuration: str, source: str, first: int, last: int, part: str) -> None:
    """Write frames ``first`` to ``last`` of the output, before they are encoded, to ``part`` as ``.npy``."""
    job = Job.of(validate_config(json.loads(configuration)).settings)
    with open_signal(job, source) as (reader, fmt):
        plan = job.plan(fmt)
        held = plan.tail if plan.options.edges == "hold" else 0
        before = 0 if plan.options.keeps_pre_roll else plan.latency + held  # frames of the chain that are cut off
        begin, end = _extent(plan, first + before, last + before)
        raw = replace(
            plan, options=plan.options.model_copy(update={"edges": "zero", "pre_roll": "keep", "tail": "keep"})
        )
        blocks = _between(_held(reader, held, plan.latency if plan.options.edges == "hold" else 0), begin, end)
        out = np.lib.format.open_memmap(part, "w+", fmt.dtype, (last - first, plan.format_out.channels))
        at = begin - before - first
        for block in stream(raw, blocks):
            kept = block[max(0, -at) : max(0, last - first - at)]
            if len(kept):
                out[max(0, at) : max(0, at) + len(kept)] = kept
            at += len(block)
        out.flush()


def _extent(plan: Plan, first: int, last: int) -> tuple[int, int]:
    """Which frames a worker has to read, so that frames ``first`` to ``last`` of the chain come out as in one pass."""
    grid, reach = BLOCK, 0
    for step in plan.steps:
        method, length = step.method, step.work.kernel.length  # type: ignore[union-attr]
        if method is not None and method.name == "fft":
            grid = math.lcm(grid, method.group * method.block)
            length = method.n_fft + method.partitions * method.block
        reach += length
    return max(0, first - reach) // grid * grid, -(-last // grid) * grid


def _held(reader: Any, before: int, after: int) -> Iterator[Array]:
    """The signal, with its first and last frames repeated."""
    last: Array | None = None
    while len(block := reader.read(BLOCK)):
        if last is None:
            yield np.repeat(block[:1], before, axis=0)
        last = block[-1:]
        yield block
    if last is not None:
        yield np.repeat(last, after, axis=0)


def _between(blocks: Iterator[Array], begin: int, end: int) -> Iterator[Array]:
    at = 0
    for block in blocks:
        kept = block[max(0, begin - at) : max(0, end - at)]
        at += len(block)
        if len(kept):
            yield kept
        if at >= end:
            return


def _refuse_what_has_no_shards(plan: Plan) -> None:
    if plan.options.hop:
        raise SettingError("a run for live use has no shards; take hop or shard away", "hop")
    for step in plan.steps:
        if not isinstance(step.work, Group):
            stage = next((p for p in plan.stages if p.index in step.stages), plan.stages[-1])
            message = f"{stage.stage.use!r} is no kernel, so a shard of its output may need the whole input"
            raise SettingError(message, "stages", stage.index)
