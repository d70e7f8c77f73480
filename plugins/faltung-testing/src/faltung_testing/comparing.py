"""Comparisons of the contract kits: `AssertionError` with what was promised, unless it was kept."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from pipeline.kernel import Array
from pipeline.stages.base import Format


def promise(kept: bool, message: str) -> None:
    """Raise `AssertionError` with the message unless a promise was kept."""
    if not kept:
        raise AssertionError(message)


@contextmanager
def without_error(doing: str, advice: str) -> Iterator[None]:
    """Turn any other exception from here into `AssertionError`: what was being done, what came, what to do."""
    try:
        yield
    except AssertionError:
        raise
    except Exception as error:
        raise AssertionError(f"{doing}, got {type(error).__name__}: {error}; {advice}") from error


def tolerance_of(fmt: Format, y: Array, frames: int) -> float:
    """A transform of n points errs by about ``eps log2(n)`` of the largest value; 8 covers sums of such results."""
    largest = float(np.abs(y).max(initial=0.0))
    return 8 * float(np.finfo(fmt.dtype).eps) * (4 + math.log2(frames + 2)) * max(largest, 1e-30)


def _differ(a: Array, b: Array) -> float:
    return float(np.abs(a.astype(np.float64) - b).max(initial=0.0))


def require_close(a: Array, b: Array, tolerance: float, what: str) -> None:
    """Raise `AssertionError` unless two signals have one shape and differ by no more than a tolerance."""
    promise(a.shape == b.shape, f"{what}: shapes {a.shape} and {b.shape}")
    error = _differ(a, b)
    promise(error <= tolerance, f"{what}: off by {error:.3g}, allowed is {tolerance:.3g}")
