"""`SpectrogramSettings`: how finely a stage sees a signal in time and frequency, as settings with units."""

from __future__ import annotations

import math
from typing import Annotated

from ...dsp.spectrogram import Grid
from ...fields import Amplitude, Hertz, Seconds, Within
from ...settings import Settings
from ...units import Duration
from . import Format, require


class SpectrogramSettings(Settings):
    """A spectrogram of Hann windows; bins lie ``1 / window`` apart, 50 Hz for 20 ms."""

    window: Annotated[Seconds, Within("0 s", "1 s", above=True)] = Duration(0.02)
    """Length of a window: longer ones tell frequencies apart better, and times worse."""
    hop: Annotated[Seconds, Within("0 s", "1 s", above=True)] = Duration(0.005)
    """Time from the start of a window to that of the next; at most `window`. Finds are as fine as this."""
    low: Annotated[Hertz, Within(0)] = 0.0
    """The lowest frequency that is compared: a bin at `low` counts."""
    high: Annotated[Hertz, Within(0, above=True)] | None = None
    """The highest; default half of the rate."""
    floor: Annotated[Amplitude, Within("-300 dB", "0 dB")] = 1e-4
    """Lowest level: what is below counts as this, where 0 dB is a sine of amplitude 1; default `-80 dB`."""

    def grid(self, fmt: Format, setting: str = "spectrogram") -> Grid:
        """The grid for signals of this format.

        Raises
        ------
        SettingError
            on ``setting``: a window under 2 frames, a hop of none or longer than the window, a band outside half of
            the rate or without a bin.
        """
        window, hop = self.window.frames(fmt.fs), self.hop.frames(fmt.fs)
        require(window >= 2, f"window: must be at least 2 frames at {fmt.fs:g} Hz, got {self.window}", setting)
        require(1 <= hop <= window, f"hop: must be 1 frame to the window's {window}, got {self.hop}: {hop}", setting)
        high = fmt.fs / 2 if self.high is None else self.high
        require(high <= fmt.fs / 2, f"high: must be at most half of {fmt.fs:g} Hz, got {high:g} Hz", setting)
        first, last = math.ceil(min(self.low, fmt.fs) * window / fmt.fs), math.floor(high * window / fmt.fs)
        apart = f"bins lie {fmt.fs / window:g} Hz apart"
        require(first <= last, f"no bin lies from {self.low:g} to {high:g} Hz: {apart}, take a wider band", setting)
        return Grid(window, hop, first, last + 1, self.floor)
