"""Correlate: the template is not flipped, so the kernel is."""

import numpy as np
import pytest

from pipeline.errors import SettingError
from pipeline.stages.convolve import Convolve
from pipeline.stages.correlate import Correlate
from pipeline.stages.reverb import Reverb
from pipeline.stages.reverse import Reverse

from .helpers import MONO, STEREO, noise, refused, run


def test_the_kernel_is_the_template_flipped_with_its_origin_at_the_end():
    kernel = Correlate(template=[1, 2, 3]).kernel(MONO)
    np.testing.assert_array_equal(kernel.taps, [3, 2, 1])
    assert (kernel.latency, kernel.tail) == (2, 0)


@pytest.mark.parametrize("m", [1, 5, 400])
def test_the_score_at_n_is_the_template_laid_with_its_start_on_n(m):
    x, t = noise(500), noise(m, seed=1)
    y = run(Correlate(template=t), x)[m - 1 :, 0]  # the latency off
    padded = np.concatenate([x, np.zeros(m)])
    np.testing.assert_allclose(y, [t @ padded[n : n + m] for n in range(500)], rtol=0, atol=1e-12)


def test_it_is_numpys_correlation():
    x, t = noise(50), noise(8, seed=1)
    np.testing.assert_allclose(run(Correlate(template=t), x)[:, 0], np.correlate(x, t, "full"), rtol=0, atol=1e-14)


def test_it_differs_from_convolution_unless_the_template_is_symmetric():
    x = noise(50)
    for t, same in (([1, 2, 3], False), ([1, 2, 1], True)):
        difference = np.abs(run(Correlate(template=t), x) - run(Convolve(taps=t), x)).max()
        assert (difference < 1e-14) == same


def test_l2_divides_each_channel_by_its_own_norm():
    t = noise(9, 2) * [1, 100]
    kernel = Correlate(template=t.tolist(), normalize="l2").kernel(STEREO)
    np.testing.assert_allclose((kernel.taps**2).sum(axis=0), [1, 1], rtol=1e-14)


def test_the_template_scores_its_own_norm_where_it_stands():
    t = noise(20)
    x = np.concatenate([np.zeros(30), t, np.zeros(30)])
    y = run(Correlate(template=t, normalize="l2"), x)[19:, 0]
    assert y.argmax() == 30
    assert y[30] == pytest.approx(np.linalg.norm(t))


def test_reverse_reverb_reverse_is_correlation(tmp_path):
    h, x = noise(40), noise(200, 2, seed=1)
    np.save(tmp_path / "ir.npy", h)
    reversed_reverb = run(Reverse(), run(Reverb(ir=tmp_path / "ir.npy", normalize="none"), run(Reverse(), x)))
    np.testing.assert_allclose(reversed_reverb, run(Correlate(template=h), x), rtol=0, atol=1e-13)


def test_a_template_from_a_file(tmp_path):
    t = noise(6)
    np.save(tmp_path / "t.npy", t)
    np.testing.assert_array_equal(Correlate(template=str(tmp_path / "t.npy")).kernel(MONO).taps, t[::-1])


def test_bad_settings_say_what_and_why(tmp_path):
    with refused("must be a list of numbers", "template"):
        Correlate(template=5)
    with refused("missing; 'correlate' needs it", "template"):
        Correlate()
    with pytest.raises(SettingError, match=r"^template: is silent: it has no l2 norm to divide by"):
        Correlate(template=[0, 0], normalize="l2").kernel(MONO)
    with pytest.raises(SettingError, match=r"^template: has 3 channels, the signal 2"):
        Correlate(template=[[1, 2, 3]]).kernel(STEREO)
    np.save(tmp_path / "t.npy", np.ones((3, 2, 2)))
    with pytest.raises(SettingError, match=r"^template: must hold \(frames, channels\), got shape \(3, 2, 2\)"):
        Correlate(template=str(tmp_path / "t.npy")).kernel(STEREO)


@pytest.mark.parametrize("size", [1e-200, 1.0, 1e308])
def test_l2_is_that_of_any_numbers_that_there_are(size):
    taps = Correlate(template=[size, size], normalize="l2").kernel(MONO).taps
    np.testing.assert_allclose(taps, [0.5**0.5] * 2, rtol=1e-15)
