"""The processors that stages are made of: a kernel at work, several in a row, and a whole signal remembered."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from ...dsp.convolver import open_convolver
from ...dsp.methods import Method
from ...errors import SettingError
from ...kernel import Array, Kernel
from . import Format, Processor, Recording, WholeSignalStage


def channels_after(kernel: Kernel, channels: int) -> int:
    """Channels that come out when a signal of ``channels`` goes in; raises `SettingError` when it cannot."""
    if kernel.channels_in is not None and kernel.channels_in != channels:
        raise SettingError(f"the kernel takes {kernel.channels_in} channels, the signal has {channels}")
    return kernel.channels_out or channels


class KernelProcessor:
    """Convolves a signal with a kernel; the output runs from ``origin`` frames before time zero to the tail's end."""

    def __init__(
        self, kernel: Kernel, fmt: Format, method: Method | None = None, executor: Executor | None = None
    ) -> None:
        self.format = replace(fmt, channels=channels_after(kernel, fmt.channels))
        self.latency = kernel.latency
        self.tail = kernel.tail
        self._convolver = open_convolver(kernel, fmt.channels, fmt.dtype, method, executor)

    def process(self, block: Array) -> Array:
        return self._convolver.process(block)

    def flush(self) -> Array:
        return self._convolver.flush()


class Series:
    """Processors in a row, as one."""

    def __init__(self, processors: Sequence[Processor], fmt: Format) -> None:
        self._processors = tuple(processors)
        self.format, self.latency, self.tail = fmt, 0, 0
        for processor in self._processors:
            ratio = processor.format.fs / self.format.fs
            self.latency = round(self.latency * ratio) + processor.latency
            self.tail = math.ceil(self.tail * ratio) + processor.tail
            self.format = processor.format

    def process(self, block: Array) -> Array:
        for processor in self._processors:
            block = processor.process(block)
        return block

    def flush(self) -> Array:
        parts: list[Array] = []
        for i, processor in enumerate(self._processors):
            rest = processor.flush()
            for later in self._processors[i + 1 :]:
                rest = later.process(rest)
            parts.append(rest)
        return np.concatenate(parts) if parts else self.format.empty()


@dataclass(frozen=True)
class InMemory:
    """A `Recording` that is an array."""

    samples: Array
    format: Format
    latency: int = 0
    tail: int = 0

    @property
    def frames(self) -> int:
        return len(self.samples)

    @property
    def heard(self) -> slice:
        return slice(0, len(self.samples))

    def read(self, start: int, frames: int) -> Array:
        return self.samples[start : start + frames]


class BufferWholeSignal:
    """Keeps a signal in memory until its end, for a stage that needs the whole of it."""

    def __init__(self, stage: WholeSignalStage, fmt: Format) -> None:
        self.format = fmt
        self.latency, self.tail = stage.moves(0, 0)
        self._stage = stage
        self._blocks: list[Array] = []

    def process(self, block: Array) -> Array:
        self._blocks.append(block.copy())
        return self.format.empty()

    def flush(self) -> Array:
        recording: Recording = InMemory(np.concatenate([self.format.empty(), *self._blocks]), self.format)
        rendered: Iterator[Array] = self._stage.render(recording)
        return np.concatenate([self.format.empty(), *rendered])
