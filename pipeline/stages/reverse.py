"""Turns a signal round in time: the last frame comes first.

``reverse, reverb, reverse`` is the studio's reverse reverb: the room is heard before the sound, and what comes out
is the signal correlated with the impulse response.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from ..kernel import Array
from .base import Recording, WholeSignalStage
from .base.registry import stage

_BLOCK = 1 << 16


@stage("reverse")
class Reverse(WholeSignalStage):
    """Plays the signal backwards: ``y[n] = x[N-1-n]``; its tail comes before its start, and so is latency."""

    examples: ClassVar[tuple[dict[str, Any], ...]] = ({},)
    time_invariant: ClassVar[bool] = False

    def moves(self, latency: int, tail: int) -> tuple[int, int]:
        return tail, latency

    def render(self, recording: Recording) -> Iterator[Array]:
        for end in range(recording.frames, 0, -_BLOCK):
            start = max(0, end - _BLOCK)
            yield recording.read(start, end - start)[::-1]
