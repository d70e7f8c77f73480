"""Statistics that draw the line between a find and chance: on the scores a template and of its decoy.

A score's size is ``s = |score|``. The null is made of the peaks of a decoy, ``d_1 >= d_2 >= ... >= d_n``, and says
how many peaks at or above a size chance is expected to give in as much of the same signal.

Sources: S. O. Rice, Mathematical analysis of random noise, Bell Syst. Tech. J. 23-24 (1944-45), for the rate at which
noise crosses a level; A. Renyi, On the theory of order statistics (1953), for the spacings of exponential peaks;
J. Elias and S. Gygi, Target-decoy search strategy, Nature Methods 4 (2007), and L. He et al. (2015) for the one added.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ..kernel import Array

MIN_DECOYS = 40
"""Least number of peaks of a null: with fewer it says nothing of its tail."""

_RANKS = 10  # expected peaks from which on the decoys are counted; below, their tail is extended
_TAIL = 50  # of the largest decoys, at most a twentieth of all, at least _LEAST: what the tail is fitted to
_LEAST = 20
_MAD = 0.6744897501960817  # median |z| of a standard normal z
_SHIFT = 52 - 10  # of the mantissa's 52 bits 10 are kept

Sizes = npt.NDArray[np.float64]


class Null:
    """Null distribution: how many peaks of chance are expected at or above a size.

    Down to about 10 expected the decoys are counted: ``E(s) = max(1 + #{d > s}, #{d >= s})``, which is j at ``d_j``.
    Beyond, their tail is extended. Noise crosses a level r of a normalised correlation at a rate proportional to
    ``(1 - r^2)^a``, and a level z of a plain one at ``exp(-a z^2)`` (Rice), so ``u = -log(1 - s^2)``, or ``u = s^2``,
    has an exponential tail of unknown mean. Of the k largest, above ``u_{k+1}``, the sum of the excesses is
    ``S = sum_j (u_j - u_{k+1})``, and ``S / k`` the mean by maximum likelihood. What is expected above u is then

        ``E(u) = (k + 1) (1 + (u - u_{k+1}) / S)^-k``,

    exact for exponential tails with the error of the estimated mean averaged over (put the estimate in for the mean,
    and the factor would be ``exp(-k (u - u_{k+1}) / S)``: too few).

    Parameters
    ----------
    scores
        of the decoy's peaks, at least `MIN_DECOYS`.
    bounded
        whether scores lie in [-1, 1], as Pearson's r does.
    """

    def __init__(self, scores: Sizes, *, bounded: bool = True) -> None:
        if len(scores) < MIN_DECOYS:
            raise ValueError(f"a null needs at least {MIN_DECOYS} peaks, got {len(scores)}")
        self._bounded = bounded
        self._sizes = np.sort(np.abs(scores))
        self._k = min(_TAIL, max(_LEAST, len(scores) // 20))
        largest = self._stretched(self._sizes[-self._k - 1 :])
        self._base = largest[0]
        self._sum = max(float((largest[1:] - largest[0]).sum()), np.finfo(np.float64).tiny)  # 0: all are alike

    def expected(self, sizes: npt.ArrayLike) -> Sizes:
        """E of each size."""
        sizes = np.asarray(sizes, np.float64)
        above = len(self._sizes) - np.searchsorted(self._sizes, sizes, "right")
        counted = np.maximum(1 + above, len(self._sizes) - np.searchsorted(self._sizes, sizes, "left"))
        excess = np.maximum(self._stretched(sizes) - self._base, 0.0)
        tail = (self._k + 1) * np.exp(-self._k * np.log1p(excess / self._sum))
        return np.where(counted > _RANKS, counted, np.minimum(tail, _RANKS))

    def size_at(self, count: float) -> float:
        """The smallest size with ``E <= count``; 0 where all of the decoys are not that many."""
        if count >= len(self._sizes):
            return 0.0
        rank = max(_RANKS, int(count))
        counted = max(self._sizes[-rank], np.nextafter(self._sizes[-rank - 1], np.inf))
        if count >= _RANKS:
            return float(counted)
        u = self._base + self._sum * math.expm1(math.log((self._k + 1) / count) / self._k)
        return max(float(counted), math.sqrt(-math.expm1(-u)) if self._bounded else math.sqrt(u))

    def spread(self, count: float) -> float:
        """The factor, up or down, by which `size_at` of a count may be wrong: one standard deviation of log E."""
        if count >= _RANKS:
            return math.exp(1.0 / math.sqrt(count))
        return math.exp(math.sqrt((1.0 + math.log((self._k + 1) / count) ** 2) / self._k))

    def _stretched(self, sizes: Sizes) -> Sizes:
        """``u``, whose tail is exponential."""
        squares = sizes**2
        return -np.log1p(-np.minimum(squares, 1.0 - np.finfo(np.float64).epsneg)) if self._bounded else squares


def fdr_size(targets: Sizes, decoys: Sizes, q: float) -> float:
    """The smallest score among the targets with ``(1 + #{d >= s}) / #{t >= s} <= q``; infinity where there is none.

    The one that is added makes the mean of the false discovery proportion at most q, where targets that are chance
    score as decoys do.
    """
    sizes = np.sort(np.abs(targets))
    accepted = len(sizes) - np.searchsorted(sizes, sizes, "left")
    chance = 1 + len(decoys) - np.searchsorted(np.sort(np.abs(decoys)), sizes, "left")
    holds = np.flatnonzero(chance <= q * accepted)
    return float(sizes[holds[0]]) if len(holds) else math.inf


def gaussian_rate(k: float, fs: float) -> float:
    """At most so many windows a second reach ``k`` times the median |score|, where the scores are Gaussian.

    The median of |z| is 0.6745 sigma, so ``rate = fs erfc(0.6745 k / sqrt 2)``, one window a frame. Neighbours score
    alike, so events are fewer.
    """
    return fs * math.erfc(_MAD * k / math.sqrt(2.0))


class RunningMedian:
    """Median of |x| over all x that are not 0, to 2^-11 of itself: a score of exactly 0 is none.

    The numbers may come in pieces. The sign apart, a float is its exponent and its mantissa: shifted right, its bits
    are the number of a bin whose width is 2^-10 of the values in it. No pass is repeated, and how the numbers were cut
    changes nothing.
    """

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
