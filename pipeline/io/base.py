"""The shapes every reader and writer shares: what a signal is, what was asked, what was written.

A block is an array of shape ``(frames, channels)``. Full scale of integer audio is ±1.0; tables keep their
numbers as they are. A reader delivers exactly the frames its file declares, or raises: never fewer in silence.
"""

from __future__ import annotations

import math
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..errors import SignalError, without_secrets
from ..system import FolderSync

if TYPE_CHECKING:
    from .sink import Sink

Block = NDArray[Any]
PathArg = str | bytes | os.PathLike[str] | os.PathLike[bytes]

MAX_CHANNELS = 64
"""More than any recorder writes in one file; a broken header asks for thousands."""

PIECE_FRAMES = 1 << 18
"""A read is done in pieces of at most this, so that a header that lies about its length allocates nothing."""


WRITE_FRAMES = 1 << 15
"""A block is written in pieces of at most this, which stay in the processor's cache from rounding to writing."""


@dataclass(frozen=True)
class TimeColumn:
    """How the time column of a table is written, so that an output can be given one in the same form.

    Attributes
    ----------
    name, position : the column's header and its place among all columns of the file.
    start : time of frame 0 in seconds; for ISO 8601 since 1970-01-01 on the clock of ``zone``.
    step : seconds between frames.
    iso : ISO 8601 text, not numbers.
    digits : decimals of every row; None where they differ from row to row.
    separator, length, zone : of ISO 8601: ``"T"`` or a space, characters before the zone, and the zone (``"Z"``).
    """

    name: str
    position: int
    start: Decimal
    step: Decimal
    iso: bool = False
    digits: int | None = None
    separator: str = " "
    length: int = 19
    zone: str = ""


@dataclass(frozen=True)
class SignalInfo:
    """What is known of a signal before its first frame is read.

    Attributes
    ----------
    fs : sampling rate in Hz.
    channels : number of channels.
    frames : number of frames; None when it is not known beforehand (a pipe).
    container : ``"WAV"``, ``"RF64"``, ``"W64"``, ``"FLAC"``, ``"AIFF"``, ``"OGG"``, ``"MP3"``, ``"CSV"``, ``"NPY"`` or
        ``"NPZ"``.
    subtype : libsndfile's name of the encoding (``"PCM_16"``, ``"FLOAT"``); None for tables.
    names : channel names of a table; empty when it has none.
    time : the time column of a table, if one was named.
    delimiter : between the columns of a CSV.
    tags : title, artist and the like, as (name, text).
    chunks : RIFF chunks worth carrying (bext, iXML, cue, LIST, smpl), as (id, bytes).
    dropped : ids of RIFF chunks that are not understood, to be named in a report.
    channel_mask : loudspeaker positions of WAVE_FORMAT_EXTENSIBLE; 0 says nothing.
    """

    fs: float
    channels: int
    frames: int | None
    container: str
    subtype: str | None
    names: tuple[str, ...] = ()
    time: TimeColumn | None = None
    delimiter: str = ","
    tags: tuple[tuple[str, str], ...] = ()
    chunks: tuple[tuple[bytes, bytes], ...] = field(default=(), repr=False)
    dropped: tuple[str, ...] = ()
    channel_mask: int = 0

    @property
    def t0(self) -> float | None:
        """Time of frame 0 in seconds (ISO 8601: since 1970-01-01), or None without a time column."""
        return None if self.time is None else float(self.time.start)

    @property
    def is_table(self) -> bool:
        """Whether the numbers are those of a table, with no full scale."""
        return self.subtype is None


@dataclass(frozen=True)
class ReadOptions:
    """What :func:`pipeline.io.open_reader` was asked for; its docstring explains each."""

    dtype: DTypeLike = np.float64
    fs: float | None = None
    truncated: Literal["error", "accept"] = "error"
    columns: Sequence[str | int] | None = None
    time_column: str | int | None = None
    gaps: str = "error"
    container: str = ""
    """Container that was recognised by its first bytes."""


@dataclass(frozen=True)
class OutputFormat:
    """What ``format:`` and ``clip:`` ask of an output.

    Attributes
    ----------
    subtype : libsndfile's name of the encoding; None takes that of the source, or the nearest to it.
    dither : ``"tpdf"`` adds triangular noise 2 LSB wide before rounding; ``"none"`` only rounds.
    clip : ``"warn"`` counts what is over full scale, ``"error"`` stops at the first.
    """

    subtype: str | None = None
    dither: Literal["none", "tpdf"] = "none"
    clip: Literal["warn", "error"] = "warn"


@dataclass(frozen=True)
class WriteReport:
    """What was written.

    Attributes
    ----------
    path : the final name, or ``"-"``.
    container, subtype, frames, fs, channels : of the file as written.
    peak : largest magnitude before clipping, linear.
    clipped : number of samples over full scale; first_clip : (frame, channel) of the first of them.
    bytes : size of the file.
    notes : in words, what a reader of the report must know: a subtype changed, metadata lost, RF64.
    """

    path: str
    container: str
    subtype: str | None
    frames: int
    fs: float
    channels: int
    peak: float
    clipped: int
    first_clip: tuple[int, int] | None
    bytes: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class WriteRequest:
    """What :func:`pipeline.io.open_writer` was asked for, checked."""

    path: str
    fs: float
    channels: int
    frames: int | None
    source: SignalInfo | None
    fmt: OutputFormat
    overwrite: bool
    container: str
    """Container that the extension stands for."""


