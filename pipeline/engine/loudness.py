"""By how much a stage makes a signal louder, said before it clips, with the setting that keeps it from that."""

from __future__ import annotations

import math

import numpy as np

from ..kernel import Kernel
from ..stages.base import Stage
from ..text import decibels

LOUDER = "keeps it from clipping"


def louder(stage: Stage, kernel: Kernel) -> tuple[str, ...]:
    """What to know of a stage whose taps make noise, or the worst signal, louder by over 1 dB.

    What the worst signal may meet is told only of stages that name a setting of theirs, ``quieter``: any long kernel
    is loud for some signal.
    """
    fixes: tuple[str, ...] = getattr(stage, "quieter", ("clip: scale",))  # what helps all, then what helps noise
    noise, worst = _gain_of_noise(kernel), kernel.norm1
    one, most = 10 ** (1 / 20), decibels(worst)
    if one < noise < math.inf:
        helps = "; ".join([f"{fixes[0]} {LOUDER}", *fixes[1:]])
        if most == decibels(noise):
            return (f"a signal comes out {most} dB louder: {helps}",)
        return (f"noise comes out {decibels(noise)} dB louder, at worst a signal {most} dB: {helps}",)
    if len(fixes) > 1 and one < worst < math.inf:
        return (f"at worst a signal comes out {most} dB louder: {fixes[0]} {LOUDER}",)
    return ()


def _gain_of_noise(kernel: Kernel) -> float:
    """Gain of noise that is another in each channel: where several lead to one, their energies add up."""
    if kernel.taps.ndim < 3:
        return kernel.norm2
    with np.errstate(over="ignore"):
        return float(np.sqrt(np.square(kernel.taps).sum(axis=(0, 1)).max()))
