"""The three ways to convolve, each forced, against the definition in long double."""

import itertools

import numpy as np
import pytest

from pipeline.dsp.convolver import open_convolver
from pipeline.dsp.methods import Method, choose_method, shape_of
from pipeline.kernel import Kernel
from tests.oracle import bound_direct, bound_fft, direct_sum

ADDS = [Method("direct", 0.0), Method("sparse", 0.0)]
FFTS = {
    "one partition": Method("fft", 0.0, 256, 100, 1, 4),
    "one block at a time": Method("fft", 0.0, 256, 100, 1, 1),
    "partitions": Method("fft", 0.0, 64, 32, 5, 3),
    "blocks of another size": Method("fft", 0.0, 512, 356, 1, 2),
}
KERNELS = {
    "one for all": lambda rng: rng.standard_normal(157),
    "one a channel": lambda rng: rng.standard_normal((157, 2)),
    "routing": lambda rng: rng.standard_normal((157, 2, 3)),
    "sparse": lambda rng: rng.standard_normal(157) * (np.arange(157) % 39 == 0),
}


def convolve(kernel, x, method, cuts=()):
    convolver = open_convolver(kernel, x.shape[1], x.dtype, method)
    parts = [convolver.process(part) for part in np.split(x, cuts)]
    return np.concatenate([*parts, convolver.flush()])


@pytest.mark.parametrize("kind", KERNELS)
@pytest.mark.parametrize("step", [1, 14, 999])
def test_the_steps_of_shifted_adds_change_no_bit(kind, step, monkeypatch):
    """A block is one step, unless it is of many thousand frames or of many channels."""
    rng = np.random.default_rng(4)
    kernel, x = Kernel(KERNELS[kind](rng)), rng.standard_normal((400, 2))
    whole = convolve(kernel, x, ADDS[0], [150])
    monkeypatch.setattr("pipeline.dsp.shifted_adds._STEP", step)
    np.testing.assert_array_equal(convolve(kernel, x, ADDS[0], [150]), whole)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("frames", [0, 1, 156, 157, 158, 1000])
@pytest.mark.parametrize("kind", KERNELS)
@pytest.mark.parametrize("method", ADDS, ids=lambda method: method.name)
def test_shifted_adds_are_within_the_bound_of_a_direct_sum(method, kind, frames, dtype):
    rng = np.random.default_rng(3)
    h, x = KERNELS[kind](rng).astype(dtype), rng.standard_normal((frames, 2)).astype(dtype)
    y, exact = convolve(Kernel(h), x, method), direct_sum(x, h)
    assert y.shape == exact.shape
    assert (np.abs(y - exact) <= bound_direct(x, h, np.finfo(dtype).eps)).all()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("frames", [1, 99, 100, 101, 1000])
@pytest.mark.parametrize("kind", KERNELS)
@pytest.mark.parametrize("name", FFTS)
def test_overlap_save_is_within_the_bound_of_a_transform(name, kind, frames, dtype):
    rng = np.random.default_rng(4)
    method = FFTS[name]
    h, x = KERNELS[kind](rng).astype(dtype), rng.standard_normal((frames, 2)).astype(dtype)
    y, exact = convolve(Kernel(h), x, method), direct_sum(x, h)
    assert y.shape == exact.shape
    bound = bound_fft(x, h, np.finfo(dtype).eps, method.n_fft, method.block, method.partitions)
    assert (np.abs(y - exact) <= bound).all()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kind", KERNELS)
def test_partitions_summed_stretch_by_stretch_have_the_bits_of_those_summed_at_once(kind, dtype, monkeypatch):
    rng = np.random.default_rng(6)
    method = Method("fft", 0.0, 64, 32, 5, 3)  # 33 bins
    kernel, x = Kernel(KERNELS[kind](rng).astype(dtype)), rng.standard_normal((700, 2)).astype(dtype)
    whole = convolve(kernel, x, method)
    for stretch in (1, 7, 32, 33):
        monkeypatch.setattr("pipeline.dsp.overlap_save._STRETCH", stretch)
        np.testing.assert_array_equal(convolve(kernel, x, method), whole)


