"""Designs low-pass, high-pass, band-pass and band-stop filters: the ideal response, cut short by a Kaiser window.

Frequencies in Hz, attenuation in dB; an odd number M of taps, symmetric (type I), so that every kind is possible and
the delay is a whole number of frames, ``(M-1)/2``. A cutoff is where the gain is one half (-6 dB), the middle of
its transition. Kaiser (1974); Oppenheim and Schafer, Discrete-Time Signal Processing, section 7.5.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from ..kernel import Taps

Kind = Literal["lowpass", "highpass", "bandpass", "bandstop"]

_MEASURED = 1 << 16  # taps up to which the attenuation is measured (a transform of 64 times as many points)
_KAISER_OFFSET_DB, _KAISER_SLOPE_DB = 7.95, 2.285 * 2 * math.pi  # of the attenuation, by taps and relative transition
_MARGIN_DB = 10.0  # more than Kaiser's formula was ever seen to miss: 9.2 dB, at 180 dB


def kaiser_beta(attenuation_db: float) -> float:
    """Kaiser's shape parameter for a stopband that lies ``attenuation_db`` below the passband."""
    a = attenuation_db
    if a > 50:
        return 0.1102 * (a - 8.7)
    return 0.5842 * (a - 21) ** 0.4 + 0.07886 * (a - 21) if a > 21 else 0.0


def kaiser_length(attenuation_db: float, transition_hz: float, fs: float) -> int:
    """``M = (A - 7.95) / (2.285 * 2 pi * transition / fs) + 1``, up to the next odd number."""
    m = math.ceil((attenuation_db - _KAISER_OFFSET_DB) / (_KAISER_SLOPE_DB * transition_hz / fs)) + 1
    return m | 1


def most_taps(attenuation_db: float, transition_hz: float, fs: float) -> float:
    """Taps that `design_fir` takes at most, not rounded: those of an attenuation higher by its margin."""
    return (attenuation_db + _MARGIN_DB - _KAISER_OFFSET_DB) / _KAISER_SLOPE_DB * fs / transition_hz + 2


def windowed_sinc(kind: Kind, cutoffs_hz: Sequence[float], m: int, beta: float, fs: float) -> Taps:
    """``h[k] ~ w[k] sum +-2 (f/fs) sinc(2 f (k - (M-1)/2) / fs)`` over the edges f, w Kaiser's window.

    Scaled to a gain of exactly 1 at the passband's middle (0 Hz for low-pass and band-stop, fs/2 for high-pass).
    """
    k = np.arange(m) - (m - 1) / 2
    edges = [2 * f / fs for f in cutoffs_hz]
    if kind in ("highpass", "bandstop"):
        edges.append(1.0)
    if kind in ("bandpass", "highpass"):
        ideal = edges[1] * np.sinc(edges[1] * k) - edges[0] * np.sinc(edges[0] * k)
    else:
        ideal = edges[0] * np.sinc(edges[0] * k)
        if kind == "bandstop":
            ideal = ideal + edges[2] * np.sinc(edges[2] * k) - edges[1] * np.sinc(edges[1] * k)
    h: Taps = ideal * np.kaiser(m, beta)
    middle = {"lowpass": 0.0, "bandstop": 0.0, "highpass": 1.0, "bandpass": sum(edges) / 2}[kind]
    return h / float((h * np.cos(np.pi * middle * k)).sum())


def design_fir(kind: Kind, cutoffs_hz: Sequence[float], transition_hz: float, attenuation_db: float, fs: float) -> Taps:
    """The shortest such filter that reaches the attenuation asked for in all of its stopband.

    Kaiser's formulas are empirical, and the ripples of two edges add: they miss by up to 9 dB. So the attenuation is
    measured, and aimed higher by what was missing; filters over 65,536 taps are aimed 10 dB higher at once.
    """
    aim = attenuation_db
    if kaiser_length(aim, transition_hz, fs) > _MEASURED:
        aim += _MARGIN_DB
    while True:
        m = kaiser_length(aim, transition_hz, fs)
        taps = windowed_sinc(kind, cutoffs_hz, m, kaiser_beta(aim), fs)
        if m > _MEASURED or aim >= attenuation_db + _MARGIN_DB:
            return taps
        missing = attenuation_db - stopband_attenuation(taps, kind, cutoffs_hz, transition_hz, fs)
        if missing <= 0:
            return taps
        aim += missing + 0.05


def stopband_attenuation(taps: Taps, kind: Kind, cutoffs_hz: Sequence[float], transition_hz: float, fs: float) -> float:
    """Attenuation of the stopband: how far below 0 dB its loudest point lies, in dB.

    On a grid of at least 64 M points, which may miss the top of a ripple by 0.05 dB: that much is taken off; and at
    the edges of the stopband themselves, where the gain falls too steeply for a grid.
    """
    n = 1 << (64 * len(taps) - 1).bit_length()
    gains = np.abs(np.fft.rfft(taps, n))
    f, half = np.arange(len(gains)) * (fs / n), transition_hz / 2
    low, high = cutoffs_hz[0], cutoffs_hz[-1]
    stop, edges = {
        "lowpass": (f >= low + half, [low + half]),
        "highpass": (f <= low - half, [low - half]),
        "bandpass": ((f <= low - half) | (f >= high + half), [low - half, high + half]),
        "bandstop": ((f >= low + half) & (f <= high - half), [low + half, high - half]),
    }[kind]
    k = np.arange(len(taps)) - (len(taps) - 1) / 2  # symmetric taps: a sum of cosines
    at_edges = [abs(float(taps @ np.cos(2 * np.pi * edge / fs * k))) for edge in edges]
    loudest = max(float(gains[stop].max(initial=0.0)), *at_edges)
    return -20 * math.log10(loudest) - 0.05 if loudest > 0 else math.inf
