"""An executor for where there is none: the work is done at once, so that one way of writing serves both."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

__all__ = ["SerialExecutor"]


class SerialExecutor(Executor):
    """Does each task at once, in this process and thread; what it raises is raised by `submit`."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done
