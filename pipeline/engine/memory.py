"""Predicts the peak memory of a run from its steps: buffers, spectra and the blocks in flight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..stages.base import Format
from .grouping import Group

if TYPE_CHECKING:
    from .plan import Step

__all__ = ["BLOCK", "peak_memory"]

BLOCK = 1 << 16
"""Frames read from a file at a time."""

_PROCESS = 85 << 20  # bytes of the interpreter and the libraries before any signal


def peak_memory(steps: Sequence[Step], format_in: Format, format_out: Format) -> int:
    """Bytes expected at the peak."""
    in_flight = 4 * BLOCK * max(format_in.channels, format_out.channels) * 8
    return _PROCESS + in_flight + sum(_step_memory(step) for step in steps)


def _step_memory(step: Step) -> int:
    if not isinstance(step.work, Group):
        return 0
    kernel, method = step.work.kernel, step.work.method
    taps = int(kernel.taps.nbytes)
    channels, item = max(step.format_in.channels, step.format_out.channels), step.format_in.dtype.itemsize
    if method.name != "fft":
        return taps + 4 * kernel.length * channels * item
    group = method.group * channels * item
    buffers = group * method.block + channels * item * method.n_fft
    transforms = 3 * group * method.n_fft  # the spectra, their product, the frames that come back
    responses = method.partitions * method.n_fft * item * int(kernel.taps[0].size)
    past = (method.partitions - 1) * method.n_fft * channels * item * 2
    return taps + buffers + transforms + responses + past
