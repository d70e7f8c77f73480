"""The twelve sounds of the flip, and the proof on their samples of what is said about them.

Convention: every sound begins with 0.5 s of silence. All that are made from the signal share one time line: after the
silence come ``M-1`` frames of pre-roll, then time zero. One gain is common to all, so loudness may be compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..engine.functional import convolve, correlate
from ..kernel import Kernel, Taps
from .identity import Identity, identity, rounding_bound
from .proofs import FRAMES, difference, lsb_between, worst_against_definition
from .scene import chirps, symmetric_pair

__all__ = ["Sound", "SoundSet", "make_sounds", "wav_bytes"]

HEADROOM = 0.9  # the loudest sample of all sounds
LEAD_S = 0.5
PAIR_S = 0.18


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
    from ..io.wav import wav_header

    return wav_header(sound.fs, 1, "PCM_16", len(sound.samples)) + codes(sound.samples).astype("<i2").tobytes()


def codes(samples: Taps) -> Taps:
    """The nearest 16-bit codes, full scale being 32768; nothing here is loud enough to be clipped."""
    return np.rint(samples * 32768)


def make_sounds(x: Taps, h: Taps, fs: int) -> SoundSet:
    """The set for a signal (N,) and a kernel (M,), both at ``fs`` Hz."""
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
        "04_convolved": on_line(convolve(x, h), 0),
        "05_correlated": on_line(correlate(x, h), -pre),
        "06_convolved_with_reversed": on_line(convolve(x, turned), 0),
        "07_reverse_convolve_reverse": on_line(convolve(x[::-1], h)[::-1], -pre),
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
    proofs = _proofs(raw, x, h, pre, zero) + _found(score, backwards, at, decoy)
    written = {name: codes(sound.samples) for name, sound in sounds.items()}
    proofs = tuple(lsb_between(proof, written, pre) for proof in proofs)
    facts = {"lead": lead, "pre_roll": pre, "chirp_at": at, "decoy_at": decoy, "scene_template": len(up)}
    return SoundSet(tuple(sounds.values()), proofs, gain, zero, facts)


def _proofs(raw: dict[str, Taps], x: Taps, h: Taps, pre: int, zero: int) -> tuple[Identity, ...]:
    y, r = raw["04_convolved"], raw["05_correlated"]
    bound = rounding_bound(x, h, float(np.abs(r).max(initial=0.0)))
    bound_y = rounding_bound(x, h, float(np.abs(y).max(initial=0.0)))
    long = float(np.finfo(np.float64).eps) * len(y)  # a sum of that many terms
    late = np.concatenate([np.zeros(pre), r[: len(r) - pre]])
    total, size = float(x.sum() * h.sum()), float(np.abs(x).sum() * np.abs(h).sum()) or 1.0
    sums = max(abs(float(y.sum()) - total), abs(float(r.sum()) - total)) / size
    spectra = difference(np.abs(np.fft.rfft(y)), np.abs(np.fft.rfft(r)))
    return (
        identity("04_is_convolution", worst_against_definition(y, x, h, zero, -1), bound_y, count=FRAMES),
        identity("05_is_correlation", worst_against_definition(r, x, h, zero, +1), bound, count=FRAMES),
        identity("06_is_05_delayed", difference(raw["06_convolved_with_reversed"], late), bound, pre=pre),
        identity("07_is_05", difference(raw["07_reverse_convolve_reverse"], r), bound),
        identity("same_sum", sums, long),
        identity("same_spectrum", spectra, long),
        identity("08_null_is_silent", np.abs(raw["08_null"]).max(initial=0.0), 0.0),
    )


def _found(score: int, backwards: int, at: int, decoy: int) -> tuple[Identity, ...]:
    return (
        identity("10_finds_the_chirp", abs(score - at), 0.0, found=score, true=at),
        identity("11_finds_the_backwards_one", abs(backwards - decoy), 0.0, found=backwards, true=decoy),
    )
