"""What Ctrl-C and SIGTERM do: each ends a command by an exception, so that what was begun is cleaned up.

While files are being done, the first Ctrl-C only asks: the running file is finished, nothing further begun; a second
one stops at once. A library may swallow what a signal raises, or make another error of it: `Interrupts.check`, called
with every block, raises it again, and `code_of_signal` tells at the end. And what it unwinds may wait for a thread that
waits for a pipe: after a moment it is raised once more, wherever the command is by then.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from ..system import interrupt_after

__all__ = ["Interrupts", "Terminated", "code_of_signal", "ignore_further", "terminable"]


class Terminated(BaseException):
    """SIGTERM was received."""


_received: list[type[BaseException]] = []
"""What has been raised by a signal; a mark that survives where the exception itself was swallowed."""

_PATIENCE = 0.5  # seconds for removing what was begun; it takes a few milliseconds


def _stop(kind: type[BaseException]) -> NoReturn:
    if not _received:
        ignore_further()
        interrupt_after(_PATIENCE, lambda: _stop(kind))
    _received.append(kind)
    raise kind


def ignore_further() -> None:
    """Ctrl-C has been heard: one more could but disturb the cleaning up, or the interpreter's end and its exit code."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def code_of_signal() -> int | None:
    """130 after Ctrl-C, 143 after SIGTERM, whatever became of what they raised; None where neither was received."""
    if not _received:
        return None
    return 143 if _received[-1] is Terminated else 130


def _raise_interrupted(_number: int, _frame: FrameType | None) -> None:
    _stop(KeyboardInterrupt)


def _raise_terminated(_number: int, _frame: FrameType | None) -> None:
    _stop(Terminated)


@contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM raises `Terminated` in here, and Ctrl-C, unless it is ignored, a KeyboardInterrupt that leaves a mark."""
    _received.clear()
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _raise_terminated)
    heard = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if heard:
        signal.signal(signal.SIGINT, _raise_interrupted)
    try:
        yield
    finally:
        if _received:
            interrupt_after(None)
        elif heard:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, before)


class Interrupts:
    """A context in which the first Ctrl-C sets ``asked`` and the second raises KeyboardInterrupt."""

    def __init__(self) -> None:
        self.asked = False
        self._before: object = None
        self._in_charge = threading.current_thread() is threading.main_thread()

    def __enter__(self) -> Interrupts:
        if self._in_charge:
            self._before = signal.signal(signal.SIGINT, self._on_interrupt)
        return self

    def __exit__(self, *error: object) -> None:
        if self._in_charge and not _received:
            signal.signal(signal.SIGINT, self._before)  # type: ignore[arg-type]

    def _on_interrupt(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            _stop(KeyboardInterrupt)
        self.asked = True

    @staticmethod
    def check() -> None:
        """Raise what a signal raised before, if it got lost."""
        if _received:
            raise _received[-1]
