"""The promises P1 to P7 of the engine, for every method, precision and kind of kernel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from pipeline.dsp.convolver import open_convolver
from pipeline.dsp.methods import Method
from pipeline.kernel import Kernel
from tests.oracle import bound_direct, bound_fft, direct_sum

ADDS = Method("direct", 0.0)
FFT = Method("fft", 0.0, n_fft=1024, block=512 + 1, partitions=1, group=3)
SHORT_GROUP = Method("fft", 0.0, n_fft=256, block=100, partitions=1, group=1)
PARTITIONED = Method("fft", 0.0, n_fft=256, block=128, partitions=5, group=2)
LIVE = Method("fft", 0.0, n_fft=128, block=64, partitions=8, group=1)


@dataclass(frozen=True)
class Case:
    """A kernel and a method that can apply it."""

    name: str
    method: Method
    taps: int
    sparse: bool = False


CASES = [
    Case("shifted adds over every tap", ADDS, 23),
    Case("shifted adds over a sparse kernel", ADDS, 5000, sparse=True),
    Case("overlap-save", FFT, 512),
    Case("overlap-save, one block at a time", SHORT_GROUP, 157),
    Case("overlap-save, partitioned", PARTITIONED, 600),
    Case("overlap-save, partitioned for live use", LIVE, 500),
    Case("a single tap", ADDS, 1),
    Case("a single tap by overlap-save", FFT, 1),
]
ROUTES = ["alike", "per channel", "routing"]
PRECISIONS = [np.dtype(np.float64), np.dtype(np.float32)]

every_case = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
every_route = pytest.mark.parametrize("route", ROUTES)
every_precision = pytest.mark.parametrize("dtype", PRECISIONS, ids=["double", "single"])


def kernel_of(case: Case, route: str, dtype: np.dtype, seed: int = 1) -> Kernel:
    """Random taps, asymmetric, exactly representable in the precision that is tested."""
    rng = np.random.default_rng(seed)
    shape = {"alike": (case.taps,), "per channel": (case.taps, 2), "routing": (case.taps, 2, 3)}[route]
    taps = rng.standard_normal(shape) * np.exp(-3 * np.arange(case.taps) / case.taps).reshape(
        -1, *[1] * (len(shape) - 1)
    )
    if case.sparse:
        keep = np.zeros(case.taps, bool)
        keep[[0, 7, 1200, 3999, case.taps - 1]] = True
        taps[~keep] = 0
    return Kernel(taps.astype(dtype).astype(np.float64))


def signal(frames: int, dtype: np.dtype, seed: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((frames, 2)).astype(dtype)


def run(kernel: Kernel, x: np.ndarray, method: Method, cuts: list[int] | None = None) -> np.ndarray:
    convolver = open_convolver(kernel, x.shape[1], x.dtype, method)
    parts = [convolver.process(block) for block in np.split(x, cuts or [])]
    return np.concatenate([*parts, convolver.flush()])


def bits(y: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(y).view(np.uint8)


def cuttings(frames: int, block: int) -> dict[str, list[int]]:
    rng = np.random.default_rng(3)
    every = {
        "empty blocks": [0, 0, 5, 5, 5, frames, frames],
        "one frame at a time at first": list(range(1, 40)),
        "sevens": list(range(7, frames, 7)),
        "a prime": list(range(997, frames, 997)),
        "at random": sorted(rng.integers(0, frames, 60).tolist()),
    }
    for size in (block - 1, block, block + 1):
        if size > 0:  # some hundreds, where they are small
            every[f"blocks of {size}"] = list(range(size, min(frames, 300 * size), size))
    return every


@every_case
@every_route
@every_precision
def test_p1_no_cut_of_the_input_changes_a_bit(case: Case, route: str, dtype: np.dtype) -> None:
    kernel, x = kernel_of(case, route, dtype), signal(4001, dtype)
    whole = run(kernel, x, case.method)
    assert whole.shape == (4001 + case.taps - 1, 3 if route == "routing" else 2)
    assert whole.dtype == dtype
    for name, cuts in cuttings(4001, case.method.block).items():
        assert np.array_equal(bits(run(kernel, x, case.method, cuts)), bits(whole)), name


@pytest.mark.long
@every_case
@every_route
@every_precision
def test_p1_holds_one_frame_at_a_time_to_the_end(case: Case, route: str, dtype: np.dtype) -> None:
    kernel, x = kernel_of(case, route, dtype), signal(4001, dtype)
    whole = run(kernel, x, case.method)
    assert np.array_equal(bits(run(kernel, x, case.method, list(range(1, 4001)))), bits(whole))


@every_precision
@pytest.mark.parametrize("frames", [0, 1, 2, 512, 513, 514, 1538, 1539, 1540])
def test_p1_holds_at_every_length_around_blocks_and_groups(frames: int, dtype: np.dtype) -> None:
    case = CASES[2]
    kernel, x = kernel_of(case, "alike", dtype), signal(frames, dtype)
    whole = run(kernel, x, case.method)
    assert whole.shape == ((frames + 511 if frames else 0), 2)
    assert np.array_equal(bits(run(kernel, x, case.method, list(range(1, frames, 3)))), bits(whole))


@every_precision
@pytest.mark.parametrize("n_fft", [256, 1024, 8192, 65536])
def test_p1_a_transform_does_not_depend_on_the_rows_beside_it(n_fft: int, dtype: np.dtype) -> None:
    from scipy import fft

    rows = np.random.default_rng(5).standard_normal((9, n_fft)).astype(dtype)
    together = fft.rfft(rows)
    back = fft.irfft(together, n_fft)
    for i, row in enumerate(rows):
        assert np.array_equal(bits(fft.rfft(row)), bits(together[i]))
        assert np.array_equal(bits(fft.irfft(together[i], n_fft)), bits(back[i]))


def bound(case: Case, kernel: Kernel, x: np.ndarray) -> np.ndarray:
    eps = float(np.finfo(x.dtype).eps)
    if case.method.name != "fft":
        return bound_direct(x, kernel.taps, eps)
    m = case.method
    return bound_fft(x, kernel.taps, eps, m.n_fft, m.block, m.partitions)


@every_case
@every_route
@every_precision
@pytest.mark.parametrize("level", ["noise", "a burst 10^6 times the rest", "tiny"])
def test_p2_the_error_against_a_long_double_sum_is_bounded(case: Case, route: str, dtype: np.dtype, level: str) -> None:
    kernel, x = kernel_of(case, route, dtype), signal(3000, dtype)
    if level == "tiny":
        x *= dtype.type(2.0**-40)
    if level.startswith("a burst"):
        x[1000:1100] *= dtype.type(1e6)
    y = run(kernel, x, case.method)
    error = np.abs(y.astype(np.longdouble) - direct_sum(x, kernel.taps))
    limit = bound(case, kernel, x)
    assert y.shape == error.shape
    assert (error <= limit).all(), float((error - limit).max())


@every_case
@every_route
@every_precision
def test_p3_the_future_does_not_reach_back(case: Case, route: str, dtype: np.dtype) -> None:
    kernel, x = kernel_of(case, route, dtype), signal(3000, dtype)
    n = 1700
    other = x.copy()
    other[n:] = signal(3000, dtype, seed=9)[n:]
    before, after = run(kernel, x, case.method)[:n], run(kernel, other, case.method)[:n]
    whole_blocks = n if case.method.name != "fft" else n // case.method.block * case.method.block
    assert np.array_equal(bits(before[:whole_blocks]), bits(after[:whole_blocks]))
    limit = (bound(case, kernel, x) + bound(case, kernel, other))[:n]
    assert (np.abs(before.astype(np.longdouble) - after) <= limit).all()
    assert not np.array_equal(run(kernel, x, case.method)[n:], run(kernel, other, case.method)[n:])


@pytest.mark.parametrize("case", [c for c in CASES if c.method.name != "fft"], ids=lambda c: c.name)
@every_route
@every_precision
def test_p4_an_impulse_returns_the_kernel_bit_for_bit(case: Case, route: str, dtype: np.dtype) -> None:
    kernel = kernel_of(case, route, dtype)
    for channel in (0, 1):
        x = np.zeros((50, 2), dtype)
        x[20, channel] = 1
        y = run(kernel, x, case.method, cuts=[13, 21])
        expected = np.zeros_like(y)
        taps = kernel.taps.astype(dtype)
        if route == "routing":
            expected[20 : 20 + case.taps] = taps[:, channel]
        else:
            expected[20 : 20 + case.taps, channel] = taps if route == "alike" else taps[:, channel]
        assert np.array_equal(y, expected)
        assert not y[:20].any()


@every_case
@every_route
@every_precision
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_p5_a_sample_that_is_not_finite_touches_its_own_m_frames_only(
    case: Case, route: str, dtype: np.dtype, bad: float
) -> None:
    kernel, x = kernel_of(case, route, dtype), signal(3000, dtype)
    n = 1234
    clean = x.copy()
    clean[n, 1] = 0
    x[n, 1] = bad
    with np.errstate(invalid="ignore"):
        y, without = run(kernel, x, case.method, cuts=[1000, 1235, 1236, 2000]), run(kernel, clean, case.method)
        touched = slice(n, n + case.taps)
        expected = without.copy()
        taps = kernel.taps.astype(dtype)
        if route == "routing":
            expected[touched] += dtype.type(bad) * taps[:, 1]
        else:
            expected[touched, 1] += dtype.type(bad) * (taps if route == "alike" else taps[:, 1])
    if case.sparse:  # a tap of zero is not summed there: what it would have made NaN stays as it was
        zero = np.ones(case.taps, bool)
        zero[kernel.nonzero] = False
        expected[np.flatnonzero(zero) + n] = without[np.flatnonzero(zero) + n]
    outside = np.ones(len(y), bool)
    outside[touched] = False
    assert np.array_equal(bits(y[outside]), bits(without[outside]))
    assert np.array_equal(y, expected, equal_nan=True)
    assert not np.isfinite(y[touched]).all()


def test_p5_runs_of_nan_across_blocks_and_inf_of_both_signs_keep_to_their_frames() -> None:
    kernel = Kernel(np.random.default_rng(0).uniform(0.5, 1, 157))
    x = signal(3000, np.dtype(np.float64))
    x[300:750, 0] = np.nan
    x[2000, 1], x[2050, 1] = np.inf, -np.inf
    y = run(kernel, x, SHORT_GROUP)
    assert np.array_equal(np.flatnonzero(np.isnan(y[:, 0])), np.arange(300, 749 + 157))
    assert np.array_equal(np.flatnonzero(np.isposinf(y[:, 1])), np.arange(2000, 2050))
    assert np.array_equal(np.flatnonzero(np.isnan(y[:, 1])), np.arange(2050, 2157))
    assert np.array_equal(np.flatnonzero(np.isneginf(y[:, 1])), np.arange(2157, 2050 + 157))


@every_case
@every_route
@every_precision
@pytest.mark.parametrize("power", [-30, 1, 17])
def test_p6_a_power_of_two_scales_exactly(case: Case, route: str, dtype: np.dtype, power: int) -> None:
    kernel, x = kernel_of(case, route, dtype), signal(2000, dtype)
    factor = dtype.type(2.0**power)
    assert np.array_equal(run(kernel, x * factor, case.method), run(kernel, x, case.method) * factor)


@every_case
@every_route
@every_precision
def test_p6_sums_and_order_agree_within_p2(case: Case, route: str, dtype: np.dtype) -> None:
    kernel, x1, x2 = kernel_of(case, route, dtype), signal(2000, dtype), signal(2000, dtype, seed=8)
    together = (x1.astype(np.longdouble) + x2).astype(dtype)
    y = run(kernel, together, case.method).astype(np.longdouble)
    parts = run(kernel, x1, case.method).astype(np.longdouble) + run(kernel, x2, case.method)
    limit = bound(case, kernel, x1) + bound(case, kernel, x2) + bound(case, kernel, together)
    # the sum that goes in is rounded once itself
    limit = limit + np.finfo(dtype).eps * direct_sum(np.abs(together), np.abs(kernel.taps))
    assert (np.abs(y - parts) <= limit).all()


@every_case
@every_precision
def test_p7_no_output_is_louder_than_the_norm_allows(case: Case, dtype: np.dtype) -> None:
    kernel = kernel_of(case, "alike", dtype)
    worst = np.sign(kernel.taps[::-1])[:, None].repeat(2, axis=1).astype(dtype)  # the signal that reaches ||h||_1
    for x in (signal(2000, dtype), worst):
        y = run(kernel, x, case.method).astype(np.float64)
        slack = float(bound(case, kernel, x).max())
        peak, energy = np.abs(x).max(), np.sqrt((x.astype(np.float64) ** 2).sum())
        assert np.abs(y).max() <= kernel.norm1 * peak + slack
        assert np.sqrt((y**2).sum()) <= kernel.norm1 * energy + slack * np.sqrt(y.size)
    assert np.abs(run(kernel, worst, case.method)).max() >= kernel.norm1 * (1 - 1e-4)


@every_route
@every_precision
def test_the_channels_do_not_leak_into_each_other(route: str, dtype: np.dtype) -> None:
    case = CASES[2]
    kernel, x = kernel_of(case, route, dtype), signal(2000, dtype)
    x[:, 1] = 0
    y = run(kernel, x, case.method)
    if route == "routing":
        alone = run(Kernel(kernel.taps[:, :1]), x[:, :1], case.method)  # fewer rows at a time: equal within P2
        assert (np.abs(y.astype(np.longdouble) - alone) <= 2 * bound(case, kernel, x)).all()
    else:
        assert not y[:, 1].any()
