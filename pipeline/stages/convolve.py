"""Convolves a signal with a kernel given number by number, or in a file."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from ..fields import InputFile, invalid
from ..kernel import Kernel
from .base import Format, KernelStage, require
from .base.files import Numbers, RawFormat, taps_for
from .base.registry import stage


@stage("convolve")
class Convolve(KernelStage):
    """Applies taps as they stand, flip and all: ``y[n] = sum_k h[k] x[n + origin - k]``."""

    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"taps": [1, 0.5, 0.25]},
        {"taps": [[1, 0], [0, 1]]},
        {"taps": [0.25, 0.5, 0.25], "origin": 1},
    )

    taps: Numbers | None = None
    """The kernel `h[0], h[1], ...`: a list of numbers, or of rows with one number a channel."""
    file: InputFile | None = None
    """Instead of `taps`: a `.npy`, `.txt` or audio file, one column a channel, or one column for all."""
    format: RawFormat | None = None
    """Encoding of a file without a header: `FLOAT32_LE`, `FLOAT64_LE`, `S16_LE`, `S24_3_LE`, `S32_LE`."""
    origin: Annotated[int, Field(ge=0)] = 0
    """Index of the tap for time zero; 0, the default, is causal. So many frames of the future are needed."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.taps is None) == (self.file is None):
            raise invalid("state the kernel once: 'taps' or 'file'")
        return self

    def kernel(self, fmt: Format) -> Kernel:
        source: Any = self.taps if self.file is None else self.file
        taps = taps_for(source, fmt, "taps" if self.file is None else "file", self.format)
        require(self.origin < len(taps), f"must be the index of one of {len(taps)} taps, got {self.origin}", "origin")
        return Kernel(taps, self.origin)
