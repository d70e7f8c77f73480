"""Filters a signal by frequency: a windowed sinc designed from its edges, or taps of one's own.

Convention: a cutoff is where the gain is one half (-6 dB), in the middle of its transition. The kernel is symmetric
(linear phase): as it stands it delays by ``(M-1)/2`` frames; centred (``phase: zero``) by none, and needs the future.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, PlainSerializer, PlainValidator, WithJsonSchema, model_validator

from ..dsp.fir_design import Kind, design_fir, most_taps
from ..errors import UnitError
from ..fields import Hertz, Within, invalid
from ..kernel import Kernel, Taps
from ..limits import MAX_TAPS, at_most
from ..units import parse_frequency
from .base import Format, KernelStage, require
from .base.files import NumbersOrFile, RawFormat, taps_for
from .base.registry import stage

_DECIBELS = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+))\s*(?:dB)?\s*", re.IGNORECASE | re.ASCII)


def _read_attenuation(value: object) -> float:
    """``"60 dB"`` or 60, in dB; how far below, so never negative."""
    match = _DECIBELS.fullmatch(str(value)) if isinstance(value, int | float | str) else None
    if match is None or isinstance(value, bool):
        raise invalid(f"cannot read {value!r} as an attenuation; write decibels such as '60 dB'")
    if match[1].startswith("-"):
        raise invalid(f"says how far down the stopband lies: write '{match[1][1:]} dB', got {value!r}")
    return float(match[1])


Attenuation = Annotated[
    float,
    Within(21, 180),
    BeforeValidator(_read_attenuation),
    WithJsonSchema({"type": ["number", "string"], "x-unit": "decibels: 'dB'", "examples": ["60 dB"]}),
]


def _read_cutoff(value: object) -> tuple[float, ...]:
    """One edge or two, in Hz, ascending."""
    values = value if isinstance(value, list | tuple) else [value]
    if len(values) not in (1, 2):
        raise invalid(f"is one frequency, or the two edges of a band, got {value!r:.80}")
    try:
        edges = tuple(parse_frequency(edge) for edge in values)
    except UnitError as error:
        raise invalid(str(error)) from None
    if not all(0 < low < high for low, high in pairwise((*edges, float("inf")))):
        raise invalid(f"must be above 0 Hz, the edges of a band in ascending order, got {value!r}")
    return edges


_HERTZ = {"type": ["number", "string"]}
Cutoff = Annotated[
    tuple[float, ...],
    PlainValidator(_read_cutoff),
    PlainSerializer(lambda edges: edges[0] if len(edges) == 1 else list(edges)),
    WithJsonSchema(
        {
            "anyOf": [_HERTZ, {"type": "array", "items": _HERTZ, "minItems": 1, "maxItems": 2}],
            "x-unit": "frequency: 'Hz', 'kHz', 'MHz' or 'mHz'; a bare number is hertz",
            "examples": ["1 kHz", ["300 Hz", "3 kHz"]],
        }
    ),
]


@stage("fir")
class Fir(KernelStage):
    """Passes or stops a band: ``h[k] ~ w[k] sin(2 pi f (k-c) / fs) / (pi (k-c))``, c the middle, w a Kaiser window.

    Sources of the formulas: `pipeline.dsp.fir_design`.
    """

    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"kind": "lowpass", "cutoff": "1 kHz", "transition": "300 Hz"},
        {"kind": "highpass", "cutoff": "500 Hz", "transition": "200 Hz", "attenuation": "80 dB", "phase": "zero"},
        {"kind": "bandpass", "cutoff": ["300 Hz", "3 kHz"], "transition": "200 Hz"},
        {"kind": "bandstop", "cutoff": ["1 kHz", "2 kHz"], "transition": "200 Hz", "attenuation": "40 dB"},
        {"taps": [0.25, 0.5, 0.25], "phase": "zero"},
    )

    kind: Kind | None = None
    """Band that passes: `lowpass`, `highpass`, `bandpass`, or all but a band, `bandstop`."""
    cutoff: Cutoff | None = None
    """Frequency where the gain is one half: `1 kHz`, or both edges of a band, `[300 Hz, 3 kHz]`."""
    transition: Annotated[Hertz, Within(0, above=True)] | None = None
    """Width of the slope between pass and stop, at most, centred on the cutoff: `300 Hz`; narrower takes more taps."""
    attenuation: Attenuation | None = None
    """Attenuation of the stopband, at least: `60 dB`, which is the default; from 21 to 180 dB."""
    taps: NumbersOrFile | None = None
    """Instead of a design: the taps themselves, a list of numbers or a file (`.npy`, `.txt`, WAV)."""
    format: RawFormat | None = None
    """Encoding of a file of taps without a header: `FLOAT32_LE`, `FLOAT64_LE`, `S16_LE`, `S24_3_LE`, `S32_LE`."""
    phase: Literal["causal", "zero"] = "causal"
    """`causal` (the default) delays by half of the taps; `zero` is centred: no delay, but it needs the future."""

    @model_validator(mode="after")
    def _design_or_taps(self) -> Self:
        design = {name: getattr(self, name) for name in ("kind", "cutoff", "transition", "attenuation")}
        if self.taps is not None:
            for name, value in design.items():
                if value is not None:
                    raise invalid(f"{name!r} and 'taps' contradict each other; state the design or the taps")
            return self
        for name, such in (("kind", "lowpass"), ("cutoff", "1 kHz"), ("transition", "300 Hz")):
            if design[name] is None:
                raise invalid(f"a filter needs {name!r}, such as '{such}' (or 'taps' instead of a design)")
        wanted = 2 if self.kind in ("bandpass", "bandstop") else 1
        if len(self.cutoff or ()) != wanted:
            edges = "the two edges of its band, such as [300 Hz, 3 kHz]" if wanted == 2 else "one frequency"
            raise invalid(f"'cutoff' of a {self.kind} is {edges}, got {len(self.cutoff or ())} of them")
        return self

    def kernel(self, fmt: Format) -> Kernel:
        taps = self._design(fmt.fs) if self.taps is None else taps_for(self.taps, fmt, "taps", self.format)
        if self.phase == "causal":
            return Kernel(taps)
        require(len(taps) % 2 == 1, f"zero needs an odd number of taps, to have a middle, got {len(taps)}", "phase")
        return Kernel(taps, len(taps) // 2)

    def notes(self, fmt: Format) -> list[str]:
        if self.taps is not None or self.phase == "zero":
            return []
        delay = (self.kernel(fmt).length - 1) // 2
        return [f"delays by {delay} frames ({delay / fmt.fs:.4g} s); phase: zero would not"]

    def _design(self, fs: float) -> Taps:
        assert self.kind is not None and self.cutoff is not None and self.transition is not None  # noqa: S101, PT018
        for edge in self.cutoff:
            require(edge < fs / 2, f"{edge:g} Hz is not below half the sampling rate, {fs / 2:g} Hz", "cutoff")
        stops = (0.0, *self.cutoff, fs / 2)
        last = len(stops) - 2
        # a slope reaches half its width to each side: the ends of the axis bind it twice as much as another slope
        room = min((high - low) * (1 if 0 < i < last else 2) for i, (low, high) in enumerate(pairwise(stops)))
        edges = " and ".join(f"{edge:g} Hz" for edge in self.cutoff)
        message = f"{self.transition:g} Hz is too wide around {edges}, at {fs:g} Hz; at most {room:g} Hz"
        require(self.transition <= room, message, "transition")
        attenuation = 60.0 if self.attenuation is None else self.attenuation
        needed = most_taps(attenuation, self.transition, fs)
        if needed >= MAX_TAPS:
            widest = self.transition * needed / MAX_TAPS
            fix = f"a kernel has {at_most('taps')}; widen it to {widest:.3g} Hz or ask for less attenuation"
            require(False, f"{self.transition:g} Hz would take {needed:,.0f} taps; {fix}", "transition")
        return design_fir(self.kind, self.cutoff, self.transition, attenuation, fs)
