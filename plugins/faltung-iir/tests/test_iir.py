"""Recursive filters against scipy on the whole signal, against their own formula, and by the contract kit."""

from __future__ import annotations

import numpy as np
import pytest
from faltung_iir import Biquad, Sections, cookbook
from scipy import signal

from pipeline import Pipeline
from pipeline.errors import SettingError
from pipeline.testing import parametrize_with_checks

KINDS = ("lowpass", "highpass", "bandpass", "notch", "allpass", "peak", "lowshelf", "highshelf")


@parametrize_with_checks(
    [
        *(Biquad(kind=kind, frequency="700 Hz", q=2) for kind in KINDS),
        Biquad(kind="lowpass", frequency="100 Hz", tail="20 ms"),
        Sections(sections=signal.butter(7, 0.2, output="sos").tolist(), tail="5 ms"),
    ]
)
def test_contract(stage, check):
    check(stage)


@pytest.mark.parametrize("channels", [1, 3])
def test_any_sections_are_those_of_scipy_on_the_whole_signal(channels):
    x = np.random.default_rng(1).standard_normal((5000, channels))
    sos = signal.cheby1(5, 1, [0.1, 0.3], "bandpass", output="sos")
    y = np.concatenate(list(Pipeline([Sections(sections=sos.tolist())]).stream(np.array_split(x, 37), fs=8000)))
    np.testing.assert_allclose(y, signal.sosfilt(sos, x, axis=0), atol=1e-12)


def test_a_section_is_its_difference_equation():
    b0, b1, b2, a0, a1, a2 = row = (0.5, 0.25, -0.1, 2.0, -0.6, 0.3)
    x, y = np.random.default_rng(2).standard_normal(50), np.zeros(50)
    for n in range(50):
        past = [(x[n - k] if n >= k else 0, y[n - k] if n >= k else 0) for k in (1, 2)]
        y[n] = (b0 * x[n] + b1 * past[0][0] + b2 * past[1][0] - a1 * past[0][1] - a2 * past[1][1]) / a0
    np.testing.assert_allclose(Pipeline([Sections(sections=[row])])(x, fs=100), y, atol=1e-12)


def gain_at(kind, frequency, q, gain_db, fs, at):
    sos = cookbook(kind, frequency, q, gain_db, fs)
    return 20 * np.log10(np.abs(signal.sosfreqz(sos[None], [at], fs=fs)[1][0]) + 1e-15)


@pytest.mark.parametrize(
    ("kind", "at", "expected"),
    [
        ("lowpass", 0, 0), ("lowpass", 1000, -3.01), ("highpass", 1000, -3.01), ("highpass", 3999, 0),
        ("bandpass", 1000, 0), ("allpass", 123, 0), ("allpass", 1000, 0), ("peak", 1000, 6), ("peak", 0, 0),
        ("lowshelf", 0, 6), ("lowshelf", 3999.99, 0), ("highshelf", 0, 0), ("highshelf", 3999.99, 6),
        ("lowshelf", 1000, 3),
    ],
)  # fmt: skip
def test_each_kind_has_the_gain_that_its_name_says(kind, at, expected):
    gain = 6 if kind in ("peak", "lowshelf", "highshelf") else 0
    assert gain_at(kind, 1000, np.sqrt(0.5), gain, 8000, at) == pytest.approx(expected, abs=0.02)


def test_a_notch_is_silent_in_its_middle_and_nowhere_else():
    assert gain_at("notch", 1000, 20, 0, 8000, 1000) < -200
    assert gain_at("notch", 1000, 20, 0, 8000, 1200) == pytest.approx(0, abs=0.1)


def test_the_tail_is_what_would_come_of_silence():
    x = np.random.default_rng(3).standard_normal(400)
    got = Pipeline([Biquad(kind="lowpass", frequency="50 Hz", tail="100 ms")])(x, fs=8000)
    longer = Pipeline([Biquad(kind="lowpass", frequency="50 Hz")])(np.concatenate([x, np.zeros(800)]), fs=8000)
    assert len(got) == 1200
    np.testing.assert_array_equal(got, longer)


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        (Biquad(kind="lowpass", frequency="4 kHz"), r"frequency: must be above 0 Hz and below 4000 Hz, half the rate"),
        (Biquad(kind="lowpass", frequency="1 kHz", gain_db=3), r"gain_db: belongs to peak, lowshelf, highshelf"),
        (Sections(sections=[[1, 0, 0, 1, -1, 0]]), r"sections\[0\]: is not stable: a pole of magnitude 1, which"),
        (Sections(sections=[[1, 0, 0, 1, 0, 0], [1, 0, 0, 1, 0, 1.1]]), r"sections\[1\]: is not stable: .* 1.0488"),
        (Sections(sections=[[1, 0, 0, 0, 1, 0]]), r"sections\[0\]: is finite, and a0 is not 0"),
    ],
)
def test_what_is_no_filter_is_refused(stage, said):
    with pytest.raises(SettingError, match=said):
        Pipeline([stage])(np.ones(9), fs=8000)
