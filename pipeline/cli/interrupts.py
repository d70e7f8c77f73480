"""What Ctrl-C and SIGTERM do: each ends a command by an exception, so that what was begun is cleaned up.

While files are being done, the first Ctrl-C only asks: the running file is finished, nothing further begun; a second
one stops at once. A decoder written in C may swallow an exception raised inside its call; `Interrupts.check`, called
with every block, raises it again.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Interrupts", "Terminated", "terminable"]


class Terminated(BaseException):
    """SIGTERM was received."""


_received: list[type[BaseException]] = []
"""What has been raised by a signal; a mark that survives where the exception itself was swallowed."""


def _raise_terminated(_number: int, _frame: FrameType | None) -> None:
    _received.append(Terminated)
    raise Terminated


@contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM raises `Terminated` in here."""
    _received.clear()
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _raise_terminated)
    try:
        yield
    finally:
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
        if self._in_charge:
            signal.signal(signal.SIGINT, self._before)  # type: ignore[arg-type]

    def _on_interrupt(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            _received.append(KeyboardInterrupt)
            raise KeyboardInterrupt
        self.asked = True

    @staticmethod
    def check() -> None:
        """Raise what a signal raised before, if it got lost."""
        if _received:
            raise _received[-1]
