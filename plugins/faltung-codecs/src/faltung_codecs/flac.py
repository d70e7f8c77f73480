"""The header of FLAC, held against its frames: what the first one says, and their order where no checksum tells it.

libsndfile believes the header, and fills the place of frames that are missing with silence, without a word.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from pipeline.errors import ReadError
from pipeline.io.base import ReadOptions
from pipeline.io.declared import Facts
from pipeline.io.source import Source

_RATES = dict(enumerate((88200, 176400, 192000, 8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000), 1))
_RATES_BEHIND = {12: (1, 1000), 13: (2, 1), 14: (2, 10)}
"""Bytes of a rate that stands behind the head of a frame, and its unit in Hz."""
_BITS = {1: 8, 2: 12, 4: 16, 5: 20, 6: 24, 7: 32}
_BEGINS = re.compile(rb"\xff[\xf8\xf9]")
_HEAD_BYTES = 16
_NEAR = 64


class _Head(NamedTuple):
    """Head of one frame."""

    rate: int | None
    """In Hz; None where the header of the file tells it."""
    channels: int
    bits: int | None
    number: int
    """Of the frame, or of its first sample."""
    following: int
    """Number of the frame that comes next."""


def _head(raw: bytes) -> _Head | None:
    """The head of a frame that begins here; None where none does."""
    if len(raw) < 6 or not _BEGINS.match(raw):
        return None
    size, rate, layout, width = raw[2] >> 4, raw[2] & 15, raw[3] >> 4, raw[3] >> 1 & 7
    more = next(ones for ones in range(9) if not raw[4] << ones & 0x80) if raw[4] < 0xFF else 8
    if 0 in (size, more - 1) or rate == 15 or layout > 10 or raw[3] & 1 or more > 7:
        return None
    at = 5 + max(0, more - 1)
    number = raw[4] & 0x7F >> more
    for byte in raw[5:at]:
        number = number << 6 | byte & 0x3F
    wide = {6: 1, 7: 2}.get(size, 0)
    frames = int.from_bytes(raw[at : at + wide], "big") + 1 if wide else 192 if size == 1 else 576 << size - 2
    frames = frames if wide or size < 8 else 256 << size - 8
    at += wide
    taken, unit = _RATES_BEHIND.get(rate, (0, 0))
    told = int.from_bytes(raw[at : at + taken], "big") * unit if taken else _RATES.get(rate)
    at += taken
    if at >= len(raw) or _crc8(raw[:at]) != raw[at]:
        return None
    channels = layout + 1 if layout < 8 else 2
    return _Head(told, channels, _BITS.get(width), number, number + (frames if raw[1] & 1 else 1))


def _crc8(raw: bytes) -> int:
    crc = 0
    for byte in raw:
        crc ^= byte
        for _ in range(8):
            crc = crc << 1 & 0xFF ^ (0x07 if crc & 0x80 else 0)
    return crc


def facts(source: Source, options: ReadOptions) -> Facts:
    """Facts that a FLAC file tells; raises `ReadError` where it contradicts itself."""
    at = source.head.find(b"fLaC") + 18
    told = int.from_bytes(source.head[at : at + 8], "big")
    frames, bits = told & (1 << 36) - 1, (told >> 36 & 31) + 1
    start, head = at - 14, b"\0\0\0\0"
    while head[:1] < b"\x80" and len(head := source.at(start, 4)) == 4:
        start += 4 + int.from_bytes(head[1:], "big")
    said = (told >> 44, (told >> 41 & 7) + 1, bits)
    if first := _head(source.at(start, _HEAD_BYTES)):
        shown = (said[0] if first.rate is None else first.rate, first.channels, first.bits or bits)
        if shown != said:
            words = ", its first frame ".join("{} Hz, {} channels, {} bits".format(*one) for one in (said, shown))
            raise ReadError(source.name, f"contradicts itself: its header says {words}")
    has_checksum = any(md5 := source.at(at + 8, 16)) and bits in (8, 16, 24)
    wrong = 0 if has_checksum or first is None else _out_of_order(source, start)
    words = f"damaged: frames before byte {wrong} are missing, or not in their order"
    warnings = (options.accept(source.name, words, "what is there"),) if wrong else ()
    return Facts(
        frames=frames or None,
        # Without a length the decoder goes on to the end, so that frames behind the declared ones are found.
        patches=((at, (told >> 36 << 36).to_bytes(8, "big")),),
        checksum=(md5, bits) if has_checksum else (b"", 0),
        goes_on=frames > 0,
        start=start,
        unreadable="has 32 bits a sample, which libsndfile does not decode; unpack it: flac -d IN.flac -o OUT.wav"
        if bits == 32
        else "",
        warnings=warnings,
    )


def _out_of_order(source: Source, start: int) -> int:
    """Position of the first frame that does not come next; 0 where all do.

    Sound may look like the head of a frame: one that does not come next counts where the one behind it comes next.
    """
    alike = source.at(start, 4)
    due: int | None = None
    doubted, doubted_due = 0, -1
    for at in source.find(_BEGINS, start, 2):
        raw = source.at(at, _HEAD_BYTES)
        same = raw[1:2] == alike[1:2] and raw[2] & 15 == alike[2] & 15 and raw[3] & 15 == alike[3] & 15
        if len(raw) < 4 or not same or (head := _head(raw)) is None:
            continue
        if due is None or head.number == due:
            due, doubted = head.following, 0
        elif doubted and head.number == doubted_due:
            return doubted
        elif head.following == due or 0 < head.number - due < _NEAR:  # once more, or a few too early
            return at
        elif not doubted:
            doubted, doubted_due = at, head.following
    return doubted
