"""`flip_check`: is this convolution or correlation? `FlipVerdict` is the answer, for people and for machines.

Convention: convolution gives the kernel back as it is, at an impulse; correlation gives it back reversed (an image
turned by 180 degrees). With a kernel that is its own reversal, nobody can tell, and the verdict says so. ``origin`` is
the tap that meets x[n] in y[n], both counted from their own first frame: a convolution is
``y[n] = sum_k h[k] x[n + origin - k]``, a correlation ``y[n] = sum_k h[k] x[n + k - origin]``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ..kernel import Array, Kernel
from ..text import count
from .probes import Response, convolved, measure
from .targets import as_target

Word = Literal["convolution", "correlation", "cannot tell", "neither", "not linear", "not time-invariant"]

_CLOSE = 16  # times the rounding: up to here a response is the kernel
_COARSE = 0.25  # of the largest tap: an encoding that rounds so much hides the smaller taps

_SHOWN_TAPS = 12
_LISTED_TAPS = 256


@dataclass(frozen=True)
class FlipVerdict:
    """The answer of `flip_check`; ``str()`` of it is the report, `to_dict` the same for machines.

    Examples
    --------
    >>> import numpy as np
    >>> from pipeline import flip_check
    >>> verdict = flip_check(np.correlate)
    >>> verdict.verdict, verdict.to_dict()["verdict"]
    ('correlation', 'correlation')
    """

    target: str
    verdict: Word
    sentence: str
    """Why, in words."""
    kernel: tuple[Any, ...] | None
    """The taps that were sent or believed to be inside; rows of them for an image."""
    response: tuple[Any, ...]
    """The answer to an impulse, from its first sample that is not silence to its last."""
    starts: tuple[int, ...]
    """Where the answer starts, in frames after the impulse, for each axis: negative is before it."""
    origin: tuple[int, ...] | None
    """The tap that meets x[n], for each axis; outside the kernel it is a delay. None where no tap can be named."""
    gain: float | None
    """By which the kernel came back scaled."""
    causal: bool | None
    """Whether nothing comes before the impulse; None for images, which have no past."""
    edges: str | None
    """Samples taken to stand outside the signal: zeros, nearest, reflect, mirror, wrap; None where it does not show."""
    length: str
    """How long the output is, in words and letters."""
    warnings: tuple[str, ...] = ()

    @property
    def before(self) -> int:
        """Frames by which the answer precedes the impulse, on the last axis: what it needs of the future."""
        return max(0, -self.starts[-1]) if self.starts else 0

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain data; of taps beyond 256 the number alone."""
        data = asdict(self)
        for key in ("kernel", "response"):
            data[f"{key}_length"] = None if data[key] is None else len(data[key])
            if data[key] is not None and len(data[key]) > _LISTED_TAPS:
                data[key] = None
        return data

    def __str__(self) -> str:
        rows = [("kernel", _numbers(self.kernel) if self.kernel is not None else "not named")]
        if self.response:
            rows.append(("an impulse gives", f"{_numbers(self.response)}, {self._place()}"))
        if self.origin is not None:
            rows.append(("origin", f"{self._origin_words()}"))
        if self.gain is not None and abs(self.gain - 1) > 1e-4:
            rows.append(("gain", f"{self.gain:.6g}"))
        if self.causal is not None:
            after = f"no: it needs {count(self.before, 'frame')} of the future"
            rows.append(("causal", "yes" if self.causal else after))
        rows.append(("output", self.length + (f"; outside the signal: {self.edges}" if self.edges else "")))
        rows += [("warning", warning) for warning in self.warnings]
        lines = [f"{self.target}: {self.verdict}", f"  {self.sentence}"]
        return "\n".join([*lines, *(f"  {name:<17} {text}" for name, text in rows)])

    def _place(self) -> str:
        if len(self.starts) == 1:
            first = self.starts[0]
            last = first + len(self.response) - 1
            return f"at {first:+d}" if first == last else f"from {first:+d} to {last:+d}"
        return f"from {self.starts}"

    def _origin_words(self) -> str:
        origin, kernel = self.origin or (), self.kernel or ()
        if len(origin) > 1:
            return f"tap {origin} meets x[i, j]"
        taps, at = len(kernel), origin[0]
        if 0 <= at < taps:
            return f"tap {at} of 0..{taps - 1} meets x[n]"
        return f"{at}: outside the taps 0..{taps - 1}, a shift of the whole"


