"""Sends silence, an impulse and noise through a target: its response, linear or not, time-invariant or not, its edges.

Convention: the response is ``g[m] = f(impulse at c)[c + m]``, so a causal target answers at ``m >= 0`` only. Everything
that a linear time-invariant target does is its launches, ``y[n] = sum_m x[m] g[n-m]``; noise is held against them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.errors import FaltungError
from pipeline.kernel import Array

from .targets import Target

EDGES = {"zeros": "constant", "nearest": "edge", "reflect": "symmetric", "mirror": "reflect", "wrap": "wrap"}
"""Ways to go on outside the signal, in the words of scipy.ndimage, and `numpy.pad`'s word for each."""

ANOTHER = "another way"
"""What is said of an end that follows none of these."""

_SEED = 20
_MOST_DECIMATION = 16
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
    """All of `EDGES` that agree, at either end; "nan" where what needs more than there is is NaN; None: not to tell."""
    known_as: str | None = None
    """Whether what is not linear or not time-invariant has a name: normalised, decimation by 2."""
    slack: float = 16.0
    """`Target.slack`."""
    nan: tuple[tuple[int, int], ...] = ()
    """On each axis, how many NaN at the start and at the end."""

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
    width = min(16, min(shape) // 8)
    rng = np.random.default_rng(_SEED)
    a, b = (_noise(rng, shape, centre, width, target.whole) * target.amplitude for _ in range(2))
    mix = -0.25 if not target.whole else 0.25

    silence = target.raw(np.zeros(shape))
    nan = _margins(silence)
    if nan is None:  # silence has no level to be measured by
        dense = _blind_to_level(target, shape)
        values = target.finite(silence) if dense is None else dense
        return Response(values, centre, shape, 0.0, 0.0, False, False, np.inf, None, "normalised", target.slack)

    def ask(x: Array) -> Array:
        y = target.raw(x)
        return target.finite(np.where(holes, 0.0, y) if y.shape == holes.shape else y)

    holes = np.isnan(silence)
    silence = np.where(holes, 0.0, silence)
    answer = ask(impulse(target, shape, centre))
    tolerance = target.tolerance(answer - silence if answer.shape == silence.shape else answer)
    values = (answer - silence) / target.amplitude if answer.shape == silence.shape else answer
    outputs = [ask(a), ask(b), ask(0.5 * a + mix * b), ask(np.roll(a, 1, axis=-1))]
    same = all(y.shape == silence.shape for y in (answer, *outputs))
    ya, yb, mixed, moved = (y - silence for y in outputs) if same else outputs
    unequal = _relative(mixed - (0.5 * ya + mix * yb), ya, yb) if same else np.inf
    linear = bool(unequal <= target.slack / 2 * tolerance)
    launches = max(_from_launches(values, a, ya, centre, width), _shifted(ya, moved)) if linear else np.inf
    invariant = bool(launches <= 4 * target.slack * tolerance)
    known_as = None if invariant else _decimation(ask, a, ya + silence) if linear else None
    if not linear and _blind_to_level(target, shape) is not None:
        known_as = "normalised"
    edges = None
    if invariant:
        edges = "nan" if holes.any() else _edges(target, values, centre, silence, tolerance)
    offset, error = float(np.abs(silence).max()), float(launches if linear else unequal)
    found = (tolerance, offset, linear, linear and invariant, error, edges, known_as)
    return Response(values, centre, shape, *found, target.slack, nan)


def impulse(target: Target, shape: tuple[int, ...], at: tuple[int, ...]) -> Array:
    """Silence but for one sample, as large as the target may be sent."""
    x = np.zeros(shape)
    x[at] = target.amplitude
    return x


def _margins(y: Array) -> tuple[tuple[int, int], ...] | None:
    """How many NaN lie at either end of each axis; None where some lie inside, or nothing is left."""
    finite = np.isfinite(y)
    if not finite.any() or np.isinf(y).any():
        return None
    inside = np.argwhere(finite)
    first, last = inside.min(0), inside.max(0)
    if not finite[tuple(slice(a, b + 1) for a, b in zip(first, last, strict=True))].all():
        return None
    return tuple((int(a), n - 1 - int(b)) for a, b, n in zip(first, last, y.shape, strict=True))


def _blind_to_level(target: Target, shape: tuple[int, ...]) -> Array | None:
    """The answer to noise, where twice the noise gives the same and it is not silence; else None."""
    x = np.random.default_rng(_SEED).standard_normal(shape) * target.amplitude / 8
    try:
        y, louder = target.finite(target.raw(x)), target.finite(target.raw(2 * x))
    except FaltungError:
        return None
    same = y.shape == louder.shape and y.any() and _relative(louder - y, y) <= 64 * target.tolerance(y)
    return y if same else None


def _decimation(ask: Callable[[Array], Array], x: Array, y: Array) -> str | None:
    """Whether the answer moves by one frame when the signal moves by 2, 3, ..., 16 of them."""
    ratio = round(x.shape[-1] / max(1, y.shape[-1]))
    if not 2 <= ratio <= _MOST_DECIMATION:
        return None
    error = _shifted(y, ask(np.roll(x, ratio, axis=-1)))
    return f"decimation by {ratio}" if error < 1e-4 else None


def _support(values: Array, centre: tuple[int, ...], tolerance: float) -> list[tuple[int, int]]:
    heard = np.argwhere(np.abs(values) > tolerance * float(np.abs(values).max()))
    if not len(heard):
        return []
    return [(int(a) - c, int(b) - c) for a, b, c in zip(heard.min(0), heard.max(0), centre, strict=True)]


def _shape(target: Target) -> tuple[int, ...]:
    """Long enough for the kernel to lie four times in it, the impulse in the middle."""
    taps = target.taps
    if taps is None:
        return (45, 45) if target.image else (max(4096, target.least_frames),)
    if taps.ndim == 1:
        return (max(256, 4 * len(taps) + 64, target.least_frames),)
    return tuple(4 * m + 33 for m in taps.shape)


def _noise(rng: np.random.Generator, shape: tuple[int, ...], centre: tuple[int, ...], width: int, whole: bool) -> Array:
    """Noise within ``width`` of the centre; one frame shorter at the end, so that it can be moved by one."""
    noise = np.zeros(shape)
    inside = tuple(slice(c - width, c + width) for c in centre)
    noise[inside] = _levels(rng, noise[inside].shape, whole)
    return noise


def _levels(rng: np.random.Generator, shape: tuple[int, ...], whole: bool) -> Array:
    """Whole: one pixel in eight is 4, 8 or 12 fifteenths, whose halves and quarters are whole in 8 bits."""
    if whole:
        return 4 * rng.integers(1, 4, shape) * (rng.random(shape) < 1 / 8) / 15
    return rng.integers(-_LEVELS, _LEVELS, shape, endpoint=True) / _LEVELS


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
    """Way in which the target goes on outside the signal; None where it never looks there.

    A response that reaches one frame out cannot tell some of them apart; all that agree are named. Where the ends
    differ, each is named; where one follows none of `EDGES`, an impulse at that end shows what it does.
    """
    shape = silence.shape
    support = _support(values, centre, tolerance)
    reach = max((max(abs(first), abs(last)) for first, last in support), default=0)
    if reach == 0 or reach >= min(shape) // 2 or shape != _shape(target):
        return None
    x = _levels(np.random.default_rng(_SEED + 1), shape, target.whole) * target.amplitude
    y = target(x) - silence
    taps = values[tuple(slice(a + c, b + c + 1) for (a, b), c in zip(support, centre, strict=True))]
    start = [reach - first for first, _ in support]
    fits: dict[str, Array] = {}
    for name, mode in EDGES.items():
        full = convolved(np.pad(x, reach, mode=mode), taps)  # type: ignore[call-overload]
        expected = full[tuple(slice(s, s + n) for s, n in zip(start, shape, strict=True))]
        fits[name] = np.abs(y - expected) <= 4 * target.slack * tolerance * float(np.abs(y).max())
    names = [name for name, fit in fits.items() if fit.all()]
    if names:
        return " or ".join(names)
    ends = [_end(fits, axis, end, shape[axis] // 2) for axis in range(len(shape)) for end in (0, 1)]
    words = ("at the start", "at the end") if len(shape) == 1 else ("above", "below", "on the left", "on the right")
    told = [f"{end or ANOTHER} {word}" for end, word in zip(ends, words, strict=True) if end != " or ".join(EDGES)]
    return ", ".join(told) if any(ends) else ANOTHER


def _end(fits: dict[str, Array], axis: int, end: int, half: int) -> str:
    """The ways that explain one end of one axis, away from the corners."""
    inner = [slice(n // 4, n - n // 4) for n in next(iter(fits.values())).shape]
    inner[axis] = slice(half, None) if end else slice(0, half)
    return " or ".join(name for name, fit in fits.items() if fit[tuple(inner)].all())


def impulse_at_ends(target: Target, response: Response) -> str | None:
    """What a signal's impulse at frame 0, at 1 or at the last gives, where that is not what one in the middle does."""
    settled = response.edges is not None and ANOTHER not in response.edges
    if response.values.ndim != 1 or settled or not response.support:
        return None
    n, values, centre = response.frames_in[0], response.values, response.centre[0]
    silence = target.raw(np.zeros(n))
    for at, word in ((0, "frame 0"), (1, "frame 1"), (n - 1, "the last frame")):
        y = (target.raw(impulse(target, (n,), (at,))) - silence) / target.amplitude
        if y.shape != values.shape:
            return f"an impulse at {word} gives {len(y):,} frames, one in the middle {len(values):,}"
        expected, shift = np.zeros_like(values), at - centre
        expected[max(0, shift) : len(y) + min(0, shift)] = values[max(0, -shift) : len(y) - max(0, shift)]
        size = float(np.abs(expected).max()) or float(np.abs(values).max())
        if np.abs(np.nan_to_num(y)).max() <= response.tolerance * size:
            return f"an impulse at {word} is not heard"
        allowed = 4 * response.slack * response.tolerance * size
        wrong = np.abs(np.nan_to_num(y) - expected) > allowed
        if abs(values[-1]) > allowed:
            wrong[max(0, len(y) + shift) :] = False  # it has not died away, so that more of it is not known
        if wrong.any():
            first = int(np.argmax(wrong))
            place = "there" if abs(first - at) < 4 else f"at n = {first}"
            loud = [np.where(np.abs(part) > allowed, part, 0.0)[first : first + 4] for part in (y, expected)]
            got, due = (" ".join(f"{v:.4g}" for v in part) for part in loud)
            return f"an impulse at {word} gives {got} {place}, where {due} is due"
    return None
