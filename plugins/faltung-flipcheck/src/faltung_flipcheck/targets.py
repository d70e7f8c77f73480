"""Anything that might convolve, as one function from a signal to a signal: what `flip_check` sends its probes through.

Convention: a target is called with float64 arrays, one axis for a signal, two for an image. A function of two
arguments is handed the kernel; everything else has it inside, and ``taps`` say which kernel that is believed to be.
"""

from __future__ import annotations

import functools
import inspect
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.errors import FaltungError, SettingError, SignalError, UsageError
from pipeline.kernel import Array, Taps
from pipeline.library import Pipeline
from pipeline.stages.base import Stage
from pipeline.text import nearest

from .forms import FORMS, found_form, in_form, plain_array, takes_kernel

DEFAULT_KERNEL: Taps = np.array([4.0, 2.0, 1.0])
"""Equal to no reversal of itself, at any gain or delay: what comes back tells which way it was read."""

DEFAULT_IMAGE_KERNEL: Taps = np.array([[5.0, 4.0, 3.0], [0.0, 0.0, 2.0], [0.0, 0.0, 1.0]])
"""A hook that fades: unlike a straight line, it differs from each of its turns and mirror images."""

_KERNEL_FIRST: dict[str, Callable[..., Any]] = {
    "lfilter": lambda f, x, h: f(h, 1.0, x),
    "filtfilt": lambda f, x, h: f(h, 1.0, x),
    "upfirdn": lambda f, x, h: f(h, x),
}
"""Functions of scipy.signal that take the kernel before the signal."""

_HELP = (
    "give MODULE:FUNCTION such as numpy:convolve, FILE.py:FUNCTION, stage:NAME, CONFIG.yaml, or -- and a command with "
    "{in} and {out}, or one that reads numbers and prints numbers"
)
MARK = re.compile(r"\{(in|out|kernel)(\.\w+)?\}|\{taps[,;]?\}")
"""What stands in a command for a file, and for the taps themselves."""


def rounding(y: Array) -> float:
    """Size, relative to the largest sample, up to which an output in this precision may differ by rounding alone.

    Some thousand times the spacing of its numbers: transforms of the probes' length lose a few digits.
    """
    return 1e-4 if np.finfo(y.dtype).eps > 1e-10 else 1e-9


@dataclass(frozen=True)
class How:
    """How a function is to be called, where trying would not find out."""

    form: str | None = None
    """One of `FORMS`: an array, a tensor, 8-bit pixels."""
    keyword: str | None = None
    """The parameter that takes the kernel, where it is not the second."""
    image: bool = False
    """Whether it wants an image, though nobody names a kernel of two axes."""


@dataclass(frozen=True)
class Target:
    """A function from signal to signal, with what is known of the kernel in it."""

    name: str
    run: Callable[[Array], Any]
    taps: Taps | None
    """The kernel it was given, or is believed to hold; None where nobody says."""
    amplitude: float = 1.0
    """Largest sample it may be sent."""
    least_frames: int = 0
    """Shortest signal it is sent."""
    tolerance: Callable[[Array], float] = rounding
    notes: tuple[str, ...] = ()
    image: bool = False
    """Whether it wants an image though its kernel is not known."""
    whole: bool = False
    """Whether it holds whole numbers from 0 to 255: noise is sparse, in steps of 1/15, and never negative."""
    again: Callable[[Taps], Target] | None = None
    """The same with another kernel, where it is handed one."""
    typed: Callable[[Array, Array], Any] | None = None
    """Signal and kernel handed over in the dtype that they have, where it takes plain arrays."""
    channels: Callable[[int], Array] | None = None
    """Gains from each of so many channels in (rows) to each out (columns), beside that of one alone."""
    exact: Target | None = None
    """The same without the zeros that its kernel was padded with."""

    @property
    def axes(self) -> int:
        """1 for a signal, 2 for an image."""
        return 2 if self.image else 1 if self.taps is None else self.taps.ndim

    @property
    def slack(self) -> float:
        """Times the rounding, up to which a response is the kernel: for whole numbers that is a bound, else a guess."""
        return 4.0 if self.whole else 16.0

    def raw(self, x: Array) -> Array:
        """The output as floating point, of as many axes as the input, NaN and infinities as they come.

        Raises
        ------
        SignalError
            it fails, or what comes back is no such array.
        """
        try:
            y = np.asarray(self.run(x))
        except FaltungError:
            raise
        except Exception as error:
            raise SignalError(f"{self.name}: fails on a signal of shape {x.shape}: {error!r}") from error
        if y.ndim != x.ndim or y.dtype.kind not in "iuf" or not y.size:
            raise SignalError(f"{self.name}: must return numbers of {x.ndim} axes, got {y.dtype} of shape {y.shape}")
        return y if y.dtype.kind == "f" else y.astype(np.float64)

    def __call__(self, x: Array) -> Array:
        """`raw`, where all of it is finite; `SignalError` names the first number that is not."""
        return self.finite(self.raw(x))

    def finite(self, y: Array) -> Array:
        """The same output, if it is finite."""
        if not np.isfinite(y).all():
            first = tuple(int(i) for i in np.argwhere(~np.isfinite(y))[0])
            raise SignalError(f"{self.name}: must return finite numbers for finite ones, got {y[first]} at {first}")
        return y


