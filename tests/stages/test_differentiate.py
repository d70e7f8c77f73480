"""Differentiate: a rising signal has a positive slope."""

import numpy as np
import pytest
import scipy

from pipeline.errors import SettingError
from pipeline.stages.correlate import Correlate
from pipeline.stages.differentiate import Differentiate

from .helpers import MONO, noise, refused, run, taps


def test_the_first_difference_by_hand():
    np.testing.assert_array_equal(run(Differentiate(), [1, 4, 9, 16])[:, 0], [1, 3, 5, 7, -16])


def test_per_second_is_the_rate_times_as_much():
    np.testing.assert_array_equal(taps(Differentiate(per="second")), [8000, -8000])


def test_without_the_flip_the_sign_is_wrong():
    rising = np.arange(10.0)
    assert (run(Differentiate(), rising)[1:10] == 1).all()
    assert (run(Correlate(template=[1, -1]), rising)[1:10] == -1).all()


@pytest.mark.parametrize("m", [2, 5, 20, 21])
@pytest.mark.parametrize("phase", ["causal", "zero"])
def test_a_smoothed_slope_is_antisymmetric_bit_for_bit(m, phase):
    order = 1 if m == 2 else 2
    h = taps(Differentiate(kind="smoothed", length=f"{m} samples", phase=phase, order=order))
    np.testing.assert_array_equal(h, -h[::-1])


@pytest.mark.parametrize(("m", "order"), [(5, 2), (21, 4), (3, 1)])
def test_a_smoothed_slope_is_scipys(m, order):
    kernel = Differentiate(kind="smoothed", length=f"{m} samples", order=order, phase="zero").kernel(MONO)
    np.testing.assert_allclose(kernel.taps, scipy.signal.savgol_coeffs(m, order, deriv=1), rtol=0, atol=1e-9)
    assert kernel.origin == m // 2


def test_the_slope_of_a_line_is_exact_and_in_time_with_phase_zero():
    t = np.arange(100) / 8000
    x = t**2
    stage = Differentiate(kind="smoothed", length="11 samples", per="second", phase="zero")
    y = run(stage, x)[5:105, 0]
    np.testing.assert_allclose(y[10:90], 2 * t[10:90], rtol=1e-10)
    late = run(Differentiate(kind="smoothed", length="11 samples", per="second"), x)[:100, 0]
    np.testing.assert_allclose(late[15:90], 2 * t[10:85], rtol=1e-10)


def test_a_constant_has_no_slope():
    y = run(Differentiate(kind="smoothed", length="31 samples"), np.ones(200))
    assert np.abs(y[40:160]).max() < 1e-15


def test_length_made_odd_and_delay_are_noted():
    stage = Differentiate(kind="smoothed", length="20 samples", phase="zero")
    assert stage.notes(MONO) == ["length: 20 frames are even, made 21 so that there is a middle"]
    stage = Differentiate(kind="smoothed", length="20 samples")
    assert stage.notes(MONO) == ["delays by 9.5 frames; phase: zero would not"]
    assert Differentiate().notes(MONO) == []


def test_noise_is_amplified_less_than_by_the_first_difference():
    x = noise(4000)
    assert run(Differentiate(kind="smoothed", length="21 samples"), x).std() < 0.1 * run(Differentiate(), x).std()


def test_bad_settings_say_what_and_why():
    with refused("a smoothed slope needs 'length'", ""):
        Differentiate(kind="smoothed")
    with refused("'phase' belongs to kind: smoothed, the kind is 'first_difference'", ""):
        Differentiate(phase="zero")
    with pytest.raises(SettingError, match=r"^length: 2 samples are 2 frames at 8000 Hz; a fit of degree 2 needs .* 3"):
        Differentiate(kind="smoothed", length="2 samples").kernel(MONO)
    with pytest.raises(SettingError, match=r"^length: would take 80,000,000 taps"):
        Differentiate(kind="smoothed", length="10000 s").kernel(MONO)
