"""The response of a room made ready: time zero at the direct sound, nothing before it, cut where the noise begins.

Convention: a raw response is ``(frames, sources, mics)`` with its origin where the recording of the sweep begins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft

from pipeline.errors import SignalError
from pipeline.kernel import Array

from .clock import delay_between
from .decays import onset
from .deconvolution import Method, band_window, deconvolve
from .noise import Knee, find_knee
from .sweeps import Sweep
from .takes import Take

__all__ = ["Raw", "before_zero", "combined", "cut_out", "knees_of", "raw_of"]

_PERIODS = 20  # of the highest frequency, kept before the direct sound: the upper edge of the band rings on both sides

_EDGE = 400  # periods of the highest frequency on both sides of time zero: the upper edge has rung out by then
_ROUNDS_BELOW, _ROUNDS_ABOVE = 20, 400
_ENOUGH = 1e-12
_AGREEING = 0.6  # correlation of two takes of one room from one place; of two places it is 0.2
_EARLY_S = 0.2
_MOST_BEFORE = 0.5  # of all energy; distortion of 10 % has 0.01


@dataclass(frozen=True)
class Raw:
    """A response as it comes out of deconvolution, with what lies before time zero and the noise behind it."""

    taps: Array
    """``(frames, sources, mics)``."""
    origin: int
    zero: int
    """Frame of the earliest direct sound."""


def raw_of(take: Take, sweep: Sweep, method: Method) -> Raw:
    """Raw response of a take; raises `SignalError` where it is no response."""
    kernels = [deconvolve(one, sweep, method=method) for one in take.sweeps]
    taps, origin = np.stack([kernel.taps for kernel in kernels], axis=1), kernels[0].origin
    early = min(round(0.1 * sweep.fs), round(0.5 * sweep.octave_s * sweep.fs))
    begin = origin - early
    found = taps[begin : origin + min(sweep.silence, round(sweep.fs))]
    heard = [(i, o) for i in range(taps.shape[1]) for o in range(taps.shape[2]) if np.any(found[:, i, o])]
    if not heard:
        raise SignalError(
            f"{take.name}: the pilots are in it, its sweeps are silent; was the loudspeaker switched off?"
        )
    zero = begin + min(onset(found[:, i, o], sweep.fs) for i, o in heard)
    power = (taps**2).sum(axis=(1, 2))
    before = float(power[:begin].sum() / power.sum())
    if before > _MOST_BEFORE:
        raise SignalError(
            f"{take.name}: {before:.0%} of the response comes before its time zero: it is a recording of another sweep"
            " file, or nearly all noise"
        )
    return Raw(taps, origin, zero)


def before_zero(sweep: Sweep) -> int:
    """Frames of the response that are kept before the direct sound: 1 ms for a sweep to 20 kHz."""
    return round(_PERIODS / sweep.to_hz * sweep.fs)


def combined(raws: list[Raw], takes: list[Take], sweep: Sweep) -> Raw:
    """Mean of the responses of several takes, laid over each other; raises `SignalError` for those of two rooms."""
    first = raws[0]
    total, n = first.taps.copy(), len(first.taps)
    length = round(_EARLY_S * sweep.fs)
    start = first.zero - length // 8
    model = first.taps[start : start + length].reshape(length, -1)
    band = sweep.from_hz / sweep.fs, sweep.to_hz / sweep.fs
    for raw, take in zip(raws[1:], takes[1:], strict=True):
        near = raw.zero - first.zero
        rolled = np.roll(raw.taps, -near, axis=0)
        late = delay_between(model, rolled[start : start + length].reshape(length, -1), band)
        turn = np.exp(2j * np.pi * np.arange(n // 2 + 1) / n * late)
        moved = scipy.fft.irfft(scipy.fft.rfft(rolled, axis=0) * turn[:, None, None], n, axis=0)
        other = moved[start : start + length].reshape(length, -1)
        alike = float((model * other).sum() / np.sqrt((model**2).sum() * (other**2).sum()))
        if alike < _AGREEING:
            raise SignalError(
                f"two rooms mixed up: the responses of {takes[0].name} and {take.name} agree to {alike:.2f}, takes of"
                " one room from one place to nearly 1; measure places one by one"
            )
        total += moved
    return Raw(total / len(raws), first.origin, first.zero)


def knees_of(raw: Raw, sweep: Sweep) -> list[list[Knee]]:
    """End of the decay of each path, ``[source][mic]``, in frames after time zero."""
    end = raw.origin + sweep.silence
    squares = raw.taps[raw.zero : end] ** 2
    return [[find_knee(squares[:, i, o], sweep.fs) for o in range(squares.shape[2])] for i in range(squares.shape[1])]


def cut_out(raw: Raw, sweep: Sweep, start: int, frames: int) -> Array:
    """Response from frame ``start`` of the raw one to ``frames`` after time zero, faded at both ends."""
    pre = raw.zero - start
    fade = max(1, min(frames // 10, round(0.05 * sweep.fs)))
    whole = _without_early(raw.taps, raw.zero, min(pre, before_zero(sweep)), sweep)
    taps = whole[start : raw.zero + frames].copy()
    taps[-fade:] *= (0.5 + 0.5 * np.cos(np.pi * (np.arange(fade) + 0.5) / fade))[:, None, None]
    return taps


def _without_early(taps: Array, zero: int, pre: int, sweep: Sweep) -> Array:
    """The response with nothing before ``zero - pre``, the same in the sweep's band.

    A response without what lies below the band rings before time zero, 20 Hz for 100 ms, and to cut that leaves an
    error of -50 dB; one without what lies above it rings for milliseconds, and that cut leaves -66 dB. There nothing
    was measured, so there the response is chosen: first below, where it takes long, then above, where it is short.
    """
    fs, low, high = sweep.fs, sweep.from_hz, sweep.to_hz
    out = taps.copy()
    flat = out.reshape(len(out), -1)
    for before_s, behind_s, rounds, least_hz, most_hz in (
        (3 / low, 20 / low, _ROUNDS_BELOW, 0.0, 4 * low),
        (_EDGE / high, _EDGE / high, _ROUNDS_ABOVE, high / 4, fs),
    ):
        before, behind = min(round(before_s * fs), zero), min(round(behind_s * fs), len(taps) - zero)
        piece = flat[zero - before : zero + behind]
        n = scipy.fft.next_fast_len(2 * len(piece), real=True)
        f = np.arange(n // 2 + 1) * fs / n
        free = np.where((f >= least_hz) & (f < most_hz), 1 - band_window(f, low, high), 0.0)
        weight = np.zeros((n, 1))
        weight[: before - pre] = 1
        weight[before - pre : before, 0] = (1 - _gate(pre)) ** 2
        weight[len(piece) :] = 1  # nor may it come round from before
        release = np.ones((len(piece), 1))
        half = before + behind // 2
        release[half:, 0] = 0.5 + 0.5 * np.cos(np.linspace(0, np.pi, len(piece) - half))
        added = _lessening(np.pad(piece, ((0, n - len(piece)), (0, 0))), weight, free[:, None], rounds)
        piece += added[: len(piece)] * release
    flat[: zero - pre] = 0
    flat[zero - pre : zero] *= _gate(pre)[:, None]
    return out


def _gate(frames: int) -> Array:
    """Gain that rises from 0 to 1."""
    rise: Array = np.sin(np.pi / 2 * (np.arange(frames) + 0.5) / max(frames, 1)) ** 2
    return rise


def _lessening(x: Array, weight: Array, free: Array, rounds: int) -> Array:
    """Part at the free frequencies to add so that the weighted squares of ``x`` are least, by conjugate gradients."""
    n = len(x)

    def freed(y: Array) -> Array:
        part: Array = scipy.fft.irfft(free * scipy.fft.rfft(y, axis=0), n, axis=0)
        return part

    chosen = np.zeros_like(x)
    rest = way = -freed(weight * x)
    energy = (rest**2).sum(axis=0)
    first = np.maximum(energy, 1e-300)
    for _ in range(rounds):
        turned = freed(weight * freed(way))
        step = np.where(energy > _ENOUGH * first, energy / np.maximum((way * turned).sum(axis=0), 1e-300), 0.0)
        chosen = chosen + step * way
        rest = rest - step * turned
        was, energy = energy, (rest**2).sum(axis=0)
        way = rest + energy / np.maximum(was, 1e-300) * way
    return freed(chosen)
