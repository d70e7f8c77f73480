"""Puts time zero on a frame of the new rate, before a stage that changes the rate.

Frames before time zero (the latency of what came earlier) are dropped where they will not be heard, else silence is
put in front until their number is a whole number of frames at the new rate as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from ..kernel import Array
from ..stages.base import Format
from .options import Options

__all__ = ["Align"]

_LARGEST_STEP = 1 << 20  # rates with no simpler ratio than this are met to the nearest frame


@dataclass(frozen=True)
class Align:
    """Adds ``added`` frames of silence in front, or drops ``-added`` frames there."""

    added: int

    @classmethod
    def before_rate_change(cls, latency: int, fs_in: float, fs_out: float, options: Options) -> Align:
        """What to add before ``fs_in`` becomes ``fs_out``, with ``latency`` frames before time zero."""
        if not options.keeps_pre_roll:
            return cls(-latency)
        step = (Fraction(fs_out) / Fraction(fs_in)).limit_denominator(_LARGEST_STEP).denominator
        return cls(-latency % step)

    def open(self, fmt: Format) -> AlignProcessor:
        """A processor for one signal."""
        return AlignProcessor(self.added, fmt)


class AlignProcessor:
    """Adds or drops frames in front of a signal; nothing for a signal of no frames."""

    def __init__(self, added: int, fmt: Format) -> None:
        self.format, self.latency, self.tail = fmt, added, 0
        self._added = added

    def process(self, block: Array) -> Array:
        if self._added > 0 and len(block):
            padded = self.format.empty(self._added + len(block))
            padded[self._added :] = block
            self._added = 0
            return padded
        dropped = min(max(0, -self._added), len(block))
        self._added += dropped
        return block[dropped:]

    def flush(self) -> Array:
        return self.format.empty()
