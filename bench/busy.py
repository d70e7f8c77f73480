"""Tells how busy the machine was with other programs while something was measured."""

from __future__ import annotations

import os
import time
from pathlib import Path

__all__ = ["Others"]

_STAT = Path("/proc/stat")


class Others:
    """Counts the processor time of all other programs, from its making on; only Linux tells."""

    def __init__(self) -> None:
        self._began, self._start = time.monotonic(), _others_s()

    def share(self) -> float | None:
        """Of all that the cores could do since; None where it is not known."""
        end = _others_s()
        could = (time.monotonic() - self._began) * (os.cpu_count() or 1)
        if self._start is None or end is None or could <= 0:
            return None
        return min(1.0, max(0.0, (end - self._start) / could))


def _others_s() -> float | None:
    """Seconds that all programs took, less those of this one and of those that it ran."""
    try:
        fields = [int(field) for field in _STAT.read_text("ascii").split("\n", 1)[0].split()[1:]]
    except (OSError, ValueError):
        return None
    user, nice, system, _, _, irq, softirq = fields[:7]
    everyone = (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")
    return everyone - sum(os.times()[:4])
