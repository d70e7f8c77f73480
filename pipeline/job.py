"""One signal from a file through a chain of stages to a file: what the command, a batch and `Pipeline.run_file` do.

Nothing appears under the output's name before the whole of it is written and safe.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from .config.model import Configuration
from .dsp.envelope import Envelope
from .dsp.nonfinite import all_finite
from .dsp.threads import ahead
from .engine.options import Options
from .engine.parts import in_parts
from .engine.plan import Plan, make_plan
from .engine.spool import Spool, scaled_down
from .engine.stream import Detections, stream
from .engine.timeline import carried, times_turned
from .errors import StageError
from .io import OutputFormat, Reader, SignalInfo, Writer, WriteReport, open_reader, open_writer
from .io.apart import Named, keep_apart, read_with_sidecars, sidecar_written
from .io.changes import FileBefore
from .io.formats import READING
from .io.names import is_stream, refuse_taken
from .io.remote import place_of
from .io.sink import Sink, make_folder_of
from .io.tables import is_own_sidecar
from .kernel import Array
from .match.events import Events
from .match.found import events_found, warnings_of
from .match.writers import begin_events, event_format
from .stages.base import Format, Stage
from .stages.base.guard import is_foreign
from .stages.base.loudness import LOUDER
from .system import FolderSync
from .text import without_secrets

Target = str | Path

Progress = Callable[[int, int | None, float], None]
"""Called with the frames read so far, all frames (None for a pipe) and the rate in Hz."""

Render = Callable[[Plan, SignalInfo, Detections], Iterator[Array]]
"""Called with a plan and what it is run on, and with a list for what is found; yields the output in blocks."""


@dataclass(frozen=True)
class Job:
    """A chain of stages and how a file is read, run through it and written, whichever file it is."""

    stages: tuple[Stage, ...]
    options: Options = field(default_factory=Options)
    reading: dict[str, Any] = field(default_factory=dict)
    """For `open_reader`, by the names in `READING`."""
    format: OutputFormat = field(default_factory=OutputFormat)
    scale: bool = False
    """Turn the whole output down, rather than clip a part of it."""

    @classmethod
    def of(cls, settings: Configuration) -> Job:
        """The job that a configuration describes, its inputs and outputs left aside."""
        reading = {name: getattr(settings, name) for name in READING}
        clip: Literal["warn", "error"] = "error" if settings.clip == "error" else "warn"
        written = OutputFormat(subtype=settings.format.subtype, dither=settings.format.dither, clip=clip)
        return cls(settings.stages, Options.of(settings), reading, written, settings.clip == "scale")

    def plan(self, fmt: Format) -> Plan:
        """Plan for a signal of this format; raises `SettingError`."""
        return make_plan(self.stages, fmt, self.options)


@dataclass(frozen=True)
class Report:
    """Facts of one signal that was run."""

    source: str
    info: SignalInfo
    plan: Plan
    written: WriteReport | None
    """None where no output was asked for."""
    frames_in: int
    seconds: float
    """On the clock, from opening the input to the output's safe end."""
    warnings: tuple[str, ...]
    about_input: int  # how many of the warnings, the first ones: the others are about the output
    events: tuple[Events, ...] = ()
    """Events found, for each ``match`` stage."""
    found: Detections = field(default_factory=list)
    """The searches behind it: the index of each stage, all peaks and those of its decoys."""

    @property
    def duration(self) -> float:
        """Duration of the input in seconds."""
        return self.frames_in / self.info.fs

    @property
    def latency_trimmed(self) -> int:
        """Frames before time zero that were cut off, at the output's rate."""
        return 0 if self.plan.options.keeps_pre_roll or not self.frames_in else self.plan.latency

    @property
    def tail_kept(self) -> int:
        """Frames that were written after the input's own last."""
        if self.written is None:
            return 0
        shown = self.written.frames - self.plan.nominal_frames(self.frames_in)
        return shown - (self.plan.latency if self.plan.options.keeps_pre_roll and self.frames_in else 0)


@contextmanager
def open_signal(job: Job, source: str | Path) -> Iterator[tuple[Reader, Format]]:
    """A file as a job reads it, and its format."""
    dtype = np.float64 if job.options.precision == "double" else np.float32
    with open_reader(source, dtype=dtype, **job.reading) as reader:
        yield reader, Format(reader.info.fs, reader.info.channels, job.options.precision, job.reading)


