"""Open a signal for reading by its content and for writing by its extension.

Each container is a row of a table: its name, the test that knows its first bytes or its extensions, and what opens it,
loaded when a file first needs it. A row of another distribution stands behind an entry point named after the extension
(`pipeline.plugins`) and is asked for such files alone; a file of one's own adds rows with `register_reader` and
`register_writer`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from numbers import Real
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
from numpy.typing import DTypeLike

from ..errors import FileError, PluginError, ReadError, UnitError, UsageError, WriteError
from ..limits import LEAST_FS, MAX_FRAMES, MOST_FS, at_most
from ..plugins import OWN, Plugin, file_being_loaded, for_extension, installed, naming_plugin
from ..text import nearest
from ..units import Duration, parse_duration
from .base import OutputFormat, PathArg, Reader, ReadOptions, SignalInfo, Writer, WriteRequest
from .encodings import AUDIO_CONTAINERS, choose_subtype
from .kinds import ReaderKind, WriterKind, loaded, only_one
from .names import display, is_stream
from .plugged import PluggedReader, PluggedWriter
from .riff_metadata import metadata
from .source import Source, explain_unknown, head_of, in_record, is_flac, is_mp3, looks_like_text, open_source

if TYPE_CHECKING:
    from .dialect import TableSettings


Row = TypeVar("Row")

_PLAIN_READER, _SNDFILE_WRITER = "pipeline.io.joined:open_plain", "pipeline.io.sndfile:SndfileWriter"
_W64 = bytes.fromhex("726966662e91cf11a5d628db04c10000")

_readers = [
    ReaderKind(
        "WAV",
        lambda head: head[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64") and head[8:12] == b"WAVE",
        "pipeline.io.wav:open_wav",
    ),
    ReaderKind("W64", lambda head: head.startswith(_W64), _PLAIN_READER),
    ReaderKind("FLAC", is_flac, "pipeline.io.joined:open_flac"),
    ReaderKind("AIFF", lambda head: head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"), _PLAIN_READER),
    ReaderKind("AU", lambda head: head.startswith((b".snd", b"dns.")), _PLAIN_READER),
    ReaderKind("CAF", lambda head: head.startswith(b"caff"), _PLAIN_READER),
    ReaderKind("NIST", lambda head: head.startswith(b"NIST_1A\n"), _PLAIN_READER),
    ReaderKind("OGG", lambda head: head.startswith(b"OggS"), "pipeline.io.joined:open_ogg"),
    ReaderKind("MP3", is_mp3, "pipeline.io.joined:open_mpeg"),
    ReaderKind("NPY", lambda head: head.startswith(b"\x93NUMPY"), "pipeline.io.arrays:ArrayReader"),
    ReaderKind("NPZ", lambda head: head.startswith((b"PK\x03\x04", b"PK\x05\x06")), "pipeline.io.arrays:ArrayReader"),
]
_CSV_READER = ReaderKind("CSV", lambda _: False, "pipeline.io.csv_file:CsvReader")
"""Text has no signature: CSV is what is left when nothing else matches and the first bytes are text."""

_writers: dict[str, WriterKind] = {}


def register_reader(kind: ReaderKind) -> None:
    """Add a container to read; it is asked after those that are registered already."""
    _readers.append(replace(kind, plugin=kind.plugin or file_being_loaded()))


def register_writer(kind: WriterKind) -> None:
    """Add a container to write, by its extensions (lower case, with the dot)."""
    for extension in kind.extensions:
        if extension in _writers:
            raise UsageError(f"{extension} is written as {_writers[extension].container} already")
        _writers[extension] = replace(kind, plugin=kind.plugin or file_being_loaded())


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


OWN["reader"] = OWN["writer"] = frozenset(_writers)


def row_of(plugin: Plugin, kind: type[Row]) -> Row:
    """The row that a plugin gives, checked: its type, and its extension, which is none of faltung's own."""
    what = plugin.words
    if plugin.problem is None and plugin.extension in OWN.get(plugin.kind, ()):
        raise PluginError(f"{what} is for {plugin.extension}, which is faltung's own; give its files another extension")
    row = plugin.load()
    if not isinstance(row, kind):
        raise PluginError(f"{what} is {row!r:.80}, not a {kind.__name__}")
    if plugin.extension not in getattr(row, "extensions", [plugin.extension]):
        raise PluginError(f"{what} writes {', '.join(row.extensions)}, its name says {plugin.extension}; make them one")  # type: ignore[attr-defined]
    return replace(row, plugin=what)  # type: ignore[type-var]


