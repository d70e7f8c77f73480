"""Where a decay meets the noise, by Lundeby's method (1995), on the squares of a response.

The decay is averaged over intervals, a line is laid through its late part, and where the line meets the level of the
noise the response ends; both are found again from each other until they stay.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pipeline.kernel import Array

__all__ = ["Knee", "find_knee"]

_ROUNDS = 8
_FIRST_INTERVAL_S = 0.02
_INTERVALS = 6  # to 10 dB of decay
_ABOVE_DB, _RANGE_DB = 7.0, 20.0  # of the late part: from so far above the noise, over so much
_BEHIND_DB = 7.5  # below the noise the decay is where the noise is measured
_SILENT = 1e-30  # of the peak: a response without noise


@dataclass(frozen=True)
class Knee:
    """The end of a decay."""

    frame: int
    """Frame at which the decay meets the noise, or the end of what there is."""
    noise: float
    """Mean square of the noise; 0 where the decay had not ended."""
    slope: float
    """Late decay in dB a second, negative; 0 where there is none."""
    level: float
    """Mean square of the decay at its end, by the line through its late part."""
    range_db: float
    """Distance of the decay's top, averaged, from its end."""

    def left(self, fs: float) -> float:
        """Sum of the squares that an exponential decay of this slope would have had after its end."""
        return self.level * fs * 10 / math.log(10) / -self.slope if self.slope < 0 else 0.0


def find_knee(squares: Array, fs: float, least_s: float = 0.005) -> Knee:
    """Knee of a decay that begins at frame 0, from its squares ``(frames,)``, averaged over ``least_s`` or more."""
    n = len(squares)
    if not np.any(squares):  # a microphone that is not in the room
        return Knee(min(n, 1), 0.0, 0.0, 0.0, math.inf)
    least, tail = max(1, round(least_s * fs)), max(1, n // 10)
    step = max(least, round(_FIRST_INTERVAL_S * fs))
    noise = float(squares[n - tail :].mean()) if n else 0.0
    t, level = _levels(squares, step, fs)
    top = float(level.max(initial=-math.inf))
    if not math.isfinite(top) or noise <= _SILENT * 10 ** (top / 10):
        return Knee(n, 0.0, 0.0, 0.0, math.inf if math.isfinite(top) else 0.0)
    slope, at = _late_line(t, level, _db(noise))
    frame = 0
    for _ in range(_ROUNDS if slope < 0 else 0):
        step = max(1, int(min(max(least, 10 / -slope / _INTERVALS * fs), n / 8)))
        t, level = _levels(squares, step, fs)
        start = round((at - _BEHIND_DB / slope) * fs)
        noise = float(squares[min(max(start, 0), n - tail) :].mean())
        newer, meets = _late_line(t, level, _db(noise))
        if newer >= 0:
            break
        slope, at = newer, meets
        before, frame = frame, round(at * fs)
        if abs(frame - before) < 0.001 * fs:
            break
    if slope >= 0:  # no line: what stands out of the noise ends where it first comes near it
        peak = int(np.argmax(level))
        near = np.flatnonzero(level[peak:] < _db(noise) + 3)
        end = peak + (int(near[0]) if len(near) else len(level) - peak)
        return Knee(max(1, min(n, end * step)), noise, 0.0, noise, max(0.0, top - _db(noise)))
    last, earlier = (float(squares[n - (i + 1) * tail : n - i * tail].mean()) for i in (0, 1))
    falls = _db(earlier) - _db(last) > -0.5 * slope * tail / fs
    if frame > n - 3 * tail and falls:  # the line reaches the end of the response: no noise was met
        ends = 10 ** ((_db(noise) + slope * (n / fs - at)) / 10)
        return Knee(n, 0.0, slope, ends, top - _db(ends))
    return Knee(max(1, frame), noise, slope, noise, top - _db(noise))


def _levels(squares: Array, step: int, fs: float) -> tuple[Array, Array]:
    """Times of the middles of intervals, and their mean level in dB."""
    whole = len(squares) // step * step
    means = squares[:whole].reshape(-1, step).mean(axis=1)
    t = (np.arange(len(means)) + 0.5) * step / fs
    return t, 10 * np.log10(np.maximum(means, 1e-300))


def _late_line(t: Array, level: Array, noise_db: float) -> tuple[float, float]:
    """Slope in dB a second of the decay's late part, and the time at which it meets the noise."""
    peak = int(np.argmax(level))
    low = noise_db + _ABOVE_DB
    power = np.pad(10 ** (level[peak:] / 10), 1, mode="edge")
    smooth = 10 * np.log10((power[:-2] + power[1:-1] + power[2:]) / 3)
    below = np.flatnonzero(smooth < low)
    end = peak + (int(below[0]) if len(below) else len(level) - peak)
    above = np.flatnonzero(smooth[: end - peak] > low + _RANGE_DB)
    start = peak + (int(above[-1]) if len(above) else 0)
    if end - start < 3:
        start = max(peak, end - 3)
    if end - start < 2:
        return 0.0, 0.0
    slope, offset = np.polyfit(t[start:end], level[start:end], 1)
    return float(slope), float((noise_db - offset) / slope) if slope < 0 else 0.0


def _db(power: float) -> float:
    return 10 * math.log10(max(power, 1e-300))
