"""Harmonic distortion of what was measured: each harmonic's own response, ``L ln n`` before time zero."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy.fft

from pipeline.kernel import Array

from .deconvolution import band_window
from .response import Raw
from .sweeps import Sweep

__all__ = ["Harmonic", "harmonics_of", "total_db"]

ORDERS = (2, 3, 4, 5)

_RINGING = 4.0  # periods of the lowest frequency that is kept, before every sound
_LOW = 4.0  # times the lowest frequency: below, everything rings for longer than harmonics are apart
_CLEAR = 0.5  # of noise and ringing in its window: a harmonic weaker than that is not told from them


@dataclass(frozen=True)
class Harmonic:
    """One harmonic against the linear response, in energy."""

    order: int
    early_s: float
    """Time before time zero at which its response begins."""
    level_db: float | None
    """Level against the linear response; None where noise, or the ringing of the band before time zero, hides it."""
    limit_db: float
    """Level that noise and ringing alone have in its place."""


def harmonics_of(raw: Raw, sweep: Sweep, frames: int) -> list[Harmonic]:
    """Harmonics of the second to fifth order, of all paths together; ``frames`` is the length of the response."""
    fs = sweep.fs
    gain = band_window(np.fft.rfftfreq(len(raw.taps), 1 / fs), _LOW * sweep.from_hz, sweep.to_hz)
    above: Array = scipy.fft.irfft(scipy.fft.rfft(raw.taps, axis=0) * gain[:, None, None], len(raw.taps), axis=0)
    power = (above**2).sum(axis=(1, 2))
    rung = np.roll(scipy.fft.irfft(gain, len(raw.taps)) ** 2, raw.zero)  # by a click at time zero, in such a band
    guard = round(min(_RINGING / (_LOW * sweep.from_hz), 0.2 * sweep.octave_s) * fs)
    linear = float(power[raw.zero - guard : raw.zero + frames].sum())
    starts = {n: raw.zero - round(sweep.rate_s * math.log(n) * fs) - guard for n in (1, *ORDERS, 6, 7)}
    quiet = power[max(0, starts[7] - round(sweep.rate_s * fs)) : max(0, starts[7])]
    noise = float(np.median(quiet)) / 0.455 if len(quiet) else 0.0  # the mean of squares of Gaussian noise
    ringing = linear / float(rung.sum())
    found = []
    for n in ORDERS:
        stop = min(starts[n - 1] - guard, starts[n] + 2 * guard + frames)
        here = slice(max(0, starts[n]), max(0, stop))
        piece = power[here]
        floor = noise * len(piece) + ringing * float(rung[here].sum())
        energy = float(piece.sum()) - floor
        level = 10 * math.log10(energy / linear) if energy > _CLEAR * floor and energy > 0 else None
        limit = 10 * math.log10(max(floor, 1e-30 * linear) / linear)
        found.append(Harmonic(n, sweep.rate_s * math.log(n), level, limit))
    return found


def total_db(harmonics: list[Harmonic]) -> float | None:
    """Level of all harmonics together; None where none stands out of the noise."""
    energy = sum(10 ** (one.level_db / 10) for one in harmonics if one.level_db is not None)
    return 10 * math.log10(energy) if energy > 0 else None
