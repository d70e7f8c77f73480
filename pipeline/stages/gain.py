"""Makes a signal louder or softer: one tap."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .. import fields
from ..kernel import Kernel
from .base import Format, KernelStage
from .registry import stage

__all__ = ["Gain"]


@stage("gain")
class Gain(KernelStage):
    """Multiplies every sample: ``h = [g]``, ``y[n] = g x[n]``."""

    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"gain": "-6 dB"}, {"gain": -1})

    gain: fields.Gain
    """The factor: `-6 dB`, `50%` or a number; a negative number inverts the polarity."""

    def kernel(self, fmt: Format) -> Kernel:  # noqa: ARG002  (a gain is one at any rate)
        return Kernel(np.array([self.gain]))
