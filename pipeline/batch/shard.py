"""A shard of one long recording, as a worker computes it: bit for bit the frames of one pass.

A kernel remembers no more than its length. For the frames [a, b) of its output, overlap-save on blocks of B frames has
to begin at

    s = floor((floor(a / B) * B - (n_fft - B) - (P - 1) * B) / B) * B,  not before 0,

so that every block kept sees true input only, and has to see up to ``e = ceil(b / B) * B``; a plain sum over L taps has
B = 1 and begins L - 1 frames before. What has to go into a step is what is needed of the one before, back to the file.
A search begins at a multiple of its own grain, and sees ``latency`` frames of the next shard (`pipeline.dsp.search`).
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np

from ..dsp.search import Part
from ..engine.grouping import Group
from ..engine.memory import BLOCK
from ..engine.plan import Plan, Step
from ..engine.stream import InputCheck, hold_edges, processed
from ..errors import ReadError
from ..io import Reader
from ..io.atomic import naming_errors, write_all
from ..job import Job, open_signal
from ..kernel import Array
from ..stages.match import Match
from .task import prepared_for

__all__ = ["render_shard", "search_shard", "stretches", "why_whole"]


def why_whole(job: Job, plan: Plan, *, only_events: bool) -> str | None:
    """Why a signal has to be run in one pass; None where shards will do."""
    if plan.options.hop:
        return "a run for live use (hop) has no shards"
    if job.reading.get("truncated") == "accept":
        return "truncated: accept, so where the input ends is known when it has been read"
    for step in plan.steps:
        if isinstance(step.work, Group) or (only_events and isinstance(step.work, Match) and step is plan.steps[-1]):
            continue
        stage = next((p for p in plan.stages if p.index in step.stages), plan.stages[-1])
        if isinstance(stage.stage, Match):
            return f"stages[{stage.index}] 'match' is cut only as the last stage, with events: and no output:"
        return f"stages[{stage.index}] {stage.stage.use!r} is no kernel: a part of its output may need the whole input"
    return None


def render_shard(configuration: str, source: str, first: int, last: int, part: str) -> None:
    """Write frames ``first`` to ``last`` of the output, before they are encoded, to ``part``, as they are in memory."""
    prepared = prepared_for(configuration)
    with ExitStack() as stack:
        reader, fmt = stack.enter_context(open_signal(prepared.job, source))
        plan = prepared.plan(fmt)
        zero = plan.latency + (plan.tail if plan.options.edges == "hold" else 0)
        before = 0 if plan.options.keeps_pre_roll else zero  # frames of the chain that are cut off
        with naming_errors(part):
            file = stack.enter_context(Path(part).open("wb", buffering=0))
        for block in _heard(plan, reader, source, first + before, last + before, _threads(plan, stack)):
            with naming_errors(part):
                write_all(file.fileno(), np.ascontiguousarray(block).data)


def search_shard(configuration: str, source: str, first: int, last: int, *, ended: bool) -> Part:
    """What the search at the end of a chain finds from ``first`` to ``last``; ``ended``: the signal ends there."""
    prepared = prepared_for(configuration)
    with ExitStack() as stack:
        reader, fmt = stack.enter_context(open_signal(prepared.job, source))
        plan = prepared.plan(fmt)
        step, threads = plan.steps[-1], _threads(plan, stack)
        search = cast("Match", step.work).search(step.format_in, threads, first)
        seen = last if ended else last + search.latency
        for block in _heard(replace(plan, steps=plan.steps[:-1]), reader, source, first, seen, threads):
            for _ in search.process(block):
                pass
        return search.part(ended=ended)


def stretches(plan: Plan, first: int, last: int) -> list[tuple[int, int]]:
    """Which frames have to go into each step, so that ``first`` to ``last`` come out of the last; these behind them."""
    needed = [(first, last)]
    for step in reversed(plan.steps):
        block, reach = _memory(step)
        first, last = needed[-1]
        needed.append((max(0, first // block * block - reach) // block * block, -(-last // block) * block))
    return needed[::-1]


def _memory(step: Step) -> tuple[int, int]:
    """Frames that are computed together, and how many before them they follow from."""
    group = cast("Group", step.work)
    method = group.method
    if method.name == "fft":
        return method.block, method.n_fft - method.block + (method.partitions - 1) * method.block
    return 1, group.kernel.length - 1


def _heard(
    plan: Plan, reader: Reader, source: str, first: int, last: int, executor: Executor | None
) -> Iterator[Array]:
    """Frames ``first`` to ``last`` of what a chain of kernels gives, its latency among them; raises `ReadError`."""
    needed = stretches(plan, first, last)
    signal = _drawn(plan, reader, *needed[0])
    for step, (began, _), (begin, end) in zip(plan.steps, needed, needed[1:], strict=False):
        signal = _between(processed(step.open(executor), signal), begin - began, end - began)
    at = first
    for block in signal:
        at += len(block)
        yield block
    if at != last:
        raise ReadError(source, f"is not what it declares: a shard of {last - first} frames has {at - first}")


def _drawn(plan: Plan, reader: Reader, begin: int, end: int) -> Iterator[Array]:
    """Frames ``begin`` to ``end`` of what goes into the chain, as far as there are any, without what lies before."""
    holds = plan.options.edges == "hold"
    before, after = (plan.tail, plan.latency) if holds else (0, 0)
    skipped = min(max(0, begin - before), (reader.info.frames or 1) - 1)
    reader.skip(skipped)
    signal = InputCheck(plan.format_in, plan.options, skipped).checked(_blocks(reader, max(1, end - before - skipped)))
    if holds:
        signal = hold_edges(signal, 0 if skipped else before, after)
    origin = before + skipped if skipped else 0
    return _between(signal, begin - origin, end - origin)


def _blocks(reader: Reader, frames: int) -> Iterator[Array]:
    while frames > 0 and len(block := reader.read(min(frames, BLOCK))):
        frames -= len(block)
        yield block


def _between(blocks: Iterator[Array], begin: int, end: int) -> Iterator[Array]:
    at = 0
    for block in blocks:
        kept = block[max(0, begin - at) : max(0, end - at)]
        at += len(block)
        if len(kept):
            yield kept
        if at >= end:
            return


def _threads(plan: Plan, stack: ExitStack) -> Executor | None:
    return stack.enter_context(ThreadPoolExecutor(plan.workers, "faltung")) if plan.threads > 1 else None