class Reader(ABC):
    """A signal that is read from its first frame to its last.

    A new one implements :meth:`_read_piece` and :meth:`close`.

    Attributes
    ----------
    info : what is known of the signal.
    warnings : what was accepted in spite of a fault; it may grow until the last frame is read.
    """

    def __init__(self, info: SignalInfo, dtype: DTypeLike) -> None:
        self.info = info
        self.warnings: list[str] = []
        self._dtype = np.dtype(dtype)
        self._done = 0
        self._ended = False

    @property
    def frames_read(self) -> int:
        """Frames that were read so far."""
        return self._done

    @abstractmethod
    def _read_piece(self, frames: int) -> Block:
        """At most ``frames`` frames, fewer only at the end; raises when the file ends before it should."""

    def read(self, frames: int) -> Block:
        """The next ``frames`` frames; fewer only at the end, then ``(0, channels)``."""
        pieces: list[Block] = []
        wanted = frames
        while wanted > 0 and not self._ended:
            ask = min(wanted, PIECE_FRAMES)
            piece = self._read_piece(ask)
            self._done += len(piece)
            wanted -= len(piece)
            self._ended = len(piece) < ask
            pieces.append(piece)
        if not pieces:
            return np.zeros((0, self.info.channels), self._dtype)
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    def blocks(self, frames: int) -> Iterator[Block]:
        """The rest, in blocks of ``frames`` frames, the last one shorter."""
        while len(block := self.read(frames)):
            yield block

    def skip(self, frames: int) -> None:
        """Go on by ``frames`` frames, as far as there are any; where nothing better is known they are read."""
        while frames > 0 and (skipped := len(self.read(min(frames, PIECE_FRAMES)))):
            frames -= skipped

    @abstractmethod
    def close(self) -> None:
        """Let go of the file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Writer(ABC):
    """A file that appears under its name only when :meth:`commit` says so; leaving its ``with`` without it forgets it.

    A new one implements :meth:`_write` and :meth:`_finish`, and puts what it opens into ``outputs``.

    Attributes
    ----------
    full_scale : the largest magnitude that is surely not clipped; None when nothing is (floats, tables).
    outputs : the files behind it, in the order in which they get their names.
    """

    full_scale: float | None = None

    def __init__(self, request: WriteRequest) -> None:
        self.request = request
        self.notes: list[str] = []
        self.frames = 0
        self.outputs: list[Sink] = []
        self._peak = 0.0
        self._open = True
        self._report_at_end: WriteReport | None = None

    @abstractmethod
    def _write(self, block: Block) -> None:
        """Append a checked, non-empty block."""

    @abstractmethod
    def _finish(self) -> WriteReport:
        """Write what comes last."""

    def _close(self) -> None:  # noqa: B027 - most have nothing else
        """Let go of what is not in ``outputs``; called once, before these are forgotten."""

    def write(self, block: Block) -> None:
        """Append ``(n, channels)`` frames; on any error the file is forgotten."""
        if not self._open or self._report_at_end is not None:
            raise ValueError(f"{self.request.path}: written to after commit or abort")
        try:
            self._check(block)
            for start in range(0, len(block), WRITE_FRAMES):
                piece = block[start : start + WRITE_FRAMES]
                self._peak = max(self._peak, _largest(piece))
                self._write(piece)
                self.frames += len(piece)
        except BaseException:
            self.abort()
            raise

    def _check(self, block: Block) -> None:
        if block.ndim != 2 or block.shape[1] != self.request.channels:
            raise SignalError(f"a block has shape (frames, {self.request.channels}), got {block.shape}")

    def finish(self) -> WriteReport:
        """Make the file whole, and leave it hidden; a second call changes nothing."""
        if not self._open:
            raise ValueError(f"{self.request.path}: committed after commit or abort")
        if self._report_at_end is None:
            try:
                self._report_at_end = self._finish()
            except BaseException:
                self.abort()
                raise
        return self._report_at_end

    def commit(self, folders: FolderSync | None = None) -> WriteReport:
        """Make the file whole, durable and visible under its final name, which ``folders`` makes durable if given."""
        report = self.finish()
        try:
            for output in self.outputs:
                output.commit(folders)
        except BaseException:
            self.abort()
            raise
        self._open = False
        return report

    def abort(self) -> None:
        """Forget the file; whatever stood under its name stays."""
        if self._open:
            self._open = False
            self._close()
            for output in self.outputs:
                output.abort()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.abort()

    def _report(self, container: str, subtype: str | None, size: int, **clips: Any) -> WriteReport:
        request = self.request
        return WriteReport(
            path=without_secrets(request.path),
            container=container,
            subtype=subtype,
            frames=self.frames,
            fs=request.fs,
            channels=request.channels,
            peak=self._peak,
            clipped=clips.get("clipped", 0),
            first_clip=clips.get("first_clip"),
            bytes=size,
            notes=tuple(self.notes),
        )


def _largest(block: Block) -> float:
    """The largest magnitude among the finite samples."""
    largest = float(max(block.max(), -block.min()))
    if math.isfinite(largest):
        return largest
    return float(np.max(np.abs(block), where=np.isfinite(block), initial=0.0))
