"""Long recordings cut into shards, which workers compute, and joined again: bit for bit what one pass gives.

A kernel remembers no more than its length. For the frames [a, b) of its output, overlap-save on blocks of B frames has
to begin at

    s = floor((floor(a / B) * B - (n_fft - B) - (P - 1) * B) / B) * B,  not before 0,

so that every block kept sees true input only, and has to see up to ``e = ceil(b / B) * B``; a plain sum over L taps has
B = 1 and begins L - 1 frames before. What has to go into a step is what is needed of the one before, back to the file.
A search begins at a multiple of its own grain, and sees ``latency`` frames of the next shard (`pipeline.dsp.search`).

No worker ever waits for another. The parts are joined by the ordinary writer, which sees one signal: dither, clipping
and the peak are those of one pass. Parts lie in hidden files beside the output, or in the temporary folder where the
output is in a store; what a killed run leaves of the former is removed by the next.
"""

from __future__ import annotations

import os
import tempfile
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Any, cast

import numpy as np

from pipeline.batch.manifest import Data
from pipeline.batch.task import Runner, prepared_for, run_task
from pipeline.dsp.patch_search import PatchSearch
from pipeline.dsp.search import Part, Search
from pipeline.engine.edges import hold_edges
from pipeline.engine.plan import BLOCK, Plan, Step
from pipeline.engine.steps import Group
from pipeline.engine.stream import Detections, InputCheck, processed
from pipeline.engine.timeline import heard_from
from pipeline.errors import FaltungError, ReadError
from pipeline.io import Reader, SignalInfo, is_remote
from pipeline.io.names import is_stream
from pipeline.io.sink import hidden_beside, naming_errors, write_all
from pipeline.job import Job, open_signal
from pipeline.kernel import Array
from pipeline.stages.match import Match
from pipeline.units import Duration

_TICK_S = 0.1  # between two looks at whether to stop

OnShard = Callable[[str, int, int, float], None]
"""Called with an input, the frames of it that are done, all of them, and the rate in Hz."""


