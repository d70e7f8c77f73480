"""Metadata of an input put into an output: as its container holds them, else named in a note.

libsndfile writes nine texts into what it writes. All else goes in when the audio is complete and the file still
hidden: by mutagen, where that is installed, into FLAC, Ogg and ID3; marks as chunks.
"""

from __future__ import annotations

import base64
import io
import os
import struct
from collections.abc import Iterator
from typing import Any

from pipeline.errors import WriteError
from pipeline.io.base import SignalInfo
from pipeline.io.riff_metadata import INFO_IDS, Chunks, at_rate, is_info
from pipeline.io.sink import OutputFile, naming_errors

from . import id3
from .moving import moved as moved
from .texts import ID3_NAMES, PICTURE, PICTURE_FIELD, Tags

MISSING = "more would be kept: pip install 'faltung[metadata]'"
"""Said where mutagen would carry what is named."""

_STRINGS = {"FLAC", "OGG", "AIFF", "WAV"}
"""Containers that libsndfile is asked to write texts into."""
_FRAMES = {name: frame for frame, name in reversed(ID3_NAMES.items()) if len(frame) == 4 and frame != "TYER"}


def names_of(source: SignalInfo) -> list[str]:
    """Names of all metadata of an input."""
    chunks = [name.decode("latin-1").strip() for name, raw in source.chunks if not is_info((name, raw))]
    return [*(name for name, _ in source.tags), *chunks, *(name for name, _ in source.attached), *source.dropped]


def lost(names: list[str]) -> list[str]:
    """The note on what is not carried; none where everything is."""
    return [f"metadata not carried: {', '.join(dict.fromkeys(names))}"] if names else []


def all_lost(source: SignalInfo | None) -> list[str]:
    """The note for an output that holds no metadata at all, such as a table."""
    return [] if source is None else lost(names_of(source))


class Carrying:
    """Metadata of one input for one output that libsndfile writes.

    ``strings`` are the texts that libsndfile is given, ``notes`` tell what is lost; `put` adds the rest to the file.
    """

    def __init__(self, source: SignalInfo | None, container: str, fs: float) -> None:
        self.strings: Tags = ()
        self.notes: list[str] = []
        self._container = container
        self._more: list[tuple[str, str]] = []
        self._pictures: list[bytes] = []
        self._blocks: list[bytes] = []
        self._chunks: list[tuple[bytes, bytes]] = []
        if source is not None:
            self._take(at_rate(source, fs))

    def _take(self, source: SignalInfo) -> None:
        if self._container not in (*_STRINGS, "MP3"):
            self.notes += all_lost(source)
            return
        gone = list[str]()
        strings, more = dict[str, str](), list[tuple[str, str]]()
        for name, text in source.tags:
            if self._container in _STRINGS and name in INFO_IDS and name not in strings:
                strings[name] = text
            else:
                more.append((name, text))
        self.strings = tuple(strings.items())
        attached = list(source.attached)
        for chunk, raw in self._of_chunks(source.chunks, gone):
            if chunk.lower() == b"id3 ":
                texts, pictures, unread = id3.read(raw)
                more += [(key, text) for key, text in texts if (key, text) not in source.tags]
                attached += pictures
                gone += unread
            else:
                gone.append(chunk.decode("latin-1").strip())
        for what, raw in attached:
            if what == PICTURE:
                self._pictures.append(raw)
            elif what == "FLAC APPLICATION" and self._container == "FLAC":
                self._blocks.append(raw)
            elif what.startswith("AIFF ") and self._container == "AIFF":
                held = _between_marks(raw, source.chunks, gone) if what == "AIFF INST" else raw
                self._chunks.append((what[5:].encode(), held))
            else:
                gone.append(what)
        if self._container in ("FLAC", "OGG"):
            gone += [name for name, _ in more if not _is_field(name)]
            more = [(name, text) for name, text in more if _is_field(name)]
        self._more = more
        needs_mutagen = bool(more or self._pictures or self._blocks)
        gone += source.dropped
        if needs_mutagen and _mutagen() is None:
            gone += [name for name, _ in more] + [PICTURE] * bool(self._pictures)
            gone += ["FLAC APPLICATION"] * bool(self._blocks)
            self._more, self._pictures, self._blocks = [], [], []
            self.notes += [f"{lost(gone)[0]}; {MISSING}"]
        else:
            self.notes += lost(gone)

    def _of_chunks(self, chunks: Chunks, gone: list[str]) -> Iterator[tuple[bytes, bytes]]:
        """Chunks of a WAV that are yet to be dealt with, when those that the container has a place for are taken."""
        if self._container == "WAV":
            self._chunks += [chunk for chunk in chunks if not is_info(chunk)]
            return
        aiff = self._container == "AIFF"
        if aiff:
            self._chunks += marks(chunks)
            labels = [raw for name, raw in chunks if name == b"LIST" and raw[:4] == b"adtl"]
            points = {mark for name, raw in chunks if name == b"cue " for mark, _ in _points(raw)}
            parts = [part for raw in labels for part in _parts(raw)]
            gone += ["LIST"] * any(kind != b"labl" or mark not in points for kind, mark, _ in parts)
        for name, raw in chunks:
            taken = aiff and (name == b"cue " or (name == b"LIST" and raw[:4] == b"adtl"))
            if not taken and not is_info((name, raw)):
                yield name, raw

    def put(self, file: OutputFile) -> None:
        """Add to a file whose audio is complete what libsndfile did not write."""
        if self._container in ("AIFF", "WAV"):
            if self._more or self._pictures:
                name = b"ID3 " if self._container == "AIFF" else b"id3 "
                self._chunks.append((name, tag_of(self._more, self._pictures)))
            _append(file, self._chunks, ">" if self._container == "AIFF" else "<")
        elif self._more or self._pictures or self._blocks:
            with naming_errors(file.name), os.fdopen(os.dup(file.fileno()), "r+b") as whole:
                try:
                    whole.seek(0)
                    _PUT[self._container](whole, self._more, self._pictures, self._blocks)
                except _mutagen().MutagenError as error:
                    cause = error.__cause__ or error.__context__
                    if isinstance(cause, OSError):
                        raise cause from error
                    raise WriteError(file.name, f"its metadata cannot be written: {error}") from error


