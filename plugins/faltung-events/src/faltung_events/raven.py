"""Raven's selection tables: a header and a row a selection, between tabs; a selection has a row for each view."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path, PurePath

from pipeline.errors import ReadError
from pipeline.io.labels import Label
from pipeline.match.events import Events
from pipeline.text import cell, from_cell

from .tabbed import decimal, tabbed
from .text import decoded, frequency, number

START, END = "Begin Time (s)", "End Time (s)"
_COLUMNS = (
    "Selection", "View", "Channel", START, END, "Low Freq (Hz)", "High Freq (Hz)", "Begin File",
    "Template", "Score", "Polarity", "Start Frame", "Offset (frames)", "Known At (s)", "Status",
    "Expected False Alarms", "Begin UTC", "Begin Clock", "Clock Resolution (s)", "Recorder",
)  # fmt: skip
_NAMES = ("Annotation", "Annotations", "Species", "Label", "Tags", "Tag", "Common Name", "Type", "Template")
"""Columns that say what a selection is, where Raven has no name for that itself; the first that is there counts."""
_OWN = frozenset({"Selection", "View", "Channel", START, END, "Low Freq (Hz)", "High Freq (Hz)", "Begin File"})


def encode(searches: Sequence[Events]) -> bytes:
    """The bytes of a selection table; Raven's own columns come first."""
    found = ((search, event) for search in searches for event in search.events)
    rows = (
        [
            place, "Waveform 1", e.channel + 1, decimal(e.start_s), decimal(e.end_s), *map(decimal, search.band),
            cell(PurePath(e.file).name), cell(e.template), decimal(e.score), e.polarity, e.start_frame,
            decimal(e.offset), decimal(e.peak_s), e.status, decimal(e.expected_false_alarms),
            e.start_utc or "", e.start_local or "", decimal(e.resolution_s), e.recorder or "",
        ]
        for place, (search, e) in enumerate(found, 1)
    )  # fmt: skip
    return tabbed([_COLUMNS, *rows])


def is_table(text: str) -> bool:
    """Whether a text begins with a header of such a table."""
    return START in text.partition("\n")[0].split("\t")


def read(path: Path) -> list[Label]:
    """The selections of a table, one each, however many views it was saved from; other columns are kept."""
    rows = [row for row in csv.reader(decoded(path).split("\n"), "excel-tab", quoting=csv.QUOTE_NONE) if row]
    header = [name.strip() for name in rows[0]] if rows else []
    if not {START, END} <= set(header):
        raise ReadError(str(path), f"a selection table has the columns {START!r} and {END!r}, got {header[:9]}")
    named = next((name for name in _NAMES if name in header), None)
    found: dict[str, Label] = {}
    for place, row in enumerate(rows[1:], 2):
        cells = dict(zip(header, (*row, *[""] * len(header)), strict=False))
        start, end = number(cells[START]), number(cells[END])
        if start is None or end is None:
            raise ReadError(
                str(path), f"row {place}: {START!r} and {END!r} are numbers, got {cells[START]!r}, {cells[END]!r}"
            )
        within = number(cells.get("File Offset (s)", ""))  # in its own file, where several were opened as one
        if within is not None and cells.get("Begin File", "").strip():
            start, end = within, within + end - start
        channel = number(cells.get("Channel", ""))
        key = cells.get("Selection", "").strip() or f"row {place}"
        low, high = (frequency(cells.get(name, "")) for name in ("Low Freq (Hz)", "High Freq (Hz)"))
        label = Label(
            start, end, from_cell(cells[named].strip()) if named else "", None if channel is None else int(channel) - 1,
            low, high, from_cell(cells.get("Begin File", "").strip()),
            more={name: text for name, text in cells.items() if name not in _OWN},
        )  # fmt: skip
        if key not in found or "waveform" not in cells.get("View", "").lower():  # a spectrogram's row tells the band
            found[key] = label
    return list(found.values())
