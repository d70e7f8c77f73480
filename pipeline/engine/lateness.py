"""By how much the sound comes late: where the largest taps stand."""

from __future__ import annotations

import numpy as np

from ..kernel import Kernel
from .plan import Plan


def late_by(kernel: Kernel) -> int:
    """Frames by which the sound comes late: where the largest tap stands, after time zero."""
    return int(np.abs(kernel.taps).argmax()) // (kernel.taps.size // kernel.length) - kernel.origin


def lateness(plan: Plan) -> int:
    """Frames of the output by which the sound comes late, by the largest tap of each kernel and by each delay."""
    times = (
        (late_by(p.kernel) if p.kernel else p.tail if p.stage.use == "delay" else 0, p.format_out.fs)
        for p in plan.stages
    )
    return round(sum(frames / fs for frames, fs in times) * plan.format_out.fs)
