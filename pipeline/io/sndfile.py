"""Read FLAC, AIFF, OGG, MP3, W64 and compressed WAV through libsndfile, counting every frame.

libsndfile gets a descriptor, not a name, and is never asked to seek: after a seek it forgets decoding errors, and a
FLAC stream that does not tell its length cannot be read at all.
"""

from __future__ import annotations

import os
import struct
from typing import Any

import numpy as np

from ..errors import ReadError
from ..system import pread
from .base import MAX_CHANNELS, Block, Reader, ReadOptions, SignalInfo
from .metadata import INFO_IDS
from .source import Source

_UNKNOWN_FRAMES = 2**62
"""libsndfile says 2**63 - 1 where a FLAC header does not tell its length."""


def _open(fd: int) -> Any:
    import soundfile

    class Forward(soundfile.SoundFile):  # type: ignore[misc]
        """A SoundFile that only goes forward."""

        def seekable(self) -> bool:
            return False

    return Forward(fd, closefd=True)


class SndfileReader(Reader):
    """Frames of an open source, decoded by libsndfile."""

    def __init__(self, source: Source, options: ReadOptions, container: str) -> None:
        import soundfile

        self._source = source
        self._accept = options.truncated == "accept"
        os.lseek(source.fd, 0, os.SEEK_SET)
        try:
            self._file = _open(os.dup(source.fd))
        except soundfile.LibsndfileError as error:
            raise ReadError(source.name, f"is no readable {container} file: {error.error_string}") from error
        file = self._file
        frames = file.frames if file.frames < _UNKNOWN_FRAMES else None
        tags = tuple((name, text) for name in INFO_IDS if (text := getattr(file, name)))
        info = SignalInfo(float(file.samplerate), file.channels, frames, container, file.subtype, tags=tags)
        super().__init__(info, options.dtype)
        self._native = np.float32 if self._dtype == np.float32 else np.float64
        self._decode_error: type[Exception] = soundfile.LibsndfileError
        if not 1 <= info.channels <= MAX_CHANNELS:
            raise ReadError(source.name, f"declares {info.channels} channels; 1 to {MAX_CHANNELS} can be read")
        if problem := _cut_short(source, container, source.size or 0):
            self._fault(problem, "what is there")
        if frames is None and not source.piped:
            self._fault("unfinished header: it declares no length (its writer was stopped)", "what is there")

    def _fault(self, problem: str, taken: str) -> None:
        if not self._accept:
            raise ReadError(self._source.name, f"{problem}; set truncated: accept to take {taken}")
        self.warnings.append(f"{problem}; took {taken}")

    def _read_piece(self, frames: int) -> Block:
        total = self.info.frames
        wanted = frames if total is None else min(frames, total - self._done)
        # No decoder yields NaN here unless the file holds one: rows still NaN after an error were never filled.
        block = np.full((wanted, self.info.channels), np.nan, self._native)
        problem = ""
        try:
            block = self._file.read(out=block) if wanted else block
        except self._decode_error as error:
            block = block[: int(np.argmax(np.isnan(block).all(axis=1)))]
            problem = f"damaged or cut short: decoding stopped after frame {self._done + len(block)} ({error})"
        if not problem and total is not None and len(block) < wanted:
            problem = f"declares {total} frames, has {self._done + len(block)}"
        if problem:
            self._fault(problem, f"the {self._done + len(block)} frames")
        return block.astype(self._dtype, copy=False)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
        self._source.close()


def _cut_short(source: Source, container: str, size: int) -> str:
    """What is missing at the end of a container that libsndfile clamps in silence; empty when nothing is."""
    if container == "OGG":
        tail = pread(source.fd, 1 << 16, max(0, size - (1 << 16)))
        at = tail.rfind(b"OggS")
        return "" if at >= 0 and tail[at + 5 : at + 6] and tail[at + 5] & 4 else "has no last page: it is cut short"
    if container == "AIFF":
        at, name, grow, form = 12, b"SSND", 8, ">4sI"
    elif container == "W64":
        at, name, grow, form = 40, b"data", 0, "<4s12xQ"
    else:
        return ""
    width = struct.calcsize(form)
    while at < size and len(head := pread(source.fd, width, at)) == width:
        found, length = struct.unpack(form, head)
        length += grow
        if found == name:
            missing = at + length - size
            return f"declares {missing} bytes more than it has" if missing > 0 else ""
        if length < width:
            break
        at += length + (length % 2 if container == "AIFF" else -length % 8)
    return ""
