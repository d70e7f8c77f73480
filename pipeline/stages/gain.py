"""Makes a signal louder or softer: one tap."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

import numpy as np
from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema

from ..fields import Amplitude
from ..kernel import Kernel
from .base import Format, KernelStage
from .base.registry import stage


@stage("gain")
class Gain(KernelStage):
    """Multiplies every sample: ``h = [g]``, ``y[n] = g x[n]``."""

    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"gain": "-6 dB"}, {"gain": -1})

    gain: Amplitude
    """The factor: `-6 dB`, `50%` or a number; a negative number inverts the polarity."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        if not cls.__pydantic_complete__:
            return handler(source)
        # a setting whose type this is: until 0.1 pipeline.Gain was the type of a factor
        text = "pipeline.Gain is a stage now; the type of a setting that holds a factor is pipeline.Amplitude"
        warnings.warn(text, DeprecationWarning, stacklevel=2)
        return handler.generate_schema(Amplitude)

    def kernel(self, fmt: Format) -> Kernel:  # noqa: ARG002  (a gain is one at any rate)
        return Kernel(np.array([self.gain]))
