"""How well a kernel, reversed along some of its axes, repeated or run twice, explains the answer to an impulse."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pipeline.kernel import Array

from .probes import Response, convolved

_MOST_COPIES = 64


@dataclass(frozen=True)
class Fit:
    """How well one reversal of the kernel explains the response."""

    axes: tuple[int, ...]
    """Those along which the kernel is reversed."""
    starts: tuple[int, ...]
    gain: float
    error: float
    transposed: bool = False


def best_fit(response: Response, taps: Array, axes: tuple[int, ...], *, transposed: bool = False) -> Fit:
    """The kernel, so reversed, at the place and with the gain that explain the response best."""
    turned = np.flip(taps, axes)
    first = _place(response.values, turned)
    placed = _placed(turned, first, response.values.shape)
    gain = float((response.values * placed).sum() / (turned**2).sum())
    error = float(np.abs(response.values - gain * placed).max() / np.abs(response.values).max())
    starts = tuple(s - c for s, c in zip(first, response.centre, strict=True))
    return Fit(axes, starts, gain, error, transposed)


def origin(fit: Fit, taps: Array) -> tuple[int, ...]:
    """The tap that meets x[n]: ``-start`` as it is, ``start + M - 1`` reversed."""
    if not fit.axes:
        return tuple(-start for start in fit.starts)
    return tuple(start + m - 1 for start, m in zip(fit.starts, taps.shape, strict=True))


def copies(response: Response, taps: Array) -> str | None:
    """Where the kernel comes back more than once, how often and when: peeled off the response, the loudest first."""
    if taps.ndim != 1:
        return None
    allowed = response.slack * response.tolerance * float(np.abs(response.values).max())
    for turned, word in ((taps, ""), (taps[::-1], " reversed")):
        rest = response.values.astype(np.float64)
        found: dict[int, float] = {}
        while np.abs(rest).max() > allowed and len(found) < _MOST_COPIES:
            (first,) = _place(rest, turned)
            if any(abs(first - response.centre[0] - place) < len(taps) for place in found):
                break  # copies that overlap could explain anything
            placed = _placed(turned, [first], rest.shape)
            gain = float((rest * placed).sum() / (placed**2).sum())
            rest = rest - gain * placed
            found[first - response.centre[0]] = gain
        if len(found) > 1 and np.abs(rest).max() <= allowed:
            places, gains = sorted(found), [found[place] for place in sorted(found)]
            steps = {b - a for a, b in pairwise(places)}
            when = f"every {min(steps):,} frames" if len(steps) == 1 else "at " + ", ".join(f"{p:+,}" for p in places)
            equal = max(gains) - min(gains) <= allowed * len(gains)
            loud = "" if equal else ", with gains " + ", ".join(f"{g:.4g}" for g in gains)
            return f"the kernel comes back{word} {len(places)} times, {when}{loud}"
    return None


def forwards_and_backwards(response: Response, taps: Array) -> bool:
    """Whether the response is the kernel convolved with its own reversal, about the impulse."""
    if taps.ndim != 1:
        return False
    both = np.convolve(taps, taps[::-1])
    fit = best_fit(response, both, ())
    return fit.error <= response.slack * response.tolerance and fit.starts == (1 - len(taps),)


def _place(values: Array, turned: Array) -> list[int]:
    score = convolved(values, np.flip(turned))
    at = np.unravel_index(int(np.abs(score).argmax()), score.shape)
    return [int(a) - m + 1 for a, m in zip(at, turned.shape, strict=True)]


def _placed(turned: Array, first: list[int], shape: tuple[int, ...]) -> Array:
    inside = [(max(0, s), min(n, s + m)) for s, m, n in zip(first, turned.shape, shape, strict=True)]
    placed = np.zeros(shape)
    placed[tuple(slice(a, b) for a, b in inside)] = turned[
        tuple(slice(a - s, b - s) for (a, b), s in zip(inside, first, strict=True))
    ]
    return placed
