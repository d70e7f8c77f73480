"""Metadata of WAV: the chunks that an output keeps, and the texts in a ``LIST INFO``, which every container knows.

Other chunks only WAV holds.
"""

from __future__ import annotations

import struct
from typing import Any

from ..plugins import bundled
from .base import SignalInfo

INFO_IDS = {
    "title": b"INAM",
    "artist": b"IART",
    "comment": b"ICMT",
    "copyright": b"ICOP",
    "date": b"ICRD",
    "album": b"IPRD",
    "genre": b"IGNR",
    "tracknumber": b"ITRK",
    "software": b"ISFT",
}
"""libsndfile's names of tags, and the ids they have in a RIFF ``LIST INFO`` chunk."""

Chunks = tuple[tuple[bytes, bytes], ...]


def is_info(chunk: tuple[bytes, bytes]) -> bool:
    """Whether a chunk is a ``LIST INFO``, whose texts are tags."""
    return chunk[0] == b"LIST" and chunk[1][:4] == b"INFO"


def tags_of_chunks(chunks: Chunks) -> tuple[tuple[str, str], ...]:
    """The tags of the ``LIST INFO`` chunks; one that has no name elsewhere is called by its id."""
    names = {riff: name for name, riff in INFO_IDS.items()}
    tags: list[tuple[str, str]] = []
    for chunk in filter(is_info, chunks):
        at, raw = 4, chunk[1]
        while at + 8 <= len(raw):
            name, size = raw[at : at + 4], struct.unpack_from("<I", raw, at + 4)[0]
            text = raw[at + 8 : at + 8 + size].split(b"\0")[0].decode("utf-8", "replace")
            tags.append((names.get(name) or name.decode("latin-1").lower().strip(), text))
            at += 8 + size + size % 2
    return tuple(dict.fromkeys(tags))


def info_chunk(tags: tuple[tuple[str, str], ...]) -> Chunks:
    """Tags as one ``LIST INFO`` chunk; no tags, no chunk."""
    body = b""
    for name, text in {name: text for name, text in reversed(tags) if name in INFO_IDS}.items():
        raw = text.encode() + b"\0"
        body += INFO_IDS[name] + struct.pack("<I", len(raw)) + raw + b"\0" * (len(raw) % 2)
    return ((b"LIST", b"INFO" + body),) if body else ()


def at_rate(source: SignalInfo, fs: float) -> SignalInfo:
    """The metadata of a source as they hold at another rate."""
    ratio = fs / source.fs
    moved: SignalInfo = source if ratio == 1 else metadata().moved(source, lambda at: round(at * ratio), fs, None)
    return moved


def carried_chunks(source: SignalInfo | None, fs: float) -> tuple[Chunks, list[str]]:
    """The chunks to write into a WAV output at rate ``fs``, and notes on what is lost."""
    if source is None:
        return (), []
    source = at_rate(source, fs)
    info = tuple(filter(is_info, source.chunks)) or info_chunk(source.tags)
    placed = tuple(chunk for chunk in source.chunks if not is_info(chunk))
    more, notes = metadata().riff_chunks(source) if source.tags or source.attached else ((), [])
    return placed + info + more, [*metadata().lost([*source.dropped]), *notes] if source.dropped else notes


def metadata() -> Any:
    """The package that carries metadata between containers, and moves what tells times in them."""
    return bundled("faltung_metadata.writing", "metadata in an output")
