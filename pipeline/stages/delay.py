"""Delays a signal by a whole number of frames: one tap at D, which is not written out where D is beyond a kernel."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import numpy as np

from ..fields import Seconds, Within
from ..kernel import Array, Kernel
from ..limits import MAX_TAPS
from .base import Format, Processor, Stage
from .base.processors import KernelProcessor
from .base.registry import stage


@stage("delay")
class Delay(Stage):
    """Gives the signal later: ``h[D] = 1``, ``y[n] = x[n-D]``."""

    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"delay": "250 ms"}, {"delay": "48 samples"})

    delay: Annotated[Seconds, Within("0 s", "1 h")]
    """Delay: `250 ms`, `48 samples` or a number of seconds, at most 1 h; rounded to whole frames."""

    def kernel(self, fmt: Format) -> Kernel | None:
        frames = fmt.frames(self.delay)
        return Kernel.sparse({frames: 1.0}) if frames < MAX_TAPS else None

    def open(self, fmt: Format) -> Processor:
        kernel = self.kernel(fmt)
        return _Later(fmt.frames(self.delay), fmt) if kernel is None else KernelProcessor(kernel, fmt)


class _Later:
    """Gives silence once the signal has begun, which takes no memory however long it is, then the signal."""

    def __init__(self, frames: int, fmt: Format) -> None:
        self.format, self.latency, self.tail = fmt, 0, frames
        self._held: Array | None = None

    def process(self, block: Array) -> Array:
        if not len(block):
            return block
        given = np.broadcast_to(self.format.empty(1), (self.tail, block.shape[1])) if self._held is None else self._held
        self._held = block
        return given

    def flush(self) -> Array:
        return self.format.empty() if self._held is None else self._held
