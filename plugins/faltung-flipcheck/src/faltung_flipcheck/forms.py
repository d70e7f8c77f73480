"""The forms in which functions want a signal and a kernel: arrays, tensors, batches, images of a library, 8-bit pixels.

Convention: a form is tried on a short signal, with the kernel as the second argument and then under each name that a
kernel usually has; the first that gives back numbers of as many axes is taken. Only libraries loaded already are tried.
"""

from __future__ import annotations

import functools
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from pipeline.errors import UsageError
from pipeline.kernel import Array, Taps
from pipeline.text import nearest

Run = Callable[[Array], Any]

_NAMES = "kernel weights h filter taps filt w v window template k in2 rhs filters"
"""Words by which functions call their kernel, the commonest first."""

_TOP = 255
_SCALES = (240, 120, 60, 30, 15)
"""Multiples of 15, so that noise in steps of 1/15 stays whole."""


@dataclass(frozen=True)
class Form:
    """How a signal and a kernel are handed over."""

    needs: str
    """The module that must be there."""
    signal: Callable[[Any, Array], Any]
    """From that module and a float64 array."""
    kernel: Callable[[Any, Array], Any] = lambda _, h: h
    pixels: bool = False
    """Whether it holds whole numbers from 0 to 255 only."""


FORMS = {
    "array": Form("numpy", lambda _, x: x),
    "float32": Form("numpy", lambda np, x: x.astype(np.float32), lambda np, h: h.astype(np.float32)),
    "batch": Form("numpy", lambda _, x: x[None, None], lambda _, h: h[None, None]),
    "channels-last": Form("numpy", lambda _, x: x[None, ..., None], lambda _, h: h[..., None, None]),
    "tensor": Form("torch", lambda t, x: t.as_tensor(x), lambda t, h: t.as_tensor(h)),
    "tensor-batch": Form("torch", lambda t, x: t.as_tensor(x)[None, None], lambda t, h: t.as_tensor(h)[None, None]),
    "tensor-image": Form("torch", lambda t, x: t.as_tensor(x)[None, None], lambda t, h: t.as_tensor(h)[None]),
    "tinygrad": Form(
        "tinygrad",
        lambda t, x: t.Tensor(x.astype(np.float32)[None, None]),
        lambda t, h: t.Tensor(h.astype(np.float32)[None, None]),
    ),
    "dask": Form("dask.array", lambda d, x: d.from_array(x, chunks=-1)),
    "polars": Form("polars", lambda p, x: p.Series(x), lambda _, h: h.tolist()),
    "pandas": Form("pandas", lambda p, x: p.Series(x)),
    "itk": Form("SimpleITK", lambda s, x: s.GetImageFromArray(x), lambda s, h: s.GetImageFromArray(h)),
    "vips": Form("pyvips", lambda v, x: v.Image.new_from_array(x), lambda v, h: v.Image.new_from_array(h.tolist())),
    "uint8": Form("numpy", lambda np, x: x.astype(np.uint8), pixels=True),
    "pillow": Form("PIL.Image", lambda p, x: p.fromarray(x.astype(np.uint8)), lambda _, h: h, pixels=True),
}
"""By name, in the order in which they are tried."""

_ON_DEMAND = {"uint8"}  # a function that takes float64 is checked in it, so this form must be asked for


def plain_array(y: Any, axes: int) -> Array:
    """Numbers out of whatever a library returns, without axes of length 1 beyond ``axes``."""
    if isinstance(y, tuple | list) and y and hasattr(y[0], "shape"):
        y = y[0]  # some functions return the result and what they know of it
    of_torch = ("detach", "cpu") if hasattr(y, "detach") else ()
    for method in (*of_torch, "compute", "to_numpy", "numpy"):
        if not isinstance(y, np.ndarray) and callable(getattr(y, method, None)):
            y = getattr(y, method)()
    if type(y).__module__.startswith("SimpleITK"):
        y = import_module("SimpleITK").GetArrayFromImage(y)
    array = np.asarray(y)
    for axis in [*range(array.ndim)][::-1]:
        if array.ndim > axes and array.shape[axis] == 1:
            array = array.squeeze(axis)
    return array


