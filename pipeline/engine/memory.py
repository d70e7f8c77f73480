"""The memory that a plan needs at its peak: a model, which a test holds to within 30 % of what is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..dsp.threads import ahead_of
from ..dsp.transforms import library_for
from ..stages.base import DetectorStage, WholeSignalStage
from ..system import KEPT_BYTES, usable_processors
from .steps import Group

if TYPE_CHECKING:
    from .plan import Plan, Step

_PROCESS = 60 << 20  # bytes of the interpreter and the libraries before any signal
_KEPT = 1.4  # what the allocator holds, of what is in use at once
_WAITING = 2.5  # blocks between reader and engine, and as many between engine and writer
SPOOLED = 4 << 20
"""Bytes of a signal put aside that are kept in memory, the rest on disk."""


def peak_memory(plan: Plan, frames: int) -> int:
    """Bytes at the peak: the process, what is computed with, and what waits between reader, engine and writer."""
    steps, ahead = plan.steps, ahead_of(plan.workers) if plan.threads > 1 else 0
    one = min(plan.block, frames) * plan.format_in.dtype.itemsize / plan.format_in.fs
    formats = (plan.format_in, plan.format_out, *(step.format_out for step in steps))
    first, *after = [one * fmt.channels * fmt.fs for fmt in formats]
    aside = any(isinstance(step.work, WholeSignalStage) for step in steps)
    at_once = max(first, *after) + (0 if aside else first)  # what is put aside is read when all is in
    waiting = min(_WAITING, -(-frames // plan.block)) * at_once
    working = sum(_step_memory(*one, plan.workers, ahead, frames) for one in zip(steps, after[1:], strict=True))
    return _PROCESS + round(_KEPT * (waiting + working))


def _step_memory(step: Step, block: float, workers: int, ahead: int, length: int) -> float:
    """Bytes that a step works with, apart from what waits; a block of what comes out takes ``block``."""
    if isinstance(step.work, DetectorStage):
        return step.work.memory(step.format_in, workers)
    if not isinstance(step.work, Group):
        return block + SPOOLED if isinstance(step.work, WholeSignalStage) else block / 2
    kernel, method = step.work.kernel, step.work.method
    taps = 2 * int(kernel.taps.nbytes)
    channels, item = max(step.format_in.channels, step.format_out.channels), step.format_in.dtype.itemsize
    if method.name != "fft":
        return (taps + 2 * kernel.length * channels * item) / _KEPT  # large arrays, of which nothing is kept
    blocks = -(-(length + kernel.length) // method.block)
    group = min(method.group, blocks)
    under_way = min(ahead + 1, -(-blocks // group))
    busy = min(under_way, 3 * usable_processors() + 1)  # more are not got through at a time, they are done and wait
    frames = group * method.block
    region = (method.n_fft - method.block + frames) * channels * item
    spectra = group * method.n_fft * channels * item
    within = library_for(method.n_fft) == "opencv"  # the frames come back where their spectra were
    working = min(workers, busy, usable_processors() + 1) * (1 if within else 2)
    past = busy + -(-(method.partitions - 1) // group) if method.partitions > 1 else 0
    responses = method.partitions * method.n_fft * item * int(kernel.taps[0].size)
    outputs = (under_way + 1) * frames * channels * item
    large = (busy * region + (working + past) * spectra) / (_KEPT if spectra > KEPT_BYTES else 1)
    return taps + large + responses + outputs