def plan_job(job: Job, source: str | Path) -> tuple[Plan, SignalInfo]:
    """The plan for a file, which is opened for its format only."""
    with open_signal(job, source) as (reader, fmt):
        return job.plan(fmt), reader.info


@dataclass(frozen=True)
class Hooks:
    """Observers of a job while it is run, and parts of it that are done in another way; all may be left out."""

    progress: Progress | None = None
    envelope_in: Envelope | None = None
    """Gathers the outline of the input."""
    envelope_out: Envelope | None = None
    """Gathers the outline of the output."""
    plan: Callable[[Format], Plan] | None = None
    """Gives the plan for a format, where it is kept from file to file."""
    render: Render | None = None
    """Gives the output, and what is found in it, where others compute it."""


@dataclass(frozen=True)
class BegunJob:
    """A job whose outputs are whole, and hidden until `commit`; a context manager, forgetting what has no name yet."""

    report: Report
    outputs: tuple[Writer | Sink, ...]

    def commit(self, folders: FolderSync | None = None) -> Report:
        """Make the outputs durable and visible under their names, which ``folders`` makes durable if given.

        Raises
        ------
        UsageError
            a name was taken meanwhile.
        WriteError, DiskFullError
            the disk, or the store, did not take it.
        """
        began = time.perf_counter()
        try:
            for output in self.outputs:
                output.commit(folders)
        finally:
            self.abort()
        return replace(self.report, seconds=self.report.seconds + time.perf_counter() - began)

    def abort(self) -> None:
        """Forget the outputs that have no name yet; twice does no harm."""
        for output in self.outputs:
            output.abort()

    def __enter__(self) -> BegunJob:
        return self

    def __exit__(self, *error: object) -> None:
        self.abort()


def run_job(
    job: Job,
    source: str | Path,
    target: Target | None,
    *,
    events: Sequence[Target] = (),
    overwrite: bool = False,
    hooks: Hooks | None = None,
) -> Report:
    """Run a job on one file: `begin_job`, whose arguments and errors these are, and commit it."""
    with begin_job(job, source, target, events=events, overwrite=overwrite, hooks=hooks) as begun:
        return begun.commit()


def begin_job(
    job: Job,
    source: str | Path,
    target: Target | None,
    *,
    events: Sequence[Target] = (),
    overwrite: bool = False,
    hooks: Hooks | None = None,
) -> BegunJob:
    """Run a job on one file as far as to outputs that are whole, and hidden; what goes to a pipe has gone there.

    Parameters
    ----------
    job, source
        what is done to what; ``"-"`` is standard input.
    target
        the output, ``"-"`` standard output; None writes none, where only the events are wanted.
    events
        files for what the ``match`` stages find, each in the format of its extension.
    overwrite
        replace what stands under these names.
    hooks
        what looks on.

    Raises
    ------
    UsageError
        an output exists and may not be overwritten, is the input or another output, or has a name that says no format.
    SettingError
        a stage does not fit the signal; no threshold can be set from it.
    ReadError, WriteError, DiskFullError
        the input is not what it declares; the output cannot be written.
    SignalError
        a sample that is not finite, or over full scale with ``clip: error``.
    StageError
        a stage of another distribution fails, or breaks a promise.
    """
    try:
        return _begun(job, source, target, events, overwrite, hooks or Hooks())
    except StageError as error:
        raise error.under(f"{source}: ") from error.__cause__


