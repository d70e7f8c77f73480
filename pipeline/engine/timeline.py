"""Where the sound of a frame of the input stands in what a chain of stages gives, for marks, clocks and events.

A new rate moves it, and turning round; a kernel does where its taps have a middle (a delay, the half of a linear-phase
filter's taps), and no other: an echo and a room begin where the sound does.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ..io.base import SignalInfo
from ..io.marks import moved
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
    """Frames by which a sound comes out later: the middle of symmetric taps, or 0 where there is no such middle.

    A few taps far apart have none: an echo is no delay, even where it is as loud as the sound.
    """
    at = kernel.nonzero
    if len(at) == 0 or 2 * len(at) <= at[-1] - at[0]:
        return 0.0
    part = kernel.taps.reshape(kernel.length, -1)[at[0] : at[-1] + 1]
    part = part / np.abs(part).max()
    near = [np.abs(part - sign * part[::-1]).max(axis=0) <= 1e-9 for sign in (1, -1)]
    return float(at[0] + at[-1]) / 2 - kernel.origin if np.all(near[0] | near[1]) else 0.0


def timeline(plan: Plan, frames: int | None, *, until: int | None = None) -> Timeline | None:
    """Timeline of a plan's output, or, relative to time zero, of what reaches the stage of index ``until``.

    None where the signal is turned round, and nobody knows its length.
    """
    scale, offset = Fraction(1), Fraction(0)
    for planned in plan.stages:
        if planned.index == until:
            return Timeline(scale, offset)
        if planned.kernel is not None:
            offset += Fraction(delay_of(planned.kernel))
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
    places = timeline(plan, info.frames) if info.chunks else None
    return moved(info, None if places is None else places.at, plan.format_out.fs, frames) if info.chunks else info


def heard_from(plan: Plan, index: int, frames: int) -> int:
    """Frame, of all that reach the step ``index``, at which the input's first sound stands, or last if turned round."""
    latency = plan.steps[index - 1].latency if index else 0
    places = timeline(plan, frames, until=plan.steps[index].stages[0])
    return latency + (0 if places is None else places.at(0 if places.scale > 0 else frames - 1))
