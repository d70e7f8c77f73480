"""Correlates a signal with a template: convolution with the template flipped, which undoes the flip.

Convention: ``y[n] = sum_i t[i] x[n+i]`` is the score of the template laid with its start on frame n. It needs
``M-1`` frames of the future, so it is not causal.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np

from ..kernel import Kernel
from .base import Format, KernelStage, require
from .base.files import NumbersOrFile, RawFormat, taps_for
from .base.registry import stage


@stage("correlate")
class Correlate(KernelStage):
    """Scores how well a template fits, at every frame: ``h[k] = t[M-1-k]``, its origin at the last tap."""

    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"template": [0, 1, 2, 3]},
        {"template": [1, -1, 0.5], "normalize": "l2"},
    )

    template: NumbersOrFile
    """Template to look for: numbers, or a file (`.npy`, `.txt`, audio), one column a channel or one for all."""
    format: RawFormat | None = None
    """Encoding of a template without a header: `FLOAT32_LE`, `S16_LE`."""
    normalize: Literal["none", "l2"] = "none"
    """`l2` divides by the root of the template's energy, each channel by its own, so that the template scores
    as high as its energy's root; `none`, the default, takes it as it is."""

    def kernel(self, fmt: Format) -> Kernel:
        template = taps_for(self.template, fmt, "template", self.format)
        routes = template.ndim == 3 and template.shape[1] > 1
        require(not routes, f"must hold (frames, channels), got shape {template.shape}", "template")
        if self.normalize == "l2":
            loudest = np.abs(template).max(axis=0)  # whose square may be over the range of numbers, or under it
            require(bool(np.all(loudest > 0)), "is silent: it has no l2 norm to divide by", "template")
            template = template / loudest
            template = template / np.sqrt((template**2).sum(axis=0))
        return Kernel.from_template(template)
