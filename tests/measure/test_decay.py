"""Noise, decay and figures, against decays that are known in closed form and sums written out."""

import math

import faltung_measure
import numpy as np
import pytest
from faltung_measure.bands import Band, bands_within, filtered
from faltung_measure.decays import curve_of, figures_of
from faltung_measure.noise import find_knee

from pipeline.errors import SettingError, SignalError

FS = 48_000


def dying(rt_s, seconds, *, noise_db=None, seed=1, fs=FS):
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * fs)) / fs
    h = rng.standard_normal(len(t)) * 10 ** (-3 * t / rt_s)
    return h if noise_db is None else h + rng.standard_normal(len(t)) * 10 ** (noise_db / 20)


@pytest.mark.parametrize("rt_s", [0.3, 1.0, 4.0])
@pytest.mark.parametrize("noise_db", [-30, -50, -70])
def test_the_decay_meets_the_noise_where_the_lines_cross(rt_s, noise_db):
    h = dying(rt_s, 2.5 * rt_s, noise_db=noise_db)
    knee = find_knee(h**2, FS)
    assert knee.frame / FS == pytest.approx(-noise_db / 60 * rt_s, abs=0.05 * rt_s)
    assert 10 * math.log10(knee.noise) == pytest.approx(noise_db, abs=0.5)
    assert knee.slope == pytest.approx(-60 / rt_s, rel=0.1)


def test_a_decay_that_has_not_ended_is_told():
    knee = find_knee(dying(2.0, 0.8) ** 2, FS)
    assert knee.noise == 0
    assert knee.frame == round(0.8 * FS)


@pytest.mark.parametrize("squares", [np.zeros(0), np.zeros(1), np.zeros(1000), np.ones(1), np.ones(1000)])
def test_what_is_no_decay_has_no_knee_and_breaks_nothing(squares):
    knee = find_knee(squares, FS)
    assert 0 <= knee.frame <= max(1, len(squares))


def test_the_bands_are_those_of_the_standard():
    assert [b.nominal_hz for b in bands_within(0, 24_000, "octave")] == [
        63, 125, 250, 500, 1000, 2000, 4000, 8000, 16_000,
    ]  # fmt: skip
    assert len(bands_within(0, 24_000, "third")) == 26
    assert Band(1250, "third").centre_hz == pytest.approx(1258.925, abs=1e-3)
    low, high = Band(1000, "octave").edges_hz
    assert (low, high) == pytest.approx((707.946, 1412.538), abs=1e-3)


