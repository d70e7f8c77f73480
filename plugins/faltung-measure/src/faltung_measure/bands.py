"""Octaves and thirds of octaves of a response, by filters that run backwards in time.

A filter rings behind what it is given, as a room does. Run backwards, over the response turned round, it rings before
the sound instead, and a decay four times as short can be read (ISO 3382-2, 7.3). So these are Butterworth's filters of
third order by IEC 61260: a FIR filter as narrow as 1/3 octave at 50 Hz would ring for a second on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.signal

from pipeline.kernel import Array
from pipeline.text import hertz

__all__ = ["Band", "Width", "bands_within", "filtered"]

Width = Literal["octave", "third"]

_ORDER = 3
_THIRDS = (50, 63, 80, 100, 125, 160, 200, 250, 315, 400, 500, 630, 800)
_NOMINAL = (*_THIRDS, *(1000, 1250, 1600, 2000, 2500, 3150, 4000, 5000, 6300, 8000, 10_000, 12_500, 16_000))
_SETTLED = 60  # times 1/bandwidth, in which the filter has rung out


@dataclass(frozen=True)
class Band:
    """A band by its nominal frequency; the exact ones are powers of ten."""

    nominal_hz: int
    width: Width

    @property
    def centre_hz(self) -> float:
        """Exact middle, ``10^(k/10)``."""
        return float(10 ** (round(10 * np.log10(self.nominal_hz)) / 10))

    @property
    def edges_hz(self) -> tuple[float, float]:
        """Lower and upper edge."""
        half = 10 ** (0.3 / 2 if self.width == "octave" else 0.1 / 2)
        return self.centre_hz / half, self.centre_hz * half

    @property
    def bandwidth_hz(self) -> float:
        """Distance of the edges."""
        return self.edges_hz[1] - self.edges_hz[0]

    def __str__(self) -> str:
        return hertz(self.nominal_hz)


def bands_within(low_hz: float, high_hz: float, width: Width) -> list[Band]:
    """Bands from 50 Hz (octaves: 63 Hz) to 16 kHz that lie between two frequencies."""
    nominal = _NOMINAL[1::3] if width == "octave" else _NOMINAL
    bands = [Band(each, width) for each in nominal]
    return [band for band in bands if low_hz <= band.edges_hz[0] and band.edges_hz[1] <= high_hz]


def filtered(x: Array, fs: float, band: Band) -> tuple[Array, int]:
    """The band of a response ``(frames,)``, and the frames by which it begins before the response's first.

    Turned round twice, so the filter's ringing comes first; its delay, the middle of the energy, is taken out.
    """
    sos = scipy.signal.butter(_ORDER, band.edges_hz, "bandpass", fs=fs, output="sos")
    before = round(_SETTLED / band.bandwidth_hz * fs / 10)
    click = np.zeros(before)
    click[0] = 1
    power = scipy.signal.sosfilt(sos, click) ** 2
    delay = round(float((np.arange(before) * power).sum() / power.sum()))
    turned = np.concatenate([x[::-1], np.zeros(before)])
    y: Array = scipy.signal.sosfilt(sos, turned)[::-1]
    return y, before - delay
