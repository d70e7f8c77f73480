"""Frames of MPEG audio (MP3, MP2): counted, because no header tells how many there are.

A Xing or Info tag in front may; without one libsndfile guesses from the first frame and the size of the file, and is
wrong by a fifth to four fifths at a variable bitrate. Where a tag stands in the middle, or frames follow those that a
tag counts, another recording begins: files that were joined by their bytes.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import NamedTuple

from pipeline.errors import ReadError
from pipeline.io.base import Reader, ReadOptions
from pipeline.io.declared import Facts
from pipeline.io.joined import FLAC_BEGINS, joined, open_flac, part
from pipeline.io.kinds import kind_by, loaded
from pipeline.io.sndfile import SndfileReader
from pipeline.io.source import HEAD_BYTES, Source

_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_BITRATES = {  # kbit/s by (MPEG-1 or not, layer)
    (True, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    **dict.fromkeys(((False, 2), (False, 3)), (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)),
}
_BEGINS = re.compile(rb"\xff|ID3|TAG|APETAGEX")
_TITLED = ("WAV", "OGG", "AIFF", "W64", "AU", "CAF", "NIST")
"""Containers before which some programs put an ID3 tag, as if they were MP3."""
_SEARCHED = 1 << 20  # bytes that are looked through for the first frame


class Frame(NamedTuple):
    """What four bytes at the start of a frame say."""

    length: int
    """Bytes of the frame; 0 for a bitrate that is not told ("free format")."""
    samples: int
    kind: tuple[int, int, int]
    """Sampling rate, channels and layer, which stay the same through a recording."""
    side_info: int
    """Bytes from its start to where a tag stands."""


@dataclass
class Link:
    """One recording among those that are joined."""

    start: int
    end: int
    samples: int | None
    """Frames of audio in it; None where the tag tells that, or where nothing does ("free format")."""
    kind: tuple[int, int, int]
    tagged: bool


@lru_cache(4096)
def _frame(head: bytes) -> Frame | None:
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    bitrate, rate = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer == 4 or bitrate == 15 or rate == 3:
        return None
    fs, bps = _RATES[version][rate], 1000 * _BITRATES[version == 3, layer][bitrate]
    samples = 384 if layer == 1 else 1152 if layer == 2 or version == 3 else 576
    unit = 4 if layer == 1 else 1
    length = (samples // 8 // unit * bps // fs + (head[2] >> 1 & 1)) * unit if bps else 0
    mono = head[3] >> 6 == 3
    side_info = ((17 if mono else 32) if version == 3 else (9 if mono else 17)) + 4
    return Frame(length, samples, (fs, 1 if mono else 2, layer), side_info)


class _Walk:
    """One walk from frame to frame; `links` is its only user."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.size = source.size or 0
        self.links: list[Link] = []
        self.notes: list[str] = []
        self.left: int | None = None
        """Frames that the tag of the last link still promises."""
        self.lies = False
        """Whether titles say that they are longer than the file; they are looked through."""
        self._raw, self._at = b"", 0

    def bytes(self, at: int, count: int) -> bytes:
        if not self._at <= at <= at + count <= self._at + len(self._raw):
            self.source.rewind()
            self.source.skip(at)
            self._raw, self._at = self.source.read(max(count, 1 << 18)), at
        return self._raw[at - self._at : at - self._at + count]

    def metadata(self, at: int) -> int:
        """Bytes of the tag of titles that starts here: ID3 before or behind the audio, APE; 0 for none."""
        head = self.bytes(at, 32)
        if head[:3] == b"ID3" and len(head) >= 10:
            size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
            size += 10 + (10 if head[5] & 0x10 else 0)
            if at + size <= self.size:
                return size
            self.lies = True
            return 10
        if head[:8] == b"APETAGEX" and len(head) == 32:
            return struct.unpack("<I", head[12:16])[0] + (32 if head[23] & 0x20 else 0) or 32
        return 128 if head[:3] == b"TAG" else 0

    def locked(self, at: int, kind: tuple[int, int, int] | None) -> Frame | None:
        """The frame that starts here, if what follows it is one of its kind, a tag or the end."""
        frame = _frame(self.bytes(at, 4))
        if frame is None or (kind is not None and frame.kind == kind):
            return frame
        if not frame.length:
            return frame if self.evenly(at) else None
        after = at + frame.length
        following = _frame(self.bytes(after, 4)) if after + 4 <= self.size else None
        last = after == self.size or (after < self.size and bool(self.metadata(after)))
        return frame if last or (following and following.kind == frame.kind) else None

    def evenly(self, at: int) -> bool:
        """Whether the head that starts here stands again, and as far behind that once more, or the end does."""
        near, left = self.bytes(at, 1 << 14), self.size - at
        same = re.compile(re.escape(near[:2]) + b"[" + re.escape(bytes({near[2] & ~2, near[2] | 2})) + b"]")
        found = {place.start() for place in same.finditer(near, 4)}
        return any({2 * one - 1, 2 * one, 2 * one + 1} & {*found, left} for one in found)

    def walk(self) -> None:
        at, lost, titles = 0, 0, 0
        while at < self.size:
            link = self.links[-1] if self.links else None
            if frame := self.locked(at, link.kind if link and link.end == at else None):
                if lost:
                    self.notes.append(f"{lost} bytes before byte {at} are no frame of MPEG audio; passed over")
                lost = titles = 0
                at += self.take(at, frame)
            elif skipped := self.metadata(at):
                titles = at if self.links and self.bytes(at, 3) == b"ID3" else titles
                at += skipped
            else:
                found = _BEGINS.search(self.bytes(at + 1, 1 << 16))
                step = 1 + (found.start() if found else len(self.bytes(at + 1, 1 << 16)))
                at, lost = at + step, lost + step
                if not self.links and lost > _SEARCHED:
                    return
        if titles:
            self.notes.append(f"titles behind the audio, at byte {titles}, are not carried")
        if lost:
            self.notes.append(f"{lost} bytes at the end are no frame of MPEG audio; ignored")

    def take(self, at: int, frame: Frame) -> int:
        """Add one frame to a recording, its last or one that it begins; how many bytes it has."""
        link = self.links[-1] if self.links else None
        if not frame.length:
            self.notes.append("its MPEG frames tell no bitrate (free format), so that none can be counted")
            self.links.append(Link(at, self.size, None, frame.kind, tagged=False))
            return self.size - at
        if at + frame.length > self.size:
            there = self.size - at
            self.notes.append(f"the last MPEG frame is cut: {there} of {frame.length} bytes; dropped")
            return there
        name = self.bytes(at, frame.length)[frame.side_info :]
        if name.startswith((b"Xing", b"Info")) and frame.kind[2] == 3:
            counts = len(name) >= 12 and name[7] & 1  # a writer to a pipe leaves 0
            self.left = struct.unpack(">I", name[8:12])[0] or None if counts else None
            if self.left is not None:
                self.links.append(Link(at, at + frame.length, None, frame.kind, tagged=True))
            return frame.length
        if self.bytes(at, 40)[36:] == b"VBRI":
            return frame.length
        if link is None or link.end != at or link.kind != frame.kind or self.left == 0:
            self.left = None
            self.links.append(Link(at, at, 0, frame.kind, tagged=False))
            link = self.links[-1]
        elif self.left is not None:
            self.left -= 1
        link.end = at + frame.length
        link.samples = None if link.samples is None else link.samples + frame.samples
        return frame.length


