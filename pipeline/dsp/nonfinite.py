"""Keeps a sample that is not finite to the frames it touches, where a transform would spread it over a whole block.

The sample is set to 0 for the transform, and what it really does is added afterwards by the definition: to the M
frames from it on, and to no other.
"""

from __future__ import annotations

import math

import numpy as np

from ..kernel import Array, Kernel

Sample = tuple[int, int, int, float]
"""First frame, end, channel and value of a run of NaN, or of one infinity."""


def all_finite(x: Array) -> bool:
    """Whether no sample is NaN or infinite: the largest and the smallest are not, and one NaN is both of them."""
    return not x.size or (math.isfinite(x.max()) and math.isfinite(x.min()))


def extract(planar: Array, first: int, known: int) -> list[Sample]:
    """Set to 0 what is not finite in (channels, n) frames from frame ``first`` on; the samples that were extracted.

    Those before index ``known`` were given with an earlier block.
    """
    if all_finite(planar):
        return []
    found: list[Sample] = []
    for channel, row in enumerate(planar):
        missing, infinite = np.isnan(row), np.isinf(row)
        edges = np.flatnonzero(np.diff(missing[known:], prepend=False, append=False)) + known
        found += [(first + int(a), first + int(b), channel, np.nan) for a, b in edges.reshape(-1, 2)]
        positions = np.flatnonzero(infinite[known:]) + known
        found += [(first + int(i), first + int(i) + 1, channel, float(row[i])) for i in positions]
        row[missing | infinite] = 0
    return found


class NonFinite:
    """Samples that were extracted, kept until every frame that they touch has been given out."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._samples: list[Sample] = []

    def note(self, samples: list[Sample]) -> None:
        """Remember samples that were extracted."""
        self._samples += samples

    def add_to(self, out: Array, first: int) -> None:
        """Add to (n, channels out) frames from frame ``first`` on what the samples do there."""
        if not self._samples:
            return
        taps, end = self._kernel.taps, first + len(out)
        reach = self._kernel.length - 1
        for start, stop, channel, value in sorted(self._samples, key=lambda sample: np.isnan(sample[3])):
            a, b = max(start, first), min(stop + reach, end)
            if a >= b:
                continue
            reached = slice(None) if taps.ndim == 3 else slice(channel, channel + 1)
            if np.isnan(value):
                out[a - first : b - first, reached] = np.nan
                continue
            heard = taps[a - start : b - start]
            column = (
                heard[:, channel]
                if taps.ndim == 3
                else heard.reshape(b - a, -1)[:, channel if taps.ndim == 2 else 0, None]
            )
            with np.errstate(invalid="ignore"):
                out[a - first : b - first, reached] += value * column
        self._samples = [sample for sample in self._samples if sample[1] + reach > end]
