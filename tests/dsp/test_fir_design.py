"""Filter designs: scipy's formulas, and an attenuation that is kept."""

import numpy as np
import pytest
import scipy

from pipeline.dsp.fir_design import design_fir, kaiser_beta, kaiser_length, stopband_attenuation, windowed_sinc

KINDS = [
    ("lowpass", [3000.0]),
    ("highpass", [3000.0]),
    ("bandpass", [3000.0, 9000.0]),
    ("bandstop", [3000.0, 9000.0]),
]


@pytest.mark.parametrize("attenuation", [15, 21, 21.1, 40, 50, 50.1, 60, 120])
def test_kaisers_formulas_are_scipys(attenuation):
    assert kaiser_beta(attenuation) == pytest.approx(scipy.signal.kaiser_beta(attenuation), abs=1e-15)
    m, _ = scipy.signal.kaiserord(attenuation, 500 / 24000)
    assert kaiser_length(attenuation, 500, 48000) == (m if m % 2 else m + 1)


@pytest.mark.parametrize(("kind", "cutoffs"), KINDS)
@pytest.mark.parametrize("m", [3, 31, 501])
def test_the_windowed_sinc_is_scipys(kind, cutoffs, m):
    beta = 5.6
    cutoff = cutoffs if len(cutoffs) == 2 else cutoffs[0]
    expected = scipy.signal.firwin(m, cutoff, window=("kaiser", beta), pass_zero=kind, fs=48000)
    np.testing.assert_allclose(windowed_sinc(kind, cutoffs, m, beta, 48000.0), expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize(("kind", "cutoffs"), KINDS)
@pytest.mark.parametrize("attenuation", [21, 50, 80, 150, 180])
@pytest.mark.parametrize("transition", [150.0, 1234.5])
def test_the_attenuation_asked_for_is_kept_on_a_fine_grid(kind, cutoffs, attenuation, transition):
    h = design_fir(kind, cutoffs, transition, attenuation, 48000.0)
    low, high, half = cutoffs[0], cutoffs[-1], transition / 2
    bands = {
        "lowpass": [(low + half, 24000)],
        "highpass": [(0, low - half)],
        "bandpass": [(0, low - half), (high + half, 24000)],
        "bandstop": [(low + half, high - half)],
    }[kind]
    k = np.arange(len(h)) - len(h) // 2
    for a, b in bands:
        near_edges = np.concatenate(
            [a + transition * np.linspace(0, 0.5, 300), b - transition * np.linspace(0, 0.5, 300)]
        )
        f = np.concatenate([np.linspace(a, b, 1000), near_edges])
        gains = np.abs(np.cos(2 * np.pi * np.outer(f, k) / 48000) @ h)
        assert gains.max() <= 10 ** (-attenuation / 20) * (1 + 1e-9)


def test_kaisers_length_alone_would_not_keep_it():
    aimed = windowed_sinc("bandstop", [3000.0, 9000.0], kaiser_length(150, 500, 48000), kaiser_beta(150), 48000.0)
    assert stopband_attenuation(aimed, "bandstop", [3000.0, 9000.0], 500, 48000.0) < 150


def test_a_very_long_filter_is_aimed_higher_instead_of_measured():
    h = design_fir("lowpass", [100.0], 1.0, 60, 48000.0)
    assert len(h) > 1 << 16
    assert len(h) == kaiser_length(70, 1.0, 48000)
    f = np.concatenate([np.linspace(100.5, 110, 100), [1000, 24000]])
    k = np.arange(len(h)) - len(h) // 2
    assert np.abs(np.cos(2 * np.pi * np.outer(f, k) / 48000) @ h).max() < 1e-3


@pytest.mark.parametrize(("kind", "cutoffs"), KINDS)
def test_taps_are_odd_in_number_and_symmetric(kind, cutoffs):
    h = design_fir(kind, cutoffs, 1000, 60, 48000.0)
    assert len(h) % 2 == 1
    np.testing.assert_allclose(h, h[::-1], rtol=0, atol=1e-16)
