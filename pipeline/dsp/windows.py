"""Smoothing windows as kernels: each function gives M taps, scaled so that their sum, the gain of a constant, is 1.

Convention: ``h[0]`` weighs the newest sample, ``y[n] = sum_k h[k] x[n-k]``. The symmetric ones are symmetric bit for
bit, so that centred on their middle tap they move nothing in time.
"""

from __future__ import annotations

import math

import numpy as np

from ..kernel import Taps


def moving_average(m: int) -> Taps:
    """``h[k] = 1/M``."""
    return np.full(m, 1.0 / m)


def hann(m: int) -> Taps:
    """``h[k] ~ sin^2(pi (k+1) / (M+1))``: a Hann window without its two zero ends (Blackman and Tukey, 1958)."""
    return _unit_dc(_symmetric(np.sin(np.pi * np.arange(1, m + 1) / (m + 1)) ** 2))


def gaussian(m: int, sigma: float | None = None) -> Taps:
    """``h[k] ~ exp(-((k - (M-1)/2) / sigma)^2 / 2)``; sigma in frames, M/6 where not given: cut at three sigma."""
    k = np.arange(m) - (m - 1) / 2
    return _unit_dc(_symmetric(np.exp(-0.5 * (k / (m / 6 if sigma is None else sigma)) ** 2)))


def exponential_length(time_constant: float, level: float = 1e-6) -> int:
    """Taps until ``exp(-k / time_constant)`` has fallen to ``level``; the time constant in frames."""
    return math.ceil(-time_constant * math.log(level)) + 1


def exponential(time_constant: float, level: float = 1e-6, *, two_sided: bool = False) -> Taps:
    """``h[k] ~ exp(-k / time_constant)``, a first-order low-pass, cut where it has fallen to ``level``.

    The time constant in frames. ``two_sided`` gives ``exp(-|k| / time_constant)`` about the middle tap.
    """
    h = np.exp(-np.arange(exponential_length(time_constant, level)) / time_constant)
    return _unit_dc(np.concatenate([h[:0:-1], h]) if two_sided else h)


def savitzky_golay(m: int, order: int, derivative: int = 0, *, newest: bool = False) -> Taps:
    """The value, or a derivative per frame, of the polynomial fitted to M samples by least squares.

    With A the polynomials at the samples' times, ``h = A (A^T A)^-1 v``, where v holds what is asked of each
    polynomial at the middle of the M samples, or at the ``newest``. Legendre polynomials on [-1, 1] keep
    ``A^T A`` well conditioned. Savitzky and Golay, Analytical Chemistry 36 (1964) 1627; ends: Gorry (1990).

    Raises
    ------
    ValueError
        ``derivative <= order < M`` does not hold.
    """
    if not 0 <= derivative <= order < m:
        raise ValueError(f"a fit needs derivative <= order < M, got {derivative=}, {order=}, M={m}")
    from numpy.polynomial import legendre

    half = max((m - 1) / 2, 0.5)
    times = ((m - 1) / 2 - np.arange(m)) / half  # tap k is k frames old; +1 is the newest
    asked = legendre.legval(1.0 if newest and m > 1 else 0.0, legendre.legder(np.eye(order + 1), derivative))
    q, r = np.linalg.qr(legendre.legvander(times, order))
    h: Taps = q @ np.linalg.solve(r.T, asked) / half**derivative
    if not newest:
        h = _symmetric(h, -1 if derivative % 2 else 1)
    return h if derivative else _unit_dc(h)


def _symmetric(h: Taps, sign: int = 1) -> Taps:
    symmetric: Taps = (h + sign * h[::-1]) / 2
    return symmetric


def _unit_dc(h: Taps) -> Taps:
    scaled: Taps = h / h.sum()
    return scaled
