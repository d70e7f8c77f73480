"""Real transforms of rows: ducc0's where it is installed, else scipy's and whatever backend is set under scipy's.

A backend set with ``scipy.fft.set_global_backend`` always wins, and ``FALTUNG_FFT=scipy`` leaves ducc0 out. Which
library computes decides the rounding: the choice is made once a process, when the first transform is asked for.

Where no backend is set, scipy's compiled transforms are called directly: they are the same to the last bit, write
into arrays that are there already, and come without the modules around them, whose import takes 0.1 s and 20 MB.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any

import numpy as np

from ..kernel import Array

_POCKETFFT = "scipy.fft._pocketfft.pypocketfft"
_loading = Lock()


@cache
def library() -> str:
    """Name of the library that computes the transforms: ``"ducc0"`` or ``"scipy"``."""
    if os.environ.get("FALTUNG_FFT", "") == "scipy" or _backend_was_set():
        return "scipy"
    return "ducc0" if find_spec("ducc0") is not None else "scipy"


@cache
def _compiled() -> ModuleType | None:
    """The module whose ``r2c`` and ``c2r`` compute, ducc0's and scipy's alike; None: they are called by scipy.fft."""
    with _loading:  # threads that ask at once: a module stands in sys.modules before it is filled
        if library() == "ducc0":
            from ducc0 import fft

            return fft  # type: ignore[no-any-return]
        return None if _backend_was_set() else _pocketfft()


def _pocketfft() -> ModuleType | None:
    """The compiled part of scipy.fft, by itself; None if this scipy keeps it elsewhere."""
    if _POCKETFFT in sys.modules:
        return sys.modules[_POCKETFFT]
    scipy = find_spec("scipy")
    folders = [str(Path(place, "fft", "_pocketfft")) for place in (scipy and scipy.submodule_search_locations) or ()]
    spec = PathFinder.find_spec(_POCKETFFT, folders)
    if spec is None or spec.loader is None:
        return None
    try:
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
    except ImportError:
        return None
    return module


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


def rfft(rows: Array, out: Array | None = None) -> Array:
    """``X[k] = sum_n x[n] exp(-2 pi i k n / N)`` along the last axis: (..., N) real to (..., N // 2 + 1) complex.

    It is put into ``out``, of that shape and of the precision of ``rows``, if that is given.
    """
    compiled = _compiled()
    if compiled is not None:
        return np.asarray(compiled.r2c(rows, axes=(rows.ndim - 1,), out=out))
    from scipy import fft

    return _put(np.asarray(fft.rfft(rows, axis=-1)), out)


def irfft(spectra: Array, n: int, out: Array | None = None) -> Array:
    """The inverse of `rfft` for rows of ``n``: (..., n // 2 + 1) complex to (..., n) real; the spectra are used up."""
    compiled = _compiled()
    if compiled is not None:
        options: dict[str, Any] = {"lastsize": n, "forward": False, "inorm": 2, "out": out}
        if library() == "ducc0":
            options["allow_overwriting_input"] = True
        return np.asarray(compiled.c2r(spectra, axes=(spectra.ndim - 1,), **options))
    from scipy import fft

    return _put(np.asarray(fft.irfft(spectra, n, axis=-1, overwrite_x=True)), out)


def spectrum_of(taps: Array, n: int) -> Array:
    """The spectrum of up to ``n`` taps (m, ...), silence behind them: (..., n // 2 + 1)."""
    padded = np.zeros((*taps.shape[1:], n))
    padded[..., : len(taps)] = np.moveaxis(taps, 0, -1)
    return rfft(padded)


def _put(found: Array, out: Array | None) -> Array:
    if out is None:
        return found
    out[...] = found
    return out
