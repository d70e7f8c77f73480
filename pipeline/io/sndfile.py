"""Read and write FLAC, AIFF, OGG, MP3, W64 and compressed WAV through libsndfile, counting every frame.

It gets a descriptor to read from, not a name, and is never asked to seek: after a seek it forgets decoding errors, and
a FLAC stream that does not tell its length cannot be read at all. It writes into a file that appears when it is whole;
integer encodings are quantised here and handed over as integers, since libsndfile would floor and wrap. What it makes
different on every run (a time stamp in AIFF, a serial number in OGG) is set to what the signal and its name determine,
or no checksum could tell that nothing changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import struct
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

import numpy as np

from ..errors import ReadError, UsageError, WriteError
from ..limits import MAX_CHANNELS, set_by
from ..plugins import bundled
from ..system import pread
from .base import Block, Reader, ReadOptions, SignalInfo, WriteReport, WriteRequest
from .declared import Facts, chunks
from .encodings import ENCODINGS, choose_subtype, require_audio
from .names import is_stream
from .quantise import AudioWriter
from .riff_metadata import INFO_IDS, metadata
from .sink import OutputFile, open_file
from .source import PLAYED, Source

_UNKNOWN_FRAMES = 2**62  # libsndfile says 2**63 - 1 where a FLAC header does not tell its length

_OGG_FRAMES = 4096
"""Vorbis packs pages by what it is handed: always this much, so that no cut of blocks changes a byte."""

_MOST_BYTES = {"AIFF": (1 << 32) - (1 << 20)}
"""Samples that a container holds whose sizes have 32 bits; what stands beside them has a MiB."""

_ENDLESS = 1 << 40  # bytes that a file claims to have more than it has, so that no guess from its size is too small
_ID3V1 = 256


def described(info: SignalInfo, source: Source, container: str) -> SignalInfo:
    """Facts with the metadata of the file, beyond the texts that libsndfile knows."""
    known: SignalInfo = bundled("faltung_metadata.reading", "metadata").described(info, source, container)
    return known


def _open(file: Any) -> Any:
    import soundfile

    class Forward(soundfile.SoundFile):  # type: ignore[misc]
        """A SoundFile that only goes forward."""

        def seekable(self) -> bool:
            return False

    return Forward(file, closefd=True)


class _Bytes:
    """The file object libsndfile reads from: a source with other bytes in its header, or more of them than it has.

    An exception cannot pass through C: it is kept, and raised outside.
    """

    def __init__(self, source: Source, facts: Facts) -> None:
        self._source, self._facts = source, facts
        self._size = source.size or 0
        self._end = self._size + (_ENDLESS if facts.endless else 0)
        self.error: BaseException | None = None

    def seek(self, offset: int, whence: int = 0) -> int:
        target = offset + (0, self._source.position, self._end)[whence]
        self._source.skip(max(0, target) - self._source.position)
        return self._source.position

    def tell(self) -> int:
        return self._source.position

    def read(self, count: int) -> bytes:
        at = self._source.position
        try:
            if self._facts.endless and self._end - _ID3V1 <= at < self._end:  # where a decoder looks for titles
                self._source.skip(count)
                return bytes(count)
            raw = self._source.read(count)
        except BaseException as error:
            self.error = self.error or error
            return b""
        for place, patch in self._facts.patches:
            first, last = max(at, place), min(at + len(raw), place + len(patch))
            if first < last:
                raw = raw[: first - at] + patch[first - place : last - place] + raw[last - at :]
        return raw


class SndfileReader(Reader):
    """Frames of an open source, decoded by libsndfile; ``facts`` are those that its container tells."""

    def __init__(self, source: Source, options: ReadOptions, facts: Facts | None = None) -> None:
        import soundfile

        container, source = options.container, source.spooled()
        facts = facts or Facts()
        self._source, self._options, self._facts = source, options, facts
        try:
            self._bytes = _Bytes(source, facts)
            source.rewind()
            self._file = _open(self._bytes)
        except soundfile.LibsndfileError as error:
            broken = (
                f"its header is damaged, or its encoding is not read; {PLAYED.format(PurePath(source.name).suffix)}"
            )
            why = facts.unreadable or f"is no readable {container} file: {broken}"
            raise self._bytes.error or ReadError(source.name, why) from error
        file = self._file
        frames = file.frames if file.frames < _UNKNOWN_FRAMES and not facts.endless else None
        if facts.frames is not None:
            frames = facts.frames
        tags = tuple((name, text) for name in INFO_IDS if (text := getattr(file, name)))
        fs = float(file.samplerate) if facts.fs is None else facts.fs
        info = SignalInfo(fs, file.channels, frames, container, file.subtype, tags=tags)
        super().__init__(described(info, source, container), options.dtype)
        self.warnings += facts.warnings
        self._md5 = hashlib.md5(usedforsecurity=False) if facts.checksum[0] else None
        self._native = np.float32 if self._dtype == np.float32 else np.float64
        self._decode_error: type[Exception] = soundfile.LibsndfileError
        if not 1 <= info.channels <= MAX_CHANNELS:
            can = f"1 to {MAX_CHANNELS} can be read ({set_by('channels')})"
            raise ReadError(source.name, f"declares {info.channels} channels; {can}")
        if facts.channels not in (None, info.channels):
            raise ReadError(source.name, f"contradicts itself: {facts.channels} channels, or {info.channels}")

    def _fault(self, problem: str, taken: str) -> None:
        self.warnings.append(self._options.accept(self._source.name, problem, taken))

    def _read_piece(self, frames: int) -> Block:
        total = self.info.frames
        wanted = frames if total is None else min(frames, total - self._done)
        block, problem = self._decoded(wanted)
        of = "" if total is None else f" of {total}"
        if problem:
            problem = f"damaged or cut short: decoding stopped after frame {self._done + len(block)}{of}"
        elif total is None and self._done + len(block) == 0 < wanted and self._facts.start != self._source.size:
            problem = "nothing in it can be decoded"
        elif total is not None and len(block) < wanted:
            problem = f"declares {total} frames, has {self._done + len(block)}"
        if problem and self._facts.endless and self._done + len(block) > 0:
            self.warnings.append(f"{problem}; nothing in such a file declares a length, so this is taken for its end")
        elif problem:
            self._fault(problem, f"the {self._done + len(block)} frames")
        elif wanted < frames and self._facts.goes_on and len(self._decoded(1)[0]):
            self._fault(f"declares {total} frames, and the stream goes on behind them", f"the {total} frames")
        self._check_sum(block, damaged=bool(problem), ended=self._done + len(block) == total or len(block) < frames)
        return block.astype(self._dtype, copy=False)

    def _check_sum(self, block: Block, *, damaged: bool, ended: bool) -> None:
        """Hold what was decoded against the checksum of the whole that a FLAC header tells."""
        if self._md5 is None or damaged:
            self._md5 = None
            return
        told, bits = self._facts.checksum
        codes = (block * 2.0 ** (bits - 1)).astype("<i4")  # exact: every code is a number of the block, scaled
        self._md5.update(codes.reshape(-1, 1).view("u1")[:, : (bits + 7) // 8].tobytes())
        if ended and self._md5.digest() != told:
            self._md5 = None
            words = "damaged: its samples do not have the MD5 checksum that its header tells"
            self._fault(words, "them as they were decoded")

    def _decoded(self, wanted: int) -> tuple[Block, str]:
        """Frames that can be decoded, and what libsndfile says went wrong, which tells no one anything."""
        # No decoder yields NaN here unless the file holds one: rows still NaN after an error were never filled.
        block = np.full((wanted, self.info.channels), np.nan, self._native)
        problem = ""
        try:
            block = self._file.read(out=block) if wanted else block
        except self._decode_error as error:
            block, problem = block[: int(np.argmax(np.isnan(block).all(axis=1)))], str(error)
        if self._bytes.error is not None:
            raise self._bytes.error
        return block, problem

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
        self._source.close()


class _Recorder:
    """The file object libsndfile writes to. An exception cannot pass through C: it is kept, and raised outside."""

    def __init__(self, sink: OutputFile) -> None:
        self._sink = sink
        self.error: BaseException | None = None
        self.seek, self.tell, self.read = sink.seek, sink.tell, sink.read

    def write(self, data: bytes) -> int:
        try:
            return self._sink.write(data)
        except BaseException as error:
            self.error = self.error or error
            return 0


class SndfileWriter(AudioWriter):
    """Write one file through libsndfile."""

    def __init__(self, request: WriteRequest) -> None:
        import soundfile

        container = request.container
        subtype, notes = choose_subtype(request.path, container, request.source, request.fmt.subtype)
        fs = require_audio(container, subtype, request)
        super().__init__(request, subtype)
        self.notes += notes
        if is_stream(request.path):
            raise UsageError(f"{request.path}: {container}/{subtype} needs a file; a pipe takes PCM or FLOAT WAV only")
        self._most = _MOST_BYTES.get(container, 1 << 62) // (max(1, ENCODINGS[subtype].bytes) * request.channels)
        if request.frames is not None and request.frames > self._most:
            raise UsageError(f"{request.path}: {container} cannot hold over 4 GiB; write WAV (RF64), W64 or FLAC")
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
            fix = f"{request.channels} channels at {fs} Hz; write fewer channels, at another rate, or WAV"
            raise self._recorder.error or UsageError(f"{request.path}: no {container}/{subtype} with {fix}") from error
        except BaseException:
            self._sink.abort()
            raise
        self._metadata = metadata().Carrying(request.source, container, request.fs)
        self.notes += self._metadata.notes
        for name, text in self._metadata.strings:
            setattr(self._file, name, text)

    def _write(self, block: Block) -> None:
        if self._quantiser.bits is not None:
            codes = self._quantiser.codes(block)
            # libsndfile takes integers left-justified: the upper bits are the code, nothing is left to round.
            data: Block = codes << (32 - self._quantiser.bits)
        else:
            data = np.ascontiguousarray(
                block if self.full_scale is None else self._quantiser.limited(block), np.float64
            )
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
        if self.frames + len(data) > self._most:
            raise WriteError(self.request.path, f"grew over 4 GiB, which {self._container} cannot hold; write WAV")
        self._encode(lambda: self._file.write(data))

    def _encode(self, step: Callable[[], object]) -> None:
        """Do one step with libsndfile, and raise what really went wrong in it."""
        try:
            step()
        except (RuntimeError, AssertionError) as error:  # soundfile asserts that all was written
            raise self._recorder.error or WriteError(self.request.path, "cannot be encoded; write WAV") from error
        if self._recorder.error is not None:
            raise self._recorder.error

    def _finish(self) -> WriteReport:
        for rest in self._waiting:
            self._hand_over(rest)
        self._encode(self._file.close)
        if self._sink.tell() == 0:
            raise WriteError(self.request.path, f"{self._container} cannot hold a signal of 0 frames; write WAV")
        if self._container == "AIFF":
            frame_bytes = ENCODINGS[self._subtype].bytes * self.request.channels
            fix_aiff_header(self._sink, self.frames, frame_bytes)
        self._metadata.put(self._sink)
        if self._container == "OGG":
            bundled("faltung_codecs.ogg", "an OGG file").fix_ogg_serial(self._sink, PurePath(self.request.path).name)
        return self._audio_report()

    def _close(self) -> None:
        # libsndfile writes its header once more when it is closed; that may fail as the write before it did.
        with contextlib.suppress(Exception):
            self._file.close()


def fix_aiff_header(file: OutputFile, frames: int, frame_bytes: int) -> None:
    """Set the time stamp of an AIFF file to 0, and its length to that of the signal.

    libsndfile counts the byte that fills up an odd number of them as audio: 3 frames of a byte each would be 4.
    """
    for name, at, _ in chunks(lambda at, count: pread(file.fileno(), count, at), "AIFF", file.size()):
        if name == b"PEAK":
            file.patch(at + 12, bytes(4))  # behind the chunk's head and its version number
        elif name == b"COMM":
            file.patch(at + 10, struct.pack(">I", frames))  # behind the chunk's head and the number of channels
        elif name == b"SSND":
            file.patch(at + 4, struct.pack(">I", 8 + frames * frame_bytes))