def test_a_filter_run_backwards_rings_before_and_passes_its_band():
    x = np.zeros(FS)
    x[FS // 2] = 1
    y, early = filtered(x, FS, Band(125, "third"))
    at = early + FS // 2
    before, behind = (y[:at] ** 2).sum(), (y[at + FS // 50 :] ** 2).sum()
    assert behind < 0.01 * before
    f = np.fft.rfftfreq(len(y), 1 / FS)
    gain = np.abs(np.fft.rfft(y))
    assert gain[np.argmin(np.abs(f - 125.9))] == pytest.approx(1, abs=0.01)
    edge = Band(125, "third").edges_hz[1]
    assert 20 * np.log10(gain[np.argmin(np.abs(f - edge))]) == pytest.approx(-3, abs=0.4)


@pytest.mark.parametrize("rt_s", [0.4, 1.5, 6.0])
def test_the_times_of_an_exponential_decay_are_its_own(rt_s):
    for figures in faltung_measure.decay(dying(rt_s, 1.6 * rt_s), FS, from_hz=700):
        assert figures.t30_s == pytest.approx(rt_s, rel=0.05)
        assert figures.t20_s == pytest.approx(rt_s, rel=0.06)


def test_clarity_definition_and_centre_time_of_an_exponential_decay():
    # E(t) = exp(-13.8 t / T): C80 = 10 log10(exp(13.8 * 0.08 / T) - 1), D50 = 1 - E(50 ms), Ts = T / 13.8
    rt_s = 1.0
    averages = {name: [] for name in ("c80_db", "d50", "ts_s")}
    for seed in range(8):
        for figures in faltung_measure.decay(dying(rt_s, 1.6, seed=seed), FS, from_hz=2000):
            for name, values in averages.items():
                values.append(getattr(figures, name))
    a = 6 * math.log(10) / rt_s
    assert np.mean(averages["c80_db"]) == pytest.approx(10 * math.log10(math.exp(0.08 * a) - 1), abs=0.2)
    assert np.mean(averages["d50"]) == pytest.approx(1 - math.exp(-0.05 * a), abs=0.02)
    assert np.mean(averages["ts_s"]) == pytest.approx(1 / a, rel=0.03)


def test_the_figures_are_the_sums_written_out():
    h = dying(0.7, 1.2, noise_db=-75)
    band = Band(1000, "octave")
    curve = curve_of(h, FS, band)
    figures = figures_of(curve, band)
    energy = [float(curve.squares[i : curve.end].sum()) + curve.left for i in range(curve.zero, curve.end, 48)]
    total = float(curve.squares[: curve.end].sum()) + curve.left
    level = 10 * np.log10(np.array(energy) / total)
    t = np.arange(len(level)) * 48 / FS
    part = (level <= -5) & (level >= -35)
    slope = np.polyfit(t[part], level[part], 1)[0]
    assert figures.t30_s == pytest.approx(-60 / slope, rel=0.005)
    late = float(curve.squares[curve.zero + round(0.08 * FS) : curve.end].sum()) + curve.left
    assert figures.c80_db == pytest.approx(10 * math.log10((total - late) / late), abs=1e-6)
    assert figures.d50 == pytest.approx(
        1 - (float(curve.squares[curve.zero + round(0.05 * FS) : curve.end].sum()) + curve.left) / total, abs=1e-9
    )


@pytest.mark.parametrize(
    ("noise_db", "stated"),
    [(-70, {"edt_s", "t20_s", "t30_s"}), (-42, {"edt_s", "t20_s"}), (-25, {"edt_s"}), (-12, set())],
)
def test_a_figure_is_stated_only_where_the_noise_is_low_enough(noise_db, stated):
    figures = faltung_measure.decay(dying(1.0, 3.0, noise_db=noise_db), FS, from_hz=1400, to_hz=3000)[0]
    assert {name for name in ("edt_s", "t20_s", "t30_s") if getattr(figures, name) is not None} == stated
    for name in {"edt_s", "t20_s", "t30_s"} - stated:
        assert "are needed" in figures.unstated[name]


def test_a_decay_of_two_slopes_is_not_stated():
    t = np.arange(3 * FS) / FS
    h = np.random.default_rng(1).standard_normal(len(t)) * (10 ** (-3 * t / 0.3) + 0.02 * 10 ** (-3 * t / 2.5))
    figures = faltung_measure.decay(h, FS, from_hz=1400, to_hz=3000)[0]
    assert figures.t30_s is None
    assert "bends" in figures.unstated["t30_s"]
    assert figures.curvature_percent > 10


def test_a_decay_shorter_than_the_filters_is_not_stated():
    figures = faltung_measure.decay(dying(0.05, 0.4), FS, from_hz=40, to_hz=100)[0]
    assert figures.band_hz == 63
    assert figures.t20_s is figures.t30_s is None


def test_what_is_no_response_is_refused():
    with pytest.raises(SignalError, match="give one column"):
        faltung_measure.decay(np.ones((1000, 2)), FS)
    with pytest.raises(SignalError, match="silent"):
        faltung_measure.decay(np.zeros(1000), FS)
    with pytest.raises(SignalError, match="not finite"):
        faltung_measure.decay(np.array([1.0, np.nan]), FS)
    with pytest.raises(SettingError, match="bands: must be 'octave' or 'third'"):
        faltung_measure.decay(np.ones(1000), FS, bands="fifth")
