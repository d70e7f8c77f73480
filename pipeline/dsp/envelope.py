"""The outline of a signal while it passes: its lowest and highest sample in each of a few equal stretches."""

from __future__ import annotations

import numpy as np

from ..kernel import Array, Taps
from .nonfinite import all_finite


class Envelope:
    """The outline of a signal of any length, in the memory of ``stretches`` pairs of numbers.

    A stretch is a power of two of frames; when the last is full, each two become one. Stretch k always holds the
    frames ``k w`` to ``(k + 1) w - 1``, so that no cut of the signal into blocks changes the outline. Channels count
    together; samples that are not finite do not count.

    Attributes
    ----------
    frames : frames so far.
    width : frames of a stretch.
    """

    def __init__(self, stretches: int = 64) -> None:
        self.frames = 0
        self.width = 1
        self._low = np.full(stretches, np.inf)
        self._high = np.full(stretches, -np.inf)

    def add(self, block: Array) -> None:
        """Append ``(frames, channels)``."""
        if not block.size:
            return
        end = self.frames + len(block)
        while end > self.width * len(self._low):
            self._halve()
        first, last = self.frames // self.width, (end - 1) // self.width
        starts = np.maximum(np.arange(first, last + 1) * self.width - self.frames, 0)
        finite = block if all_finite(block) else np.where(np.isfinite(block), block, np.nan)
        for channel in finite.T:
            low, high = np.fmin.reduceat(channel, starts), np.fmax.reduceat(channel, starts)
            np.fmin(self._low[first : last + 1], low, out=self._low[first : last + 1])
            np.fmax(self._high[first : last + 1], high, out=self._high[first : last + 1])
        self.frames = end

    def _halve(self) -> None:
        half = len(self._low) // 2
        for values, merge, empty in ((self._low, np.fmin, np.inf), (self._high, np.fmax, -np.inf)):
            values[:half] = merge(values[::2], values[1::2])
            values[half:] = empty
        self.width *= 2

    def outline(self, empty: float = 0.0) -> Taps:
        """The lowest and the highest sample of each stretch, ``(stretches, 2)``; ``empty`` where none is finite."""
        used = slice(-(-self.frames // self.width))
        pairs = np.stack([self._low[used], self._high[used]], axis=1)
        pairs[~np.isfinite(pairs)] = empty
        return pairs

    def pairs(self) -> list[list[int]]:
        """``[lowest, highest]`` of each stretch, in 127ths of the largest magnitude of all."""
        pairs = self.outline()
        largest = float(np.abs(pairs).max(initial=0.0)) or 1.0
        scaled: list[list[int]] = np.rint(pairs * (127 / largest)).astype(int).tolist()
        return scaled