def begins_later(head: bytes) -> bool:
    """Whether two frames of a kind follow one another somewhere: a recording cut out of another."""
    found = ((at.start(), _frame(head[at.start() :][:4])) for at in _BEGINS.finditer(head))
    pairs = ((frame, _frame(head[at + frame.length :][:4])) for at, frame in found if frame and frame.length)
    return any(after and frame.kind == after.kind for frame, after in pairs)


def behind_titles(source: Source) -> int:
    """Position of the first byte behind the tags of titles at the beginning of a file."""
    walk, at = _Walk(source), 0
    while at < walk.size and (length := walk.metadata(at)):
        at += length
    return at


def links(source: Source) -> tuple[list[Link], list[str]]:
    """The recordings in a file of MPEG audio, in their order, and what else was found in it."""
    walk = _Walk(source)
    walk.walk()
    titles = walk.metadata(0)
    if walk.links and titles:
        between = source.at(titles, walk.links[0].start - titles)
        if walk.lies or source.at(0, 3) != b"ID3" or between.strip(b"\0"):  # which libsndfile cannot go over
            walk.notes.append(f"titles before the first frame, at byte {walk.links[0].start}, are not carried")
        else:
            walk.links[0].start = 0
    return walk.links, walk.notes


def open_mpeg(source: Source, options: ReadOptions) -> Reader:
    """Read MP3 or MP2, with and without a tag that tells its length, in one piece or several."""
    source = source.spooled()
    start = behind_titles(source)
    kind = kind_by(source.at(start, HEAD_BYTES))
    if kind is not None and kind.container in _TITLED:
        reader: Reader = part(source, loaded(kind.open), replace(options, container=kind.container), start, None)
        reader.warnings.append(f"{start} bytes of titles stand before its {kind.container} header; not carried")
        source.close()
        return reader
    found, notes = links(source)
    if not found:
        if next(source.find(FLAC_BEGINS, 0, 8), None) is not None:
            return open_flac(source, replace(options, container="FLAC"))
        raise ReadError(source.name, "has no frame of MPEG audio in it")
    if len(found) == 1 and found[0].tagged and not found[0].start:
        reader = SndfileReader(source, options)
        reader.warnings += notes
        return reader
    single = "has one frame of MPEG audio alone, which libsndfile does not decode"
    parts = []
    for link in found:
        facts = Facts(frames=link.samples, endless=not link.tagged, unreadable=single)
        parts.append(partial(part, source, partial(SndfileReader, facts=facts), options, link.start, link.end))
    return joined(source, parts, options, notes)
