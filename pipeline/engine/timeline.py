"""Where the sound of a frame of the input stands in what a chain of stages gives, for marks, clocks and events.

A new rate moves it, and turning round; a kernel does by its middle where it has one (a delay, half of the taps of a
linear-phase filter), else by its first loud tap: an echo begins where the sound does, and a room with its direct sound.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ..io.base import SignalInfo
from ..io.riff_metadata import metadata
from ..kernel import Kernel
from ..stages.base import WholeSignalStage
from ..stages.base.rates import frames_after, rate_ratio
from .plan import Plan


@dataclass(frozen=True)
class Timeline:
    """Places on an output, in frames, for those on an input: n stands at ``scale * n + offset``."""

    scale: Fraction
    """Negative where the sound runs backwards."""
    offset: Fraction

    def at(self, frame: int) -> int:
        """The whole frame nearest to where a frame of the input stands."""
        return round(self.scale * frame + self.offset)


def delay_of(kernel: Kernel) -> float:
    """Frames by which a sound comes out later: the middle of symmetric taps, else their first peak that is loud.

    A few taps far apart have no middle: an echo is no delay, even where it is as loud as the sound. Loud is half of the
    largest: before that lie the noise of a measured response, and what a new rate lets ring.
    """
    at = kernel.nonzero
    if len(at) == 0:
        return 0.0
    part = kernel.taps.reshape(kernel.length, -1)[at[0] : at[-1] + 1]
    part = part / np.abs(part).max()
    near = [np.abs(part - sign * part[::-1]).max(axis=0) <= 1e-9 for sign in (1, -1)]
    if 2 * len(at) > at[-1] - at[0] and np.all(near[0] | near[1]):
        return float(at[0] + at[-1]) / 2 - kernel.origin
    sizes = np.append(np.abs(part).max(axis=1), 0.0)
    loud = int(np.argmax(sizes >= 0.5))
    peak = loud + int(np.argmax(np.diff(sizes[loud:]) <= 0))
    return float(at[0]) + peak - kernel.origin


def timeline(plan: Plan, frames: int | None, *, until: int | None = None) -> Timeline | None:
    """Timeline of a plan's output, or, relative to time zero, of what reaches the stage of index ``until``.

    None where the signal is turned round, and nobody knows its length.
    """
    scale, offset = Fraction(1), Fraction(0)
    for planned in plan.stages:
        if planned.index == until:
            return Timeline(scale, offset)
        if planned.stage.use == "correlate":
            pass  # a score stands where the template begins
        elif planned.kernel is not None:
            offset += Fraction(delay_of(planned.kernel))
        elif planned.stage.use == "delay":  # one that is longer than a kernel
            offset += planned.tail
        elif isinstance(planned.stage, WholeSignalStage) and planned.stage.moves(0, 1) == (1, 0):
            if frames is None:
                return None
            scale, offset = -scale, frames - 1 - offset
        ratio = rate_ratio(planned.format_in.fs, planned.format_out.fs)
        scale, offset = scale * ratio, offset * ratio
        frames = None if frames is None else frames_after(frames, planned.format_in.fs, planned.format_out.fs)
    return Timeline(scale, offset + (plan.latency if plan.options.keeps_pre_roll else 0))


def carried(plan: Plan, info: SignalInfo, frames: int | None) -> SignalInfo:
    """Metadata of an input as they hold for a plan's output of so many frames."""
    if not info.chunks and not info.tags:
        return info
    places = timeline(plan, info.frames)
    moved: SignalInfo = metadata().moved(info, None if places is None else places.at, plan.format_out.fs, frames)
    return moved


def times_turned(plan: Plan, info: SignalInfo) -> list[str]:
    """What to say of the time column of a table whose signal comes out turned round; nothing of any other."""
    places = None if info.time is None else timeline(plan, 0)
    if info.time is None or places is None or places.scale > 0:
        return []
    kept = f"the times in {info.time.name!r} stand in the order of the input"
    return [f"the signal is turned round: {kept}, and are not those at which the values were measured"]


def heard_from(plan: Plan, index: int, frames: int) -> int:
    """Frame, of all that reach the step ``index``, at which the input's first sound stands, or last if turned round."""
    latency = plan.steps[index - 1].latency if index else 0
    places = timeline(plan, frames, until=plan.steps[index].stages[0])
    return latency + (0 if places is None else places.at(0 if places.scale > 0 else frames - 1))
