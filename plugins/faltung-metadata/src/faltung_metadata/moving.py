"""What counts frames or tells times in metadata: marks, loops and the clock of the first frame, moved with the sound.

What cannot be moved, because it lies outside of the output or is told in words or texts, is left out, and named.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace

from pipeline.io.base import SignalInfo

Place = Callable[[int], int]  # gives the frame of the output at which the sound of a frame of the input stands

# Chunks that tell times, or the sampling rate, each in a way of its own.
_IN_WORDS = frozenset({b"iXML", b"guan", b"wamd", b"axml", b"acid", b"cart", b"id3 "})
# Texts that tell them: loops of games, chapters, cue sheets, the time of day that ffmpeg makes of bext.
_TIMES = re.compile(r"loop_?(start|end|length)|chapter\d+.*|cue_?sheet|time_?reference", re.IGNORECASE)
_LENGTHS = re.compile(r"tlen|length|(comment )?itunsmpb", re.IGNORECASE)  # of the whole, as it was
_SUNG_AT = re.compile(r"^\[\d+:\d\d", re.MULTILINE)  # a line of lyrics with its time
_XMP_TIMES = re.compile(rb"xmpDM:(startTime|markers|Tracks)")
_CLOCK = 338  # byte of bext at which TimeReference begins: frames since midnight, in 64 bits
_FAR = 1 << 32


def moved(info: SignalInfo, place: Place | None, fs: float, frames: int | None) -> SignalInfo:
    """A source's metadata as they hold for an output of rate ``fs``; ``frames`` and ``place`` may be unknown."""
    still = fs == info.fs and place is not None and (place(0), place(_FAR)) == (0, _FAR)
    false = [one for one in info.tags if not _holds(*one, still=still, whole=still and frames in (None, info.frames))]
    info = replace(info, tags=tuple(one for one in info.tags if one not in false))
    lost = [*info.dropped, *(name for name, _ in false)]
    if still:
        return replace(info, dropped=tuple(lost))
    stays = place is not None and place(0) == 0 < place(_FAR)  # the first sound is still the first
    mover, kept = None if place is None else _Mover(info, place, fs, frames), []
    for name, data in info.chunks:
        move = getattr(mover, f"{name.decode('latin-1').strip()}_chunk", None)
        if stays and name in (b"guan", b"wamd"):
            kept.append((name, re.sub(rb"(?m)^(Samplerate:\s*)\d+", rb"\g<1>%d" % round(fs), data)))
        elif name in _IN_WORDS or (mover is None and hasattr(_Mover, f"{name.decode('latin-1').strip()}_chunk")):
            lost.append(name.decode().strip())
        elif name == b"_PMX" and _XMP_TIMES.search(data):
            lost.append("_PMX")
        else:
            kept.append((name, data if move is None else move(data)))
    lost += [] if mover is None else mover.lost
    return replace(info, fs=fs, chunks=tuple(chunk for chunk in kept if chunk[1]), dropped=tuple(lost))


def _holds(name: str, text: str, *, still: bool, whole: bool) -> bool:
    """Whether a text is true of the output: its sounds stand where they stood (``still``), and it is as long."""
    if _LENGTHS.fullmatch(name):
        return whole
    return still or not (_TIMES.fullmatch(name) or ("lyrics" in name.lower() and _SUNG_AT.search(text)))


