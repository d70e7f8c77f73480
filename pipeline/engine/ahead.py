"""Works ahead: draws items from an iterator in a thread of its own, while the caller is busy with the last one."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

__all__ = ["ahead"]

T = TypeVar("T")
_STILL_BUSY = 0.02  # seconds between looks at a thread that is asked to stop


def ahead(items: Iterable[T], depth: int = 1) -> Iterator[T]:
    """The items of an iterable, in their order, up to ``depth`` of them drawn before they are asked for.

    What the iterable raises is raised here, after the items before it. When the caller stops early the thread has
    ended before control returns, so that what it draws from may be closed.
    """
    ready: queue.Queue[tuple[T] | BaseException | None] = queue.Queue(depth)
    stop = threading.Event()

    def draw() -> None:
        last: BaseException | None = None
        try:
            for item in items:
                ready.put((item,))
                if stop.is_set():
                    break
        except BaseException as error:
            last = error
        ready.put(last)

    thread = threading.Thread(target=draw, name="faltung-ahead", daemon=True)
    thread.start()
    try:
        while isinstance(got := ready.get(), tuple):
            yield got[0]
        if got is not None:
            raise got
    finally:
        stop.set()
        while thread.is_alive():
            with contextlib.suppress(queue.Empty):
                ready.get_nowait()
            thread.join(_STILL_BUSY)
