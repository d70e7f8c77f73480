"""The subject of an explanation: a signal and a kernel found in a configuration, and what is drawn and heard of them.

Convention: one channel and one path of the kernel, both named. A stage that correlates is undone first, so that ``h``
is always the kernel as it was given, tap 0 first. Where all taps that are not zero lie on a grid of D frames, only that
grid is drawn. This is exact: on it, ``y[n0 + m D] = sum_k h[k D] x[n0 + (m-k) D]``. Otherwise neighbouring taps are
drawn, from the kernel's strongest part.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import FaltungError, KernelError, SettingError, SignalError, UsageError
from ..io import Remote, open_reader
from ..job import Job
from ..kernel import Kernel, Taps
from ..library import Pipeline
from .bilingual import Bilingual, say
from .example import Example
from .sounds import SCENE_FS, clicks_and_pluck, echoing_room

if TYPE_CHECKING:
    from ..config.load import LoadedConfig
    from ..engine.plan import StagePlan

READ_S = 20.0
READ_FRAMES = 1 << 21  # at most this much is read: an excerpt of a few seconds is looked for in it

SMALL_TAPS = 6
SMALL_FRAMES = 12
SYMMETRIC = 1e-9  # asymmetry below which nobody sees the flip
MAX_FS = 24_000
MIN_FS = 3_000
TABLE_FS = 8_000
HEARD_TAPS = 28_000
BUDGET = 1_000_000
"""Samples of all sounds together: what a page under 3 MB can hold."""


@dataclass(frozen=True, eq=False)
class Subject:
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
    notes: tuple[Bilingual, ...] = ()

    @property
    def symmetry(self) -> str:
        """Whether the flip can be seen with this kernel."""
        return Kernel(self.h).describe_symmetry()


@dataclass(frozen=True)
class Excerpt:
    """A short example out of a subject, and what it was cut from."""

    example: Example
    name: Bilingual


@dataclass(frozen=True, eq=False)
class Listening:
    """Signal and kernel short enough to be listened to, at a rate that can be played; what was done to them."""

    x: Taps
    h: Taps
    fs: int
    notes: tuple[Bilingual, ...]


def default_subject() -> Subject:
    """Clicks and a plucked string through an echoing room."""
    return Subject(clicks_and_pluck(), echoing_room(), SCENE_FS, "two clicks and a plucked string", "an echoing room")


def subject_of(loaded: LoadedConfig, source: Path | Remote, stage: str | None = None) -> Subject:
    """The subject that a configuration and an input give.

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
    return _subject(chosen, arriving, source.name, reaching=len(reaching), is_table=info.is_table)


def _subject(chosen: StagePlan, arriving: Taps, name: str, *, reaching: int, is_table: bool) -> Subject:
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
    path, routed = _path(kernel, channel)
    notes += routed
    correlates = kernel.origin == kernel.length - 1 and kernel.length > 1
    if 0 < kernel.origin < kernel.length - 1:
        notes.append(say("origin", origin=kernel.origin))
    if is_table:
        notes.append(say("mean", mean=mean[channel]))

    def kernel_at(fs: float) -> Taps:
        fmt = replace(chosen.format_in, fs=fs)
        made = chosen.stage.kernel(fmt)
        if made is None:
            raise KernelError("no kernel")
        return _forward(_path(made, channel)[0], correlates=correlates)

    label = f"{chosen.stage.id} ({chosen.stage.use})" if chosen.stage.id else chosen.stage.use
    h = _forward(path, correlates=correlates)
    return Subject(x, h, chosen.format_in.fs, name, label, kernel_at, is_table, correlates, tuple(notes))


def _forward(taps: Taps, *, correlates: bool) -> Taps:
    return taps[::-1].copy() if correlates else taps


def _path(kernel: Kernel, channel: int) -> tuple[Taps, list[Bilingual]]:
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
    return next((p for p in kernels if p.kernel is not None and p.kernel.asymmetry > SYMMETRIC), kernels[0])


def _at_rate(subject: Subject, fs: float) -> tuple[Taps, bool]:
    """The kernel at a lower rate, and whether the stage made it itself (else it was resampled)."""
    if subject.kernel_at is not None:
        try:
            return subject.kernel_at(fs), True
        except FaltungError:
            pass  # a file at one rate only: resampled below
    import soxr

    return soxr.resample(subject.h, subject.fs, fs, quality="HQ") * (subject.fs / fs), False


