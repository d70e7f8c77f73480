"""Event files of the fields: the rows that faltung finds by their entry points."""

from __future__ import annotations

from pipeline.io.labels import EventReaderKind
from pipeline.match.writers import EventKind

__all__ = [
    "AUDACITY_WRITER",
    "BIRDNET_WRITER",
    "ELAN_READER",
    "ELAN_WRITER",
    "JSON_READER",
    "PICKS_WRITER",
    "PRAAT_READER",
    "PRAAT_WRITER",
    "RAVEN_WRITER",
    "TABLE_READER",
    "TEXT_READER",
]

AUDACITY_WRITER = EventKind("Audacity labels", (".txt",), "faltung_events.audacity:encode", one_recording=True)
RAVEN_WRITER = EventKind(
    "Raven selection tables", (".selections.txt", ".raven.txt"), "faltung_events.raven:encode", one_recording=True
)
PRAAT_WRITER = EventKind("Praat TextGrids", (".textgrid",), "faltung_events.praat:encode", one_recording=True)
ELAN_WRITER = EventKind("ELAN annotations", (".eaf",), "faltung_events.elan:encode", one_recording=True)
PICKS_WRITER = EventKind("pick lists", (".picks.csv",), "faltung_events.tables:encode_picks")
BIRDNET_WRITER = EventKind("BirdNET tables", (".birdnet.results.csv",), "faltung_events.tables:encode_birdnet")

TEXT_READER = EventReaderKind("labels and selection tables", (".txt",), "faltung_events.reading:read_text")
PRAAT_READER = EventReaderKind("Praat TextGrids", (".textgrid",), "faltung_events.praat:read")
ELAN_READER = EventReaderKind("ELAN annotations", (".eaf",), "faltung_events.elan:read")
TABLE_READER = EventReaderKind("event tables", (".csv",), "faltung_events.tables:read_csv")
JSON_READER = EventReaderKind("JSON lines", (".jsonl",), "faltung_events.tables:read_jsonl")