def riff_chunks(source: SignalInfo) -> tuple[Chunks, list[str]]:
    """The chunk of a WAV that holds texts that have no place in a ``LIST INFO``, and pictures; and what is lost."""
    more = [(name, text) for at, (name, text) in enumerate(source.tags) if _is_more(source.tags, at)]
    pictures = [raw for name, raw in source.attached if name == PICTURE]
    gone = [name for name, _ in source.attached if name != PICTURE]
    if any(name == b"LIST" and raw[:4] == b"INFO" for name, raw in source.chunks):
        more = []  # all of them stand there
    if not more and not pictures:
        return (), lost(gone)
    if _mutagen() is None:
        gone += [name for name, _ in more] + [PICTURE] * bool(pictures)
        return (), [f"{lost(gone)[0]}; {MISSING}"]
    return ((b"id3 ", tag_of(more, pictures)),), lost(gone)


def _is_more(tags: Tags, at: int) -> bool:
    return tags[at][0] not in INFO_IDS or tags[at][0] in [name for name, _ in tags[:at]]


def _is_field(name: str) -> bool:
    """Whether a comment of FLAC and Ogg can have this name; those of ID3 are free texts."""
    plain = all(" " <= sign <= "}" and sign != "=" for sign in name)
    return bool(name) and plain and name.upper() not in ("OGGS", "TAG", "ID3", "MP+")


def _mutagen() -> Any:
    try:
        import mutagen
    except ImportError:
        return None
    return mutagen


def tag_of(texts: list[tuple[str, str]], pictures: list[bytes]) -> bytes:
    """An ID3 tag of these."""
    from mutagen.id3 import ID3

    tag, file = ID3(), io.BytesIO()
    _fill(tag, texts, pictures)
    tag.save(file, padding=lambda _: 0)
    return file.getvalue()


def _fill(tag: Any, texts: list[tuple[str, str]], pictures: list[bytes]) -> None:
    from mutagen import id3 as frames
    from mutagen.flac import Picture

    together: dict[str, list[str]] = {}
    for name, text in texts:
        together.setdefault(name, []).append(text)
    for name, several in together.items():
        if name in _FRAMES and name != "comment":
            known = tag.getall(_FRAMES[name])
            before = [str(text) for frame in known for text in frame.text]
            tag.setall(_FRAMES[name], [getattr(frames, _FRAMES[name])(encoding=3, text=before + several)])
        else:
            tag.add(frames.TXXX(encoding=3, desc=name, text=several))
    for number, raw in enumerate(pictures):
        one = Picture(raw)
        words = one.desc + "\u200b" * number  # two pictures of one description would be one
        tag.add(frames.APIC(encoding=3, mime=one.mime, type=one.type, desc=words, data=one.data))


