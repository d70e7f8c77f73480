"""Drives a batch: hands tasks to an executor, a few at a time, and alone writes down what became of each.

The executor is any of `concurrent.futures`' interface. What it makes of a task that it lost is the exception of the
task's future, shown as the reason why the file failed.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import CancelledError, Executor, Future
from queue import Empty, SimpleQueue
from typing import Any

from ..errors import DiskFullError, UsageError
from ..io.names import refuse_taken
from .manifest import Data, Manifest, timestamp
from .task import Runner, paths_written, run_task

_TICK_S = 0.1  # between two looks at whether to stop


def run_tasks(
    tasks: Sequence[Data],
    executor: Executor,
    *,
    window: int = 1,
    manifest: Manifest | None = None,
    runner: Runner = run_task,
    on_begin: Callable[[int], object] = lambda _: None,
    stopped: Callable[[], bool] = lambda: False,
    fail_fast: bool = False,
    watch: Callable[[], object] = lambda: None,
) -> Generator[tuple[int, Data]]:
    """Place among ``tasks`` and outcome of each task that was begun, as it ends.

    Parameters
    ----------
    tasks
        from `make_task`; what stands in a task's ``record`` goes into its lines of the manifest.
    window
        tasks that may be with the executor at a time.
    on_begin
        called with the place of each task that is begun.
    stopped
        asked all the while; once true, no further task is begun, what an executor can `recall` is taken back, and what
        is under way comes to its end.
    watch
        called all the while; raises where nothing will come of what is with the executor.
    fail_fast
        stop so at the first that failed. A full disk always does: the next would not fit either.
    """
    under_way: dict[int, Data] = {}
    futures: dict[Future[Any], int] = {}
    ends: SimpleQueue[Future[Any]] = SimpleQueue()
    first = 0  # of those not begun
    ending = recalled = False
    try:
        while True:
            if not recalled and stopped():
                recalled = ending = True
                getattr(executor, "recall", lambda: None)()
            last = first
            while not (ending or stopped()) and last < len(tasks) and len(futures) + last - first < window:
                under_way[last] = tasks[last]
                on_begin(last)
                last += 1
            refused = {place: error for place in range(first, last) if (error := _refusal(tasks[place]))}
            now = {"status": "running", "started": timestamp()}
            _write(manifest, [(tasks[place], now) for place in range(first, last) if place not in refused])
            for place in range(first, last):
                future = _failed(refused[place]) if place in refused else executor.submit(runner, tasks[place])
                futures[future] = place
                future.add_done_callback(ends.put)
            first = last
            if not futures:
                return
            watch()
            ended = {futures.pop(future): future for future in _ended(ends)}
            outcomes = {place: _outcome(one) for place, one in ended.items() if not _is_back(one, recalled)}
            # out first: a signal may be raised behind the writing
            _write(manifest, [(under_way.pop(place), outcome) for place, outcome in outcomes.items()])
            for place, outcome in outcomes.items():
                failed = outcome["status"] == "failed"
                ending |= failed and (fail_fast or outcome["code"] == DiskFullError.exit_code)
                yield place, outcome
    finally:
        _write(manifest, [(task, {"status": "interrupted"}) for task in under_way.values()])


def _ended(ends: SimpleQueue[Future[Any]]) -> Iterator[Future[Any]]:
    """Those that have ended; the first is waited for, but not for long."""
    try:
        yield ends.get(timeout=_TICK_S)
        while True:
            yield ends.get_nowait()
    except Empty:
        return


def _is_back(future: Future[Any], recalled: bool) -> bool:
    """Whether a task came back before it was begun: it was taken back, or its worker met a full disk before it."""
    return recalled if future.cancelled() else isinstance(future.exception(), CancelledError)


def _refusal(task: Data) -> UsageError | None:
    """Reason not to begin a task: the last look at whether its output's name is still free is taken here.

    A worker may die between an output and the word of it. So the task that is done again by another finds a file
    under the name, which is its own, and may replace it.
    """
    if task["fresh"]:
        try:
            for path in paths_written(task):
                refuse_taken(path, overwrite=False)
        except UsageError as error:
            return error
    return None


def _failed(error: Exception) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_exception(error)
    return future


def _outcome(future: Future[Any]) -> Data:
    if future.cancelled():
        return {"status": "failed", "error": "was lost by the scheduler", "code": 1, "lost": True}
    error = future.exception()
    if error is None:
        outcome: Data = future.result()
        return outcome
    lost = {} if isinstance(error, UsageError) else {"lost": True}
    code = getattr(error, "exit_code", 1)
    return {"status": "failed", "error": str(error) or type(error).__name__, "code": code, **lost}


def _write(manifest: Manifest | None, lines: Sequence[tuple[Data, Data]]) -> None:
    """Write down what became of tasks, those of one moment at once."""
    if manifest is not None and lines:
        kept = [{**task["record"], **facts} for task, facts in lines]
        for record in kept:
            record.pop("searches", None)
        manifest.add(*kept)
