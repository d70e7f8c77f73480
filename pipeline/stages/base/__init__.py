"""The contract every stage keeps: frozen settings, opened for one signal, a processor that remembers the past.

Signals are arrays of shape ``(frames, channels)``. Most stages are a `KernelStage` and write one method, ``kernel``.
Concatenating everything a processor returns gives the signal; how it was cut never changes it. Beside it in this folder
stands what several stages share: how they are found, processors, taps from files, templates, thresholds.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any, ClassVar, Literal, Protocol, Self

import numpy as np
from pydantic import ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from ...dsp.detection import Detection
from ...errors import PluginError, SettingError, SignalError
from ...kernel import Array, Kernel
from ...problems import ID_PATTERN
from ...settings import Settings
from ...units import Duration, parse_duration

__all__ = [
    "Detector",
    "DetectorStage",
    "Format",
    "KernelStage",
    "Precision",
    "Processor",
    "Recording",
    "Stage",
    "WholeSignalStage",
    "check_format",
    "require",
]

Precision = Literal["double", "single"]


@dataclass(frozen=True)
class Format:
    """Format of a signal: the rate ``fs`` in Hz, the channels, the precision of the samples.

    Examples
    --------
    >>> Format(48_000, channels=2).frames("5 ms")
    240

    Raises
    ------
    SignalError
        a rate that is not above 0, a number of channels below 1.
    """

    fs: float
    channels: int
    precision: Precision = "double"
    reading: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """How tables that stages read are read: as the signal was, by options of `pipeline.io.open_reader`."""
    doubts: list[str] = field(default_factory=list, repr=False, compare=False)
    """What was accepted in files that stages read, in spite of a fault."""

    def __post_init__(self) -> None:
        check_format(self.fs, self.channels)
        object.__setattr__(self, "fs", float(self.fs))

    @property
    def dtype(self) -> np.dtype[Any]:
        """float64 for double precision, float32 for single."""
        return np.dtype(np.float64 if self.precision == "double" else np.float32)

    def frames(self, duration: Duration | str | float) -> int:
        """A time as whole frames at this rate: the nearest."""
        return parse_duration(duration).frames(self.fs)

    def empty(self, frames: int = 0) -> Array:
        """Silence of this format, ``(frames, channels)``."""
        return np.zeros((frames, self.channels), self.dtype)


class Processor(Protocol):
    """The memory of one signal, made by `Stage.open`.

    N frames in give, in all, ``latency + N * (format.fs / fs_in, rounded up) + tail`` frames out; none, if N is 0.

    Examples
    --------
    >>> import numpy as np
    >>> from pipeline import Delay, Format
    >>> processor = Delay(delay="2 samples").open(Format(8000, channels=1))
    >>> [len(processor.process(np.ones((n, 1)))) for n in (3, 4)], len(processor.flush()), processor.tail
    ([3, 4], 2, 2)
    """

    format: Format
    """Format of the output."""
    latency: int
    """Output frame n + latency belongs to input frame n."""
    tail: int
    """Frames that come after the input's last."""

    def process(self, block: Array) -> Array:
        """``(n, channels)`` in, ``(m, channels')`` out; n may be 0, m need not equal n; the input is not altered."""
        ...

    def flush(self) -> Array:
        """The rest of the output; called once, at the end."""
        ...


