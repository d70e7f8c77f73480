"""Measures again the constants from which pipeline/dsp/methods.py reckons costs, and prints them to be pasted there.

Each is nanoseconds on one thread, the least of many repetitions: what the machine can do, not what it did while busy
with something else. The transforms are scipy's, whatever else is installed. What the constants mean stands beside
them in methods.py.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping

import numpy as np
from scipy import fft

from pipeline.batch.allocator import keep_freed_memory
from pipeline.dsp import methods
from pipeline.dsp.shifted_adds import ShiftedAdds
from pipeline.kernel import Kernel

__all__ = ["calibrate", "constants_text"]

CHANNELS = 2
BLOCK = 1 << 16  # frames, as files are read
ADDS = 32  # taps
SIZES = range(10, 20)
PARTITIONS, BINS = 6, 1 << 16  # of a product: more than a cache holds, as it is with the kernels that are cut

DTYPES = {"double": (np.float64, np.complex128), "single": (np.float32, np.complex64)}
REPEAT_S = 0.25

Constants = Mapping[str, Mapping[str, float | Mapping[int, float]]]


def calibrate(say: Callable[[str], None] = print, repeat_s: float = REPEAT_S) -> Constants:
    """The constants by name, then by precision; ``_POINT`` also by the logarithm of the size."""
    keep_freed_memory()  # as the command does
    found: dict[str, dict[str, float | Mapping[int, float]]] = {"_ADD": {}, "_POINT": {}, "_PRODUCT": {}, "_MOVE": {}}
    for precision in DTYPES:
        say(f"measuring {precision}")
        found["_ADD"][precision] = add_ns(precision, repeat_s)
        found["_POINT"][precision] = {log_n: point_ns(precision, log_n, repeat_s) for log_n in SIZES}
        found["_PRODUCT"][precision] = product_ns(precision, repeat_s)
        found["_MOVE"][precision] = move_ns(precision, repeat_s)
    return found


def constants_text(found: Constants) -> str:
    """The constants as Python, as they stand in methods.py."""
    lines = []
    for name, of_precision in found.items():
        values = {precision: _rounded(value) for precision, value in of_precision.items()}
        if name == "_POINT":
            lines += [f"{name} = {{", *(f'    "{precision}": {value},' for precision, value in values.items()), "}"]
        else:
            lines.append(f"{name} = {{" + ", ".join(f'"{precision}": {v}' for precision, v in values.items()) + "}")
    return "\n".join(lines)


def add_ns(precision: str, repeat_s: float) -> float:
    """A tap on a sample."""
    dtype = np.dtype(DTYPES[precision][0])
    machine = ShiftedAdds(Kernel(np.ones(ADDS) / ADDS), CHANNELS, dtype)
    block = _noise((BLOCK, CHANNELS), dtype)
    return _least_ns(lambda: machine.process(block), repeat_s) / (ADDS * BLOCK * CHANNELS)


def point_ns(precision: str, log_n: int, repeat_s: float) -> float:
    """A point of a forward and an inverse transform, as many rows at a time as overlap-save gives it."""
    n_fft = 1 << log_n
    blocks = _blocks_together(precision, n_fft)
    step = n_fft // 2
    planar = _noise((CHANNELS, (blocks + 1) * step), np.dtype(DTYPES[precision][0]))
    strides = (planar.strides[0], step * planar.itemsize, planar.itemsize)
    rows = np.lib.stride_tricks.as_strided(planar, (CHANNELS, blocks, n_fft), strides, writeable=False)

    def there_and_back() -> None:
        fft.irfft(fft.rfft(rows, axis=-1), n_fft, axis=-1, overwrite_x=True)

    return _least_ns(there_and_back, repeat_s) / (CHANNELS * blocks * n_fft)


def product_ns(precision: str, repeat_s: float) -> float:
    """A complex product and its sum, per partition and point of the transform: points are twice as many as bins."""
    dtype = np.dtype(DTYPES[precision][1])
    past, responses = _noise((2, PARTITIONS, CHANNELS, BINS), dtype)

    def products_and_sum() -> None:
        total = past[0] * responses[0]
        for x, h in zip(past[1:], responses[1:], strict=True):
            total += x * h

    return _least_ns(products_and_sum, repeat_s) / (PARTITIONS * CHANNELS * BINS * 2)


def move_ns(precision: str, repeat_s: float) -> float:
    """A sample from ``(frames, channels)`` to ``(channels, frames)`` and back."""
    block = _noise((BLOCK, CHANNELS), np.dtype(DTYPES[precision][0]))
    region = np.empty_like(block)
    out = np.empty_like(block)

    def there_and_back() -> None:
        region[:] = block
        out[:] = np.ascontiguousarray(region.T).T

    return _least_ns(there_and_back, repeat_s) / (BLOCK * CHANNELS)


def _blocks_together(precision: str, n_fft: int) -> int:
    """As methods.py groups them."""
    rows = -(-methods._ROWS[precision] // CHANNELS)
    return max(rows, methods._GROUP_POINTS // (n_fft * CHANNELS), 1)


def _noise(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    return np.random.default_rng(1).standard_normal(shape).astype(dtype)


def _least_ns(work: Callable[[], object], repeat_s: float) -> float:
    work()
    least = float("inf")
    end = time.perf_counter() + repeat_s
    while (began := time.perf_counter()) < end or math.isinf(least):
        work()
        least = min(least, time.perf_counter() - began)
    return least * 1e9


def _rounded(value: float | Mapping[int, float]) -> float | dict[int, float]:
    return {key: round(v, 1) for key, v in value.items()} if isinstance(value, Mapping) else round(value, 2)
