"""Pages of Ogg: walked and checked, so that a chain of recordings is read whole and a damaged one is told.

libsndfile reads the first recording of a chain alone, and stops without a word where a page is damaged or missing.
"""

from __future__ import annotations

import itertools
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from pipeline.errors import ReadError
from pipeline.io.base import Reader, ReadOptions
from pipeline.io.declared import Facts, facts_of
from pipeline.io.joined import joined, part
from pipeline.io.sink import OutputFile
from pipeline.io.sndfile import SndfileReader
from pipeline.io.source import Source, spool

_MAX_PAGE = 27 + 255 + 255 * 255
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_FLAC_HEAD = b"\x7fFLAC"
_FIRST, _LAST = 2, 4
_OPUS_RATE = 48_000  # at which the codec works, whatever it was given
_CODECS = {b"Speex": "Speex", b"theora": "Theora", b"OpusHead": "Opus", b"vorbis": "Vorbis", b"fishead": "Skeleton"}
_CONVERT = "that libsndfile does not decode; convert it, for instance: ffmpeg -i IN.ogg OUT.wav"


@dataclass
class Link:
    """One recording of a chain: where it lies, and what is wrong with it."""

    start: int
    end: int
    fault: str = ""
    whole: bool = False
    """Whether it has a last page."""
    heard: bool = False
    """Whether a page of it has audio, not headers alone."""


def links(source: Source) -> tuple[list[Link], list[str]]:
    """The recordings of an Ogg file in their order, and what else was found in it.

    Every page is read and its checksum made: nothing else tells a page that is damaged or missing.
    """
    found: list[Link] = []
    notes: list[str] = []
    numbers: dict[bytes, int] = {}
    places: dict[bytes, int] = {}
    was_first = False
    for at, page in _pages(source):
        if page[:4] != b"OggS" or _page_length(page, 0) != len(page):
            if found and (page.startswith(b"OggS") or not found[-1].whole):
                cut = f"cut short or damaged; from byte {at} on {len(page)} bytes are no page"
                found[-1].fault = found[-1].fault or cut
            else:  # behind the end of a recording
                notes.append(f"{len(page)} bytes from byte {at} on are no page of Ogg; ignored")
            continue
        serial, number = page[14:18], struct.unpack("<I", page[18:22])[0]
        first = bool(page[5] & _FIRST)
        if not found or (first and not was_first):
            found.append(Link(at, at, "" if first else f"starts with page {number}, not with its first"))
            numbers.clear()
            places.clear()
        elif first:
            notes.append(f"another stream stands beside the first, from byte {at} on; not read")
        was_first, link = first, found[-1]
        last, place, before = bool(page[5] & _LAST), struct.unpack("<q", page[6:14])[0], places.get(serial, 0)
        ends = any(size < 255 for size in page[27 : 27 + page[26]])  # a packet, so that it must tell where
        if ogg_crc(page[:22] + bytes(4) + page[26:]) != struct.unpack("<I", page[22:26])[0]:
            link.fault = link.fault or f"damaged: the page at byte {at} does not have the checksum that it tells"
        elif number != numbers.get(serial, number - 1) + 1:
            link.fault = link.fault or f"damaged: pages are missing before byte {at}"
        elif ends and (place < before or (place == before > 0 and not last)):
            words = f"the page at byte {at} ends at frame {place}, the one before it at {before}"
            link.fault = link.fault or f"contradicts itself: {words}"
        numbers[serial], link.end, link.whole = number, at + len(page), last
        places[serial], link.heard = max(before, place), link.heard or place > 0
    for link in found:
        link.fault = link.fault or ("" if link.whole else "has no last page: it is cut short")
    return found, notes


def _pages(source: Source) -> Iterator[tuple[int, bytes]]:
    """Position and bytes of each page, and of what stands between pages and is none."""
    source.rewind()
    start, at, raw = 0, 0, b""  # raw begins at byte start of the file, the next page at byte at of raw
    while True:
        if len(raw) - at < _MAX_PAGE:
            start, at, raw = start + at, 0, raw[at:] + source.read(1 << 20)
        if at == len(raw):
            return
        length = _page_length(raw, at)
        if not length:
            following = raw.find(b"OggS", at + 1)
            length = (following if following > 0 else len(raw)) - at
        yield start + at, raw[at : at + length]
        at += length


def _page_length(raw: bytes, at: int) -> int:
    """Bytes of the page that starts at byte ``at``; 0 where there is none, or not the whole of it."""
    if raw[at : at + 5] != b"OggS\0" or len(raw) < at + 27 or len(raw) < at + 27 + raw[at + 26]:
        return 0
    head = 27 + raw[at + 26]
    length = head + sum(raw[at + 27 : at + head])
    return length if at + length <= len(raw) else 0


def unpacked_flac(source: Source) -> Source | None:
    """A FLAC recording inside Ogg as FLAC alone, which libsndfile reads; None where it is none.

    Its packets follow one another in the pages as they do in a FLAC file, behind nine bytes of the first.
    """
    if _FLAC_HEAD not in source.head[27:40]:
        return None
    pieces = (page[27 + page[26] :] for _, page in _pages(source) if page[:4] == b"OggS")
    return spool(source, itertools.chain([next(pieces)[9:]], pieces))


def open_ogg(source: Source, options: ReadOptions) -> Reader:
    """Read Ogg with Vorbis, Opus or FLAC in it, in one piece or several."""
    source = source.spooled()
    found, notes = links(source)
    if not found:
        raise ReadError(source.name, "is no readable OGG file: no page of it is whole")
    notes += [options.accept(source.name, link.fault, "what is there") for link in found if link.fault]
    heard = [link for link in found if link.heard or not link.fault]
    if not heard:
        raise ReadError(source.name, f"has no page with audio; {found[0].fault}")
    parts = [partial(part, source, _read_link, options, link.start, link.end) for link in heard]
    return joined(source, parts, options, notes)


def _read_link(window: Source, options: ReadOptions) -> Reader:
    flac = unpacked_flac(window)
    if flac is None:
        codec = next((name for mark, name in _CODECS.items() if mark in window.head[28:40]), "another codec")
        words = f"is an OGG file with {codec} {_CONVERT}"
        return SndfileReader(window, options, Facts(unreadable=words, patches=_rate_told(window)))
    window.close()
    options = replace(options, container="FLAC")
    try:
        reader = SndfileReader(flac, options, facts_of(flac, options))
    except BaseException:
        flac.close()
        raise
    reader.info = replace(reader.info, container="OGG")
    return reader


def _rate_told(window: Source) -> tuple[tuple[int, bytes], ...]:
    """The first page of Opus that does not tell the rate it was made from, as one that tells the codec's own.

    libsndfile would take the lowest that the codec has, and with it half of the sound or less.
    """
    page = bytearray(window.head[: _page_length(window.head, 0)])
    if page[28:36] != b"OpusHead" or any(page[40:44]):
        return ()
    page[40:44] = struct.pack("<I", _OPUS_RATE)
    return ((0, _with_checksum(page)),)


def fix_ogg_serial(file: OutputFile, name: str) -> None:
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
        file.patch(at, _with_checksum(page))
        at += len(page)


def _with_checksum(page: bytearray) -> bytes:
    page[22:26] = bytes(4)  # the checksum is made with its own field at 0
    page[22:26] = struct.pack("<I", ogg_crc(bytes(page)))
    return bytes(page)


def ogg_crc(page: bytes) -> int:
    """The checksum of OGG: that of zlib (polynomial 0x04C11DB7) with bits in the other order and no inversion."""
    reflected = zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{reflected:032b}"[::-1], 2)
