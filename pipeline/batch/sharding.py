"""Cuts long files into shards, hands them to an executor and joins what comes back, in threads of this process.

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
from functools import partial
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Any, cast

import numpy as np

from ..dsp.patch_search import PatchSearch
from ..dsp.search import Search
from ..engine.memory import BLOCK
from ..engine.plan import Plan
from ..engine.stream import Detections
from ..errors import FaltungError
from ..io import SignalInfo, is_remote
from ..io.hidden import hidden_beside
from ..io.sink import is_stream
from ..job import open_signal
from ..kernel import Array
from ..stages.match import Match
from ..units import Duration
from .identity import Data
from .shard import render_shard, search_shard, why_whole
from .task import Runner, prepared_for, run_task

__all__ = ["Shards"]

_TICK_S = 0.1  # between two looks at whether to stop

Joined = Callable[[str, int, int, float], None]
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
    joined
        told of each shard that is done.
    far
        whether the workers see no temporary folder of this machine.
    """

    def __init__(
        self,
        executor: Executor,
        jobs: int,
        shard: Duration,
        joined: Joined = lambda *_: None,
        *,
        far: bool = False,
    ) -> None:
        self._executor, self._jobs, self._shard, self._joined, self._far = executor, jobs, shard, joined, far
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
        """Frames of a shard, 0 where there are to be none, and why not where that is to be told."""
        source, target = task["source"], task["target"]
        if is_remote(source):
            return 0, "the input is in a store, of which every shard would fetch the whole"
        if is_stream(source):
            return 0, "the input is a pipe"
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
                        self._joined(task["source"], end * whole // total, whole, info.fs)
            finally:
                for part in parts:
                    part.unlink(missing_ok=True)

    def _searched(
        self, task: Data, plan: Plan, info: SignalInfo, firsts: Sequence[int], found: Detections
    ) -> Generator[Array]:
        """No output; what a search found, from what it found in each part."""
        zero = plan.steps[-2].latency if len(plan.steps) > 1 else 0
        total = _searched_frames(plan, info.frames or 0)
        calls = [
            partial(search_shard, task["configuration"], task["source"], first, last, ended=last == total)
            for first, last in zip(firsts, [*firsts[1:], total], strict=True)
        ]
        with closing(self._in_order(calls)) as parts:
            detection = _search(plan).merged(self._counted(parts, task, info, total))
        found.append((plan.steps[-1].stages[0], detection.counted_from(zero, keep_before=plan.options.keeps_pre_roll)))
        yield from ()

    def _counted(self, parts: Iterator[Any], task: Data, info: SignalInfo, total: int) -> Iterator[Any]:
        for part in parts:
            yield part
            whole = info.frames or 0
            self._joined(task["source"], part.end * whole // total, whole, info.fs)

    def _in_order(self, calls: Sequence[Callable[[], Any]]) -> Generator[Any]:
        """What becomes of each call, a few of which are under way; ends when none is, unless it is to stop at once."""
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
    """Of a whole signal, by the stage at the end of the chain."""
    step = plan.steps[-1]
    return cast("Match", step.work).search(step.format_in)


def _searched_frames(plan: Plan, frames: int) -> int:
    """All frames that go into the search at the end of a chain."""
    for step in plan.steps[:-1]:
        frames = step.frames_after(frames)
    return frames


def _searched_from(plan: Plan, frames: int, shard: int) -> Sequence[int]:
    """Where the shards of a search begin: at multiples of its grain, with what the one before must see behind them."""
    search = _search(plan)
    every = max(search.grain, shard // search.grain * search.grain)
    total = _searched_frames(plan, frames)
    return [first for first in range(0, total, every) if not first or first + search.latency <= total]
