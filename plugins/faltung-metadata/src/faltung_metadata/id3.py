"""Texts and pictures of an ID3 tag, versions 2.2 to 2.4; all other frames by their names."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from .texts import ID3_NAMES, PICTURE, Tags

_CODINGS = ("latin-1", "utf-16", "utf-16-be", "utf-8")
_PIC_TYPES = {"PNG": "image/png", "JPG": "image/jpeg"}


def size_of(head: bytes) -> int:
    """Bytes behind the ten of the head."""
    return _seven(head[6:10])


def _seven(raw: bytes) -> int:
    return sum((byte & 0x7F) << 7 * place for place, byte in enumerate(reversed(raw)))


def read(raw: bytes) -> tuple[Tags, tuple[tuple[str, bytes], ...], list[str]]:
    """Texts, pictures, and the names of what is neither."""
    tags, pictures, lost = list[tuple[str, str]](), list[tuple[str, bytes]](), list[str]()
    for name, body in _frames(raw):
        if name in ("TXXX", "TXX"):
            key, text = _two(body[:1], body[1:])
            tags.append((key.lower(), text))
        elif name in ("COMM", "COM"):
            key, text = _two(body[:1], body[4:])
            tags.append(("comment" if not key else f"comment {key}", text))
        elif name.startswith("T"):
            texts = [text for text in _text(body[:1], body[1:]).split("\0") if text]
            tags += [(ID3_NAMES.get(name, name.lower()), text) for text in texts]
        elif name in ("APIC", "PIC") and (picture := _picture(name, body)):
            pictures.append((PICTURE, picture))
        else:
            lost.append(f"ID3 {name}")
    return tuple(tags), tuple(pictures), lost


def _frames(raw: bytes) -> Iterator[tuple[str, bytes]]:
    version, flags = raw[3:4], raw[5] if len(raw) > 5 else 0
    form, width = (">3s3s", 6) if version == b"\2" else (">4s4s2s", 10)
    data = raw[10 : 10 + size_of(raw)]
    if flags & 0x80 and version != b"\4":  # unsynchronised: no byte 255 is followed by 224 or more
        data = data.replace(b"\xff\0", b"\xff")
    at = 0
    if flags & 0x40 and version in (b"\3", b"\4"):
        at = 4 + int.from_bytes(data[:4], "big") if version == b"\3" else _seven(data[:4])
    while at + width <= len(data) and data[at] not in (0, ord("3")):
        name, size, *more = struct.unpack_from(form, data, at)
        length = _seven(size) if version == b"\4" else int.from_bytes(size, "big")
        body, how = data[at + width : at + width + length], more[0][1] if more else 0
        at += width + length
        if version == b"\4":
            body = body[4:] if how & 1 else body
            body = body.replace(b"\xff\0", b"\xff") if how & 2 or flags & 0x80 else body
        packed = how & (0x0C if version == b"\4" else 0xC0)
        yield name.decode("latin-1") + (" (packed)" if packed else ""), body


def _text(coding: bytes, raw: bytes) -> str:
    name = _CODINGS[coding[0]] if coding and coding[0] < 4 else "latin-1"
    return raw.decode(name, "replace").rstrip("\0")


def _two(coding: bytes, raw: bytes) -> tuple[str, str]:
    """Description and text, parted by a zero of the coding's width."""
    first, rest = _parted(coding, raw)
    return _text(coding, first), _text(coding, rest)


def _parted(coding: bytes, raw: bytes) -> tuple[bytes, bytes]:
    width = 2 if coding in (b"\1", b"\2") else 1
    at = raw.find(bytes(width))
    while at > 0 and at % width:
        at = raw.find(bytes(width), at + 1)
    return (raw, b"") if at < 0 else (raw[:at], raw[at + width :])


def _picture(name: str, body: bytes) -> bytes:
    """A picture as a block of FLAC: its use, its type, words on it, sizes that are not told, its bytes."""
    if name == "PIC":
        mime, rest = _PIC_TYPES.get(body[1:4].decode("latin-1"), "image/").encode(), body[4:]
    else:
        mime, rest = _parted(b"\0", body[1:])
    words, data = _parted(body[:1], rest[1:])
    said = _text(body[:1], words).encode()
    use = rest[0] if rest else 0
    head = struct.pack(f">II{len(mime)}sI{len(said)}s", use, len(mime), mime, len(said), said)
    return head + struct.pack(">5I", 0, 0, 0, 0, len(data)) + data if data else b""
