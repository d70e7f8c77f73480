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
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..errors import ReadError, SignalError
from ..system import FolderSync
from ..text import count, without_secrets
from ..units import Duration
from .clock import Clock

if TYPE_CHECKING:
    from .dialect import TableSettings
    from .sink import Sink
    from .stamps import TimeColumn

Block = NDArray[Any]
PathArg = str | bytes | os.PathLike[str] | os.PathLike[bytes]

_FLOAT_MAX = float(np.finfo(np.float32).max)

PIECE_FRAMES = 1 << 18
"""A read is done in pieces of at most this, so that a header that lies about its length allocates nothing."""

WRITE_FRAMES = 1 << 15
"""A block is written in pieces of at most this, which stay in the processor's cache from rounding to writing."""


@dataclass(frozen=True)
class SignalInfo:
    """Facts about a signal that are known before its first frame is read."""

    fs: float
    """Sampling rate in Hz."""
    channels: int
    """Number of channels."""
    frames: int | None
    """Number of frames; None when it is not known beforehand (a pipe)."""
    container: str
    """Kind of file: ``"WAV"``, ``"RF64"``, ``"W64"``, ``"FLAC"``, ``"AIFF"``, ``"AU"``, ``"CAF"``, ``"NIST"``,
    ``"OGG"``, ``"MP3"`` (MP2 too), ``"CSV"``, ``"NPY"`` or ``"NPZ"``."""
    subtype: str | None
    """Name of the encoding, libsndfile's (``"PCM_16"``, ``"FLOAT"``); None for tables."""
    names: tuple[str, ...] = ()
    """Channel names of a table; empty when it has none."""
    time: TimeColumn | None = None
    """The time column of a table, if one was named."""
    delimiter: str = ","
    """Separator of the columns of a CSV."""
    tags: tuple[tuple[str, str], ...] = ()
    """Title, artist and the like, as (name, text)."""
    chunks: tuple[tuple[bytes, bytes], ...] = field(default=(), repr=False)
    """RIFF chunks worth carrying (bext, iXML, cue, LIST, smpl), as (id, bytes)."""
    attached: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)
    """Pictures and blocks of other containers than WAV, as (name, bytes)."""
    dropped: tuple[str, ...] = ()
    """Names of metadata that are not understood, for a report."""
    channel_mask: int = 0
    """Loudspeaker positions of WAVE_FORMAT_EXTENSIBLE; 0 says nothing."""
    clocks: tuple[Clock, ...] = ()
    """True time of the frames: one clock for all channels, or one for each; none where the file tells no time."""

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
    """Choices of a caller of `open_reader`, whose docstring explains each."""

    dtype: DTypeLike = np.float64
    fs: float | None = None
    truncated: Literal["error", "accept"] = "error"
    columns: Sequence[str | int] | None = None
    time_column: str | int | Sequence[str | int] | None = None
    gaps: str = "error"
    time_unit: str | None = None
    max_gap: Duration | None = None
    table: TableSettings | None = None
    untold_fs: float | None = None
    source: Sequence[str] = ()
    triggered: Literal["expand", "as_stored"] = "expand"
    container: str = ""
    """Container that was recognised by its first bytes."""

    def accept(self, name: str, problem: str, taken: str) -> str:
        """Warning for a fault that ``truncated: accept`` forgives; else it is raised, as `ReadError`."""
        if self.truncated != "accept":
            raise ReadError(name, f"{problem}; set truncated: accept to take {taken}")
        return f"{problem}; took {taken}"


@dataclass(frozen=True)
class OutputFormat:
    """Choices of ``format:`` and ``clip:`` for an output."""

    subtype: str | None = None
    """Name of the encoding, libsndfile's; None takes that of the source, or the nearest to it."""
    dither: Literal["none", "tpdf"] = "none"
    """``"tpdf"`` adds triangular noise 2 LSB wide before rounding; ``"none"`` only rounds."""
    clip: Literal["warn", "error"] = "warn"
    """``"warn"`` counts what is over full scale, ``"error"`` stops at the first."""


