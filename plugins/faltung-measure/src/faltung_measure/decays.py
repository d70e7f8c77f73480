"""Figures of a room's decay by ISO 3382: reverberation, clarity and definition, per octave or third of an octave.

The decay curve is the energy still to come, the squares integrated *backwards* from where the noise begins (Schroeder
1965), with what an exponential decay would have had behind it. A figure is stated only where the standard lets it be.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.engine.functional import as_signal
from pipeline.errors import SettingError, SignalError
from pipeline.kernel import Array
from pipeline.stages.base import check_format
from pipeline.text import number

from .bands import Band, Width, bands_within, filtered
from .noise import find_knee

__all__ = ["TOO_SHORT", "BandFigures", "Curve", "curve_of", "decay", "onset"]

TOO_SHORT = "too short for a band of"
"""Reason of a time that is the filter's rather than the room's."""

MARGIN_DB = 10.0  # that the noise must lie below the lowest level of a line (ISO 3382-1, 5.3)
_LINES = {"edt_s": (0.0, -10.0), "t20_s": (-5.0, -25.0), "t30_s": (-5.0, -35.0)}
_MOST_CURVED, _MOST_BENT = 10.0, 10.0  # % and ‰: beyond, a decay is far from straight (ISO 3382-2, annex B)
_LEAST_BT = 4.0  # bandwidth times decay time, for filters run backwards (ISO 3382-2, 7.3)
_RINGING = 2.0  # times 1/bandwidth
_ONSET_DB, _BEFORE_PEAK_S = -20.0, 0.03


@dataclass(frozen=True)
class BandFigures:
    """Figures of one band of one response; None where the standard does not let it be stated, with the reason.

    Examples
    --------
    >>> import numpy as np
    >>> import faltung_measure
    >>> noise = np.random.default_rng(1).standard_normal(24_000) * np.logspace(0, -2, 24_000)
    >>> low = faltung_measure.decay(noise, fs=48_000)[0]
    >>> low.band_hz, low.t30_s, "t30_s" in low.unstated
    (63, None, True)
    """

    band_hz: int
    edt_s: float | None
    """Early decay time: 60 dB by the line from 0 to -10 dB."""
    t20_s: float | None
    """60 dB by the line from -5 to -25 dB."""
    t30_s: float | None
    """60 dB by the line from -5 to -35 dB."""
    c50_db: float | None
    c80_db: float | None
    """Clarity: energy of the first 80 ms against what follows."""
    d50: float | None
    """Definition: part of the energy in the first 50 ms, 0 to 1."""
    ts_s: float | None
    """Centre time: where the energy has its middle."""
    curvature_percent: float | None
    """``100 (T30 / T20 - 1)``."""
    bend_permille: float | None
    """``1000 (1 - r^2)`` of the longest line there is: 0 is straight."""
    range_db: float
    """From the whole energy down to what is left where the noise begins."""
    unstated: dict[str, str] = field(default_factory=dict)
    """Reason for each figure that is None."""

    def to_dict(self) -> dict[str, Any]:
        """Figures as plain data."""
        return {**asdict(self), "range_db": self.range_db if math.isfinite(self.range_db) else None}


@dataclass(frozen=True)
class Curve:
    """Decay curve of one band."""

    fs: float
    squares: Array
    """Squares from before the direct sound to the end."""
    zero: int
    """Frame of the direct sound."""
    end: int
    """Frame where the noise begins."""
    energy: Array
    """Energy still to come at each frame up to ``end``, the correction included."""
    left: float
    """The correction: energy of an exponential decay behind the end."""
    noisy: bool
    """Whether a noise was met at all."""
    knee_range_db: float
    """From the loudest stretch of the squares down to their end."""

    @property
    def level_db(self) -> Array:
        """Decay curve in dB from the direct sound on, 0 at its beginning."""
        energy = self.energy[self.zero :]
        level: Array = 10 * np.log10(np.maximum(energy, 1e-300) / self.energy[0])
        return level

    @property
    def range_db(self) -> float:
        """How far the curve goes down before the noise."""
        if self.left > 0:
            return -10 * math.log10(self.left / self.energy[0])
        return self.knee_range_db if self.noisy else math.inf


def decay(
    ir: npt.ArrayLike, fs: float, *, bands: Width = "octave", from_hz: float = 0.0, to_hz: float | None = None
) -> list[BandFigures]:
    """Figures of a room from its impulse response, by ISO 3382: EDT, T20, T30, C50, C80, D50, centre time.

    ``T60 = -60 / slope`` of ``10 log10 E(t)``, ``E(t)`` being the squares integrated from the end back to t;
    ``C80 = 10 log10((E(0) - E(80 ms)) / E(80 ms))``, ``D50 = 1 - E(50 ms) / E(0)``, ``Ts = sum t h^2 / sum h^2``.

    Parameters
    ----------
    ir
        one response, ``(frames,)``; best with its noise, which tells where it ends.
    fs
        its rate in Hz.
    bands
        ``octave`` or ``third``.
    from_hz, to_hz
        what was measured; only bands within it are told. Default: up to half the rate.

    Returns
    -------
    list of BandFigures
        by frequency; a figure is None, with its reason, where the noise is too near, the decay bends or the filter
        rings as long as the room.

    Raises
    ------
    SignalError
        not one response, silence, samples that are not finite.
    SettingError
        bands that there are not.

    Examples
    --------
    >>> import numpy as np
    >>> t = np.arange(48_000) / 48_000
    >>> noise = np.random.default_rng(1).standard_normal(48_000)
    >>> room = decay(noise * 10 ** (-3 * t / 0.6), fs=48_000)
    >>> [f"{one.band_hz} Hz {one.t30_s:.1f} s" for one in room if one.band_hz in (1000, 2000)]
    ['1000 Hz 0.6 s', '2000 Hz 0.6 s']
    """
    check_format(fs, 1)
    if bands not in ("octave", "third"):
        raise SettingError(f"must be 'octave' or 'third', got {bands!r}", "bands")
    h = as_signal(ir)
    h = h[:, 0] if h.ndim == 2 and h.shape[1] == 1 else h
    if h.ndim != 1:
        raise SignalError(f"a decay is read from one response, got shape {h.shape}; give one column: ir[:, 0]")
    if not np.isfinite(h).all() or not np.any(h):
        raise SignalError("the response is silent, or holds samples that are not finite")
    within = bands_within(from_hz, min(to_hz or fs, 0.96 * fs / 2), bands)
    return [figures_of(curve_of(h.astype(np.float64), fs, band), band) for band in within]


def onset(h: Array, fs: float) -> int:
    """Frame at which the direct sound begins: the first near the peak that is less than 20 dB below it."""
    size = np.abs(h)
    peak = int(np.argmax(size))
    first = max(0, peak - round(_BEFORE_PEAK_S * fs))
    return first + int(np.argmax(size[first : peak + 1] >= 10 ** (_ONSET_DB / 20) * size[peak]))


def curve_of(h: Array, fs: float, band: Band) -> Curve:
    """Decay curve of one band of a response ``(frames,)``."""
    y, early = filtered(h, fs, band)
    zero = early + onset(h, fs)
    # a response that ends in the middle of its noise is a step for a filter that begins there
    rings = min(round(_RINGING / band.bandwidth_hz * fs), (len(y) - zero) // 10)
    squares = y[: len(y) - rings] ** 2
    knee = find_knee(squares[zero:], fs, 0.5 / band.bandwidth_hz)
    end, left = zero + knee.frame, knee.left(fs)
    energy = np.cumsum(squares[:end][::-1])[::-1] + left
    return Curve(fs, squares, zero, end, energy, left, knee.noise > 0, knee.range_db)


def figures_of(curve: Curve, band: Band) -> BandFigures:
    """Figures of a decay curve, those that the standard lets be stated."""
    unstated: dict[str, str] = {}
    times, bends = {}, {}
    level = curve.level_db
    for name, (high, low) in _LINES.items():
        needed = MARGIN_DB - low
        if curve.range_db < needed:
            unstated[name] = f"range of {curve.range_db:.0f} dB; {needed:.0f} are needed"
            continue
        line = _line(level, curve.fs, high, low)
        if line is None:
            unstated[name] = f"the decay has no part from {high:.0f} to {low:.0f} dB"
            continue
        times[name], bends[name] = line
        if band.bandwidth_hz * times[name] < _LEAST_BT:
            unstated[name] = f"{number(times[name])} s is {TOO_SHORT} {band.bandwidth_hz:.0f} Hz"
    curvature = 100 * (times["t30_s"] / times["t20_s"] - 1) if "t30_s" in times and "t20_s" in times else None
    for name in ("t20_s", "t30_s"):
        if name in times and curvature is not None and abs(curvature) > _MOST_CURVED:
            unstated.setdefault(name, f"the decay bends: curvature {curvature:.0f} %, at most {_MOST_CURVED:.0f}")
        elif name in times and bends[name] > _MOST_BENT:
            unstated.setdefault(name, f"the decay is no line: {bends[name]:.0f} ‰ off, at most {_MOST_BENT:.0f}")
    stated = {name: times[name] if name in times and name not in unstated else None for name in _LINES}
    early = dict(_early(curve, unstated))
    bend = bends.get("t30_s", bends.get("t20_s"))
    return BandFigures(
        band.nominal_hz, **stated, **early, curvature_percent=curvature, bend_permille=bend,
        range_db=curve.range_db, unstated=unstated,
    )  # fmt: skip


def _line(level: Array, fs: float, high: float, low: float) -> tuple[float, float] | None:
    """Time of 60 dB by the line between two levels, and how far from straight the curve is, in thousandths."""
    below_high, below_low = np.flatnonzero(level <= high), np.flatnonzero(level <= low)
    if not len(below_high) or not len(below_low) or below_low[0] - below_high[0] < 3:
        return None
    part = level[below_high[0] : below_low[0]]
    t = np.arange(len(part)) / fs
    slope = float(np.polyfit(t, part, 1)[0])
    if slope >= 0:
        return None
    r = float(np.corrcoef(t, part)[0, 1])
    return -60 / slope, 1000 * (1 - r**2)


def _early(curve: Curve, unstated: dict[str, str]) -> Iterator[tuple[str, float | None]]:
    """Clarity, definition and centre time, where the noise leaves them."""
    total, n = float(curve.energy[0]), len(curve.energy)

    def to_come(seconds: float) -> float:
        at = curve.zero + round(seconds * curve.fs)
        return float(curve.energy[at]) if at < n else curve.left

    names = {"c50_db": 0.05, "c80_db": 0.08, "d50": 0.05, "ts_s": 0.0}
    for name, seconds in names.items():
        late = to_come(seconds)
        if curve.range_db < 2 * MARGIN_DB:
            unstated[name] = f"range of {curve.range_db:.0f} dB; {2 * MARGIN_DB:.0f} are needed"
            yield name, None
        elif curve.zero + round(seconds * curve.fs) >= n and curve.noisy:
            unstated[name] = f"the noise begins before {1000 * seconds:.0f} ms"
            yield name, None
        elif name == "d50":
            yield name, 1 - late / total
        elif name == "ts_s":
            t = (np.arange(n) - curve.zero) / curve.fs
            yield name, float((t * curve.squares[:n]).sum() + curve.left * t[-1]) / total
        elif late <= 0:
            unstated[name] = f"nothing comes after {1000 * seconds:.0f} ms"
            yield name, None
        else:
            yield name, 10 * math.log10((total - late) / late)
