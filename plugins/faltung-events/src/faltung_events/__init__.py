"""Event files of the fields: the rows that faltung finds by their entry points."""

from __future__ import annotations

from pipeline.io.labels import EventReaderKind
from pipeline.match.writers import EventKind

__all__ = ["AUDACITY_WRITER", "RAVEN_WRITER", "TEXT_READER"]

AUDACITY_WRITER = EventKind("Audacity labels", (".txt",), "faltung_events.audacity:encode", one_recording=True)
RAVEN_WRITER = EventKind(
    "Raven selection tables", (".selections.txt", ".raven.txt"), "faltung_events.raven:encode", one_recording=True
)
TEXT_READER = EventReaderKind("labels and selection tables", (".txt",), "faltung_events.reading:read_text")
