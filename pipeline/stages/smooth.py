"""Smooths a signal: a weighted mean of neighbouring samples, whose weights sum to 1.

Convention: M is ``length`` in frames. A causal kernel looks at the M newest samples; a centred one (``phase: zero``)
at as many before as after, needs the future, and moves nothing in time.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import model_validator

from ..dsp import windows
from ..fields import Seconds, Within, invalid
from ..kernel import Kernel, Taps
from ..limits import MAX_TAPS, at_most
from .base import Format, KernelStage, require
from .base.registry import stage

_SYMMETRIC = {"moving_average": windows.moving_average, "hann": windows.hann, "gaussian": windows.gaussian}


@stage("smooth")
class Smooth(KernelStage):
    """Smooths with a window of unit gain at 0 Hz: ``y[n] = sum_k h[k] x[n-k]``, ``sum_k h[k] = 1``.

    Sources of the windows' formulas: `pipeline.dsp.windows`.
    """

    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"length": "5 ms"},
        {"window": "hann", "length": "20 ms", "phase": "zero"},
        {"window": "gaussian", "length": "20 ms"},
        {"window": "exponential", "length": "10 ms"},
        {"window": "savgol", "length": "21 samples", "order": 3, "phase": "zero"},
    )

    window: Literal["moving_average", "hann", "gaussian", "exponential", "savgol"] = "moving_average"
    """The weights: all alike (`moving_average`, the default), a raised cosine (`hann`), a bell (`gaussian`, cut at
    three sigma), a decay (`exponential`), or a polynomial fitted by least squares (`savgol`)."""
    length: Annotated[Seconds, Within("0 s", above=True)]
    """Length of the window: `5 ms`, `21 samples` or a number of seconds; of `exponential` the time constant, the
    decay being cut where it has fallen by 120 dB."""
    phase: Literal["causal", "zero"] = "causal"
    """`causal` (the default) looks back only; `zero` is centred: no delay, but it needs the future."""
    order: Annotated[int, Within(0, 20)] | None = None
    """Degree of the polynomial of `savgol`; default 2."""

    @model_validator(mode="after")
    def _order_for_savgol(self) -> Self:
        if self.order is not None and self.window != "savgol":
            raise invalid(f"'order' belongs to window: savgol, the window is {self.window!r}")
        return self

    def kernel(self, fmt: Format) -> Kernel:
        taps = self._taps(fmt)
        return Kernel(taps, (len(taps) - 1) // 2 if self.phase == "zero" else 0)

    def notes(self, fmt: Format) -> list[str]:
        kernel = self.kernel(fmt)
        if self.phase == "zero":
            asked = self.length.frames(fmt.fs)
            made_odd = self.window != "exponential" and asked % 2 == 0
            return [f"length: {asked} frames are even, made {asked + 1} so that there is a middle"] if made_odd else []
        if self.window in _SYMMETRIC:
            return [f"delays by {(kernel.length - 1) / 2:g} frames; phase: zero would not"]
        return []

    def rounding_notes(self, fmt: Format) -> list[str]:
        return [] if self.window == "exponential" else super().rounding_notes(fmt)  # its time constant is not rounded

    def _taps(self, fmt: Format) -> Taps:
        m = self.length.frames(fmt.fs)
        require(m > 0, f"{self.length} is less than half a frame at {fmt.fs:g} Hz", "length")
        centred = self.phase == "zero"
        if self.window == "exponential":
            tau = self.length.exact_frames(fmt.fs)
            _require_taps(windows.exponential_length(tau) * (1 + centred))
            return windows.exponential(tau, two_sided=centred)
        _require_taps(m)
        if centred:
            m |= 1
        if self.window == "savgol":
            order = 2 if self.order is None else self.order
            require(order < m, f"a polynomial of degree {order} needs more than {m} frames of length", "order")
            return windows.savitzky_golay(m, order, newest=not centred)
        return _SYMMETRIC[self.window](m)


def _require_taps(m: int) -> None:
    require(m < MAX_TAPS, f"would take {m:,} taps; a kernel has {at_most('taps')}", "length")
