"""Delays a signal by a whole number of frames: one tap at D."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from ..fields import Seconds, Within
from ..kernel import Kernel
from ..limits import MAX_TAPS, at_most
from .base import Format, KernelStage, require
from .base.registry import stage


@stage("delay")
class Delay(KernelStage):
    """Gives the signal later: ``h[D] = 1``, ``y[n] = x[n-D]``."""

    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"delay": "250 ms"}, {"delay": "48 samples"})

    delay: Annotated[Seconds, Within("0 s", "1 h")]
    """Delay: `250 ms`, `48 samples` or a number of seconds, at most 1 h; rounded to whole frames."""

    def kernel(self, fmt: Format) -> Kernel:
        frames = fmt.frames(self.delay)
        limit = f"a kernel has {at_most('taps')}"
        require(frames < MAX_TAPS, f"{self.delay} are {frames:,} frames at {fmt.fs:g} Hz; {limit}", "delay")
        return Kernel.sparse({frames: 1.0})
