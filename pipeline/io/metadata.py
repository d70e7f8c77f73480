"""Tags and RIFF chunks: what a file says about itself, carried to the output or named as lost.

Titles and the like are names and texts that every container knows. Chunks count positions in samples (cue points,
a recording's time reference), so they hold only as long as the sampling rate does.
"""

from __future__ import annotations

import struct

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


def _is_info(chunk: tuple[bytes, bytes]) -> bool:
    return chunk[0] == b"LIST" and chunk[1][:4] == b"INFO"


def tags_of_chunks(chunks: Chunks) -> tuple[tuple[str, str], ...]:
    """The tags of the ``LIST INFO`` chunks, those that other containers can hold."""
    names = {riff: name for name, riff in INFO_IDS.items()}
    tags: dict[str, str] = {}
    for chunk in filter(_is_info, chunks):
        at, raw = 4, chunk[1]
        while at + 8 <= len(raw):
            name, size = raw[at : at + 4], struct.unpack_from("<I", raw, at + 4)[0]
            if name in names:
                tags[names[name]] = raw[at + 8 : at + 8 + size].split(b"\0")[0].decode("utf-8", "replace")
            at += 8 + size + size % 2
    return tuple(tags.items())


def info_chunk(tags: tuple[tuple[str, str], ...]) -> Chunks:
    """Tags as one ``LIST INFO`` chunk; no tags, no chunk."""
    body = b""
    for name, text in tags:
        raw = text.encode() + b"\0"
        body += INFO_IDS[name] + struct.pack("<I", len(raw)) + raw + b"\0" * (len(raw) % 2)
    return ((b"LIST", b"INFO" + body),) if body else ()


def carried_chunks(source: SignalInfo | None, fs: float) -> tuple[Chunks, list[str]]:
    """The chunks to write into a WAV output at rate ``fs``, and notes on what is lost."""
    if source is None:
        return (), []
    info = tuple(filter(_is_info, source.chunks)) or info_chunk(source.tags)
    placed = tuple(chunk for chunk in source.chunks if not _is_info(chunk))
    lost = list(source.dropped)
    if fs != source.fs:
        lost += [chunk[0].decode("latin-1").strip() for chunk in placed]
        placed = ()
    return placed + info, _lost(lost)


def carried_tags(source: SignalInfo | None) -> tuple[tuple[tuple[str, str], ...], list[str]]:
    """The tags to write into another container than WAV, and notes on what is lost."""
    if source is None:
        return (), []
    chunks = [chunk[0].decode("latin-1").strip() for chunk in source.chunks if not _is_info(chunk)]
    return source.tags, _lost([*chunks, *source.dropped])


def _lost(names: list[str]) -> list[str]:
    return [f"metadata not carried: {', '.join(dict.fromkeys(names))}"] if names else []
