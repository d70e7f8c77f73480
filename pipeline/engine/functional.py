"""`convolve` and `correlate` of whole arrays, by the same machines that stream; the axis is 0, the frames.

They take the modes of scipy.signal: ``full`` gives all ``N + M - 1`` frames, ``valid`` those for which kernel and
signal overlap wholly, ``same`` the middle N.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ..dsp.convolver import open_convolver
from ..errors import SignalError
from ..kernel import Array, Kernel
from ..stages.base.processors import channels_after
from .containers import unpack
from .times import Frames

Mode = Literal["full", "same", "valid"]

_FEW = 8  # channels that an array of fewer frames may have: a short cut of surround sound, no sound turned round
_FEW_IN_A_BLOCK = 64  # the same of a block of a stream, which may be as short as it likes

_CONVERTED = dict.fromkeys("iu", "convert first: 16-bit PCM by x / 32768, plain numbers by x.astype(float)")
_CONVERTED |= {"b": "convert first: x.astype(float)", "c": "take x.real, x.imag or abs(x)"}
_CONVERTED |= {"O": "where these are numbers, convert first: x.astype(float)"}


def as_signal(x: npt.ArrayLike) -> Array:
    """A signal as floating point, ``(frames,)`` or ``(frames, channels)``.

    Integers are refused: whether they are full-scale PCM or numbers, only the caller knows.

    Raises
    ------
    SignalError
        another shape, no real floating-point numbers, or one that looks like ``(channels, frames)``.
    """
    array = _floating(x)
    refuse_channels_first(array.shape)
    return array


def as_columns(signal: Array) -> Array:
    """The same signal as ``(frames, channels)``, one channel where it has one axis."""
    return signal[:, None] if signal.ndim == 1 else signal


def refuse_channels_first(shape: tuple[int, ...], *, block: bool = False) -> None:
    """Raise `SignalError` where a shape looks like ``(channels, frames)``, as torch and librosa hold audio.

    It does if it has more channels than frames, and over 8 of them; a ``block`` of a stream, over 64. A signal of many
    channels, as of an array of sensors, so is none, nor is a moment of a few.
    """
    if len(shape) == 2 and shape[1] > max(shape[0], _FEW_IN_A_BLOCK if block else _FEW):
        raise SignalError(
            f"a signal has shape (frames, channels), got {shape}: more channels than frames; is it (channels, frames)? "
            "use from_channels_first"
        )


def _floating(x: npt.ArrayLike) -> Array:
    try:
        array = np.asarray(x)
    except ValueError:  # rows of different lengths
        raise SignalError(f"a signal must be an array of numbers, got {x!r:.60}") from None
    if array.dtype.kind != "f":
        fix = _CONVERTED.get(array.dtype.kind, "it holds no numbers")
        raise SignalError(f"a signal is made of floating-point samples, got {array.dtype}; {fix}")
    if array.ndim not in (1, 2):
        raise SignalError(f"a signal must have shape (frames,) or (frames, channels), got {array.shape}")
    return array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)


def from_channels_first(x: npt.ArrayLike) -> Array:
    """A ``(channels, frames)`` array, as torch and librosa hold audio, as ``(frames, channels)``.

    Returns
    -------
    array
        ``(frames, channels)``, contiguous; what has one axis stays as it is.

    Raises
    ------
    SignalError
        no signal: see `as_signal`.

    Examples
    --------
    >>> from_channels_first([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).shape
    (3, 2)
    """
    array = _floating(x)
    return np.ascontiguousarray(array.T) if array.ndim == 2 else array


def convolve(x: npt.ArrayLike, h: npt.ArrayLike | Kernel, mode: Mode = "full", axis: int = 0) -> Array:
    """Convolve a signal with a kernel: ``y[n] = sum_k h[k] x[n-k]``; the kernel is flipped.

    Parameters
    ----------
    x
        ``(frames,)`` or ``(frames, channels)``, float64 or float32; the output has the same precision. What another
        library holds, as for `Pipeline`, comes back as what it is; ``same`` keeps its index.
    h
        taps ``(M,)``, ``(M, C)`` or ``(M, C_in, C_out)``, or a `Kernel`, whose origin is not looked at here.
    mode
        ``full``: n = 0..N+M-2; ``same``: the middle N of these; ``valid``: n = M-1..N-1.
    axis
        of the frames. It is 0, where numpy and scipy take the last.

    Returns
    -------
    array
        in the precision of ``x``; of ``N + M - 1``, N or ``N - M + 1`` frames, as the mode says.

    Raises
    ------
    SignalError, KernelError, SettingError
        no signal; no kernel; a kernel for another number of channels.

    Examples
    --------
    >>> convolve([0.0, 3, 1, 2, 0, 0, 0, 0], [4, 2, 1])[:8]
    array([ 0., 12., 10., 13.,  5.,  2.,  0.,  0.])
    """
    kernel = h if isinstance(h, Kernel) else Kernel(h)  # type: ignore[arg-type]  # it makes an array of them
    return _convolved(x, kernel, mode, axis)  # type: ignore[no-any-return]


def _convolved(x: Any, kernel: Kernel, mode: Mode, axis: int, zero: int = 0) -> Any:
    """The output, in what the signal came in; of all its frames, frame ``zero`` lies at the signal's first."""
    given = unpack(x, None)
    signal = _floating(given.samples)
    if axis not in range(-signal.ndim, signal.ndim):
        raise SignalError(f"axis must be one of the {signal.ndim} that the signal has, got {axis!r}")
    signal = np.moveaxis(signal, axis, 0)
    refuse_channels_first(signal.shape)
    columns = as_columns(signal)
    channels = channels_after(kernel, columns.shape[1])
    convolver = open_convolver(kernel, columns.shape[1], columns.dtype)
    full = np.concatenate([convolver.process(columns), convolver.flush()])
    rows = _kept(len(signal), kernel.length, mode)
    kept = full[rows, 0] if signal.ndim == 1 and channels == 1 else full[rows]
    fs, first = given.fs or 1.0, 0 if mode == "same" else rows.start - zero
    return given.back(np.moveaxis(kept, 0, axis), Frames(fs, first / fs))


def correlate(x: npt.ArrayLike, template: npt.ArrayLike, mode: Mode = "full", axis: int = 0) -> Array:
    """Correlate a signal with a template: ``r[n] = sum_k template[k] x[n+k]``; the template is not flipped.

    That is convolution with the template flipped, and computed so. ``full`` begins at lag ``n = -(M-1)``, ``valid``
    at ``n = 0``. Parameters and errors as for `convolve`.

    Returns
    -------
    array
        in the precision of ``x``; of ``N + M - 1``, N or ``N - M + 1`` lags, as the mode says.

    Examples
    --------
    >>> correlate([0.0, 3, 1, 2, 0, 0, 0, 0], [4, 2, 1])[1:6]
    array([ 3.,  7., 16.,  8.,  8.])
    """
    kernel = Kernel(template).flipped()  # type: ignore[arg-type]  # it makes an array of them
    return _convolved(x, kernel, mode, axis, kernel.length - 1)  # type: ignore[no-any-return]


def _kept(frames: int, taps: int, mode: str) -> slice:
    if mode == "full":
        return slice(0, None)
    if mode == "same":
        start = (taps - 1) // 2
        return slice(start, start + frames)
    if mode == "valid":
        return slice(taps - 1, max(taps - 1, frames))
    raise SignalError(f"mode must be 'full', 'same' or 'valid', got {mode!r}")
