"""Ratios of two rates, exactly: a rate is the plainest fraction that its double stands for."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache


@lru_cache  # a batch asks for each file
def rate_ratio(fs_in: float, fs_out: float) -> Fraction:
    """``fs_out / fs_in``: that of 42.666666666666664 Hz and 10 Hz is 15/64, for the first is 128/3 Hz.

    Examples
    --------
    >>> rate_ratio(128 / 3, 10.0)
    Fraction(15, 64)
    """
    return _plain(fs_out) / _plain(fs_in)


def _plain(fs: float) -> Fraction:
    """The fraction of the smallest denominator, by powers of 16, that is the same double."""
    tried = (Fraction(fs).limit_denominator(1 << bits) for bits in range(4, 28, 4))
    return next((fraction for fraction in tried if float(fraction) == fs), Fraction(fs))


def frames_after(frames: int, fs_in: float, fs_out: float) -> int:
    """``ceil(frames * fs_out / fs_in)``, exactly: the frames of the same stretch of time at another rate."""
    ratio = rate_ratio(fs_in, fs_out)
    return -(-frames * ratio.numerator // ratio.denominator)
