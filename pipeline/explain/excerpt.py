"""Cuts from a run what can be drawn in a small table and what can be listened to, and says what was cut.

Convention: where all taps that are not zero lie on a grid of D frames, only that grid is drawn. This is exact: on it,
``y[n0 + m D] = sum_k h[k D] x[n0 + (m-k) D]``. Otherwise neighbouring taps are drawn, from the kernel's strongest part.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..kernel import Kernel, Taps
from .run import Run, at_rate
from .words import Words, say
from .worked import Example

__all__ = ["Excerpt", "Listening", "excerpt", "for_listening", "onset"]

SMALL_TAPS = 6
SMALL_FRAMES = 12
SYMMETRIC = 1e-9
MAX_FS = 24_000
MIN_FS = 3_000
TABLE_FS = 8_000
HEARD_TAPS = 28_000
BUDGET = 1_000_000
"""Samples of all sounds together: what a page under 3 MB can hold."""


@dataclass(frozen=True)
class Excerpt:
    """A short example out of a run, and what it was cut from."""

    example: Example
    name: Words


@dataclass(frozen=True, eq=False)
class Listening:
    """Signal and kernel short enough to be listened to, at a rate that can be played; what was done to them."""

    x: Taps
    h: Taps
    fs: int
    notes: tuple[Words, ...]


def onset(x: Taps) -> int:
    """The first frame that reaches a tenth of the largest magnitude."""
    return int(np.argmax(np.abs(x) >= 0.1 * np.abs(x).max()))


def excerpt(run: Run) -> Excerpt:
    """A table's worth of a run: at most 6 taps and 12 frames."""
    step = _grid(run.h)
    taps, first_tap = _strongest(run.h[::step])
    x, first = _loud(run.x, step, len(taps))
    example = Example.of(_three_digits(x), _three_digits(taps))
    name = say(
        "excerpt",
        signal=run.signal,
        stage=run.stage,
        first=first,
        last=first + (len(x) - 1) * step,
        seconds=first / run.fs,
        first_tap=first_tap * step,
        last_tap=(first_tap + len(taps) - 1) * step,
        taps=len(run.h),
        every=say("every", step=step) if step > 1 else "",
    )
    return Excerpt(example, name)


def _grid(h: Taps) -> int:
    """The spacing D of which the times of all taps that are not zero are multiples; 1 for a dense kernel."""
    return math.gcd(*np.flatnonzero(h).tolist()) or 1


def _strongest(taps: Taps) -> tuple[Taps, int]:
    """Up to 6 neighbouring taps with much energy and little symmetry, and the index of the first."""
    if len(taps) <= SMALL_TAPS:
        return taps, 0
    windows = np.lib.stride_tricks.sliding_window_view(taps, SMALL_TAPS)
    if Kernel(taps).asymmetry < SYMMETRIC:  # a symmetric kernel stays one: its middle
        start = (len(taps) - SMALL_TAPS + 1) // 2
        return taps[start : start + SMALL_TAPS - len(taps) % 2].copy(), start
    energy = (windows**2).sum(axis=1)
    candidates = np.argsort(-energy, kind="stable")[:200]
    score = [np.sqrt(energy[i]) * (1e-3 + Kernel(windows[i]).asymmetry) for i in candidates if energy[i] > 0]
    start = int(candidates[int(np.argmax(score))])
    return windows[start].copy(), start


def _loud(x: Taps, step: int, taps: int) -> tuple[Taps, int]:
    """12 frames of a grid of ``step``, of the phase and place with most energy, silence before them if there is any."""
    rows = -(-len(x) // step)
    grid = np.zeros((rows + SMALL_FRAMES, step))
    grid.reshape(-1)[: len(x)] = x
    heard = SMALL_FRAMES - max(1, taps // 2)
    energy = np.cumsum(np.concatenate([np.zeros((1, step)), grid**2]), axis=0)
    sums = energy[heard:] - energy[:-heard]
    row, phase = divmod(int(sums[: rows or 1].argmax()), step)
    row = max(0, row - max(0, SMALL_FRAMES - heard - 1))
    return grid[row : row + SMALL_FRAMES, phase].copy(), row * step + phase


def _three_digits(values: Taps) -> Taps:
    return np.array([float(f"{value:.3g}") for value in values])


def for_listening(run: Run) -> Listening:
    """A few seconds from the onset, at most 24 kHz, and as much of the kernel as fits."""
    notes: list[Words] = []
    x, h, fs = run.x, run.h, run.fs
    if fs < MIN_FS or not float(fs).is_integer():
        notes.append(say("faster", fs=TABLE_FS, times=TABLE_FS / fs))
        fs = TABLE_FS
    elif fs > MAX_FS:
        import soxr

        part = -(-int(fs) // MAX_FS)
        lower = fs / part if (fs / part).is_integer() else MAX_FS
        x = soxr.resample(x, fs, lower, quality="HQ")
        h, made = at_rate(run, lower)
        notes.append(say("made_lower" if made else "resampled", lower=lower, fs=fs))
        fs = lower
    rate = int(fs)
    if len(h) > HEARD_TAPS:
        notes.append(say("first_taps", kept=HEARD_TAPS, taps=len(h)))
        h = h[:HEARD_TAPS]
    whole = (BUDGET - 2 * (rate // 2 + len(h)) - 8 * rate) // 8
    frames = min(len(x), 3 * rate, whole - rate // 2 - 2 * len(h))
    start = max(0, min(onset(x) - rate // 50, len(x) - frames))
    if frames < len(x):
        notes.append(say("stretch", seconds=frames / rate, start=start / rate))
    cut = x[start : start + frames].copy()
    fade = min(rate // 100, frames // 4)
    if fade and frames < len(x):
        cut[-fade:] *= np.linspace(1, 0, fade)
    return Listening(cut, h, rate, tuple(notes))