class Shards(Executor):
    """Hands tasks on to another executor; files that last longer than a shard, in shards. A context manager.

    Parameters
    ----------
    executor
        does the work.
    jobs
        how many workers it has; a file has one shard more than that under way.
    shard
        how long one is.
    on_shard
        called with each shard that is done.
    far
        whether the workers see no temporary folder of this machine.
    """

    def __init__(
        self,
        executor: Executor,
        jobs: int,
        shard: Duration,
        on_shard: OnShard = lambda *_: None,
        *,
        far: bool = False,
    ) -> None:
        self._executor, self._jobs, self._shard, self._on_shard, self._far = executor, jobs, shard, on_shard, far
        self._threads = ThreadPoolExecutor(2 * jobs, "faltung-join")
        self._stopping = Event()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """``fn`` is a `Runner` and ``args`` its task."""
        return self._threads.submit(self._done, fn, *args, **kwargs)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if kind is not None:
            self._stopping.set()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _done(self, runner: Runner, task: Data) -> Data:
        frames, why = self._cut(task)
        if frames:
            return self._in_shards(task, frames)
        outcome: Data = self._result(self._executor.submit(runner, task))
        if why and "warnings" in outcome:
            outcome["warnings"] = [*outcome["warnings"], f"batch.shard: run in one pass: {why}"]
        return outcome

    def _cut(self, task: Data) -> tuple[int, str | None]:
        """Frames of a shard, 0 where there are to be none, and why not where that is to be said."""
        source, target = task["source"], task["target"]
        if is_remote(source):
            return 0, "the input is in a store, of which every shard would fetch the whole"
        if is_stream(source):
            return 0, "the input is a pipe"
        if task["page"] is not None:
            return 0, "its page shows the whole recording"
        if self._far and target is not None and is_remote(target):
            return 0, "the output is in a store, and the workers share no folder with this machine"
        prepared = prepared_for(task["configuration"])
        try:
            with open_signal(prepared.job, source) as (reader, fmt):
                frames, total = fmt.frames(self._shard), reader.info.frames
                if total is None:
                    return 0, "the input tells no length; convert it to WAV"
                if total <= frames:
                    return 0, None
                why = why_whole(prepared.job, prepared.plan(fmt), only_events=target is None)
        except (FaltungError, OSError, MemoryError):  # the worker will say so
            return 0, None
        return (0, why) if why else (frames, None)

    def _in_shards(self, task: Data, frames: int) -> Data:
        count = 0

        def render(plan: Plan, info: SignalInfo, found: Detections) -> Iterator[Array]:
            nonlocal count
            whole = info.frames or 0
            searches = bool(plan.steps) and isinstance(plan.steps[-1].work, Match)
            firsts = _searched_from(plan, whole, frames) if searches else range(0, plan.frames_out(whole), frames)
            count = len(firsts)
            parts = self._searched(task, plan, info, firsts, found) if searches else None
            return stack.enter_context(closing(parts or self._samples(task, plan, info, firsts)))

        with ExitStack() as stack:
            outcome = run_task(task, render=render)
        return {**outcome, "shards": count}

    def _samples(self, task: Data, plan: Plan, info: SignalInfo, firsts: Sequence[int]) -> Generator[Array]:
        """The output, from the parts that workers write to files."""
        whole = info.frames or 0
        fmt, total = plan.format_out, plan.frames_out(whole)
        ends = [*firsts[1:], total]
        with ExitStack() as stack:
            place = task["target"]
            if is_remote(place) or is_stream(place):
                place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="faltung-")), "shard")
            parts = [Path(hidden_beside(os.path.realpath(place))) for _ in firsts]
            given = zip(firsts, ends, map(str, parts), strict=True)
            calls = [partial(render_shard, task["configuration"], task["source"], *one) for one in given]
            try:
                with closing(self._in_order(calls)) as results:
                    for part, end, _ in zip(parts, ends, results, strict=True):
                        with part.open("rb") as file:
                            while len(samples := np.fromfile(file, fmt.dtype, BLOCK * fmt.channels)):
                                yield samples.reshape(-1, fmt.channels)
                        part.unlink()
                        self._on_shard(task["source"], end * whole // total, whole, info.fs)
            finally:
                for part in parts:
                    part.unlink(missing_ok=True)

    def _searched(
        self, task: Data, plan: Plan, info: SignalInfo, firsts: Sequence[int], found: Detections
    ) -> Generator[Array]:
        """No output; what a search found, from what it found in each part."""
        zero = heard_from(plan, len(plan.steps) - 1, info.frames or 0)
        total = _searched_frames(plan, info.frames or 0)
        calls = [
            partial(search_shard, task["configuration"], task["source"], first, last, ended=last == total)
            for first, last in zip(firsts, [*firsts[1:], total], strict=True)
        ]
        with closing(self._in_order(calls)) as parts:
            detection = _search(plan).merged(self._reported(parts, task, info, total))
        found.append((plan.steps[-1].stages[0], detection.counted_from(zero, keep_before=plan.options.keeps_pre_roll)))
        yield from ()

    def _reported(self, parts: Iterator[Any], task: Data, info: SignalInfo, total: int) -> Iterator[Any]:
        for part in parts:
            yield part
            whole = info.frames or 0
            self._on_shard(task["source"], part.end * whole // total, whole, info.fs)

    def _in_order(self, calls: Sequence[Callable[[], Any]]) -> Generator[Any]:
        """Results of calls in order, a few of which are under way; ends when none is, unless it is to stop at once."""
        waiting, under_way = deque(calls), deque[Future[Any]]()
        try:
            while waiting or under_way:
                while waiting and len(under_way) <= self._jobs:
                    under_way.append(self._executor.submit(waiting.popleft()))
                yield self._result(under_way.popleft())
        finally:
            for future in under_way:
                self._has_ended(future)

    def _result(self, future: Future[Any]) -> Any:
        if not self._has_ended(future):
            raise FaltungError("stopped")
        return future.result()

    def _has_ended(self, future: Future[Any]) -> bool:
        """Wait for it; False where it is no use to wait."""
        while not self._stopping.is_set():
            if wait([future], _TICK_S).done:
                return True
        return False


def _search(plan: Plan) -> Search | PatchSearch:
    """Search of a whole signal, by the stage at the end of the chain."""
    step = plan.steps[-1]
    return cast("Match", step.work).search(step.format_in)


def _searched_frames(plan: Plan, frames: int) -> int:
    """All frames that go into the search at the end of a chain."""
    for step in plan.steps[:-1]:
        frames = step.frames_after(frames)
    return frames


def _searched_from(plan: Plan, frames: int, shard: int) -> Sequence[int]:
    """First frames of the shards of a search: multiples of its grain, with what the one before must see behind them."""
    search = _search(plan)
    every = max(search.grain, shard // search.grain * search.grain)
    total = _searched_frames(plan, frames)
    return [first for first in range(0, total, every) if not first or first + search.latency <= total]


def why_whole(job: Job, plan: Plan, *, only_events: bool) -> str | None:
    """Reason why a signal has to be run in one pass; None where shards will do."""
    if plan.options.hop:
        return "a run for live use (hop) has no shards"
    if job.reading.get("truncated") == "accept":
        return "truncated: accept, so where the input ends is known when it has been read"
    if job.reading.get("gaps") == "split":
        return "gaps: split, so its parts are run one after another"
    if plan.options.edges == "reflect":
        return "edges: reflect turns the ends of the whole signal round"
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
        zero = plan.latency + (plan.tail if plan.options.edges != "zero" else 0)
        before = 0 if plan.options.keeps_pre_roll else zero  # frames of the chain that are cut off
        with naming_errors(part):
            file = stack.enter_context(Path(part).open("wb", buffering=0))
        for block in _chain_output(plan, reader, source, first + before, last + before, _threads(plan, stack)):
            with naming_errors(part):
                write_all(file.fileno(), np.ascontiguousarray(block).data)


def search_shard(configuration: str, source: str, first: int, last: int, *, ended: bool) -> Part:
    """Findings of the search at the end of a chain from ``first`` to ``last``; ``ended``: the signal ends there."""
    prepared = prepared_for(configuration)
    with ExitStack() as stack:
        reader, fmt = stack.enter_context(open_signal(prepared.job, source))
        plan = prepared.plan(fmt)
        step, threads = plan.steps[-1], _threads(plan, stack)
        search = cast("Match", step.work).search(step.format_in, threads, first)
        seen = last if ended else last + search.latency
        for block in _chain_output(replace(plan, steps=plan.steps[:-1]), reader, source, first, seen, threads):
            for _ in search.process(block):
                pass
        return search.part(ended=ended)


def stretches(plan: Plan, first: int, last: int) -> list[tuple[int, int]]:
    """Frames that have to go into each step, so that ``first`` to ``last`` come out of the last; these behind them."""
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


def _chain_output(
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
