"""What else a target shows when asked again: kernels of another length, whole numbers, lags, channels, a ramp.

Convention: each question is one more probe of its own, and what refuses it is told so or left out, never an error.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from pipeline.errors import FaltungError
from pipeline.kernel import Array, Taps

from .fits import best_fit, origin
from .forms import plain_array
from .probes import Response, impulse, measure
from .targets import Target

_CHANNELS = (2, 6)
_FEW_FRAMES = 64


def slope(response: Response) -> tuple[float, ...] | None:
    """``-sum_m m g[m]`` on each axis: what a ramp that rises by 1 a frame gives. None unless a constant gives 0."""
    g = response.taps
    size = float(np.abs(g).sum())
    if abs(float(g.sum())) > response.slack * response.tolerance * size:
        return None
    first = [a for a, _ in response.support]
    places = np.meshgrid(*(np.arange(n) + a for n, a in zip(g.shape, first, strict=True)), indexing="ij")
    rises = tuple(-float((m * g).sum()) + 0.0 for m in places)
    coarse = 8 * response.tolerance * size
    return tuple(0.0 if abs(v) <= coarse else v for v in rises) if any(abs(v) > coarse for v in rises) else None


def other_origin(target: Target) -> str | None:
    """Which tap meets x[n] when the kernel has a tap more or, where it was even, a tap less."""
    if target.again is None or target.taps is None or target.taps.size == 1:
        return None
    even = target.taps.shape[-1] % 2 == 1
    m = 4 if even else 3
    h = _asymmetric((m,) * target.taps.ndim)
    word = f"of an {'even' if even else 'odd'} kernel of {m}"
    try:
        other = target.again(h)
        shape = (max(_FEW_FRAMES, other.least_frames),) * h.ndim
        centre = tuple(n // 2 for n in shape)
        values = np.nan_to_num(other.raw(impulse(other, shape, centre))) / other.amplitude
    except FaltungError:
        return f"{word}, refused"
    tolerance = max(other.tolerance(values), 1e-9)
    response = Response(values, centre, shape, tolerance, 0.0, True, True, 0.0, None, slack=other.slack)
    ways = ((), tuple(range(h.ndim))) if values.any() else ()
    fit = min((best_fit(response, h, axes) for axes in ways), key=lambda fit: fit.error, default=None)
    if fit is None or fit.error > response.slack * tolerance:
        return None
    at = origin(fit, h)
    return f"{word}, tap {at[0] if len(at) == 1 else at}"


def told_edges(target: Target, response: Response, *, fixed: bool) -> str | None:
    """The edges; where three taps cannot tell two ways apart and nobody named them, asked again with five."""
    if fixed or target.again is None or not response.edges or " or " not in response.edges:
        return response.edges
    h = np.zeros((5,) * response.values.ndim)
    h.flat[[0, h.size // 2, -1]] = 2, 1, 1  # reaches two frames out each way, and is too quiet for 8 bits to saturate
    try:
        return measure(target.again(h)).edges or response.edges
    except FaltungError:
        return response.edges


def lag_0(target: Target, response: Response) -> int | None:
    """Where the loudest answer to the kernel itself stands; None for frames, not lags: as many out as in."""
    frames = response.values.shape == response.frames_in
    if target.axes != 1 or target.taps is None or target.taps.size == 1 or frames:
        return None
    y = _typed(target, target.taps.copy(), target.taps.copy())
    return None if y is None or y.size < 2 or not np.isfinite(y).all() else int(np.argmax(y))


def dtype_words(target: Target) -> tuple[str, ...]:
    """What becomes of a level of 200 in uint8, of 20000 in int16, of fractions laid on uint8, of single precision."""
    if target.typed is None:
        return ()
    h = _asymmetric((3,) * target.axes)
    words = []
    for kind, level in (("uint8", 200), ("int16", 20_000)):
        got = _level(target, kind, level, h.astype(kind))
        due = _level(target, "float64", level, h)
        if due is None:
            continue
        words.append(f"{kind}: " + ("refused" if got is None else _fate(*got, due[0], np.dtype(kind))))
    fractions = _level(target, "uint8", 200, h / h.sum())
    if fractions is not None and abs(fractions[0] - 200) > 1:
        words.append(f"fractions on uint8: {fractions[0]:g} for 200")
    single = _level(target, "float32", 1, h.astype(np.float32))
    return (*words, "float32: " + ("refused" if single is None else single[1].name))


def channel_words(target: Target) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Rows on stereo and six channels with an impulse each; warnings where some fall silent or change their level."""
    rows, lost = [], []
    for channels in _CHANNELS if target.channels else ():
        try:
            gains = target.channels(channels) if target.channels else np.eye(channels)
        except FaltungError:
            rows.append(f"{channels}: refused")
            continue
        out = gains.shape[1]
        if out != channels:
            rows.append(f"{channels}: {out} come out")
            continue
        own = np.diag(gains)
        mixed = np.abs(gains - np.diag(own)).max() > 1e-3
        alike = np.allclose(own, 1, atol=1e-3)
        row = f"{channels}: " + ("as one alone" if alike else " ".join(f"{g:.4g}" for g in own))
        rows.append(row + (", mixed with each other" if mixed else ""))
        silent = [str(i + 1) for i in np.flatnonzero(own < 1e-3)]
        if silent:
            lost.append(f"of {channels} channels, {', '.join(silent)} fall silent")
        elif not alike:
            lost.append(f"{channels} channels come out {own.min():.4g} to {own.max():.4g} times as loud as one alone")
    return tuple(rows), tuple(lost)


