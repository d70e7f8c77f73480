"""The pictures of a measured room; each takes ready numbers and returns a matplotlib Figure, narrow for a phone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import scipy.fft

from pipeline.drawing import COLOURS
from pipeline.kernel import Array
from pipeline.text import hertz

from .bands import bands_within
from .decays import curve_of
from .measured import Measured

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "decay_figure",
    "mirror_figure",
    "raw_levels",
    "recording_figure",
    "response_figure",
    "spectrum_figure",
    "waterfall_figure",
]

_FLOOR_DB = 90.0
_SLICES = 36


def recording_figure(made: Measured, *, narrow: bool = False) -> Figure:
    """Outline of the first take, with its pilots and sweeps named."""
    take, sweep = made.takes[0], made.sweep
    figure, axes = _axes("recording, s", "largest sample", 2.4, narrow=narrow)
    t = (np.arange(len(take.outline)) + 0.5) * take.seconds / len(take.outline)
    axes.fill_between(t, -take.outline, take.outline, color=COLOURS["x"], linewidth=0)
    late, ratio = take.pilots.first / made.fs, 1 + take.clock.ppm * 1e-6
    top = 1.12 * float(take.outline.max())

    def at(frame: int) -> float:
        return late + (frame - sweep.pilot_starts[0]) / made.fs * ratio

    for start in sweep.pilot_starts:
        axes.axvline(at(start), color=COLOURS["h"])
        axes.text(at(start), top, " pilot", fontsize=8, color=COLOURS["ink"])
    for name, starts in zip(sweep.channels, sweep.starts, strict=True):
        for k, start in enumerate(starts, 1):
            axes.axvspan(at(start), at(start + sweep.frames), ymin=0, ymax=0.03, color=COLOURS["product"])
            label = f"{name} {k}" if len(sweep.channels) > 1 else f"sweep {k}"
            axes.text(at(start), top, label, fontsize=8, color=COLOURS["ink"])
    axes.set_xlim(0, take.seconds)
    return figure


def mirror_figure(made: Measured, *, narrow: bool = False) -> Figure:
    """The sweep and the sweep turned round in time, in time and frequency, and their levels."""
    sweep = made.sweep
    figure, axes = _axes("time, s", "frequency, Hz", 2.8, narrow=narrow)
    t = np.linspace(0, sweep.length_s, 200)
    f = sweep.from_hz * np.exp(t / sweep.rate_s)
    axes.plot(t, f, color=COLOURS["x"], linewidth=2, label="the sweep: x(t)")
    level = np.exp(-t / sweep.rate_s)
    turned = "turned round: x(\N{MINUS SIGN}t) exp(\N{MINUS SIGN}t/L), weaker as it falls"
    axes.scatter(t, f[::-1], s=3 + 40 * level, color=COLOURS["h"], label=turned)
    axes.set_yscale("log")
    _legend(axes, narrow=narrow, loc="center right")
    return figure


def response_figure(made: Measured, *, narrow: bool = False) -> Figure:
    """The raw response in dB around time zero: distortion before it, decay behind it, the cut."""
    lags, level = raw_levels(made)
    figure, axes = _axes("time from the direct sound, s", "dB", 2.8, narrow=narrow)
    axes.plot(lags, level, color=COLOURS["y"], linewidth=0.7)
    axes.axvspan(lags[0], 0, color=COLOURS["heard"])
    axes.axvline(made.cut_s, color=COLOURS["negative"], linestyle="--")
    axes.text(made.cut_s, 2, " cut", fontsize=8, color=COLOURS["ink"])
    for one in made.harmonics:
        axes.axvline(-one.early_s, color=COLOURS["r"], linewidth=1)
        axes.text(-one.early_s, 2, f" {one.order}.", fontsize=8, color=COLOURS["ink"])
    axes.set_ylim(-_FLOOR_DB - 20, 12)
    axes.set_xlim(lags[0], lags[-1])
    return figure


def raw_levels(made: Measured, points: int = 1400) -> tuple[Array, Array]:
    """Times from the direct sound, and the peak level in dB of the first path around each, distortion to tail."""
    raw, fs = made.raw, made.fs
    first = max(0, raw.zero - round(1.1 * made.sweep.rate_s * math.log(6) * fs))
    stop = min(len(raw.taps), raw.zero + round(1.25 * made.cut_s * fs))
    piece = np.abs(raw.taps[first:stop, 0, 0])
    edges = np.linspace(0, len(piece), min(points, len(piece)) + 1).astype(int)
    peaks = np.maximum.reduceat(piece, edges[:-1])
    lags = (edges[:-1] + first - raw.zero) / fs
    return lags, 20 * np.log10(np.maximum(peaks / piece.max(), 1e-9))


def decay_figure(made: Measured, *, narrow: bool = False) -> Figure:
    """Decay curves of the first path by octaves: squares, and the backward integral with its end."""
    bands = bands_within(made.sweep.from_hz, made.sweep.to_hz, "octave")
    figure, axes = _axes("time from the direct sound, s", "dB", 3.4, narrow=narrow)
    raw, fs = made.raw, made.fs
    h = raw.taps[max(0, raw.zero - round(0.05 * fs)) : raw.origin + made.sweep.silence, 0, 0]
    shown = [band for band in bands if band.nominal_hz in (125, 500, 1000, 4000)] or bands
    for band, colour in zip(shown, ("x", "h", "product", "r"), strict=False):
        curve = curve_of(h, fs, band)
        level = curve.level_db
        t = np.arange(len(level)) / fs
        thin = max(1, len(level) // 1500)
        squares = curve.squares[curve.zero :]
        means = np.array([part.mean() for part in np.array_split(squares, 300)])
        loud = 10 * np.log10(np.maximum(means, 1e-300) / means.max())
        axes.plot(np.arange(300) * len(squares) / 300 / fs, loud, color=COLOURS[colour], linewidth=0.5, alpha=0.5)
        axes.plot(t[::thin], level[::thin], color=COLOURS[colour], linewidth=2, label=f"{band}, integrated backwards")
        axes.plot(t[-1], level[-1], "o", color=COLOURS[colour], markersize=5)
    axes.set_ylim(-_FLOOR_DB, 3)
    axes.set_xlim(0, 1.2 * made.cut_s)
    _legend(axes, narrow=narrow, loc="best")
    return figure


def spectrum_figure(made: Measured, *, narrow: bool = False) -> Figure:
    """Magnitude of the response of each path, smoothed over a twelfth of an octave."""
    figure, axes = _axes("frequency, Hz", "dB", 2.8, narrow=narrow)
    centres = np.geomspace(made.sweep.from_hz, made.sweep.to_hz, 240)
    mean = _smoothed(made.file_taps, made.fs, centres, 1 / 12)
    for path, column, colour in zip(made.paths, mean.T, ("x", "h", "product", "r") * 16, strict=False):
        axes.plot(centres, 10 * np.log10(np.maximum(column, 1e-30)), color=COLOURS[colour], label=path.path)
    axes.set_xscale("log")
    _legend(axes, narrow=narrow, loc="best")
    return figure


def waterfall_figure(made: Measured, *, narrow: bool = False) -> Figure:
    """What still sounds after each moment: spectra of the rest of the response of the first path."""
    figure, axes = _axes("frequency, Hz", "later moments lower", 3.6, narrow=narrow)
    x = made.taps[made.origin :, 0, 0]
    longest = min(made.cut_s, 1.0)
    f = np.geomspace(made.sweep.from_hz, made.sweep.to_hz, 160)
    top = 10 * math.log10(float(_smoothed(x[:, None], made.fs, f, 1 / 6).max()))
    for k, start in enumerate(np.linspace(0, longest, _SLICES, endpoint=False)):
        rest = x.copy()
        rest[: round(start * made.fs)] = 0
        level = 10 * np.log10(np.maximum(_smoothed(rest[:, None], made.fs, f, 1 / 6)[:, 0], 1e-30))
        line = np.maximum(level - top, -50.0) - 1.6 * k
        axes.fill_between(f, line, -50.0 - 1.6 * _SLICES, color=COLOURS["paper"], zorder=k)
        axes.plot(f, line, color=COLOURS["x"], linewidth=0.8, zorder=k)
        if k % 6 == 0:
            axes.text(f[-1], line[-1], f" {1000 * start:.0f} ms", fontsize=7, color=COLOURS["ink"], zorder=99)
    axes.set_xscale("log")
    axes.set_yticks([])
    axes.set_xlim(f[0], f[-1] * 1.3)
    axes.set_xlabel(f"frequency, Hz (to {hertz(f[-1])})")
    return figure


def _smoothed(x: Array, fs: float, centres: Array, octaves: float) -> Array:
    """Mean power of each column of ``x`` around each frequency, ``(frequencies, columns)``."""
    n = scipy.fft.next_fast_len(len(x), real=True)
    power = np.abs(scipy.fft.rfft(x, n, axis=0)) ** 2
    sums = np.concatenate([np.zeros((1, power.shape[1])), np.cumsum(power, axis=0)])
    low = np.minimum((centres * 2 ** (-octaves / 2) * n / fs).astype(int), len(power) - 1)
    high = np.clip((centres * 2 ** (octaves / 2) * n / fs).astype(int), low + 1, len(power))
    mean: Array = (sums[high] - sums[low]) / (high - low)[:, None]
    return mean


def _axes(x: str, y: str, height: float, *, narrow: bool) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure as Empty

    figure = Empty(figsize=(4.2 if narrow else 9, height), dpi=110, layout="constrained")
    axes = figure.subplots()
    axes.set_xlabel(x, fontsize=9)
    axes.set_ylabel(y, fontsize=9)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _legend(axes: Axes, *, narrow: bool, loc: str) -> None:
    """The names of the lines, among them; below them in a narrow picture, where there is no room."""
    below: dict[str, object] = {"loc": "upper center", "bbox_to_anchor": (0.45, -0.22)}
    axes.legend(fontsize=8, frameon=False, **(below if narrow else {"loc": loc}))
