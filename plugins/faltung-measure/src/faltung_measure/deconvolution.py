"""The response of a room from the recording of a sweep, by division of spectra or by the sweep turned round.

Convention: a response has its time zero at a frame, its origin; what comes before is no echo of the past but the
harmonics of distortion, the n-th of them ``L ln n`` early.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt
import scipy.fft

from pipeline.engine.functional import as_signal, convolve
from pipeline.errors import SettingError, SignalError
from pipeline.kernel import Array, Kernel

from .sweeps import Sweep

__all__ = ["Method", "band_window", "deconvolve"]

Method = Literal["division", "inverse"]

_LOW_EDGE, _HIGH_EDGE = 2 ** (1 / 3), 2 ** (-1 / 12)  # width of the band's edges, as ratios


def deconvolve(recording: npt.ArrayLike, sweep: Sweep, *, method: Method = "division") -> Kernel:
    """Response of what a sweep went through, from the recording of one sweep and the silence behind it.

    ``division`` is ``H = Y conj(X) / (|X|^2 + eps)`` within the sweep's band, with eps rising outside of it;
    ``inverse`` is convolution with the sweep turned round in time, `Sweep.inverse`, which leaves a ripple.

    Parameters
    ----------
    recording
        samples that begin with the sweep, ``(frames,)`` or ``(frames, channels)``; what follows the sweep is the
        longest response that can be told.
    sweep
        its settings, as `sweep` makes them.
    method
        ``division``, of the smaller error, or ``inverse``.

    Returns
    -------
    Kernel
        taps as ``(n,)`` or ``(n, channels)``; frames before its origin hold the distortion.

    Raises
    ------
    SignalError
        no signal, or shorter than the sweep.
    SettingError
        a method that there is not.

    Examples
    --------
    >>> import numpy as np
    >>> import faltung_measure
    >>> played = faltung_measure.sweep(from_hz=50, to_hz=3500, length=1, fs=8000)
    >>> recorded = np.concatenate([np.zeros(80), 0.25 * played.one(), np.zeros(4000)])  # 10 ms away
    >>> room = faltung_measure.deconvolve(recorded, played)
    >>> int(np.argmax(room.taps)) - room.origin
    80
    """
    y = as_signal(recording)
    if len(y) < sweep.frames:
        raise SignalError(f"the recording has {len(y)} frames, the sweep {sweep.frames}; it must begin with a sweep")
    if not np.isfinite(y).all():
        raise SignalError("the recording holds samples that are not finite")
    y = y.astype(np.float64)
    if method == "division":
        return _divided(y, sweep)
    if method != "inverse":
        raise SettingError(f"must be 'division' or 'inverse', got {method!r}", "method")
    inverse = sweep.inverse()
    taps = convolve(y, inverse.taps)[: len(y)]
    return Kernel(taps, inverse.origin, sweep.fs)


def _divided(y: Array, sweep: Sweep) -> Kernel:
    """Quotient of the spectra in the sweep's band, with as much room before time zero as the sweep is long."""
    n = scipy.fft.next_fast_len(len(y) + sweep.frames // 8, real=True)
    x = scipy.fft.rfft(sweep.one(), n)
    power = np.abs(x) ** 2
    inside = band_window(np.arange(len(x)) * sweep.fs / n, sweep.from_hz, sweep.to_hz)
    # within the band nothing is added to |X|^2; the edges fall to nothing as the window does
    inverse = np.conj(x) * inside / np.where(inside > 0, power, 1.0)
    spectra = scipy.fft.rfft(y, n, axis=0)
    h = scipy.fft.irfft(spectra * (inverse if y.ndim == 1 else inverse[:, None]), n, axis=0)
    before = n - (len(y) - sweep.frames)
    return Kernel(np.roll(h, before, axis=0), before, sweep.fs)


def band_window(f: Array, low: float, high: float) -> Array:
    """Gain at each frequency: 1 in the band, half a cosine over its edges in octaves, 0 outside."""
    octaves = np.log2(np.maximum(f, low / 4))
    rise = np.clip((octaves - math.log2(low)) / math.log2(_LOW_EDGE), 0, 1)
    fall = np.clip((math.log2(high) - octaves) / -math.log2(_HIGH_EDGE), 0, 1)
    gain: Array = (0.5 - 0.5 * np.cos(np.pi * rise)) * (0.5 - 0.5 * np.cos(np.pi * fall))
    return gain
