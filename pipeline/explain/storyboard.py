"""The animation as a list of shots: what each shows, what it says, and for how long; no drawing.

Convention: a shot is complete in itself. Places of taps are in frames on the axis of the signal, and may be fractions
while the kernel turns.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from .worked import Example, Kind

__all__ = ["CONTACT", "SYMMETRIC", "Shot", "storyboard"]

SYMMETRIC = (1.0, 2.0, 1.0)
CONTACT = ("launch", "trace", "turn", "slide", "future", "encore")
"""Of each of these scenes the last shot but a few stands on the contact sheet."""

TURN_STEPS = 10


@dataclass(frozen=True)
class Shot:
    """One picture."""

    scene: str
    text: str
    seconds: float
    now: int | None = None
    landed: tuple[int, ...] = ()
    """The samples whose copies lie on the stack."""
    falling: tuple[int, float] | None = None
    """A sample whose copy is on its way, and how far: 0 launched, 1 arrived."""
    taps_at: tuple[float, ...] | None = None
    """Where each tap stands, tap 0 first."""
    kind: Kind = "convolve"
    upto: int | None = None
    """Outputs are marked up to this frame."""
    traced: bool = False
    symmetric: bool = False
    key: bool = False
    """Stands on the contact sheet."""


def storyboard(example: Example) -> list[Shot]:
    """All shots for an example: about twelve seconds."""
    shots = [*_launch(example), *_trace(example), *_turn(example), *_slide(example), *_future(example)]
    return [*shots, *_encore(example)]


def _sounding(example: Example) -> tuple[int, ...]:
    return tuple(int(i) for i in np.flatnonzero(example.x))


def _launch(example: Example) -> list[Shot]:
    rows = _sounding(example)
    pace = 2.6 / max(1, len(rows))
    steps = (0.0, 0.35, 0.7, 1.0) if len(rows) <= 4 else (0.0,)
    shots = []
    for place, i in enumerate(rows):
        text = f"x[{i}] launches a copy of h, forward in time"
        for fall in steps:
            seconds = pace / len(steps) if len(steps) == 1 else pace * (0.55 if fall == 0 else 0.45 / (len(steps) - 1))
            shots.append(Shot("launch", text, seconds, now=i, landed=rows[:place], falling=(i, fall)))
    shots[-len(steps)] = replace(shots[-len(steps)], key=True)
    return [*shots, Shot("launch", "the copies add up: that is y", 0.7, landed=rows)]


def _trace(example: Example) -> list[Shot]:
    now, rows = example.now, _sounding(example)
    first = Shot("trace", f"stop at n = {now}: who made y[{now}]?", 0.8, now=now, landed=rows)
    text = "the newest sample by h[0], older ones by later taps: h read backwards"
    return [first, Shot("trace", text, 1.6, now=now, landed=rows, traced=True, key=True)]


def _turn(example: Example) -> list[Shot]:
    now, rows, m = example.now, _sounding(example), len(example.h)
    shots = []
    for step in range(TURN_STEPS + 1):
        share = math.cos(math.pi * step / TURN_STEPS)
        places = tuple(now + k * share for k in range(m))
        text = "so, to compute it: turn h over about h[0]"
        seconds = 0.4 if step in (0, TURN_STEPS) else 0.09
        shots.append(Shot("turn", text, seconds, now=now, landed=rows, taps_at=places, key=step == 3))
    return shots


def _slide(example: Example) -> list[Shot]:
    rows, m, count = _sounding(example), len(example.h), len(example.x)
    pace = 1.9 / count
    text = "the turned h slides: its sums land on the same stack"
    return [
        Shot("slide", text, pace, n, rows, taps_at=tuple(float(n - k) for k in range(m)), upto=n, key=n == example.now)
        for n in range(count)
    ]


def _future(example: Example) -> list[Shot]:
    m, count = len(example.h), len(example.x)
    pace = 2.0 / (count + m - 1)
    shots = []
    for n in range(1 - m, count):
        early = n < int(np.flatnonzero(example.x)[0])
        text = "not turned: h reaches into what is not yet heard"
        if early and example.r[n + m - 1] != 0:
            text = "not turned: the output swells before its cause"
        places = tuple(float(n + k) for k in range(m))
        seconds = pace * (2 if early else 1)
        shots.append(Shot("future", text, seconds, n, taps_at=places, kind="correlate", upto=n, key=n == example.now))
    return shots


def _encore(example: Example) -> list[Shot]:
    count, text = len(example.x), "a symmetric h: turned or not, the same"
    shown = sorted({*range(0, count, 1 if count <= 8 else 2), count - 1})
    shots = []
    for n in shown:
        last = n == count - 1
        places = tuple(float(n + k - 1) for k in range(3))
        seconds = 0.9 if last else 0.7 / len(shown)
        shots.append(Shot("encore", text, seconds, n, taps_at=places, upto=n, symmetric=True, key=last))
    return shots
