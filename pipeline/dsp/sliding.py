"""Sums over every window of a row, by doubling: ``S_2L[k] = S_L[k] + S_L[k+L]``, and a length by its binary digits.

Nothing is subtracted, so that a sum of squares has a *relative* error of at most ``depth(m) u`` with ``u = eps / 2``,
whatever stands beside the window: running sums carry the rounding of a burst on to all that follows it.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from ..kernel import Array

__all__ = ["depth", "sliding_any", "sliding_sums"]


def depth(length: int) -> int:
    """Additions, at most, that any sample goes through in a window of ``length``."""
    return 2 * length.bit_length()


def sliding_sums(rows: Array, lengths: Iterable[int], windows: int) -> dict[int, Array]:
    """``out[m][..., k] = sum_{i<m} rows[..., k+i]`` for each length m, k below ``windows``; rows of windows+m-1."""
    wanted = set(lengths)
    sums: dict[int, Array] = {}
    power, spare, size = rows, None, 1  # power[..., k] is the sum of `size` samples from k on
    while True:
        for m in wanted:
            if m & size:
                part = power[..., m & (size - 1) :][..., :windows]  # behind those of the lower digits
                if m in sums:
                    sums[m] += part
                else:
                    sums[m] = part.copy()
        if 2 * size > max(wanted):
            return sums
        kept = power.shape[-1] - size
        doubled = np.empty((*rows.shape[:-1], kept)) if spare is None else spare[..., :kept]
        np.add(power[..., :kept], power[..., size:], out=doubled)
        spare, power = (None if power is rows else power), doubled
        size *= 2


def sliding_any(marks: npt.NDArray[np.bool_], length: int, windows: int) -> npt.NDArray[np.bool_]:
    """Whether any of ``marks[..., k:k+length]`` is set, for k = 0..windows-1."""
    counts = np.zeros((*marks.shape[:-1], marks.shape[-1] + 1), np.int64)
    np.cumsum(marks, axis=-1, out=counts[..., 1:])
    return counts[..., length : length + windows] > counts[..., :windows]
