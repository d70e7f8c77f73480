"""Opens the machine that applies a kernel to a stream of blocks, by the method chosen for it.

A convolver given N frames in all gives ``N + M - 1`` frames, the first ``origin`` of them before time zero, and
none for N = 0. How the input was cut changes no bit of them.
"""

from __future__ import annotations

from concurrent.futures import Executor
from typing import Any, Protocol

import numpy as np

from ..kernel import Array, Kernel
from .live import LiveOverlapSave
from .methods import Method, choose_method, shape_of
from .overlap_save import OverlapSave
from .shifted_adds import ShiftedAdds


class Convolver(Protocol):
    """The memory of one convolution."""

    def process(self, block: Array) -> Array:
        """``(n, channels)`` in, ``(m, channels')`` out."""
        ...

    def flush(self) -> Array:
        """The rest of the ``N + M - 1`` frames."""
        ...


def open_convolver(
    kernel: Kernel, channels: int, dtype: np.dtype[Any], method: Method | None = None, executor: Executor | None = None
) -> Convolver:
    """A convolver for signals of ``channels`` channels, float64 or float32; by the cheapest method if none is given.

    ``executor`` computes several blocks side by side where that pays; it changes no bit.
    """
    if method is None:
        method = choose_method(shape_of(kernel), channels, "double" if dtype == np.float64 else "single")
    if method.live:
        return LiveOverlapSave(kernel, channels, dtype, method)
    if method.name == "fft":
        return OverlapSave(kernel, channels, dtype, method, executor)
    return ShiftedAdds(kernel, channels, dtype)
