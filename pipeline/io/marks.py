"""What counts frames in the chunks of a WAV: marks, loops and the clock of its first frame, moved with the sound.

What cannot be moved, because it lies outside of the output or is told in words, is left out, and named.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import replace

from .base import SignalInfo

Place = Callable[[int], int]  # gives the frame of the output at which the sound of a frame of the input stands

# Chunks that tell times, or the sampling rate, each in a way of its own.
_IN_WORDS = frozenset({b"iXML", b"guan", b"wamd", b"axml", b"acid", b"cart", b"id3 "})
_CLOCK = 338  # byte of bext at which TimeReference begins: frames since midnight, in 64 bits
_FAR = 1 << 32


def moved(info: SignalInfo, place: Place | None, fs: float, frames: int | None) -> SignalInfo:
    """A source's metadata as they hold for an output of rate ``fs``; ``frames`` and ``place`` may be unknown."""
    if fs == info.fs and place is not None and (place(0), place(_FAR)) == (0, _FAR):
        return info
    stays = place is not None and place(0) == 0 < place(_FAR)  # the first sound is still the first
    mover, kept, lost = None if place is None else _Mover(info, place, fs, frames), [], list(info.dropped)
    for name, data in info.chunks:
        move = getattr(mover, f"{name.decode('latin-1').strip()}_chunk", None)
        if stays and name in (b"guan", b"wamd"):
            kept.append((name, re.sub(rb"(?m)^(Samplerate:\s*)\d+", rb"\g<1>%d" % round(fs), data)))
        elif name in _IN_WORDS or (mover is None and hasattr(_Mover, f"{name.decode('latin-1').strip()}_chunk")):
            lost.append(name.decode().strip())
        else:
            kept.append((name, data if move is None else move(data)))
    lost += [] if mover is None else mover.lost
    return replace(info, fs=fs, chunks=tuple(chunk for chunk in kept if chunk[1]), dropped=tuple(lost))


class _Mover:
    """Moves the chunks of one source; a method for each kind."""

    def __init__(self, info: SignalInfo, place: Place, fs: float, frames: int | None) -> None:
        self.lost: list[str] = []
        self._place, self._fs, self._ratio, self._frames = place, fs, fs / info.fs, frames
        self._lengths: dict[int, int] = {}  # of the regions that marks begin, by the marks' ids
        for name, data in info.chunks:
            for at in _texts(data) if name == b"LIST" else ():
                mark, length = struct.unpack_from("<II", data, at)
                self._lengths[mark] = length

    def _span(self, first: int, last: int) -> tuple[int, int] | None:
        """Frames of the output for two of the input, the earlier one first; None where they lie outside of it."""
        start, end = sorted((self._place(first), self._place(last)))
        return (max(0, start), end) if start >= -1 and (self._frames is None or end <= self._frames) else None

    def _left(self, what: str, kept: list[bytes | None]) -> bytes:
        """Those that lie inside, and words on the others."""
        if gone := kept.count(None):
            self.lost.append(f"{what.format(f'{gone} of {len(kept)}')} outside of the output)")
        return b"".join(filter(None, kept))

    def cue_chunk(self, data: bytes) -> bytes:
        kept: list[bytes | None] = []
        for mark, _, rest, frame in struct.iter_unpack("<II12sI", data[4 : len(data) - (len(data) - 4) % 24]):
            span = self._span(frame, frame + max(1, self._lengths.get(mark, 1)) - 1)
            kept.append(struct.pack("<II12sI", mark, span[0], rest, span[0]) if span else None)
        left = self._left("cue ({} marks", kept)
        return struct.pack("<I", len(left) // 24) + left if left else b""

    def smpl_chunk(self, data: bytes) -> bytes:
        if len(data) < 36:
            return data
        kept: list[bytes | None] = []
        for head, first, last, rest in struct.iter_unpack("<8sII8s", data[36 : len(data) - (len(data) - 36) % 24]):
            span = self._span(first, last)
            kept.append(struct.pack("<8sII8s", head, *span, rest) if span else None)
        left = self._left("smpl ({} loops", kept)
        fixed = data[:8] + struct.pack("<I", round(1e9 / self._fs)) + data[12:28]
        return fixed + struct.pack("<II", len(left) // 24, 0) + left

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
        changed = bytearray(data)
        for at in _texts(data):
            mark, length = struct.unpack_from("<II", data, at)
            struct.pack_into("<II", changed, at, mark, round(length * self._ratio) & 0xFFFFFFFF)
        return bytes(changed)


def _texts(data: bytes) -> list[int]:
    """Positions of the contents of the ``ltxt`` parts, which give marks a length, in a ``LIST adtl`` chunk."""
    found, at = [], 4
    while data[:4] == b"adtl" and at + 16 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        found += [at + 8] if name == b"ltxt" else []
        at += 8 + size + size % 2
    return found
