"""Where groups of blocks are computed: at once, or by threads side by side, and how many of them are under way then."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any


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
