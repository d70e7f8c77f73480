"""Smooth: windows of unit gain at 0 Hz, causal or centred."""

import numpy as np
import pytest
import scipy

from pipeline.errors import SettingError
from pipeline.stages.smooth import Smooth

from .helpers import MONO, noise, refused, run, taps

WINDOWS = ["moving_average", "hann", "gaussian", "exponential", "savgol"]


@pytest.mark.parametrize("phase", ["causal", "zero"])
@pytest.mark.parametrize("length", ["3 samples", "40 samples", "0.5 s"])
@pytest.mark.parametrize("window", WINDOWS)
def test_the_gain_of_a_constant_is_one(window, length, phase):
    h = taps(Smooth(window=window, length=length, phase=phase))
    assert abs(np.sum(h.astype(np.longdouble)) - 1) < 4 * np.finfo(float).eps * np.abs(h).sum()


@pytest.mark.parametrize("window", WINDOWS)
def test_causal_needs_no_future(window):
    assert Smooth(window=window, length="11 samples").kernel(MONO).is_causal


@pytest.mark.parametrize("length", ["10 samples", "11 samples"])
@pytest.mark.parametrize("window", WINDOWS)
def test_zero_phase_is_symmetric_about_its_origin_bit_for_bit(window, length):
    kernel = Smooth(window=window, length=length, phase="zero").kernel(MONO)
    assert kernel.latency == kernel.tail
    np.testing.assert_array_equal(kernel.taps, kernel.taps[::-1])
    if window != "exponential":
        assert kernel.length == 11


def test_a_length_made_odd_is_noted():
    note = "length: 10 frames are even, made 11 so that there is a middle"
    assert Smooth(length="10 samples", phase="zero").notes(MONO) == [note]
    assert Smooth(length="11 samples", phase="zero").notes(MONO) == []
    assert Smooth(length="10 samples").notes(MONO) == ["delays by 4.5 frames; phase: zero would not"]


def test_a_moving_average_is_the_mean_of_the_newest_samples():
    x = noise(50)
    y = run(Smooth(length="4 samples"), x)[:, 0]
    padded = np.concatenate([np.zeros(3), x, np.zeros(3)])
    np.testing.assert_allclose(y, [padded[n : n + 4].mean() for n in range(53)], rtol=0, atol=1e-15)


def test_a_hann_window_is_scipys_without_its_zero_ends():
    w = scipy.signal.windows.hann(23, sym=True)[1:-1]
    np.testing.assert_allclose(taps(Smooth(window="hann", length="21 samples")), w / w.sum(), rtol=1e-13)


def test_a_gaussian_is_cut_at_three_sigma():
    w = scipy.signal.windows.gaussian(31, 31 / 6)
    np.testing.assert_allclose(taps(Smooth(window="gaussian", length="31 samples")), w / w.sum(), rtol=1e-13)


def test_an_exponential_is_the_first_order_recursion_until_120_db():
    tau = 12.5
    h = taps(Smooth(window="exponential", length=f"{tau / 8} ms"))
    step = np.ones(400)
    a = np.exp(-1 / tau)
    recursive = scipy.signal.lfilter([1 - a], [1, -a], step)
    np.testing.assert_allclose(np.convolve(h, step)[:400], recursive, rtol=0, atol=1.1e-6)
    assert h[-1] / h[0] <= 1e-6 < h[-2] / h[0]


@pytest.mark.parametrize(("m", "order"), [(5, 2), (21, 3), (101, 4), (7, 0), (9, 6)])
def test_savgol_is_scipys(m, order):
    settings = {"window": "savgol", "length": f"{m} samples", "order": order}
    centred, causal = taps(Smooth(**settings, phase="zero")), taps(Smooth(**settings))
    # scipy solves for powers of k up to m^order, which costs it digits; the next test is sharper
    np.testing.assert_allclose(centred, scipy.signal.savgol_coeffs(m, order), rtol=0, atol=1e-9)
    np.testing.assert_allclose(causal, scipy.signal.savgol_coeffs(m, order, pos=m - 1), rtol=0, atol=1e-9)


@pytest.mark.parametrize("phase", ["causal", "zero"])
def test_savgol_passes_a_polynomial_of_its_degree_unchanged(phase):
    t = np.linspace(-1, 1, 200)
    x = 1 - 2 * t + 3 * t**2
    smooth = Smooth(window="savgol", length="21 samples", phase=phase)
    origin = smooth.kernel(MONO).origin
    y = run(smooth, x)[origin : origin + 200, 0]
    np.testing.assert_allclose(y[20:-20], x[20:-20], rtol=0, atol=1e-13)


def test_a_single_frame_smooths_nothing():
    for window in ("moving_average", "hann", "gaussian"):
        np.testing.assert_array_equal(taps(Smooth(window=window, length="1 sample")), [1])


def test_only_the_rounding_that_is_done_is_reported():
    assert len(Smooth(length="0.3 ms").rounding_notes(MONO)) == 1
    assert Smooth(window="exponential", length="0.3 ms").rounding_notes(MONO) == []


def test_bad_settings_say_what_and_why():
    with refused("must be above 0 s, got 0 s", "length"):
        Smooth(length=0)
    with refused("'order' belongs to window: savgol, the window is 'hann'", ""):
        Smooth(window="hann", length="5 ms", order=2)
    with refused("must be 'moving_average', 'hann'", "window"):
        Smooth(window="boxcar", length="5 ms")
    with pytest.raises(SettingError, match=r"^length: 1e-05 s is less than half a frame at 8000 Hz"):
        Smooth(length="10 us").kernel(MONO)
    with pytest.raises(SettingError, match=r"^order: a polynomial of degree 5 needs more than 5 frames of length"):
        Smooth(window="savgol", length="5 samples", order=5).kernel(MONO)
    with pytest.raises(SettingError, match=r"^length: would take 80,000,000 taps; a kernel has at most 10,000,000"):
        Smooth(length="10000 s").kernel(MONO)
    with pytest.raises(SettingError, match=r"^length: would take .* taps; a kernel has at most 10,000,000"):
        Smooth(window="exponential", length="100 s", phase="zero").kernel(MONO)
