"""Metadata of FLAC, Ogg, MP3, AIFF, W64, AU, CAF and NIST, which libsndfile knows nine texts of at most.

Texts become tags under lower-case names, whatever they are called in a container; marks become the chunks of a WAV,
which move with the sound. What is not read here is named, so that no output is without it unsaid.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from pipeline.io.base import SignalInfo
from pipeline.io.declared import chunks
from pipeline.io.source import Source

from . import id3
from .texts import NAMES, PICTURE, PICTURE_FIELD, Tags

MOST_BYTES = 1 << 24
"""Bytes of one block of metadata that are read; more is named."""

_FLAC_BLOCKS = {2: "APPLICATION", 5: "CUESHEET"}
_AIFF_TEXTS = {b"NAME": "title", b"AUTH": "artist", b"(c) ": "copyright", b"ANNO": "comment"}
_AIFF_AUDIO = frozenset({b"COMM", b"SSND", b"PEAK", b"FVER"})
_AIFF_KEPT = frozenset({b"INST", b"COMT", b"APPL", b"AESD", b"MIDI"})
_PLAIN_W64 = frozenset({b"fmt ", b"data", b"fact", b"riff", b"JUNK", b"junk", b"levl"})
_PLAIN_CAF = frozenset({b"desc", b"data", b"free", b"pakt", b"kuki", b"peak"})
_BY_PLACES = 1 << 16
"""Layout of the channels of a CAF that tells a bit for each loudspeaker; others tell a number of channels."""
_PLAIN_NIST = frozenset(
    {"sample_count", "channel_count", "sample_n_bytes", "sample_byte_format", "sample_rate", "sample_coding"}
    | {"sample_sig_bits"}
)


@dataclass
class Found:
    """Metadata of one file."""

    tags: Tags = ()
    attached: tuple[tuple[str, bytes], ...] = ()
    chunks: tuple[tuple[bytes, bytes], ...] = ()
    dropped: list[str] = field(default_factory=list)


def described(info: SignalInfo, source: Source, container: str) -> SignalInfo:
    """Facts with all that a file tells besides its sound; texts that libsndfile alone found stay."""
    reads: dict[str, Callable[[Source], Found]] = {
        "FLAC": _flac, "OGG": _ogg, "MP3": _mp3, "AIFF": _aiff, "W64": _w64, "CAF": _caf, "AU": _au, "NIST": _nist,
    }  # fmt: skip
    if container not in reads or source.size is None:
        return info
    found = reads[container](source)
    known = {name for name, _ in found.tags}
    if any(name == "AIFF APPL" for name, _ in found.attached):
        known.add("software")  # libsndfile takes any of these chunks for one
    return replace(
        info,
        tags=(*found.tags, *((name, text) for name, text in info.tags if name not in known)),
        attached=found.attached,
        chunks=(*info.chunks, *found.chunks),
        dropped=(*info.dropped, *dict.fromkeys(found.dropped)),
    )


def comments(raw: bytes) -> Found:
    """Vorbis comments: a vendor, then ``NAME=text`` as often as there are any."""
    found, tags, pictures = Found(), list[tuple[str, str]](), list[tuple[str, bytes]]()
    at = 4 + int.from_bytes(raw[:4], "little")
    count = int.from_bytes(raw[at : at + 4], "little")
    at += 4
    while count > 0 and at + 4 <= len(raw):
        size = int.from_bytes(raw[at : at + 4], "little")
        name, marked, text = raw[at + 4 : at + 4 + size].decode("utf-8", "replace").partition("=")
        at, count = at + 4 + size, count - 1
        if not marked:
            found.dropped.append("a comment without a name")
        elif name.upper() == PICTURE_FIELD:
            try:
                pictures.append((PICTURE, base64.b64decode(text, validate=True)))
            except binascii.Error:
                found.dropped.append("a damaged picture")
        else:
            tags.append((NAMES.get(name.lower(), name.lower()), text))
    found.tags, found.attached = tuple(tags), tuple(pictures)
    return found


def _flac(source: Source) -> Found:
    found, at, head, room = Found(), source.head.find(b"fLaC") + 4, b"\0", MOST_BYTES
    while head[:1] < b"\x80" and len(head := source.at(at, 4)) == 4:
        kind, size = head[0] & 0x7F, int.from_bytes(head[1:], "big")
        raw = source.at(at + 4, min(size, max(0, room)))
        room -= size if kind in (2, 4, 5, 6) else 0
        if room < 0:
            found.dropped.append(f"all that lies behind the first {MOST_BYTES} bytes of metadata")
            break
        if kind == 4:
            texts = comments(raw)
            found.tags, found.dropped = found.tags + texts.tags, found.dropped + texts.dropped
            found.attached += texts.attached
        elif kind == 6:
            found.attached += ((PICTURE, raw),)
        elif kind in _FLAC_BLOCKS:
            found.attached += ((f"FLAC {_FLAC_BLOCKS[kind]}", raw),)
        elif kind not in (0, 1, 3):
            found.dropped.append(f"FLAC block {kind}")
        at += 4 + size
    found.dropped += _behind(source) + ["ID3v1 tag"] * (source.at(max(0, (source.size or 0) - 128), 3) == b"TAG")
    return found


def _behind(source: Source) -> list[str]:
    """Names of the tags at the end of a file that are not read."""
    ends = ((source.size or 0) - before for before in (32, 160))
    return ["APE tag"] * any(at >= 0 and source.at(at, 8) == b"APETAGEX" for at in ends)


def _ogg(source: Source) -> Found:
    for packet in _packets(source, 2):
        for mark in (b"\x03vorbis", b"OpusTags"):
            if packet.startswith(mark):
                return comments(packet[len(mark) :])
    return Found()


def _packets(source: Source, count: int) -> Iterator[bytes]:
    """The first packets of an Ogg stream."""
    at, packet = 0, b""
    while count > 0 and len(packet) <= MOST_BYTES and len(head := source.at(at, 27)) == 27 and head[:4] == b"OggS":
        lacing = source.at(at + 27, head[26])
        at += 27 + len(lacing)
        for size in lacing:
            packet += source.at(at, size)
            at += size
            if size < 255:
                yield packet
                packet, count = b"", count - 1


def _mp3(source: Source) -> Found:
    found, head = Found(), source.at(0, 10)
    if head[:3] == b"ID3":
        found.tags, found.attached, found.dropped = id3.read(source.at(0, min(MOST_BYTES, 10 + id3.size_of(head))))
    found.dropped += _behind(source)
    return found


def _aiff(source: Source) -> Found:
    found, texts = Found(), list[tuple[str, str]]()
    for name, at, length in chunks(source.at, "AIFF", source.size or 0):
        if name == b"SSND" and length == 8:  # by one that wrote to a pipe: audio comes, and no chunk
            break
        raw = source.at(at + 8, min(length - 8, MOST_BYTES)) if name not in _AIFF_AUDIO else b""
        if name in _AIFF_TEXTS:
            texts.append((_AIFF_TEXTS[name], raw.rstrip(b"\0").decode("utf-8", "replace")))
        elif name == b"MARK":
            found.chunks += _marks(raw)
        elif name in (b"ID3 ", b"id3 "):
            tags, pictures, lost = id3.read(raw)
            texts += [tag for tag in tags if tag not in texts]
            found.attached, found.dropped = found.attached + pictures, found.dropped + lost
        elif name == b"APPL" and raw[:4] == b"m3ga":  # libsndfile's own, which it reads as a text and writes
            continue
        elif name in _AIFF_KEPT:
            found.attached += ((f"AIFF {name.decode()}", raw),)
        elif name not in _AIFF_AUDIO:
            found.dropped.append(name.decode("latin-1").strip())
    found.tags = tuple(texts)
    return found


def _marks(raw: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """Marks of AIFF, each an id, a frame and a name, as the chunks of a WAV that say the same."""
    points, labels, at = b"", b"", 2
    numbers = set[int]()
    while at + 7 <= len(raw):
        mark, frame, size = struct.unpack_from(">HIB", raw, at)
        if mark in numbers:  # each is to keep its own name
            mark = max(numbers) + 1
        numbers.add(mark)
        text = raw[at + 7 : at + 7 + size] + b"\0"
        points += struct.pack("<II4sIII", mark, frame, b"data", 0, 0, frame)
        labels += struct.pack("<4sII", b"labl", 4 + len(text), mark) + text + b"\0" * (len(text) % 2)
        at += 7 + size + (size + 1) % 2
    if not points:
        return ()
    return (b"cue ", struct.pack("<I", len(points) // 24) + points), (b"LIST", b"adtl" + labels)


def _w64(source: Source) -> Found:
    names = [name for name, _, _ in chunks(source.at, "W64", source.size or 0) if name not in _PLAIN_W64]
    return Found(dropped=[one.decode().strip() for one in names if one.isascii() and one.decode().isprintable()])


def _caf(source: Source) -> Found:
    found = Found()
    for name, at, length in chunks(source.at, "CAF", source.size or 0):
        if name == b"info":
            cells = source.at(at + 16, min(length - 16, MOST_BYTES)).decode("utf-8", "replace").split("\0")
            found.tags += tuple((NAMES.get(key.lower(), key.lower()), text) for key, text in _pairs(cells))
        elif name == b"chan":
            layout, places = struct.unpack(">II", source.at(at + 12, 8).ljust(8, b"\0"))
            found.dropped += ["chan"] * ((places.bit_count() if layout == _BY_PLACES else layout & 0xFFFF) > 2)
        elif name not in _PLAIN_CAF:
            found.dropped.append(name.decode("latin-1").strip())
    return found


def _pairs(cells: list[str]) -> Iterator[tuple[str, str]]:
    yield from zip(cells[:-1:2], cells[1::2], strict=False)


def _au(source: Source) -> Found:
    order = ">" if source.head[:4] == b".snd" else "<"
    start = struct.unpack(f"{order}I", source.head[4:8].ljust(4, b"\0"))[0]
    texts = source.at(24, max(0, min(start, 1 << 16) - 24)).decode("utf-8", "replace").split("\0")
    return Found(tags=tuple(("comment", text) for text in texts if text.strip()))


def _nist(source: Source) -> Found:
    lines = (line.split(None, 2) for line in source.head[16:1024].decode("latin-1").split("\n"))
    told = [(line[0], line[2].strip()) for line in lines if len(line) == 3 and line[1].startswith("-")]
    return Found(tags=tuple((name, text) for name, text in told if name not in _PLAIN_NIST))
