"""Measures again the constants from which pipeline/dsp/methods.py reckons costs, and prints them to be pasted there.

Each is nanoseconds of one thread, the lower quartile of many repetitions: what the machine can do, not what it did
while busy with something else. Transforms and products are timed while another thread does the same, for so a run
computes, and the threads share caches. The transforms are those of the library that a run would use:
``FALTUNG_FFT=scipy`` measures scipy's where OpenCV is installed. What the constants mean stands beside them in
methods.py.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from pipeline.dsp import methods
from pipeline.dsp.shifted_adds import ShiftedAdds
from pipeline.dsp.transforms import irfft, library, rfft
from pipeline.kernel import Kernel
from pipeline.system import keep_freed_memory

__all__ = ["calibrate", "constants_text"]

CHANNELS = 2
BLOCK = 1 << 16  # frames, as files are read
ADDS = 32  # taps
SIZES = range(10, 20)
PARTITIONS, BINS = 24, 1 << 16  # of a product: more than any cache holds, as it is while transforms go on between

DTYPES = {"double": (np.float64, np.complex128), "single": (np.float32, np.complex64)}
REPEAT_S = 0.25
LEAST_TIMES = 5

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
            rows = (f'        "{precision}": {value},' for precision, value in values.items())
            lines += [f"{name} = {{", f'    "{library()}": {{', *rows, "    },", "}"]
        else:
            lines.append(f"{name} = {{" + ", ".join(f'"{precision}": {v}' for precision, v in values.items()) + "}")
    return "\n".join(lines)


def add_ns(precision: str, repeat_s: float) -> float:
    """A tap on a sample."""
    dtype = np.dtype(DTYPES[precision][0])
    block = _noise((BLOCK, CHANNELS), dtype)

    def work() -> Callable[[], object]:
        machine = ShiftedAdds(Kernel(np.ones(ADDS) / ADDS), CHANNELS, dtype)
        return lambda: machine.process(block)

    return _time_ns(work, repeat_s, threads=1) / (ADDS * BLOCK * CHANNELS)


def point_ns(precision: str, log_n: int, repeat_s: float) -> float:
    """A point of a forward and an inverse transform, as many rows at a time as overlap-save gives it."""
    n_fft = 1 << log_n
    blocks = _blocks_together(precision, n_fft)
    step = n_fft // 2
    planar = _noise((CHANNELS, (blocks + 1) * step), np.dtype(DTYPES[precision][0]))
    strides = (planar.strides[0], step * planar.itemsize, planar.itemsize)
    rows = np.lib.stride_tricks.as_strided(planar, (CHANNELS, blocks, n_fft), strides, writeable=False)

    def work() -> Callable[[], object]:
        spectra = np.empty((CHANNELS, blocks, n_fft // 2 + 1), DTYPES[precision][1])
        back = np.empty((CHANNELS, blocks, n_fft), DTYPES[precision][0])
        return lambda: irfft(rfft(rows, out=spectra), n_fft, out=back)

    return _time_ns(work, repeat_s) / (CHANNELS * blocks * n_fft)


def product_ns(precision: str, repeat_s: float) -> float:
    """A complex product and its sum, per partition and point of the transform: points are twice as many as bins."""
    dtype = np.dtype(DTYPES[precision][1])
    past, responses = _noise((2, PARTITIONS, CHANNELS, BINS), dtype)

    def work() -> Callable[[], object]:
        total, term = np.empty_like(past[:2])

        def products_and_sum() -> None:
            np.multiply(past[0], responses[0], out=total)
            for x, h in zip(past[1:], responses[1:], strict=True):
                np.multiply(x, h, out=term)
                np.add(total, term, out=total)

        return products_and_sum

    return _time_ns(work, repeat_s) / (PARTITIONS * CHANNELS * BINS * 2)


def move_ns(precision: str, repeat_s: float) -> float:
    """A sample from ``(frames, channels)`` to ``(channels, frames)`` and back."""
    block = _noise((BLOCK, CHANNELS), np.dtype(DTYPES[precision][0]))

    def work() -> Callable[[], object]:
        region, out = np.empty_like(block.T, order="C"), np.empty_like(block)

        def there_and_back() -> None:
            region[:] = block.T
            for channel, row in enumerate(region):
                out[:, channel] = row

        return there_and_back

    return _time_ns(work, repeat_s, threads=1) / (BLOCK * CHANNELS)


def _blocks_together(precision: str, n_fft: int) -> int:
    """As methods.py groups them."""
    rows = -(-methods._ROWS[library()][precision] // CHANNELS)
    return max(rows, methods._GROUP_POINTS[precision] // (n_fft * CHANNELS), 1)


def _noise(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    return np.random.default_rng(1).standard_normal(shape).astype(dtype)


def _time_ns(prepare: Callable[[], Callable[[], object]], repeat_s: float, threads: int = 2) -> float:
    """The lower quartile of the times of a piece of work, which each thread prepared for itself and all do at once."""
    barrier = threading.Barrier(threads)

    def timed() -> float:
        work = prepare()
        work()
        barrier.wait()
        times, end = [], time.perf_counter() + repeat_s
        while time.perf_counter() < end or len(times) < LEAST_TIMES:
            began = time.perf_counter_ns()
            work()
            times.append(time.perf_counter_ns() - began)
        return float(statistics.quantiles(times, n=4)[0])

    with ThreadPoolExecutor(threads) as executor:
        return min(future.result() for future in [executor.submit(timed) for _ in range(threads)])


def _rounded(value: float | Mapping[int, float]) -> float | dict[int, float]:
    return {key: round(v, 1) for key, v in value.items()} if isinstance(value, Mapping) else round(value, 2)
