"""Holds stages to their promises while they run: what breaks one, or fails, is told with the stage's place and name.

A stage of another distribution is given its input read-only. What it raises becomes a `StageError`; a fault of
faltung's own stays what it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

import numpy as np

from ...dsp.detection import Detection
from ...errors import DiskFullError, FaltungError, StageError
from ...kernel import Array
from ...plugins import in_words
from ...system import is_disk_full, is_interruption, staying
from . import Format, Processor, Recording, Stage, WholeSignalStage
from .rates import frames_after

_OURS = __name__.partition(".")[0]


def is_foreign(stage: Stage) -> bool:
    """Whether a stage is of another distribution, or of a file of one's own."""
    return type(stage).__module__.partition(".")[0] != _OURS


@contextmanager
def naming_stage(stage: Stage, place: str, when: str = "") -> Iterator[None]:
    """What a stage raises in here is told with its place; ``when`` says how far it was, once it runs."""
    try:
        with staying() if is_foreign(stage) else nullcontext():
            yield
    except StageError as error:  # of a stage inside
        raise error.under(f"{place}.") from error.__cause__
    except BaseException as error:
        known = isinstance(error, FaltungError) and not when
        full = isinstance(error, DiskFullError) or (isinstance(error, OSError) and is_disk_full(error))
        if known or full or not is_foreign(stage) or is_interruption(error):
            raise
        raise StageError(f"{place} {stage.use!r} failed{when}: {in_words(error)}") from error


def _promise(stage: Stage, place: str, kept: bool, rule: str) -> None:
    if not kept:
        raise StageError(f"{place} {stage.use!r} breaks a promise: {rule}")


class Guarded:
    """A processor at work, each of whose blocks is looked at.

    It was opened from ``stage`` for ``fmt``, stands at ``place`` (``stages[1]``), and has the format, latency and tail
    that are ``promised``, if any are.
    """

    def __init__(
        self, processor: Processor, stage: Stage, fmt: Format, place: str,
        promised: tuple[Format, int, int] | None = None,
    ) -> None:  # fmt: skip
        self._processor, self._stage, self._place, self._format_in = processor, stage, place, fmt
        self._promise = partial(_promise, stage, place)
        self._frames_in = self._frames_out = 0
        with self._naming():
            self.format, self.latency, self.tail = processor.format, processor.latency, processor.tail
            got = (self.format, self.latency, self.tail)
        for name, value in (("latency", self.latency), ("tail", self.tail)):
            whole = isinstance(value, int | np.integer) and value >= 0
            self._promise(whole, f"its {name} is a whole number of frames from 0, got {value!r}")
        self._promise(promised in (None, got), f"it was planned with {promised}, and opened with {got}")
        alike = isinstance(self.format, Format) and self.format.precision == fmt.precision
        self._promise(alike, f"its output has the precision of its input, {fmt.precision!r}, got {self.format!r}")

    def process(self, block: Array) -> Array:
        if is_foreign(self._stage):
            block = block.view()
            block.flags.writeable = False
        with self._naming(f" in the block that begins at frame {self._frames_in}"):
            out = self._processor.process(block)
        self._frames_in += len(block)
        self._take(out)
        known = self.latency + self._nominal()
        more = f"{self._frames_out} frames came out of {self._frames_in}, with a latency of {self.latency}"
        early = self._stage.use == "delay"  # its silence takes no memory, and is given at once
        self._promise(
            self._frames_out <= known or early, f"it gives no frame before its time: {more}; promise more latency"
        )
        return out

    def flush(self) -> Array:
        with self._naming(f" in flush(), after frame {self._frames_in}"):
            out = self._processor.flush()
        self._take(out)
        promised = f"{self.latency} latency + {self._nominal()} + {self.tail} tail"
        expected = self.latency + self._nominal() + self.tail if self._frames_in else 0
        sides = f"{self._frames_in} frames in, {self._frames_out} out; promised are"
        self._promise(self._frames_out == expected, f"{sides} {promised if expected else 'none of none'} = {expected}")
        return out

    def detection(self) -> Detection:
        """Result of a detector, whose columns fit each other."""
        with self._naming(f" in detection(), after frame {self._frames_in}"):
            found: Any = self._processor.detection()  # type: ignore[attr-defined]
        self._promise(isinstance(found, Detection), f"detection() gives a Detection, got {type(found).__name__}")
        wrong = found.fault()
        self._promise(not wrong, f"detection(): {wrong}")
        sides = (found.fs, found.frames)
        signal = (self._format_in.fs, self._frames_in)
        self._promise(sides == signal, f"detection() is of {signal[1]} frames at {signal[0]:g} Hz, got {sides}")
        return found  # type: ignore[no-any-return]

    def _nominal(self) -> int:
        return frames_after(self._frames_in, self._format_in.fs, self.format.fs)

    def _take(self, out: Any) -> None:
        check_block(out, self.format, self._promise)
        self._frames_out += len(out)

    def _naming(self, when: str = "") -> Any:
        return naming_stage(self._stage, self._place, when)


def check_block(out: Any, fmt: Format, promise: Any) -> None:
    """Call ``promise`` with whether a block is of the format, and the rule."""
    plain = isinstance(out, np.ndarray) and not isinstance(out, np.ma.MaskedArray)
    promise(plain, f"its blocks are plain numpy arrays, got {type(out).__name__}")
    shape, dtype = out.shape, out.dtype
    promise(len(shape) == 2 and shape[1] == fmt.channels, f"its blocks have shape (n, {fmt.channels}), got {shape}")
    promise(dtype == fmt.dtype, f"its blocks are {fmt.dtype}, got {dtype}")


def guarded_render(stage: WholeSignalStage, recording: Recording, place: str) -> Iterator[Array]:
    """What a stage of whole signals renders, of as many frames as the recording has."""
    promise, frames = partial(_promise, stage, place), 0
    with naming_stage(stage, place, " in render()"):
        blocks = iter(stage.render(recording))
    while True:
        with naming_stage(stage, place, f" in render(), after frame {frames}"):
            block = next(blocks, None)
        if block is None:
            break
        check_block(block, recording.format, promise)
        frames += len(block)
        yield block
    rule = f"render() gives as many frames as it is given, {recording.frames}, got {frames}"
    promise(frames == recording.frames, rule)
