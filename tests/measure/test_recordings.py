"""Figures of responses that others measured, against a computation of its own: Chu's subtraction of the noise."""

import math
from pathlib import Path

import faltung_measure
import numpy as np
import pytest

from pipeline.io import read_signal

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "ir"

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="needs the recordings of ../shared/data")


def by_chu(h, fs, centre_hz, onset):
    """T30 in seconds and C80 in dB: squares less the noise's mean, of the last tenth, integrated backwards."""
    from scipy.signal import butter, sosfilt

    edges = centre_hz * np.array([10**-0.15, 10**0.15])
    sos = butter(3, edges, "bandpass", fs=fs, output="sos")
    click = np.zeros(fs)
    click[0] = 1
    rings = sosfilt(sos, click) ** 2
    late = round(float((np.arange(fs) * rings).sum() / rings.sum()))
    lead = fs // 2
    turned = np.concatenate([h[::-1], np.zeros(lead)])
    squares = sosfilt(sos, turned)[::-1] ** 2
    squares = np.roll(squares, late)[late:]  # the filter's delay, and nothing from the other end
    zero = lead - late + onset
    noise = squares[-len(h) // 10 :].mean()
    energy = np.cumsum((squares - noise)[::-1])[::-1]
    level = 10 * np.log10(np.maximum(energy, 1e-300) / energy[0])[zero:]
    first, last = int(np.argmax(level <= -5)), int(np.argmax(level <= -35))
    slope = np.polyfit(np.arange(first, last) / fs, level[first:last], 1)[0]
    tail = energy[zero + round(0.08 * fs)]
    return -60 / slope, 10 * math.log10((energy[0] - tail) / tail)


@pytest.mark.parametrize("channel", range(4))
def test_a_measured_kitchen_has_the_figures_of_another_computation(channel):
    x, info = read_signal(FOLDER / "kitchen-true-stereo.wav")
    h, fs = x[:, channel], round(info.fs)
    onset = int(np.argmax(np.abs(h) >= 0.1 * np.abs(h).max()))
    stated = 0
    for figures in faltung_measure.decay(h, fs, from_hz=200):
        t30, c80 = by_chu(h, fs, 10 ** (round(10 * math.log10(figures.band_hz)) / 10), onset)
        if figures.t30_s is not None:
            stated += 1
            assert figures.t30_s == pytest.approx(t30, rel=0.01)
        assert figures.c80_db == pytest.approx(c80, rel=0.01)
    assert stated >= 4


@pytest.mark.parametrize("name", ["living_room_1.wav", "street2-L.wav", "street2-R.wav"])
def test_what_the_standard_does_not_let_be_stated_is_not(name):
    x, info = read_signal(FOLDER / name)
    for figures in faltung_measure.decay(x[:, 0], info.fs):
        assert figures.t30_s is None
        assert figures.unstated["t30_s"]