def _numbers(taps: tuple[Any, ...]) -> str:
    """``4 2 1``; rows parted by semicolons; the middle of a long one left out."""
    if taps and isinstance(taps[0], tuple):
        return "; ".join(_numbers(row) for row in taps)
    shown = [f"{tap:.4g}" for tap in taps]
    if len(shown) > _SHOWN_TAPS:
        shown = [*shown[:4], "...", *shown[-2:], f"({len(taps):,} taps)"]
    return " ".join(shown)


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
    response = measure(target)
    taps = target.taps
    comparable = response.linear and response.time_invariant and bool(response.support)
    fits = _fits(response, taps) if taps is not None and comparable else []
    good = [fit for fit in fits if fit.error <= _CLOSE * response.tolerance]
    word, sentence = _judge(response, taps, good)
    chosen = good[0] if word in ("convolution", "correlation") else None
    known = response.time_invariant and bool(response.support)
    return FlipVerdict(
        target=target.name,
        verdict=word,
        sentence=sentence,
        kernel=None if taps is None else _plain(taps),
        response=_plain(response.taps) if known else (),
        starts=tuple(first for first, _ in response.support) if known else (),
        origin=None if chosen is None or taps is None else _origin(chosen, taps),
        gain=None if chosen is None else chosen.gain,
        causal=response.support[0][0] >= 0 if known and response.values.ndim == 1 else None,
        edges=response.edges,
        length=_length(response, taps),
        warnings=(*target.notes, *_warnings(response, taps, chosen, blind=word == "cannot tell" and len(good) > 1)),
    )


def _fits(response: Response, taps: Array) -> list[_Fit]:
    """Every reversal of the kernel against the response: none first, all axes second."""
    subsets = [axes for count in range(taps.ndim + 1) for axes in combinations(range(taps.ndim), count)]
    subsets.sort(key=lambda axes: len(axes) not in (0, taps.ndim))
    return [_fit(response, taps, axes) for axes in subsets]


def _fit(response: Response, taps: Array, axes: tuple[int, ...]) -> _Fit:
    turned = np.flip(taps, axes)
    score = convolved(response.values, np.flip(turned))
    at = np.unravel_index(int(np.abs(score).argmax()), score.shape)
    first = [int(a) - m + 1 for a, m in zip(at, turned.shape, strict=True)]
    inside = [(max(0, s), min(n, s + m)) for s, m, n in zip(first, turned.shape, response.values.shape, strict=True)]
    placed = np.zeros_like(response.values, dtype=np.float64)
    placed[tuple(slice(a, b) for a, b in inside)] = turned[
        tuple(slice(a - s, b - s) for (a, b), s in zip(inside, first, strict=True))
    ]
    gain = float((response.values * placed).sum() / (turned**2).sum())
    error = float(np.abs(response.values - gain * placed).max() / np.abs(response.values).max())
    return _Fit(axes, tuple(s - c for s, c in zip(first, response.centre, strict=True)), gain, error)


def _judge(response: Response, taps: Array | None, good: list[_Fit]) -> tuple[Word, str]:
    if not response.linear:
        return "not linear", f"f(a/2 - b/4) differs from f(a)/2 - f(b)/4 by {response.error:.2g} of the output"
    if not response.time_invariant:
        return (
            "not time-invariant",
            f"the answer to noise differs from its launches by {response.error:.2g} of the output",
        )
    if not response.support:
        return "cannot tell", "an impulse gives silence"
    if _CLOSE * response.tolerance > _COARSE:
        return (
            "cannot tell",
            f"the output is rounded to {response.tolerance:.1g} of its largest sample: too coarse to tell",
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


def _length(response: Response, taps: Array | None) -> str:
    more = [out - n for out, n in zip(response.values.shape, response.frames_in, strict=True)]
    if not any(more):
        return "as long as the input ('same')"
    shape = (None,) if taps is None else taps.shape
    if all(m is not None and d == m - 1 for d, m in zip(more, shape, strict=True)):
        return "N + M - 1 frames ('full')"
    if all(m is not None and d == 1 - m for d, m in zip(more, shape, strict=True)):
        return "N - M + 1 frames ('valid')"
    return " x ".join(f"N {'-' if d < 0 else '+'} {abs(d):,}" for d in more) + " frames"


def _warnings(response: Response, taps: Array | None, chosen: _Fit | None, *, blind: bool) -> list[str]:
    warnings = []
    if blind and taps is not None and taps.size > 1:
        warnings.append("no probe can show the flip of this kernel; check with an asymmetric one, such as 4,2,1")
    if response.offset > response.tolerance and response.linear:
        warnings.append(f"adds a constant, up to {response.offset:.4g}: an affine map; the verdict is on the rest")
    if chosen is not None and taps is not None and response.values.ndim == 1 and len(taps) > 1:
        ahead, more = len(taps) - 1, response.values.shape[0] - response.frames_in[0]
        if more == -ahead and not chosen.axes and chosen.starts[0] == -ahead:
            warnings.append(f"'valid' leaves out the first {ahead}: counted from the input's frames, it is causal")
        if more == ahead and chosen.axes and chosen.starts[0] == 0:
            warnings.append(f"'full' begins at lag -{ahead}: causal only because everything comes {ahead} late")
    return warnings


def _plain(taps: Array) -> tuple[Any, ...]:
    return tuple(tuple(map(float, row)) for row in taps) if taps.ndim == 2 else tuple(map(float, taps))
