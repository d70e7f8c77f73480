"""What a run can be asked for, beyond its stages."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..stages.base import Precision

__all__ = ["Options"]


class Options(BaseModel):
    """How a chain of stages is run; frozen."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    precision: Precision = "double"
    """Computes in float64 (`double`) or in float32 (`single`), which is quicker."""
    tail: Literal["keep", "trim"] = "keep"
    """What sounds on after the input's end: `keep` it, or `trim` the output to the input's length."""
    pre_roll: Literal["trim", "keep"] = "trim"
    """What a stage that needs the future gives before time zero: `trim` it away, or `keep` it."""
    fuse: bool = True
    """Multiplies neighbouring kernels into one where that is cheaper."""
    nonfinite: Literal["error", "propagate"] = "error"
    """A NaN or an infinity in the input: an `error`, or let it spread to the frames it touches (`propagate`)."""
    hop: Annotated[int, Field(ge=16, le=1 << 20)] | None = None
    """For live use: frames that go in and come out at a time; none lets every kernel have its best block."""
