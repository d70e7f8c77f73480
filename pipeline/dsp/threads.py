"""Where groups of blocks are computed, at once or by threads side by side, and a thread that draws blocks ahead."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


class SerialExecutor(Executor):
    """The executor where there is none: `submit` does each task at once, and raises what it raises."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


class Threads(ThreadPoolExecutor):
    """Threads that compute groups side by side."""

    def __init__(self, count: int) -> None:
        super().__init__(count, "faltung")
        self.count = count


def groups_ahead(executor: Executor | None) -> int:
    """Groups that may be under way while frames are taken in; where threads are unknown, two."""
    return ahead_of(executor.count) if isinstance(executor, Threads) else 2 if executor else 0


def ahead_of(threads: int) -> int:
    """Groups that may be under way, besides the one that is begun next, so that each thread has one and none waits."""
    return max(1, threads - 1)


def ahead(items: Iterable[T], depth: int = 1) -> Iterator[T]:
    """The items of an iterable, in their order, up to ``depth`` of them drawn before they are asked for.

    What the iterable raises is raised here, after the items before it. When the caller stops early the thread has
    ended before control returns, so that what it draws from may be closed.
    """
    # Locked in C, unlike a queue with a limit, which costs 3 to 5 % of a long run.
    ready: queue.SimpleQueue[tuple[T] | BaseException | None] = queue.SimpleQueue()
    room: queue.SimpleQueue[None] = queue.SimpleQueue()
    stop = threading.Event()
    for _ in range(depth):
        room.put(None)

    def draw() -> None:
        last: BaseException | None = None
        try:
            for item in items:
                ready.put((item,))
                room.get()
                if stop.is_set():
                    break
        except BaseException as error:
            last = error
        ready.put(last)

    thread = threading.Thread(target=draw, name="faltung-ahead", daemon=True)
    thread.start()
    try:
        while isinstance(got := ready.get(), tuple):
            room.put(None)
            yield got[0]
        if got is not None:
            raise got
    finally:
        stop.set()
        room.put(None)
        thread.join()
