"""Adds delayed, softer copies of a signal to it: a sparse kernel.

With D the delay in frames, g the gain of one repeat and K the number of repeats,
``y[n] = x[n] + sum_{k=1..K} g^k x[n-kD]``. An endless echo (``feedback``, ``t60``) is cut where g^k falls below
``level``. It decays by 60 dB in ``T60 = 3 D / (-fs log10 |g|)`` seconds.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, field_validator, model_validator

from ..fields import Amplitude, Seconds, Within, invalid
from ..kernel import Kernel
from ..limits import MAX_REPEATS, MAX_TAPS, at_most
from ..settings import Settings
from ..text import gain_meant
from .base import Format, KernelStage, require
from .base.registry import stage
from .delay import Delay

_DEFAULT_GAIN = 10 ** (-6 / 20)
_DEFAULT_LEVEL = 10 ** (-120 / 20)

_CONTRADICTIONS = (
    *(("taps", other) for other in ("delay", "gain", "repeats", "feedback", "t60", "level")),
    *(("gain", other) for other in ("feedback", "t60", "level")),
    ("feedback", "t60"),
    ("feedback", "repeats"),
    ("repeats", "level"),
)


class EchoTap(Settings):
    """One copy of the signal."""

    delay: Annotated[Seconds, Within("0 s", "10 s")]
    """Time after the signal: `250 ms`; at most 10 s (any number of samples)."""
    gain: Amplitude
    """Gain of the copy: `-6 dB`; a negative number inverts the polarity."""


@stage("echo")
class Echo(KernelStage):
    """Adds echoes: ``h[0] = 1, h[kD] = g^k`` for k = 1..repeats.

    Say how it decays in one way: `gain` and `repeats`; `feedback`; `t60`; or every copy by itself in `taps`.
    """

    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"delay": "250 ms", "gain": "-6 dB", "repeats": 4},
        {"taps": [{"delay": "120 ms", "gain": "-4 dB"}, {"delay": "310 ms", "gain": "-9 dB"}]},
        {"delay": "80 ms", "feedback": "-6 dB"},
        {"delay": "50 ms", "t60": "1.5 s", "level": "-60 dB"},
    )

    delay: Annotated[Seconds, Within("0 s", "10 s", above=True)] | None = None
    """The time between two repeats: `250 ms` or a number of seconds; at most 10 s (any number of samples)."""
    gain: Amplitude | None = None
    """Gain from each repeat to the next: `-6 dB`, which is the default."""
    repeats: Annotated[int, Within(1)] | None = None
    """The number of repeats; default 1, or with `t60` as many as it takes to fall to `level`."""
    taps: Annotated[tuple[EchoTap, ...], Field(max_length=MAX_REPEATS)] | None = None
    """Every copy by itself, a list of `{delay, gain}`, added to the signal."""
    feedback: Amplitude | None = None
    """The gain of an endless echo, each repeat fed back: `-6 dB`; must be below 0 dB."""
    t60: Annotated[Seconds, Within("0 s", above=True)] | None = None
    """Instead of a gain: the time in which an endless echo decays by 60 dB, `2 s`."""
    level: Annotated[Amplitude, Within("-300 dB", "-20 dB")] | None = None
    """Level at which an endless echo is cut off, relative to the signal; default `-120 dB`."""

    @field_validator("taps", mode="before")
    @classmethod
    def _as_many_as_can_be(cls, taps: Any) -> Any:
        if isinstance(taps, list | tuple) and not 1 <= len(taps) <= MAX_REPEATS:
            raise invalid(
                f"has {len(taps):,} entries; {at_most('repeats')}" if taps else "needs at least one {delay, gain}"
            )
        return taps

    @field_validator("feedback")
    @classmethod
    def _decays(cls, feedback: float | None) -> float | None:
        if feedback is not None and abs(feedback) >= 1:
            level = f"{20 * math.log10(abs(feedback)):.4g} dB"
            raise invalid(f"must be below 0 dB for a feedback echo, got {level}{gain_meant(feedback)}")
        return feedback

    @model_validator(mode="after")
    def _said_once(self) -> Self:
        stated = {name for name in type(self).model_fields if getattr(self, name) is not None}
        for one, other in _CONTRADICTIONS:
            if {one, other} <= stated:
                raise invalid(f"{one!r} and {other!r} contradict each other; state one of them")
        if "level" in stated and not stated & {"feedback", "t60"}:
            raise invalid("'level' is where an endless echo is cut off; it needs 'feedback' or 't60'")
        if not stated & {"delay", "taps"}:
            raise invalid("an echo needs 'delay', or 'taps' with a delay and a gain each")
        return self

    def kernel(self, fmt: Format) -> Kernel:
        times: dict[int, float] = {0: 1.0}
        if self.taps is not None:
            for i, tap in enumerate(self.taps):
                time = fmt.frames(tap.delay)
                _require_room(time, fmt, f"taps[{i}].delay")
                times[time] = times.get(time, 0.0) + tap.gain
            return Kernel.sparse(times)
        frames, gain, count = self._series(fmt)
        _require_room(count * frames, fmt, "delay" if self.repeats is None else "repeats")
        times.update({k * frames: gain**k for k in range(1, count + 1)})
        return Kernel.sparse(times)

    def notes(self, fmt: Format) -> list[str]:
        if self.taps is not None or (self.feedback is None and self.t60 is None):
            return []
        _, gain, count = self._series(fmt)
        level = 20 * math.log10(abs(gain)) if gain else -math.inf
        return [f"an endless echo of {level:.4g} dB a repeat, cut after {count} repeats ({count * level:.4g} dB)"]

    def rounding_notes(self, fmt: Format) -> list[str]:
        if self.taps is None:
            return [] if self.delay is None else Delay(delay=self.delay).rounding_notes(fmt)  # t60 is not rounded
        inner = [Delay(delay=tap.delay).rounding_notes(fmt) for tap in self.taps]
        return [f"taps[{i}].{note}" for i, notes in enumerate(inner) for note in notes]

    def _series(self, fmt: Format) -> tuple[int, float, int]:
        """D in frames, g and K."""
        assert self.delay is not None  # noqa: S101  (_said_once holds it; for the type checker)
        frames = fmt.frames(self.delay)
        require(frames > 0, f"{self.delay} is less than half a frame at {fmt.fs:g} Hz", "delay")
        if self.t60 is not None:
            gain = 10 ** (-3 * frames / self.t60.exact_frames(fmt.fs))
        elif self.feedback is not None:
            gain = self.feedback
        else:
            gain = _DEFAULT_GAIN if self.gain is None else self.gain
        if self.repeats is not None or (self.feedback is None and self.t60 is None):
            count = self.repeats or 1
        else:
            count = _repeats_until(_DEFAULT_LEVEL if self.level is None else self.level, gain)
        setting = "t60" if self.t60 is not None else "feedback" if self.feedback is not None else "gain"
        counted = setting if self.repeats is None else "repeats"
        require(count <= MAX_REPEATS, f"would take {count:,} repeats; {at_most('repeats')}", counted)
        growth = count * math.log10(max(abs(gain), 1.0))
        require(growth < 15, f"repeated {count} times grows to {20 * growth:.4g} dB; at most 300 dB", setting)
        return frames, gain, count


def _repeats_until(level: float, gain: float) -> int:
    """The last k with ``|g|^k >= level``."""
    if abs(gain) >= 1:
        return MAX_REPEATS + 1  # a decay so slow that its gain rounds to 1
    if abs(gain) < level:
        return 0
    return math.floor(math.log(level) / math.log(abs(gain)) + 1e-9)  # -120 dB by -6 dB is 20, whatever log rounds to


def _require_room(last: int, fmt: Format, setting: str) -> None:
    """Refuse a last tap beyond the longest kernel, before anything is allocated."""
    limit = f"a kernel has {at_most('taps')}, {MAX_TAPS / fmt.fs:.4g} s"
    require(last < MAX_TAPS, f"the last echo comes after {last:,} frames ({last / fmt.fs:.4g} s); {limit}", setting)
