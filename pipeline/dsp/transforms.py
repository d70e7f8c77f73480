"""Real transforms of rows: OpenCV's where it is installed, the extra ``[fast]``, else scipy's.

``FALTUNG_FFT`` chooses, as ``opencv`` or ``scipy``. Which library computes decides the rounding: the choice is made
once a process. OpenCV gives a row the same bits whatever rows stand beside it, wherever they lie in memory, for powers
of two from ``_LEAST`` on; below, a row alone is rounded differently. All other lengths are scipy's.

scipy's compiled transforms are called directly, unless scipy.fft is loaded: they are the same to the last bit, write
into arrays that are there already, and come without the modules around them, whose import takes 0.1 to 0.3 s and 24 MB.
A backend set under scipy.fft so computes what scipy does.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from importlib import metadata
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any, Literal

import numpy as np

from ..errors import UsageError
from ..kernel import Array

__all__ = ["Library", "irfft", "library", "library_for", "library_version", "rfft", "room_within", "spectrum_of"]

Library = Literal["opencv", "scipy"]

_LEAST = 256
_POCKETFFT = "scipy.fft._pocketfft.pypocketfft"
_loading = Lock()


@cache
def library() -> Library:
    """Name of the library that computes the transforms.

    Raises
    ------
    UsageError
        ``FALTUNG_FFT`` names another, or one that is not installed.
    """
    asked, installed = os.environ.get("FALTUNG_FFT", ""), find_spec("cv2") is not None
    if asked not in ("", "opencv", "scipy"):
        raise UsageError(f"FALTUNG_FFT must be opencv or scipy, got {asked!r}; without it opencv is used if installed")
    if asked == "opencv" and not installed:
        raise UsageError("FALTUNG_FFT is opencv, which is not installed; install faltung[fast], or set it to scipy")
    return "scipy" if asked == "scipy" or not installed else "opencv"


def library_for(n: int) -> Library:
    """Name of the library that computes transforms of ``n`` points."""
    return library() if n >= _LEAST and n & (n - 1) == 0 else "scipy"


def library_version() -> str:
    """Name and version of the library, as ``opencv 5.0.0.93``: another one is another rounding."""
    for name in ("opencv-python-headless", "opencv-python") if library() == "opencv" else ("scipy",):
        try:
            return f"{library()} {metadata.version(name)}"
        except metadata.PackageNotFoundError:
            continue
    return library()


def rfft(rows: Array, out: Array | None = None) -> Array:
    """``X[k] = sum_n x[n] exp(-2 pi i k n / N)`` along the last axis: (..., N) real to (..., N // 2 + 1) complex.

    It is put into ``out``, of that shape and of the precision of ``rows``, if that is given.
    """
    n = rows.shape[-1]
    if library_for(n) == "opencv":
        if out is None:
            out = np.empty((*rows.shape[:-1], n // 2 + 1), np.result_type(rows, np.complex64))
        bins = out.view(rows.dtype)  # (..., n + 2)
        # OpenCV packs Re 0, Re 1, Im 1, ..., Re n/2 into n numbers: from the second on, all but Re 0 are in their place
        bins[..., 1:-1] = rows
        _dft(bins[..., 1:-1], bins[..., 1:-1], inverse=False)
        bins[..., 0] = bins[..., 1]
        bins[..., 1::n] = 0
        return out
    compiled = _compiled()
    if compiled is not None:
        return np.asarray(compiled.r2c(rows, axes=(rows.ndim - 1,), out=out))
    from scipy import fft

    return _put(np.asarray(fft.rfft(rows, axis=-1)), out)


def irfft(spectra: Array, n: int, out: Array | None = None) -> Array:
    """The inverse of `rfft` for rows of ``n``: (..., n // 2 + 1) complex to (..., n) real; the spectra are used up."""
    if library_for(n) == "opencv":
        bins = spectra.view(spectra.real.dtype)
        if out is None:
            out = np.empty((*spectra.shape[:-1], n), bins.dtype)
        bins[..., 1] = bins[..., 0]
        _dft(bins[..., 1:-1], out, inverse=True)
        return out
    compiled = _compiled()
    if compiled is not None:
        axes = (spectra.ndim - 1,)
        return np.asarray(compiled.c2r(spectra, axes=axes, lastsize=n, forward=False, inorm=2, out=out))
    from scipy import fft

    return _put(np.asarray(fft.irfft(spectra, n, axis=-1, overwrite_x=True)), out)


def room_within(spectra: Array, n: int) -> Array | None:
    """The part of spectra that `irfft` may take for ``out``, to the same bits; None where the library needs another."""
    return spectra.view(spectra.real.dtype)[..., 1:-1] if library_for(n) == "opencv" else None


def to_rows(frames: Array, rows: Array) -> None:
    """Put interleaved frames (n, channels) into rows (channels, n)."""
    if _can_move(frames, rows):
        _opencv().split(frames[None], [row[None] for row in rows])
    else:
        rows[...] = frames.T


def to_frames(rows: Array, frames: Array) -> None:
    """Put rows (channels, blocks, n) into interleaved frames (blocks, n, channels)."""
    if _can_move(frames, rows):
        _opencv().merge(list(rows), frames)
    else:
        for channel, row in enumerate(rows):
            frames[..., channel] = row


def _can_move(frames: Array, rows: Array) -> bool:
    """Whether OpenCV moves samples faster: in half of the time in single precision, bit for bit."""
    alike = frames.dtype == rows.dtype and frames.flags.c_contiguous and frames.dtype.isnative
    return alike and 2 <= frames.shape[-1] <= 4 and library() == "opencv"


def spectrum_of(taps: Array, n: int) -> Array:
    """The spectrum of up to ``n`` taps (m, ...), silence behind them: (..., n // 2 + 1)."""
    padded = np.zeros((*taps.shape[1:], n))
    padded[..., : len(taps)] = np.moveaxis(taps, 0, -1)
    return rfft(padded)


def _dft(rows: Array, out: Array, *, inverse: bool) -> None:
    """Transform packed rows (..., n) into ``out``, as many in a call as lie evenly spaced."""
    if rows.ndim > 2 and all(a.strides[0] == a.strides[1] * a.shape[1] for a in (rows, out)):
        shape = (rows.shape[0] * rows.shape[1], *rows.shape[2:])
        _dft(*(np.lib.stride_tricks.as_strided(a, shape, a.strides[1:]) for a in (rows, out)), inverse=inverse)
    elif rows.ndim > 2:
        for part, place in zip(rows, out, strict=True):
            _dft(part, place, inverse=inverse)
    elif rows.size:
        cv2 = _opencv()
        flags = cv2.DFT_INVERSE | cv2.DFT_SCALE | cv2.DFT_REAL_OUTPUT if inverse else 0
        cv2.dft(np.atleast_2d(rows), dst=np.atleast_2d(out), flags=flags | cv2.DFT_ROWS)


@cache
def _opencv() -> Any:
    """OpenCV, with one thread to a call, for threads are ours; a program that had loaded it keeps its own number."""
    with _loading:
        ours = "cv2" not in sys.modules
        try:
            import cv2
        except ImportError as error:
            raise UsageError(f"opencv cannot be loaded: {error}; install it again, or set FALTUNG_FFT=scipy") from error
        if ours:
            cv2.setNumThreads(1)
        return cv2


@cache
def _compiled() -> ModuleType | None:
    """The module of scipy whose ``r2c`` and ``c2r`` compute; None: they are called by scipy.fft."""
    with _loading:  # threads that ask at once: a module stands in sys.modules before it is filled
        return None if "scipy.fft" in sys.modules else _pocketfft()


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


def _put(found: Array, out: Array | None) -> Array:
    if out is None:
        return found
    out[...] = found
    return out
