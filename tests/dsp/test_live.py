"""The promises of the live machine: every hop answered at once, and the same numbers as any other way to convolve."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest

from pipeline import Pipeline
from pipeline.dsp.convolver import open_convolver
from pipeline.dsp.live import LiveOverlapSave
from pipeline.dsp.methods import Method, choose_method, shape_of
from pipeline.kernel import Kernel
from pipeline.limits import MAX_TAPS
from tests.oracle import bound_fft, direct_sum

HOPS = [16, 64, 256, 1024]
LONG = 50_000
PRECISIONS = [np.dtype(np.float64), np.dtype(np.float32)]
ROUTES = ["alike", "per channel", "routing"]
CASES = {  # hop, taps, hops in a far block
    "one partition": (64, 50, 1),
    "partitions of one hop": (64, 500, 1),
    "far taps in larger blocks": (16, 500, 4),
    "far taps that fill one larger block to the last": (16, 16 * 4 * 3, 4),
    "far taps of one tap": (16, 16 * 4 * 2 + 1, 4),
    "the largest blocks that are longer than the signal": (64, 2100, 16),
}

every_case = pytest.mark.parametrize(("hop", "taps", "group"), CASES.values(), ids=CASES)
every_route = pytest.mark.parametrize("route", ROUTES)
every_precision = pytest.mark.parametrize("dtype", PRECISIONS, ids=["double", "single"])


def live(taps: int, hop: int, group: int = 1) -> Method:
    return Method("fft", 0.0, 2 * hop, hop, math.ceil(taps / hop), group, live=True)


def chosen(kernel: Kernel, hop: int) -> Method:
    """What is chosen for live use, were a direct sum of a short kernel never cheaper."""
    if kernel.length < 100:
        return live(kernel.length, hop)
    method = choose_method(shape_of(kernel), 2, "double", hop)
    assert (method.name, method.live, method.block) == ("fft", True, hop)
    return method


@cache
def kernel_of(taps: int, route: str, dtype: np.dtype, seed: int = 1) -> Kernel:
    """Random, asymmetric, decaying taps, exactly representable in the precision that is tested."""
    shape = {"alike": (taps,), "per channel": (taps, 2), "routing": (taps, 2, 3)}[route]
    noise = np.random.default_rng(seed).standard_normal(shape)
    decay = np.exp(-3 * np.arange(taps) / taps).reshape(-1, *[1] * (len(shape) - 1))
    return Kernel((noise * decay).astype(dtype).astype(np.float64))


@cache
def signal(frames: int, dtype: np.dtype, seed: int = 2) -> np.ndarray:
    x = np.random.default_rng(seed).standard_normal((frames, 2)).astype(dtype)
    x.flags.writeable = False
    return x


@cache
def exact(frames: int, taps: int, route: str, dtype: np.dtype) -> np.ndarray:
    return direct_sum(signal(frames, dtype), kernel_of(taps, route, dtype).taps)


def run(kernel: Kernel, x: np.ndarray, method: Method, cuts: list[int] | None = None) -> np.ndarray:
    convolver = open_convolver(kernel, x.shape[1], x.dtype, method)
    assert isinstance(convolver, LiveOverlapSave) == method.live
    parts = [convolver.process(block) for block in np.split(x, cuts or [])]
    return np.concatenate([*parts, convolver.flush()])


def bits(y: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(y).view(np.uint8)


def bound(kernel: Kernel, x: np.ndarray, method: Method) -> np.ndarray:
    """P2 for the largest block that a frame is made from; a transform of n points rounds like n taps at least."""
    block = method.group * method.block
    eps = float(np.finfo(x.dtype).eps)
    limit = bound_fft(x, kernel.taps, eps, 2 * block, block, math.ceil(kernel.length / block))
    return limit * max(1.0, math.log2(2 * block) / math.log2(max(kernel.length, 2)))


@pytest.mark.parametrize("hop", HOPS)
@pytest.mark.parametrize("length", ["1", "hop - 1", "hop", "hop + 1", "5 hop + 3", "50,000"])
@every_precision
def test_p2_the_error_against_a_long_double_sum_is_bounded(hop: int, length: str, dtype: np.dtype) -> None:
    lengths = {"1": 1, "hop - 1": hop - 1, "hop": hop, "hop + 1": hop + 1, "5 hop + 3": 5 * hop + 3, "50,000": LONG}
    taps, frames = lengths[length], 1100
    kernel, x = kernel_of(taps, "per channel", dtype), signal(frames, dtype)
    method = chosen(kernel, hop)
    assert (method.group > 1) == (taps == LONG and hop < 256)
    y = run(kernel, x, method)
    assert y.shape == (frames + taps - 1, 2)
    assert y.dtype == dtype
    assert (np.abs(y - exact(frames, taps, "per channel", dtype)) <= bound(kernel, x, method)).all()


@every_case
@every_route
@every_precision
@pytest.mark.parametrize("level", ["noise", "a burst 10^6 times the rest", "tiny"])
def test_p2_holds_for_every_route_and_level(
    hop: int, taps: int, group: int, route: str, dtype: np.dtype, level: str
) -> None:
    kernel, x, method = kernel_of(taps, route, dtype), signal(900, dtype).copy(), live(taps, hop, group)
    if level == "tiny":
        x *= dtype.type(2.0**-40)
    if level.startswith("a burst"):
        x[300:350] *= dtype.type(1e6)
    y, expected = run(kernel, x, method), direct_sum(x, kernel.taps)
    assert y.shape == expected.shape
    assert (np.abs(y - expected) <= bound(kernel, x, method)).all()


@pytest.mark.parametrize("hop", HOPS)
@every_precision
def test_overlap_save_one_block_at_a_time_gives_the_same_within_p2(hop: int, dtype: np.dtype) -> None:
    kernel, x = kernel_of(LONG, "alike", dtype), signal(7000, dtype)
    method = chosen(kernel, hop)
    whole = Method("fft", 0.0, 1 << 17, (1 << 17) - LONG + 1)
    difference = np.abs(run(kernel, x, method) - run(kernel, x, whole).astype(np.longdouble))
    assert (difference <= bound(kernel, x, method) + bound_fft(x, kernel.taps, np.finfo(dtype).eps, 1 << 17, 1)).all()


@every_case
@every_route
@every_precision
def test_p1_no_cut_of_the_input_changes_a_bit(hop: int, taps: int, group: int, route: str, dtype: np.dtype) -> None:
    kernel, x, method = kernel_of(taps, route, dtype), signal(901, dtype), live(taps, hop, group)
    whole = run(kernel, x, method)
    assert whole.shape == (901 + taps - 1, 3 if route == "routing" else 2)
    assert whole.dtype == dtype
    cuttings = [
        [0, 0, 5, 5, 901, 901],
        list(range(1, 40)),
        list(range(7, 901, 7)),
        sorted(np.random.default_rng(3).integers(0, 901, 60).tolist()),
        *(list(range(size, 901, size)) for size in (hop - 1, hop, hop + 1, 3 * hop)),
    ]
    for cuts in cuttings:
        assert np.array_equal(bits(run(kernel, x, method, cuts)), bits(whole)), cuts[:5]


@pytest.mark.parametrize("frames", [0, 1, 2, 15, 16, 17, 63, 64, 65, 127, 128, 129, 192])
@pytest.mark.parametrize("taps", [1, 2, 16, 17, 129, 192, 193])
def test_p1_holds_at_every_length_around_hops_and_far_blocks(frames: int, taps: int) -> None:
    kernel, x = kernel_of(taps, "alike", PRECISIONS[0]), signal(frames, PRECISIONS[0])
    whole = run(kernel, x, live(taps, 16, 4))
    assert whole.shape == (frames + taps - 1 if frames else 0, 2)
    assert np.array_equal(bits(run(kernel, x, live(taps, 16, 4), list(range(1, frames, 3)))), bits(whole))
    assert np.abs(whole - direct_sum(x, kernel.taps)).max(initial=0) < 1e-13


@pytest.mark.parametrize("dtype", [np.complex128, np.complex64])
@pytest.mark.parametrize("n", [1, 7, 32, 116, 2440])
def test_p1_a_dot_product_does_not_depend_on_where_it_lies_in_memory(n: int, dtype: type) -> None:
    rng = np.random.default_rng(4)
    a, b = (rng.standard_normal((2, 3, n)) + 1j * rng.standard_normal((2, 3, n))).astype(dtype)
    whole = np.vecdot(a, b)
    for offset in range(1, 9):
        shifted = np.zeros((3, n + 9), dtype)
        shifted[:, offset : offset + n] = b
        assert np.array_equal(bits(np.vecdot(a, shifted[:, offset : offset + n])), bits(whole))


@pytest.mark.parametrize("hop", HOPS)
def test_p8_no_sum_is_so_long_that_blas_would_split_it_among_threads(hop: int) -> None:
    method = choose_method(shape_of(Kernel(np.ones(MAX_TAPS))), 2, "double", hop)
    near, far = 2 * method.group, math.ceil(MAX_TAPS / (method.group * hop)) - 2
    assert max(near, far) < 10_000, "OpenBLAS splits a complex sum of more than 10,000 terms"
    assert near + far < method.partitions / 10


@every_case
@every_route
@every_precision
def test_p3_the_future_does_not_reach_back(hop: int, taps: int, group: int, route: str, dtype: np.dtype) -> None:
    kernel, x, method = kernel_of(taps, route, dtype), signal(900, dtype), live(taps, hop, group)
    n = 533
    other = x.copy()
    other[n:] = signal(900, dtype, seed=9)[n:]
    before, after = run(kernel, x, method), run(kernel, other, method)
    whole = n // hop * hop
    assert np.array_equal(bits(before[:whole]), bits(after[:whole]))
    limit = bound(kernel, x, method) + bound(kernel, other, method)
    assert (np.abs(before.astype(np.longdouble) - after) <= limit)[:n].all()
    assert not np.array_equal(before[n:], after[n:])


@every_case
@every_route
@every_precision
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_p5_a_sample_that_is_not_finite_touches_its_own_m_frames_only(
    hop: int, taps: int, group: int, route: str, dtype: np.dtype, bad: float
) -> None:
    kernel, x, method = kernel_of(taps, route, dtype), signal(900, dtype).copy(), live(taps, hop, group)
    n = 333
    clean = x.copy()
    clean[n, 1] = 0
    x[n, 1] = bad
    y, without = run(kernel, x, method, cuts=[200, 334, 335, 640]), run(kernel, clean, method)
    touched = slice(n, n + taps)
    expected = without.copy()
    heard = kernel.taps.astype(dtype)
    if route == "routing":
        expected[touched] += dtype.type(bad) * heard[:, 1]
    else:
        expected[touched, 1] += dtype.type(bad) * (heard if route == "alike" else heard[:, 1])
    outside = np.ones(len(y), bool)
    outside[touched] = False
    assert np.array_equal(bits(y[outside]), bits(without[outside]))
    assert np.array_equal(y, expected, equal_nan=True)
    assert not np.isfinite(y[touched]).all()


@every_case
@every_route
@every_precision
@pytest.mark.parametrize("power", [-30, 17])
def test_p6_a_power_of_two_scales_exactly(
    hop: int, taps: int, group: int, route: str, dtype: np.dtype, power: int
) -> None:
    kernel, x, method = kernel_of(taps, route, dtype), signal(900, dtype), live(taps, hop, group)
    factor = dtype.type(2.0**power)
    assert np.array_equal(run(kernel, x * factor, method), run(kernel, x, method) * factor)


@every_case
@every_precision
def test_p6_sums_agree_within_p2(hop: int, taps: int, group: int, dtype: np.dtype) -> None:
    kernel, method = kernel_of(taps, "alike", dtype), live(taps, hop, group)
    x1, x2 = (np.round(256 * signal(900, dtype, seed=seed)) / dtype.type(256) for seed in (2, 8))  # their sum is exact
    together = run(kernel, x1 + x2, method).astype(np.longdouble)
    limit = sum(bound(kernel, x, method) for x in (x1, x2, x1 + x2))
    assert (np.abs(together - run(kernel, x1, method) - run(kernel, x2, method)) <= limit).all()


@every_case
@every_precision
def test_p7_no_output_is_louder_than_the_norm_allows(hop: int, taps: int, group: int, dtype: np.dtype) -> None:
    kernel, method = kernel_of(taps, "alike", dtype), live(taps, hop, group)
    worst = np.sign(kernel.taps[::-1])[:, None].repeat(2, axis=1).astype(dtype)  # the signal that reaches ||h||_1
    for x in (signal(900, dtype), worst):
        y = run(kernel, x, method).astype(np.float64)
        slack = float(bound(kernel, x, method).max())
        assert np.abs(y).max() <= kernel.norm1 * np.abs(x).max() + slack
        assert np.linalg.norm(y) <= kernel.norm1 * np.linalg.norm(x.astype(np.float64)) + slack * np.sqrt(y.size)
    assert np.abs(run(kernel, worst, method)).max() >= kernel.norm1 * (1 - 1e-4)


@every_case
@every_route
def test_the_same_run_twice_gives_the_same_bits(hop: int, taps: int, group: int, route: str) -> None:
    kernel, x, method = kernel_of(taps, route, PRECISIONS[1]), signal(900, PRECISIONS[1]), live(taps, hop, group)
    assert np.array_equal(bits(run(kernel, x, method)), bits(run(kernel, x.copy(), method)))


@pytest.mark.parametrize("hop", HOPS)
@every_precision
def test_every_hop_is_answered_with_its_own_last_frame(hop: int, dtype: np.dtype) -> None:
    kernel = kernel_of(LONG, "alike", dtype)
    convolver = open_convolver(kernel, 2, dtype, chosen(kernel, hop))
    x = np.zeros((4 * hop, 2), dtype)
    x[hop + 3, 0] = 1
    assert convolver.process(x[: hop - 1]).shape == (0, 2)
    assert convolver.process(x[hop - 1 : hop]).shape == (hop, 2)
    heard = convolver.process(x[hop : 2 * hop])
    assert heard.shape == (hop, 2)
    assert np.abs(heard[:3]).max() < 1e-6
    assert np.abs(heard[3:, 0] - kernel.taps[: hop - 3]).max() < 1e-5
    assert convolver.process(x[2 * hop :]).shape == (2 * hop, 2)
    assert convolver.process(x[:0]).shape == (0, 2)


@every_precision
def test_what_was_given_out_stays_as_it_was(dtype: np.dtype) -> None:
    kernel, x = kernel_of(500, "alike", dtype), signal(900, dtype)
    convolver = open_convolver(kernel, 2, dtype, live(500, 16, 4))
    given = [(part, part.copy()) for part in (convolver.process(block) for block in np.split(x, 20))]
    assert all(np.array_equal(part, copy) for part, copy in given)
    assert np.array_equal(x, signal(900, dtype))


def test_a_stream_gives_each_hop_before_it_asks_for_the_next() -> None:
    hop, taps = 64, kernel_of(5000, "alike", PRECISIONS[0]).taps
    asked = 0

    def blocks() -> Iterator[np.ndarray]:
        nonlocal asked
        for block in np.split(signal(64 * 30, PRECISIONS[0]), 30):
            asked += 1
            yield block

    pipe = Pipeline([{"use": "convolve", "taps": taps.tolist()}, {"use": "gain", "gain": 0.5}], hop=hop, tail="trim")
    for count, block in enumerate(pipe.stream(blocks(), fs=48_000), 1):
        assert block.shape == (hop, 2)
        assert asked == count
    assert asked == count == 30


def test_a_kernel_that_needs_the_future_states_its_latency_and_is_late_by_it() -> None:
    hop, taps = 64, np.hanning(2 * 500 + 1)
    x = np.zeros((hop * 40, 1))
    x[100] = 1
    pipe = Pipeline([{"use": "convolve", "taps": taps.tolist(), "origin": 500}], hop=hop, tail="trim")
    assert pipe.plan(48_000.0).latency == 500
    asked, first = 0, 0

    def blocks() -> Iterator[np.ndarray]:
        nonlocal asked
        for block in np.split(x, 40):
            asked += len(block)
            yield block

    for block in pipe.stream(blocks(), fs=48_000):
        if len(block) and not first:
            first = asked
    assert first == math.ceil((500 + 1) / hop) * hop  # the hop that holds frame 500
