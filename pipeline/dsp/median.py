"""The median of numbers that come in pieces, to 2^-11 of itself, from a histogram over the bits of the numbers.

The sign apart, a float is its exponent and its mantissa: shifted right, its bits are the number of a bin whose width
is 2^-10 of the values in it. No pass is repeated, and how the numbers were cut changes nothing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..kernel import Array

__all__ = ["RunningMedian"]

_SHIFT = 52 - 10  # of the mantissa's 52 bits 10 are kept


class RunningMedian:
    """The median of |x| over all x that are not 0: a score of exactly 0 is none."""

    def __init__(self) -> None:
        self._first = 0  # number of the first bin that is counted
        self._counts: npt.NDArray[np.int64] = np.zeros(0, np.int64)

    def add(self, x: Array) -> None:
        """Count float64 numbers in."""
        bins = (x.view(np.int64) & np.int64(2**63 - 1)) >> _SHIFT
        bins = bins[x != 0]
        if not len(bins):
            return
        first = int(bins.min())
        self._count(first, np.bincount(bins - first))

    def join(self, other: RunningMedian) -> None:
        """Count in what another has counted."""
        if len(other._counts):
            self._count(other._first, other._counts)

    def _count(self, first: int, counts: npt.NDArray[np.int64]) -> None:
        low = min(first, self._first) if len(self._counts) else first
        high = max(first + len(counts), self._first + len(self._counts))
        total = np.zeros(high - low, np.int64)
        total[self._first - low :][: len(self._counts)] += self._counts
        total[first - low :][: len(counts)] += counts
        self._first, self._counts = low, total

    def value(self) -> float:
        """The middle of the bin that holds the median, the lower one of two; NaN where nothing was counted."""
        if not len(self._counts):
            return float("nan")
        at = int(np.searchsorted(np.cumsum(self._counts), (self._counts.sum() + 1) // 2))
        bits = ((self._first + at) << _SHIFT) + (1 << (_SHIFT - 1))
        return float(np.int64(bits).view(np.float64))
