"""Open a signal for reading by its content and for writing by its extension, as the table of kinds has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import DTypeLike

from ..errors import FileError, ReadError, UnitError, UsageError, WriteError
from ..limits import LEAST_FS, MAX_FRAMES, MOST_FS, at_most
from ..plugins import naming_plugin
from ..units import Duration, parse_duration
from .base import OutputFormat, PathArg, Reader, ReadOptions, SignalInfo, Writer, WriteRequest
from .encodings import AUDIO_CONTAINERS, choose_subtype
from .kinds import ReaderKind, WriterKind, kind_of, loaded, writer_kind
from .names import display
from .plugged import PluggedReader, PluggedWriter
from .riff_metadata import metadata
from .source import Source, open_source

if TYPE_CHECKING:
    from .dialect import TableSettings


READING = ("fs", "truncated", "columns", "time_column", "gaps", "time_unit", "max_gap", "table",
           "source", "triggered")  # fmt: skip
"""Options of `open_reader` that say how inputs are read; those of stages likewise."""


def open_reader(
    path: PathArg,
    *,
    dtype: DTypeLike = np.float64,
    fs: float | None = None,
    truncated: Literal["error", "accept"] = "error",
    columns: Sequence[str | int] | None = None,
    time_column: str | int | Sequence[str | int] | None = None,
    gaps: str = "error",
    time_unit: str | None = None,
    max_gap: float | Duration | None = None,
    table: TableSettings | Mapping[str, Any] | None = None,
    untold_fs: float | None = None,
    source: Sequence[str] = (),
    triggered: Literal["expand", "as_stored"] = "expand",
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
        of a table, by name or position: dates, clock times, or numbers; a list of columns is joined, date first.
    gaps
        in the time, and missing values: ``"error"``, ``"interpolate"`` (a straight line), ``"nan"``, or ``"split"`` at
        missing rows, into `Reader.parts`.
    time_unit
        of a time column of numbers: ``"s"``, ``"ms"``, ``"us"``, ``"ns"``, ``"min"``, ``"h"``, ``"d"``; else what its
        header says, or that in which an epoch would be of our time, or seconds.
    max_gap
        seconds of the longest gap that is filled.
    table
        form of a table in a text, where it is not seen by itself: `TableSettings`, or a mapping of them.
    untold_fs
        rate in Hz of a table that tells none, as taps; then it need not have ``time_column`` and ``columns``, either.
    source
        names of the signals that are taken of a file that holds several; none where there is only one way.
    triggered
        ``"as_stored"`` leaves the coded quiet of a triggered AudioMoth recording in its audio.

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
    opened = open_source(path)
    try:
        kind = kind_of(opened)
        options = ReadOptions(
            dtype, fs, truncated, columns, time_column, gaps, time_unit, _duration(max_gap), _table(table), untold_fs,
            tuple(source), triggered, kind.container,
        )  # fmt: skip
        reader = opened_reader(kind, opened, options)
        if untold_fs is None:
            _check_limits(opened.name, reader.info)
        if not reader.info.is_table and untold_fs is None:
            refuse_table(options, opened.name, f"{reader.info.container} audio", reader.info.fs)
    except BaseException:
        opened.close()
        raise
    return reader


def _duration(max_gap: object) -> Duration | None:
    try:
        return None if max_gap is None else parse_duration(max_gap)
    except UnitError as error:
        raise UsageError(f"max_gap: {error}") from None


def _table(table: TableSettings | Mapping[str, Any] | None) -> TableSettings | None:
    if not isinstance(table, Mapping):
        return table
    from .dialect import TableSettings

    return TableSettings(**table)


def _check_number(name: str, fs: Any) -> None:
    if isinstance(fs, bool) or not isinstance(fs, Real | None):
        raise UsageError(f"{name}: the sampling rate must be a number of Hz, got {fs!r}")


def opened_reader(kind: ReaderKind, source: Source, options: ReadOptions) -> Reader:
    """The reader of a row for a file; raises `ReadError` in the name of its plugin."""
    if kind.plugin is None and options.source:
        raise UsageError(f"{source.name}: {kind.container} holds one signal, which has no name; leave source out")
    reader: Reader = _opened(kind, Reader, ReadError, source.name, source, options)
    return reader if kind.plugin is None else PluggedReader(reader, source.name, kind.plugin)


def _opened(kind: Any, wanted: type, error: type[FileError], name: str, *arguments: Any) -> Any:
    opener = loaded(kind.open, kind.plugin)
    if kind.plugin is None:
        return opener(*arguments)
    with naming_plugin(error, name, kind.plugin):
        opened = opener(*arguments)
    if not isinstance(opened, wanted):
        raise error(name, f"{kind.plugin} breaks a promise: it opens a {wanted.__name__}, got {opened!r:.80}")
    return opened


def _check_limits(name: str, info: SignalInfo) -> None:
    """Refuse more frames than are read of one file, and rates that sums would carry out of the range of numbers."""
    if (info.frames or 0) > MAX_FRAMES:
        raise ReadError(name, f"declares {info.frames:,} frames; {at_most('frames')} can be read")
    if not LEAST_FS <= info.fs <= MOST_FS:
        raise ReadError(name, f"the sampling rate must be from {LEAST_FS} to {MOST_FS} Hz, got {info.fs}")


def refuse_table(options: ReadOptions, name: str, what: str, fs: float) -> None:
    """Refuse what only a table can be asked for, its columns and times, and a rate that is not the file's own."""
    if options.columns is not None or options.time_column is not None:
        raise UsageError(f"{name}: columns and time_column are for tables, this is {what}")
    if options.fs is not None and options.fs != fs:
        raise ReadError(name, f"is sampled at {fs:g} Hz, fs says {options.fs:g} Hz; leave fs out")


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
    _check_number(name := display(path), fs)
    if not fs > 0:
        raise UsageError(f"{name}: the sampling rate must be above 0 Hz, got {fs:g} Hz")
    if channels < 1:
        raise UsageError(f"{name}: a signal has at least 1 channel, got {channels}")
    kind = writer_kind(name, source)
    fmt = fmt or OutputFormat()
    request = WriteRequest(name, float(fs), channels, frames, source, fmt, overwrite, kind.container)
    writer = opened_writer(kind, request)
    if kind.is_table and source is not None and (source.tags or source.chunks or source.attached or source.dropped):
        writer.notes += metadata().all_lost(source)
    return writer


def opened_writer(kind: WriterKind, request: WriteRequest) -> Writer:
    """The writer of a row; raises `WriteError` in the name of its plugin."""
    writer: Writer = _opened(kind, Writer, WriteError, request.path, request)
    return writer if kind.plugin is None else PluggedWriter(writer, kind.plugin)


def container_and_subtype(path: PathArg, source: SignalInfo | None, wanted: str | None) -> tuple[str, str | None]:
    """Container that an output's name asks for, and the encoding in it; None in a table.

    Raises
    ------
    UsageError
        An extension that cannot be written, or an encoding that its container does not hold.
    """
    name = display(path)
    container = writer_kind(name, source).container
    is_audio = container in AUDIO_CONTAINERS
    return container, choose_subtype(name, container, source, wanted)[0] if is_audio else wanted