@pytest.mark.parametrize("kind", KERNELS)
@pytest.mark.parametrize("method", [*ADDS, *FFTS.values()], ids=str)
def test_nothing_in_nothing_out(method, kind):
    kernel = Kernel(KERNELS[kind](np.random.default_rng(0)))
    assert convolve(kernel, np.zeros((0, 2)), method).shape == (0, kernel.channels_out or 2)


@pytest.mark.parametrize("method", [*ADDS, *FFTS.values()], ids=str)
def test_any_cut_gives_the_same_bits(method):
    rng = np.random.default_rng(5)
    kernel, x = Kernel(rng.standard_normal((157, 2))), rng.standard_normal((1500, 2))
    whole = convolve(kernel, x, method)
    for cuts in ([0, 0, 1, 2, 1500], range(0, 1500, 7), sorted(rng.integers(0, 1500, 30)), [99, 100, 101, 399, 400]):
        np.testing.assert_array_equal(convolve(kernel, x, method, cuts), whole)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("method", [*ADDS, *FFTS.values()], ids=str)
def test_a_sample_that_is_not_finite_touches_only_the_frames_its_kernel_reaches(method, bad):
    rng = np.random.default_rng(6)
    h, x = rng.standard_normal(157), rng.standard_normal((1000, 2))
    clean = convolve(Kernel(h), x, method)
    x[333, 1] = bad
    y = convolve(Kernel(h), x, method)
    touched = slice(333, 333 + 157)
    assert not np.isfinite(y[touched, 1]).any()
    if np.isinf(bad):
        np.testing.assert_array_equal(y[touched, 1], bad * np.sign(h))
    # elsewhere the sum is what it was, but for the rounding of a block that holds a 0 in its place
    y[touched, 1] = clean[touched, 1]
    assert np.abs(y - clean).max() < 1e-12


def test_nan_and_infinity_follow_their_route():
    rng = np.random.default_rng(7)
    h = rng.standard_normal((40, 2, 2))
    h[:, 0, 1] = 0  # the left input does not reach the right output
    x = rng.standard_normal((300, 2))
    x[100, 0] = np.inf
    for method in ADDS:
        assert np.isfinite(convolve(Kernel(h), x, method)[:, 1]).all()


@pytest.mark.parametrize("method", ADDS, ids=lambda method: method.name)
def test_direct_and_sparse_return_the_kernel_bit_for_bit_and_keep_silence(method):
    h = np.random.default_rng(8).standard_normal(157)
    x = np.zeros((50, 1))
    x[20] = 1
    y = convolve(Kernel(h), x, method)[:, 0]
    np.testing.assert_array_equal(y[20:177], h)
    assert not y[:20].any()
    assert not y[177:].any()


@pytest.mark.parametrize("method", [*ADDS, *FFTS.values()], ids=str)
def test_scaling_by_a_power_of_two_is_exact(method):
    rng = np.random.default_rng(9)
    kernel, x = Kernel(rng.standard_normal(157)), rng.standard_normal((700, 1))
    np.testing.assert_array_equal(convolve(kernel, 8 * x, method), 8 * convolve(kernel, x, method))


def test_blocks_before_the_future_do_not_change_with_it():
    rng = np.random.default_rng(10)
    kernel, x = Kernel(rng.standard_normal(157)), rng.standard_normal((1000, 1))
    other = x.copy()
    other[650:] = rng.standard_normal((350, 1))
    for method, same in itertools.chain(
        ((m, 650) for m in ADDS), ((m, 650 // m.block * m.block) for m in FFTS.values())
    ):
        y, z = convolve(kernel, x, method), convolve(kernel, other, method)
        np.testing.assert_array_equal(y[:same], z[:same])
        assert np.abs(y[same:650] - z[same:650]).max(initial=0) < 1e-13 * 157


def test_the_method_depends_on_the_kernel_and_not_on_its_values():
    one, two = (Kernel(np.random.default_rng(seed).standard_normal(5000)) for seed in (1, 2))
    assert choose_method(shape_of(one), 2) == choose_method(shape_of(two), 2)
    assert choose_method(shape_of(one), 2).name == "fft"
    assert choose_method(shape_of(Kernel(np.ones(5))), 2).name == "direct"
    assert choose_method(shape_of(Kernel.sparse({0: 1.0, 400_000: 0.5})), 2).name == "sparse"
