"""Runs tasks on this machine, in worker processes that may be killed.

Each worker has a pipe of its own, so that one which dies takes nothing with it but what it was at. A pool of the
standard library shares one among all, and loses all its work with the first worker that dies. What was lost is run
again, one task at a time and nothing beside it, so that only the one that kills its worker is struck; after three
strikes it is given up and the others go on.

To hand a task to a process and take its result back costs as much as a short file. Light tasks go there in bundles,
the next while one is worked on.
"""

from __future__ import annotations

import signal
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from itertools import islice, takewhile
from multiprocessing.connection import Connection, Pipe, wait
from multiprocessing.reduction import ForkingPickler
from operator import attrgetter
from types import TracebackType
from typing import Any

from ..errors import FaltungError
from ..io.source import cause
from ..system import TIMED_OUT
from .worker import Call, Worker, answers, start_fork_server, start_worker

BUNDLE = 16
"""Light tasks at most that a worker is given at a time."""

_AHEAD = 32 << 10
"""Bytes at most that wait in a pipe for a worker, which may itself be sending: the pipe must take them all at once."""

_PATIENCE_S = 5.0  # for workers that were killed
_LOOK_S = 0.5  # between two looks at whether a worker is late
_STRIKES = 3
_TIMES = ("once", "twice", "three times")


class WorkerLostError(FaltungError):
    """A task is given up whose worker was lost; the message says how."""


@dataclass(eq=False)
class _Work:
    call: Call
    light: bool
    future: Future[Any] = field(default_factory=Future)
    strikes: int = 0


