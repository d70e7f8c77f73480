"""The subject of an explanation: a signal and a kernel found in a configuration, and what was left aside.

Convention: one channel and one path of the kernel, both named. A stage that correlates or looks for a template is
undone first, so that ``h`` is always the kernel as it was given; ``origin`` is its tap for time zero.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import KernelError, SettingError, SignalError, UsageError
from pipeline.io import Remote, SignalInfo, open_reader
from pipeline.job import Job
from pipeline.kernel import Array, Kernel, Taps
from pipeline.library import Pipeline
from pipeline.stages.base.templates import load_templates
from pipeline.stages.match import Match

from .bilingual import Bilingual, say
from .sounds import SCENE_FS, clicks_and_pluck, echoing_room

if TYPE_CHECKING:
    from pipeline.config.load import LoadedConfig
    from pipeline.engine.plan import StagePlan

READ_S = 20.0
READ_FRAMES = 1 << 21  # at most this much is kept: the stretch of the file with most energy
PIECES = 20  # of a stretch: where it begins is found to one of them

SYMMETRIC = 1e-9  # asymmetry below which nobody sees the flip


@dataclass(frozen=True, eq=False)
class Subject:
    """A signal (N,) and a kernel (M,), where they come from, and what was left aside."""

    x: Taps
    h: Taps
    fs: float
    signal: str
    stage: str
    kernel_at: Callable[[float], tuple[Taps, int]] | None = None
    """The kernel and its origin at another rate, where the stage can make it."""
    is_table: bool = False
    correlates: bool = False
    """The stage correlates with ``h`` as it is."""
    origin: int = 0
    """The tap of ``h`` for time zero."""
    start: int = 0
    """The frame of the file that ``x`` begins with."""
    searches: str = ""
    """What a stage that looks for ``h`` scores by: a score of `Match`, or ``spectrogram``; empty for others."""
    paths: tuple[tuple[int, int, Taps], ...] = ()
    """Every path of a kernel that routes: input, output, taps."""
    notes: tuple[Bilingual, ...] = ()


def default_subject() -> Subject:
    """Clicks and a plucked string through an echoing room."""
    return Subject(clicks_and_pluck(), echoing_room(), SCENE_FS, "two clicks and a plucked string", "an echoing room")


def subject_of(loaded: LoadedConfig, source: Path | Remote, stage: str | None = None) -> Subject:
    """The subject that a configuration and an input give.

    Without ``stage``, an id or an index, the first asymmetric kernel is taken, the first kernel if all are symmetric; a
    stage that looks for a template if there is no kernel.

    Raises
    ------
    UsageError
        no such stage, a stage that is no kernel, or none that is.
    ConfigError
        a stage that does not fit the signal.
    SignalError
        nothing but silence reaches the stage; its output is over the range of numbers.
    """
    info, x, start = _loudest(os.fspath(source), Job.of(loaded.settings))
    pipe = Pipeline(loaded.settings.stages)
    try:
        planned = pipe.plan(info.fs, info.channels).stages
        chosen = _chosen(planned, stage)
        reaching = [p.stage for p in planned if p.index < chosen.index]
        arriving = Pipeline(reaching)(x, info.fs) if reaching else x
        kernel = _kernel(chosen)
    except SettingError as error:
        raise loaded.locate(error) from error
    start = round(start / info.fs * chosen.format_in.fs)
    names = info.names if info.is_table and len(info.names) == arriving.shape[1] and not reaching else ()
    return _subject(
        chosen, kernel, arriving, source.name, start, reaching=len(reaching), is_table=info.is_table, names=names
    )


def _loudest(source: str, job: Job) -> tuple[SignalInfo, Array, int]:
    """The stretch of a file with most energy, of at most `READ_S`, and the frame it begins at: 0 for a short file."""
    with open_reader(source, **job.reading) as reader:
        info = reader.info
        most = min(READ_FRAMES, max(PIECES, round(READ_S * info.fs)) if info.fs > 100 else READ_FRAMES)
        x, piece = reader.read(most), max(1, most // PIECES)
        energies = [_energy(x[at : at + piece]) for at in range(0, len(x), piece)]
        energies += [_energy(block) for block in reader.blocks(piece)]
    sums = np.convolve(energies, np.ones(PIECES), "valid") if len(energies) > PIECES else np.zeros(1)
    start = int(sums.argmax()) * piece
    if start:
        with open_reader(source, **job.reading) as reader:
            reader.skip(start)
            x = reader.read(most)
    return info, x, start


def _energy(block: Array) -> float:
    return float((np.nan_to_num(block.astype(np.float64), posinf=0, neginf=0) ** 2).sum())


def _kernel(chosen: StagePlan) -> Kernel:
    """The kernel of a stage; of one that looks for a template, the correlator with it."""
    if isinstance(chosen.stage, Match):
        template = load_templates(chosen.stage.template, chosen.format_in)[0].taps
        return Kernel.from_template(template[:, 0] if template.shape[1] == 1 else template)
    if chosen.kernel is None:
        raise UsageError(f"stage {chosen.index}, {chosen.stage.use!r}, is no kernel: there is nothing to flip")
    return chosen.kernel


def _subject(
    chosen: StagePlan,
    kernel: Kernel,
    arriving: Taps,
    name: str,
    start: int,
    *,
    reaching: int,
    is_table: bool,
    names: Sequence[str],
) -> Subject:
    if not np.isfinite(arriving).all():
        raise SignalError(f"{name}: holds a sample that is not finite; explain an input without")
    searches = _scored_by(chosen.stage)
    mean = arriving.mean(axis=0) if is_table and len(arriving) else np.zeros(arriving.shape[1])
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
    path, routed = _path(kernel, channel)
    notes += routed
    if isinstance(chosen.stage, Match):
        count = len(load_templates(chosen.stage.template, chosen.format_in))
        notes += [say("template_first", count=count)] if count > 1 else []
    correlates = kernel.origin == kernel.length - 1 and kernel.length > 1
    if is_table:
        notes.append(say("mean", mean=mean[channel]))

    def kernel_at(fs: float) -> tuple[Taps, int]:
        fmt = replace(chosen.format_in, fs=fs)
        made = chosen.stage.kernel(fmt)
        if made is None:
            raise KernelError("no kernel")
        return _forward(_path(made, channel)[0], made.origin, correlates=correlates)

    label = f"{chosen.stage.id} ({chosen.stage.use})" if chosen.stage.id else chosen.stage.use
    h, origin = _forward(path, kernel.origin, correlates=correlates)
    with np.errstate(over="ignore"):
        energy = (x**2).sum() * (h**2).sum()
    if not np.isfinite(energy):
        what = f"stage {chosen.index}, {chosen.stage.use!r}, makes numbers of it that are too large to be shown"
        raise SignalError(f"{name}: {what}; take a smaller gain")
    return Subject(
        x,
        h,
        chosen.format_in.fs,
        f"{name}: {names[channel]}" if names else name,
        label,
        None if searches else kernel_at,
        is_table,
        correlates,
        origin,
        start,
        searches,
        _paths(kernel),
        tuple(notes),
    )


def _scored_by(stage: object) -> str:
    if not isinstance(stage, Match):
        return ""
    return stage.domain if stage.domain == "spectrogram" else stage.score


def _forward(taps: Taps, origin: int, *, correlates: bool) -> tuple[Taps, int]:
    return (taps[::-1].copy(), 0) if correlates else (taps, origin)


def _path(kernel: Kernel, channel: int) -> tuple[Taps, list[Bilingual]]:
    """One column of taps, for one input channel; where it routes, towards the output that it is loudest in."""
    if kernel.taps.ndim == 1:
        return kernel.taps, []
    if kernel.taps.ndim == 2:
        return kernel.taps[:, channel], []
    out = int((kernel.taps[:, channel] ** 2).sum(axis=0).argmax())
    count = kernel.taps.shape[1] * kernel.taps.shape[2]
    return kernel.taps[:, channel, out], [say("out_channel", channel=out, from_=channel, count=count)]


def _paths(kernel: Kernel) -> tuple[tuple[int, int, Taps], ...]:
    """Every path of a kernel that routes."""
    if kernel.taps.ndim != 3:
        return ()
    return tuple((i, o, kernel.taps[:, i, o]) for i, o in np.ndindex(kernel.taps.shape[1:]))


def _chosen(planned: tuple[StagePlan, ...], asked: str | None) -> StagePlan:
    kernels = [p for p in planned if p.kernel is not None]
    if asked is not None:
        for p in planned:
            if asked in (p.stage.id, str(p.index)):
                return p
        known = ", ".join(f"{p.index} ({p.stage.id or p.stage.use})" for p in planned)
        raise UsageError(f"--stage {asked}: no stage has this id or index; there are {known}")
    seen = [p for p in kernels if p.kernel is not None and p.kernel.asymmetry > SYMMETRIC]
    for p in (*seen, *(p for p in planned if isinstance(p.stage, Match)), *kernels):
        return p
    raise UsageError("no stage of this configuration is a kernel or looks for a template: there is nothing to flip")
