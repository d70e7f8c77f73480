"""The sounds that are explained when nobody brought their own: clicks and a plucked string, an echoing room, chirps.

Convention: all are drawn from formulas and fixed seeds, at any rate ``fs`` in Hz.
"""

from __future__ import annotations

import numpy as np

from ..kernel import Taps

SCENE_FS = 22_050
"""The rate of the scene in Hz: its twelve sounds then fit into one small page."""


def clicks_and_pluck(fs: int = SCENE_FS) -> Taps:
    """Two clicks, a rest, and a plucked string: 1.6 s."""
    x = np.zeros(round(1.6 * fs))
    x[round(0.02 * fs)] = 0.9
    x[round(0.12 * fs)] = -0.6
    start = round(0.6 * fs)
    note = _pluck(196.0, round(0.9 * fs), fs)
    x[start : start + len(note)] += 0.8 * note
    return x


def _pluck(f0: float, frames: int, fs: int) -> Taps:
    """Karplus and Strong's string: ``y[n] = (y[n-P] + y[n-P-1]) / 2``, begun with noise, damped at the end."""
    period = round(fs / f0 - 0.5)
    y = np.zeros(frames)
    y[:period] = np.random.default_rng(1983).uniform(-1, 1, period)
    y[:period] -= y[:period].mean()
    for start in range(period, frames, period):
        before = np.concatenate([[0.0 if start == period else y[start - period - 1]], y[start - period : start]])
        count = min(period, frames - start)
        y[start : start + count] = 0.5 * (before[1:] + before[:-1])[:count]
    fade = round(0.1 * fs)
    y[-fade:] *= np.linspace(1, 0, fade)
    peak: float = np.abs(y).max()
    return y / peak


def echoing_room(fs: int = SCENE_FS) -> Taps:
    """The direct sound, echoes at 180 and 420 ms, and a noise that decays by 60 dB in 0.6 s; 0.7 s in all."""
    t = np.arange(round(0.7 * fs)) / fs
    h = 0.06 * np.random.default_rng(60).standard_normal(len(t)) * 10 ** (-3 * t / 0.6)
    h[: round(0.01 * fs)] = 0
    h[0] = 1.0
    h[round(0.18 * fs)] += 0.6
    h[round(0.42 * fs)] += 0.4
    return h


def symmetric_pair(reach: int) -> Taps:
    """An echo on both sides: taps 0.5, 1, 0.5, ``reach`` frames apart, the middle one being time zero."""
    h = np.zeros(2 * reach + 1)
    h[reach] = 1.0
    if reach:
        h[0] = h[-1] = 0.5
    return h


def chirps(fs: int) -> tuple[Taps, Taps, int, int]:
    """A scene of 2 s, the template in it, and where the template and its backwards twin, the decoy, begin.

    The template rises from 400 Hz, or a twentieth of the rate where that is less, to six times that.
    """
    low = min(400.0, fs / 20)
    t = np.arange(round(0.3 * fs)) / fs
    up = np.sin(2 * np.pi * (low * t + 5 * low / 0.6 * t**2)) * np.hanning(len(t))
    at, decoy = round(0.3 * fs), round(1.3 * fs)
    scene = 0.05 * np.random.default_rng(7).standard_normal(2 * fs)
    scene[at : at + len(up)] += 0.6 * up
    scene[decoy : decoy + len(up)] += 0.6 * up[::-1]
    return scene, up, at, decoy
