"""The twelve sounds of the flip, the scene they are made from, and the proof on their samples of what is said of them.

Convention: every sound begins with 0.5 s of silence. All that are made from the signal share one time line: after the
silence come ``M-1`` frames of pre-roll, then time zero. One gain is common to all, so loudness may be compared. A
difference is the largest magnitude, as a share of the largest sample of either side. The scene is drawn from formulas
and fixed seeds, at any rate ``fs`` in Hz.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from pipeline.engine.functional import convolve, correlate
from pipeline.io.wav import wav_header
from pipeline.kernel import Kernel, Taps

from .bilingual import Bilingual, say

SCENE_FS = 22_050
"""The rate of the scene in Hz: its twelve sounds then fit into one small page."""

HEADROOM = 0.9  # the loudest sample of all sounds
LEAD_S = 0.5
PAIR_S = 0.18

FRAMES = 200
"""Frames at which a sum is done by its definition: enough to find a fault, few enough to be quick."""

_PAIRS = {
    "06_is_05_delayed": ("06_convolved_with_reversed", "05_correlated"),
    "07_is_05": ("07_reverse_convolve_reverse", "05_correlated"),
    "08_null_is_silent": ("08_symmetric_convolved", "08_symmetric_correlated"),
}


@dataclass(frozen=True, eq=False)
class Sound:
    """One file of the set."""

    name: str
    samples: Taps
    """The common gain is in them."""
    fs: int

    @property
    def peak(self) -> float:
        """The largest magnitude."""
        return float(np.abs(self.samples).max(initial=0.0))


@dataclass(frozen=True)
class Identity:
    """One identity and its residual."""

    name: str
    words: Bilingual
    """The formula and what it says."""
    residual: float
    """The largest difference, as a share of the largest sample; for a place, in frames."""
    bound: float
    """The most that rounding may cause; 0 for what must be exact."""
    lsb: int | None = None
    """The largest difference between the 16-bit samples, where both sides are written."""

    @property
    def holds(self) -> bool:
        """Whether the residual keeps its bound."""
        return self.residual <= self.bound


@dataclass(frozen=True)
class SoundSet:
    """All sounds, the gain they share, and what was proved."""

    sounds: tuple[Sound, ...]
    identities: tuple[Identity, ...]
    gain: float
    zero: int
    """The frame of time zero on the common time line."""
    facts: dict[str, int] = field(default_factory=dict)


def wav_bytes(sound: Sound) -> bytes:
    """A sound as a mono WAV of 16 bits."""
    return wav_header(sound.fs, 1, "PCM_16", len(sound.samples)) + _codes(sound.samples).astype("<i2").tobytes()


def _codes(samples: Taps) -> Taps:
    """The nearest 16-bit codes, full scale being 32768; nothing here is loud enough to be clipped."""
    return np.rint(samples * 32768)


def make_sounds(x: Taps, h: Taps, fs: int, origin: int = 0) -> SoundSet:
    """The set for a signal (N,) and a kernel (M,), both at ``fs`` Hz, the kernel's time zero at tap ``origin``."""
    lead, pre = round(LEAD_S * fs), len(h) - 1
    zero = lead + pre
    line = np.zeros(zero + len(x) + pre)

    def on_line(samples: Taps, start: int) -> Taps:
        """Samples whose first belongs to frame ``start``, on the common time line."""
        placed = line.copy()
        placed[zero + start : zero + start + len(samples)] = samples
        return placed

    turned = Kernel(h).flipped()
    pair = symmetric_pair(min(round(PAIR_S * fs), pre))
    reach = len(pair) // 2
    scene, up, at, decoy = chirps(fs)
    template = up / float(up @ up)
    silence = np.zeros(lead)
    raw = {
        "01_dry": on_line(x, 0),
        "02_kernel": np.concatenate([silence, h]),
        "03_kernel_reversed": np.concatenate([silence, turned.taps]),
        "04_convolved": on_line(convolve(x, h), -origin),
        "05_correlated": on_line(correlate(x, h), origin - pre),
        "06_convolved_with_reversed": on_line(convolve(x, turned), 0),
        "07_reverse_convolve_reverse": on_line(convolve(x[::-1], h)[::-1], origin - pre),
        "08_symmetric_convolved": on_line(convolve(x, pair), -reach),
        "08_symmetric_correlated": on_line(correlate(x, pair), -reach),
        "09_scene": np.concatenate([silence, scene]),
        "10_correlation_score": np.concatenate([silence, correlate(scene, template, "valid")]),
        "11_convolution_score": np.concatenate([silence, convolve(scene, template, "valid")]),
    }
    raw["08_null"] = raw["08_symmetric_convolved"] - raw["08_symmetric_correlated"]
    loudest = max(float(np.abs(samples).max(initial=0.0)) for samples in raw.values())
    gain = HEADROOM / loudest if loudest > 0 else 1.0
    sounds = {name: Sound(name, samples * gain, fs) for name, samples in sorted(raw.items())}
    score, backwards = (int(raw[name][lead:].argmax()) for name in ("10_correlation_score", "11_convolution_score"))
    proofs = _proofs(raw, x, h, origin, zero) + _found(score, backwards, at, decoy)
    written = {name: _codes(sound.samples) for name, sound in sounds.items()}
    proofs = tuple(_lsb_between(proof, written, pre - origin) for proof in proofs)
    facts = {
        "lead": lead,
        "pre_roll": pre,
        "origin": origin,
        "chirp_at": at,
        "decoy_at": decoy,
        "scene_template": len(up),
    }
    return SoundSet(tuple(sounds.values()), proofs, gain, zero, facts)


