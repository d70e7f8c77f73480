"""Labels of a recording, read from the event files of other programs; each format is that of a plugin."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from ..errors import ReadError, UsageError
from ..plugins import Plugin, for_extension, installed, naming_plugin
from ..text import nearest
from .base import PathArg
from .clock import Clock, parse_moment
from .kinds import loaded, only_one, row_of
from .names import display


@dataclass(frozen=True)
class Label:
    """One place in a recording that someone, or a program, wrote down.

    Examples
    --------
    >>> Label(0.25, 0.5, "wren").end_s
    0.5
    """

    start_s: float | None
    """Seconds from the first frame; None where there is the true time alone."""
    end_s: float | None
    """The end, exclusive; the start again for a point in time."""
    text: str = ""
    channel: int | None = None
    """Number of the channel, from 0; None for all."""
    low_hz: float | None = None
    high_hz: float | None = None
    file: str = ""
    """Name of the recording, if the file tells it."""
    start_utc: str | None = None
    """True time of the start as ISO 8601, if the file tells it."""
    more: Mapping[str, str] = field(default_factory=dict)
    """Everything else that the file tells, by its own names."""

    def is_of(self, path: PathArg) -> bool:
        """Whether it is of this recording, by the name that its file tells; a file that tells none is of any."""
        return not self.file or PurePath(self.file.replace("\\", "/")).name == PurePath(display(path)).name

    def start_in(self, clocks: Sequence[Clock], fs: float) -> float | None:
        """Seconds from the first frame of a recording with these clocks; None where only they could tell."""
        if self.start_s is not None or not clocks or clocks[0].zone is None:
            return self.start_s
        told = parse_moment(self.start_utc or "")
        return None if told is None else clocks[0].frame(told.clock - (told.zone or 0) * 60_000_000_000) / fs


@dataclass(frozen=True)
class EventReaderKind:
    """A kind of event file that can be read: its extensions, and what reads it (or its place, ``"module:name"``)."""

    name: str
    extensions: tuple[str, ...]
    read: Callable[[Path], Sequence[Label]] | str
    plugin: str | None = None
    """The plugin that it comes from, in words."""


def event_reader_of(plugin: Plugin) -> EventReaderKind:
    """The row of a plugin that reads event files; raises `PluginError`."""
    return row_of(plugin, EventReaderKind)


def reads_labels(path: PathArg) -> bool:
    """Whether a file of this name can be read as labels."""
    return bool(for_extension("event reader", display(path)))


def read_labels(path: PathArg) -> tuple[Label, ...]:
    r"""The labels of an event file, in the format of its extension.

    Parameters
    ----------
    path
        a file that a plugin of the group ``faltung.event_readers`` is for: ``.txt``, as Audacity and Raven write it.

    Returns
    -------
    tuple of Label
        by time; those of which the true time alone is told come last.

    Raises
    ------
    UsageError
        no format is known for the name.
    ReadError
        there is no such file; it is not what its name says.

    Examples
    --------
    >>> from pathlib import Path, PurePath
    >>> _ = Path("day.txt").write_text("0.25\t0.5\twren\n")
    >>> [(label.start_s, label.end_s, label.text) for label in read_labels("day.txt")]
    [(0.25, 0.5, 'wren')]
    """
    name = display(path)
    plugin = only_one(for_extension("event reader", name))
    if plugin is None:
        known = sorted({one.extension for one in installed("event reader").values()})
        near = nearest(Path(name).suffix.lower(), known, 0.5)
        hint = f"; did you mean {near}?" if near else ""
        raise UsageError(f"{name}: no event file that can be read; known are {', '.join(known)}{hint}")
    return labels_of(event_reader_of(plugin), name)


def labels_of(kind: EventReaderKind, path: PathArg) -> tuple[Label, ...]:
    """The labels that a kind of event file reads from one, as `read_labels` gives them; raises `ReadError`."""
    name = display(path)
    try:
        Path(name).open("rb").close()
    except OSError as error:
        raise ReadError(name, error.strerror or str(error)) from error
    read = loaded(kind.read, kind.plugin)
    with naming_plugin(ReadError, name, str(kind.plugin)):
        labels = tuple(read(Path(name)))
    for number, label in enumerate(labels, 1):
        if rule := _broken(label):
            raise ReadError(name, f"label {number}: {rule}")
    return tuple(sorted(labels, key=lambda one: (one.start_s is None, one.start_s or 0.0, one.start_utc or "")))


def _broken(label: Any) -> str | None:
    """The rule that a label breaks."""
    if not isinstance(label, Label):
        return f"a reader of events gives labels, got {type(label).__name__}"
    start, end = label.start_s, label.end_s
    if start is None or end is None:
        told = label.start_utc is not None and start is None
        return None if told else "a start and an end are needed, or the true time of the start"
    if not (math.isfinite(start) and math.isfinite(end) and start <= end):
        return f"starts at or before its end, in seconds, got {start:g} to {end:g}"
    return None
