"""Readers of EDF, BDF and WFDB: the rows that faltung finds by their entry points."""

from __future__ import annotations

from pipeline.io import ReaderKind

from .header import is_header

__all__ = ["EDF", "WFDB"]


def _is_edf(head: bytes) -> bool:
    return head[:8] in (b"0       ", b"\xffBIOSEMI") and len(head) >= 512 and head[184:192].strip().isdigit()


EDF = ReaderKind("EDF", _is_edf, "faltung_bio.edf:EdfReader")
WFDB = ReaderKind("WFDB", is_header, "faltung_bio.wfdb:WfdbReader")
