"""Write FLAC, AIFF, W64, OGG, MP3 and compressed WAV through libsndfile, into a file that appears when it is whole.

Integer encodings are quantised here and handed over as integers, since libsndfile would floor and wrap. What differs
from run to run (a time stamp in AIFF, a serial number in OGG) is set to what the signal and its name determine.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

import numpy as np

from ..errors import UsageError, WriteError
from .atomic import AtomicFile, open_file
from .base import Block, Writer, WriteReport, WriteRequest
from .metadata import carried_tags
from .pcm import BITS
from .quantise import Quantiser
from .reproducible import fix_ogg_serial, zero_aiff_stamp
from .sink import is_stream

_OGG_FRAMES = 4096
"""Vorbis packs pages by what it is handed: always this much, so that no cut of blocks changes a byte."""

_UNTAGGED = ("W64", "MP3")


class _Recorder:
    """The file object libsndfile writes to. An exception cannot pass through C: it is kept, and raised outside."""

    def __init__(self, sink: AtomicFile) -> None:
        self._sink = sink
        self.error: BaseException | None = None
        self.seek, self.tell, self.read = sink.seek, sink.tell, sink.read

    def write(self, data: bytes) -> int:
        try:
            return self._sink.write(data)
        except BaseException as error:
            self.error = self.error or error
            return 0


class SndfileWriter(Writer):
    """Write one file through libsndfile."""

    def __init__(self, request: WriteRequest, container: str, subtype: str, fs: int) -> None:
        import soundfile

        super().__init__(request)
        if is_stream(request.path):
            raise UsageError(f"{request.path}: {container}/{subtype} needs a file; a pipe takes PCM or FLOAT WAV only")
        self._container = container
        self._subtype = subtype
        key = PurePath(request.path).name
        bits = BITS.get(subtype)
        self._quantiser = Quantiser(bits, dither=request.fmt.dither, clip=request.fmt.clip, key=key)
        self._floats = subtype in ("FLOAT", "DOUBLE", "VORBIS", "OPUS")
        self.full_scale = None if self._floats else self._quantiser.full_scale
        self._waiting: list[Block] = []
        self._sink = open_file(request.path, overwrite=request.overwrite)
        self.outputs = [self._sink]
        self._recorder = _Recorder(self._sink)
        try:
            self._file: Any = soundfile.SoundFile(
                self._recorder, "w", fs, request.channels, subtype=subtype, format=container
            )
        except soundfile.LibsndfileError as error:
            self._sink.abort()
            problem = f"{container}/{subtype} with {request.channels} channels at {fs} Hz: {error.error_string}"
            raise self._recorder.error or UsageError(f"{request.path}: {problem}") from error
        except BaseException:
            self._sink.abort()
            raise
        tags, notes = carried_tags(request.source)
        if container in _UNTAGGED and tags:
            notes.append(f"{container} does not hold tags here: {', '.join(name for name, _ in tags)} not carried")
            tags = ()
        self.notes += notes
        for name, text in tags:
            setattr(self._file, name, text)

    def _write(self, block: Block) -> None:
        if self._quantiser.bits is not None:
            codes = self._quantiser.codes(block)
            # libsndfile takes integers left-justified: the upper bits are the code, nothing is left to round.
            data: Block = codes << (32 - self._quantiser.bits)
        else:
            data = np.ascontiguousarray(block if self._floats else self._quantiser.limited(block), np.float64)
        if self._container == "OGG":
            self._write_even(data)
        else:
            self._hand_over(data)

    def _write_even(self, data: Block) -> None:
        joined = np.concatenate([*self._waiting, data]) if self._waiting else data
        whole = len(joined) // _OGG_FRAMES * _OGG_FRAMES
        for start in range(0, whole, _OGG_FRAMES):
            self._hand_over(joined[start : start + _OGG_FRAMES])
        self._waiting = [joined[whole:].copy()]

    def _hand_over(self, data: Block) -> None:
        self._encode(lambda: self._file.write(data))

    def _encode(self, step: Callable[[], object]) -> None:
        """Do one step with libsndfile, and raise what really went wrong in it."""
        try:
            step()
        except (RuntimeError, AssertionError) as error:  # soundfile asserts that all was written
            raise self._recorder.error or WriteError(self.request.path, f"encoding failed: {error}") from error
        if self._recorder.error is not None:
            raise self._recorder.error

    def _finish(self) -> WriteReport:
        for rest in self._waiting:
            self._hand_over(rest)
        self._encode(self._file.close)
        if self._sink.tell() == 0:
            raise WriteError(self.request.path, f"{self._container} cannot hold a signal of 0 frames; write WAV")
        if self._container == "AIFF":
            zero_aiff_stamp(self._sink)
        elif self._container == "OGG":
            fix_ogg_serial(self._sink, PurePath(self.request.path).name)
        return self._report(
            self._container,
            self._subtype,
            self._sink.size(),
            clipped=self._quantiser.clipped,
            first_clip=self._quantiser.first_clip,
        )

    def _close(self) -> None:
        # libsndfile writes its header once more when it is closed; that may fail as the write before it did.
        with contextlib.suppress(Exception):
            self._file.close()
