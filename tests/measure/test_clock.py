"""Pilots and clocks: places and drift of known recordings."""

import faltung_measure
import numpy as np
import pytest
from faltung_measure.clock import delay_between, on_players_clock, read_clock
from faltung_measure.pilots import find_pilots

from pipeline.errors import SignalError

from .rooms import recorded, rooms, stretched
from .test_sweep import small

FS = 16_000


@pytest.mark.parametrize("ppm", [0, 1, 3, 10, 30, 100, -100, 900])
@pytest.mark.parametrize("repeats", [1, 3])
def test_the_drift_is_told_within_a_fifth_of_a_millionth(ppm, repeats):
    sweep, h = small(repeats=repeats), rooms(0.3, FS, 1, 1, seed=3)
    y, _ = recorded(sweep.signal(), h, FS, ppm=ppm)
    pilots = find_pilots(y, sweep, "take")
    assert read_clock(y, pilots, sweep, "take").ppm == pytest.approx(ppm, abs=0.02)


@pytest.mark.parametrize("noise_db", [-60, -40, -20])
def test_noise_leaves_the_drift_within_a_fifth_of_a_millionth(noise_db):
    sweep, h = faltung_measure.sweep(length=5, fs=FS, to_hz=7000, silence=0.5), rooms(0.3, FS, 1, 2, seed=3)
    y, _ = recorded(sweep.signal(), h, FS, ppm=17, noise_db=noise_db)
    pilots = find_pilots(y, sweep, "take")
    assert read_clock(y, pilots, sweep, "take").ppm == pytest.approx(17, abs=0.2)


@pytest.mark.parametrize("lead_s", [0.0, 0.7, 20.0])
def test_a_recording_may_begin_anywhere(lead_s):
    sweep, h = small(), rooms(0.3, FS, 1, 1, seed=3)
    y, _ = recorded(sweep.signal(), h, FS, lead_s=lead_s)
    first = find_pilots(y, sweep, "take").first
    assert abs(first - (round(lead_s * FS) + sweep.pilot_starts[0] + 100)) <= 3


def test_a_microphone_turned_round_in_polarity_is_found_too():
    sweep, h = small(), rooms(0.3, FS, 1, 1, seed=3)
    y, _ = recorded(-sweep.signal(), h, FS)
    assert find_pilots(y, sweep, "take").score > 0.3


@pytest.mark.parametrize("delay", [0.0, 0.25, -0.5, 7.3, -40.75])
def test_a_delay_is_told_between_the_frames(delay):
    rng = np.random.default_rng(1)
    x = np.zeros(4000)
    x[1000:3000] = rng.standard_normal(2000)
    spectrum = np.fft.rfft(x)
    w = 2 * np.pi * np.arange(len(spectrum)) / len(x)
    inside = w < 0.9 * np.pi
    a, b = (np.fft.irfft(inside * spectrum * np.exp(-1j * w * d), len(x))[:, None] for d in (0.0, delay))
    assert delay_between(a, b, (0.001, 0.45)) == pytest.approx(delay, abs=1e-4)


def test_the_recording_comes_back_to_the_players_clock():
    t = np.arange(3 * FS) / FS
    x = (np.sin(2 * np.pi * 3000 * t) * np.hanning(len(t)))[:, None]
    back = on_players_clock(stretched(x, 80.0), FS, 80.0)
    n = min(len(back), len(x))
    assert np.abs(back[:n] - x[:n]).max() < 1e-5


@pytest.mark.parametrize(
    ("lost", "message"), [(1, "no steady clock"), (64, "no steady clock"), (1024, "with a part lost")]
)
def test_frames_that_were_lost_are_told(lost, message):
    sweep, h = small(repeats=3), rooms(0.3, FS, 1, 1, seed=3)
    y, _ = recorded(sweep.signal(), h, FS)
    at = sweep.starts[0][1] + round(0.8 * FS)
    with pytest.raises(SignalError, match=message):
        faltung_measure.measure_room(np.delete(y, np.s_[at : at + lost], axis=0), sweep)
