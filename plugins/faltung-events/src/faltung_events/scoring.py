"""A search against labels: each event and each label counted once, hits where the two start together.

Convention: an event and a label are a hit where their starts are no further apart than the tolerance; one is never
matched with two others, and as many are matched as can be. A label that names a channel is matched in that alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipeline.config.inputs import Place
from pipeline.config.outputs import OutputTemplate
from pipeline.errors import ReadError, UnitError, UsageError
from pipeline.io.clock import Clock
from pipeline.io.labels import Label, read_labels
from pipeline.match.events import Event, Events
from pipeline.text import first_few
from pipeline.units import parse_duration

TOLERANCE_S = 0.05
"""How far apart an event and its label may start, unless it is said: 50 ms, as for onsets of music."""

Truth = tuple[Path, float, str | None]


@dataclass(frozen=True)
class Scored:
    """Hits, misses and false alarms of one search."""

    labels: Path
    tolerance_s: float
    hits: tuple[tuple[Event, Label], ...]
    missed: tuple[Label, ...]
    false_alarms: tuple[Event, ...]

    def to_dict(self) -> dict[str, Any]:
        """Counts with precision and recall, and where what was missed starts."""
        counts = {"hits": len(self.hits), "misses": len(self.missed), "false_alarms": len(self.false_alarms)}
        missed = [{"start_s": label.start_s, "text": label.text} for label in self.missed]
        return {"labels": str(self.labels), "tolerance_s": self.tolerance_s, **_rated(counts), "missed": missed}


def truth_of(
    labels: str, tolerance: str | float | None, text: str | None, sources: Sequence[Place]
) -> dict[Place, Truth]:
    """For each recording its labels, the tolerance in seconds and the text of the labels that count.

    Raises
    ------
    UsageError
        labels that are not there, or could be of any of several recordings; a text that none of them has.
    """
    try:
        tolerance_s = TOLERANCE_S if tolerance is None else parse_duration(tolerance).seconds(1.0)
        samples = tolerance is not None and parse_duration(tolerance).unit == "samples"
    except UnitError as error:
        raise UsageError(f"tolerance: {error}") from error
    if samples or tolerance_s < 0:
        raise UsageError(f"tolerance: must be a time of 0 s or more, such as '50 ms', got {tolerance!r}")
    template = OutputTemplate(labels) if "{" in labels else None
    paths = {source: Path(labels if template is None else str(template.path(source))) for source in sources}
    for path in dict.fromkeys(paths.values()):
        try:
            if not path.is_file():
                fix = "name a file, with {stem} where each recording has its own"
                raise UsageError(f"{path}: there are no labels; {fix}")
        except OSError as error:
            raise UsageError(f"{path}: cannot read the labels: {error.strerror}") from error
    if template is None:
        found = read_labels(labels)
        if len(sources) > 1 and any(not label.file and label.start_s is not None for label in found):
            many = f"names no recording, and there are {len(sources)}"
            raise UsageError(f"{labels}: {many}; put {{stem}} in its name, or give a table with a column for the file")
        if text is not None and not _chosen(found, text):
            told = ", ".join(first_few(sorted({repr(label.text) for label in found}))) or "none"
            raise UsageError(f"{labels}: no label is called {text!r}; they are {told}")
    return {source: (path, tolerance_s, text) for source, path in paths.items()}


def scored(
    searches: Sequence[Events], source: str, clocks: Sequence[Clock], path: Path, tolerance_s: float, text: str | None
) -> Scored:
    """What was found in a recording against the labels that are of it."""
    stat = path.stat()
    labels = [label for label in _chosen(_read(path, stat.st_mtime_ns, stat.st_size), text) if label.is_of(source)]
    fs = searches[0].fs if searches else 1.0
    seconds = max((search.frames / search.fs for search in searches), default=0.0)
    timed: list[tuple[float, Label]] = []
    for label in labels:
        start = label.start_in(clocks, fs)
        if start is None:
            raise ReadError(str(path), f"tells true times alone, and {source} tells no clock; give labels in seconds")
        if label.start_s is not None or 0 <= start < seconds:  # a time of day may be that of another recording
            timed.append((start, label))
    events = [event for search in searches for event in search]
    pairs: list[tuple[Event, Label]] = []
    channels = {label.channel for _, label in timed}
    for channel in sorted(channels, key=lambda one: (one is None, one)):  # those that may be anywhere come last
        taken = {id(event) for event, _ in pairs}
        free = [event for event in events if id(event) not in taken and channel in (None, event.channel)]
        pairs += _pairs(free, [(start, label) for start, label in timed if label.channel == channel], tolerance_s)
    hit, met = {id(event) for event, _ in pairs}, {id(label) for _, label in pairs}
    missed = tuple(label for _, label in timed if id(label) not in met)
    return Scored(path, tolerance_s, tuple(pairs), missed, tuple(event for event in events if id(event) not in hit))


def total(scores: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The counts of several recordings together, as `Scored.to_dict` gives them for one."""
    counts = {name: sum(score[name] for score in scores) for name in ("hits", "misses", "false_alarms")}
    return {"tolerance_s": scores[0]["tolerance_s"], **_rated(counts)}


def _pairs(
    events: Sequence[Event], labels: Sequence[tuple[float, Label]], tolerance_s: float
) -> list[tuple[Event, Label]]:
    """As many pairs as there can be: by time, each label with the first event that is left in its reach."""
    waiting = sorted(events, key=lambda event: event.start_s)
    pairs, place = [], 0
    for start, label in sorted(labels, key=lambda one: one[0]):
        while place < len(waiting) and waiting[place].start_s < start - tolerance_s - 1e-9:
            place += 1
        if place < len(waiting) and waiting[place].start_s <= start + tolerance_s + 1e-9:
            pairs.append((waiting[place], label))
            place += 1
    return pairs


def _rated(counts: dict[str, int]) -> dict[str, Any]:
    """Counts with precision and recall; None where there is nothing that they could be of."""
    hits, found, there = counts["hits"], counts["hits"] + counts["false_alarms"], counts["hits"] + counts["misses"]
    return {**counts, "precision": hits / found if found else None, "recall": hits / there if there else None}


def _chosen(labels: Sequence[Label], text: str | None) -> list[Label]:
    return [label for label in labels if text is None or fnmatchcase(label.text.strip(), text)]


@lru_cache(maxsize=4)
def _read(path: Path, _mtime: int, _size: int) -> tuple[Label, ...]:
    """The labels of a file, read once for all recordings that share it."""
    return read_labels(path)
