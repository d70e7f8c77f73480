"""Reader of CWA: the row that faltung finds by its entry point."""

from __future__ import annotations

from pipeline.io import ReaderKind

__all__ = ["CWA"]

CWA = ReaderKind("CWA", lambda head: head[:4] == b"MD\xfc\x03", "faltung_axivity.cwa:CwaReader")
