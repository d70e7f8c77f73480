"""Take out of finished files what libsndfile makes different on every run: a time stamp and a serial number.

Two runs over the same input must give the same bytes, or no checksum and no version control can tell that nothing
changed.
"""

from __future__ import annotations

import struct
import zlib

from .atomic import AtomicFile

_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_MAX_PAGE = 27 + 255 + 255 * 255


def zero_aiff_stamp(file: AtomicFile) -> None:
    """Set the time stamp in the PEAK chunk of an AIFF file, if it has one, to 0."""
    at = 12
    while True:
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return
        name, size = struct.unpack(">4sI", head)
        if name == b"PEAK":
            file.patch(at + 12, bytes(4))  # behind the chunk's head and its version number
        at += 8 + size + size % 2


def fix_ogg_serial(file: AtomicFile, name: str) -> None:
    """Give the one logical stream of an OGG file a serial number made from its name, instead of a random one."""
    serial = struct.pack("<I", zlib.crc32(name.encode("utf-8", "surrogateescape")))
    at = 0
    while True:
        file.seek(at)
        page = bytearray(file.read(_MAX_PAGE))
        if len(page) < 27:
            return
        segments = page[26]
        del page[27 + segments + sum(page[27 : 27 + segments]) :]
        page[14:18] = serial
        page[22:26] = bytes(4)  # the checksum is made with its own field at 0
        page[22:26] = struct.pack("<I", ogg_crc(bytes(page)))
        file.patch(at, bytes(page))
        at += len(page)


def ogg_crc(page: bytes) -> int:
    """The checksum of OGG: that of zlib (polynomial 0x04C11DB7) with bits in the other order and no inversion."""
    reflected = zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{reflected:032b}"[::-1], 2)
