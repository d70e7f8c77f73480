"""A voice to be heard in a room: a few gliding vowels, made from pulses and resonances where no recording is given."""

from __future__ import annotations

import numpy as np
import scipy.signal

from pipeline.kernel import Array

__all__ = ["voice"]

_SYLLABLES = (  # start and end in seconds, pitch in Hz, formants in Hz at both ends
    (0.05, 0.40, 125, (730, 1090, 2440), (570, 840, 2410)),
    (0.50, 0.80, 140, (270, 2290, 3010), (390, 1990, 2550)),
    (0.92, 1.40, 110, (300, 870, 2240), (640, 1190, 2390)),
)
_SECONDS, _PIECE_S = 1.6, 0.01


def voice(fs: float) -> Array:
    """Three syllables at ``fs`` Hz, ``(frames,)``, at half of full scale."""
    x = np.zeros(round(_SECONDS * fs))
    for start, end, pitch, first, last in _SYLLABLES:
        n = round((end - start) * fs)
        t = np.arange(n) / fs
        phase = pitch * (t - 0.15 * t**2 / t[-1])
        pulses = np.diff(np.floor(phase), prepend=0.0)
        sound = scipy.signal.lfilter([1, -1], [1, -1.9, 0.905], pulses)  # falls 6 dB an octave, no constant
        for low, high, width in zip(first, last, (80, 100, 160), strict=True):
            sound = _resonant(sound, low, high, width, fs)
        sound *= np.sin(np.pi * np.arange(n) / n) ** 0.5 / np.abs(sound).max()
        at = round(start * fs)
        x[at : at + n] += sound
    out: Array = 0.5 * x / np.abs(x).max()
    return out


def _resonant(x: Array, low: float, high: float, width: float, fs: float) -> Array:
    """A resonance that glides, in pieces that remember."""
    step, state = round(_PIECE_S * fs), np.zeros(2)
    r = np.exp(-np.pi * width / fs)
    out = np.empty_like(x)
    for i in range(0, len(x), step):
        f = min(low + (high - low) * i / len(x), 0.45 * fs)
        a = [1, -2 * r * np.cos(2 * np.pi * f / fs), r * r]
        out[i : i + step], state = scipy.signal.lfilter([sum(a)], a, x[i : i + step], zi=state)
    return out
