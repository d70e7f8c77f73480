"""Finds what is to be explained in a configuration: one kernel stage, and the signal as it reaches that stage.

Convention: one channel and one path of the kernel, both named. A stage that correlates is undone first, so that ``h``
is always the kernel as it was given, tap 0 first.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import FaltungError, KernelError, SettingError, SignalError, UsageError
from ..io import Remote, open_reader
from ..job import Job
from ..kernel import Kernel, Taps
from ..library import Pipeline
from ..stages.base import Format
from .words import Words, say

if TYPE_CHECKING:
    from ..config.load import LoadedConfig
    from ..engine.plan import StagePlan

__all__ = ["Run", "default_run", "run_of"]

READ_S = 20.0
READ_FRAMES = 1 << 21  # at most this much is read: an excerpt of a few seconds is looked for in it


@dataclass(frozen=True, eq=False)
class Run:
    """A signal (N,) and a kernel (M,), where they come from, and what was left aside."""

    x: Taps
    h: Taps
    fs: float
    signal: str
    stage: str
    kernel_at: Callable[[float], Taps] | None = None
    """The kernel at another rate, where the stage can make it."""
    is_table: bool = False
    correlates: bool = False
    """The stage correlates with ``h`` as it is."""
    notes: tuple[Words, ...] = ()

    @property
    def symmetry(self) -> str:
        """Whether the flip can be seen with this kernel."""
        return Kernel(self.h).describe_symmetry()


def default_run() -> Run:
    """Clicks and a plucked string through an echoing room."""
    from .scene import SCENE_FS, clicks_and_pluck, echoing_room

    return Run(clicks_and_pluck(), echoing_room(), SCENE_FS, "two clicks and a plucked string", "an echoing room")


def run_of(loaded: LoadedConfig, source: Path | Remote, stage: str | None = None) -> Run:
    """What to explain of a configuration and an input.

    Without ``stage``, an id or an index, the first asymmetric kernel is taken; the first kernel if all are symmetric.

    Raises
    ------
    UsageError
        no such stage, a stage that is no kernel, or none that is.
    ConfigError
        a stage that does not fit the signal.
    SignalError
        nothing but silence reaches the stage.
    """
    job = Job.of(loaded.settings)
    with open_reader(os.fspath(source), **job.reading) as reader:
        info = reader.info
        x = reader.read(min(READ_FRAMES, max(1, round(READ_S * info.fs)) if info.fs > 100 else READ_FRAMES))
    pipe = Pipeline(loaded.settings.stages)
    try:
        planned = pipe.plan(info.fs, info.channels).stages
        chosen = _chosen(planned, stage)
        reaching = [p.stage for p in planned if p.index < chosen.index]
        arriving = Pipeline(reaching)(x, info.fs) if reaching else x
    except SettingError as error:
        raise loaded.locate(error) from error
    return _run(chosen, arriving, source.name, reaching=len(reaching), is_table=info.is_table)


def _run(chosen: StagePlan, arriving: Taps, name: str, *, reaching: int, is_table: bool) -> Run:
    kernel = chosen.kernel
    if kernel is None:
        raise UsageError(f"stage {chosen.index}, {chosen.stage.use!r}, is no kernel: there is nothing to flip")
    if not np.isfinite(arriving).all():
        raise SignalError(f"{name}: holds a sample that is not finite; explain an input without")
    mean = arriving.mean(axis=0) if is_table else np.zeros(arriving.shape[1])
    arriving = arriving - mean
    channel = int((arriving**2).sum(axis=0).argmax())
    x = arriving[:, channel]
    if not x.any():
        raise SignalError(f"{name}: only silence reaches stage {chosen.index}, {chosen.stage.use!r}")
    notes = []
    if arriving.shape[1] > 1:
        notes.append(say("channel", channel=channel, count=arriving.shape[1]))
    if reaching:
        notes.append(say("reaching", index=chosen.index))
    path, said = _path(kernel, channel)
    notes += said
    correlates = kernel.origin == kernel.length - 1 and kernel.length > 1
    if 0 < kernel.origin < kernel.length - 1:
        notes.append(say("origin", origin=kernel.origin))
    if is_table:
        notes.append(say("mean", mean=mean[channel]))

    def kernel_at(fs: float) -> Taps:
        fmt = Format(fs, chosen.format_in.channels, chosen.format_in.precision)
        made = chosen.stage.kernel(fmt)
        if made is None:
            raise KernelError("no kernel")
        return _forward(_path(made, channel)[0], correlates=correlates)

    label = f"{chosen.stage.id} ({chosen.stage.use})" if chosen.stage.id else chosen.stage.use
    h = _forward(path, correlates=correlates)
    return Run(x, h, chosen.format_in.fs, name, label, kernel_at, is_table, correlates, tuple(notes))


def _forward(taps: Taps, *, correlates: bool) -> Taps:
    return taps[::-1].copy() if correlates else taps


def _path(kernel: Kernel, channel: int) -> tuple[Taps, list[Words]]:
    """One column of taps, for one input channel; where it routes, towards the output that it is loudest in."""
    if kernel.taps.ndim == 1:
        return kernel.taps, []
    if kernel.taps.ndim == 2:
        return kernel.taps[:, channel], []
    out = int((kernel.taps[:, channel] ** 2).sum(axis=0).argmax())
    return kernel.taps[:, channel, out], [say("out_channel", channel=out)]


def _chosen(planned: tuple[StagePlan, ...], asked: str | None) -> StagePlan:
    kernels = [p for p in planned if p.kernel is not None]
    if asked is not None:
        for p in planned:
            if asked in (p.stage.id, str(p.index)):
                return p
        known = ", ".join(f"{p.index} ({p.stage.id or p.stage.use})" for p in planned)
        raise UsageError(f"--stage {asked}: no stage has this id or index; there are {known}")
    if not kernels:
        raise UsageError("no stage of this configuration is a kernel, so there is nothing to flip")
    return next((p for p in kernels if p.kernel is not None and p.kernel.asymmetry > 1e-9), kernels[0])


def at_rate(run: Run, fs: float) -> tuple[Taps, bool]:
    """The kernel at a lower rate, and whether the stage made it itself (else it was resampled)."""
    if run.kernel_at is not None:
        try:
            return run.kernel_at(fs), True
        except FaltungError:
            pass  # a file at one rate only: resampled below
    import soxr

    return soxr.resample(run.h, run.fs, fs, quality="HQ") * (run.fs / fs), False