HOW = How()


def as_target(
    f: Any, kernel: npt.ArrayLike | None = None, *, fs: float = 48_000.0, name: str | None = None, how: How = HOW
) -> Target:
    """A target from whatever was given.

    Parameters
    ----------
    f
        a name (`named_target`), the words of a command, a `Stage`, a `Pipeline`, a torch layer, a function
        ``f(x, h)``, or a function ``f(x)`` with the kernel inside.
    kernel
        taps to send, or, where they are inside, the taps that are believed to be there.

    Raises
    ------
    UsageError
        nothing that could be called, or a name that is not known.
    SignalError
        a kernel that is no array of one or two axes.
    """
    taps = None if kernel is None else _checked(kernel)
    if not fs > 0:
        raise UsageError(f"fs must be above 0 Hz, got {fs:g}")
    if isinstance(f, Target):
        return f
    if isinstance(f, str | Sequence):
        return named_target([f] if isinstance(f, str) else f, taps, fs=fs, how=how)
    if isinstance(f, Stage):
        return _pipeline(Pipeline([f]), taps, fs, name or f"stage {f.use}")
    if isinstance(f, Pipeline):
        return _pipeline(f, taps, fs, name or "pipeline")
    if not callable(f):
        raise UsageError(f"a target must be something to call, got {type(f).__name__}; {_HELP}")
    return _function(f, taps, name or str(getattr(f, "__name__", type(f).__name__)), how)


def named_target(
    words: Sequence[str], kernel: npt.ArrayLike | None = None, *, fs: float = 48_000.0, how: How = HOW
) -> Target:
    """A target from words: ``["scipy.ndimage:convolve1d", "mode=wrap"]``, ``["stage:echo", "delay=2 samples"]``.

    Raises
    ------
    UsageError
        no such module, function, stage or file; a command that names one of its WAV files only.
    """
    taps = None if kernel is None else _checked(kernel)
    first, *rest = words or ("",)
    if any(MARK.search(word) for word in words) or (rest and ":" not in first and shutil.which(first)):
        from .command import command_target

        return command_target(words, taps, fs=fs, image=how.image)
    if Path(first).suffix in (".yaml", ".yml"):
        return _pipeline(Pipeline.from_yaml(first, rest), taps, fs, first)
    module, colon, function = first.rpartition(":")
    if not (module and colon and function):
        raise UsageError(f"{first!r} is no target; {_HELP}")
    if module == "stage":
        from pipeline.config.command_line import parse_words
        from pipeline.config.load import validate_config

        stages = validate_config({"version": 1, "stages": parse_words([function, *rest])}).settings.stages
        return _pipeline(Pipeline(stages), taps, fs, " ".join(words))
    found = _imported(first, module, function)
    return _function(functools.partial(found, **_settings(first, rest)) if rest else found, taps, " ".join(words), how)


def parse_taps(text: str) -> list[float] | list[list[float]]:
    """Taps as they are written after ``--kernel``: ``4,2,1``, rows parted by semicolons; raises `UsageError`."""
    try:
        rows = [[float(tap) for tap in row.split(",")] for row in text.split(";")]
    except ValueError:
        raise UsageError(f"--kernel must be numbers parted by commas, rows by semicolons, got {text!r}") from None
    if len({len(row) for row in rows}) > 1:
        raise UsageError(f"--kernel: rows must have one length, got {', '.join(str(len(row)) for row in rows)} taps")
    return rows if len(rows) > 1 else rows[0]


def _checked(kernel: npt.ArrayLike) -> Taps:
    taps = np.asarray(kernel)
    if taps.dtype.kind not in "iuf" or taps.ndim not in (1, 2) or not taps.size:
        raise SignalError(f"a kernel to check with must be numbers of one or two axes, got shape {taps.shape}")
    taps = taps.astype(np.float64)
    if not np.isfinite(taps).all() or not taps.any():
        raise SignalError("a kernel to check with must be finite and not all zero")
    return taps


def _imported(name: str, module: str, function: str) -> Callable[..., Any]:
    try:
        owner: Any = SimpleNamespace(**run_path(module)) if module.endswith(".py") else import_module(module)
    except (ImportError, OSError) as error:
        raise UsageError(f"{name}: {error}") from None
    for part in function.split("."):
        if not hasattr(owner, part):
            near = nearest(part, dir(owner))
            raise UsageError(f"{name}: {module} has no {part!r}" + (f"; did you mean {near!r}?" if near else ""))
        owner = getattr(owner, part)
    if not callable(owner):
        raise UsageError(f"{name}: must be a function, got {type(owner).__name__}")
    return owner  # type: ignore[no-any-return]


