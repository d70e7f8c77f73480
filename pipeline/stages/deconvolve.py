"""Takes a known kernel out of a signal again: a recording by the loudspeaker, a room by its response.

Convention: ``G = conj(H) / (|H|^2 + eps)``, eps being the square of ``regularise`` times the largest ``|H|``. Where the
kernel let less through than that, nothing comes back, and noise is not blown up. What came late in the kernel has to
be taken out early, so the inverse needs the future: half its length.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

import numpy as np
import scipy.fft
from pydantic import Field, model_validator

from ..fields import Amplitude, InputFile, Seconds, Within, invalid
from ..kernel import Kernel, Taps
from ..limits import MAX_TAPS, at_most
from ..text import decibels
from .base import Format, KernelStage, require
from .base.files import Numbers, taps_for
from .base.registry import stage

__all__ = ["Deconvolve"]

_TIMES = 8  # the kernel's length: so far an inverse sounds on, by default
_SHORTEST = 1024


@stage("deconvolve")
class Deconvolve(KernelStage):
    """Undoes a convolution with a known kernel, as far as `regularise` lets it: `G = conj(H) / (|H|^2 + eps)`."""

    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"taps": [1, 0, 0, 0.5]},
        {"taps": [0.25, 0.5, 0.25], "origin": 1, "regularise": "-40 dB"},
    )

    taps: Numbers | None = None
    """The kernel to be undone: a list of numbers, or of rows with one number a channel."""
    file: InputFile | None = None
    """Instead of `taps`: a `.npy`, `.txt` or audio file, one column a channel, or one column for all."""
    origin: Annotated[int, Field(ge=0)] = 0
    """Index of the kernel's tap for time zero; 0, the default, for a causal one."""
    regularise: Annotated[Amplitude, Within("-200 dB", 1, above=True)] = 0.001
    """Gain, against the kernel's largest, below which a frequency is given up: `-60 dB` (the default) for clean
    recordings, more for noisy ones."""
    length: Annotated[Seconds, Within("0 s", "60 s", above=True)] | None = None
    """Length of the inverse: default 8 times that of the kernel. It needs half of it of the future."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.taps is None) == (self.file is None):
            raise invalid("state the kernel once: 'taps' or 'file'")
        return self

    def kernel(self, fmt: Format) -> Kernel:
        h = self._known(fmt)
        n = self._frames(len(h), fmt)
        loudest = np.abs(h).max(axis=0)  # whose square may be over the range of numbers, or under it
        spectrum = scipy.fft.rfft(h / loudest, n, axis=0)
        eps = (self.regularise * np.abs(spectrum).max(axis=0)) ** 2
        inverse = scipy.fft.irfft(np.conj(spectrum) / (np.abs(spectrum) ** 2 + eps), n, axis=0)
        return Kernel(np.roll(inverse / loudest, n // 2, axis=0), n // 2 - self.origin)

    def notes(self, fmt: Format) -> list[str]:
        h, g = self._known(fmt), self.kernel(fmt)
        loudest = np.abs(h).max(axis=0)
        columns = (h / loudest).reshape(len(h), -1)
        n = scipy.fft.next_fast_len(len(h) + g.length, real=True)
        both = scipy.fft.rfft(columns, n, axis=0) * scipy.fft.rfft((g.taps * loudest).reshape(g.length, -1), n, axis=0)
        rest = scipy.fft.irfft(both, n, axis=0)
        rest[g.origin + self.origin] -= 1
        left = float(np.sqrt((rest**2).sum(axis=0).max()))
        return [
            f"{decibels(left)} dB of the kernel are left: what it did not let through, and beyond the inverse's length"
        ]

    def _known(self, fmt: Format) -> Taps:
        source: Any = self.taps if self.file is None else self.file
        name = "taps" if self.file is None else "file"
        h = taps_for(source, fmt, name)
        require(h.ndim < 3, "leads from one channel to others; an inverse is for one column a channel", name)
        require(self.origin < len(h), f"must be the index of one of {len(h)} taps, got {self.origin}", "origin")
        require(bool(np.abs(h).max(axis=0).min() > 0), "is silent: it cannot be undone", name)
        return h

    def _frames(self, taps: int, fmt: Format) -> int:
        if self.length is None:
            n = max(_SHORTEST, _TIMES * taps)
        else:
            n = fmt.frames(self.length)
            require(n >= 2 * taps, f"must be twice the {taps:,} taps of the kernel or more, got {n:,} frames", "length")
        require(n <= MAX_TAPS, f"an inverse of {n:,} taps; {at_most('taps')}", "length")
        return int(scipy.fft.next_fast_len(n, real=True))
