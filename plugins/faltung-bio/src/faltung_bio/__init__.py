"""Reader of EDF and BDF: the row that faltung finds by its entry point."""

from __future__ import annotations

from pipeline.io import ReaderKind

__all__ = ["EDF"]


def _is_edf(head: bytes) -> bool:
    return head[:8] in (b"0       ", b"\xffBIOSEMI") and len(head) >= 512 and head[184:192].strip().isdigit()


EDF = ReaderKind("EDF", _is_edf, "faltung_bio.edf:EdfReader")
