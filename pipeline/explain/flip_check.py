"""`flip_check`: is this convolution or correlation?

Convention: convolution gives the kernel back as it is, at an impulse; correlation gives it back reversed (an image
turned by 180 degrees). With a kernel that is its own reversal, nobody can tell, and the verdict says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from ..kernel import Array, Kernel
from .flip_verdict import FlipVerdict, Word
from .probes import Response, measure
from .targets import as_target

__all__ = ["flip_check"]

_CLOSE = 16  # times the rounding: up to here a response is the kernel
_COARSE = 0.25  # of the largest tap: an encoding that rounds so much hides the smaller taps


@dataclass(frozen=True)
class _Fit:
    """How well one reversal of the kernel explains the response."""

    axes: tuple[int, ...]
    """Those along which the kernel is reversed."""
    starts: tuple[int, ...]
    gain: float
    error: float


def flip_check(
    f: Any, kernel: npt.ArrayLike | None = None, *, fs: float = 48_000.0, name: str | None = None
) -> FlipVerdict:
    """Send an impulse and noise through anything, and say whether it convolves or correlates.

    Parameters
    ----------
    f
        a function ``f(x, h)``, which is handed the kernel, or ``f(x)`` with the kernel inside; a stage, a
        `Pipeline`, a torch layer; a name such as ``"numpy:correlate"`` or ``"stage:echo"``; the words of a command,
        ``["sox", "{in}", "{out}", "fir", "{kernel}"]``.
    kernel
        ``(M,)`` taps to send, or ``(rows, columns)``; where they are inside, those believed to be there. By default
        one that is equal to none of its reversals.
    fs
        rate in Hz, for stages and files.

    Returns
    -------
    FlipVerdict
        convolution, correlation, neither, or that nobody can tell; with the taps, the origin and the reasons.

    Raises
    ------
    UsageError, SignalError
        `as_target`: no target; what comes back is no array of finite numbers.

    Examples
    --------
    >>> import numpy as np
    >>> flip_check(np.correlate).verdict
    'correlation'
    >>> flip_check(np.convolve, [1, 2, 1]).verdict
    'cannot tell'
    """
    target = as_target(f, kernel, fs=fs, name=name)
    found = measure(target)
    taps = target.taps
    fits = _fits(found, taps) if taps is not None and found.linear and found.time_invariant and found.support else []
    good = [fit for fit in fits if fit.error <= _CLOSE * found.tolerance]
    word, sentence = _judge(found, taps, good)
    chosen = good[0] if word in ("convolution", "correlation") else None
    known = found.time_invariant and bool(found.support)
    return FlipVerdict(
        target=target.name,
        verdict=word,
        sentence=sentence,
        kernel=None if taps is None else _plain(taps),
        response=_plain(found.taps) if known else (),
        starts=tuple(first for first, _ in found.support) if known else (),
        origin=None if chosen is None or taps is None else _origin(chosen, taps),
        gain=None if chosen is None else chosen.gain,
        causal=found.support[0][0] >= 0 if known and found.values.ndim == 1 else None,
        edges=found.edges,
        length=_length(found, taps),
        warnings=(*target.notes, *_warnings(found, taps, chosen, blind=word == "cannot tell" and len(good) > 1)),
    )


def _fits(found: Response, taps: Array) -> list[_Fit]:
    """Every reversal of the kernel against the response: none first, all axes second."""
    subsets = [axes for count in range(taps.ndim + 1) for axes in combinations(range(taps.ndim), count)]
    subsets.sort(key=lambda axes: len(axes) not in (0, taps.ndim))
    return [_fit(found, taps, axes) for axes in subsets]


def _fit(found: Response, taps: Array, axes: tuple[int, ...]) -> _Fit:
    from scipy.signal import fftconvolve

    turned = np.flip(taps, axes)
    score = fftconvolve(found.values, np.flip(turned))
    at = np.unravel_index(int(np.abs(score).argmax()), score.shape)
    first = [int(a) - m + 1 for a, m in zip(at, turned.shape, strict=True)]
    inside = [(max(0, s), min(n, s + m)) for s, m, n in zip(first, turned.shape, found.values.shape, strict=True)]
    placed = np.zeros_like(found.values, dtype=np.float64)
    placed[tuple(slice(a, b) for a, b in inside)] = turned[
        tuple(slice(a - s, b - s) for (a, b), s in zip(inside, first, strict=True))
    ]
    gain = float((found.values * placed).sum() / (turned**2).sum())
    error = float(np.abs(found.values - gain * placed).max() / np.abs(found.values).max())
    return _Fit(axes, tuple(s - c for s, c in zip(first, found.centre, strict=True)), gain, error)


def _judge(found: Response, taps: Array | None, good: list[_Fit]) -> tuple[Word, str]:
    if not found.linear:
        return "not linear", f"f(a/2 - b/4) differs from f(a)/2 - f(b)/4 by {found.error:.2g} of the output"
    if not found.time_invariant:
        return "not time-invariant", f"the answer to noise differs from its launches by {found.error:.2g} of the output"
    if not found.support:
        return "cannot tell", "an impulse gives silence"
    if _CLOSE * found.tolerance > _COARSE:
        return (
            "cannot tell",
            f"the output is rounded to {found.tolerance:.1g} of its largest sample: too coarse to tell",
        )
    if taps is None:
        return (
            "cannot tell",
            "it is linear and time-invariant; which way it reads its kernel shows once the taps are named",
        )
    if taps.size == 1:
        return "cannot tell", "one tap: there is nothing to flip"
    if not good:
        return "neither", "what comes back is the kernel in neither direction"
    whole = tuple(range(taps.ndim))
    kinds = {fit.axes: fit for fit in good}
    if () in kinds and whole in kinds:
        return "cannot tell", _why_not(taps, kinds[()], kinds[whole])
    if () in kinds:
        return "convolution", f"{_formula(_origin(kinds[()], taps), -1)}: the kernel comes back as it is"
    if whole in kinds:
        how = "reversed" if taps.ndim == 1 else "turned by 180 degrees"
        return "correlation", f"{_formula(_origin(kinds[whole], taps), +1)}: the kernel comes back {how}"
    return "neither", f"the kernel comes back reversed along axis {good[0].axes[0]} alone"


def _why_not(taps: Array, straight: _Fit, turned: _Fit) -> str:
    if straight.gain * turned.gain < 0:
        gains = f"convolution with gain {straight.gain:.4g}, or correlation with gain {turned.gain:.4g}"
        return f"antisymmetric: the flip only turns the sign; {gains}"
    if taps.ndim == 1:
        return Kernel(taps).describe_symmetry()
    return "symmetric: the kernel turned by 180 degrees is itself, so the flip cannot be seen"


def _origin(fit: _Fit, taps: Array) -> tuple[int, ...]:
    """The tap that meets x[n]: ``-start`` as it is, ``start + M - 1`` reversed."""
    if not fit.axes:
        return tuple(-start for start in fit.starts)
    return tuple(start + m - 1 for start, m in zip(fit.starts, taps.shape, strict=True))


def _formula(origin: tuple[int, ...], sign: int) -> str:
    """``y[n] = sum_k h[k] x[n+1-k]``, with the origin as a number."""
    n, k = (("n",), ("k",)) if len(origin) == 1 else (("i", "j"), ("p", "q"))
    shifts = ["" if o == 0 else f"{-sign * o:+d}" for o in origin]
    read = [f"{a}{s}-{b}" if sign < 0 else f"{a}+{b}{s}" for a, b, s in zip(n, k, shifts, strict=True)]
    return f"y[{', '.join(n)}] = sum h[{', '.join(k)}] x[{', '.join(read)}]"


def _length(found: Response, taps: Array | None) -> str:
    more = [out - n for out, n in zip(found.values.shape, found.frames_in, strict=True)]
    if not any(more):
        return "as long as the input ('same')"
    shape = (None,) if taps is None else taps.shape
    if all(m is not None and d == m - 1 for d, m in zip(more, shape, strict=True)):
        return "N + M - 1 frames ('full')"
    if all(m is not None and d == 1 - m for d, m in zip(more, shape, strict=True)):
        return "N - M + 1 frames ('valid')"
    return " x ".join(f"N {'-' if d < 0 else '+'} {abs(d):,}" for d in more) + " frames"


def _warnings(found: Response, taps: Array | None, chosen: _Fit | None, *, blind: bool) -> list[str]:
    warnings = []
    if blind and taps is not None and taps.size > 1:
        warnings.append("no probe can show the flip of this kernel; check with an asymmetric one, such as 4,2,1")
    if found.offset > found.tolerance and found.linear:
        warnings.append(f"adds a constant, up to {found.offset:.4g}: an affine map; the verdict is on the rest")
    if chosen is not None and taps is not None and found.values.ndim == 1 and len(taps) > 1:
        ahead, more = len(taps) - 1, found.values.shape[0] - found.frames_in[0]
        if more == -ahead and not chosen.axes and chosen.starts[0] == -ahead:
            warnings.append(f"'valid' leaves out the first {ahead}: counted from the input's frames, it is causal")
        if more == ahead and chosen.axes and chosen.starts[0] == 0:
            warnings.append(f"'full' begins at lag -{ahead}: causal only because everything comes {ahead} late")
    return warnings


def _plain(taps: Array) -> tuple[Any, ...]:
    return tuple(tuple(map(float, row)) for row in taps) if taps.ndim == 2 else tuple(map(float, taps))
