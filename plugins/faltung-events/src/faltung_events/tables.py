"""Event tables with a header and commas: faltung's own, BirdNET's, and lists of seismic picks."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath

from pipeline.errors import ReadError
from pipeline.io.clock import parse_moment
from pipeline.io.labels import Label
from pipeline.match.events import Event, Events
from pipeline.text import cell, from_cell

from .text import decoded, frequency, number

_START = ("start_s", "Start (s)", "start", "onset")
_END = ("end_s", "End (s)", "end", "offset")
_TEXT = ("template", "Common name", "phase_type", "type", "phase", "label", "Scientific name", "species")
_FILE = ("file", "File", "file_name")
_LOW, _HIGH = ("low_hz", "Low Freq (Hz)"), ("high_hz", "High Freq (Hz)")
_TIME = ("start_utc", "phase_time", "timestamp", "peak_time", "time")
"""Names of the columns, the best first."""

_PICKS = (
    "file_name", "station_id", "phase_index", "phase_time", "phase_score", "phase_type", "time_resolution_s", "start_s",
    "end_s",
)  # fmt: skip
_BIRDNET = ("Start (s)", "End (s)", "Scientific name", "Common name", "Confidence", "File")


def encode_picks(searches: Sequence[Events]) -> bytes:
    """A list of picks with PhaseNet's columns first, each at the start of an event; no time where none is known."""
    events = _events(searches)
    stations = ((e, PurePath(e.file).stem, (e.start_utc or "").removesuffix("Z")) for e in events)
    rows = (
        (e.file, station, e.start_frame, time, e.score, e.template, e.resolution_s, e.start_s, e.end_s)
        for e, station, time in stations
    )
    return _csv(_PICKS, rows)


def encode_birdnet(searches: Sequence[Events]) -> bytes:
    """A table with BirdNET's columns; a template called ``Turdus merula_Blackbird`` has both of its names."""
    rows = ((e, e.template.partition("_")) for e in _events(searches))
    return _csv(
        _BIRDNET, ((e.start_s, e.end_s, first, last or first, abs(e.score), e.file) for e, (first, _, last) in rows)
    )


def _events(searches: Sequence[Events]) -> Iterator[Event]:
    return (event for search in searches for event in search.events)


def _csv(header: Sequence[str], rows: Iterator[Sequence[object]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([cell(one) if isinstance(one, str) else one for one in row] for row in rows)
    return out.getvalue().encode("utf-8", "surrogateescape")


def read_csv(path: Path) -> list[Label]:
    """The labels of a table, which has a start and an end in seconds, or the true time of the start, or both."""
    rows = csv.DictReader(io.StringIO(decoded(path), newline=""), restval="")
    names = [name.strip() for name in rows.fieldnames or []]
    if not any(name in names for name in (*_START, *_TIME)):
        wanted = "a start and an end in seconds (start_s, end_s) or a time (start_utc)"
        raise ReadError(str(path), f"an event table has columns of {wanted}, got {', '.join(names[:9]) or 'none'}")
    rows.fieldnames = names
    return [_label(path, f"line {rows.line_num}", row) for row in rows]


def read_jsonl(path: Path) -> list[Label]:
    """The labels of JSON lines, by the same names."""
    found = []
    for place, line in enumerate(decoded(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise ReadError(str(path), f"line {place}: is no JSON, got {line[:60]!r}") from error
        if not isinstance(row, dict):
            raise ReadError(str(path), f"line {place}: an event is an object, got {line[:60]!r}")
        found.append(_label(path, f"line {place}", {key: "" if one is None else str(one) for key, one in row.items()}))
    return found


def _label(path: Path, place: str, row: Mapping[str, str]) -> Label:
    def said(names: Sequence[str]) -> str:
        return next((from_cell(row[name]).strip() for name in names if name in row), "")

    start, end, time = number(said(_START)), number(said(_END)), said(_TIME)
    if start is None and (not time or parse_moment(_zoned(time)) is None):
        got = {name: row[name] for name in (*_START, *_TIME) if name in row}
        raise ReadError(
            str(path), f"{place}: needs a start in seconds or a time such as 2024-06-30T22:00:00Z, got {got}"
        )
    channel = number(row.get("channel") or "") if "start_frame" in row else None  # of faltung's own tables
    used = {*_START, *_END, *_FILE, *_LOW, *_HIGH}
    return Label(
        start, None if start is None else start if end is None else end, said(_TEXT),
        None if channel is None else int(channel), frequency(said(_LOW)), frequency(said(_HIGH)), said(_FILE),
        _zoned(time) if time else None, {name: str(text) for name, text in row.items() if name and name not in used},
    )  # fmt: skip


def _zoned(time: str) -> str:
    """A time with its zone; lists of picks that leave it out mean UTC."""
    told = parse_moment(time)
    return f"{time}Z" if told is not None and told.zone is None else time
