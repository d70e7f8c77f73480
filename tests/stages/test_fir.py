"""Fir: designs that keep the attenuation they promise, or taps of one's own."""

import numpy as np
import pytest

from pipeline.engine.plan import make_plan
from pipeline.errors import SettingError
from pipeline.stages.base import Format
from pipeline.stages.fir import Fir

from .helpers import MONO, STEREO, noise, refused, run, taps


def gain_at(h, f, fs=8000.0):
    """``|H(f)|`` by the definition."""
    return np.abs(np.exp(-2j * np.pi * np.outer(np.atleast_1d(f), np.arange(len(h))) / fs) @ h)


@pytest.mark.parametrize(
    ("kind", "cutoff", "passes", "stops"),
    [
        ("lowpass", "1 kHz", [(0, 900)], [(1100, 4000)]),
        ("highpass", "1 kHz", [(1100, 4000)], [(0, 900)]),
        ("bandpass", ["1 kHz", "2 kHz"], [(1100, 1900)], [(0, 900), (2100, 4000)]),
        ("bandstop", ["1 kHz", "2 kHz"], [(0, 900), (2100, 4000)], [(1100, 1900)]),
    ],
)
@pytest.mark.parametrize("attenuation", [30, 60, 100])
def test_what_passes_and_what_stops_are_as_asked(kind, cutoff, passes, stops, attenuation):
    h = taps(Fir(kind=kind, cutoff=cutoff, transition="200 Hz", attenuation=f"{attenuation} dB"))
    ripple = 10 ** (-attenuation / 20)
    for low, high in stops:
        assert gain_at(h, np.linspace(low, high, 3000)).max() <= ripple
    for low, high in passes:
        # the ripples of two edges may add in the passband, and the scale is set at one of its points
        assert np.abs(gain_at(h, np.linspace(low, high, 3000)) - 1).max() <= 4 * ripple
    assert len(h) % 2 == 1
    np.testing.assert_allclose(h, h[::-1], rtol=0, atol=1e-17)


def test_the_gain_at_the_cutoff_is_one_half():
    h = taps(Fir(kind="lowpass", cutoff=1000, transition=200))
    assert gain_at(h, 1000)[0] == pytest.approx(0.5, abs=1e-3)


def test_the_default_attenuation_is_60_db():
    design = {"kind": "lowpass", "cutoff": 1000, "transition": 200}
    np.testing.assert_array_equal(taps(Fir(**design)), taps(Fir(**design, attenuation=60)))


