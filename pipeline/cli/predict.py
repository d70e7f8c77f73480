"""What an output will be, before it is made: container, encoding, frames, time and bytes.

Bytes are those of the samples; a header adds some. What a codec will make of a signal cannot be known: None.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..config.inputs import Place
from ..io import SignalInfo
from ..io.encodings import bytes_per_sample
from ..io.formats import container_and_subtype

if TYPE_CHECKING:
    from ..engine.plan import Plan
    from ..job import Job

__all__ = ["Prediction", "predict"]


@dataclass(frozen=True)
class Prediction:
    """What will be written for one input; ``frames`` and what follows from it are None for a pipe."""

    source: Place
    target: Place | None
    info: SignalInfo
    plan: Plan
    container: str | None
    subtype: str | None
    frames: int | None
    bytes: int | None
    events: tuple[Place, ...] = ()
    """Files for what a search finds."""

    @property
    def seconds(self) -> float | None:
        """Of the output."""
        return None if self.frames is None else self.frames / self.plan.format_out.fs

    def as_data(self) -> dict[str, Any]:
        """For machines."""
        return {
            "input": str(self.source),
            "output": None if self.target is None else str(self.target),
            "event_files": [str(path) for path in self.events],
            "frames_in": self.info.frames,
            "frames": self.frames,
            "fs": self.plan.format_out.fs,
            "channels": self.plan.format_out.channels,
            "duration_s": self.seconds,
            "container": self.container,
            "subtype": self.subtype,
            "bytes": self.bytes,
        }


def predict(
    job: Job, source: Place, target: Place | None, plan: Plan, info: SignalInfo, events: tuple[Place, ...] = ()
) -> Prediction:
    """What an input will come to; without a target, only how long it will be."""
    frames = None if info.frames is None else plan.frames_out(info.frames)
    if target is None:
        return Prediction(source, None, info, plan, None, None, frames, None, events)
    container, subtype = container_and_subtype(target, info, job.format.subtype)
    width = bytes_per_sample(container, subtype)
    size = None if width is None or frames is None else frames * plan.format_out.channels * width
    return Prediction(source, target, info, plan, container, subtype, frames, size, events)