def _settings(name: str, words: Sequence[str]) -> Mapping[str, Any]:
    from pipeline.config.yaml_text import read_value

    split = [word.partition("=") for word in words]
    bad = next((word for word, (key, equals, _) in zip(words, split, strict=True) if not (key and equals)), None)
    if bad is not None:
        raise UsageError(
            f"{name}: {bad!r} is no setting=value; after the name come the function's own, as in mode=wrap"
        )
    return {key: read_value(text) for key, _, text in split}


def _pipeline(pipe: Pipeline, taps: Taps | None, fs: float, name: str) -> Target:
    from pipeline.stages.correlate import Correlate

    notes: tuple[str, ...] = ()
    correlators = [number for number, stage in enumerate(pipe.stages) if isinstance(stage, Correlate)]
    if taps is None:
        try:
            kernel = pipe.kernel(fs)
        except SettingError:
            kernel = None  # not one kernel: the probes will tell in which way
        if kernel is not None and kernel.taps[0].size == 1:
            alone = len(pipe.stages) == 1 and bool(correlators)
            taps = np.array((kernel.flipped() if alone else kernel).taps.reshape(-1))
            if correlators and not alone:
                notes = (f"stage {correlators[0]}, correlate, flips its template; the chain is checked as one kernel",)

    def run(x: Array) -> Array:
        y = pipe(x, fs)
        return y if y.ndim == 1 else y[:, 0]

    return Target(name, run, taps, notes=notes)


def _function(f: Callable[..., Any], taps: Taps | None, name: str, how: How) -> Target:
    plain = f.func if isinstance(f, functools.partial) else f
    word = str(getattr(plain, "__name__", ""))
    if hasattr(plain, "weight" if hasattr(plain, "forward") else "kernel") and not inspect.isroutine(plain):
        return _layer(f, taps, name)
    first = _KERNEL_FIRST.get(word) if str(getattr(plain, "__module__", "")).startswith("scipy.signal") else None
    called = functools.partial(first, f) if first else f
    inside = not (how.keyword or first or takes_kernel(f))
    axes = [taps.ndim] if taps is not None else [2] if how.image else [1, 2]
    if taps is None and not inside and word.lower().endswith("2d"):
        axes = [2, 1]
    sent = {n: taps if taps is not None else (DEFAULT_KERNEL, DEFAULT_IMAGE_KERNEL)[n - 1] for n in axes}
    ways = [(n, sent[n] if handed else None) for handed in (not inside, inside) for n in axes]
    forms = [how.form] if how.form else ["array", None]  # plain arrays of any axes before anything else
    tries = ((n, h, found_form(called, h, n, form, how.keyword)) for form in forms for n, h in ways)
    n, h, found = next((one for one in tries if one[2]), (*ways[0], None))
    form, keyword = found or (how.form or "array", how.keyword)
    inside, handed = h is None, taps if h is None else h
    target = Target(name, in_form(called, h, n, form, keyword), handed, image=n == 2, whole=FORMS[form].pixels)
    if target.whole:
        target = replace(target, tolerance=one_step)
    if inside:
        return target
    fixed = How(form, keyword, n == 2)
    again = lambda other: replace(_function(f, other, name, fixed), notes=target.notes)  # noqa: E731
    typed = (lambda x, k: called(x, **{keyword: k}) if keyword else called(x, k)) if form == "array" else None
    return replace(target, again=again, typed=typed)


def one_step(y: Array) -> float:
    """One step of 8 bits, relative to the largest sample, for answers from 0 to 255 divided by at most 240."""
    return 1.0 / max(1.0, 240 * float(np.abs(y).max(initial=0.0)))


def _layer(layer: Any, taps: Taps | None, name: str) -> Target:
    """A layer of torch or Keras with its own weights: those from input channel 0 to output channel 0.

    Raises
    ------
    SignalError
        weights that are not those of a layer for signals or images of one channel in.
    """
    torch = hasattr(layer, "forward")
    weight = plain_array(layer.weight if torch else layer.kernel, 4)
    if not torch:
        weight = np.moveaxis(weight, (-1, -2), (0, 1))
    if weight.ndim not in (3, 4) or weight.shape[1] != 1:
        where = "(out, 1, M) or (out, 1, rows, columns)" if torch else "(M, 1, out) or (rows, columns, 1, out)"
        raise SignalError(f"{name}: weights must have shape {where}, got {weight.shape}")

    def run(x: Array) -> Any:
        if torch:
            tensor: Any = import_module("torch").as_tensor(x, dtype=layer.weight.dtype)
            return plain_array(layer(tensor[None, None]), 4)[0, 0]
        return plain_array(layer(x.astype(weight.dtype)[None, ..., None]), 4)[0, ..., 0]

    return Target(name, run, weight[0, 0].astype(np.float64) if taps is None else taps)
