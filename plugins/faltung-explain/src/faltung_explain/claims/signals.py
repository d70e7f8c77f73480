"""Claims about signals: the definition, past and future, what finds a pattern, symmetry, order and grouping.

Convention: launches are ``x[k] h[n-k]``, the copy of h that sample k sends out, seen at frame n. A kernel's origin says
how far it reaches ahead: ``y[n] = sum_k h[k] x[n + origin - k]``; 0 is causal. A score at n is for the pattern's start
on frame n, ``sum_k t[k] x[n+k]``. Where sequences are compared by frame they carry the one they start at, and hold
whole numbers, so that "equal" means equal.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from pipeline.engine.functional import convolve, correlate
from pipeline.kernel import Array, Taps
from pipeline.text import with_minus

from ..bilingual import listed
from ..example import WORKED
from ..said import likeness
from . import ClaimResult

_X: Taps = WORKED.x
_INPUT: Taps = np.array([0.0, 3, 0, 1, 2, 0, 0, 1, 0, 2, 0, 0])
_H: Taps = WORKED.h
_FROM = 6
_STEPS = (4, 8, 16, 32, 64)  # samples in one unit of time
_SPAN = 3  # units of time that are compared


def riemann(steps: int) -> dict[str, Any]:
    """Sums ``dt sum_k f[k] g[n-k]`` of a box with a box, and of a box with ``exp(-t)``, ``dt = 1/steps``.

    Their limits are known: the triangle ``min(t, 2-t)``; ``1 - exp(-t)`` up to t = 1, ``(e - 1) exp(-t)`` from there.
    """
    t = np.arange(_SPAN * steps) / steps
    box = np.ones(steps)
    decay = np.exp(-t)
    triangle, filled = np.clip(np.minimum(t, 2 - t), 0, None), np.where(t < 1, 1 - np.exp(-t), (math.e - 1) * decay)
    boxes = np.pad(convolve(box, box), (0, steps + 1))[: len(t)] / steps
    decays = convolve(box, decay)[: len(t)] / steps
    unflipped = np.array([(box * np.exp(-(n + np.arange(steps)) / steps)).sum() for n in range(len(t))]) / steps
    return {
        "t": t,
        "boxes": boxes,
        "decays": decays,
        "limit_boxes": triangle,
        "limit_decays": filled,
        "unflipped": unflipped,
        "error_boxes": float(np.abs(boxes - triangle).max()),
        "error_decays": float(np.abs(decays - filled).max()),
        "error_unflipped": float(np.abs(unflipped - filled).max()),
        "peak_without_dt": float(convolve(box, box).max()),
    }


def continuous() -> ClaimResult:
    """Riemann sums approach the integral as the step shrinks, if the factor dt is kept and g is flipped."""
    sums = {steps: riemann(steps) for steps in _STEPS}
    finest, coarsest = sums[_STEPS[-1]], sums[_STEPS[0]]
    numbers = {
        "dt": [1 / s for s in _STEPS],
        "error_box_box": [sums[s]["error_boxes"] for s in _STEPS],
        "error_box_decay": [sums[s]["error_decays"] for s in _STEPS],
        "error_without_flip": [sums[s]["error_unflipped"] for s in _STEPS],
        "peak_without_dt": [sums[s]["peak_without_dt"] for s in _STEPS],
    }
    series = {
        **{f"coarse_{name}": coarsest[name] for name in ("t", "boxes", "decays")},
        **{f"finer_{name}": sums[16][name] for name in ("t", "boxes", "decays")},
        **{name: finest[name] for name in ("t", "limit_boxes", "limit_decays", "unflipped")},
    }
    return ClaimResult.of("continuous", "right", numbers, series, highest=1 - 1 / math.e)


def recursion(x: Array, feedback: float = 0.5) -> Taps:
    """A leak: ``y[n] = x[n] + feedback * y[n-1]``. No kernel is written in it, and no flip."""
    y = np.zeros(len(x))
    level = 0.0
    for n, value in enumerate(x):
        level = feedback * level + float(value)
        y[n] = level
    return y


def circular() -> ClaimResult:
    """Linearity and time invariance give launches; reading launches down a column meets h backwards."""
    x = _X
    click = np.zeros(len(x))
    click[0] = 1.0
    h = recursion(click)
    table = np.zeros((len(x), len(x)))
    for k, sample in enumerate(x):
        table[k, k:] = sample * h[: len(x) - k]
    y, now = recursion(x), 3
    met = [int(k) for k in np.flatnonzero(x[: now + 1])]
    taps = [now - k for k in met]
    error = float(np.abs(table.sum(axis=0) - y).max())
    return ClaimResult.of(
        "definition",
        "circular",
        {"n": now, "samples": met, "taps": taps, "y": y.tolist(), "launches_minus_output": error},
        {"x": x, "h": h, "table": table, "y": y},
        samples_met=listed(met),
        taps_met=listed(taps),
        terms=" + ".join(f"{table[k, now]:g}" for k in met),
        total=y[now],
    )


def causally_convolved(x: Array) -> Array:
    """``y[n] = sum_k h[k] x[n-k]`` for n = 0..N-1."""
    return convolve(x, _H)[: len(x)]


def looking_ahead(x: Array) -> Array:
    """``r[n] = sum_k h[k] x[n+k]`` for n = 0..N-1."""
    return correlate(x, _H)[len(_H) - 1 :]


def first_change(f: Callable[[Array], Array], x: Array, start: int) -> tuple[int, Array]:
    """The first output frame that changes when ``x[start:]`` does, and the whole change."""
    altered = x.copy()
    altered[start:] += np.arange(5.0, 5.0 + len(x) - start)
    change = f(altered) - f(x)
    return int(np.flatnonzero(change)[0]), change


def reads(f: Callable[[Array], Array], frames: int) -> Taps:
    """``(n, m)``: how much output frame n hears of input frame m, by clicking every frame in turn."""
    return np.stack([f(click) for click in np.eye(frames)], axis=1)


def aligned_with_the_past() -> ClaimResult:
    """Change the input from a frame on: convolution changes from there, correlation M - 1 frames before."""
    by_convolution, change_y = first_change(causally_convolved, _INPUT, _FROM)
    by_correlation, change_r = first_change(looking_ahead, _INPUT, _FROM)
    numbers = {
        "changed_from": _FROM,
        "convolution_changes_from": by_convolution,
        "correlation_changes_from": by_correlation,
        "change_of_convolution": change_y.tolist(),
        "change_of_correlation": change_r.tolist(),
    }
    series = {"change_y": change_y, "change_r": change_r}
    return ClaimResult.of("past", "right", numbers, series, early=_FROM - by_correlation)


def past_and_future() -> ClaimResult:
    """Click every frame: what a causal convolution reads is past and present; the future comes with the origin."""
    frames = 8
    ways: dict[str, Callable[[Array], Array]] = {
        "convolution": causally_convolved,
        "correlation": looking_ahead,
        "convolution, centred": lambda x: convolve(x, _H, "same"),
        "correlation, centred": lambda x: correlate(x, _H, "same"),
    }
    maps = {name: reads(f, frames) for name, f in ways.items()}
    span = {name: _span(table) for name, table in maps.items()}
    return ClaimResult.of(
        "future",
        "wrong",
        {name.replace(", ", "_"): {"from": a, "to": b} for name, (a, b) in span.items()},
        dict(maps),
        first=_at(span["convolution"][0]),
        last=_at(span["convolution"][1]),
        last_unflipped=_at(span["correlation"][1]),
        first_centred=_at(span["convolution, centred"][0]),
        last_centred=_at(span["convolution, centred"][1]),
    )


def _span(table: Taps) -> tuple[int, int]:
    """Earliest and latest input frame that is read, seen from the output frame."""
    n, m = np.nonzero(table)
    return int((m - n).min()), int((m - n).max())


def _at(offset: int) -> str:
    """``n−2``, ``n``, ``n+2``."""
    return with_minus(f"n{offset:+d}") if offset else "n"


def _chirp(frames: int) -> Taps:
    """Rises from 0.02 to 0.2 cycles a frame, under a Hann window."""
    n = np.arange(frames)
    wave: Taps = np.sin(2 * np.pi * (0.02 * n + 0.09 * n**2 / frames)) * np.hanning(frames)
    return wave


def pattern() -> ClaimResult:
    """An up-chirp and its reversal in noise: correlation finds the one, convolution the other."""
    t = _chirp(80)
    here, decoy = 60, 260
    x = 0.15 * np.random.default_rng(11).standard_normal(400)
    x[here : here + 80] += t
    x[decoy : decoy + 80] += t[::-1]
    scores = {"correlation": correlate(x, t, "valid"), "convolution": convolve(x, t, "valid")}
    found = {name: int(s.argmax()) for name, s in scores.items()}
    near = len(t) - 1  # a score that overlaps the place at all
    at = {
        name: {
            what: float(s[max(0, start - near) : start + near + 1].max())
            for what, start in (("pattern", here), ("reversed", decoy))
        }
        for name, s in scores.items()
    }
    numbers = {"pattern_at": here, "reversed_at": decoy, "found_at": found, "scores": at}
    shown = {way: {what: with_minus(f"{score:.1f}") for what, score in scored.items()} for way, scored in at.items()}
    return ClaimResult.of("pattern", "wrong", numbers, {"x": x, "template": t, **scores}, shown=shown, near=near)


def similarity() -> ClaimResult:
    """A faint copy of a pattern and a bright flat patch: a sum of products prefers the patch, turned or not."""
    t = 0.93 ** np.arange(60.0)
    copy, patch = 60, 240
    x = 0.01 * np.random.default_rng(12).standard_normal(360)
    x[copy : copy + 60] += 0.5 * t
    x[patch : patch + 60] += 1.0
    sums = {"correlation": correlate(x, t, "valid"), "convolution": convolve(x, t, "valid")}
    best, at = likeness(x, t)
    numbers = {
        "copy_at": copy,
        "patch": [patch, patch + 60],
        "largest_at": {way: int(s.argmax()) for way, s in sums.items()},
        "on_patch": {way: round(float(s[patch - 59 : patch + 60].max()), 2) for way, s in sums.items()},
        "on_copy": {way: round(float(s[: copy + 60].max()), 2) for way, s in sums.items()},
        "normalised_at": at,
        "normalised": round(best, 3),
    }
    return ClaimResult.of("similarity", "wrong", numbers, {"x": x, "sum": sums["correlation"]})


def symmetric_matching() -> ClaimResult:
    """A symmetric kernel hides the flip, an antisymmetric one turns its sign, any other shows it."""
    kernels = {"[1, 2, 1]": [1.0, 2, 1], "[1, 0, -1]": [1.0, 0, -1], "[4, 2, 1]": [4.0, 2, 1]}
    pairs = {name: (convolve(_X, np.array(h)), correlate(_X, np.array(h))) for name, h in kernels.items()}
    differ = {name: float(np.abs(y - r).max()) for name, (y, r) in pairs.items()}
    opposite = {name: float(np.abs(y + r).max()) for name, (y, r) in pairs.items()}
    return ClaimResult.of(
        "symmetry",
        "wrong",
        {"largest_difference": differ, "largest_sum": opposite},
        {f"{name} {way}": out for name, pair in pairs.items() for way, out in zip("yr", pair, strict=True)},
        symmetric=differ["[1, 2, 1]"],
        antisymmetric=differ["[1, 0, -1]"],
        antisymmetric_sum=opposite["[1, 0, -1]"],
        asymmetric=differ["[4, 2, 1]"],
    )


class Placed(NamedTuple):
    """A sequence ``values`` (M,), the first of them at frame ``start``."""

    values: Taps
    start: int = 0


def convolved(a: Placed, b: Placed) -> Placed:
    """``(a * b)[n] = sum_k b[k] a[n-k]``."""
    return Placed(convolve(a.values, b.values), a.start + b.start)


def correlated(a: Placed, b: Placed) -> Placed:
    """``r[n] = sum_k b[k] a[n+k]``, which begins where the end of b meets the start of a."""
    return Placed(correlate(a.values, b.values), a.start - (b.start + len(b.values) - 1))


def apart(a: Placed, b: Placed) -> float:
    """The largest difference, frame by frame; where one has ended it is 0."""
    return float(np.abs(np.subtract(*_together(a, b))).max())


def commutes() -> ClaimResult:
    """Order and grouping change nothing in convolution, and much in correlation."""
    a, b, c = (Placed(np.array(taps, dtype=float)) for taps in ([0, 3, 1, 2], [4, 2, 1], [1, 0, 3]))
    ab, ba = correlated(a, b), correlated(b, a)
    chain, once = convolved(convolved(a, b), c), convolved(a, convolved(b, c))
    r_chain, r_once = correlated(correlated(a, b), c), correlated(a, correlated(b, c))
    backwards = Placed(ba.values[::-1], -(ba.start + len(ba.values) - 1))
    numbers = {
        "convolution_order": apart(convolved(a, b), convolved(b, a)),
        "correlation_order": apart(ab, ba),
        "correlation_order_reversed": apart(ab, backwards),
        "convolution_grouping": apart(chain, once),
        "correlation_grouping": apart(r_chain, r_once),
        "correlation_grouping_mended": apart(r_chain, correlated(a, convolved(b, c))),
    }
    y_chain, y_once = _together(chain, once)
    lags = range(min(r_chain.start, r_once.start), max(map(_end, (r_chain, r_once))))
    both = _together(r_chain, r_once)
    return ClaimResult.of(
        "commutes",
        "right",
        numbers,
        {"chain": y_chain, "once": y_once, "lags": np.array(lags), "r_chain": both[0], "r_once": both[1]},
    )


def _end(a: Placed) -> int:
    return a.start + len(a.values)


def _together(a: Placed, b: Placed) -> tuple[Taps, Taps]:
    """Both on the frames that either covers."""
    start, end = min(a.start, b.start), max(_end(a), _end(b))
    padded = [np.pad(s.values, (s.start - start, end - _end(s))) for s in (a, b)]
    return padded[0], padded[1]