def _writer_for(name: str) -> WriterKind | None:
    """The row for an output's name; None where there is none."""
    own = _writers.get(PurePath(name).suffix.lower())
    if own is not None:
        return own
    plugin = only_one(for_extension("writer", name))
    return None if plugin is None else row_of(plugin, WriterKind)


def extensions() -> tuple[str, ...]:
    """Extensions that can be read or written."""
    plugins = [*installed("reader").values(), *installed("writer").values()]
    return tuple(sorted({*_writers, *(plugin.extension for plugin in plugins)}))


def is_audio_name(path: PathArg) -> bool:
    """Whether an output of this name is audio, which tells its rate itself."""
    return (kind := _writers.get(PurePath(display(path)).suffix.lower())) is not None and not kind.is_table


def is_table_name(path: PathArg) -> bool:
    """Whether an output of this name is a table: numbers as they are, and perhaps a sidecar with their rate."""
    try:
        kind = _writer_for(display(path))
    except PluginError:  # told when it is opened
        return False
    return kind is not None and kind.is_table


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
    time_column: str | int | None = None,
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
        of a table, by name or position: dates, clock times, or numbers.
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
        kind = _kind_of(opened)
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


def is_known(path: PathArg) -> bool:
    """Whether a file is in a known format or a part of one; raises `ReadError` where it cannot be opened."""
    head = head_of(path)
    return any(kind.matches(head) for kind in _readers) or looks_like_text(head) or in_record(display(path))


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


def _kind_of(source: Source) -> ReaderKind:
    for kind in _readers:
        if kind.matches(source.head):
            return kind
    extension = PurePath(source.name).suffix.lower()
    named = for_extension("reader", source.name)
    for plugin in named:
        kind = row_of(plugin, ReaderKind)
        if matches(kind, source.name, source.head):
            return kind
    if extension in (".mp3", ".mp2", ".mpga"):
        from .mpeg import begins_later

        if begins_later(source.head):
            return next(kind for kind in _readers if kind.container == "MP3")
    claims_audio = extension in _writers and _writers[extension].container != "CSV"
    if looks_like_text(source.head) and not claims_audio and not in_record(source.name):
        return _CSV_READER
    for plugin in installed("reader").values():  # the name says nothing, so the first bytes have to
        with suppress(PluginError):
            if plugin not in named and matches(kind := row_of(plugin, ReaderKind), source.name, source.head):
                return kind
    tried = [f"; {plugin.name} of {plugin.owner} does not know it" for plugin in named]
    raise ReadError(source.name, "".join([explain_unknown(source.head, source.name, known=bool(named)), *tried]))


def matches(kind: ReaderKind, name: str, head: bytes) -> bool:
    """Whether a row is for a file of such first bytes; raises `ReadError` in the name of its plugin."""
    with naming_plugin(ReadError, name, str(kind.plugin)):
        return bool(kind.matches(head))


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


def writer_kind(name: str, source: SignalInfo | None) -> WriterKind:
    """Kind of container that an output of this name is; raises `UsageError` when its extension says no format."""
    kind = _writer_for(name)
    if kind is None and is_stream(name):
        kind = _writers[".csv" if source is not None and source.is_table else ".wav"]
    if kind is not None:
        return kind
    extension = PurePath(name).suffix.lower()
    hint = f"; did you mean {near}?" if (near := nearest(extension, _writers, 0.5)) else ""
    known = ", ".join(sorted({*_writers, *(plugin.extension for plugin in installed("writer").values())}))
    what = f"unknown extension {extension!r}" if extension else "no extension"
    hint = hint if extension else f"; write {name}.wav, or {name}/{{stem}}.wav for a folder"
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
    is_audio = container in AUDIO_CONTAINERS
    return container, choose_subtype(name, container, source, wanted)[0] if is_audio else wanted
