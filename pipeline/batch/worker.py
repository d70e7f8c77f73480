"""The processes that do tasks: how they are started, what they answer, and how they end.

A worker is a copy of one process that has loaded what all need, while the command itself is still being loaded: to
start one takes some 10 ms instead of half a second. It does what comes through its pipe until that is closed, and ends
with the process that started it, however that ends.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import ForkingPickler
from typing import Any

from .process import keep_freed_memory, settle

__all__ = ["Answer", "Call", "answers", "exit_code", "load_ahead", "start_worker"]

Call = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]
"""A function, and what it is called with."""

Answer = tuple[Any, BaseException | None]
"""What a call returned, or what it raised."""

_PATIENCE_S = 5.0  # for a process that was killed
_UNKNOWN = 255  # the exit code of a worker where the process that it is a copy of was lost, too


def load_ahead() -> None:
    """Begin to load what workers need, in a process of its own, and do not wait for it."""
    from multiprocessing import forkserver

    if isinstance(_context(), ForkServerContext):
        with _interrupts_blocked():
            forkserver.ensure_running()


def _context() -> ForkServerContext | SpawnContext:
    """How workers are started: where it is safe, as copies of a process that has loaded what they need."""
    if sys.platform != "linux":  # the libraries of macOS may have threads that no copy has
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([f"{__package__}.task"])
    return context


def start_worker(timeout_s: float | None) -> tuple[BaseProcess, Connection]:
    """A new worker; raises OSError or EOFError where the system gives none."""
    ours, theirs = multiprocessing.Pipe()
    process = _context().Process(target=_work, args=(theirs, timeout_s), daemon=True)
    with theirs, _interrupts_blocked():  # ours ends when the worker does, once theirs is closed here
        try:
            process.start()
        except (OSError, EOFError):  # the process that it was to be a copy of may have been killed; this begins another
            process.start()
    return process, ours


def exit_code(process: BaseProcess) -> int | None:
    """That of a worker that has ended, or does now; None if it is not known."""
    process.join(_PATIENCE_S)
    code = process.exitcode
    return None if code == _UNKNOWN else code


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


def answers(message: bytes, count: int) -> list[Answer]:
    """What so many calls came to, as a worker tells it."""
    try:
        told: list[Answer] = ForkingPickler.loads(message)
    except Exception as error:
        return [(None, error)] * count
    return told


# ---- in a worker ----------------------------------------------------------------------------------------------------


def _work(pipe: Connection, timeout_s: float | None) -> None:
    """Do what comes, until nothing more can. The system ends the worker when a call takes too long."""
    settle()
    keep_freed_memory()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    with suppress(EOFError, ConnectionError):
        while True:
            pipe.send_bytes(_message([_answer(timeout_s, *call) for call in pipe.recv()]))


def _answer(timeout_s: float | None, fn: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Answer:
    signal.setitimer(signal.ITIMER_REAL, timeout_s or 0)
    try:
        return fn(*args, **kwargs), None
    except BaseException as error:
        return None, error
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _message(told: list[Answer]) -> memoryview:
    try:
        return ForkingPickler.dumps(told)
    except Exception as error:
        return ForkingPickler.dumps([(None, error)] * len(told))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGKILL)
