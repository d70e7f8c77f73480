"""Difference of two clocks, from how far apart the same sounds are in the recording, and its correction.

A pilot, or a sweep, that is heard twice comes twice through the same room, so the two recordings of it differ by a
delay alone, whatever the room does; its error is a few thousandths of a frame. That needs no search for the sharpest
response, which has maxima beside the true one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft

from pipeline.errors import SignalError
from pipeline.kernel import Array
from pipeline.library import Pipeline
from pipeline.stages.resample import Resample
from pipeline.text import count, duration

from .pilots import Pilots
from .sweeps import Sweep

__all__ = ["Clock", "delay_between", "on_players_clock", "read_clock"]

_SLACK_S = 0.02  # before and behind a sound that is compared
_LOST = 0.5  # frames off a steady clock that mean a gap
_MISSING = 0.05  # of the energy of the other: a sweep that is not there
_NEWTON = 8  # steps; it converges in three


@dataclass(frozen=True)
class Clock:
    """The recorder's clock against the player's."""

    ppm: float
    """By how much more frames than were played were recorded, in millionths."""
    off_frames: float
    """How far the sounds lie off a steady clock, at most, in frames."""
    compared: int
    """Pairs of sounds that were compared."""


def delay_between(a: Array, b: Array, band: tuple[float, float]) -> float:
    """Delay of ``b`` against ``a`` in frames, where their correlation is highest between the sampled lags too.

    Both are ``(frames, channels)``, of one length; ``band`` is in cycles a frame.
    """
    n = scipy.fft.next_fast_len(2 * len(a), real=True)
    cross = (np.conj(scipy.fft.rfft(a, n, axis=0)) * scipy.fft.rfft(b, n, axis=0)).sum(axis=1)
    f = np.arange(len(cross)) / n
    cross[(f < band[0]) | (f > band[1])] = 0
    lag = int(np.argmax(scipy.fft.irfft(cross, n)))
    tau = float(lag - n if lag > n // 2 else lag)
    w = 2 * np.pi * f
    for _ in range(_NEWTON):
        turned = cross * np.exp(1j * w * tau)
        slope, bend = -(w * turned.imag).sum(), -(w**2 * turned.real).sum()
        tau -= float(np.clip(slope / bend, -0.5, 0.5)) if bend < 0 else 0.0
    return tau


def read_clock(x: Array, pilots: Pilots, sweep: Sweep, name: str) -> Clock:
    """Difference of the clocks in a recording; raises `SignalError` where frames are missing in it."""
    rough = (pilots.second - pilots.first) / (sweep.pilot_starts[1] - sweep.pilot_starts[0])
    pilot = len(sweep.pilot())
    pairs = [(*sweep.pilot_starts, pilot + min(sweep.silence, pilot))]
    pairs += [(starts[0], other, sweep.period) for starts in sweep.starts for other in starts[1:]]
    band = sweep.from_hz / sweep.fs, sweep.to_hz / sweep.fs
    slack = round(_SLACK_S * sweep.fs)
    nominal, measured, weights = [], [], []
    for early, late, length in pairs:
        places = [pilots.first + round(rough * (at - sweep.pilot_starts[0])) - slack for at in (early, late)]
        first, second = (_piece(x, place, length + 2 * slack) for place in places)
        energies = [float((sound**2).sum()) for sound in (first, second)]
        if min(energies) < _MISSING * max(energies):
            continue
        apart = places[1] - places[0] + delay_between(first, second, band)
        nominal.append(late - early)
        measured.append(apart)
        weights.append(length)
    far, got, weight = np.array(nominal, float), np.array(measured), np.array(weights, float)
    excess = got - far
    ratio = float((weight * far * excess).sum() / (weight * far**2).sum())
    off = float(np.abs(excess - ratio * far).max())
    if off > _LOST:
        worst = int(np.argmax(np.abs(excess - np.median(excess / far) * far)))
        where = [duration((pairs[worst][i] - sweep.pilot_starts[0]) / sweep.fs) for i in (0, 1)]
        raise SignalError(
            f"{name}: no steady clock: between the sounds {where[0]} and {where[1]} after the first pilot it is"
            f" {count(max(1, round(off)), 'frame')} off; frames were lost or doubled: record again, by wire or with"
            " larger buffers"
        )
    return Clock(ratio * 1e6, off, len(far))


def on_players_clock(x: Array, fs: float, ppm: float) -> Array:
    """The recording as if it had been made by the player's clock, by soxr at its best quality."""
    if ppm == 0:
        return x
    out: Array = Pipeline([Resample(fs=fs)])(x, fs=fs * (1 + ppm * 1e-6))
    return out


def _piece(x: Array, start: int, length: int) -> Array:
    """Frames ``start`` to ``start + length``, silence where there are none."""
    piece = x[max(start, 0) : max(start + length, 0)]
    before = min(max(-start, 0), length)
    return np.pad(piece, ((before, length - before - len(piece)), (0, 0)))