@dataclass(frozen=True)
class WriteReport:
    """Facts about a file that was written."""

    path: str
    """Name of the file, or ``"-"``."""
    container: str
    subtype: str | None
    frames: int
    fs: float
    channels: int
    peak: float
    """Largest magnitude before clipping, linear."""
    clipped: int
    """Number of samples over full scale."""
    first_clip: tuple[int, int] | None
    """(frame, channel) of the first of them."""
    bytes: int
    """Size of the file."""
    notes: tuple[str, ...] = ()
    """Sentences that a reader of a report must know: a subtype changed, metadata lost, RF64."""


@dataclass(frozen=True)
class WriteRequest:
    """Choices of a caller of `open_writer`, checked."""

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

    A new one implements `_read_piece` and `close`.

    Attributes
    ----------
    info
        what is known of the signal.
    warnings
        what was accepted in spite of a fault; it may grow until the last frame is read.
    parts
        frames of each part that is run by itself, where gaps split the signal; else none.
    """

    def __init__(self, info: SignalInfo, dtype: DTypeLike) -> None:
        self.info, self.parts = info, tuple[int, ...]()
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
        """Read at most ``frames`` frames, fewer only at the end; raises when the file ends before it should."""

    @np.errstate(over="ignore")  # what single precision cannot hold is infinite there, which whoever reads it tells
    def read(self, frames: int) -> Block:
        """Read the next ``frames`` frames; fewer only at the end, then ``(0, channels)``."""
        pieces: list[Block] = []
        while frames > 0 and not self._ended:
            ask = min(frames, PIECE_FRAMES)
            piece = self._read_piece(ask)
            self._done += len(piece)
            frames -= len(piece)
            self._ended = len(piece) < ask
            pieces.append(piece)
        if not pieces:
            return np.zeros((0, self.info.channels), self._dtype)
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    def blocks(self, frames: int) -> Iterator[Block]:
        """Read the rest, in blocks of ``frames`` frames, the last one shorter."""
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
    """A file that appears under its name only when `commit` says so; leaving its ``with`` without it forgets it.

    A new one implements `_write` and `_finish`, and puts what it opens into ``outputs``.

    Attributes
    ----------
    full_scale
        the largest magnitude that is surely not clipped; None when nothing is (floats, tables).
    single
        whether samples are written as single precision, whose range doubles may exceed.
    outputs
        the files behind it, in the order in which they get their names.
    not_finite
        the first frame that was written with a NaN or an infinity; None without one.
    """

    full_scale: float | None = None

    def __init__(self, request: WriteRequest) -> None:
        self.request = request
        self.notes: list[str] = []
        self.frames = 0
        self.outputs: list[Sink] = []
        self.single = False
        self.not_finite: int | None = None
        self._peak = 0.0
        self._over = 0
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
                self._peak = max(self._peak, largest := self._largest(piece))
                self._write(self._in_range(piece) if self.single and largest > _FLOAT_MAX else piece)
                self.frames += len(piece)
        except BaseException:
            self.abort()
            raise

    def _largest(self, piece: Block) -> float:
        if math.isfinite(largest := float(max(piece.max(), -piece.min()))):
            return largest
        finite = np.isfinite(piece)
        if self.not_finite is None:
            self.not_finite = self.frames + int(np.argwhere(~finite)[0][0])
        return float(np.max(np.abs(piece), where=finite, initial=0.0))

    def _in_range(self, piece: Block) -> Block:
        """Samples that single precision cannot hold as the largest that it can, counted; infinite ones as they are."""
        over = (np.abs(piece) > _FLOAT_MAX) & np.isfinite(piece)
        if self.request.fmt.clip == "error":
            frame, channel = (int(i) for i in np.argwhere(over)[0])
            value = f"frame {self.frames + frame}, channel {channel} is {piece[frame, channel]:.6g}"
            raise SignalError(f"{value}: over the range of FLOAT; lower the gain, or write DOUBLE")
        self._over += int(np.count_nonzero(over))
        return np.where(over, np.clip(piece, -_FLOAT_MAX, _FLOAT_MAX), piece)

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
        if self._over:
            over = count(self._over, "sample")
            self.notes.append(f"{over} over the range of FLOAT, limited to it; lower the gain, or write DOUBLE")
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
