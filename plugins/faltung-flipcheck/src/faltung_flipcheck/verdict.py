"""`FlipVerdict`, the answer of `flip_check`, for people and for machines.

Convention: the report names what shows, a row each, and leaves out what does not; `to_dict` has every field.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from pipeline.text import count

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
    """Samples taken to stand outside the signal: zeros, nearest, reflect, mirror, wrap, "nan"; each end if they differ;
    None where it does not show."""
    length: str
    """How long the output is, in words and letters."""
    warnings: tuple[str, ...] = ()
    known_as: str | None = None
    """A name for what it does: normalised, decimation by 2, forwards and backwards, copies, identity, transposed."""
    other_origin: str | None = None
    """The origin of a kernel whose length is even where this one is odd, or odd where it is even."""
    slope: tuple[float, ...] | None = None
    """What a ramp that rises by 1 a frame gives, on each axis, where a constant gives 0: the sign of a derivative."""
    lag_0: int | None = None
    """The frame at which two equal signals meet, in a function of lags."""
    ends: str | None = None
    """What an impulse in the first or last frames does, where it is not what one in the middle does."""
    nan: tuple[tuple[int, int], ...] = ()
    """On each axis, how many NaN stand at the start and at the end."""
    dtypes: tuple[str, ...] = ()
    """What becomes of whole numbers and of single precision."""
    channels: tuple[str, ...] = ()
    """What becomes of each of several channels, where the mono answer is not theirs."""

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
            rows.append(("origin", f"{self._origin_words()}{f'; {self.other_origin}' if self.other_origin else ''}"))
        if self.gain is not None and abs(self.gain - 1) > 1e-4:
            rows.append(("gain", f"{self.gain:.6g}"))
        if self.causal is not None:
            after = f"no: it needs {count(self.before, 'frame')} of the future"
            rows.append(("causal", "yes" if self.causal else after))
        if self.slope is not None:
            along = [""] if len(self.slope) == 1 else [" down the rows", " along the columns"]
            rises = ", ".join(f"{v:.4g}{way}" for v, way in zip(self.slope, along, strict=True))
            rows.append(("a rising ramp", f"gives {rises}"))
        if self.lag_0 is not None:
            rows.append(("lag 0", f"stands at n = {self.lag_0}"))
        rows.append(("output", self.length + (f"; outside the signal: {self.edges}" if self.edges else "")))
        if self.ends:
            rows.append(("ends", self.ends))
        if any(map(any, self.nan)):
            rows.append(("NaN", " and ".join(f"{a} before, {b} after" for a, b in self.nan)))
        rows += [("dtype", "; ".join(self.dtypes))] * bool(self.dtypes)
        rows += [("channels", text) for text in self.channels]
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


def _numbers(taps: tuple[Any, ...]) -> str:
    """``4 2 1``; rows parted by semicolons; the middle of a long one left out."""
    if taps and isinstance(taps[0], tuple):
        return "; ".join(_numbers(row) for row in taps)
    shown = [f"{tap:.4g}" for tap in taps]
    if len(shown) > _SHOWN_TAPS:
        shown = [*shown[:4], "...", *shown[-2:], f"({len(taps):,} taps)"]
    return " ".join(shown)
