"""Settles what a chain of stages will do to a signal before anything is done: the run executes exactly the plan.

Each stage is asked for its kernel at the format that reaches it; neighbouring kernels are multiplied into one where
that is cheaper; a method is chosen for each. Latency and tail are counted in frames at the point where they stand:
``latency`` frames lie before time zero, ``tail`` frames after the input's own last frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from ..dsp.methods import Method
from ..errors import FileError, KernelError, SettingError, SignalError
from ..kernel import Kernel
from ..limits import MAX_FRAMES, at_most
from ..stages.base import DetectorStage, Format, Processor, Stage, WholeSignalStage
from ..stages.base.files import raw_notes
from ..stages.base.guard import Guarded, naming_stage
from ..stages.base.loudness import louder
from ..stages.base.processors import KernelProcessor, channels_after
from ..stages.base.rates import frames_after, rate_ratio
from .memory import peak_memory
from .options import Options
from .steps import Align, Group, group_kernels

BLOCK = 1 << 17
"""Frames read from a file at a time, at most."""
_BLOCK_BYTES = 1 << 19  # of a channel: in double precision the half of these frames, for less memory in the same time

ANY_LENGTH = 1 << 62
"""Frames of an input whose length nothing tells."""
_LIGHT = 22.0  # nanoseconds a sample, some six times what reading, moving and writing it take


@dataclass(frozen=True)
class StagePlan:
    """One stage of the chain, by itself."""

    index: int
    stage: Stage
    format_in: Format
    format_out: Format
    kernel: Kernel | None
    latency: int
    """Frames of the future that it needs."""
    tail: int
    """Frames that it sounds on."""
    notes: tuple[str, ...]

    @property
    def is_causal(self) -> bool | None:
        """Whether it touches only the present and the past; None where that cannot be read off."""
        if self.stage.whole_signal:
            return False
        return self.kernel.is_causal if self.kernel is not None else None


@dataclass(frozen=True)
class Step:
    """One machine of the run: a group of kernels as one, or a stage that is no kernel."""

    stages: tuple[int, ...]
    """Indices of the stages it stands for; none for the alignment before a change of rate."""
    format_in: Format
    format_out: Format
    work: Stage | Group | Align
    latency: int
    """Latency of the chain up to here, this step included."""
    tail: int
    """Tail of the chain up to here, this step included."""
    promised: tuple[Format, int, int] | None = None
    """Format, latency and tail that a stage which is no kernel was planned with."""

    def open(self, executor: Executor | None = None) -> Processor:
        """A processor for one signal; ``executor`` computes side by side what can be."""
        if isinstance(self.work, Group):
            return KernelProcessor(self.work.kernel, self.format_in, self.work.method, executor)
        if isinstance(self.work, Align):
            return self.work.open(self.format_in)
        with naming_stage(self.work, self.place):
            detects = isinstance(self.work, DetectorStage)
            processor = self.work.open(self.format_in, *([executor] if detects else []))
        return Guarded(processor, self.work, self.format_in, self.place, self.promised)

    @property
    def place(self) -> str:
        """Place of its first stage among the stages of the chain."""
        return f"stages[{self.stages[0]}]"

    @property
    def method(self) -> Method | None:
        """Method by which the kernel is applied, where it is one."""
        return self.work.method if isinstance(self.work, Group) else None

    def frames_after(self, frames: int) -> int:
        """All frames that come out, of all that go in."""
        if isinstance(self.work, Group):
            return frames + self.work.kernel.length - 1
        if isinstance(self.work, Align):
            return frames + self.work.added
        if isinstance(self.work, WholeSignalStage):
            return frames
        processor = self.open()
        added = processor.latency + processor.tail
        return frames_after(frames, self.format_in.fs, self.format_out.fs) + added


@dataclass(frozen=True)
class Plan:
    """Plan for signals of one format: all that will happen to them."""

    format_in: Format
    format_out: Format
    options: Options
    stages: tuple[StagePlan, ...]
    steps: tuple[Step, ...]

    @property
    def latency(self) -> int:
        """Frames before time zero at the end of the chain."""
        return self.steps[-1].latency if self.steps else 0

    @property
    def tail(self) -> int:
        """Frames after the signal's own end at the end of the chain."""
        return self.steps[-1].tail if self.steps else 0

    @property
    def passes(self) -> int:
        """Passes through the signal: one, and one more for each stage that needs the whole of it."""
        return 1 + sum(isinstance(step.work, WholeSignalStage) for step in self.steps)

    @property
    def threads(self) -> int:
        """Threads that compute: one where no step can use more, as in live use, where nothing may wait."""
        methods = [step.method for step in self.steps if step.method is not None]
        several = self._detects or any(m.name == "fft" and not m.live for m in methods)
        return self.options.thread_count if several else 1

    @property
    def _detects(self) -> bool:
        return any(isinstance(step.work, DetectorStage) for step in self.steps)

    @property
    def workers(self) -> int:
        """Threads that work on transforms: one is left to reading and writing, unless transforms take far longer."""
        costs = [step.method.cost / step.format_in.channels for step in self.steps if step.method is not None]
        return max(1, self.threads - (sum(costs) <= _LIGHT and not self._detects))

    def memory(self, frames: int = ANY_LENGTH) -> int:
        """Bytes expected at the peak, for an input of so many frames or of any length (`pipeline.engine.memory`)."""
        return peak_memory(self, frames)

    @property
    def block(self) -> int:
        """Frames read from a file at a time."""
        return self.options.hop or _BLOCK_BYTES // self.format_in.dtype.itemsize

    def nominal_frames(self, frames: int, steps: int | None = None) -> int:
        """The input's own frames at the rate of the output, or at that after the first ``steps`` steps."""
        for step in self.steps[:steps]:
            frames = frames_after(frames, step.format_in.fs, step.format_out.fs)
        return frames

    def frames_out(self, frames: int) -> int:
        """Frames that will be given out for ``frames`` that go in, tail and pre-roll as the options say.

        Raises `SettingError` at the stage that adds most, where a file cannot have so many.
        """
        if frames == 0:
            return 0
        if self.options.edges != "zero":
            return frames
        total = frames
        for step in self.steps:
            total = step.frames_after(total)
        start = 0 if self.options.keeps_pre_roll else self.latency
        end = total if self.options.keeps_tail else self.latency + self.nominal_frames(frames)
        if end - start > MAX_FRAMES:
            most = max(self.stages, key=lambda one: one.latency + one.tail)
            message = f"the output would have {end - start:,} frames; a file has {at_most('frames')}"
            raise SettingError(message, "stages", most.index)
        return end - start


