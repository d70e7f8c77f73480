"""Open a signal for reading by its content and for writing by its extension.

Each container is a row of a table: its name, the test that knows its first bytes or its extensions, and what opens it,
loaded when a file first needs it. Another distribution adds rows with `register_reader` and `register_writer`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from numbers import Real
from pathlib import PurePath
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike

from ..errors import ReadError, UsageError
from ..limits import LEAST_FS, MAX_FRAMES, MOST_FS, at_most
from ..text import nearest
from .base import OutputFormat, PathArg, Reader, ReadOptions, SignalInfo, Writer, WriteRequest
from .encodings import AUDIO_CONTAINERS, choose_subtype
from .names import display, is_stream
from .source import Source, explain_unknown, is_flac, is_mp3, looks_like_text, open_source


@dataclass(frozen=True)
class ReaderKind:
    """A container that can be read: a test of the first bytes, and what opens it (or its place, ``"module:name"``)."""

    container: str
    matches: Callable[[bytes], bool]
    open: Callable[[Source, ReadOptions], Reader] | str


@dataclass(frozen=True)
class WriterKind:
    """A container that can be written: its extensions, and what opens it (or its place, ``"module:name"``).

    ``is_table`` says that it holds numbers as they are, with no full scale.
    """

    container: str
    extensions: tuple[str, ...]
    open: Callable[[WriteRequest], Writer] | str
    is_table: bool = False


_SNDFILE_READER, _SNDFILE_WRITER = "pipeline.io.sndfile:SndfileReader", "pipeline.io.sndfile:SndfileWriter"
_W64 = bytes.fromhex("726966662e91cf11a5d628db04c10000")

_readers = [
    ReaderKind(
        "WAV",
        lambda head: head[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64") and head[8:12] == b"WAVE",
        "pipeline.io.wav:open_wav",
    ),
    ReaderKind("W64", lambda head: head.startswith(_W64), _SNDFILE_READER),
    ReaderKind("FLAC", is_flac, _SNDFILE_READER),
    ReaderKind("AIFF", lambda head: head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"), _SNDFILE_READER),
    ReaderKind("OGG", lambda head: head.startswith(b"OggS"), _SNDFILE_READER),
    ReaderKind("MP3", is_mp3, _SNDFILE_READER),
    ReaderKind("NPY", lambda head: head.startswith(b"\x93NUMPY"), "pipeline.io.arrays:ArrayReader"),
    ReaderKind("NPZ", lambda head: head.startswith((b"PK\x03\x04", b"PK\x05\x06")), "pipeline.io.arrays:ArrayReader"),
]
_CSV_READER = ReaderKind("CSV", lambda _: False, "pipeline.io.csv_file:CsvReader")
"""Text has no signature: CSV is what is left when nothing else matches and the first bytes are text."""

_writers: dict[str, WriterKind] = {}


def register_reader(kind: ReaderKind) -> None:
    """Add a container to read; it is asked after those that are registered already."""
    _readers.append(kind)


def register_writer(kind: WriterKind) -> None:
    """Add a container to write, by its extensions (lower case, with the dot)."""
    for extension in kind.extensions:
        if extension in _writers:
            raise UsageError(f"{extension} is written as {_writers[extension].container} already")
        _writers[extension] = kind


for _kind in (
    WriterKind("WAV", (".wav", ".wave"), "pipeline.io.wav:open_wav_writer"),
    WriterKind("RF64", (".rf64",), "pipeline.io.wav:open_wav_writer"),
    WriterKind("W64", (".w64",), _SNDFILE_WRITER),
    WriterKind("FLAC", (".flac",), _SNDFILE_WRITER),
    WriterKind("AIFF", (".aif", ".aiff", ".aifc"), _SNDFILE_WRITER),
    WriterKind("OGG", (".ogg", ".oga", ".opus"), _SNDFILE_WRITER),
    WriterKind("MP3", (".mp3",), _SNDFILE_WRITER),
    WriterKind("CSV", (".csv", ".tsv", ".txt"), "pipeline.io.csv_file:CsvWriter", is_table=True),
    WriterKind("NPY", (".npy",), "pipeline.io.arrays:NpyWriter", is_table=True),
    WriterKind("NPZ", (".npz",), "pipeline.io.arrays:NpzWriter", is_table=True),
):
    register_writer(_kind)


@cache
def loaded(place: Any) -> Any:
    """Function or class that opens a container, given itself or by its place, ``"module:name"``."""
    if not isinstance(place, str):
        return place
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)


def extensions() -> tuple[str, ...]:
    """Extensions that can be written."""
    return tuple(sorted(_writers))


def is_audio_name(path: PathArg) -> bool:
    """Whether an output of this name is audio, which tells its rate itself."""
    kind = _writers.get(PurePath(display(path)).suffix.lower())
    return kind is not None and not kind.is_table


def is_table_name(path: PathArg) -> bool:
    """Whether an output of this name is a table: numbers as they are, and perhaps a sidecar with their rate."""
    kind = _writers.get(PurePath(display(path)).suffix.lower())
    return kind is not None and kind.is_table


def open_reader(
    path: PathArg,
    *,
    dtype: DTypeLike = np.float64,
    fs: float | None = None,
    truncated: Literal["error", "accept"] = "error",
    columns: Sequence[str | int] | None = None,
    time_column: str | int | None = None,
    gaps: str = "error",
) -> Reader:
    """Open a signal for reading, whatever its extension says.

    Parameters
    ----------
    path
        of the file; ``"-"`` is standard input.
    dtype
        of the blocks, float32 or float64.
    fs
        sampling rate of a table in Hz; for audio it only has to agree.
    truncated
        ``"accept"`` takes what is there of a file whose header and audio disagree, with a warning.
    columns
        channels of a table, by name or by position from 0.
    time_column
        of a table, by name or position: ISO 8601, or numbers in seconds.
    gaps
        in the time column: ``"error"``, ``"interpolate"`` (a straight line) or ``"nan"``.

    Raises
    ------
    ReadError
        The file cannot be read, or is not what it declares.
    UsageError
        Options that do not go together.
    """
    if truncated not in ("error", "accept"):
        raise UsageError(f"truncated: is 'error' or 'accept', got {truncated!r}")
    if dtype not in (np.float32, np.float64, "float32", "float64"):
        raise UsageError(f"dtype: is float32 or float64, got {getattr(dtype, '__name__', dtype)}")
    _check_number(display(path), fs)
    source = open_source(path)
    try:
        kind = _kind_of(source)
        options = ReadOptions(dtype, fs, truncated, columns, time_column, gaps, kind.container)
        reader: Reader = loaded(kind.open)(source, options)
        _check_limits(source.name, reader.info)
        if not reader.info.is_table:
            _check_audio_options(source.name, reader.info, options)
    except BaseException:
        source.close()
        raise
    return reader


def _check_number(name: str, fs: Any) -> None:
    if isinstance(fs, bool) or not isinstance(fs, Real | None):
        raise UsageError(f"{name}: the sampling rate must be a number of Hz, got {fs!r}")


def _kind_of(source: Source) -> ReaderKind:
    for kind in _readers:
        if kind.matches(source.head):
            return kind
    extension = PurePath(source.name).suffix.lower()
    claims_audio = extension in _writers and _writers[extension].container != "CSV"
    if looks_like_text(source.head) and not claims_audio:
        return _CSV_READER
    raise ReadError(source.name, explain_unknown(source.head, extension))


def _check_limits(name: str, info: SignalInfo) -> None:
    if (info.frames or 0) > MAX_FRAMES:
        raise ReadError(name, f"declares {info.frames:,} frames; {at_most('frames')} can be read")
    if not LEAST_FS <= info.fs <= MOST_FS:
        raise ReadError(name, f"the sampling rate must be from {LEAST_FS} to {MOST_FS} Hz, got {info.fs}")


def _check_audio_options(name: str, info: SignalInfo, options: ReadOptions) -> None:
    if options.columns is not None or options.time_column is not None:
        raise UsageError(f"{name}: columns and time_column are for tables, this is {info.container} audio")
    if options.fs is not None and options.fs != info.fs:
        raise ReadError(name, f"is sampled at {info.fs:g} Hz, fs says {options.fs:g} Hz; leave fs out for audio")


def open_writer(
    path: PathArg,
    *,
    fs: float,
    channels: int,
    frames: int | None = None,
    source: SignalInfo | None = None,
    fmt: OutputFormat | None = None,
    overwrite: bool = False,
) -> Writer:
    """Open a signal for writing; nothing appears under its name before ``commit``.

    Parameters
    ----------
    path
        its extension decides the container; ``"-"`` is standard output, a WAV (for a table, a CSV).
    fs
        sampling rate in Hz.
    channels
        number of channels.
    frames
        how many there will be, if known; it only decides what a header keeps room for.
    source
        the input, whose encoding, tags, names and time column the output keeps where it can.
    fmt
        encoding, dither and clipping.
    overwrite
        replace what stands under the name.

    Raises
    ------
    UsageError
        Refused before anything is touched: the name is taken, its extension is not known, or the container cannot
        hold the rate, the channels or the encoding.
    WriteError
        It cannot be written, with the true cause.
    """
    name = display(path)
    _check_number(name, fs)
    if not fs > 0:
        raise UsageError(f"{name}: the sampling rate must be above 0 Hz, got {fs:g} Hz")
    if channels < 1:
        raise UsageError(f"{name}: a signal has at least 1 channel, got {channels}")
    kind = writer_kind(name, source)
    fmt = fmt or OutputFormat()
    request = WriteRequest(name, float(fs), channels, frames, source, fmt, overwrite, kind.container)
    writer: Writer = loaded(kind.open)(request)
    return writer


def writer_kind(name: str, source: SignalInfo | None) -> WriterKind:
    """Kind of container that an output of this name is; raises `UsageError` when its extension says no format."""
    extension = PurePath(name).suffix.lower()
    if extension not in _writers and is_stream(name):
        extension = ".csv" if source is not None and source.is_table else ".wav"
    if extension in _writers:
        return _writers[extension]
    near = nearest(extension, _writers, 0.5)
    hint = f"; did you mean {near}?" if near else ""
    known = ", ".join(sorted(_writers))
    what = f"unknown extension {extension!r}" if extension else "no extension"
    raise UsageError(f"{name}: {what}; the extension decides the format: {known}{hint}")


def container_and_subtype(path: PathArg, source: SignalInfo | None, wanted: str | None) -> tuple[str, str | None]:
    """Container that an output's name asks for, and the encoding in it; None in a table.

    Raises
    ------
    UsageError
        An extension that cannot be written, or an encoding that its container does not hold.
    """
    name = display(path)
    container = writer_kind(name, source).container
    if container not in AUDIO_CONTAINERS:
        return container, wanted
    return container, choose_subtype(name, container, source, wanted)[0]
