"""Real transforms of rows: ducc0's where it is installed, else scipy's and whatever backend is set under scipy's.

A backend set with ``scipy.fft.set_global_backend`` always wins, and ``FALTUNG_FFT=scipy`` leaves ducc0 out. Which
library computes decides the rounding: the choice is made once a process, when the first transform is asked for.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from ..kernel import Array

__all__ = ["irfft", "library", "rfft"]


@cache
def library() -> str:
    """What computes the transforms: ``"ducc0"`` or ``"scipy"``."""
    if os.environ.get("FALTUNG_FFT", "") == "scipy" or _backend_was_set():
        return "scipy"
    return "ducc0" if _ducc0() is not None else "scipy"


@cache
def _ducc0() -> ModuleType | None:
    try:
        from ducc0 import fft
    except ImportError:
        return None
    return fft  # type: ignore[no-any-return]


def _backend_was_set() -> bool:
    """Whether somebody put another library under scipy.fft; where that cannot be told, yes."""
    if "scipy.fft" not in sys.modules:
        return False
    try:
        from scipy._lib import uarray
        from scipy.fft._backend import _ScipyBackend

        (backend, *_), *_ = uarray.get_state()._pickle()[0]["numpy.scipy.fft"]  # type: ignore[attr-defined]
    except (ImportError, AttributeError, KeyError, TypeError, ValueError):
        return True
    return backend is not _ScipyBackend


def rfft(rows: Array) -> Array:
    """``X[k] = sum_n x[n] exp(-2 pi i k n / N)`` along the last axis: (..., N) real to (..., N // 2 + 1) complex."""
    ducc0 = _ducc0() if library() == "ducc0" else None
    if ducc0 is not None:
        return np.asarray(ducc0.r2c(rows, axes=(rows.ndim - 1,)))
    from scipy import fft

    return np.asarray(fft.rfft(rows, axis=-1))


def irfft(spectra: Array, n: int) -> Array:
    """The inverse of `rfft` for rows of ``n``: (..., n // 2 + 1) complex to (..., n) real; the spectra are used up."""
    ducc0 = _ducc0() if library() == "ducc0" else None
    if ducc0 is not None:
        options: dict[str, Any] = {"forward": False, "inorm": 2, "allow_overwriting_input": True}
        return np.asarray(ducc0.c2r(spectra, axes=(spectra.ndim - 1,), lastsize=n, **options))
    from scipy import fft

    return np.asarray(fft.irfft(spectra, n, axis=-1, overwrite_x=True))