def make_plan(stages: Sequence[Stage], fmt: Format, options: Options | None = None) -> Plan:
    """The plan for a chain of stages and a signal of this format.

    Raises
    ------
    SettingError
        a stage does not fit the signal; its path begins with ``stages[i]``.
    """
    options = options or Options()
    planned: list[StagePlan] = []
    current = fmt
    for index, stage in enumerate(stages):
        if stage.enabled:
            planned.append(_plan_stage(index, stage, current))
            current = planned[-1].format_out
    if options.edges != "zero":
        _require_edges_can_be_held(planned, options.edges)
    return Plan(fmt, current, options, tuple(planned), tuple(_steps(planned, options)))


def _require_edges_can_be_held(planned: Sequence[StagePlan], edges: str) -> None:
    for stage in planned:
        if stage.kernel is None:
            message = f"edges: {edges}, as of same=True, is for kernels, {stage.stage.use!r} is none; run it by itself"
            raise SettingError(message, "stages", stage.index)


def _plan_stage(index: int, stage: Stage, fmt: Format) -> StagePlan:
    try:
        return _planned(index, stage, fmt, f"stages[{index}]")
    except SettingError as error:
        raise error.under("stages", index) from error
    except (KernelError, FileError, SignalError) as error:
        raise SettingError(str(error), "stages", index) from error


def _planned(index: int, stage: Stage, fmt: Format, place: str) -> StagePlan:
    known = len(fmt.doubts)
    with naming_stage(stage, place):
        if isinstance(stage, DetectorStage):
            stage = stage.loaded(fmt)
        kernel = stage.kernel(fmt)
        notes = (*stage.rounding_notes(fmt), *raw_notes(stage), *stage.notes(fmt), *fmt.doubts[known:])
        if not isinstance(kernel, Kernel | None):
            raise TypeError(f"kernel() gives a Kernel or None, got {type(kernel).__name__}")
    if kernel is not None:
        after = replace(fmt, channels=channels_after(kernel, fmt.channels))
        notes += louder(stage, kernel)
        return StagePlan(index, stage, fmt, after, kernel, kernel.latency, kernel.tail, notes)
    if isinstance(stage, WholeSignalStage):
        return StagePlan(index, stage, fmt, fmt, None, 0, 0, notes)
    with naming_stage(stage, place):
        opened = stage.open(fmt)
    processor = Guarded(opened, stage, fmt, place)
    return StagePlan(index, stage, fmt, processor.format, None, processor.latency, processor.tail, notes)


def _steps(planned: Sequence[StagePlan], options: Options) -> list[Step]:
    """The machines of the run, with latency and tail added up."""
    steps: list[Step] = []
    latency = tail = 0
    i = 0
    while i < len(planned):
        first = planned[i]
        if first.kernel is not None:
            run = i
            while run < len(planned) and planned[run].kernel is not None:
                run += 1
            for group in group_kernels([(p.index, p.kernel, p.format_in) for p in planned[i:run] if p.kernel], options):
                latency, tail = latency + group.kernel.latency, tail + group.kernel.tail
                ends = [p for p in planned[i:run] if p.index in group.stages]
                steps.append(Step(group.stages, ends[0].format_in, ends[-1].format_out, group, latency, tail))
            i = run
            continue
        if isinstance(first.stage, WholeSignalStage):
            latency, tail = first.stage.moves(latency, tail)
        elif first.format_out.fs != first.format_in.fs:
            align = Align.before_rate_change(latency, first.format_in.fs, first.format_out.fs, options)
            if align.added:
                latency += align.added
                steps.append(Step((), first.format_in, first.format_in, align, latency, tail))
            ratio = rate_ratio(first.format_in.fs, first.format_out.fs)
            latency = round(latency * ratio) + first.latency
            tail = -(-tail * ratio.numerator // ratio.denominator) + first.tail
        else:
            latency, tail = latency + first.latency, tail + first.tail
        whole = isinstance(first.stage, WholeSignalStage)
        promised = None if whole else (first.format_out, first.latency, first.tail)
        steps.append(Step((first.index,), first.format_in, first.format_out, first.stage, latency, tail, promised))
        i += 1
    return steps
