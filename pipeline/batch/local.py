"""Runs tasks on this machine, in worker processes that may be killed.

A pool of the standard library loses all its work with the first worker that dies. Here the pool is built again and
what was unfinished is submitted again. Those that were with the pool when it broke are suspects, and each is run
alone, so that only the one that kills its worker is struck; after three strikes it is given up and the others go on.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from queue import SimpleQueue
from types import TracebackType
from typing import Any

from ..errors import FaltungError
from .process import keep_freed_memory, settle

__all__ = ["LocalExecutor", "WorkerLostError"]

_STRIKES = 3
_TIMES = ("once", "twice", "three times")


class WorkerLostError(FaltungError):
    """What became of a task whose worker was lost, for good; the message says how."""


@dataclass(eq=False)
class _Work:
    call: tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]
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
    """

    def __init__(self, jobs: int, timeout_s: float | None = None) -> None:
        self._jobs, self._timeout_s = jobs, timeout_s
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None
        self._waiting: deque[_Work] = deque()
        self._suspects: deque[_Work] = deque()
        self._under_way: dict[Future[Any], _Work] = {}
        self._closed = False
        # a pool may hold a lock of its own while it tells that a task has ended, so this is dealt with elsewhere
        self._ends: SimpleQueue[Future[Any] | None] = SimpleQueue()
        self._collector = threading.Thread(target=self._collect, daemon=True)
        self._collector.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        work = _Work((fn, args, kwargs))
        with self._lock:
            self._waiting.append(work)
        self._ends.put(work.future)  # a signal raised in this thread must not cut short the start of a worker
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
                worker.join(1.0)
        self._ends.put(None)
        self._collector.join()

    def _start(self) -> None:
        """Give the pool what it can take."""
        while not self._closed and len(self._under_way) < self._room():
            queue = self._suspects or self._waiting
            if not queue:
                return
            work = queue.popleft()
            self._pool = work.pool = self._pool or ProcessPoolExecutor(
                self._jobs, multiprocessing.get_context("spawn"), _begin_worker
            )
            fn, args, kwargs = work.call
            try:
                with _interrupts_blocked():
                    inner = work.pool.submit(_within, self._timeout_s, fn, *args, **kwargs)
            except BrokenProcessPool:  # a worker died that had nothing to do
                self._pool = None
                queue.appendleft(work)
                continue
            work.workers = _processes(work.pool)
            self._under_way[inner] = work
            inner.add_done_callback(self._ends.put)

    def _room(self) -> int:
        """Tasks to have with the pool: one alone if it is suspect; else one more than workers, so that none waits."""
        if self._suspects or any(work.strikes for work in self._under_way.values()):
            return 1
        return self._jobs + 1

    def _collect(self) -> None:
        while (inner := self._ends.get()) is not None:
            with self._lock:
                if inner in self._under_way:
                    self._ended(inner, self._under_way.pop(inner))
                self._start()

    def _ended(self, inner: Future[Any], work: _Work) -> None:
        error = None if inner.cancelled() else inner.exception()
        if inner.cancelled():
            work.future.cancel()
        elif isinstance(error, BrokenProcessPool):
            self._lost(work)
        elif error is not None:
            work.future.set_exception(error)
        else:
            work.future.set_result(inner.result())

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


def _within(timeout_s: float | None, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call ``fn`` in a worker, which the system ends when it takes too long, whatever it is at."""
    if timeout_s is not None:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, timeout_s)
    try:
        return fn(*args, **kwargs)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _processes(pool: ProcessPoolExecutor | None) -> list[BaseProcess]:
    """Those of a pool, which names them no other way."""
    return list(pool._processes.values()) if pool is not None and pool._processes else []


def _exit_code(workers: Sequence[BaseProcess]) -> int | None:
    """That of the worker that broke a pool, as far as it can be told; the pool ends the others by SIGTERM."""
    processes = {process.sentinel: process for process in workers}
    codes = []
    for sentinel in wait(list(processes), timeout=1.0):
        process = processes[sentinel]  # type: ignore[index]
        process.join(1.0)
        codes.append(process.exitcode)
    return next((code for code in codes if code not in (None, 0, -signal.SIGTERM)), None)


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
