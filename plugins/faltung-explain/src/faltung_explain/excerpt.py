"""The short example cut out of a subject: few samples, few taps, whole numbers, so that every sum can be done by hand.

Convention: where all taps that are not zero lie on a grid of D frames around time zero, only that grid is drawn. This
is exact: on it, ``y[n0 + m D] = sum_k h[k D] x[n0 + (m-k) D]``. Otherwise neighbouring taps are drawn, from where
the kernel is strong and shows the flip, with their share of its energy. No frame lies outside the signal. Samples and
taps are rounded to whole numbers from -9 to 9, each with what one of them stands for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pipeline.kernel import Kernel, Taps

from .bilingual import Bilingual, say
from .example import Example
from .subject import SYMMETRIC, Subject

SMALL_TAPS = 6
SMALL_FRAMES = 12
LARGEST = 9
NEAR = 0.02  # a share of the largest: rounding by less keeps the smaller whole numbers


@dataclass(frozen=True)
class Excerpt:
    """A short example out of a subject, and what it was cut from."""

    example: Example
    name: Bilingual
    frames: tuple[int, ...] = ()
    """The frame of the file behind each sample."""


def excerpt(subject: Subject) -> Excerpt:
    """A table's worth of a subject: at most 6 taps and 12 frames."""
    step = _grid(subject.h, subject.origin)
    on_grid, origin = subject.h[subject.origin % step :: step], subject.origin // step
    taps, first_tap = _strongest(on_grid)
    x, first = _loud(subject.x, step, len(taps))
    (samples, one_x), (kernel, one_h) = whole_numbers(x), whole_numbers(taps)
    inside = 0 <= origin - first_tap < len(taps)
    example = Example.of(samples, kernel, origin=origin - first_tap if inside else 0)
    frames = tuple(range(subject.start + first, subject.start + first + len(x) * step, step))
    at_tap = subject.origin % step + first_tap * step
    name = say(
        "excerpt",
        signal=subject.signal,
        stage=subject.stage,
        first=frames[0],
        last=frames[-1],
        seconds=frames[0] / subject.fs,
        first_tap=at_tap,
        last_tap=at_tap + (len(taps) - 1) * step,
        taps=len(subject.h),
        every_x=say("every", step=step) if step > 1 and len(x) > 1 else "",
        every_h=say("every", step=step) if step > 1 else "",
        one_x=one_x,
        one_h=one_h,
        share=_share(taps, subject.h),
    )
    return Excerpt(example, name, frames)


def _share(taps: Taps, h: Taps) -> Bilingual | str:
    """What of the kernel's energy the taps hold that are shown; nothing to say where it is all of it."""
    part, whole = float((taps**2).sum()), float((h**2).sum())
    return say("share", percent=f"{100 * part / whole:.2g} %") if part < 0.995 * whole else ""


def _grid(h: Taps, origin: int) -> int:
    """The spacing D of which the times of all taps that are not zero are multiples; 1 for a dense kernel."""
    return math.gcd(*(np.flatnonzero(h) - origin).tolist()) or 1


def _strongest(taps: Taps) -> tuple[Taps, int]:
    """Up to 6 neighbouring taps with much energy and little symmetry, and the index of the first."""
    if len(taps) <= SMALL_TAPS:
        return taps, 0
    windows = np.lib.stride_tricks.sliding_window_view(taps, SMALL_TAPS)
    if Kernel(taps).asymmetry < SYMMETRIC:  # a symmetric kernel stays one: its middle
        start = (len(taps) - SMALL_TAPS + 1) // 2
        return taps[start : start + SMALL_TAPS - len(taps) % 2].copy(), start
    start = int(_telling(windows).argmax())
    return windows[start].copy(), start


def _telling(windows: Taps) -> Taps:
    """How well each window shows the flip: its norm times its asymmetry, as `Kernel` has it, and a little more."""
    energy = np.einsum("ij,ij->i", windows, windows)
    alike, taps = np.zeros(len(windows)), windows.shape[1]
    for place in range(2 * taps - 1):  # of h * h: it reaches the energy where h is its own reversal
        pairs = range(max(0, place - taps + 1), min(taps, place + 1))
        alike = np.maximum(alike, np.abs(sum(windows[:, k] * windows[:, place - k] for k in pairs)))
    whole = np.where(energy > 0, energy, 1.0)
    return np.asarray(np.sqrt(energy) * (1e-6 + np.maximum(1 - alike / whole, 0.0)))


def _loud(x: Taps, step: int, taps: int) -> tuple[Taps, int]:
    """Up to 12 frames of a grid of ``step`` with most energy, and what lies before them; the frame of the first."""
    rows = -(-len(x) // step)
    grid = np.zeros((rows, step))
    grid.reshape(-1)[: len(x)] = x
    count = min(SMALL_FRAMES, rows)
    heard = max(1, count - max(1, taps // 2))
    energy = np.cumsum(np.concatenate([np.zeros((1, step)), grid**2]), axis=0)
    sums = energy[heard:] - energy[:-heard]
    row, phase = divmod(int(sums.argmax()), step)
    there = -(-(len(x) - phase) // step)
    count = min(count, there)
    row = max(0, min(row - max(0, count - heard - 1), there - count))
    return grid[row : row + count, phase].copy(), row * step + phase


def whole_numbers(values: Taps) -> tuple[Taps, float]:
    """The values in whole numbers up to 9, as small as rounding by `NEAR` allows, and what 1 of them stands for."""
    peak = float(np.abs(values).max(initial=0.0))
    if peak == 0:
        return np.zeros(len(values)), 1.0
    share = values / peak
    errors = {m: float(np.abs(share - np.rint(share * m) / m).max()) for m in range(1, LARGEST + 1)}
    most = next((m for m, error in errors.items() if error <= NEAR), LARGEST)
    return np.rint(share * most) + 0.0, peak / most
