"""Compares the output of a program with the true convolution, before its time is worth anything.

Programs differ in what they may: one shifts the output because it centres the kernel, one cuts the tail, one applies
a gain of its own. What a program may do is stated beside it; anything else makes its output wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

__all__ = ["TOLERANCE", "Agreement", "compare", "true_convolution"]

TOLERANCE = 1e-5
"""Of the largest sample: a hundred times what single precision costs here, a thousandth of any real mistake."""


@dataclass(frozen=True)
class Agreement:
    """How far an output is from the true one, relative to the largest true sample, once its gain is taken out."""

    difference: float
    gain: float
    frames: int
    note: str = ""

    @property
    def agrees(self) -> bool:
        """Whether nothing but rounding differs."""
        return self.difference <= TOLERANCE

    def __str__(self) -> str:
        verdict = "agrees" if self.agrees else f"DOES NOT AGREE{f' ({self.note})' if self.note else ''}"
        gain = "" if abs(self.gain - 1) < TOLERANCE else f", gain {self.gain:.6g}"
        return f"{verdict}: largest difference {self.difference:.1e} of the peak{gain}, over {self.frames} frames"


def true_convolution(x: NDArray[np.floating], h: NDArray[np.floating]) -> NDArray[np.float64]:
    """All frames of ``x * h``, channel by channel, in double precision by a library that is not under test."""
    result: NDArray[np.float64] = scipy.signal.oaconvolve(x.astype(np.float64), h.astype(np.float64), axes=0)
    return result


def compare(
    true: NDArray[np.float64],
    output: NDArray[np.floating],
    gains: Sequence[float] | None = (1.0,),
    early: int = 0,
) -> Agreement:
    """Compare an output with the true one, over the frames that both have.

    Parameters
    ----------
    true, output
        ``(frames, channels)``; the channels of ``output`` are the first ones of ``true``.
    gains
        that the program may apply; None allows any. The one nearest to the gain found is taken out.
    early
        frames by which the output comes before the true one: frame n of the output is frame ``n + early``.
    """
    expected = true[early : early + len(output), : output.shape[1]]
    got = output[: len(expected)].astype(np.float64)
    if not len(got) or not np.isfinite(got).all():
        return Agreement(np.inf, np.nan, len(got), "no frames" if not len(got) else "not finite")
    if not got.any():
        return Agreement(1.0, 0.0, len(got), "silence")
    found = float(np.vdot(expected, got) / np.vdot(expected, expected))
    gain = found if gains is None else min(gains, key=lambda allowed: abs(allowed - found))
    if gain == 0:
        return Agreement(1.0, 0.0, len(got), "unrelated")
    difference = float(np.abs(got / gain - expected).max() / np.abs(expected).max())
    note = f"gain found {found:.6g}" if abs(found / gain - 1) > TOLERANCE else "not the same signal"
    return Agreement(difference, gain, len(got), note)
