"""Places of the pilots in a recording, by our own matching: the pair that is as far apart as in the sweep file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.errors import SignalError
from pipeline.kernel import Array
from pipeline.match.events import Event
from pipeline.match.find import find_matches
from pipeline.text import decibels, duration, hertz

from .sweeps import PILOT_S, Sweep

__all__ = ["MOST_PPM", "Pilots", "find_pilots"]

MOST_PPM = 1000.0
"""The largest difference of two clocks that is corrected; those of cheap devices differ by 100 ppm."""

_SURE = 0.25  # a score that nothing but a pilot has
_LEAST = 0.08  # of each pilot of a pair: chance gives 0.05 in a minute of noise
_CANDIDATES = 400  # peaks that are paired, at most


@dataclass(frozen=True)
class Pilots:
    """Frames at which the two pilots begin in a recording, and the score of the weaker one."""

    first: int
    second: int
    score: float


def find_pilots(x: Array, sweep: Sweep, name: str) -> Pilots:
    """Both pilots in a recording ``(frames, channels)``; raises `SignalError`, which says what is likely wrong."""
    peak = float(np.abs(x).max(initial=0.0))
    if len(x) < len(sweep.pilot()) or peak == 0:
        what = "is silent" if peak == 0 and len(x) else f"is {duration(len(x) / sweep.fs)} long"
        raise SignalError(f"{name}: {what}; nothing was recorded")
    loudest = x[:, np.argmax((x**2).sum(axis=0))]
    found = sorted(
        find_matches(loudest, sweep.pilot(), sweep.fs, threshold=0.5 * _LEAST, polarity="both"),
        key=lambda e: -abs(e.score),
    )[:_CANDIDATES]
    apart = sweep.pilot_starts[1] - sweep.pilot_starts[0]
    best: Pilots | None = None
    for a in found:
        for b in found:
            near = abs((b.start_frame - a.start_frame) / apart - 1) * 1e6 <= MOST_PPM
            weaker = min(abs(a.score), abs(b.score))
            if near and weaker > (best.score if best else _LEAST):
                best = Pilots(a.start_frame, b.start_frame, weaker)
    if best is None:
        raise SignalError(f"{name}: {_likely(found, loudest, peak, sweep)}")
    return best


def _likely(found: list[Event], x: Array, peak: float, sweep: Sweep) -> str:
    """The likely reason why no pair was found, and what to do."""
    first, second = sweep.pilot_starts
    apart, fs, frames = second - first, sweep.fs, len(x)
    sure = sorted(event.start_frame for event in found if abs(event.score) >= _SURE)
    if not sure:
        if peak < 1e-4:
            return f"too quiet: its loudest sample is {decibels(peak)} dBFS; turn up the player or the microphone"
        return (
            f"no pilot found, a chirp of {duration(PILOT_S)} before the first sweep and after the last; is it a"
            f" recording of this sweep file, at {hertz(fs)}, loud enough and whole?"
        )
    if len(sure) == 1:
        at = sure[0]
        comes_first = (x[:at] ** 2).sum() < (x[at + len(sweep.pilot()) :] ** 2).sum()
        if comes_first and at + apart + len(sweep.pilot()) > frames:
            lacking = duration((at + apart + len(sweep.pilot()) - frames) / fs)
            return (
                f"cut before the end: the second pilot would end {lacking} after the recording does; record all of it"
            )
        if not comes_first and at < apart:
            return f"the recording begins after the first pilot; start it {duration((apart - at) / fs)} or more sooner"
    distance = sure[-1] - sure[0]
    ppm = (distance / apart - 1) * 1e6
    if len(sure) > 1 and abs(ppm) < 2 * MOST_PPM:
        return (
            f"drift over the limit: its clock differs from the player's by {ppm:+,.0f} ppm, at most {MOST_PPM:,.0f} are"
            " corrected; is it the same sampling rate on both sides?"
        )
    return (
        f"a recording of another sweep file, or with a part lost: its pilots are {duration(distance / fs)} apart, those"
        f" of the sweep {duration(apart / fs)}"
    )
