"""Functions in steps: of one that is a generator, what it returns counts, and each ``yield`` ends a step."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any

__all__ = ["begun", "gone_through"]


def begun(fn: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """What a function returns; of a generator, itself after the first step."""
    result = fn(*args, **kwargs)
    return _a_step_further(result) if isinstance(result, Generator) else result


def gone_through(result: Any) -> Any:
    """What a function returned; of a generator, what that comes to."""
    while isinstance(result, Generator):
        result = _a_step_further(result)
    return result


def _a_step_further(steps: Generator[Any, Any, Any]) -> Any:
    """The steps, or what they return at their end."""
    try:
        next(steps)
    except StopIteration as end:
        return end.value
    return steps
