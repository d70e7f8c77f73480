"""What a measurement is asked for, and the time it may take."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Budget", "Settings"]


class Budget:
    """Seconds that may be spent, handed out by weight to what is still to be done."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds not yet spent, at least 0."""
        return max(0.0, self._end - time.monotonic())

    def share(self, weight: float, of: float) -> float:
        """The part of what is left that ``weight`` of ``of`` gets."""
        return self.left * weight / of


@dataclass(frozen=True)
class Settings:
    """Of all measurements."""

    folder: Path
    """Temporary, with room for the longest recording twice."""
    minutes: tuple[float, ...] = (10, 30)
    runs: int = 5
    """Rounds, at most: fewer when the time is up."""
    budget: Budget = field(default_factory=lambda: Budget(float("inf")))
    say: Callable[[str], None] = print
    figures: Path | None = None
    """Where figures are drawn; none: nowhere."""