def onset(x: Taps) -> int:
    """The first frame that reaches a tenth of the largest magnitude."""
    return int(np.argmax(np.abs(x) >= 0.1 * np.abs(x).max()))


def excerpt(subject: Subject) -> Excerpt:
    """A table's worth of a subject: at most 6 taps and 12 frames."""
    step = _grid(subject.h)
    taps, first_tap = _strongest(subject.h[::step])
    x, first = _loud(subject.x, step, len(taps))
    example = Example.of(_three_digits(x), _three_digits(taps))
    name = say(
        "excerpt",
        signal=subject.signal,
        stage=subject.stage,
        first=first,
        last=first + (len(x) - 1) * step,
        seconds=first / subject.fs,
        first_tap=first_tap * step,
        last_tap=(first_tap + len(taps) - 1) * step,
        taps=len(subject.h),
        every=say("every", step=step) if step > 1 else "",
    )
    return Excerpt(example, name)


def _grid(h: Taps) -> int:
    """The spacing D of which the times of all taps that are not zero are multiples; 1 for a dense kernel."""
    return math.gcd(*np.flatnonzero(h).tolist()) or 1


def _strongest(taps: Taps) -> tuple[Taps, int]:
    """Up to 6 neighbouring taps with much energy and little symmetry, and the index of the first."""
    if len(taps) <= SMALL_TAPS:
        return taps, 0
    windows = np.lib.stride_tricks.sliding_window_view(taps, SMALL_TAPS)
    if Kernel(taps).asymmetry < SYMMETRIC:  # a symmetric kernel stays one: its middle
        start = (len(taps) - SMALL_TAPS + 1) // 2
        return taps[start : start + SMALL_TAPS - len(taps) % 2].copy(), start
    energy = (windows**2).sum(axis=1)
    candidates = np.argsort(-energy, kind="stable")[:200]
    score = [np.sqrt(energy[i]) * (1e-3 + Kernel(windows[i]).asymmetry) for i in candidates if energy[i] > 0]
    start = int(candidates[int(np.argmax(score))])
    return windows[start].copy(), start


def _loud(x: Taps, step: int, taps: int) -> tuple[Taps, int]:
    """12 frames of a grid of ``step``, of the phase and place with most energy, silence before them if there is any."""
    rows = -(-len(x) // step)
    grid = np.zeros((rows + SMALL_FRAMES, step))
    grid.reshape(-1)[: len(x)] = x
    heard = SMALL_FRAMES - max(1, taps // 2)
    energy = np.cumsum(np.concatenate([np.zeros((1, step)), grid**2]), axis=0)
    sums = energy[heard:] - energy[:-heard]
    row, phase = divmod(int(sums[: rows or 1].argmax()), step)
    row = max(0, row - max(0, SMALL_FRAMES - heard - 1))
    return grid[row : row + SMALL_FRAMES, phase].copy(), row * step + phase


def _three_digits(values: Taps) -> Taps:
    return np.array([float(f"{value:.3g}") for value in values])


def for_listening(subject: Subject) -> Listening:
    """A few seconds from the onset, at most 24 kHz, and as much of the kernel as fits."""
    notes: list[Bilingual] = []
    x, h, fs = subject.x, subject.h, subject.fs
    if fs < MIN_FS or not float(fs).is_integer():
        notes.append(say("faster", fs=TABLE_FS, times=TABLE_FS / fs))
        fs = TABLE_FS
    elif fs > MAX_FS:
        import soxr

        part = -(-int(fs) // MAX_FS)
        lower = fs / part if (fs / part).is_integer() else MAX_FS
        x = soxr.resample(x, fs, lower, quality="HQ")
        h, made = _at_rate(subject, lower)
        notes.append(say("made_lower" if made else "resampled", lower=lower, fs=fs))
        fs = lower
    rate = int(fs)
    if len(h) > HEARD_TAPS:
        notes.append(say("first_taps", kept=HEARD_TAPS, taps=len(h)))
        h = h[:HEARD_TAPS]
    whole = (BUDGET - 2 * (rate // 2 + len(h)) - 8 * rate) // 8
    frames = min(len(x), 3 * rate, whole - rate // 2 - 2 * len(h))
    start = max(0, min(onset(x) - rate // 50, len(x) - frames))
    if frames < len(x):
        notes.append(say("stretch", seconds=frames / rate, start=start / rate))
    cut = x[start : start + frames].copy()
    fade = min(rate // 100, frames // 4)
    if fade and frames < len(x):
        cut[-fade:] *= np.linspace(1, 0, fade)
    return Listening(cut, h, rate, tuple(notes))
