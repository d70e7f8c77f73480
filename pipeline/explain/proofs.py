"""Small measurements behind the identities: differences between arrays, and sums by the definition itself.

Convention: a difference is the largest magnitude, as a share of the largest sample of either side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..kernel import Taps
from .identity import Identity

__all__ = ["FRAMES", "difference", "lsb_between", "worst_against_definition"]

FRAMES = 200
"""Frames at which a sum is done by its definition: enough to find a fault, few enough to be quick."""

_PAIRS = {
    "06_is_05_delayed": ("06_convolved_with_reversed", "05_correlated"),
    "07_is_05": ("07_reverse_convolve_reverse", "05_correlated"),
    "08_null_is_silent": ("08_symmetric_convolved", "08_symmetric_correlated"),
}


def difference(a: Taps, b: Taps) -> float:
    """``max|a - b|``, as a share of the largest sample; 0 for two silences."""
    scale = max(float(np.abs(a).max(initial=0.0)), float(np.abs(b).max(initial=0.0)))
    return float(np.abs(a - b).max(initial=0.0)) / scale if scale > 0 else 0.0


def worst_against_definition(out: Taps, x: Taps, h: Taps, zero: int, direction: int, count: int = FRAMES) -> float:
    """How far an output is from ``sum_k h[k] x[n + direction*k]``, summed in long double at ``count`` frames.

    ``out`` begins ``zero`` frames before frame 0; ``direction`` is -1 for convolution, +1 for correlation.
    """
    frames = np.random.default_rng(0).integers(1 - len(h), len(x) + len(h) - 1, count)
    k = np.arange(len(h))
    worst = 0.0
    for n in (int(np.abs(out).argmax()) - zero, *frames.tolist()):
        i = n + direction * k
        inside = (i >= 0) & (i < len(x))
        exact = np.sum(h[inside].astype(np.longdouble) * x[i[inside]])
        worst = max(worst, abs(float(exact) - float(out[n + zero])))
    scale = float(np.abs(out).max(initial=0.0))
    return worst / scale if scale > 0 else worst


def lsb_between(identity: Identity, written: Mapping[str, Taps], pre: int) -> Identity:
    """The same identity with its residual between the 16-bit samples, where it is one between two files."""
    if identity.name not in _PAIRS:
        return identity
    a, b = (written[name] for name in _PAIRS[identity.name])
    if identity.name == "06_is_05_delayed":
        b = np.concatenate([np.zeros(pre), b[: len(b) - pre]])
    return replace(identity, lsb=int(np.abs(a - b).max(initial=0)))