class _Mover:
    """Moves the chunks of one source; a method for each kind."""

    def __init__(self, info: SignalInfo, place: Place, fs: float, frames: int | None) -> None:
        self.lost: list[str] = []
        self._place, self._fs, self._ratio, self._frames = place, fs, fs / info.fs, frames
        self._lengths: dict[int, int] = {}  # of the regions that marks begin, by the marks' ids
        for name, data in info.chunks:
            for kind, at, _ in _parts(data) if name == b"LIST" else ():
                if kind == b"ltxt" and len(data) >= at + 16:
                    mark, length = struct.unpack_from("<II", data, at + 8)
                    self._lengths[mark] = length
        self._outside = {
            mark
            for name, data in info.chunks
            for mark, _, _, frame in (_points(data) if name == b"cue " else ())
            if self._of_mark(mark, frame) is None
        }

    def _span(self, first: int, last: int) -> tuple[int, int] | None:
        """Frames of the output for two of the input, the earlier one first; None where they lie outside of it."""
        start, end = sorted((self._place(first), self._place(last)))
        return (max(0, start), end) if start >= -1 and (self._frames is None or end <= self._frames) else None

    def _of_mark(self, mark: int, frame: int) -> tuple[int, int] | None:
        return self._span(frame, frame + max(1, self._lengths.get(mark, 1)) - 1)

    def _left(self, what: str, kept: list[bytes | None]) -> bytes:
        """Those that lie inside, and words on the others."""
        if gone := kept.count(None):
            self.lost.append(f"{what.format(f'{gone} of {len(kept)}')} outside of the output)")
        return b"".join(filter(None, kept))

    def cue_chunk(self, data: bytes) -> bytes:
        kept: list[bytes | None] = []
        for mark, _, rest, frame in _points(data):
            span = self._of_mark(mark, frame)
            kept.append(struct.pack("<II12sI", mark, span[0], rest, span[0]) if span else None)
        left = self._left("cue ({} marks", kept)
        return struct.pack("<I", len(left) // 24) + left if left else b""

    def smpl_chunk(self, data: bytes) -> bytes:
        if len(data) < 36:
            return data
        kept: list[bytes | None] = []
        loops = min(struct.unpack_from("<I", data, 28)[0], (len(data) - 36) // 24)
        for head, first, last, rest in struct.iter_unpack("<8sII8s", data[36 : 36 + 24 * loops]):
            span = self._span(first, last)
            kept.append(struct.pack("<8sII8s", head, *span, rest) if span else None)
        left = self._left("smpl ({} loops", kept)
        fixed = data[:8] + struct.pack("<I", round(1e9 / self._fs)) + data[12:28]
        return fixed + struct.pack("<I", len(left) // 24) + data[32:36] + left + data[36 + 24 * loops :]

    def bext_chunk(self, data: bytes) -> bytes:
        frame = struct.unpack_from("<Q", data, _CLOCK)[0] if len(data) >= _CLOCK + 8 else 0
        if frame == 0:
            return data
        clock = round(frame * self._ratio) - self._place(0)
        if self._place(_FAR) < self._place(0) or not 0 <= clock < 1 << 64:
            self.lost.append("the time of day in bext (the output has none, or begins the day before)")
            clock = 0
        return data[:_CLOCK] + struct.pack("<Q", clock) + data[_CLOCK + 8 :]

    def LIST_chunk(self, data: bytes) -> bytes:  # noqa: N802 - the name of the chunk
        if data[:4] != b"adtl":
            return data
        kept = data[:4]
        for kind, at, end in _parts(data):
            mark, part = int.from_bytes(data[at + 8 : at + 12], "little"), data[at:end]
            if kind == b"ltxt" and mark in self._lengths:
                length = round(int.from_bytes(part[12:16], "little") * self._ratio) & 0xFFFFFFFF
                part = part[:12] + struct.pack("<I", length) + part[16:]
            kept += b"" if mark in self._outside else part
        return kept if len(kept) > 4 else b""


def _points(data: bytes) -> Iterator[tuple[int, int, bytes, int]]:
    """Id, position, place in a playlist and frame of the marks of a ``cue `` chunk, as many as it says it has."""
    count = min(int.from_bytes(data[:4], "little"), max(0, len(data) - 4) // 24)
    return struct.iter_unpack("<II12sI", data[4 : 4 + 24 * count])


def _parts(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of the parts of a ``LIST adtl`` chunk, each the text of a mark or a region."""
    at = 4
    while data[:4] == b"adtl" and at + 12 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        end = at + 8 + size + size % 2
        yield name, at, end
        at = end
