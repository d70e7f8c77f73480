"""Runs tasks on this machine, in worker processes that may be killed.

A pool of the standard library loses all its work with the first worker that dies. Here the pool is built again and
what was unfinished is submitted again. Those that were with the pool when it broke are suspects, and each is run
alone, so that only the one that kills its worker is struck; after three strikes it is given up and the others go on.

To hand a task to a process and take its result back costs as much as a short file. Light tasks go there in bundles.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice, takewhile
from multiprocessing.process import BaseProcess
from operator import attrgetter
from queue import SimpleQueue
from types import TracebackType
from typing import Any

from ..errors import FaltungError
from .process import keep_freed_memory, settle

__all__ = ["BUNDLE", "LocalExecutor", "WorkerLostError"]

BUNDLE = 16
"""Light tasks at most that a worker is given at a time."""

_PATIENCE_S = 5.0  # for a process that was killed
_STRIKES = 3
_TIMES = ("once", "twice", "three times")

_Call = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]


class WorkerLostError(FaltungError):
    """What became of a task whose worker was lost, for good; the message says how."""


@dataclass(eq=False)
class _Work:
    call: _Call
    light: bool
    future: Future[Any] = field(default_factory=Future)
    pool: ProcessPoolExecutor | None = None
    workers: list[BaseProcess] = field(default_factory=list)
    """Of the pool, which forgets them when it breaks."""
    strikes: int = 0


class LocalExecutor(Executor):
    """Worker processes; a context manager. A task that is given up raises `WorkerLostError` from its future.

    Parameters
    ----------
    jobs
        how many.
    timeout_s
        the longest that a task may take, after which its worker ends itself; None waits for ever. A task is given up
        for it when it was run alone, so the second time.
    light
        whether a task, told by its arguments, is over so soon that some may go to a worker in one bundle.
    """

    def __init__(
        self, jobs: int, timeout_s: float | None = None, light: Callable[..., bool] = lambda *_: False
    ) -> None:
        self._jobs, self._timeout_s, self._light = jobs, timeout_s, light
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None
        self._waiting: deque[_Work] = deque()
        self._suspects: deque[_Work] = deque()
        self._under_way: dict[Future[Any], list[_Work]] = {}
        self._closed = False
        # a pool may hold a lock of its own while it tells that a task has ended, so this is dealt with elsewhere
        self._ends: SimpleQueue[Future[Any] | None] = SimpleQueue()
        self._collector = threading.Thread(target=self._collect, daemon=True)
        self._collector.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        work = _Work((fn, args, kwargs), self._light(*args))
        with self._lock:
            self._waiting.append(work)
            has_room = len(self._under_way) < self._room()
        if has_room:  # a signal raised in this thread must not cut short the start of a worker
            self._ends.put(work.future)
        return work.future

    def kill(self) -> None:
        """End the workers at once, whatever they do."""
        with self._lock:
            self._closed = True
            for process in _processes(self._pool):
                process.kill()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if kind is not None:
            self.kill()
        with self._lock:
            self._closed = True
            pool, self._pool = self._pool, None
        workers = _processes(pool)
        try:
            if pool is not None:
                pool.shutdown(wait=True, cancel_futures=True)
        finally:
            for worker in workers if kind is not None else ():  # a signal may have cut the wait for them short
                _ended_with(worker)
        self._ends.put(None)
        self._collector.join()

    def _start(self) -> None:
        """Give the pool what it can take."""
        while not self._closed and len(self._under_way) < self._room():
            queue = self._suspects or self._waiting
            if not queue:
                return
            bundle = [queue.popleft() for _ in range(self._at_once(queue))]
            pool = self._pool = self._pool or ProcessPoolExecutor(
                self._jobs, multiprocessing.get_context("spawn"), _begin_worker
            )
            try:
                with _interrupts_blocked():
                    inner = pool.submit(_run_each, self._timeout_s, [work.call for work in bundle])
            except BrokenProcessPool:  # a worker died that had nothing to do
                self._pool = None
                queue.extendleft(reversed(bundle))
                continue
            for work in bundle:
                work.pool, work.workers = pool, _processes(pool)
            self._under_way[inner] = bundle
            inner.add_done_callback(self._ends.put)

    def _at_once(self, queue: deque[_Work]) -> int:
        """How many of a queue to hand over as one: of light tasks a worker's share; one alone if it is suspect."""
        share = 1 if queue is self._suspects else min(BUNDLE, -(-len(queue) // (self._jobs + 1)))
        light = sum(1 for _ in takewhile(attrgetter("light"), islice(queue, share)))
        return max(1, light)

    def _room(self) -> int:
        """Bundles to have with the pool: one alone if it is suspect; else one more than workers, so that none waits."""
        if self._suspects or any(work.strikes for bundle in self._under_way.values() for work in bundle):
            return 1
        return self._jobs + 1

    def _collect(self) -> None:
        while (inner := self._ends.get()) is not None:
            with self._lock:
                if inner in self._under_way:
                    self._ended(inner, self._under_way.pop(inner))
                self._start()

    def _ended(self, inner: Future[Any], bundle: Sequence[_Work]) -> None:
        error = None if inner.cancelled() else inner.exception()
        for i, work in enumerate(bundle):
            if inner.cancelled():
                work.future.cancel()
            elif isinstance(error, BrokenProcessPool):
                self._lost(work)
            elif error is not None:
                work.future.set_exception(error)
            else:
                result, raised = inner.result()[i]
                if raised is None:
                    work.future.set_result(result)
                else:
                    work.future.set_exception(raised)

    def _lost(self, work: _Work) -> None:
        if self._pool is work.pool:
            self._pool = None
        alone, code = work.strikes > 0, _exit_code(work.workers)
        work.strikes += 1
        if alone and code == -signal.SIGALRM:
            work.future.set_exception(WorkerLostError(f"took longer than {self._timeout_s:g} s (batch.timeout)"))
        elif work.strikes < _STRIKES and not self._closed:
            self._suspects.append(work)
        else:
            how = "" if code is None else f" ({signal.Signals(-code).name})" if code < 0 else f" (exit code {code})"
            text = f"the worker that ran it was killed{how} {_TIMES[work.strikes - 1]}; is there enough memory?"
            work.future.set_exception(WorkerLostError(text))


def _run_each(timeout_s: float | None, calls: Sequence[_Call]) -> list[tuple[Any, BaseException | None]]:
    """The result of each call, or what it raised. In a worker, which the system ends when one takes too long."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    return [_run(timeout_s, *call) for call in calls]


def _run(
    timeout_s: float | None, fn: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]
) -> tuple[Any, BaseException | None]:
    signal.setitimer(signal.ITIMER_REAL, timeout_s or 0)
    try:
        return fn(*args, **kwargs), None
    except BaseException as error:
        return None, error
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _processes(pool: ProcessPoolExecutor | None) -> list[BaseProcess]:
    """Those of a pool, which names them no other way."""
    return list(pool._processes.values()) if pool is not None and pool._processes else []


def _exit_code(workers: Sequence[BaseProcess]) -> int | None:
    """That of the worker that broke a pool, as far as it can be told; the pool ends the others by SIGTERM."""
    codes = [_ended_with(process) for process in workers]
    return next((code for code in codes if code not in (None, 0, -signal.SIGTERM)), None)


def _ended_with(process: BaseProcess) -> int | None:
    """The exit code of a process that ends; None if it does not, for long.

    The pool's own thread waits for it, too. Where that one comes first, the process is unknown to the system already,
    and its code stands here a moment later.
    """
    last = time.monotonic() + _PATIENCE_S
    while (code := process.exitcode) is None and time.monotonic() < last:
        process.join(0.01)
        time.sleep(0.001)
    return code


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Workers begun in here never see Ctrl-C, not even before their first line: what it stops is for us to say."""
    from multiprocessing.resource_tracker import ensure_running

    ensure_running()  # it would unblock
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin_worker() -> None:
    settle()
    keep_freed_memory()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGKILL)