def _proofs(raw: dict[str, Taps], x: Taps, h: Taps, origin: int, zero: int) -> tuple[Identity, ...]:
    y, r = raw["04_convolved"], raw["05_correlated"]
    bound = _rounding_bound(x, h, float(np.abs(r).max(initial=0.0)))
    bound_y = _rounding_bound(x, h, float(np.abs(y).max(initial=0.0)))
    long = float(np.finfo(np.float64).eps) * len(y)  # a sum of that many terms
    pre = len(h) - 1 - origin
    late = np.concatenate([np.zeros(pre), r[: len(r) - pre]])
    total, size = float(x.sum() * h.sum()), float(np.abs(x).sum() * np.abs(h).sum()) or 1.0
    sums = max(abs(float(y.sum()) - total), abs(float(r.sum()) - total)) / size
    spectra = difference(np.abs(np.fft.rfft(y)), np.abs(np.fft.rfft(r)))
    return (
        _identity("04_is_convolution", worst_against_definition(y, x, h, zero, -1, origin), bound_y, count=FRAMES),
        _identity("05_is_correlation", worst_against_definition(r, x, h, zero, +1, origin), bound, count=FRAMES),
        _identity("06_is_05_delayed", difference(raw["06_convolved_with_reversed"], late), bound, pre=pre),
        _identity("07_is_05", difference(raw["07_reverse_convolve_reverse"], r), bound),
        _identity("same_sum", sums, long),
        _identity("same_spectrum", spectra, long),
        _identity("08_null_is_silent", np.abs(raw["08_null"]).max(initial=0.0), 0.0),
    )


def _found(score: int, backwards: int, at: int, decoy: int) -> tuple[Identity, ...]:
    return (
        _identity("10_finds_the_chirp", abs(score - at), 0.0, found=score, true=at),
        _identity("11_finds_the_backwards_one", abs(backwards - decoy), 0.0, found=backwards, true=decoy),
    )


def _identity(name: str, residual: float, bound: float, **values: Any) -> Identity:
    """An identity with its sentence, and the values in it."""
    return Identity(name, say(f"identity_{name}", **values), float(residual), float(bound))


def _rounding_bound(x: Taps, h: Taps, scale: float) -> float:
    """The most that two transforms may differ by: ``eps log2(2M) ||h||_2 ||x||_2``, as a share of ``scale``."""
    size = float(np.linalg.norm(h) * np.linalg.norm(x))
    return float(np.finfo(np.float64).eps) * math.log2(2 * max(len(h), 2)) * size / scale if scale > 0 else 0.0


def difference(a: Taps, b: Taps) -> float:
    """``max|a - b|``, as a share of the largest sample; 0 for two silences."""
    scale = max(float(np.abs(a).max(initial=0.0)), float(np.abs(b).max(initial=0.0)))
    return float(np.abs(a - b).max(initial=0.0)) / scale if scale > 0 else 0.0


def worst_against_definition(
    out: Taps, x: Taps, h: Taps, zero: int, direction: int, origin: int = 0, count: int = FRAMES
) -> float:
    """How far an output is from ``sum_k h[k] x[n + direction*(k-origin)]``, in long double at ``count`` frames.

    ``out`` begins ``zero`` frames before frame 0; ``direction`` is -1 for convolution, +1 for correlation.
    """
    frames = np.random.default_rng(0).integers(1 - len(h), len(x) + len(h) - 1, count)
    k = np.arange(len(h)) - origin
    worst = 0.0
    for n in (int(np.abs(out).argmax()) - zero, *frames.tolist()):
        i = n + direction * k
        inside = (i >= 0) & (i < len(x))
        exact = np.sum(h[inside].astype(np.longdouble) * x[i[inside]])
        worst = max(worst, abs(float(exact) - float(out[n + zero])))
    scale = float(np.abs(out).max(initial=0.0))
    return worst / scale if scale > 0 else worst


def _lsb_between(identity: Identity, written: Mapping[str, Taps], pre: int) -> Identity:
    """The same identity with its residual between the 16-bit samples, where it is one between two files."""
    if identity.name not in _PAIRS:
        return identity
    a, b = (written[name] for name in _PAIRS[identity.name])
    if identity.name == "06_is_05_delayed":
        b = np.concatenate([np.zeros(pre), b[: len(b) - pre]])
    return replace(identity, lsb=int(np.abs(a - b).max(initial=0)))


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
