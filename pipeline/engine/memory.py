"""Predicts the peak memory of a run from its steps: what is under way in each thread, and what waits between them.

A test and the benchmarks hold the prediction to within 30 % of the measured peak.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..stages.base import DetectorStage, Format
from .grouping import Group

if TYPE_CHECKING:
    from .plan import Step

__all__ = ["BLOCK", "peak_memory"]

BLOCK = 1 << 17
"""Frames read from a file at a time."""

_PROCESS = 60 << 20  # bytes of the interpreter and the libraries before any signal
_KEPT = 1.5  # what the allocator holds, of what is in use at once
_WAITING = 5  # blocks between reader, engine and writer


def peak_memory(steps: Sequence[Step], format_in: Format, format_out: Format, threads: int) -> int:
    """Bytes expected at the peak, with ``threads`` that compute."""
    waiting = _WAITING * BLOCK * max(format_in.channels, format_out.channels) * format_in.dtype.itemsize
    return _PROCESS + round(_KEPT * (waiting + sum(_step_memory(step, threads) for step in steps)))


def _step_memory(step: Step, threads: int) -> int:
    if isinstance(step.work, DetectorStage):
        return step.work.memory(step.format_in, threads)
    if not isinstance(step.work, Group):
        return 0
    kernel, method = step.work.kernel, step.work.method
    taps = 2 * int(kernel.taps.nbytes)
    channels, item = max(step.format_in.channels, step.format_out.channels), step.format_in.dtype.itemsize
    if method.name != "fft":
        return taps + 2 * kernel.length * channels * item
    under_way = threads + 1 if threads > 1 else 1
    frames = method.group * method.block
    regions = under_way * (method.n_fft - method.block + frames) * channels * item
    spectra = method.group * method.n_fft * channels * item
    working = threads * 2 * spectra  # the spectra and the frames that come back
    past = (under_way + -(-(method.partitions - 1) // method.group)) * spectra if method.partitions > 1 else 0
    responses = method.partitions * method.n_fft * item * int(kernel.taps[0].size)
    outputs = (under_way + 1) * frames * channels * item
    return taps + regions + working + past + responses + outputs
