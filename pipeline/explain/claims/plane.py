"""Convolution and correlation in the plane, each by its own definition, for the experiments in two dimensions.

Convention: images are ``(rows, columns)``. Convolution launches a copy of the kernel from every pixel; correlation
lays the kernel on every place and sums the products. Neither is made from the other.
"""

from __future__ import annotations

import numpy as np

from ...kernel import Taps

__all__ = ["HOOK", "LINE", "laid", "launched", "turned"]

HOOK: Taps = np.array([[5.0, 4.0, 3.0], [0.0, 0.0, 2.0], [0.0, 0.0, 1.0]])
"""A hook that fades: it differs from each of its turns and mirror images, and from its transpose."""

LINE: Taps = np.eye(3)
"""A straight line, which is its own turn by 180 degrees and its own transpose."""


def launched(x: Taps, k: Taps) -> Taps:
    """Convolution, all of it: ``y[i, j] = sum_pq k[p, q] x[i-p, j-q]``, ``(R + r - 1, C + c - 1)``."""
    out = np.zeros((x.shape[0] + k.shape[0] - 1, x.shape[1] + k.shape[1] - 1))
    for (i, j), value in np.ndenumerate(x):
        out[i : i + k.shape[0], j : j + k.shape[1]] += value * k
    return out


def laid(x: Taps, k: Taps) -> Taps:
    """Correlation where the kernel lies wholly inside: ``r[i, j] = sum_pq k[p, q] x[i+p, j+q]``."""
    windows = np.lib.stride_tricks.sliding_window_view(x, k.shape)
    out: Taps = (windows * k).sum(axis=(2, 3))
    return out


def turned(k: Taps) -> Taps:
    """The kernel turned by 180 degrees: rows and columns both reversed."""
    return k[::-1, ::-1]