class LocalExecutor(Executor):
    """Worker processes; a context manager. A task that is given up raises `WorkerLostError` from its future.

    Parameters
    ----------
    jobs
        how many.
    timeout_s
        the longest that a task may take, after which its worker ends itself; None waits for ever. A task is given up
        for it when it was alone with its worker, so one out of a bundle the second time.
    light
        whether a task with these arguments is over so soon that some may go to a worker in one bundle.
    """

    def __init__(
        self, jobs: int, timeout_s: float | None = None, light: Callable[..., bool] = lambda *_: False
    ) -> None:
        self._jobs, self._timeout_s, self._light = jobs, timeout_s, light
        self._lock = threading.Lock()
        self._waiting: deque[_Work] = deque()
        self._suspects: deque[_Work] = deque()
        self._workers: list[Worker] = []
        self._idle = self._closed = self._killed = self._recalled = False
        start_fork_server()
        self._wake_recv, self._wake_send = Pipe(duplex=False)
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        work = _Work((fn, args, kwargs), self._light(*args))
        with self._lock:
            self._waiting.append(work)
            asked, self._idle = self._idle, False
        if asked:
            self._wake_send.send_bytes(b"")
        return work.future

    def recall(self) -> None:
        """Take back all that no worker has begun: those futures are cancelled, or raise `CancelledError`."""
        with self._lock:
            back = [*self._waiting, *self._suspects]
            self._waiting.clear()
            self._suspects.clear()
            self._recalled = True
        for work in back:
            work.future.cancel()
        self._wake_send.send_bytes(b"")

    def kill(self) -> None:
        """End the workers at once, whatever they do."""
        with self._lock:
            self._closed = self._killed = True
            for worker in self._workers:
                worker.kill()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Wait for what the workers are at, or, where an exception ends it, end them."""
        if kind is not None:
            self.kill()
        with self._lock:
            self._closed = True
        try:
            self._wake_send.send_bytes(b"")
            self._keeper.join()
        finally:
            if kind is not None:  # a signal may have cut the wait short
                self._keeper.join(_PATIENCE_S)

    # ---- the keeper, a thread that no signal cuts short: not at the start of a worker, for one --------------------

    def _keep(self) -> None:
        """Hand out what was submitted and take in what came of it, until closed and all is at rest."""
        while not self._closed or any(worker.bundles for worker in self._workers):
            self._hand_out()
            self._end_late()
            look = None if self._timeout_s is None else _LOOK_S
            for ready in wait([self._wake_recv, *(worker.pipe for worker in self._workers)], look):
                if ready is self._wake_recv:
                    self._wake_recv.recv_bytes()
                    for worker in self._workers if self._recalled else ():
                        _sent(ForkingPickler.dumps(None), worker.pipe)
                else:
                    self._hear(next(worker for worker in self._workers if worker.pipe is ready))
        for work in (*self._suspects, *self._waiting):
            if not work.future.cancel():
                _resolve(work, None, WorkerLostError("was not done: all was stopped"))
        with self._lock:
            workers, self._workers = self._workers, []
        for worker in workers:
            worker.ended()

    def _end_late(self) -> None:
        """End workers that take longer than they may and did not end themselves: they were stopped."""
        for worker in self._workers:
            calls = 2 * len(worker.bundles[0]) if worker.bundles else 0  # each is begun, and committed
            longest = calls * (self._timeout_s or float("inf")) + _PATIENCE_S if calls else float("inf")
            if time.monotonic() - worker.since > longest:
                worker.is_late = True
                worker.kill()

    def _hand_out(self) -> None:
        """Give the workers what they can take; a suspect when all are at rest, and nothing beside it."""
        while not self._closed and (queue := self._next()):
            under_way = [work for worker in self._workers for bundle in worker.bundles for work in bundle]
            if under_way and (queue is self._suspects or any(work.strikes for work in under_way)):
                return
            try:
                worker = self._free(ahead=queue[0].light)
            except (OSError, EOFError) as error:
                if under_way:
                    return
                why = cause(error) if isinstance(error, OSError) else error
                _resolve(queue.popleft(), None, WorkerLostError(f"no worker could be started: {why}"))
                continue
            if worker is None or not self._given(worker, queue):
                return

    def _given(self, worker: Worker, queue: deque[_Work]) -> bool:
        """Whether a worker took a bundle of a queue; not if it is too long to wait in its pipe, or it has died."""
        with self._lock:
            taken = [queue.popleft() for _ in range(self._at_once(queue))]
        bundle = [w for w in taken if w.future.running() or w.future.set_running_or_notify_cancel()]
        message = ForkingPickler.dumps([work.call for work in bundle])
        too_long = bool(worker.bundles) and len(message) > _AHEAD
        if too_long or not _sent(message, worker.pipe):
            with self._lock:
                queue.extendleft(reversed(bundle))
            return False
        if not worker.bundles:
            worker.since = time.monotonic()
        worker.bundles.append(bundle)
        return True

    def _next(self) -> deque[_Work]:
        """Queue that the next is taken from; `submit` rings when it was empty."""
        with self._lock:
            self._idle = not self._waiting
        return self._suspects or self._waiting

    def _free(self, *, ahead: bool) -> Worker | None:
        """A worker at rest, which is started if there may be one more; or one that may be given the next ``ahead``."""
        for worker in self._workers:
            if not worker.bundles:
                return worker
        if len(self._workers) < self._jobs:
            worker = start_worker(self._timeout_s)
            with self._lock:
                self._workers.append(worker)
                if self._killed:
                    worker.kill()
            return worker
        short = (w for w in self._workers if ahead and len(w.bundles) == 1 and w.bundles[0][0].light)
        return next(short, None)

    def _at_once(self, queue: deque[_Work]) -> int:
        """Number of tasks to hand over as one: of light ones a worker's share; one alone if it is suspect."""
        share = 1 if queue is self._suspects else min(BUNDLE, -(-len(queue) // (self._jobs + 1)))
        light = sum(1 for _ in takewhile(attrgetter("light"), islice(queue, share)))
        return max(1, light)

    def _hear(self, worker: Worker) -> None:
        try:
            message = worker.pipe.recv_bytes()
        except (EOFError, OSError):
            self._lost(worker)
            return
        worker.since = time.monotonic()
        bundle = worker.bundles.popleft()
        for work, (result, raised) in zip(bundle, answers(message, len(bundle)), strict=True):
            _resolve(work, result, raised)

    def _lost(self, worker: Worker) -> None:
        with self._lock:
            self._workers.remove(worker)
        ended = worker.ended()
        code = TIMED_OUT if worker.is_late else ended
        if worker.bundles:
            bundle = worker.bundles.popleft()
            for work in bundle:
                self._count_death(work, code, alone=len(bundle) == 1)
        with self._lock:  # what it had not begun
            self._waiting.extendleft(work for bundle in reversed(worker.bundles) for work in reversed(bundle))

    def _count_death(self, work: _Work, code: int | None, *, alone: bool) -> None:
        work.strikes += 1
        if alone and code == TIMED_OUT:
            _resolve(work, None, WorkerLostError(f"took longer than {self._timeout_s:g} s (batch.timeout)"))
        elif work.strikes < _STRIKES:
            self._suspects.append(work)
        else:
            how, why = _ended(code)
            text = f"the worker that ran it {how} {_TIMES[work.strikes - 1]}{why}"
            _resolve(work, None, WorkerLostError(text))


def _ended(code: int | None) -> tuple[str, str]:
    """How a worker with this exit code ended, and what that may mean."""
    if code is not None and code >= 0:
        return f"ended (exit code {code})", "; what reads it, a stage or a plugin ended it"
    if code in (None, -signal.SIGKILL):
        return "was killed (SIGKILL)" if code else "was killed", "; is there enough memory?"
    name = next((one.name for one in signal.Signals if one == -code), f"signal {-code}")
    crash = name in ("SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL")
    return f"was killed ({name})", "; what reads it, a stage or a plugin crashes on it" if crash else ""


def _sent(message: memoryview, pipe: Connection) -> bool:
    try:
        pipe.send_bytes(message)
    except OSError:
        return False
    return True


def _resolve(work: _Work, result: Any, raised: BaseException | None) -> None:
    if raised is None:
        work.future.set_result(result)
    else:
        work.future.set_exception(raised)