def _begun(
    job: Job, source: str | Path, target: Target | None, events: Sequence[Target], overwrite: bool, hooks: Hooks
) -> BegunJob:
    began = time.perf_counter()
    refuse_outputs(source, target, events, overwrite=overwrite, timed=job.reading.get("time_column") is not None)
    with ExitStack() as outputs, ExitStack() as stack:
        before = FileBefore(source)
        reader, fmt = stack.enter_context(open_signal(job, source))
        plan = (hooks.plan or job.plan)(fmt)
        plan.frames_out(reader.info.frames or 0)  # refuses, before any work, what no file can have
        writer = None if target is None else outputs.enter_context(_writer(job, plan, reader.info, target, overwrite))
        blocks: Iterator[Array]
        size = plan.block
        read = _read_blocks(reader, size, hooks)
        found: Detections = []
        # Reading, computing and writing overlap, unless one thread is all there is to be, or one block. A thread that
        # waits on a pipe cannot be stopped, so a pipe is read by the one that can be: the main thread.
        if reader.parts:
            blocks = in_parts(plan, reader.parts, lambda frames: _read_blocks(reader, size, hooks, frames))
        elif hooks.render is not None:
            blocks = hooks.render(plan, reader.info, found)
        elif job.options.thread_count > 1 and not job.options.hop and (reader.info.frames or 0) > size:
            read = ahead(read)
            stack.callback(_end, read)  # after what draws from it, and before the reader is closed
            blocks = ahead(stream(plan, read, found))
        else:
            blocks = stream(plan, read, found)
        stack.callback(_end, blocks)
        notes = [] if writer is None else times_turned(plan, reader.info)
        if job.scale and writer is not None and writer.full_scale is not None:
            blocks = scaled_down(blocks, stack.enter_context(Spool(plan.format_out)), writer.full_scale, notes)
        not_finite, done = None, 0
        for block in blocks:
            if writer is not None:
                writer.write(block)
                not_finite = writer.not_finite
            elif not_finite is None and not all_finite(block):
                not_finite = done + int(np.argwhere(~np.isfinite(block))[0][0])
            done += len(block)
            if hooks.envelope_out is not None:
                hooks.envelope_out.add(block)
        if not_finite is not None and job.options.nonfinite == "error":
            notes.append(f"the output is not finite at frame {not_finite}, {_why_not_finite(plan)}")
        name = without_secrets(str(source))
        before.refuse_changed()
        searches = events_found(job.stages, found, name, reader.info)
        notes += warnings_of(found)
        written = None if writer is None else writer.finish()
        if written is not None and written.clipped:
            notes += [f"{one.stage.use}: {words}" for one in plan.stages for words in one.notes if LOUDER in words]
        begun: list[Writer | Sink] = [] if writer is None else [writer]
        for path in events:
            make_folder_of(path)
            begun.append(begin_events(path, searches, overwrite=overwrite))
            outputs.callback(begun[-1].abort)
        warnings = (*reader.warnings, *plan.format_in.doubts, *notes, *(written.notes if written else ()))
        seconds = time.perf_counter() - began
        frames = reader.frames_read if hooks.render is None else reader.info.frames or 0
        report = Report(
            name, reader.info, plan, written, frames, seconds, warnings, len(reader.warnings), searches, found
        )
        outputs.pop_all()
        return BegunJob(report, tuple(begun))


def _why_not_finite(plan: Plan) -> str:
    """Why an output may not be finite, whose input is."""
    words = "though the input is: numbers grew too large"
    if plan.options.precision == "single":
        words += " for single precision; set precision: double"
    theirs = [f", or stages[{p.index}] {p.stage.use!r} made them so" for p in plan.stages if is_foreign(p.stage)]
    return "".join([words, *theirs])


def _end(blocks: Iterator[Array]) -> None:
    """End what computes them, with its thread."""
    if isinstance(blocks, Generator):
        blocks.close()


def refuse_outputs(
    source: Target, target: Target | None, events: Sequence[Target], *, overwrite: bool, timed: bool
) -> None:
    """Raise `UsageError` where an output is the input or another output, and where an event file cannot be written."""
    outputs = [*([] if target is None else [target]), *events]
    beside = None if target is None else sidecar_written(target, timed=timed)
    sidecars = [] if beside is None else [Named(beside, f"the sidecar of {target}")]
    written = [place_of(path) for path in outputs]
    keep_apart(read_with_sidecars([place_of(source)]), [*map(Named, written), *sidecars])
    if beside is not None:
        is_own_sidecar(written[0], written)
    for path in events:
        event_format(path)
        if not is_stream(path):
            refuse_taken(path, overwrite=overwrite)


def _writer(job: Job, plan: Plan, info: SignalInfo, target: Target, overwrite: bool) -> Writer:
    frames = None if info.frames is None else plan.frames_out(info.frames)
    after, info = plan.format_out, carried(plan, info, frames)
    make_folder_of(target)
    if info.time is not None and plan.options.keeps_pre_roll:
        info = replace(info, time=replace(info.time, before=plan.latency))
    return open_writer(
        target, fs=after.fs, channels=after.channels, frames=frames, source=info, fmt=job.format, overwrite=overwrite
    )


def _read_blocks(reader: Reader, size: int, hooks: Hooks, frames: int | None = None) -> Iterator[Array]:
    info, begin = reader.info, reader.frames_read
    while len(block := reader.read(size if frames is None else min(size, begin + frames - reader.frames_read))):
        if hooks.envelope_in is not None:
            hooks.envelope_in.add(block)
        if hooks.progress is not None:
            hooks.progress(reader.frames_read, info.frames, info.fs)
        yield block
