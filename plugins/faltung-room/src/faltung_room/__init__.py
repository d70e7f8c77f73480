"""Reader of SOFA: the row that faltung finds by its entry point."""

from __future__ import annotations

from pipeline.io import ReaderKind

__all__ = ["SOFA"]

SOFA = ReaderKind("SOFA", lambda head: head[:8] == b"\x89HDF\r\n\x1a\n", "faltung_room.sofa:SofaReader")
