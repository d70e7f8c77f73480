"""Spectra of the kernels that are in use: a plan that is run on many signals transforms its own once."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from ..kernel import Array, Kernel
from .methods import Method
from .transforms import spectrum_of

_known: WeakKeyDictionary[Kernel, dict[tuple[Method, np.dtype[Any]], Array]] = WeakKeyDictionary()


def spectra_of(kernel: Kernel, method: Method, dtype: np.dtype[Any]) -> Array:
    """Spectra of a kernel's partitions: (P, channels in or 1, bins), or (P, channels in, channels out, bins)."""
    known = _known.setdefault(kernel, {})
    if (method, dtype) not in known:
        known[method, dtype] = _partition_spectra(kernel, method, dtype)
    return known[method, dtype]


@np.errstate(over="ignore", invalid="ignore")
def _partition_spectra(kernel: Kernel, method: Method, dtype: np.dtype[Any]) -> Array:
    taps = kernel.taps.reshape(kernel.length, -1) if kernel.taps.ndim < 3 else kernel.taps
    size = kernel.length if method.partitions == 1 else method.block
    complex_dtype = np.complex128 if dtype == np.float64 else np.complex64
    spectra: Array = np.empty((method.partitions, *taps.shape[1:], method.n_fft // 2 + 1), complex_dtype)
    for p, spectrum in enumerate(spectra):
        spectrum[...] = spectrum_of(taps[p * size : (p + 1) * size], method.n_fft)
    return spectra
