"""Runs a plan on a stream of blocks, each step drawing on the one before it, and trims what comes out at the end."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import Any

import numpy as np
import numpy.typing as npt

from ..dsp.detection import Detection
from ..dsp.nonfinite import all_finite
from ..dsp.threads import Threads
from ..errors import SignalError
from ..kernel import Array
from ..stages.base import DetectorStage, Format, Processor, WholeSignalStage
from ..stages.base.guard import guarded_render
from .edges import hold_edges, reflect_edges
from .options import Options
from .plan import Plan, Step
from .spool import Spool, pieces
from .timeline import heard_from

Detections = list[tuple[int, Detection]]
"""Results of the detectors: the index of the stage, and the detection on the timeline of the chain's input."""


def stream(plan: Plan, blocks: Iterable[npt.ArrayLike], found: Detections | None = None) -> Iterator[Array]:
    """The output of a plan, in blocks, for a signal that comes in blocks; memory does not grow with its length.

    Parameters
    ----------
    plan
        from `make_plan`, for signals of ``plan.format_in``.
    blocks
        arrays ``(n, channels)``; how the signal is cut into them changes no bit of the output.
    found
        is given what each detector found, when its signal has ended; its frame 0 is where the input's first sound
        stands, and what starts before it is left out, unless ``pre_roll: keep``.

    Yields
    ------
    Arrays ``(m, plan.format_out.channels)``, none empty.

    Raises
    ------
    SignalError
        a block of another shape or no real numbers; a sample that is not finite, unless ``nonfinite: propagate``.
    """
    check = InputCheck(plan.format_in, plan.options)
    with ExitStack() as stack:
        executor = stack.enter_context(Threads(plan.workers)) if plan.threads > 1 else None
        signal = check.checked(blocks)
        if plan.options.edges == "hold":
            signal = hold_edges(signal, plan.tail, plan.latency)
        elif plan.options.edges == "reflect":
            signal = reflect_edges(signal, plan.tail, plan.latency)
        for index, step in enumerate(plan.steps):
            if isinstance(step.work, WholeSignalStage):
                spool = stack.enter_context(Spool(step.format_in))
                signal = _rendered(step, signal, spool, plan, index, check)
            elif isinstance(step.work, DetectorStage):
                signal = _detected(index, step.open(executor), signal, plan, check, found)
            else:
                signal = processed(step.open(executor), signal)
        yield from _trimmed(signal, plan, check)


class InputCheck:
    """Checks what comes in, from frame ``frames`` on, counts it, and turns it into the precision of the run."""

    def __init__(self, fmt: Format, options: Options, frames: int = 0) -> None:
        self.frames = frames
        self._format, self._options = fmt, options

    def checked(self, blocks: Iterable[npt.ArrayLike]) -> Iterator[Array]:
        """The blocks, one by one."""
        for given in blocks:
            block = np.asarray(given)
            if block.dtype.kind not in "f":
                raise SignalError(
                    f"a signal is made of floating-point samples, got {block.dtype}; convert integers first, for "
                    "16-bit PCM by dividing by 32768"
                )
            if block.ndim != 2 or block.shape[1] != self._format.channels:
                raise SignalError(f"a block must have shape (n, {self._format.channels}), got {block.shape}")
            with np.errstate(over="ignore"):  # told below
                block = block.astype(self._format.dtype, copy=False)
            if self._options.nonfinite == "error" and not all_finite(block):
                self._refuse_nonfinite(block)
            self.frames += len(block)
            yield block

    def _refuse_nonfinite(self, block: Array) -> None:
        frame, channel = (int(i) for i in np.argwhere(~np.isfinite(block))[0])
        held, fix = f"{block[frame, channel]}", "set nonfinite: propagate to let it through"
        if self._format.precision == "single" and np.isinf(block[frame, channel]):
            held += " or a number over the range of single precision"
            fix = "set precision: double for such numbers, or nonfinite: propagate to let it through"
        raise SignalError(f"the input holds {held} at frame {self.frames + frame}, channel {channel}; {fix}")


def processed(processor: Processor, signal: Iterator[Array]) -> Iterator[Array]:
    """Output of a processor for a signal, to its end."""
    for block in signal:
        yield from pieces(processor.process(block))
    yield from pieces(processor.flush())


def _detected(
    index: int, detector: Any, signal: Iterator[Array], plan: Plan, check: InputCheck, found: Detections | None
) -> Iterator[Array]:
    yield from processed(detector, signal)
    if found is not None:
        zero = heard_from(plan, index, check.frames)
        detection = detector.detection().counted_from(zero, keep_before=plan.options.keeps_pre_roll)
        found.append((plan.steps[index].stages[0], detection))


def _rendered(
    step: Step, signal: Iterator[Array], spool: Spool, plan: Plan, index: int, check: InputCheck
) -> Iterator[Array]:
    """Put the signal aside until its end, then have the stage render it."""
    for block in signal:
        spool.write(block)
    if spool.frames == 0:
        return
    spool.latency = plan.steps[index - 1].latency if index else 0
    spool.tail = spool.frames - spool.latency - plan.nominal_frames(check.frames, index)
    start = 0 if plan.options.keeps_pre_roll else spool.latency
    spool.heard = slice(start, spool.frames - (0 if plan.options.keeps_tail else spool.tail))
    yield from guarded_render(step.work, spool, step.place)  # type: ignore[arg-type]  # it is one


def _trimmed(signal: Iterator[Array], plan: Plan, check: InputCheck) -> Iterator[Array]:
    """Cut off what lies before time zero and after the end, as the options say."""
    zero = plan.latency + (plan.tail if plan.options.edges != "zero" else 0)
    skip = 0 if plan.options.keeps_pre_roll else zero
    position = 0  # of the block's first frame, counted from the first frame that the chain gives
    waiting: deque[tuple[int, Array]] = deque()
    for block in signal:
        waiting.append((position, block))
        position += len(block)
        # what is further on than its latency behind what was given so far waits: it may lie behind the end
        stop = position if plan.options.keeps_tail else zero + plan.nominal_frames(check.frames)
        while waiting and waiting[0][0] < stop:
            start, first = waiting.popleft()
            if start + len(first) > stop:
                waiting.appendleft((stop, first[stop - start :]))
            if len(kept := first[max(0, skip - start) : stop - start]):
                yield kept
