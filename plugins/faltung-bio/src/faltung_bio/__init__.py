"""EDF, BDF and WFDB, its annotations too: the rows that faltung finds by their entry points."""

from __future__ import annotations

from pipeline.io import ReaderKind
from pipeline.io.labels import EventReaderKind
from pipeline.match.writers import EventKind

from .header import is_header

__all__ = ["ATR_READER", "ATR_WRITER", "EDF", "WFDB"]


def _is_edf(head: bytes) -> bool:
    return head[:8] in (b"0       ", b"\xffBIOSEMI") and len(head) >= 512 and head[184:192].strip().isdigit()


EDF = ReaderKind("EDF", _is_edf, "faltung_bio.edf:EdfReader")
WFDB = ReaderKind("WFDB", is_header, "faltung_bio.wfdb:WfdbReader", files="faltung_bio.wfdb:files_of")
ATR_WRITER = EventKind("WFDB annotations", (".atr", ".qrs"), "faltung_bio.annotations:encode", one_recording=True)
ATR_READER = EventReaderKind("WFDB annotations", (".atr", ".qrs"), "faltung_bio.annotations:read")
