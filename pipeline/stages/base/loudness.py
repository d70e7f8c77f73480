"""By how much a stage makes a signal louder, said before it clips, with the setting that keeps it from that."""

from __future__ import annotations

import math

import numpy as np

from ...kernel import Array, Kernel
from ...text import decibels
from . import Stage

LOUDER = "keeps it from clipping"
SQUARE = "a square wave comes out"
_ONE, _HALF = 10 ** (1 / 20), 10 ** (0.5 / 20)  # 1 dB, half of it
FULL = 1 / _HALF
"""A signal half a dB below full scale; square waves, which each sharp filter makes louder, matter to none below."""


def louder(stage: Stage, kernel: Kernel) -> tuple[str, ...]:
    """What to know of a stage whose taps make noise, or the worst signal, louder by over 1 dB, a square wave by half.

    What the worst signal may meet is told only of stages that name a setting of theirs, ``quieter``: any long kernel
    is loud for some signal.
    """
    fixes: tuple[str, ...] = getattr(stage, "quieter", ("clip: scale",))  # what helps all, then what helps noise
    noise, worst = _gain_of_noise(kernel), kernel.norm1
    most = decibels(worst)
    if _ONE < noise < math.inf:
        helps = "; ".join([f"{fixes[0]} {LOUDER}", *fixes[1:]])
        if most == decibels(noise):
            return (f"a signal comes out {most} dB louder: {helps}",)
        return (f"noise comes out {decibels(noise)} dB louder, at worst a signal {most} dB: {helps}",)
    if len(fixes) > 1 and _ONE < worst < math.inf:
        return (f"at worst a signal comes out {most} dB louder: {fixes[0]} {LOUDER}",)
    with np.errstate(over="ignore", invalid="ignore"):
        sums = np.cumsum(kernel.taps, axis=0)
        answer = np.abs(2 * sums - sums[-1])
        return louder_square(answer if kernel.taps.ndim < 3 else answer.sum(axis=1), fixes[0])


def louder_square(answer: Array, fix: str = "clip: scale") -> tuple[str, ...]:
    """What to know of the answer to a signal that was -1 for long, then is 1."""
    most = float(np.abs(answer).max())
    return (f"{SQUARE} {decibels(most)} dB louder: {fix} {LOUDER}",) if _HALF < most < math.inf else ()


def _gain_of_noise(kernel: Kernel) -> float:
    """Gain of noise that is another in each channel: where several lead to one, their energies add up."""
    if kernel.taps.ndim < 3:
        return kernel.norm2
    with np.errstate(over="ignore"):
        return float(np.sqrt(np.square(kernel.taps).sum(axis=(0, 1)).max()))
