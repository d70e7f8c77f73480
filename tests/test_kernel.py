"""`Kernel`: its algebra as properties on random kernels and signals, what it reads off, and what it refuses."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pipeline.engine.functional import convolve, correlate
from pipeline.errors import KernelError
from pipeline.kernel import Kernel
from pipeline.limits import MAX_TAPS
from tests.oracle import direct_sum

EPS = float(np.finfo(np.float64).eps)

values = st.floats(-1e3, 1e3, width=32).map(float)
arrays = hnp.arrays(np.float64, st.integers(1, 40), elements=values)


@st.composite
def kernels(draw: st.DrawFn) -> Kernel:
    taps = draw(arrays)
    return Kernel(taps, draw(st.integers(0, len(taps) - 1)))


def size(*arrays: np.ndarray) -> float:
    """``K eps prod ||.||_1``: a bound on the rounding of a product of convolutions, K the terms of the longest sum."""
    return sum(map(len, arrays)) * EPS * math.prod(float(np.abs(a).sum()) for a in arrays)


def same(a: np.ndarray, b: np.ndarray, bound: float) -> bool:
    return a.shape == b.shape and bool(np.abs(a - b).max(initial=0) <= bound)


@given(kernels(), kernels())
def test_convolution_commutes(a: Kernel, b: Kernel) -> None:
    ab, ba = a * b, b * a
    assert ab.origin == ba.origin == a.origin + b.origin
    assert same(ab.taps, ba.taps, size(a.taps, b.taps))


@given(kernels(), kernels(), kernels())
def test_convolution_associates(a: Kernel, b: Kernel, c: Kernel) -> None:
    left, right = (a * b) * c, a * (b * c)
    assert left.origin == right.origin
    assert same(left.taps, right.taps, size(a.taps, b.taps, c.taps))


@given(kernels(), kernels(), kernels())
def test_convolution_distributes_over_addition(a: Kernel, b: Kernel, c: Kernel) -> None:
    left, right = a * (b + c), a * b + a * c
    assert left.origin == right.origin
    assert same(left.taps, right.taps, size(a.taps, b.taps) + size(a.taps, c.taps))


@given(arrays, arrays)
def test_correlation_is_convolution_with_the_flipped_kernel(x: np.ndarray, h: np.ndarray) -> None:
    assert np.array_equal(correlate(x, h), convolve(x, Kernel(h).flipped()))
    expected = [sum(h[k] * x[n + k] for k in range(len(h)) if 0 <= n + k < len(x)) for n in range(1 - len(h), len(x))]
    assert same(correlate(x, h), np.array(expected), 2 * size(x, h))


@given(arrays, arrays, arrays)
def test_correlating_twice_is_correlating_once_with_the_convolution(
    a: np.ndarray, b: np.ndarray, c: np.ndarray
) -> None:
    # corr(corr(a, b), c) == corr(a, conv(b, c)): correlation does not associate, convolution keeps its books
    assert same(correlate(correlate(a, b), c), correlate(a, convolve(b, c)), size(a, b, c))


def test_correlation_neither_commutes_nor_associates() -> None:
    a, b, c = np.array([1.0, 2, 3]), np.array([4.0, 2, 1]), np.array([1.0, 0, -1, 5])
    assert not np.array_equal(correlate(a, b), correlate(b, a))
    assert not np.array_equal(correlate(correlate(a, b), c), correlate(a, correlate(b, c)))


@given(arrays, arrays)
def test_correlation_the_other_way_round_is_reversed(x: np.ndarray, h: np.ndarray) -> None:
    assert same(correlate(x, h), correlate(h, x)[::-1], size(x, h))


@given(arrays, arrays)
def test_reversing_before_and_after_convolution_is_correlation(x: np.ndarray, h: np.ndarray) -> None:
    # conv's frame 0 becomes the last; correlate's first frame is lag -(M-1): the same N + M - 1 frames
    assert same(convolve(x[::-1], h)[::-1], correlate(x, h), size(x, h))


@given(kernels())
def test_flipping_twice_changes_nothing(k: Kernel) -> None:
    assert k.flipped().flipped() == k
    assert (k.flipped().latency, k.flipped().tail) == (k.tail, k.latency)


@given(arrays)
def test_the_correlator_finds_its_template_at_its_start(t: np.ndarray) -> None:
    k = Kernel.from_template(t)
    assert (k.origin, k.is_causal) == (len(t) - 1, len(t) == 1)
    assert np.array_equal(k.taps, t[::-1])


@settings(max_examples=30)
@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_kernels_that_route_multiply_like_the_stages_they_stand_for(m1: int, m2: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = Kernel(rng.standard_normal((m1, 2, 3))), Kernel(rng.standard_normal((m2, 3, 1)))
    x = rng.standard_normal((50, 2))
    expected = direct_sum(direct_sum(x, a.taps), b.taps)
    got = direct_sum(x, (a * b).taps)
    assert got.shape == expected.shape == (50 + m1 + m2 - 2, 1)
    assert np.abs(got - expected).max() <= EPS * (m1 + m2) * 6 * float(
        direct_sum(direct_sum(abs(x), abs(a.taps)), abs(b.taps)).max()
    )


@pytest.mark.parametrize(
    ("a", "b", "shape"),
    [
        ((3,), (2, 2), (4, 2)),
        ((3, 2), (2,), (4, 2)),
        ((3, 2), (2, 2), (4, 2)),
        ((3,), (2, 2, 3), (4, 2, 3)),
        ((3, 2, 3), (2,), (4, 2, 3)),
        ((3, 2), (2, 2, 3), (4, 2, 3)),
        ((3, 2, 3), (2, 3), (4, 2, 3)),
    ],
)
def test_products_of_every_kind_of_kernel_equal_two_stages_in_a_row(a: tuple, b: tuple, shape: tuple) -> None:
    rng = np.random.default_rng(0)
    ka, kb = Kernel(rng.integers(-4, 5, a)), Kernel(rng.integers(-4, 5, b))
    x = rng.integers(-9, 9, (20, 2)).astype(float)
    assert (ka * kb).taps.shape == shape
    assert np.array_equal(direct_sum(x, (ka * kb).taps), direct_sum(direct_sum(x, ka.taps), kb.taps))


@pytest.mark.parametrize(
    ("a", "b", "shape"), [((3,), (2, 2), (3, 2)), ((2,), (3, 2, 2), (3, 2, 2)), ((3,), (1,), (3,))]
)
def test_sums_of_every_kind_of_kernel_equal_two_stages_side_by_side(a: tuple, b: tuple, shape: tuple) -> None:
    rng = np.random.default_rng(0)
    ka, kb = Kernel(rng.integers(-4, 5, a)), Kernel(rng.integers(-4, 5, b))
    x = rng.integers(-9, 9, (20, 2)).astype(float)
    total = direct_sum(x, (ka + kb).taps)
    ya, yb = direct_sum(x, ka.taps), direct_sum(x, kb.taps)
    expected = np.zeros(total.shape)
    expected[: len(ya)] += ya
    expected[: len(yb)] += yb
    assert (ka + kb).taps.shape == shape
    assert np.array_equal(total, expected)


def test_addition_aligns_the_origins() -> None:
    total = Kernel([1, 2, 3], origin=1) + Kernel([10, 20], origin=0)
    assert total == Kernel([1, 12, 23], origin=1)


def test_a_long_product_by_transform_agrees_with_the_sum() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.standard_normal(3000), rng.standard_normal(2000)
    expected = direct_sum(a[:, None], b)[:, 0]
    bound = 0.5 * EPS * np.log2(2000) * np.linalg.norm(a) * np.linalg.norm(b)
    assert np.abs((Kernel(a) * Kernel(b)).taps - expected).max() <= bound


def test_the_worked_example() -> None:
    k = Kernel([4, 2, 1])
    assert (k.length, k.origin, k.latency, k.tail, k.is_causal) == (3, 0, 0, 2, True)
    assert (k.norm1, k.dc) == (7.0, 7.0)
    assert k.norm2 == math.sqrt(21)
    assert k.peak_gain_db == pytest.approx(20 * math.log10(7), abs=1e-12)
    assert k.worst_case_db == pytest.approx(20 * math.log10(7), abs=1e-12)
    # h * h = [16, 16, 12, 4, 1], so 1 - 16/21
    assert k.asymmetry == pytest.approx(5 / 21, abs=1e-15)
    assert "asymmetric" in k.describe_symmetry()


def test_norms_of_a_difference_tell_worst_case_from_peak() -> None:
    k = Kernel([1, 0, -1])
    assert (k.norm1, k.dc) == (2.0, 0.0)
    assert k.peak_gain_db == pytest.approx(20 * math.log10(2), abs=1e-6)


def test_norms_over_channels_are_of_the_loudest() -> None:
    per_channel = Kernel(np.array([[1.0, -3.0], [1.0, 2.0]]))
    assert (per_channel.norm1, per_channel.dc) == (5.0, 2.0)
    mixdown = Kernel(np.full((1, 2, 1), 0.75))  # both channels into one
    assert mixdown.norm1 == 1.5
    assert (mixdown.channels_in, mixdown.channels_out) == (2, 1)


@pytest.mark.parametrize(
    ("taps", "sentence"),
    [
        ([1, 2, 1], "^symmetric"),
        ([0, 0, 1, 2, 1], "^symmetric"),
        ([1, 0, -1], "^antisymmetric"),
        ([5], "^one tap"),
        ([1, 2, 3], "^asymmetric"),
    ],
)
def test_symmetry_is_said_in_a_sentence(taps: list[float], sentence: str) -> None:
    import re

    k = Kernel(taps)
    assert re.search(sentence, k.describe_symmetry())
    assert (k.asymmetry < 1e-12) == (not sentence.startswith("^asym"))


@given(kernels())
def test_asymmetry_lies_in_the_unit_interval_and_does_not_see_flip_scale_or_delay(k: Kernel) -> None:
    assert 0 <= k.asymmetry <= 1
    assert k.flipped().asymmetry == pytest.approx(k.asymmetry, abs=1e-9)
    assert k.scaled(-4).asymmetry == pytest.approx(k.asymmetry, abs=1e-9)
    assert k.delayed(5).asymmetry == pytest.approx(k.asymmetry, abs=1e-9)


@given(kernels(), st.integers(-60, 60))
def test_a_delay_moves_every_tap_by_as_much(k: Kernel, frames: int) -> None:
    moved = k.delayed(frames)
    then = {i - k.origin + frames: t for i, t in enumerate(k.taps) if t}
    assert {i - moved.origin: t for i, t in enumerate(moved.taps) if t} == then


def test_sparse_puts_taps_at_their_times() -> None:
    assert Kernel.sparse({0: 1.0, 3: 0.5}) == Kernel([1, 0, 0, 0.5])
    assert Kernel.sparse({-2: 1.0, 1: 0.5}) == Kernel([1, 0, 0, 0.5], origin=2)
    assert Kernel.sparse({4: 2.0}) == Kernel([0, 0, 0, 0, 2])
    assert Kernel.sparse({4: 2.0}).nonzero.tolist() == [4]


def test_weights_for_a_layer_that_correlates_are_flipped() -> None:
    assert Kernel([4, 2, 1]).for_conv1d().tolist() == [[[1, 2, 4]]]
    per_channel = Kernel(np.array([[1, 10], [2, 20]])).for_conv1d()
    assert per_channel.tolist() == [[[2, 1]], [[20, 10]]]  # (C, 1, M), groups=C
    assert Kernel(np.arange(12).reshape(2, 2, 3)).for_conv1d().shape == (3, 2, 2)


@pytest.mark.parametrize("shape", [(1,), (17,), (1_000,), (333, 2), (90, 2, 3)])
def test_equal_kernels_have_one_hash_and_those_that_differ_in_any_tap_are_not_equal(shape: tuple[int, ...]) -> None:
    taps = np.random.default_rng(5).standard_normal(shape)
    taps.flat[0] = 0.0
    kernel, same = Kernel(taps), Kernel(np.where(taps == 0, -0.0, taps))  # 0 and -0 are equal
    assert kernel == same
    assert hash(kernel) == hash(same)
    for place in range(0, taps.size, 7):
        other = taps.copy()
        other.flat[place] += 1
        assert Kernel(other) != kernel
    assert Kernel(taps, fs=8_000) != kernel


def test_a_kernel_is_immutable_and_hashes_and_pickles() -> None:
    given_taps = np.array([1.0, 2.0])
    k = Kernel(given_taps, fs=48_000)
    given_taps[0] = 9
    assert k.taps[0] == 1
    with pytest.raises(ValueError, match="read-only"):
        k.taps[0] = 5
    with pytest.raises(AttributeError, match="cannot assign"):
        k.origin = 1  # type: ignore[misc]
    assert hash(k) == hash(Kernel([1, 2], fs=48_000))
    assert pickle.loads(pickle.dumps(k)) == k
    assert k != Kernel([1, 2])
    assert k != "kernel"
    assert repr(Kernel([4, 2, 1], 1, 8000)) == "Kernel([4. 2. 1.], shape=(3,), origin=1, fs=8000)"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Kernel([]), r"needs at least one tap, got an array of shape \(0,\)"),
        (lambda: Kernel(np.zeros((3, 0))), r"needs at least one tap, got an array of shape \(3, 0\)"),
        (lambda: Kernel.sparse({}), "needs at least one tap, got none"),
        (lambda: Kernel([1, 2, np.nan]), "must be finite, got nan at index 2"),
        (lambda: Kernel([[1, 2], [np.inf, 0]]), r"must be finite, got inf at index \(1, 0\)"),
        (lambda: Kernel([1j]), "must be real numbers, got an array of complex128"),
        (lambda: Kernel(["a"]), "must be real numbers"),
        (lambda: Kernel(3.0), r"must have shape \(M,\), \(M, C\) or \(M, C_in, C_out\), got \(\)"),
        (lambda: Kernel(np.zeros((1, 1, 1, 1))), "must have shape"),
        (lambda: Kernel(np.zeros(MAX_TAPS + 1, np.int8)), "at most 10,000,000 taps .*, this one would have 10,000,001"),
        (lambda: Kernel.sparse({0: 1, 10**12: 1}), "at most 10,000,000 taps .*, this one would have 1,000,000,000,001"),
        (lambda: Kernel([1, 2], origin=2), "origin must be the index of one of the 2 taps, got 2"),
        (lambda: Kernel([1, 2], origin=-1), "origin must be the index of one of the 2 taps, got -1"),
        (lambda: Kernel([1, 2], origin=0.5), "origin must be the index"),
        (lambda: Kernel([1], fs=0), "fs must be a positive number of Hz, got 0"),
        (lambda: Kernel([1], fs=1) * Kernel([1], fs=2), "different rates cannot be combined: 1 Hz and 2 Hz"),
        (lambda: Kernel(np.ones((1, 2))) * Kernel(np.ones((1, 3))), "a kernel for 2 channels meets one for 3"),
        (
            lambda: Kernel(np.ones((1, 2, 3))) * Kernel(np.ones((1, 2, 2))),
            "3 channels out meets one with 2 channels in",
        ),
        (lambda: Kernel(np.ones((1, 2))) + Kernel(np.ones((1, 3))), "the channels differ"),
    ],
)
def test_what_is_no_kernel_is_refused_with_the_rule_and_the_value(make: object, message: str) -> None:
    with pytest.raises(KernelError, match=message):
        make()  # type: ignore[operator]


def test_a_kernel_multiplies_and_adds_with_kernels_only() -> None:
    with pytest.raises(TypeError, match="unsupported operand"):
        Kernel([1]) * 2.0
    with pytest.raises(TypeError, match="unsupported operand"):
        Kernel([1]) + 2.0


@pytest.mark.parametrize("other", [Kernel([1, 2], 1), Kernel([[1, 2]]), Kernel(np.ones((2, 2, 2)), 1)])
def test_what_is_made_of_a_kernel_with_a_rate_has_it_too(other):
    k = Kernel([4, 2, 1], 1, 8000)
    made = [k * other, other * k, k.flipped(), k.scaled(2), k.delayed(3)]
    made += [k + other, other + k] if other.taps.ndim < 3 else []
    assert [one.fs for one in made] == [8000] * len(made)


def test_products_and_scaled_kernels_keep_time_zero():
    route, k = Kernel(np.ones((2, 2, 2)), 1), Kernel([4, 2, 1], 2)
    assert [(one.origin, one.latency) for one in (route * k, k * route, route * route)] == [(3, 3), (3, 3), (2, 2)]
    assert (k * k).origin == 4
    assert k.scaled(-3) == Kernel([-12, -6, -3], 2)
