"""Sweeps as they are played: pilot, sweeps with silence behind each, pilot; and the kernel that undoes a sweep.

``x(t) = sin(2 pi f1 L (exp(t/L) - 1))`` with ``L = T / ln(f2/f1)``: an octave takes ``L ln 2`` seconds wherever it
lies. The same sweep n times as fast is the sweep ``L ln n`` earlier, which is why distortion comes before time zero.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pipeline.errors import SettingError
from pipeline.kernel import Array, Kernel
from pipeline.text import hertz, number
from pipeline.units import parse_duration, parse_frequency, parse_gain

__all__ = ["PILOT_S", "Sweep", "sweep"]

PILOT_S = 0.5
"""Length of a pilot: 0.5 s from 300 Hz to 12 kHz stands 36 dB out of noise as loud as it."""

_LEAD_S = 0.5  # silence before the first pilot: players swallow their first moments
_PILOT_BAND = (300.0, 12_000.0)  # what small loudspeakers and codecs let through
_HIGHEST = 0.96  # of half the rate: the filters of converters begin above
_MOST_CHANNELS = 8
_MARKS, _MARK = 32, 0.003  # distances of the pilots, and the part of it between two: three times what clocks differ by


@dataclass(frozen=True)
class Sweep:
    """Settings of a sweep file; everything that is played follows from them.

    Examples
    --------
    >>> import faltung_measure
    >>> made = faltung_measure.sweep(from_hz=100, to_hz=8000, length="2 s", fs=22_050, repeats=2)
    >>> made.signal().shape, round(made.octave_s, 3)
    ((401949, 1), 0.316)
    """

    from_hz: float
    to_hz: float
    length_s: float
    fs: float
    repeats: int
    channels: tuple[str, ...]
    """Names of the sources, one channel of the file each; they are swept one after another."""
    silence_s: float
    """Silence behind each sweep: the longest response that can be told."""
    level: float
    """Amplitude, of full scale."""

    @property
    def rate_s(self) -> float:
        """``L`` in seconds: the time in which the frequency grows e-fold."""
        return self.length_s / math.log(self.to_hz / self.from_hz)

    @property
    def octave_s(self) -> float:
        """Time of an octave in seconds, ``L ln 2``: by so much the second harmonic comes before time zero."""
        return self.rate_s * math.log(2)

    @property
    def frames(self) -> int:
        """Length of one sweep."""
        return round(self.length_s * self.fs)

    @property
    def silence(self) -> int:
        """Frames of silence behind each sweep."""
        return round(self.silence_s * self.fs)

    @property
    def period(self) -> int:
        """Frames from one sweep to the next."""
        return self.frames + self.silence

    @property
    def pilot_starts(self) -> tuple[int, int]:
        """Frames at which the two pilots begin; how far apart they are tells sweep files from each other."""
        first = round(_LEAD_S * self.fs)
        second = self._first_sweep + len(self.channels) * self.repeats * self.period
        mark = zlib.crc32(json.dumps(self.to_dict()).encode()) % _MARKS
        return first, second + round(mark * _MARK * (second - first))

    @property
    def starts(self) -> tuple[tuple[int, ...], ...]:
        """Frames at which the sweeps of each source begin, ``starts[source][repeat]``."""
        every = [self._first_sweep + i * self.period for i in range(len(self.channels) * self.repeats)]
        return tuple(tuple(every[i * self.repeats : (i + 1) * self.repeats]) for i in range(len(self.channels)))

    @property
    def _first_sweep(self) -> int:
        return round(_LEAD_S * self.fs) + len(self.pilot()) + self.silence

    def one(self) -> Array:
        """One sweep, ``(frames,)``, with short fades."""
        t = np.arange(self.frames) / self.fs
        x = np.sin(2 * np.pi * self.from_hz * self.rate_s * np.expm1(t / self.rate_s))
        return self.level * x * _faded(self.frames, round(0.01 * self.frames), round(0.001 * self.frames))

    def pilot(self) -> Array:
        """The chirp before the first sweep and behind the last, ``(m,)``."""
        low, high = max(self.from_hz, _PILOT_BAND[0]), min(self.to_hz, _PILOT_BAND[1])
        if high < 2 * low:
            low, high = self.from_hz, self.to_hz
        m = round(PILOT_S * self.fs)
        t = np.arange(m) / self.fs
        phase = 2 * np.pi * (low * t + (high - low) * t**2 / (2 * PILOT_S))
        return self.level * np.sin(phase) * _faded(m, m // 20, m // 20)

    def signal(self) -> Array:
        """Everything that is played, ``(frames, channels)``; the pilots come from the first channel."""
        pilot, one = self.pilot(), self.one()
        x = np.zeros((self.pilot_starts[1] + len(pilot) + self.silence, len(self.channels)))
        for start in self.pilot_starts:
            x[start : start + len(pilot), 0] = pilot
        for source, starts in enumerate(self.starts):
            for start in starts:
                x[start : start + len(one), source] = one
        return x

    def inverse(self) -> Kernel:
        """The sweep turned round in time, ``x(-t) exp(-t/L)`` scaled: convolved with the sweep it is a click.

        Its origin is its last tap: like every kernel that was turned round, it needs the future.
        """
        t = np.arange(self.frames) / self.fs
        scale = 4 * self.to_hz / (self.rate_s * (self.fs * self.level) ** 2)
        return Kernel(scale * self.one()[::-1] * np.exp(-t / self.rate_s), self.frames - 1, self.fs)

    def to_dict(self) -> dict[str, Any]:
        """Settings as plain data."""
        return {**asdict(self), "channels": list(self.channels)}


def sweep(
    *,
    from_hz: float | str = 20.0,
    to_hz: float | str = 20_000.0,
    length: float | str = 10.0,
    fs: float | str = 48_000.0,
    repeats: int = 1,
    channels: Sequence[str] = ("mono",),
    silence: float | str = 3.0,
    level: float | str = 0.5,
) -> Sweep:
    """Sweep to be played into a room: its settings, checked; its ``signal()`` is what is played.

    Parameters
    ----------
    from_hz, to_hz
        where it begins and ends, in Hz or with a unit (``"20 kHz"``).
    length
        of one sweep, in seconds or with a unit; longer is further above the noise, 3 dB for twice the length.
    fs
        sampling rate in Hz.
    repeats
        sweeps of each source; the repeats are averaged, and one that was disturbed is told apart from three on.
    channels
        names of the sources, swept one after another: ``("left", "right")`` for true stereo.
    silence
        behind each sweep: as long as the room sounds on.
    level
        amplitude, of full scale, or with a unit (``"-6 dB"``).

    Returns
    -------
    Sweep
        with ``signal()``, shape (frames, channels), and ``inverse()``, the kernel that undoes one sweep.

    Raises
    ------
    SettingError, UnitError
        a band that is no band or does not fit the rate, a length or number out of range.

    Examples
    --------
    >>> made = sweep(length="5 s", channels=["left", "right"])
    >>> made.starts, made.fs
    (((192000,), (576000,)), 48000.0)
    """
    low, high, rate = parse_frequency(from_hz), parse_frequency(to_hz), parse_frequency(fs)
    long, quiet = parse_duration(length).seconds(rate), parse_duration(silence).seconds(rate)
    gain, names = parse_gain(level), tuple(channels)
    top = _HIGHEST * rate / 2
    _require(1000 <= rate <= 768_000, f"must be from 1 kHz to 768 kHz, got {hertz(rate)}", "fs")
    _require(low >= 1, f"must be at least 1 Hz, got {number(low)} Hz", "from")
    _require(high <= top, f"must be at most {hertz(round(top))} at {hertz(rate)}, got {hertz(high)}", "to")
    _require(high >= 4 * low, f"must be two octaves or more above {hertz(low)}, got {hertz(high)}", "to")
    _require(0.2 <= long <= 120, f"must be from 0.2 s to 120 s, got {number(long)} s", "length")
    _require(0.1 <= quiet <= 60, f"must be from 0.1 s to 60 s, got {number(quiet)} s", "silence")
    _require(1 <= repeats <= 100, f"must be from 1 to 100, got {repeats}", "repeats")
    _require(0 < gain <= 1, f"must be above 0 and at most 0 dB, got {number(gain)}", "level")
    known = 1 <= len(names) <= _MOST_CHANNELS and len(set(names)) == len(names) and all(n.strip() for n in names)
    _require(known, f"must be 1 to {_MOST_CHANNELS} different names, got {', '.join(names) or 'none'}", "channels")
    return Sweep(low, high, long, rate, repeats, names, quiet, gain)


def _require(condition: bool, message: str, setting: str) -> None:
    if not condition:
        raise SettingError(message, setting)


def _faded(n: int, rise: int, fall: int) -> Array:
    """Ones with half a cosine up at the beginning and down at the end."""
    gain = np.ones(n)
    gain[:rise] = 0.5 - 0.5 * np.cos(np.pi * (np.arange(rise) + 0.5) / rise)
    gain[n - fall :] = 0.5 + 0.5 * np.cos(np.pi * (np.arange(fall) + 0.5) / fall)
    return gain
