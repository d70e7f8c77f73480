"""Convolution by its definition in long double, and the error bounds that results are held to.

Nothing here is shared with the package: the sums are written out, and the bounds come from the data's own sizes.
"""

from __future__ import annotations

import numpy as np


def direct_sum(x: np.ndarray, taps: np.ndarray) -> np.ndarray:
    """All N + M - 1 frames of ``y[n] = sum_k h[k] x[n-k]``, for x (N, C) and taps (M,), (M, C) or (M, C_in, C_out)."""
    x = np.asarray(x, np.longdouble)
    h = np.asarray(taps, np.longdouble)
    if len(x) == 0:
        return np.zeros((0, h.shape[2] if h.ndim == 3 else x.shape[1]), np.longdouble)
    if h.ndim == 3:
        outputs = [
            sum(_one(x[:, i], h[:, i, o]) for i in range(h.shape[1]))  #
            for o in range(h.shape[2])
        ]
        return np.stack(outputs, axis=1)
    columns = [_one(x[:, c], h if h.ndim == 1 else h[:, c]) for c in range(x.shape[1])]
    return np.stack(columns, axis=1)


def _one(x: np.ndarray, h: np.ndarray) -> np.ndarray:
    out = np.zeros(len(x) + len(h) - 1, np.longdouble)
    short, long = (x, h) if np.count_nonzero(x) < np.count_nonzero(h) else (h, x)
    for k in np.flatnonzero(short):
        out[k : k + len(long)] += short[k] * long
    return out


def bound_direct(x: np.ndarray, taps: np.ndarray, eps: float) -> np.ndarray:
    """``K eps sum_k |h[k]| |x[n-k]|``, K the number of taps that are summed."""
    h = np.abs(np.asarray(taps, np.longdouble))
    terms = np.count_nonzero(h.reshape(len(h), -1).any(axis=1)) * (h.shape[1] if h.ndim == 3 else 1)
    return max(terms, 1) * eps * direct_sum(np.abs(x), h)


def bound_fft(x: np.ndarray, taps: np.ndarray, eps: float, n_fft: int, block: int, partitions: int = 1) -> np.ndarray:
    """``1/2 eps log2(M) ||h||_2 ||x_block||_2``, for each frame with the input frames that its block is made from."""
    h = np.asarray(taps, np.float64)
    paths = h.reshape(len(h), -1)
    norm = np.sqrt((paths**2).sum(axis=0).max()) * np.sqrt(h.shape[1] if h.ndim == 3 else 1)
    total = len(x) + len(h) - 1
    energy = np.concatenate([[0.0], np.cumsum((np.asarray(x, np.float64) ** 2).sum(axis=1))])
    bound = np.empty(total)
    reach = n_fft - block + (partitions - 1) * block
    for start in range(0, total, block):
        a, b = max(0, start - reach), min(len(x), start + block)
        bound[start : start + block] = np.sqrt(max(energy[b] - energy[min(a, b)], 0.0)) if b > a else 0.0
    return 0.5 * eps * np.log2(max(len(h), 2)) * norm * bound[:, None]