def pixels(run: Run, signed: bool) -> Run:
    """A function of 8-bit pixels as one of numbers near 1: as loud as does not saturate, and what it adds taken off.

    Signed kernels stand on grey, so that what is below 0 shows.
    """
    base = _TOP // 4 if signed else 0

    def ask(x: Array) -> Array:
        axes, still = x.ndim, plain_array(run(np.full(x.shape, float(base))), x.ndim).astype(np.float64)
        for scale in _SCALES:
            if signed and scale > _TOP // 2:
                continue
            y = plain_array(run(base + np.round(scale * x)), axes).astype(np.float64)
            if y.max(initial=0.0) < _TOP and (base == 0 or y.min(initial=0.0) > 0):
                break
        return (y - still) / scale if y.shape == still.shape else y

    return ask


def in_form(f: Callable[..., Any], taps: Taps | None, axes: int, form: str, keyword: str | None) -> Run:
    """``f`` as a function of arrays: signal and kernel in this form, the kernel second or under ``keyword``."""
    how = _form(form)
    library = import_module(how.needs)

    def run(x: Array) -> Any:
        signal = how.signal(library, x)
        if taps is None:
            return plain_array(f(signal), axes)
        kernel = how.kernel(library, taps)
        return plain_array(f(signal, **{keyword: kernel}) if keyword else f(signal, kernel), axes)

    return pixels(run, taps is not None and bool((taps < 0).any())) if how.pixels else run


def found_form(
    f: Callable[..., Any], taps: Taps | None, axes: int, form: str | None, keyword: str | None
) -> tuple[str, str | None] | None:
    """The first form and place of the kernel that work; None where none does."""
    ways = [keyword] if keyword or taps is None else [None, *_keywords(f)]
    x = np.zeros((max(64, 0 if taps is None else 4 * max(taps.shape)),) * axes)
    x[(len(x) // 2,) * axes] = 1.0
    for name in [form] if form else _loaded():
        for way in ways:
            try:
                y = np.asarray(in_form(f, taps, axes, name, way)(x))
            except Exception:  # noqa: S112  (any refusal means: not in this form)
                continue
            if y.ndim == axes and y.dtype.kind in "iuf" and y.size > 1 and y.any():
                return name, way
    return None


def takes_kernel(f: Callable[..., Any]) -> bool:
    """Whether it must be called with two arguments or more; compiled functions that do not say are taken to."""
    parameters = _parameters(f)
    if parameters is None or _named_in(f):
        return True
    by_place = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(p.kind in by_place and p.default is p.empty for p in parameters) >= 2


def _form(name: str) -> Form:
    if name in FORMS:
        return FORMS[name]
    near = nearest(name, FORMS)
    hint = f"did you mean {near!r}?" if near else "it is one of " + ", ".join(FORMS)
    raise UsageError(f"--as: {name!r} is no form in which a signal is handed over; {hint}")


def _loaded() -> Iterator[str]:
    there = (name for name, form in FORMS.items() if form.needs.partition(".")[0] in sys.modules)
    return (name for name in there if name not in _ON_DEMAND)


def _parameters(f: Callable[..., Any]) -> list[inspect.Parameter] | None:
    """What it takes; None where it is compiled and does not say."""
    try:
        return [*inspect.signature(f).parameters.values()]
    except (TypeError, ValueError):
        return None


def _named_in(f: Callable[..., Any]) -> list[str]:
    """Parameters without a value whose name says kernel, from the signature or the first lines of help."""
    plain, settled = (f.func, f.keywords) if isinstance(f, functools.partial) else (f, {})
    parameters = _parameters(f)
    named = [p.name for p in parameters or () if p.default is p.empty]
    if parameters is None:
        named = re.findall(r"\w+", (getattr(plain, "__doc__", None) or "").split("\n")[0])
    known = [name for name in named if "kernel" in name.lower() and "size" not in name.lower()]
    return [name for name in (*_NAMES.split(), *known) if name in named[1:] and name not in settled]


def _keywords(f: Callable[..., Any]) -> list[str]:
    return [*dict.fromkeys([*_named_in(f), *(p.name for p in _parameters(f) or () if p.name in _NAMES.split())])]
