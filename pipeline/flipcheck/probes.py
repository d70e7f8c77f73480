"""Sends silence, an impulse and noise through a target: its response, linear or not, time-invariant or not, its edges.

Convention: the response is ``g[m] = f(impulse at c)[c + m]``, so a causal target answers at ``m >= 0`` only. Everything
that a linear time-invariant target does is its launches, ``y[n] = sum_m x[m] g[n-m]``; noise is held against them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..kernel import Array
from .targets import Target

EDGES = {
    "zeros": "constant",
    "nearest": "edge",
    "reflect": "symmetric",
    "mirror": "reflect",
    "wrap": "wrap",
}
"""Ways to go on outside the signal, in the words of scipy.ndimage, and `numpy.pad`'s word for each."""

_SEED = 20
_LEVELS = 256  # noise in steps of 1/256, which every encoding of a WAV file holds exactly


@dataclass(frozen=True)
class Response:
    """Findings of the probes."""

    values: Array
    """The answer to an impulse of 1, silence taken off, as long as the output."""
    centre: tuple[int, ...]
    """Where the impulse was; the same index in the output is m = 0."""
    frames_in: tuple[int, ...]
    tolerance: float
    """Relative to the largest sample: what rounding alone may do."""
    offset: float
    """Largest sample of the answer to silence."""
    linear: bool
    time_invariant: bool
    error: float
    """Largest deviation from the rule that was broken, or from the launches, relative to the output."""
    edges: str | None
    """All of `EDGES` that agree; None where nothing can be told."""

    @property
    def support(self) -> list[tuple[int, int]]:
        """First and last m of the answer on each axis, beyond rounding; ``[]`` where there is none."""
        return _support(self.values, self.centre, self.tolerance)

    @property
    def taps(self) -> Array:
        """The answer, trimmed to its support."""
        return self.values[tuple(slice(a + c, b + c + 1) for (a, b), c in zip(self.support, self.centre, strict=True))]


def measure(target: Target) -> Response:
    """Probe a target with seven signals; raises what the target raises."""
    shape = _shape(target)
    centre = tuple(n // 2 for n in shape)
    silence = target(np.zeros(shape))
    impulse = np.zeros(shape)
    impulse[centre] = target.amplitude
    answer = target(impulse)
    tolerance = target.tolerance(answer - silence if answer.shape == silence.shape else answer)
    values = (answer - silence) / target.amplitude if answer.shape == silence.shape else answer

    width = min(16, min(shape) // 8)
    rng = np.random.default_rng(_SEED)
    a, b = (_noise(rng, shape, centre, width) * target.amplitude for _ in range(2))
    outputs = [target(a), target(b), target(0.5 * a - 0.25 * b), target(np.roll(a, 1, axis=-1))]
    same = all(y.shape == silence.shape for y in (answer, *outputs))
    ya, yb, mixed, moved = (y - silence for y in outputs) if same else outputs
    unequal = _relative(mixed - (0.5 * ya - 0.25 * yb), ya, yb) if same else np.inf
    linear = bool(unequal <= 8 * tolerance)
    launches = max(_from_launches(values, a, ya, centre, width), _shifted(ya, moved)) if linear else np.inf
    invariant = bool(launches <= 64 * tolerance)
    return Response(
        values,
        centre,
        shape,
        tolerance,
        float(np.abs(silence).max()),
        linear,
        linear and invariant,
        float(unequal if not linear else launches),
        _edges(target, values, centre, silence, tolerance) if invariant and values.shape == shape else None,
    )


def _support(values: Array, centre: tuple[int, ...], tolerance: float) -> list[tuple[int, int]]:
    heard = np.argwhere(np.abs(values) > tolerance * float(np.abs(values).max()))
    if not len(heard):
        return []
    return [(int(a) - c, int(b) - c) for a, b, c in zip(heard.min(0), heard.max(0), centre, strict=True)]


def _shape(target: Target) -> tuple[int, ...]:
    """Long enough for the kernel to lie four times in it, the impulse in the middle."""
    taps = target.taps
    if taps is None:
        return (max(4096, target.least_frames),)
    if taps.ndim == 1:
        return (max(256, 4 * len(taps) + 64, target.least_frames),)
    return tuple(4 * m + 33 for m in taps.shape)


def _noise(rng: np.random.Generator, shape: tuple[int, ...], centre: tuple[int, ...], width: int) -> Array:
    """Noise within ``width`` of the centre; one frame shorter at the end, so that it can be moved by one."""
    noise = np.zeros(shape)
    inside = tuple(slice(c - width, c + width) for c in centre)
    noise[inside] = rng.integers(-_LEVELS, _LEVELS, noise[inside].shape, endpoint=True) / _LEVELS
    return noise


def convolved(a: Array, b: Array) -> Array:
    """Full convolution along all axes, without scipy.signal, whose import takes longer than a check."""
    axes, shape = range(a.ndim), [m + n - 1 for m, n in zip(a.shape, b.shape, strict=True)]
    sizes = [1 << (n - 1).bit_length() for n in shape]
    product = np.fft.rfftn(a, sizes, axes) * np.fft.rfftn(b, sizes, axes)
    return np.fft.irfftn(product, sizes, axes)[tuple(map(slice, shape))]


def _relative(error: Array, *outputs: Array) -> float:
    size = max(float(np.abs(y).max()) for y in outputs)
    return float(np.abs(error).max()) / size if size else 0.0


def _shifted(y: Array, moved: Array) -> float:
    """How far the answer to a signal one frame later is from the answer one frame later."""
    return _relative(moved[..., 1:] - y[..., :-1], y)


def _from_launches(values: Array, x: Array, y: Array, centre: tuple[int, ...], width: int) -> float:
    """How far the answer to noise is from one launched response a sample, where all of those are known."""
    launched = convolved(x, values)[tuple(slice(c, c + n) for c, n in zip(centre, values.shape, strict=True))]
    known = tuple(slice(width, n - width) for n in values.shape)
    return _relative((launched - y)[known], y)


def _edges(target: Target, values: Array, centre: tuple[int, ...], silence: Array, tolerance: float) -> str | None:
    """Way in which the target goes on outside the signal; None where it never looks there, or it is none of `EDGES`.

    A response that reaches one frame out cannot tell some of them apart; all that agree are named.
    """
    shape = values.shape
    support = _support(values, centre, tolerance)
    reach = max((max(abs(first), abs(last)) for first, last in support), default=0)
    if reach == 0 or reach >= min(shape):
        return None
    x = np.random.default_rng(_SEED + 1).integers(-_LEVELS, _LEVELS, shape, endpoint=True) / _LEVELS * target.amplitude
    y = target(x) - silence
    taps = values[tuple(slice(a + c, b + c + 1) for (a, b), c in zip(support, centre, strict=True))]
    start = [reach - first for first, _ in support]
    names = []
    for name, mode in EDGES.items():
        full = convolved(np.pad(x, reach, mode=mode), taps)  # type: ignore[call-overload]
        expected = full[tuple(slice(s, s + n) for s, n in zip(start, shape, strict=True))]
        if _relative(y - expected, y) <= 64 * tolerance:
            names.append(name)
    return " or ".join(names) or None
