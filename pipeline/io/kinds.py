"""Kinds of containers: how each is known and what opens it, loaded when a file first needs it.

Each container is a row of a table: its name, the test that knows its first bytes or its extensions, and what opens it.
A row of another distribution stands behind an entry point named after the extension (`pipeline.plugins`) and is asked
for such files alone; a file of one's own adds rows with `register_reader` and `register_writer`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path, PurePath
from typing import Any, TypeVar

from ..errors import FaltungError, PluginError, ReadError, UsageError
from ..plugins import OWN, Plugin, bundled, file_being_loaded, for_extension, importing, installed, naming_plugin
from ..text import extension_shown, nearest
from .base import PathArg, Reader, ReadOptions, SignalInfo, Writer, WriteRequest
from .names import display, is_stream
from .source import Source, explain_unknown, head_of, in_record, is_flac, is_mp3, looks_like_text


@dataclass(frozen=True)
class ReaderKind:
    """A container that can be read: a test of the first bytes, and what opens it (or its place, ``"module:name"``)."""

    container: str
    matches: Callable[[bytes], bool]
    open: Callable[[Source, ReadOptions], Reader] | str
    plugin: str | None = None
    """The plugin that it comes from, in words; None of faltung's own."""
    files: Callable[[Path], Iterable[Path]] | str | None = None
    """Gives the other files that a signal is made of, where it is made of several: they are read, and no output."""


@dataclass(frozen=True)
class WriterKind:
    """A container that can be written: its extensions, and what opens it (or its place, ``"module:name"``).

    ``is_table`` says that it holds numbers as they are, with no full scale.
    """

    container: str
    extensions: tuple[str, ...]
    open: Callable[[WriteRequest], Writer] | str
    is_table: bool = False
    plugin: str | None = None
    """The plugin that it comes from, in words; None of faltung's own."""


def loaded(place: Any, plugin: str | None = None) -> Any:
    """Function or class that opens a container, given itself or by its place, ``"module:name"``.

    Raises
    ------
    PluginError
        it is that of a ``plugin``, and cannot be imported.
    """
    if not isinstance(place, str):
        return place
    module, _, name = place.partition(":")
    if plugin is None:
        return getattr(bundled(module, "such a file"), name)
    with importing(f"{plugin} cannot be imported"):
        return getattr(import_module(module), name)


def only_one(plugins: Sequence[Plugin]) -> Plugin | None:
    """The plugin that is for a file; raises `PluginError` where it is two."""
    if len(plugins) > 1:
        names = " and ".join(f"{one.name!r} of {one.owner}" for one in plugins)
        raise PluginError(f"two {plugins[0].kind}s are for {plugins[0].extension}, {names}; uninstall one")
    return plugins[0] if plugins else None


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
    ReaderKind("OGG", lambda head: head.startswith(b"OggS"), "faltung_codecs.ogg:open_ogg"),
    ReaderKind("MP3", is_mp3, "faltung_codecs.mpeg:open_mpeg"),
    ReaderKind("NPY", lambda head: head.startswith(b"\x93NUMPY"), "pipeline.io.arrays:ArrayReader"),
    ReaderKind("NPZ", lambda head: head.startswith((b"PK\x03\x04", b"PK\x05\x06")), "pipeline.io.arrays:ArrayReader"),
]
_CSV_READER = ReaderKind("CSV", lambda _: False, "pipeline.io.csv_reader:CsvReader")
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
    WriterKind("CSV", (".csv", ".tsv", ".txt"), "pipeline.io.csv_writer:CsvWriter", is_table=True),
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


def is_known(path: PathArg) -> bool:
    """Whether a file is in a known format or a part of one; raises `ReadError` where it cannot be opened."""
    head = head_of(path)
    return kind_by(head) is not None or looks_like_text(head) or in_record(display(path))


def kind_by(head: bytes) -> ReaderKind | None:
    """Kind of container that first bytes alone tell; None where they do not."""
    return next((kind for kind in _readers if kind.matches(head)), None)


def kind_of(source: Source) -> ReaderKind:
    """Kind of container that a file is; raises `ReadError` where it is none."""
    told = kind_by(source.head)
    if told is not None:
        return told
    extension = PurePath(source.name).suffix.lower()
    named = for_extension("reader", source.name)
    for plugin in named:
        kind = row_of(plugin, ReaderKind)
        if matches(kind, source.name, source.head):
            return kind
    cut_out = extension in (".mp3", ".mp2", ".mpga")  # of another, so that its first bytes are no frame
    if cut_out and bundled("faltung_codecs.mpeg", "an MP3").begins_later(source.head):
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


def other_files(path: Path) -> list[Path]:
    """The other files that a signal is made of, as its kind says; none where it cannot, which is told by reading it."""
    found: list[Path] = []
    for plugin in for_extension("reader", str(path)):
        with suppress(OSError, FaltungError):
            kind = row_of(plugin, ReaderKind)
            with naming_plugin(ReadError, str(path), str(kind.plugin)):
                found += [] if kind.files is None else map(Path, loaded(kind.files, kind.plugin)(path))
    return found


def matches(kind: ReaderKind, name: str, head: bytes) -> bool:
    """Whether a row is for a file of such first bytes; raises `ReadError` in the name of its plugin."""
    with naming_plugin(ReadError, name, str(kind.plugin)):
        return bool(kind.matches(head))


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
    what = f"unknown extension {extension_shown(name)!r}" if extension else "no extension"
    hint = hint if extension else f"; write {name}.wav, or {name}/{{stem}}.wav for a folder"
    raise UsageError(f"{name}: {what}; the extension decides the format: {known}{hint}")
