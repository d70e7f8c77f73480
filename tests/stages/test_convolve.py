"""Convolve: taps as they stand."""

import numpy as np
import pytest

from pipeline.errors import SettingError
from pipeline.stages.base import Format
from pipeline.stages.convolve import Convolve

from .helpers import MONO, STEREO, noise, refused, run, taps


def test_convolution_by_hand():
    np.testing.assert_array_equal(run(Convolve(taps=[1, 2, 3]), [1, 10, 100])[:, 0], [1, 12, 123, 230, 300])


@pytest.mark.parametrize("m", [1, 2, 63, 64, 65, 800])
@pytest.mark.parametrize("n", [1, 2, 64, 500])
def test_it_is_numpys_convolution(m, n):
    h, x = noise(m), noise(n, seed=1)
    y = run(Convolve(taps=h), x)[:, 0]
    np.testing.assert_allclose(y, np.convolve(x, h), rtol=0, atol=1e-13 * np.sqrt(m))


def test_every_channel_has_its_column():
    h, x = noise(7, 2), noise(20, 2, seed=1)
    y = run(Convolve(taps=h.tolist()), x)
    for c in range(2):
        np.testing.assert_allclose(y[:, c], np.convolve(x[:, c], h[:, c]), rtol=0, atol=1e-14)


def test_one_column_serves_every_channel():
    np.testing.assert_array_equal(taps(Convolve(taps=[[1], [2]]), STEREO), [1, 2])


def test_the_origin_is_time_zero():
    kernel = Convolve(taps=[1, 2, 3], origin=2).kernel(MONO)
    assert (kernel.latency, kernel.tail) == (2, 0)


def test_a_file_may_route_channels(tmp_path):
    h = noise(3, 2, 1)
    np.save(tmp_path / "down.npy", h)
    x = noise(10, 2, seed=1)
    y = run(Convolve(file=str(tmp_path / "down.npy")), x)
    expected = np.convolve(x[:, 0], h[:, 0, 0]) + np.convolve(x[:, 1], h[:, 1, 0])
    np.testing.assert_allclose(y[:, 0], expected, rtol=0, atol=1e-14)


def test_bad_settings_say_what_and_why():
    with refused("state the kernel once: 'taps' or 'file'", ""):
        Convolve()
    with refused("state the kernel once", ""):
        Convolve(taps=[1], file="h.npy")
    with refused("must be a list of numbers, got '1 2 3'", "taps"):
        Convolve(taps="1 2 3")
    with refused(r"must be finite numbers, got nan at \[1\]", "taps"):
        Convolve(taps=[0, float("nan")])
    with refused(r"must be finite numbers, got True at \[0\]", "taps"):
        Convolve(taps=[True])
    with refused(r"every row must hold one number a channel, as the first does, got \[3\] at \[1\]", "taps"):
        Convolve(taps=[[1, 2], [3]])
    with refused("must be a list of numbers, got ", "taps"):
        Convolve(taps=[])
    with refused("must be at least 0", "origin"):
        Convolve(taps=[1], origin=-1)
    with pytest.raises(SettingError, match=r"^origin: must be the index of one of 2 taps, got 2"):
        Convolve(taps=[1, 2], origin=2).kernel(MONO)
    with pytest.raises(SettingError, match=r"^taps: has 2 channels, the signal 3"):
        Convolve(taps=[[1, 2]]).kernel(Format(48_000.0, 3))


def test_a_mono_signal_goes_into_every_column():
    kernel = Convolve(taps=[[1, 2], [3, 4]]).kernel(MONO)
    assert kernel.taps.tolist() == [[[1, 2]], [[3, 4]]]  # (M, 1 in, 2 out)
