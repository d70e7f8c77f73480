"""The contract kit of stages: checks that one keeps its promises, for the stages shipped and for those of others.

Each check is a function ``check_*(stage, fmt=None)`` that raises `AssertionError` with what was promised and what
came. Without a format a stage is tried with 1, 2, 4 and 8 channels, in double and single precision, at 8 kHz; the
formats that it refuses with a `SettingError` are left out, as long as it takes one.

::

    from pipeline.testing import parametrize_with_checks

    @parametrize_with_checks([Comb(delay="5 ms")])
    def test_contract(stage, check):
        check(stage)
"""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial, wraps
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml
from pydantic import ValidationError

from pipeline.dsp.methods import choose_method, shape_of
from pipeline.errors import SettingError
from pipeline.kernel import Array, Kernel
from pipeline.stages.base import DetectorStage, Format, Stage
from pipeline.stages.base.rates import frames_after
from pipeline.stages.base.registry import stage_from_settings

from .comparing import promise, require_close, tolerance_of

_FORMATS = (
    Format(8000.0, 1),
    Format(8000.0, 2),
    Format(8000.0, 2, "single"),
    Format(8000.0, 4),
    Format(8000.0, 8, "single"),
)
_SEED = 20240501


Check = Callable[..., None]
CHECKS: list[Check] = []
"""Every check, in the order they are run."""


def check_stage(stage: Stage, fmt: Format | None = None) -> None:
    """Run every check on a stage.

    Parameters
    ----------
    stage
        the stage, with settings that hold.
    fmt
        the one format to try it with, in place of those above.

    Examples
    --------
    >>> from pipeline import Format, Gain
    >>> check_stage(Gain(gain="-6 dB"), Format(8000, channels=1))
    """
    for check in CHECKS:
        check(stage, fmt)


def parametrize_with_checks(
    stages: Iterable[Stage], *, fmt: Format | None = None, expected_failures: Mapping[str, str] | None = None
) -> Any:
    """A pytest decorator that runs ``test(stage, check)`` for every stage and every check.

    Parameters
    ----------
    stages
        each with settings that hold.
    fmt
        the one format to try all of them with.
    expected_failures
        the reason why a check fails, by the check's name: then it must fail.

    Returns
    -------
    decorator
        ``pytest.mark.parametrize`` of stages and checks.

    Raises
    ------
    SettingError
        an expected failure of a check that does not exist.

    Examples
    --------
    >>> from pipeline import Gain
    >>> @parametrize_with_checks([Gain(gain=2), Gain(gain=-1)])
    ... def test_contract(stage, check):
    ...     check(stage)
    """
    import pytest

    reasons = dict(expected_failures or {})
    unknown = set(reasons) - {check.__name__ for check in CHECKS}
    if unknown:
        raise SettingError(f"no such check: {', '.join(sorted(unknown))}", "expected_failures")
    cases = []
    for i, stage in enumerate(stages):
        for check in CHECKS:
            reason = reasons.get(check.__name__)
            marks = [pytest.mark.xfail(reason=reason, strict=True, raises=AssertionError)] if reason else []
            bound = check if fmt is None else partial(check, fmt=fmt)
            cases.append(pytest.param(stage, bound, marks=marks, id=f"{stage.use}{i}-{check.__name__}"))
    return pytest.mark.parametrize(("stage", "check"), cases)


def _per_format(advice: str) -> Callable[[Callable[[Stage, Format], None]], Check]:
    """Register a check, run it for every format that the stage takes, and say what to do where it fails."""

    def registered(check: Callable[[Stage, Format], None]) -> Check:
        @wraps(check)
        def run(stage: Stage, fmt: Format | None = None) -> None:
            for each in _accepted(stage, fmt):
                try:
                    check(stage, each)
                except AssertionError as error:
                    tried = f"{type(stage).__name__} at {each.fs:g} Hz, channels {each.channels}, {each.precision}"
                    raise AssertionError(f"{error} ({tried}); {advice}") from error

        CHECKS.append(run)
        return run

    return registered


def _accepted(stage: Stage, fmt: Format | None) -> list[Format]:
    if fmt is not None:
        return [fmt]
    accepted, refusal = [], ""
    for each in _FORMATS:
        try:
            stage.open(each)
            accepted.append(each)
        except SettingError as error:
            refusal = str(error)
    promise(bool(accepted), f"{stage.use} takes none of the formats tried; the last refusal: {refusal}")
    return accepted


