"""Deconvolution: the response of a known system comes out, linear and distorted, by both ways."""

import faltung_measure
import numpy as np
import pytest
from faltung_measure.response import raw_of
from faltung_measure.takes import take_of

from pipeline.errors import SettingError, SignalError

from .rooms import distorted, error_db, played_in, recorded, rooms
from .test_sweep import small

FS, BAND = 16_000, (180.0, 6000.0)


def heard(sweep, h):
    return played_in(np.concatenate([sweep.one(), np.zeros(sweep.silence)])[:, None], h)[: sweep.period]


@pytest.mark.parametrize(("method", "most"), [("division", -70), ("inverse", -55)])
def test_the_response_comes_out(method, most):
    sweep, h = small(), rooms(0.2, FS, 1, 2, seed=1)
    kernel = faltung_measure.deconvolve(heard(sweep, h), sweep, method=method)
    before = round(0.05 * FS)  # what lies below the band rings on both sides
    found = kernel.taps[kernel.origin - before : kernel.origin + len(h)]
    assert error_db(found, h, FS, BAND) < most


def test_division_is_the_quotient_of_two_transforms_written_out():
    sweep = small(length=0.3)
    y = heard(sweep, rooms(0.05, FS, 1, 1, seed=1))[:, 0]
    kernel = faltung_measure.deconvolve(y, sweep)
    n = len(kernel.taps)
    found = np.fft.rfft(np.roll(kernel.taps, -kernel.origin))
    quotient = np.fft.rfft(y, n) / np.fft.rfft(sweep.one(), n)
    f = np.fft.rfftfreq(n, 1 / FS)
    inside = (f > 60 * 1.3) & (f < 7000 / 1.1)
    np.testing.assert_allclose(found[inside], quotient[inside], rtol=1e-9, atol=1e-12)
    assert np.abs(found[(f < 50) | (f > 7050)]).max() < 1e-9


def test_each_harmonic_comes_as_early_as_it_is_said():
    sweep = faltung_measure.sweep(from_hz=60, to_hz=7000, length=4, fs=FS, silence=0.5)
    x = distorted(sweep.one()[:, None], 0.1, sweep.level)[:, 0]
    kernel = faltung_measure.deconvolve(np.concatenate([x, np.zeros(sweep.silence)]), sweep)
    size = np.abs(kernel.taps)
    for n in (2, 3):
        at = kernel.origin - round(sweep.rate_s * np.log(n) * FS)
        near = size[at - 200 : at + 200]
        assert abs(int(np.argmax(near)) - 200) <= 2


@pytest.mark.parametrize("length", ["0.5 s", "1 s", "3 s"])
def test_a_sweep_against_itself_has_no_distortion(length):
    sweep = faltung_measure.sweep(length=length)
    made = faltung_measure.measure_room(sweep.signal(), sweep)
    assert [one.level_db for one in made.harmonics] == [None] * 4
    assert not any("distortion" in text for text in made.warnings)


@pytest.mark.parametrize("amount", [0.001, 0.01, 0.1])
def test_the_distortion_is_told(amount):
    sweep = faltung_measure.sweep(from_hz=60, to_hz=7000, length=4, fs=FS, silence=0.5)
    h = rooms(0.15, FS, 1, 1, seed=2)
    y, _ = recorded(distorted(sweep.signal(), amount, sweep.level), h, FS)
    told = faltung_measure.measure_room(y, sweep).harmonics
    # a harmonic is played from n times the lowest frequency on: some of the response is missing in it
    assert told[0].level_db == pytest.approx(20 * np.log10(amount), abs=0.8)
    assert told[1].level_db == pytest.approx(20 * np.log10(amount / 2), abs=1.0)


def test_what_is_early_is_taken_out_and_the_band_stays():
    sweep, h = small(silence=0.6), rooms(0.3, FS, 1, 1, seed=4)
    y, _ = recorded(sweep.signal(), h, FS)
    raw = raw_of(take_of(y, sweep, "take"), sweep, "division")
    plain = raw.taps[raw.zero - 16 : raw.origin + sweep.silence]
    made = faltung_measure.measure_room(y, sweep)
    assert error_db(made.taps, h, FS, BAND) < error_db(plain, h, FS, BAND) - 6
    assert error_db(made.taps, h, FS, BAND) < -65


def test_what_is_no_recording_of_a_sweep_is_refused():
    sweep = small()
    with pytest.raises(SignalError, match="must begin with a sweep"):
        faltung_measure.deconvolve(np.zeros(100), sweep)
    with pytest.raises(SignalError, match="not finite"):
        faltung_measure.deconvolve(np.full(sweep.period, np.nan), sweep)
    with pytest.raises(SettingError, match="method: must be 'division' or 'inverse', got 'magic'"):
        faltung_measure.deconvolve(np.zeros(sweep.period), sweep, method="magic")
