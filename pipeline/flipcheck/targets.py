"""Anything that might convolve, as one function from a signal to a signal: what `flip_check` sends its probes through.

Convention: a target is called with float64 arrays, one axis for a signal, two for an image. A function of two
arguments is handed the kernel; everything else has it inside, and ``taps`` say which kernel that is believed to be.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import FaltungError, SettingError, SignalError, UsageError
from ..kernel import Array, Taps
from ..library import Pipeline
from ..stages.base import Stage
from ..text import nearest

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

_HELP = "give MODULE:FUNCTION such as numpy:convolve, stage:NAME, CONFIG.yaml, or -- and a command with {in} and {out}"


def rounding(y: Array) -> float:
    """Size, relative to the largest sample, up to which an output in this precision may differ by rounding alone.

    Some thousand times the spacing of its numbers: transforms of the probes' length lose a few digits.
    """
    return 1e-4 if np.finfo(y.dtype).eps > 1e-10 else 1e-9


@dataclass(frozen=True)
class Target:
    """A function from signal to signal, with what is known of the kernel in it."""

    name: str
    run: Callable[[Array], Array]
    taps: Taps | None
    """The kernel it was given, or is believed to hold; None where nobody says."""
    amplitude: float = 1.0
    """Largest sample it may be sent."""
    least_frames: int = 0
    """Shortest signal it is sent."""
    tolerance: Callable[[Array], float] = rounding
    notes: tuple[str, ...] = ()

    @property
    def axes(self) -> int:
        """1 for a signal, 2 for an image."""
        return 1 if self.taps is None else self.taps.ndim

    def __call__(self, x: Array) -> Array:
        """The output as floating point, of as many axes as the input.

        Raises
        ------
        SignalError
            it fails, or what comes back is no such array, or not finite.
        """
        try:
            y = np.asarray(self.run(x))
        except FaltungError:
            raise
        except Exception as error:
            raise SignalError(f"{self.name}: fails on a signal of shape {x.shape}: {error!r}") from error
        if y.ndim != x.ndim or y.dtype.kind not in "iuf" or not y.size:
            raise SignalError(f"{self.name}: must return numbers of {x.ndim} axes, got {y.dtype} of shape {y.shape}")
        if not np.isfinite(y).all():
            first = tuple(int(i) for i in np.argwhere(~np.isfinite(y))[0])
            raise SignalError(f"{self.name}: must return finite numbers for finite ones, got {y[first]} at {first}")
        return y if y.dtype.kind == "f" else y.astype(np.float64)


def as_target(f: Any, kernel: npt.ArrayLike | None = None, *, fs: float = 48_000.0, name: str | None = None) -> Target:
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
        return named_target([f] if isinstance(f, str) else f, taps, fs=fs)
    if isinstance(f, Stage):
        return _pipeline(Pipeline([f]), taps, fs, name or f"stage {f.use}")
    if isinstance(f, Pipeline):
        return _pipeline(f, taps, fs, name or "pipeline")
    if not callable(f):
        raise UsageError(f"a target must be something to call, got {type(f).__name__}; {_HELP}")
    return _function(f, taps, name or str(getattr(f, "__name__", type(f).__name__)))


def named_target(words: Sequence[str], kernel: npt.ArrayLike | None = None, *, fs: float = 48_000.0) -> Target:
    """A target from words: ``["scipy.ndimage:convolve1d", "mode=wrap"]``, ``["stage:echo", "delay=2 samples"]``.

    Raises
    ------
    UsageError
        no such module, function, stage or file; a command without ``{in}`` and ``{out}``.
    """
    taps = None if kernel is None else _checked(kernel)
    if any("{in}" in word or "{out}" in word for word in words):
        from .command import command_target

        return command_target(words, DEFAULT_KERNEL if taps is None else taps, given=taps is not None, fs=fs)
    first, *rest = words or ("",)
    if Path(first).suffix in (".yaml", ".yml"):
        return _pipeline(Pipeline.from_yaml(first, rest), taps, fs, first)
    module, colon, function = first.partition(":")
    if not (module and colon and function):
        raise UsageError(f"{first!r} is no target; {_HELP}")
    if module == "stage":
        from ..config.command_line import parse_words
        from ..config.load import validate_config

        stages = validate_config({"version": 1, "stages": parse_words([function, *rest])}).settings.stages
        return _pipeline(Pipeline(stages), taps, fs, " ".join(words))
    found = _imported(first, module, function)
    return _function(functools.partial(found, **_settings(first, rest)) if rest else found, taps, " ".join(words))


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
        owner: Any = import_module(module)
    except ImportError as error:
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
    from ..config.yaml_text import read_value

    split = [word.partition("=") for word in words]
    bad = next((word for word, (key, equals, _) in zip(words, split, strict=True) if not (key and equals)), None)
    if bad is not None:
        raise UsageError(
            f"{name}: {bad!r} is no setting=value; after the name come the function's own, as in mode=wrap"
        )
    return {key: read_value(text) for key, _, text in split}


def _pipeline(pipe: Pipeline, taps: Taps | None, fs: float, name: str) -> Target:
    from ..stages.correlate import Correlate

    notes: list[str] = []
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
                notes.append(
                    f"stage {correlators[0]}, correlate, flips its template; the chain is checked as one kernel"
                )

    def run(x: Array) -> Array:
        y = pipe(x, fs)
        return y if y.ndim == 1 else y[:, 0]

    return Target(name, run, taps, notes=tuple(notes))


def _function(f: Callable[..., Any], taps: Taps | None, name: str) -> Target:
    plain = f.func if isinstance(f, functools.partial) else f
    word = getattr(plain, "__name__", "")
    if hasattr(plain, "forward") and hasattr(plain, "weight"):
        return _layer(f, taps, name)
    if not _takes_kernel(f):
        return Target(name, f, taps)
    h = taps if taps is not None else DEFAULT_IMAGE_KERNEL if word.lower().endswith("2d") else DEFAULT_KERNEL
    if _from_torch(plain):
        return Target(name, functools.partial(_with_tensors, f, h), h)
    if word in _KERNEL_FIRST and str(getattr(plain, "__module__", "")).startswith("scipy.signal"):
        return Target(name, lambda x: _KERNEL_FIRST[word](f, x, h), h)
    return Target(name, lambda x: f(x, h), h)


def _takes_kernel(f: Callable[..., Any]) -> bool:
    """Whether it must be called with two arguments or more; compiled functions that do not say are taken to."""
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return True
    by_place = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(p.kind in by_place and p.default is p.empty for p in parameters) >= 2


def _from_torch(f: Callable[..., Any]) -> bool:
    owners = (getattr(f, "__module__", None), type(getattr(f, "__self__", None)).__module__)
    return any(str(owner).partition(".")[0] == "torch" for owner in owners)


def _with_tensors(f: Callable[..., Any], h: Taps, x: Array) -> Array:
    """``f(x, h)`` for a function of tensors such as ``torch.nn.functional.conv1d``."""
    torch: Any = import_module("torch")
    return _array(f(torch.as_tensor(x)[None, None], torch.as_tensor(h)[None, None]))


def _layer(layer: Any, taps: Taps | None, name: str) -> Target:
    """A layer with its own weights: those from input channel 0 to output channel 0.

    Raises
    ------
    SignalError
        weights that are not those of a layer for signals or images of one channel in.
    """
    weight = layer.weight.detach().cpu().numpy()
    if weight.ndim not in (3, 4) or weight.shape[1] != 1:
        raise SignalError(f"{name}: weights must have shape (out, 1, M) or (out, 1, rows, columns), got {weight.shape}")

    def run(x: Array) -> Array:
        torch: Any = import_module("torch")
        return _array(layer(torch.as_tensor(x, dtype=layer.weight.dtype)[None, None]))

    return Target(name, run, weight[0, 0].astype(np.float64) if taps is None else taps)


def _array(tensor: Any) -> Array:
    array: Array = tensor.detach().cpu().numpy()[0, 0]
    return array
