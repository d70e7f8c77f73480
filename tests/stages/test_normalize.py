"""Normalize: one gain for all channels, measured over what will be heard."""

from dataclasses import dataclass

import numpy as np
import pytest

from pipeline.errors import SignalError
from pipeline.stages import normalize
from pipeline.stages.base import Format
from pipeline.stages.base.processors import InMemory
from pipeline.stages.normalize import Normalize

from .helpers import noise, refused, run


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("scale", [1e-300, 1e-30, 1, 1e30])
@pytest.mark.parametrize("peak", ["-1 dB", 1, "6 dB"])
def test_the_loudest_sample_lands_on_the_peak_exactly(peak, scale, dtype):
    if scale == 1e-300 and dtype == np.float32:
        pytest.skip("nothing is left of it in single precision")
    stage = Normalize(peak=peak)
    x = (noise(1000, 2) * scale).astype(dtype)
    fmt = Format(8000.0, 2, "double" if dtype == np.float64 else "single")
    y = np.concatenate(list(stage.render(InMemory(x, fmt))))
    assert np.abs(y).max() == dtype(stage.peak)
    assert y.dtype == dtype
    assert np.abs(y).argmax() == np.abs(x).argmax()


def test_minus_1_db_is_the_default():
    assert np.abs(run(Normalize(), noise(100))).max() == 10 ** (-1 / 20)


def test_rms_is_reached_over_all_channels():
    x = noise(5000, 2) * [1, 0.01]
    y = run(Normalize(rms="-20 dB"), x)
    assert np.sqrt(np.mean(y**2)) == pytest.approx(0.1, rel=1e-14)
    np.testing.assert_allclose(y[:, 0] / y[:, 1], x[:, 0] / x[:, 1], rtol=1e-13)


@pytest.mark.parametrize("stage", [Normalize(), Normalize(rms=0.1)])
def test_silence_stays_silence(stage):
    np.testing.assert_array_equal(run(stage, np.zeros((50, 2))), np.zeros((50, 2)))
    assert run(stage, np.zeros((0, 2))).shape == (0, 2)


def test_blocks_do_not_matter_to_the_peak(monkeypatch):
    x = noise(1000, 1)
    whole = run(Normalize(), x)
    monkeypatch.setattr(normalize, "_BLOCK", 33)
    np.testing.assert_array_equal(run(Normalize(), x), whole)


@dataclass(frozen=True)
class Trimmed(InMemory):
    """A recording of which a listener gets the middle only."""

    @property
    def heard(self):
        return slice(100, 200)


@pytest.mark.parametrize("settings", [{"peak": 0.5}, {"rms": 0.5}])
def test_only_what_will_be_heard_is_measured(settings):
    x = noise(300, 1)
    x[50], x[250] = 1000, -1000
    y = np.concatenate(list(Normalize(**settings).render(Trimmed(x, Format(8000.0, 1)))))[100:200]
    level = np.abs(y).max() if "peak" in settings else np.sqrt(np.mean(y**2))
    assert level == pytest.approx(0.5, rel=1e-14)


def test_what_is_not_finite_cannot_be_measured():
    x = noise(100, 2)
    x[42, 1] = np.inf
    with pytest.raises(SignalError, match=r"cannot measure a signal that is not finite, first at frame 42"):
        run(Normalize(), x)


def test_its_frame_is_counted_from_the_first_that_is_heard():
    x = noise(300, 1)
    x[50] = x[142] = np.nan
    with pytest.raises(SignalError, match=r"not finite, first at frame 42$"):
        list(Normalize().render(Trimmed(x, Format(8000.0, 1))))


def test_it_says_that_it_is_not_linear():
    assert not Normalize.linear
    assert Normalize.whole_signal


def test_bad_settings_say_what_and_why():
    with refused("'peak' and 'rms' contradict each other", ""):
        Normalize(peak=1, rms=1)
    with refused("must be at least -300 dB, got 0.0", "peak"):
        Normalize(peak=0)
    with refused("must be at least -300 dB, got -1.0; did you mean .-1 dB", "rms"):
        Normalize(rms=-1)
