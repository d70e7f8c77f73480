"""First bytes by which MiniSEED and SAC are known."""

from __future__ import annotations

import struct


def is_mseed(head: bytes) -> bool:
    """The fixed header of a record of MiniSEED 2 or 3."""
    if head[:3] == b"MS\x03":
        return len(head) >= 40
    return len(head) >= 48 and head[:6].isdigit() and head[6:7] in (b"D", b"R", b"Q", b"M") and head[7:8] in b" \0"


def begins(raw: bytes) -> bool:
    """Whether bytes may be the beginning of a record, however few they are."""
    return raw[:3] == b"MS\x03" or (raw[:6].isdigit() and raw[6:7] in (b"", b"D", b"R", b"Q", b"M"))


def is_sac(head: bytes) -> bool:
    """Version 6 or 7, a positive number of points, and a switch for even steps, in one byte order."""
    if len(head) < 632:
        return False
    words = ([struct.unpack_from(f"{order}i", head, at)[0] for at in (304, 316, 420)] for order in "<>")
    return any(version in (6, 7) and points > 0 and even in (0, 1) for version, points, even in words)