# ---- signals and runs ---------------------------------------------------------------------------------


def _frames(stage: Stage, fmt: Format) -> int:
    """Long enough for the kernel to pass, and for transforms to cross two batches, where that is affordable."""
    kernel = stage.kernel(fmt)
    if kernel is None:
        return 9001
    method = choose_method(shape_of(kernel), fmt.channels, fmt.precision)
    return min(max(1009, kernel.length + 501, 2 * method.group * method.block + 77), 40_009)


def _noise(fmt: Format, frames: int, seed: int = 0) -> Array:
    return np.random.default_rng([_SEED, seed]).standard_normal((frames, fmt.channels)).astype(fmt.dtype)


def _run(stage: Stage, fmt: Format, x: Array, cuts: Sequence[int] = ()) -> Array:
    """Everything that comes out when ``x`` is given in blocks that end at ``cuts``."""
    processor = stage.open(fmt)
    blocks = [x[start:end] for start, end in zip((0, *cuts), (*cuts, len(x)), strict=True)]
    parts = [*map(processor.process, blocks), processor.flush()]
    for part in parts:
        expected = (len(part), processor.format.channels)
        promise(part.shape == expected, f"a block of shape {part.shape} came out, its format says {expected}")
        promise(part.dtype == fmt.dtype, f"{part.dtype} came out of {fmt.dtype}")
    return np.concatenate(parts)


def _cuts(frames: int) -> dict[str, list[int]]:
    """Ways to cut a signal: nothing at first, frame by frame, by 7, by a prime that fits no power of two, at random."""
    rng = np.random.default_rng(_SEED)
    return {
        "empty blocks, then all": [0, 0],
        "single frames, then all": list(range(min(frames, 300))),
        "sevens and the rest": list(range(0, min(frames, 7 * 97), 7)),
        "blocks of 1021": list(range(0, frames, 1021)),
        "random blocks": sorted(int(i) for i in rng.integers(0, frames + 1, 40)),
        "all, then nothing": [frames, frames],
    }


# ---- the checks ----------------------------------------------------------------------------------------------------


@_per_format(
    "give each block out with the channels of processor.format, by .astype(processor.format.dtype, copy=False)"
)
def check_blocks_fit_the_format(stage: Stage, fmt: Format) -> None:
    """What comes out, be it nothing, has the channels and the precision that the processor says."""
    for frames in (0, 1, 57):
        _run(stage, fmt, _noise(fmt, frames))


@_per_format("keep in the processor what the next block needs, and count frames from the first of the signal")
def check_chunks_do_not_matter(stage: Stage, fmt: Format) -> None:
    """Any way of cutting the input gives the same bits."""
    x = _noise(fmt, _frames(stage, fmt))
    whole = _run(stage, fmt, x)
    for name, cuts in _cuts(len(x)).items():
        cut = _run(stage, fmt, x, cuts)
        promise(cut.shape == whole.shape, f"cut into {name}: {len(cut)} frames, in one block {len(whole)}")
        where = np.flatnonzero((cut != whole).any(axis=1))
        promise(len(where) == 0, f"cut into {name}: {len(where)} frames differ, the first is {[*where[:1]]}")


@_per_format("give in flush() what is left, and nothing where no frame came; else declare another latency or tail")
def check_number_of_frames(stage: Stage, fmt: Format) -> None:
    """Latency, the signal's own and the tail come out; nothing comes of nothing."""
    processor = stage.open(fmt)
    for frames in (0, 1, 2, 57, 3001):
        own = frames_after(frames, fmt.fs, processor.format.fs)
        expected = processor.latency + own + processor.tail if frames else 0
        got = len(_run(stage, fmt, _noise(fmt, frames)))
        promised = f"{processor.latency} latency + {own} + {processor.tail} tail" if frames else "none of none"
        promise(got == expected, f"{frames} frames in, {got} out; promised are {promised} = {expected}")


