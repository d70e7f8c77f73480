"""Changes the sampling rate, by soxr.

N frames become ``ceil(N * fs_out / fs_in)``: the frames of the same stretch of time. Output frame m lies at time
``m / fs_out``, so latency and tail are 0; the filter inside looks a little way into the past and the future.

A sample that is not finite is 0 for soxr, whose blocks would spread it, and NaN afterwards in the frames that an
impulse in its place reaches.
"""

from __future__ import annotations

import functools
import math
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from ..dsp.nonfinite import all_finite, extract
from ..fields import Hertz, Within
from ..kernel import Array
from .base import Format, Processor, Stage, require
from .base.loudness import louder_square
from .base.rates import frames_after
from .base.registry import stage

_CHUNK = 4096  # frames that soxr is given at a time, wherever the input was cut
_MAX_RATIO = 1000
_DOUBLE, _SINGLE = 1e-9, 1e-6
"""What soxr answers at most to an impulse of 1 where its filter has ended already: rounding."""
_QUALITIES = {"quick": "QQ", "low": "LQ", "medium": "MQ", "high": "HQ", "very_high": "VHQ"}


@stage("resample")
class Resample(Stage):
    """Resamples to another rate: what lies below both halves of the rates stays, the rest is filtered out."""

    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"fs": "44.1 kHz"}, {"fs": 16000})
    time_invariant: ClassVar[bool] = False

    fs: Annotated[Hertz, Within(0, above=True)]
    """The rate that comes out: `44.1 kHz` or a number of hertz."""
    quality: Literal["quick", "low", "medium", "high", "very_high"] = "very_high"
    """Quality of soxr's filter: from cubic interpolation (`quick`) to -175 dB (`very_high`, the default);
    all below `very_high` compute in single precision."""

    def notes(self, fmt: Format) -> list[str]:
        import soxr

        ratio = fmt.fs / self.fs
        if ratio == 1 or not 1 / _MAX_RATIO <= ratio <= _MAX_RATIO:
            return []
        every = math.ceil(max(1.0, ratio))
        long = 251 * every + (every > 1)  # so that each edge lies otherwise between the frames
        square = np.repeat([-1.0, 1.0] * (32 if ratio < 32 else 2), long)
        return [*louder_square(soxr.resample(square, fmt.fs, self.fs, _QUALITIES[self.quality]))]

    def open(self, fmt: Format) -> Processor:
        ratio = max(self.fs / fmt.fs, fmt.fs / self.fs)
        limit = f"at most {_MAX_RATIO} times more or less"
        require(ratio <= _MAX_RATIO, f"{self.fs:g} Hz is {ratio:,.0f} times away from {fmt.fs:g} Hz; {limit}", "fs")
        return _Resampler(fmt, self.fs, _QUALITIES[self.quality])


class _Resampler:
    """soxr, fed the same chunks however the input is cut: frames are kept until a whole chunk is there."""

    def __init__(self, fmt: Format, fs_out: float, quality: str) -> None:
        import soxr

        self.format = replace(fmt, fs=fs_out)
        self.latency = self.tail = 0
        self._fs_in, self._fs_out = fmt.fs, fs_out
        self._quality = quality
        self._soxr = soxr.ResampleStream(fmt.fs, fs_out, fmt.channels, dtype=fmt.dtype.name, quality=quality)
        self._missing: list[tuple[int, int, int]] = []  # first frame that comes out as NaN, end, channel
        self._waiting: Array = fmt.empty()
        self._frames_in = self._frames_out = 0

    def process(self, block: Array) -> Array:
        if self._fs_in == self._fs_out:
            return block.copy()
        block = self._without_missing(block)
        self._frames_in += len(block)
        waiting = np.concatenate([self._waiting, block])
        whole = len(waiting) - len(waiting) % _CHUNK
        chunks = (waiting[start : start + _CHUNK] for start in range(0, whole, _CHUNK))
        out = np.concatenate([self.format.empty(), *map(self._soxr.resample_chunk, chunks)])
        self._waiting = waiting[whole:].copy()
        return self._with_missing(out)

    def _without_missing(self, block: Array) -> Array:
        """The block with 0 in place of what is not finite, which is noted."""
        if all_finite(block):
            return block
        planar = block.T.copy()
        for start, end, channel, _ in extract(planar, self._frames_in, 0):
            reach, ratio = _reach(self._fs_in, self._fs_out, self._quality), self._fs_out / self._fs_in
            first, last = math.ceil(start * ratio - reach), math.floor((end - 1) * ratio + reach)
            self._missing.append((first, last + 1, channel))
        return np.ascontiguousarray(planar.T)

    def _with_missing(self, out: Array) -> Array:
        """The next frames that come out, with NaN where something is missing."""
        start, end = self._frames_out, self._frames_out + len(out)
        for a, b, channel in self._missing:
            out[max(a, start) - start : max(b, start) - start, channel] = np.nan
        self._missing = [missing for missing in self._missing if missing[1] > end]
        self._frames_out = end
        return out

    def flush(self) -> Array:
        if self._frames_in == 0 or self._fs_in == self._fs_out:
            return self.format.empty()
        left = frames_after(self._frames_in, self._fs_in, self._fs_out) - self._frames_out
        # soxr rounds the number of frames; silence behind the signal makes sure of the last
        silence = np.zeros((2 * math.ceil(self._fs_in / self._fs_out) + 2, self.format.channels), self.format.dtype)
        rest: Array = self._soxr.resample_chunk(np.concatenate([self._waiting, silence]), last=True)
        return self._with_missing(rest[:left])


@functools.lru_cache(16)
def _reach(fs_in: float, fs_out: float, quality: str) -> float:
    """Frames of the output, to each side, that one frame of the input reaches: impulses are sent through."""
    import soxr

    if quality == "QQ":  # a cubic through the two frames to each side
        return 2 * fs_out / fs_in
    middle = 512 * math.ceil(max(1.0, fs_in / fs_out))
    farthest = 1.0
    for at in range(middle, middle + 4):
        impulse = np.zeros(2 * middle)
        impulse[at] = 1
        answer = np.abs(soxr.resample(impulse, fs_in, fs_out, quality))
        reached = np.flatnonzero(answer > (_DOUBLE if quality == "VHQ" else _SINGLE))
        farthest = max(farthest, float(np.abs(reached - at * fs_out / fs_in).max(initial=0.0)))
    return farthest
