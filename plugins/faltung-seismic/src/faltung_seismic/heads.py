"""First bytes by which MiniSEED and SAC are known."""

from __future__ import annotations

import re
import struct

_SEQUENCE = frozenset(b"0123456789 \0")
_STEP = 64  # records begin at multiples of this
_CONTROL = re.compile(rb"\d{6}[VAST][ *]0\d\d")


def is_mseed(head: bytes) -> bool:
    """The fixed header of a record of MiniSEED 2 or 3."""
    if head[:3] == b"MS\x03":
        return len(head) >= 40
    return len(head) >= 48 and begins(head) and head[7] in b" \0" and head[24] < 24 and head[25] < 60 and head[26] < 61


def holds_mseed(head: bytes) -> bool:
    """A record, or a volume of full SEED, at the beginning of a file or a little behind what is none."""
    if _CONTROL.match(head):
        return True
    return any(is_mseed(head[at : at + 48]) for at in range(0, len(head), _STEP))


def begins(raw: bytes) -> bool:
    """Whether bytes may be the beginning of a record, however few they are."""
    if len(raw) < 7:
        return raw[:3] == b"MS\x03" or raw[:6].isdigit()
    return raw[:3] == b"MS\x03" or (_SEQUENCE.issuperset(raw[:6]) and raw[6:7] in (b"D", b"R", b"Q", b"M"))


def is_sac(head: bytes) -> bool:
    """Version 6 or 7, a positive number of points, and a switch for even steps, in one byte order."""
    if len(head) < 632:
        return False
    words = ([struct.unpack_from(f"{order}i", head, at)[0] for at in (304, 316, 420)] for order in "<>")
    return any(version in (6, 7) and points > 0 and even in (0, 1) for version, points, even in words)
