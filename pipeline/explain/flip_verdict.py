"""`FlipVerdict`: what a target does with a kernel, as a sentence for people and a mapping for machines.

Convention: ``origin`` is the tap that meets x[n] in y[n], both counted from their own first frame. For a convolution
that is ``y[n] = sum_k h[k] x[n + origin - k]``, for a correlation ``y[n] = sum_k h[k] x[n + k - origin]``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["FlipVerdict", "Word"]

Word = Literal["convolution", "correlation", "cannot tell", "neither", "not linear", "not time-invariant"]

_SHOWN_TAPS = 12
_LISTED_TAPS = 256


@dataclass(frozen=True)
class FlipVerdict:
    """The answer of `flip_check`; ``str()`` of it is the report, `to_dict` the same for machines.

    Examples
    --------
    >>> import numpy as np
    >>> from pipeline import flip_check
    >>> verdict = flip_check(np.correlate)
    >>> verdict.verdict, verdict.to_dict()["verdict"]
    ('correlation', 'correlation')
    """

    target: str
    verdict: Word
    sentence: str
    """Why, in words."""
    kernel: tuple[Any, ...] | None
    """The taps that were sent or believed to be inside; rows of them for an image."""
    response: tuple[Any, ...]
    """The answer to an impulse, from its first sample that is not silence to its last."""
    starts: tuple[int, ...]
    """Where the answer starts, in frames after the impulse, for each axis: negative is before it."""
    origin: tuple[int, ...] | None
    """The tap that meets x[n], for each axis; outside the kernel it is a delay. None where no tap can be named."""
    gain: float | None
    """By which the kernel came back scaled."""
    causal: bool | None
    """Whether nothing comes before the impulse; None for images, which have no past."""
    edges: str | None
    """What is taken to stand outside the signal: zeros, nearest, reflect, mirror, wrap; None where it does not show."""
    length: str
    """How long the output is, in words and letters."""
    warnings: tuple[str, ...] = ()

    @property
    def before(self) -> int:
        """Frames by which the answer precedes the impulse, on the last axis: what it needs of the future."""
        return max(0, -self.starts[-1]) if self.starts else 0

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain data; of taps beyond 256 the number alone."""
        data = asdict(self)
        for key in ("kernel", "response"):
            data[f"{key}_length"] = None if data[key] is None else len(data[key])
            if data[key] is not None and len(data[key]) > _LISTED_TAPS:
                data[key] = None
        return data

    def __str__(self) -> str:
        rows = [("kernel", _numbers(self.kernel) if self.kernel is not None else "not named")]
        if self.response:
            rows.append(("an impulse gives", f"{_numbers(self.response)}, {self._place()}"))
        if self.origin is not None:
            rows.append(("origin", f"{self._origin_words()}"))
        if self.gain is not None and abs(self.gain - 1) > 1e-4:
            rows.append(("gain", f"{self.gain:.6g}"))
        if self.causal is not None:
            after = f"no: it needs {self.before} {_frames(self.before)} of the future"
            rows.append(("causal", "yes" if self.causal else after))
        rows.append(("output", self.length + (f"; outside the signal: {self.edges}" if self.edges else "")))
        rows += [("warning", warning) for warning in self.warnings]
        lines = [f"{self.target}: {self.verdict}", f"  {self.sentence}"]
        return "\n".join([*lines, *(f"  {name:<17} {text}" for name, text in rows)])

    def _place(self) -> str:
        if len(self.starts) == 1:
            first = self.starts[0]
            last = first + len(self.response) - 1
            return f"at {first:+d}" if first == last else f"from {first:+d} to {last:+d}"
        return f"from {self.starts}"

    def _origin_words(self) -> str:
        origin, kernel = self.origin or (), self.kernel or ()
        if len(origin) > 1:
            return f"tap {origin} meets x[i, j]"
        taps, at = len(kernel), origin[0]
        if 0 <= at < taps:
            return f"tap {at} of 0..{taps - 1} meets x[n]"
        return f"{at}: outside the taps 0..{taps - 1}, a shift of the whole"


def _frames(count: int) -> str:
    return "frame" if count == 1 else "frames"


def _numbers(taps: tuple[Any, ...]) -> str:
    """``4 2 1``; rows parted by semicolons; the middle of a long one left out."""
    if taps and isinstance(taps[0], tuple):
        return "; ".join(_numbers(row) for row in taps)
    shown = [f"{tap:.4g}" for tap in taps]
    if len(shown) > _SHOWN_TAPS:
        shown = [*shown[:4], "...", *shown[-2:], f"({len(taps):,} taps)"]
    return " ".join(shown)
