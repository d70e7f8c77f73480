"""Writes events to a file, by its extension: CSV, JSON lines and Parquet, and the formats of plugins.

Numbers are the shortest text that gives the same double. A file appears when it is whole; no events give a valid file.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, fields
from importlib.util import find_spec
from pathlib import PurePath
from types import SimpleNamespace

from ..errors import UsageError, WriteError
from ..io.base import PathArg
from ..io.kinds import loaded, only_one, row_of
from ..io.names import display, is_stream
from ..io.sink import Sink, open_sink
from ..plugins import OWN, Plugin, for_extension, installed, naming_plugin
from ..text import cell, extension_shown, nearest
from .events import Event, Events

COLUMNS = tuple(field.name for field in fields(Event))
"""Columns of CSV, JSON lines and Parquet."""


@dataclass(frozen=True)
class EventKind:
    """A kind of event file: its extensions, and what makes its bytes (or the place of that, ``"module:name"``)."""

    name: str
    extensions: tuple[str, ...]
    encode: Callable[[Sequence[Events]], bytes] | str
    one_recording: bool = False
    plugin: str | None = None
    """The plugin that it comes from, in words; None of faltung's own."""


def events_writer_of(plugin: Plugin) -> EventKind:
    """The row of a plugin that writes events; raises `PluginError`."""
    return row_of(plugin, EventKind)


def write_events(path: PathArg, searches: Sequence[Events], *, overwrite: bool = False) -> int:
    """Write the events of one or more recordings in order; the size of the file in bytes.

    The arguments, and what is raised, are those of `begin_events`.
    """
    sink = begin_events(path, searches, overwrite=overwrite)
    size = sink.size()
    sink.commit()
    return size


def begin_events(path: PathArg, searches: Sequence[Events], *, overwrite: bool = False) -> Sink:
    """An event file that is whole, and hidden until its ``commit``.

    Parameters
    ----------
    path
        its extension decides the format, see `event_format`; ``"-"`` is standard output, a CSV.
    searches
        one for each recording and each ``match`` stage; Audacity labels and Raven tables hold one recording alone.
    overwrite
        replace what stands under the name.

    Raises
    ------
    UsageError
        an extension that is not known, a name that is taken, several recordings where one is allowed, no pyarrow.
    WriteError
        it cannot be written, with the true cause.
    """
    data = encoded_events(path, searches)
    sink = open_sink(display(path), overwrite=overwrite)
    try:
        sink.write(data)
    except BaseException:
        sink.abort()
        raise
    return sink


def encoded_events(path: PathArg, searches: Sequence[Events]) -> bytes:
    """The bytes of an event file of this name; raises as `begin_events`."""
    name, kind = display(path), _kind_of(path)
    recordings = len({search.file for search in searches})
    if kind.one_recording and recordings > 1:
        fix = "put {stem} in the name, or write .csv, .jsonl or .parquet"
        raise UsageError(f"{name}: {kind.name} hold the events of one recording, got {recordings}; {fix}")
    encode = loaded(kind.encode, kind.plugin)
    with nullcontext() if kind.plugin is None else naming_plugin(WriteError, name, kind.plugin):
        data = encode(searches)
    if not isinstance(data, bytes):
        raise WriteError(
            name, f"{kind.plugin or kind.name} breaks a promise: it gives bytes, got {type(data).__name__}"
        )
    return data


def event_format(path: PathArg) -> str:
    """Name of the format that a file's name stands for, refused before any work where there is none.

    ``.csv``, ``.jsonl`` and ``.parquet`` are what they say. Of the plugins that are for a name the longest extension
    counts: ``NAME.Table.1.selections.txt`` is a Raven selection table, any other ``.txt`` Audacity labels.

    Raises
    ------
    UsageError
        an extension that is not known, or Parquet where pyarrow is not installed.
    """
    return _kind_of(path).name


def holds_several(path: PathArg) -> bool:
    """Whether an event file has room for the events of several recordings: a column for the file."""
    return not _kind_of(path).one_recording


def _kind_of(path: PathArg) -> EventKind:
    name = display(path)
    suffixes = [suffix.lower() for suffix in PurePath(name).suffixes]
    last = suffixes[-1] if suffixes else ""
    kind = _KINDS.get("".join(suffixes[-2:]))
    if kind is None and (plugin := only_one(for_extension("event writer", name))):
        return events_writer_of(plugin)
    kind = kind or _KINDS.get(last)
    if kind is None and is_stream(path):
        return _KINDS[".csv"]
    if kind is None:
        ours = [*_KINDS, *sorted(plugin.extension for plugin in installed("event writer").values())]
        known = [extension for extension in ours if extension.count(".") == 1]
        near = nearest(last, known, 0.5)
        what = f"unknown extension {extension_shown(name)!r}" if last else "no extension"
        hint = f"; did you mean {near}?" if near else ""
        hint = hint if last else f"; write {name}.csv, or {name}/{{stem}}.csv for a folder"
        raise UsageError(f"{name}: {what} of an event file; known are {', '.join(known)}{hint}")
    if kind.name == "Parquet" and find_spec("pyarrow") is None:
        raise UsageError(f"{name}: Parquet needs pyarrow; install it: pip install 'faltung[tables]'")
    return kind


def _events(searches: Iterable[Events]) -> list[Event]:
    return [event for search in searches for event in search.events]


def _csv(searches: Sequence[Events]) -> bytes:
    lines: list[str] = []
    # "\r\n" as the line's end makes the writer quote a lone "\r" or "\n" in a name; a line ends in "\n" all the same
    out = SimpleNamespace(write=lambda line: lines.append(f"{line[:-2]}\n"))
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    rows = ([getattr(event, column) for column in COLUMNS] for event in _events(searches))
    writer.writerows([cell(value) if isinstance(value, str) else value for value in row] for row in rows)
    return "".join(lines).encode("utf-8", "surrogateescape")


def _jsonl(searches: Sequence[Events]) -> bytes:
    lines = (json.dumps(asdict(event), allow_nan=False) + "\n" for event in _events(searches))
    return "".join(lines).encode("ascii")  # what is not ASCII is escaped, also the bytes of a name that is no UTF-8


_KINDS = {
    extension: kind
    for kind in (
        EventKind("CSV", (".csv",), _csv),
        EventKind("JSON lines", (".jsonl",), _jsonl),
        EventKind("Parquet", (".parquet",), "faltung_parquet.events:encoded"),
    )
    for extension in kind.extensions
}
"""Kinds of event files by extension; a plugin's of two parts comes before one of its last part."""
OWN["event writer"] = frozenset(_KINDS)