class Stage(Settings):
    """Frozen settings of one stage, registered by name with `stage`.

    Examples
    --------
    >>> from pipeline import Gain
    >>> stage = Gain(gain="-6 dB")
    >>> stage.use, stage.linear, stage
    ('gain', True, Gain(gain='-6 dB'))
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    use: ClassVar[str] = ""
    """The name it is registered by."""
    linear: ClassVar[bool] = True
    """Whether ``stage(a*x1 + b*x2) == a*stage(x1) + b*stage(x2)``."""
    time_invariant: ClassVar[bool] = True
    """Whether a delay in is the same delay out."""
    whole_signal: ClassVar[bool] = False
    """Whether it must have seen all of the signal before it gives anything."""
    examples: ClassVar[tuple[dict[str, Any], ...]] = ()
    """Settings that are valid, for help, the schema and the contract tests."""

    id: str | None = Field(None, pattern=ID_PATTERN)
    """A name of its own, for overrides (`hall.mix=20%`) and reports."""
    enabled: bool = True
    """false skips the stage."""

    @abstractmethod
    def open(self, fmt: Format) -> Processor:
        """Begin one signal of this format; raises `SettingError` when the settings do not fit it."""

    def kernel(self, fmt: Format) -> Kernel | None:  # noqa: ARG002  (KernelStage uses it)
        """The stage as one kernel, or None when it is not one."""
        return None

    def notes(self, fmt: Format) -> list[str]:  # noqa: ARG002
        """Sentences that the plan should say of the stage beyond its numbers."""
        return []

    def rounding_notes(self, fmt: Format) -> list[str]:
        """One sentence for each time that is not a whole number of frames at this rate."""
        notes = []
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, Duration):
                exact, frames = value.exact_frames(fmt.fs), value.frames(fmt.fs)
                if abs(exact - frames) > 1e-6 * max(1.0, abs(exact)):
                    got = f"{frames} ({frames / fmt.fs:.6g} s)"
                    notes.append(f"{name}: {value} is {exact:.6g} frames, rounded to {got}")
        return notes

    @classmethod
    def kind_of(cls, data: dict[str, Any]) -> type[Stage] | None:
        """The class that some data is meant for, by its ``use:``; None where there is no such stage."""
        from .registry import stage_class

        if not isinstance(data.get("use"), str):
            return cls
        try:
            return stage_class(data["use"])
        except PluginError:
            return None

    @model_validator(mode="before")
    @classmethod
    def _without_use(cls, data: Any) -> Any:
        if isinstance(data, dict) and cls.use and data.get("use") == cls.use:
            return {key: value for key, value in data.items() if key != "use"}
        return data

    @model_serializer(mode="wrap")
    def _with_use(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {"use": self.use, **handler(self)}


class KernelStage(Stage):
    """A stage that is its kernel: linear, time-invariant, all there is to say.

    Examples
    --------
    >>> from pipeline import Format, Kernel
    >>> class Comb(KernelStage):
    ...     def kernel(self, fmt):
    ...         return Kernel.sparse({0: 1.0, fmt.frames("1 ms"): 1.0})
    >>> Comb().kernel(Format(2000, channels=1)).taps.tolist()
    [1.0, 0.0, 1.0]
    """

    @abstractmethod
    def kernel(self, fmt: Format) -> Kernel:
        """The kernel for this format: settings in, `Kernel` out."""

    def open(self, fmt: Format) -> Processor:
        """Begin one signal: convolve it with the kernel."""
        from .processors import KernelProcessor

        return KernelProcessor(self.kernel(fmt), fmt)


class Detector(Processor, Protocol):
    """A processor that looks for something while the signal streams by."""

    def detection(self) -> Detection:
        """Result of the search, on the timeline of its input; called once, after `flush`."""
        ...


class DetectorStage(Stage):
    """A stage that finds; what it gives out are its scores, of whole windows only: 0 before time zero.

    Every peak that it finds is an event, unless it has a setting ``threshold`` of the type `Threshold`.
    """

    linear: ClassVar[bool] = False

    @abstractmethod
    def open(self, fmt: Format, executor: Executor | None = None) -> Detector:
        """Begin one signal; ``executor`` computes side by side what can be, and changes no bit."""

    def loaded(self, fmt: Format) -> Self:  # noqa: ARG002
        """These settings together with what their files hold, for one plan, which reads them once."""
        return self

    def memory(self, fmt: Format, threads: int) -> int:  # noqa: ARG002
        """Bytes that it is expected to need at its peak, with ``threads`` that compute."""
        return 0

    def band(self, fs: float) -> tuple[float, float]:
        """The lowest and the highest frequency that it looks at, in Hz, of a signal at ``fs`` Hz."""
        return 0.0, fs / 2


class Recording(Protocol):
    """A whole signal, kept where it can be read in any order."""

    @property
    def format(self) -> Format:
        """Format of its samples."""
        ...

    @property
    def frames(self) -> int:
        """All of them: latency, the signal's own, tail."""
        ...

    @property
    def latency(self) -> int:
        """Frames before time zero."""
        ...

    @property
    def tail(self) -> int:
        """Frames after the signal's own end."""
        ...

    @property
    def heard(self) -> slice:
        """The frames that a listener will get, where latency or tail are cut off in the end."""
        ...

    def read(self, start: int, frames: int) -> Array:
        """Frames ``start`` to ``start + frames``, as far as there are any."""
        ...


class WholeSignalStage(Stage):
    """A stage that needs the whole signal; the engine keeps it on disk, so memory stays flat.

    Examples
    --------
    >>> import numpy as np
    >>> from pipeline import Pipeline, Reverse
    >>> isinstance(Reverse(), WholeSignalStage), Pipeline([Reverse()])(np.array([1.0, 2.0, 3.0]), fs=8000)
    (True, array([3., 2., 1.]))
    """

    whole_signal: ClassVar[bool] = True

    @abstractmethod
    def render(self, recording: Recording) -> Iterator[Array]:
        """The output, in blocks."""

    def moves(self, latency: int, tail: int) -> tuple[int, int]:
        """Latency and tail of what comes out, for those of what comes in."""
        return latency, tail

    def open(self, fmt: Format) -> Processor:
        """Begin one signal, kept in memory until `flush`; the engine uses `render` and a file instead."""
        from .processors import BufferWholeSignal

        return BufferWholeSignal(self, fmt)


def check_format(fs: Any, channels: Any) -> None:
    """Raise `SignalError` for a rate or a number of channels that no signal has."""
    if isinstance(fs, bool) or not isinstance(fs, Real) or not 0 < float(fs) < math.inf:
        raise SignalError(f"a sampling rate is a number above 0, in Hz, got {fs!r}")
    if isinstance(channels, bool) or not isinstance(channels, Integral) or channels < 1:
        raise SignalError(f"a signal has at least 1 channel, got {channels!r}")


def require(condition: bool, message: str, setting: str) -> None:
    """Raise `SettingError` on ``setting`` unless the condition holds."""
    if not condition:
        raise SettingError(message, setting)
