"""Recursive filters as stages: sections of second order in a row, computed frame by frame by scipy.

Convention: a section is ``b0 b1 b2 a0 a1 a2``: ``a0 y[n] = b0 x[n] + b1 x[n-1] + b2 x[n-2] - a1 y[n-1] - a2 y[n-2]``.
All is computed in double precision, whatever the precision of the samples, so how the signal is cut changes no bit.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field
from scipy import signal

from pipeline import Format, Hertz, Processor, Seconds, Stage, Within, stage
from pipeline.errors import SettingError
from pipeline.units import Duration

__all__ = ["Biquad", "Sections"]

_Array = np.ndarray[Any, Any]
_Tail = Annotated[Seconds, Within("0 s", "1 min")]
_SHELVES = ("peak", "lowshelf", "highshelf")


@stage("iir.biquad")
class Biquad(Stage):
    """Filters with one section of second order, from a frequency and a quality."""

    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"kind": "highpass", "frequency": "100 Hz"},
        {"kind": "peak", "frequency": "1 kHz", "q": 2, "gain_db": -6},
    )

    kind: Literal["lowpass", "highpass", "bandpass", "notch", "allpass", "peak", "lowshelf", "highshelf"]
    """Shape of the response."""
    frequency: Hertz
    """Frequency of the corner, or of the middle: `100 Hz`."""
    q: Annotated[float, Field(gt=0, le=1000)] = math.sqrt(0.5)
    """Quality: the middle over the bandwidth; 0.707 is maximally flat."""
    gain_db: Annotated[float, Field(ge=-60, le=60)] = 0.0
    """Gain of a peak or a shelf in dB."""
    tail: _Tail = Duration(0.0, "s")
    """Time that it sounds on after the input's end, of what it would for ever."""

    def open(self, fmt: Format) -> Processor:
        """Begin one signal from rest."""
        if not 0 < self.frequency < fmt.fs / 2:
            text = f"must be above 0 Hz and below {fmt.fs / 2:g} Hz, half the rate, got {self.frequency:g} Hz"
            raise SettingError(text, "frequency")
        if self.gain_db and self.kind not in _SHELVES:
            raise SettingError(f"belongs to {', '.join(_SHELVES)}, the kind is {self.kind!r}; leave it out", "gain_db")
        return _Recursion(cookbook(self.kind, self.frequency, self.q, self.gain_db, fmt.fs)[None], fmt, self.tail)


@stage("iir.sos")
class Sections(Stage):
    """Filters with sections of second order as they stand, in a row."""

    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"sections": [[1, -1, 0, 1, -0.995, 0]]},)

    sections: tuple[tuple[float, float, float, float, float, float], ...] = Field(min_length=1, max_length=64)
    """Sections `[b0, b1, b2, a0, a1, a2]`, as `scipy.signal` designs them (`output="sos"`)."""
    tail: _Tail = Duration(0.0, "s")
    """Time that it sounds on after the input's end, of what it would for ever."""

    def open(self, fmt: Format) -> Processor:
        """Begin one signal from rest."""
        sos = np.array(self.sections)
        for i, row in enumerate(sos):
            if not np.isfinite(row).all() or row[3] == 0:
                raise SettingError(f"is finite, and a0 is not 0, got {row.tolist()}", "sections", i)
            radius = float(np.abs(np.roots(row[3:])).max(initial=0.0))
            if radius >= 1:
                text = f"is not stable: a pole of magnitude {radius:.6g}, which must be below 1: it would grow for ever"
                raise SettingError(text, "sections", i)
        return _Recursion(sos / sos[:, 3:4], fmt, self.tail)


def cookbook(kind: str, frequency: float, q: float, gain_db: float, fs: float) -> _Array:
    """One section ``(6,)``, by R. Bristow-Johnson's Audio EQ Cookbook."""
    w = 2 * math.pi * frequency / fs
    cos, alpha, a = math.cos(w), math.sin(w) / (2 * q), 10 ** (gain_db / 40)
    beta = 2 * math.sqrt(a) * alpha
    den = [1 + alpha, -2 * cos, 1 - alpha]
    b, den = {
        "lowpass": ([(1 - cos) / 2, 1 - cos, (1 - cos) / 2], den),
        "highpass": ([(1 + cos) / 2, -(1 + cos), (1 + cos) / 2], den),
        "bandpass": ([alpha, 0, -alpha], den),
        "notch": ([1, -2 * cos, 1], den),
        "allpass": ([1 - alpha, -2 * cos, 1 + alpha], den),
        "peak": ([1 + alpha * a, -2 * cos, 1 - alpha * a], [1 + alpha / a, -2 * cos, 1 - alpha / a]),
        "lowshelf": (
            [a * (a + 1 - (a - 1) * cos + beta), 2 * a * (a - 1 - (a + 1) * cos), a * (a + 1 - (a - 1) * cos - beta)],
            [a + 1 + (a - 1) * cos + beta, -2 * (a - 1 + (a + 1) * cos), a + 1 + (a - 1) * cos - beta],
        ),
        "highshelf": (
            [a * (a + 1 + (a - 1) * cos + beta), -2 * a * (a - 1 + (a + 1) * cos), a * (a + 1 + (a - 1) * cos - beta)],
            [a + 1 - (a - 1) * cos + beta, 2 * (a - 1 - (a + 1) * cos), a + 1 - (a - 1) * cos - beta],
        ),
    }[kind]
    return np.array([*b, *den]) / den[0]


class _Recursion:
    """Sections at work; their state is all that a frame needs of those before it."""

    def __init__(self, sos: _Array, fmt: Format, tail: Duration) -> None:
        self.format = fmt
        self.latency = 0
        self.tail = fmt.frames(tail)
        self._sos = sos
        self._state: _Array | None = None
        self._shape = (len(sos), 2, fmt.channels)

    def process(self, block: _Array) -> _Array:
        """The next frames."""
        if not len(block):
            return self.format.empty()
        state = np.zeros(self._shape) if self._state is None else self._state
        y, self._state = signal.sosfilt(self._sos, block.astype(np.float64), axis=0, zi=state)
        return np.asarray(y, self.format.dtype)

    def flush(self) -> _Array:
        """What sounds on; nothing, if nothing was heard."""
        return self.format.empty() if self._state is None else self.process(self.format.empty(self.tail))
