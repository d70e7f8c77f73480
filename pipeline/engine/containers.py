"""Signals as other libraries hold them: taken apart into samples and a rate, and put together again from the output.

Known by their own protocol, never imported: pandas, xarray, polars, torch, jax, numpy's masked arrays. What cannot come
back as it was, because the output has other frames or channels, is refused with words.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..errors import SignalError
from ..kernel import Array
from ..plugins import bundled
from ..stages.base import check_format
from .times import JITTER, Frames

_LIBRARIES = ("pandas", "xarray", "polars", "torch", "jaxlib", "jax")

Back = Callable[[Array, Frames], Any]


@dataclass(frozen=True)
class Signal:
    """Samples ``(frames,)`` or ``(frames, channels)`` out of something, and the way back into it."""

    samples: Array
    fs: float | None
    """Rate in Hz, where it is known."""
    back: Back


def unpack(x: Any, fs: float | None, *, gaps: bool = False) -> Signal:
    """Samples, rate and way back of a signal, whatever holds it.

    Parameters
    ----------
    x
        an array, or what another library holds a signal in.
    fs
        its rate; of one that has its own, the same or None.
    gaps
        a mask becomes NaN, and NaN a mask again; else a mask is refused.

    Raises
    ------
    SignalError
        a mask, a time that is irregular or read as data, rates that differ, no rate.
    """
    origins = {cls.__module__.partition(".")[0] for cls in type(x).__mro__}  # of what it is made of, too
    library = next((name for name in _LIBRARIES if name in origins and name in sys.modules), None)
    if isinstance(x, np.ma.MaskedArray):
        signal = _masked(x, gaps=gaps)
    elif library is not None:
        signal = bundled("faltung_containers.signals", f"a signal of {library}").unpack(x, library, gaps=gaps)
    else:
        signal = Signal(x, None, lambda y, _: y)
    if signal.fs is not None and fs is not None:
        check_format(fs, 1)
        if abs(fs - signal.fs) > JITTER * signal.fs:
            raise SignalError(f"the time of the signal says {signal.fs:g} Hz, fs says {fs:g} Hz; leave fs out")
    return signal if fs is None else replace(signal, fs=fs)


def _masked(x: Any, *, gaps: bool) -> Signal:
    if x.dtype.kind == "f" and np.ma.getmaskarray(x).any():
        if not gaps:
            frame = int(np.argwhere(np.ma.getmaskarray(x).reshape(len(x), -1).any(axis=1))[0][0])
            raise SignalError(f"frame {frame} is masked; fill it (x.filled(0)), or set nonfinite: propagate for a gap")
        samples: Any = x.filled(np.nan)
    else:
        samples = np.asarray(x)

    def back(y: Array, _: Frames) -> Any:
        made = np.ma.masked_invalid(y)
        made.fill_value = x.fill_value
        return made

    return Signal(samples, None, back)
