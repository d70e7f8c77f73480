"""What an output will be, before it is made: container, encoding, frames, time and bytes.

Bytes are those of the samples; a header adds some. What a codec will make of a signal cannot be known: None.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..config.inputs import Place
from ..io import OutputFormat, SignalInfo
from ..io.base import WriteRequest
from ..io.formats import writer_kind
from ..io.subtype import SUBTYPES, choose_subtype

if TYPE_CHECKING:
    from ..engine.plan import Plan
    from ..job import Job

__all__ = ["Prediction", "container_and_subtype", "predict"]

_BYTES = {
    "PCM_S8": 1,
    "PCM_U8": 1,
    "PCM_16": 2,
    "PCM_24": 3,
    "PCM_32": 4,
    "FLOAT": 4,
    "DOUBLE": 8,
    "ULAW": 1,
    "ALAW": 1,
}
_UNPACKED = {"WAV", "RF64", "W64", "AIFF", "NPY", "NPZ"}


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
    width = _BYTES.get(subtype or "DOUBLE") if container in _UNPACKED else None
    size = None if width is None or frames is None else frames * plan.format_out.channels * width
    return Prediction(source, target, info, plan, container, subtype, frames, size, events)


def container_and_subtype(target: Place, source: SignalInfo | None, wanted: str | None) -> tuple[str, str | None]:
    """The container that a name asks for, and the encoding in it; None in a table.

    Raises
    ------
    UsageError
        an extension that cannot be written, or an encoding that its container does not hold.
    """
    container = writer_kind(os.fspath(target), source).container
    if container not in SUBTYPES:
        return container, wanted
    request = WriteRequest(os.fspath(target), 1.0, 1, None, source, OutputFormat(subtype=wanted), overwrite=True)
    return container, choose_subtype(container, request)[0]
