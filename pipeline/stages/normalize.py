"""Brings a signal to a level: the loudest sample, or the root of the mean square, made what is asked.

Convention: one gain for all channels, measured over the frames that will be heard. Silence stays silence.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import model_validator

from ..errors import SignalError
from ..fields import Amplitude, Within, invalid
from ..kernel import Array
from .base import Recording, WholeSignalStage
from .base.registry import stage

_BLOCK = 1 << 16
_DEFAULT_PEAK = 10 ** (-1 / 20)


@stage("normalize")
class Normalize(WholeSignalStage):
    """Scales to a level: ``y = x * peak / max|x|``, or ``y = x * rms / sqrt(mean x^2)``; reads the signal twice."""

    examples: ClassVar[tuple[dict[str, Any], ...]] = ({}, {"peak": "-3 dB"}, {"rms": "-20 dB"})
    linear: ClassVar[bool] = False
    time_invariant: ClassVar[bool] = False

    peak: Annotated[Amplitude, Within("-300 dB")] | None = None
    """The level of the loudest sample, of full scale: default `-1 dB`."""
    rms: Annotated[Amplitude, Within("-300 dB")] | None = None
    """Instead of `peak`: the root of the mean square over all channels, `-20 dB`. Peaks may then pass full scale."""

    @model_validator(mode="after")
    def _one_level(self) -> Self:
        if self.peak is not None and self.rms is not None:
            raise invalid("'peak' and 'rms' contradict each other; state one of them")
        return self

    def render(self, recording: Recording) -> Iterator[Array]:
        level = self._level(recording)
        target = self.rms or self.peak or _DEFAULT_PEAK
        for start in range(0, recording.frames, _BLOCK):
            block = recording.read(start, min(_BLOCK, recording.frames - start))
            if level > 0:
                # divided first: the loudest sample then lands on the target exactly, and nothing overflows
                block = (block.astype(np.float64) / level * target).astype(block.dtype)
            yield block

    def _level(self, recording: Recording) -> float:
        peak, squares = 0.0, []
        heard = recording.heard
        for start in range(heard.start, heard.stop, _BLOCK):
            block = recording.read(start, min(_BLOCK, heard.stop - start)).astype(np.float64)
            if not np.isfinite(block).all():
                frame = start - heard.start + int(np.argwhere(~np.isfinite(block))[0, 0])
                raise SignalError(f"normalize cannot measure a signal that is not finite, first at frame {frame}")
            peak = max(peak, float(np.abs(block).max(initial=0.0)))
            if self.rms is not None:
                squares.append(float((block**2).sum()))
        if self.rms is None or peak == 0:
            return peak
        samples = (heard.stop - heard.start) * recording.format.channels
        return math.sqrt(math.fsum(squares) / samples)
