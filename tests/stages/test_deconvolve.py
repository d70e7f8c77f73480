"""Deconvolve: a known kernel taken out again, and what of it cannot be."""

import numpy as np
import pytest

from pipeline.errors import SettingError
from pipeline.kernel import Kernel
from pipeline.stages.base import Format
from pipeline.stages.convolve import Convolve
from pipeline.stages.deconvolve import Deconvolve

from .helpers import MONO, STEREO, noise, run


@pytest.mark.parametrize("taps", [[1.0], [2.0, 0.5], [1, 0, 0, 0.5], [1.0, -0.3, 0.2, 0.1]])
def test_what_was_convolved_comes_back(taps):
    x = noise(500)
    stage = Deconvolve(taps=taps, regularise="-120 dB")
    y = run(stage, run(Convolve(taps=taps), x)[:, 0])[:, 0]
    origin = stage.kernel(MONO).origin
    np.testing.assert_allclose(y[origin : origin + 500], x, atol=1e-9)


def test_a_kernel_of_the_future_comes_back_in_its_place():
    taps, x = [0.2, 1.0, 0.3], noise(500)
    heard = run(Convolve(taps=taps, origin=1), x)[1:, 0]  # time zero is behind the latency
    stage = Deconvolve(taps=taps, origin=1, regularise="-120 dB")
    origin = stage.kernel(MONO).origin
    # without its frame before time zero the recording is not whole: its start does not come back
    np.testing.assert_allclose(run(stage, heard)[origin + 100 : origin + 500, 0], x[100:], atol=1e-9)


def test_it_is_the_formula_written_out():
    h = noise(40)
    kernel = Deconvolve(taps=h, regularise="-40 dB", length="1024 samples").kernel(MONO)
    n = len(kernel.taps)
    H = np.fft.fft(h, n)
    wanted = np.conj(H) / (np.abs(H) ** 2 + (0.01 * np.abs(np.fft.rfft(h, n)).max()) ** 2)
    np.testing.assert_allclose(
        np.fft.fft(np.roll(kernel.taps, -kernel.origin)), wanted, atol=1e-12 * np.abs(wanted).max()
    )
    assert not kernel.is_causal


def test_what_was_not_let_through_does_not_come_back_and_noise_is_not_blown_up():
    taps = [1.0, -1.0]  # no constant part passes
    kernel = Deconvolve(taps=taps, regularise="-20 dB").kernel(MONO)
    assert abs(kernel.taps.sum()) < 1e-9
    assert np.abs(np.fft.rfft(kernel.taps)).max() <= 1 / (2 * 0.1 * 2) + 1e-9  # 1 / (2 sqrt(eps))


def test_every_channel_has_its_own():
    h = np.array([[1.0, 1.0], [0.5, -0.25]])
    x = noise(300, 2)
    heard = run(Convolve(taps=h.tolist()), x)
    stage = Deconvolve(taps=h.tolist(), regularise="-120 dB")
    origin = stage.kernel(STEREO).origin
    np.testing.assert_allclose(run(stage, heard)[origin : origin + 300], x, atol=1e-9)


def test_the_plan_says_what_is_left():
    clean = Deconvolve(taps=[1, 0.5], regularise="-120 dB").notes(MONO)[0]
    hard = Deconvolve(taps=[1, -1]).notes(MONO)[0]
    assert float(clean.split()[0]) < -100
    assert -35 < float(hard.split()[0]) < 0


@pytest.mark.parametrize(
    ("settings", "fmt", "message"),
    [
        ({"taps": [0, 0]}, MONO, "taps: is silent: it cannot be undone"),
        ({"taps": [1, 2], "origin": 2}, MONO, "origin: must be the index of one of 2 taps, got 2"),
        ({"taps": [[1, 2]]}, MONO, "taps: leads from one channel to others"),
        ({"taps": [1, 2, 3], "length": "5 samples"}, MONO, "length: must be twice the 3 taps of the kernel or more"),
        ({"taps": [1], "length": "60 s"}, Format(400_000.0, 1), "length: an inverse of 24,000,000 taps"),
    ],
)
def test_what_cannot_be_undone_is_refused(settings, fmt, message):
    with pytest.raises(SettingError, match=message):
        Deconvolve(**settings).kernel(fmt)


def test_the_kernel_is_stated_once():
    for settings in ({}, {"taps": [1], "file": "a.wav"}):
        with pytest.raises(SettingError, match="state the kernel once"):
            Deconvolve(**settings)


def test_with_its_kernel_it_is_nearly_nothing():
    h = Kernel(np.array([1.0, 0.4, 0.1]))
    both = h * Deconvolve(taps=h.taps.tolist(), regularise="-100 dB").kernel(MONO)
    rest = both.taps.copy()
    rest[both.origin] -= 1
    assert np.abs(rest).max() < 1e-8


@pytest.mark.parametrize("size", [1e-200, 1.0, 1e300])
def test_an_inverse_is_that_of_any_numbers_that_there_are(size):
    plain, scaled = (Deconvolve(taps=[one, 0.0, 0.5 * one]).kernel(MONO).taps for one in (1.0, size))
    np.testing.assert_allclose(scaled * size, plain, rtol=1e-9, atol=1e-12)