@_per_format("let kernel() be what open() does: its taps, and its origin the latency")
def check_kernel_is_impulse_response(stage: Stage, fmt: Format) -> None:
    """An impulse in each channel gives the kernel's taps there, and silence in channels it does not reach."""
    kernel = stage.kernel(fmt)
    if kernel is None:
        return
    processor = stage.open(fmt)
    got = (processor.latency, processor.tail)
    promise(
        got == (kernel.latency, kernel.tail),
        f"latency and tail are {got}, those of {kernel!r} are {(kernel.latency, kernel.tail)}",
    )
    # P2 for an impulse: eps/2 log2(M) ||h||_2, and the rounding of the taps to the precision of the samples
    eps = float(np.finfo(fmt.dtype).eps)
    tolerance = eps * ((2 + math.log2(kernel.length + 1)) * kernel.norm2 + float(np.abs(kernel.taps).max()))
    for channel in range(fmt.channels):
        x = fmt.empty(1)
        x[0, channel] = 1
        expected = _response(kernel, fmt.channels, channel)
        require_close(_run(stage, fmt, x), expected, tolerance, f"an impulse in channel {channel}, and the kernel")


def _response(kernel: Kernel, channels: int, channel: int) -> npt.NDArray[np.float64]:
    """Taps from one input channel to every output channel, (M, channels out)."""
    if kernel.taps.ndim == 3:
        return kernel.taps[:, channel]
    response = np.zeros((kernel.length, channels))
    response[:, channel] = kernel.taps if kernel.taps.ndim == 1 else kernel.taps[:, channel]
    return response


@_per_format("give a frame once its latency has passed; what needs all of a signal sets whole_signal = True")
def check_causal_but_for_its_latency(stage: Stage, fmt: Format) -> None:
    """Input from frame n on changes nothing before it: ``y[:n]``, latency included, stays within rounding."""
    if stage.whole_signal or not stage.time_invariant or stage.open(fmt).format.fs != fmt.fs:
        return
    x = _noise(fmt, _frames(stage, fmt))
    n = len(x) // 2
    other = x.copy()
    other[n:] = _noise(fmt, len(x) - n, seed=1)
    y, z = _run(stage, fmt, x)[:n], _run(stage, fmt, other)[:n]
    require_close(y, z, tolerance_of(fmt, y, len(x)), f"the past of frame {n}, when what follows changes")


@_per_format("compute without clipping, offset, or rounding in between; else set linear = False")
def check_linear(stage: Stage, fmt: Format) -> None:
    """``stage(x + 3 z) == stage(x) + 3 stage(z)``, if it says so."""
    if not stage.linear:
        return
    frames = min(_frames(stage, fmt), 9001)
    x, z = _noise(fmt, frames), _noise(fmt, frames, seed=1)
    together = _run(stage, fmt, x + 3 * z)
    apart = _run(stage, fmt, x) + 3 * _run(stage, fmt, z)
    require_close(together, apart, 4 * tolerance_of(fmt, apart, frames), "the response to a sum, and the sum of two")


@_per_format("let nothing depend on the place in the signal, or say so: time_invariant = False")
def check_time_invariant(stage: Stage, fmt: Format) -> None:
    """A signal that comes later gives the same, as much later, if it says so."""
    if not stage.time_invariant:
        return
    frames, later = min(_frames(stage, fmt), 9001), 131
    x = _noise(fmt, frames)
    y = _run(stage, fmt, x)
    delayed = _run(stage, fmt, np.concatenate([fmt.empty(later), x]))
    silence = delayed[:later]
    require_close(silence, np.zeros_like(silence), tolerance_of(fmt, y, frames), "silence, before the signal")
    # a detector scores whole windows: those over the beginning are none, and with silence before it they are
    start = stage.open(fmt).latency if isinstance(stage, DetectorStage) else 0
    same = "a delayed signal, and the same undelayed"
    require_close(delayed[later + start :], y[start:], tolerance_of(fmt, y, frames), same)


@_per_format("compute each column by itself; what mixes channels has a kernel of shape (taps, in, out)")
def check_channels_are_independent(stage: Stage, fmt: Format) -> None:
    """A kernel that does not route lets no channel touch another, not by one bit."""
    kernel = stage.kernel(fmt)
    if kernel is None or kernel.taps.ndim == 3 or fmt.channels == 1:
        return
    x = _noise(fmt, 2003)
    other = x.copy()
    other[:, 0] = 1000
    same = np.array_equal(_run(stage, fmt, x)[:, 1:], _run(stage, fmt, other)[:, 1:])
    promise(same, "what is in channel 0 changes another channel")