def test_causal_delays_a_sine_in_the_passband_and_zero_phase_does_not():
    n = np.arange(2000)
    x = np.sin(2 * np.pi * 300 / 8000 * n)
    design = {"kind": "lowpass", "cutoff": 1000, "transition": 400, "attenuation": 80}
    causal, centred = Fir(**design), Fir(**design, phase="zero")
    m = causal.kernel(MONO).length
    assert centred.kernel(MONO).latency == (m - 1) // 2
    y = run(causal, x)[:, 0]
    late = np.sin(2 * np.pi * 300 / 8000 * (n - (m - 1) // 2))
    np.testing.assert_allclose(y[m:2000], late[m:], rtol=0, atol=3e-4)
    np.testing.assert_array_equal(y, run(centred, x)[:, 0])
    assert causal.notes(MONO) == [f"delays by {m // 2} frames ({m // 2 / 8000:.4g} s); phase: zero would not"]
    assert centred.notes(MONO) == []


def test_taps_are_taken_as_they_are():
    fir = Fir(taps=[0.25, 0.5, 0.25, 1])
    np.testing.assert_array_equal(taps(fir), [0.25, 0.5, 0.25, 1])
    assert Fir(taps=[1, 2, 1], phase="zero").kernel(MONO).origin == 1


def test_taps_come_from_a_file(tmp_path):
    h = noise(9)
    np.save(tmp_path / "h.npy", h)
    np.testing.assert_array_equal(taps(Fir(taps=str(tmp_path / "h.npy"))), h)


@pytest.mark.parametrize(
    ("settings", "match", "setting"),
    [
        ({"cutoff": 1000, "transition": 100}, "a filter needs 'kind'", ""),
        ({"kind": "lowpass", "transition": 100}, "a filter needs 'cutoff'", ""),
        ({"kind": "lowpass", "cutoff": 1000}, "a filter needs 'transition'", ""),
        ({"kind": "lowpass", "cutoff": [1, 2], "transition": 1}, "'cutoff' of a lowpass is one frequency, got 2", ""),
        ({"kind": "bandpass", "cutoff": 1000, "transition": 1}, "'cutoff' of a bandpass is the two edges", ""),
        ({"kind": "bandpass", "cutoff": [2000, 1000], "transition": 1}, "ascending order", "cutoff"),
        ({"kind": "lowpass", "cutoff": -5, "transition": 1}, "must be above 0 Hz", "cutoff"),
        ({"kind": "lowpass", "cutoff": "1 khz", "transition": 1}, "did you mean '1 kHz'", "cutoff"),
        ({"kind": "lowpass", "cutoff": [1, 2, 3], "transition": 1}, "one frequency, or the two edges", "cutoff"),
        ({"kind": "lowpass", "cutoff": 9, "transition": 1, "attenuation": "-60 dB"}, "write '60 dB'", "attenuation"),
        ({"kind": "lowpass", "cutoff": 9, "transition": 1, "attenuation": "60 Hz"}, "cannot read", "attenuation"),
        ({"kind": "lowpass", "cutoff": 9, "transition": 1, "attenuation": 10}, "must be at least 21", "attenuation"),
        ({"kind": "lowpass", "cutoff": 9, "transition": 1, "attenuation": 400}, "must be at most 180", "attenuation"),
        ({"kind": "lowpass", "taps": [1]}, "'kind' and 'taps' contradict each other", ""),
        ({"taps": [1, "x"]}, r"must be finite numbers, got 'x' at \[1\]", "taps"),
    ],
)
def test_bad_settings_say_what_and_why(settings, match, setting):
    with refused(match, setting):
        Fir(**settings)


def test_a_cutoff_above_half_the_rate_names_both():
    fir = Fir(kind="lowpass", cutoff="5 kHz", transition=100)
    with pytest.raises(SettingError, match=r"^cutoff: 5000 Hz is not below half the sampling rate, 4000 Hz"):
        fir.kernel(MONO)


@pytest.mark.parametrize(
    ("kind", "cutoff", "room"),
    [
        ("lowpass", 1000, 2000),
        ("lowpass", 3500, 1000),
        ("bandpass", [1000, 1500], 500),
        ("bandstop", [100, 3000], 200),
        ("bandpass", [1000, 3800], 400),
    ],
)
def test_a_transition_that_does_not_fit_names_the_widest_that_does(kind, cutoff, room):
    with pytest.raises(SettingError, match=rf"^transition: .* is too wide around .*; at most {room} Hz"):
        Fir(kind=kind, cutoff=cutoff, transition=room + 1).kernel(MONO)
    Fir(kind=kind, cutoff=cutoff, transition=room).kernel(MONO)


def test_a_transition_that_takes_too_many_taps_is_refused_before_it_is_computed():
    fir = Fir(kind="lowpass", cutoff="1 kHz", transition="1e-9 Hz")
    with pytest.raises(SettingError, match=r"^transition: 1e-09 Hz would take .*; .* 10,000,000 taps .*; widen it to"):
        fir.kernel(Format(48000.0, 1))


def test_zero_phase_of_an_even_number_of_taps_is_refused():
    with pytest.raises(SettingError, match=r"^phase: zero needs an odd number of taps, to have a middle, got 4"):
        Fir(taps=[1, 2, 3, 4], phase="zero").kernel(MONO)


def test_taps_for_other_channels_are_refused():
    with pytest.raises(SettingError, match=r"^taps: has 3 channels, the signal 2"):
        Fir(taps=[[1, 2, 3], [4, 5, 6]]).kernel(STEREO)


@pytest.mark.parametrize("transition", ["20 Hz", "200 Hz"])
def test_the_plan_says_how_loud_a_square_wave_comes_out(transition):
    stage = Fir(kind="lowpass", cutoff="1 kHz", transition=transition)
    (note,) = (one for one in make_plan([stage], MONO).stages[0].notes if "louder" in one)
    y = np.convolve(np.repeat([-1.0, 1.0, -1.0], 4000), taps(stage), "valid")
    assert f"a square wave comes out {20 * np.log10(np.abs(y).max()):.2f} dB louder: clip: scale keeps it from" in note
    assert make_plan([Fir(taps=[0.25, 0.5, 0.25])], MONO).stages[0].notes == ()  # which comes out as loud as it goes in
