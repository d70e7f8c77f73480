"""Recordings of an AudioMoth that is triggered by sound (``...T.WAV``), with their quiet stretches put back.

In such a file quiet is coded **inside the audio**: 512 bytes, aligned to 512 bytes of the file, whose first 32 samples
of +1 and -1 spell a number of blocks, lowest bit first, with 224 zeros behind them. Taken for audio they are 5 ms of
faint noise, and every time behind them is wrong.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from itertools import accumulate

import numpy as np

from pipeline.errors import ReadError
from pipeline.io.base import Block, Reader
from pipeline.io.source import Source
from pipeline.text import count, duration

_BYTES, _FRAMES, _BITS = 512, 256, 32
_SCANNED = 2048  # blocks looked at in one go
_LONGEST = 7 * 86_400
"""Seconds that a recording may come to: a broken number asks for years."""


def quiet_blocks(source: Source, start: int, frames: int) -> list[tuple[int, int]]:
    """Blocks of the audio from byte ``start`` on that are coded quiet: first frames, and frames that they stand for."""
    first, found = -start % _BYTES, list[tuple[int, int]]()
    whole = (2 * frames - first) // _BYTES
    for block in range(0, whole, _SCANNED):
        raw = source.at(start + first + block * _BYTES, min(_SCANNED, whole - block) * _BYTES)
        rows = np.frombuffer(raw[: len(raw) // _BYTES * _BYTES], "<i2").reshape(-1, _FRAMES)
        coded = (np.abs(rows[:, :_BITS]) == 1).all(axis=1) & ~rows[:, _BITS:].any(axis=1)
        for i in np.flatnonzero(coded).tolist():
            blocks = sum(1 << bit for bit in np.flatnonzero(rows[i, :_BITS] == 1).tolist())
            if blocks:
                found.append((first // 2 + (block + i) * _FRAMES, blocks * _FRAMES))
    return found


class TriggeredReader(Reader):
    """The frames of a reader with coded quiet as the silence that it stands for; in streams, however long it is."""

    def __init__(self, inner: Reader, name: str, quiet: list[tuple[int, int]]) -> None:
        stored, fs = inner.info.frames or 0, inner.info.fs
        more = [length - _FRAMES for _, length in quiet]
        frames = stored + sum(more)
        if frames > _LONGEST * fs:
            words = f"its coded quiet comes to {duration(frames / fs)}; set triggered: as_stored to take it as it is"
            raise ReadError(name, words)
        super().__init__(replace(inner.info, frames=frames), inner._dtype)
        self._inner = inner
        self._at = 0
        self._first = [at + grown for (at, _), grown in zip(quiet, accumulate([0, *more[:-1]]), strict=True)]
        self._length = [length for _, length in quiet]
        self.warnings = inner.warnings
        silence = duration(sum(self._length) / fs)
        self.warnings.append(
            f"is a triggered recording of an AudioMoth: {silence} of quiet, coded in {count(len(quiet), 'block')}, is"
            f" silence again, {duration(frames / fs)} in all (triggered: as_stored leaves it as it is stored)"
        )

    def _place(self) -> tuple[int, bool]:
        """Frames to the end of the stretch of quiet here, and True; or to the start of the next, and False."""
        i = bisect_right(self._first, self._at) - 1
        if i >= 0 and self._at < self._first[i] + self._length[i]:
            return self._first[i] + self._length[i] - self._at, True
        start = self._first[i + 1] if i + 1 < len(self._first) else int(self.info.frames or 0)
        return start - self._at, False

    def _read_piece(self, frames: int) -> Block:
        pieces = [np.zeros((0, self.info.channels), self._dtype)]
        while frames > 0 and self._at < int(self.info.frames or 0):
            left, quiet = self._place()
            n = min(frames, left)
            pieces.append(np.zeros((n, self.info.channels), self._dtype) if quiet else self._inner.read(n))
            self._go(n, ends=quiet and n == left)
            frames -= n
        return np.concatenate(pieces)

    def skip(self, frames: int) -> None:
        """Go on, in silence by counting alone."""
        frames = min(frames, int(self.info.frames or 0) - self._at)
        self._done += max(0, frames)
        while frames > 0:
            left, quiet = self._place()
            n = min(frames, left)
            if not quiet:
                self._inner.skip(n)
            self._go(n, ends=quiet and n == left)
            frames -= n

    def _go(self, n: int, ends: bool) -> None:
        """Go on by ``n`` frames; where a stretch of quiet ends, past its block in the file."""
        self._at += n
        if ends:
            self._inner.skip(_FRAMES)

    def close(self) -> None:
        """Let go of the file."""
        self._inner.close()