def _put_flac(file: Any, texts: list[tuple[str, str]], pictures: list[bytes], blocks: list[bytes]) -> None:
    from mutagen.flac import FLAC, MetadataBlock, Picture

    audio = FLAC(file)
    if audio.tags is None:
        audio.add_tags()
    audio.tags.extend(texts)
    for raw in pictures:
        audio.add_picture(Picture(raw))
    for raw in blocks:
        block = MetadataBlock(raw)
        block.code = 2
        audio.metadata_blocks.append(block)
    file.seek(0)
    audio.save(file, padding=lambda _: 0)


def _put_ogg(file: Any, texts: list[tuple[str, str]], pictures: list[bytes], _: list[bytes]) -> None:
    from mutagen.oggopus import OggOpus
    from mutagen.oggvorbis import OggVorbis

    kind = OggOpus if b"OpusHead" in file.read(64) else OggVorbis
    file.seek(0)
    audio = kind(file)
    audio.tags.extend([*texts, *((PICTURE_FIELD, base64.b64encode(raw).decode()) for raw in pictures)])
    file.seek(0)
    audio.save(file, padding=lambda _: 0)


def _put_mp3(file: Any, texts: list[tuple[str, str]], pictures: list[bytes], _: list[bytes]) -> None:
    from mutagen.id3 import ID3, ID3NoHeaderError

    try:
        tag = ID3(file)
    except ID3NoHeaderError:
        tag = ID3()
    _fill(tag, texts, pictures)
    file.seek(0)
    tag.save(file, padding=lambda _: 0)


_PUT = {"FLAC": _put_flac, "OGG": _put_ogg, "MP3": _put_mp3}


def marks(chunks: Chunks) -> list[tuple[bytes, bytes]]:
    """The ``MARK`` chunk of AIFF for the ``cue `` chunk of a WAV, with the names that its ``LIST adtl`` gives."""
    points = [one for name, raw in chunks if name == b"cue " for one in _points(raw)]
    parts = [part for name, raw in chunks if name == b"LIST" for part in _parts(raw)]
    named = {mark: text for kind, mark, text in parts if kind == b"labl"}
    valid = all(0 < mark < 1 << 15 for mark, _ in points) and len(dict(points)) == len(points)
    body = struct.pack(">H", len(points))
    for number, (mark, frame) in enumerate(points, 1):
        text = named.get(mark, b"").rstrip(b"\0")[:255]
        body += struct.pack(">HIB", mark if valid else number, frame, len(text)) + text + b"\0" * ((len(text) + 1) % 2)
    return [(b"MARK", body)] if points else []


def _between_marks(inst: bytes, chunks: Chunks, gone: list[str]) -> bytes:
    """An ``INST`` chunk whose loops lead from the earlier of two marks to the later, and are off where one is gone."""
    frames = {mark: frame for name, raw in chunks if name == b"cue " for mark, frame in _points(raw)}
    for at in (8, 14):  # the loop of a held note, and that of one let go
        mode, *ends = struct.unpack_from(">HHH", inst.ljust(20, b"\0"), at)
        there = [mark for mark in ends if mark in frames]
        if mode and len(there) < 2:
            gone.append("a loop of INST")
        loop = (mode, *sorted(there, key=frames.__getitem__)) if len(there) == 2 else (0, 0, 0)
        inst = inst[:at] + struct.pack(">HHH", *loop) + inst[at + 6 :]
    return inst


def _points(raw: bytes) -> list[tuple[int, int]]:
    return [(mark, frame) for mark, _, frame in struct.iter_unpack("<I16sI", raw[4 : len(raw) - (len(raw) - 4) % 24])]


def _parts(raw: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    """Kind, mark and text of each part of a ``LIST adtl``."""
    at = 4
    while raw[:4] == b"adtl" and at + 12 <= len(raw):
        kind, size, mark = struct.unpack_from("<4sII", raw, at)
        yield kind, mark, raw[at + 12 : at + 8 + size]
        at += 8 + size + size % 2


def _append(file: OutputFile, chunks: list[tuple[bytes, bytes]], order: str) -> None:
    """Put chunks behind the audio, and count them in the length of the whole."""
    if not chunks:
        return
    end = file.seek(0, os.SEEK_END)
    body = b"\0" * (end % 2)
    for name, raw in chunks:
        body += name + struct.pack(f"{order}I", len(raw)) + raw + b"\0" * (len(raw) % 2)
    file.write(body)
    file.patch(4, struct.pack(f"{order}I", end + len(body) - 8))