def padding(target: Target, response: Response) -> tuple[str, ...]:
    """A warning where the kernel's file was padded with zeros, and whether the answer without them is another."""
    if target.exact is None or target.taps is None:
        return ()
    n = response.frames_in[0]
    x = impulse(target, (n,), (n // 2,))
    said = f"the kernel's file was padded with zeros from {len(target.taps)} taps"
    try:
        pair = [one.raw(x) for one in (target, target.exact)]
    except FaltungError as failure:
        return (f"{said}; without them: {failure}",)
    peaks = [float(np.abs(y).max()) for y in pair]
    size = min(map(len, pair))
    error = float(np.abs(pair[0][:size] - pair[1][:size]).max()) / max(max(peaks), 1e-300)
    if error <= response.slack * response.tolerance:
        return ()
    return (f"{said}; without them the loudest sample is {peaks[1] / max(peaks[0], 1e-300):.3g} times this one",)


def _asymmetric(shape: tuple[int, ...]) -> Taps:
    """Whole numbers that fall away, equal to no reversal or turn of themselves."""
    if len(shape) == 1:
        return np.arange(shape[0], 0, -1.0)
    h = np.zeros(shape)
    h[0], h[1:, -1] = np.arange(sum(shape) - 1, shape[0] - 1, -1.0), np.arange(shape[0] - 1, 0, -1.0)
    return h


def _level(target: Target, kind: str, level: int, h: Array) -> tuple[float, np.dtype[Any]] | None:
    """The middle of the answer to a constant, as a number and its dtype."""
    y = _typed(target, np.full((_FEW_FRAMES,) * target.axes, level, kind), h)
    return None if y is None else (float(y[tuple(n // 2 for n in y.shape)]), y.dtype)


def _typed(target: Target, x: Array, h: Array) -> Array | None:
    """The answer to a signal and a kernel in the dtypes that they have; None where it gives no numbers."""
    if target.typed is None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what overflows is told in words
            y = plain_array(target.typed(x, h), target.axes)
    except Exception:  # a dtype, or a signal as short as its kernel, may be refused in any way
        return None
    return y if y.ndim == target.axes and y.dtype.kind in "iuf" and y.size else None


def _fate(value: float, dtype: np.dtype[Any], due: float, kind: np.dtype[Any]) -> str:
    if abs(value - due) <= 1e-9 * abs(due):
        return f"exact, as {dtype.name}"
    if dtype.kind in "iu" and value == float(np.array(round(due), np.int64).astype(dtype)):
        return f"wraps, {due:g} becomes {value:g}"
    if dtype.kind in "iu" and value == np.iinfo(kind).max:
        return f"saturates at {value:g}"
    return f"{value:g} for {due:g}, as {dtype.name}"