@_per_format("copy what you keep of a block, and give out a new array each time")
def check_blocks_belong_to_the_caller(stage: Stage, fmt: Format) -> None:
    """A block that is passed in is not altered, and may be overwritten after; one that came out stays as it is."""
    x = _noise(fmt, 3001)
    processor, parts, copies = stage.open(fmt), [], []
    for start in range(0, len(x), 500):
        block = x[start : start + 500].copy()
        parts.append(processor.process(block))
        copies.append(parts[-1].copy())
        promise(np.array_equal(block, x[start : start + 500]), "the input was altered")
        block[:] = 7
    together = np.concatenate([*copies, processor.flush()])
    promise(all(map(np.array_equal, parts, copies)), "a block that was given out was altered later")
    promise(np.array_equal(together, _run(stage, fmt, x)), "overwriting a block after the call changed the output")


@_per_format("keep state in the processor, made anew by open(), never in the stage, its class or module")
def check_opens_are_independent(stage: Stage, fmt: Format) -> None:
    """Two signals processed in turn come out as each does alone, and the same every time."""
    x, z = _noise(fmt, 2003), _noise(fmt, 2003, seed=1)
    one, two = stage.open(fmt), stage.open(fmt)
    a, b = [], []
    for start in range(0, 2003, 400):
        a.append(one.process(x[start : start + 400]))
        b.append(two.process(z[start : start + 400]))
    a.append(one.flush())
    b.append(two.flush())
    promise(np.array_equal(np.concatenate(a), _run(stage, fmt, x)), "a second signal changed the first")
    promise(np.array_equal(np.concatenate(b), _run(stage, fmt, z)), "the first signal changed the second")


@_per_format("compute in the dtype of the format or in double precision, by the same formula")
def check_precision_only_rounds(stage: Stage, fmt: Format) -> None:
    """Single precision gives what double precision gives, to its own rounding."""
    single, double = replace(fmt, precision="single"), replace(fmt, precision="double")
    x = _noise(single, 2003)
    y = _run(stage, double, x.astype(np.float64))
    require_close(_run(stage, single, x), y, 4 * tolerance_of(single, y, 2003), "single precision, and double")


def check_pickles(stage: Stage, fmt: Format | None = None) -> None:  # noqa: ARG001
    """The settings survive pickling, as they must to reach a worker."""
    again = pickle.loads(pickle.dumps(stage))  # noqa: S301  (our own bytes)
    told = "let every setting be a field, and keep no state in the stage"
    promise(again == stage, f"pickled, {stage!r} came back as {again!r}; {told}")


def check_settings_survive_yaml(stage: Stage, fmt: Format | None = None) -> None:  # noqa: ARG001
    """The settings written as YAML are read back to an equal stage, with and without the defaults."""
    promise(bool(stage.use), f"{type(stage).__name__} has no name: register it with @stage('prefix.name')")
    for unset in (True, False):
        text = yaml.safe_dump(stage.model_dump(mode="json", exclude_unset=unset))
        again = stage_from_settings(yaml.safe_load(text))
        promise(
            again == stage,
            f"{stage!r} came back as {again!r} from\n{text}; "
            "let the type of each setting take what model_dump(mode='json') gives of it",
        )


def check_bad_settings_are_named(stage: Stage, fmt: Format | None = None) -> None:  # noqa: ARG001
    """An unknown setting and a value of the wrong kind are refused, and the error says which setting it is."""
    settings = stage.model_dump(exclude_unset=True)
    for name in ("no_such_setting", *type(stage).model_fields):
        try:
            type(stage).model_validate({**settings, name: {"wrong": "kind"}})
        except ValidationError as error:
            places = {place["loc"][0] for place in error.errors() if place["loc"]}
            promise(
                name in places,
                f"a wrong {name} is refused, but the error points at {sorted(map(str, places))}; "
                "check each setting in its own type or field_validator",
            )
        else:
            raise AssertionError(f"{name}: {{'wrong': 'kind'}} is accepted; give the setting a type that refuses it")


CHECKS += [check_pickles, check_settings_survive_yaml, check_bad_settings_are_named]
