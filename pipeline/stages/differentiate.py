"""Takes the slope of a signal: the difference of neighbouring samples, or of a polynomial fitted to several.

Convention: a rising signal has a positive slope. The kernel of the first difference is [1, -1], newest sample first.
It is antisymmetric, so flipping it turns the sign: correlating with [1, -1], which skips the flip, gives
``x[n] - x[n+1]``, and calls a rising signal falling.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import model_validator

from ..dsp.windows import savitzky_golay
from ..fields import Seconds, Within, invalid
from ..kernel import Kernel
from ..limits import MAX_TAPS, at_most
from .base import Format, KernelStage, require
from .base.registry import stage


@stage("differentiate")
class Differentiate(KernelStage):
    """Differentiates: ``y[n] = x[n] - x[n-1]``, or the slope of a least-squares fit (Savitzky and Golay, 1964)."""

    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {},
        {"per": "second"},
        {"kind": "smoothed", "length": "5 ms"},
        {"kind": "smoothed", "length": "21 samples", "order": 4, "phase": "zero"},
    )

    kind: Literal["first_difference", "smoothed"] = "first_difference"
    """`first_difference` (the default), or `smoothed`: the slope in the middle of a polynomial fitted to `length`."""
    per: Literal["sample", "second"] = "sample"
    """The unit of the slope: per `sample` (the default) or per `second`, which is fs times as much."""
    length: Annotated[Seconds, Within("0 s", above=True)] | None = None
    """Length of the signal that a `smoothed` slope is fitted to: `5 ms`, `21 samples`."""
    order: Annotated[int, Within(1, 20)] | None = None
    """Degree of the polynomial of a `smoothed` slope; default 2."""
    phase: Literal["causal", "zero"] | None = None
    """Phase of a `smoothed` slope: `causal`, the default, delays by half of `length`; `zero` needs the future."""

    @model_validator(mode="after")
    def _fit_if_smoothed(self) -> Self:
        if self.kind == "smoothed":
            if self.length is None:
                raise invalid("a smoothed slope needs 'length', such as '5 ms'")
            return self
        for name in ("length", "order", "phase"):
            if getattr(self, name) is not None:
                raise invalid(f"{name!r} belongs to kind: smoothed, the kind is {self.kind!r}")
        return self

    def kernel(self, fmt: Format) -> Kernel:
        unit = fmt.fs if self.per == "second" else 1.0
        if self.length is None:
            return Kernel.sparse({0: unit, 1: -unit})
        m, order = self.length.frames(fmt.fs), 2 if self.order is None else self.order
        require(m < MAX_TAPS, f"would take {m:,} taps; a kernel has {at_most('taps')}", "length")
        if self.phase == "zero":
            m |= 1
        message = f"{self.length} are {m} frames at {fmt.fs:g} Hz; a fit of degree {order} needs at least {order + 1}"
        require(m > order, message, "length")
        return Kernel(unit * savitzky_golay(m, order, derivative=1), m // 2 if self.phase == "zero" else 0)

    def notes(self, fmt: Format) -> list[str]:
        if self.length is None:
            return []
        m = self.length.frames(fmt.fs)
        if self.phase == "zero":
            return [f"length: {m} frames are even, made {m + 1} so that there is a middle"] if m % 2 == 0 else []
        return [f"delays by {(m - 1) / 2:g} frames; phase: zero would not"]
