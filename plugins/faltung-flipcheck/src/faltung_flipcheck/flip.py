"""`flip_check`: is this convolution or correlation?

Convention: convolution gives the kernel back as it is, at an impulse; correlation gives it back reversed (an image
turned by 180 degrees). With a kernel that is its own reversal, nobody can tell, and the verdict says so. ``origin`` is
the tap that meets x[n] in y[n], both counted from their own first frame: a convolution is
``y[n] = sum_k h[k] x[n + origin - k]``, a correlation ``y[n] = sum_k h[k] x[n + k - origin]``.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy.typing as npt

from pipeline.kernel import Array, Kernel

from .details import channel_words, dtype_words, lag_0, other_origin, padding, slope, told_edges
from .fits import Fit, best_fit, copies, forwards_and_backwards, origin
from .probes import Response, impulse_at_ends, measure
from .targets import How, as_target
from .verdict import FlipVerdict, Word

_COARSE = 0.25  # of the largest tap: an encoding that rounds so much hides the smaller taps


def flip_check(
    f: Any,
    kernel: npt.ArrayLike | None = None,
    *,
    fs: float = 48_000.0,
    name: str | None = None,
    kernel_as: str | None = None,
    form: str | None = None,
    image: bool = False,
) -> FlipVerdict:
    """Send an impulse and noise through anything, and say whether it convolves or correlates.

    Parameters
    ----------
    f
        a function ``f(x, h)``, which is handed the kernel, or ``f(x)`` with the kernel inside; a stage, a
        `Pipeline`, a layer of torch or Keras; a name such as ``"numpy:correlate"``, ``"mine.py:blur"`` or
        ``"stage:echo"``; the words of a command, ``["sox", "{in}", "{out}", "fir", "{kernel}"]``. Files may be of
        other kinds, ``{in.png}``, ``{out.txt}``; a command that names none is sent numbers and prints numbers.
    kernel
        ``(M,)`` taps to send, or ``(rows, columns)``; where they are inside, those believed to be there. By default
        one that is equal to none of its reversals.
    fs
        rate in Hz, for stages and files.
    kernel_as
        the parameter that takes the kernel; by default the second, else one whose name says so.
    form
        how signals are handed over, one of `FORMS`; by default what works is found by trying.
    image
        send an image, though no kernel of two axes is named.

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
    """
    target = as_target(f, kernel, fs=fs, name=name, how=How(form, kernel_as, image))
    response = measure(target)
    taps = target.taps
    known = response.time_invariant and bool(response.support)
    fits = _fits(response, taps) if taps is not None and known else []
    good = [fit for fit in fits if fit.error <= response.slack * response.tolerance]
    word, sentence, known_as = _judge(response, taps, good)
    chosen = good[0] if word in ("convolution", "correlation") else None
    rises = slope(response) if known else None
    channels, lost = channel_words(target)
    return FlipVerdict(
        target=target.name,
        verdict=word,
        sentence=sentence,
        kernel=None if taps is None else _plain(taps),
        response=_plain(response.taps) if known else (),
        starts=tuple(first for first, _ in response.support) if known else (),
        origin=None if chosen is None or taps is None else origin(chosen, taps),
        gain=None if chosen is None else chosen.gain,
        causal=response.support[0][0] >= 0 if known and response.values.ndim == 1 else None,
        edges=told_edges(target, response, fixed=kernel is not None),
        length=_length(response, taps),
        warnings=(
            *target.notes,
            *_warnings(response, taps, chosen, blind=word == "cannot tell" and len(good) > 1),
            *_turned(rises),
            *lost,
            *padding(target, response),
        ),
        known_as=known_as,
        other_origin=None if chosen is None else other_origin(target),
        slope=rises,
        lag_0=lag_0(target, response) if word == "correlation" or known_as == "normalised" else None,
        ends=impulse_at_ends(target, response) if known else None,
        nan=response.nan,
        dtypes=dtype_words(target) if chosen is not None else (),
        channels=channels,
    )


def _fits(response: Response, taps: Array) -> list[Fit]:
    """Every reversal of the kernel against the response: none first, all axes second; then those of it transposed."""
    subsets = [axes for count in range(taps.ndim + 1) for axes in combinations(range(taps.ndim), count)]
    subsets.sort(key=lambda axes: len(axes) not in (0, taps.ndim))
    fits = [best_fit(response, taps, axes) for axes in subsets]
    if taps.ndim == 2:
        fits += [best_fit(response, taps.T, axes, transposed=True) for axes in subsets]
    return fits


def _judge(response: Response, taps: Array | None, good: list[Fit]) -> tuple[Word, str, str | None]:
    if not response.linear:
        mix = f"f(a/2 - b/4) differs from f(a)/2 - f(b)/4 by {response.error:.2g} of the output"
        same = "twice the signal gives the same answer: the level does not matter, as in normalised correlation"
        return "not linear", same if response.known_as else mix, response.known_as
    if not response.time_invariant:
        said = f"the answer to noise differs from its launches by {response.error:.2g} of the output"
        kept = f"{response.known_as}: of several frames one answer is kept"
        return "not time-invariant", kept if response.known_as else said, response.known_as
    return _judge_response(response, taps, good)


def _judge_response(response: Response, taps: Array | None, good: list[Fit]) -> tuple[Word, str, str | None]:
    """The verdict on what is linear and time-invariant; ``good`` are the reversals of the kernel that explain it."""
    if not response.support:
        return "cannot tell", "an impulse gives silence", None
    if response.slack * response.tolerance > _COARSE:
        rounded = f"the output is rounded to {response.tolerance:.1g} of its largest sample: too coarse to tell"
        return "cannot tell", rounded, None
    identity = response.taps.size == 1 and abs(response.taps.flat[0] - 1) <= response.slack * response.tolerance
    gives_back = "identity" if identity and not any(first for first, _ in response.support) else None
    if taps is None:
        said = "it is linear and time-invariant; which way it reads its kernel shows once the taps are named"
        return "cannot tell", "it gives back what it got" if gives_back else said, gives_back
    if taps.size == 1:
        return "cannot tell", "one tap: there is nothing to flip", gives_back
    if not good:
        return _neither(response, taps, gives_back)
    whole = tuple(range(taps.ndim))
    kinds = {fit.axes: fit for fit in good[::-1] if not fit.transposed}
    if () in kinds and whole in kinds:
        return "cannot tell", _why_not(taps, kinds[()], kinds[whole]), None
    if () in kinds:
        return "convolution", f"{_formula(origin(kinds[()], taps), -1)}: the kernel comes back as it is", None
    if whole in kinds:
        how = "reversed" if taps.ndim == 1 else "turned by 180 degrees"
        return "correlation", f"{_formula(origin(kinds[whole], taps), +1)}: the kernel comes back {how}", None
    return "neither", _one_axis(good[0]), "transposed" if good[0].transposed else "flips one axis"


def _neither(response: Response, taps: Array, gives_back: str | None) -> tuple[Word, str, str | None]:
    if gives_back:
        return "neither", "it gives back what it got: the kernel is not used, or not as one", gives_back
    if forwards_and_backwards(response, taps):
        said = "what comes back is the kernel against its own reversal"
        return "neither", f"{said}: forwards and backwards", "forwards and backwards"
    repeated = copies(response, taps)
    said = repeated or "what comes back is the kernel in neither direction"
    return "neither", said, "copies" if repeated else None


def _one_axis(fit: Fit) -> str:
    along = ("rows", "columns")
    one = f"reversed along axis {fit.axes[0]} alone" if fit.axes else "as it is"
    turned = "turned by 180 degrees" if len(fit.axes) == 2 else one
    if fit.transposed:
        return f"transposes: the kernel comes back with rows and columns exchanged, {turned}"
    flips = along[1 - fit.axes[0]]  # the axis along which it comes back as it is has been flipped
    return f"flips {flips}, not {along[fit.axes[0]]}: the kernel comes back {turned}"


def _why_not(taps: Array, straight: Fit, turned: Fit) -> str:
    if straight.gain * turned.gain < 0:
        gains = f"convolution with gain {straight.gain:.4g}, or correlation with gain {turned.gain:.4g}"
        return f"antisymmetric: the flip only turns the sign; {gains}"
    if taps.ndim == 1:
        return Kernel(taps).describe_symmetry()
    return "symmetric: the kernel turned by 180 degrees is itself, so the flip cannot be seen"


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
    for sign, said in ((1, "N + M - 1 frames ('full')"), (-1, "N - M + 1 frames ('valid')")):
        if all(m is not None and d == sign * (m - 1) for d, m in zip(more, shape, strict=True)):
            return said
    return " x ".join(f"N {'-' if d < 0 else '+'} {abs(d):,}" for d in more) + " frames"


def _warnings(response: Response, taps: Array | None, chosen: Fit | None, *, blind: bool) -> list[str]:
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


def _turned(rises: tuple[float, ...] | None) -> list[str]:
    """A warning where a derivative has the sign of its opposite, on the axis along which it acts most."""
    most = max(rises or (0.0,), key=abs)
    return [f"a ramp that rises gives {most:.4g}: this derivative points the wrong way"] if most < 0 else []


def _plain(taps: Array) -> tuple[Any, ...]:
    return tuple(tuple(map(float, row)) for row in taps) if taps.ndim == 2 else tuple(map(float, taps))
