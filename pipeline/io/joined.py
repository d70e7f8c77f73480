"""Recordings that stand one behind the other in one file, read as one: chained Ogg, and files joined by their bytes.

Decoders read the first and stop, as if that were all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from ..errors import ReadError
from ..limits import MAX_CHANNELS
from .base import Block, Reader, ReadOptions, SignalInfo
from .declared import NO_LENGTH, facts_of, is_filling, too_small
from .riff import WavFormat, WavHeader, are_chunks, chunks_at_end, chunks_behind, counts_chunks, recordings
from .riff_metadata import metadata
from .sndfile import SndfileReader, described
from .source import Source
from .wav import WavReader, open_wav

FLAC_BEGINS = re.compile(rb"fLaC[\x00\x80]\x00\x00\x22")
"""What FLAC begins with."""
_BEGINS = {
    "AIFF": re.compile(rb"(?s)FORM....AIF[FC]"),
    "W64": re.compile(rb"(?s)riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00.{8}wave"),
    "AU": re.compile(rb"(?s)\.snd\x00\x00..[\x00-\xff]{4}\x00\x00\x00[\x01-\x1b]"),
    "CAF": re.compile(rb"caff\x00\x01\x00\x00desc"),
    "NIST": re.compile(rb"NIST_1A\n   1024"),
}
"""What a recording begins with, in each container."""
_HEADER_BYTES = 4200  # of the longest header without audio; one of CAF is filled up to a block of 4096

Part = Callable[[], Reader]


class JoinedReader(Reader):
    """Frames of several recordings in a row, each opened when its turn comes."""

    def __init__(self, source: Source, parts: Sequence[Part], options: ReadOptions) -> None:
        infos = []
        for part in parts:
            with part() as reader:
                infos.append(reader.info)
        _refuse_kinds(source, infos)
        lengths = [info.frames for info in infos]
        frames = None if None in lengths else sum(n or 0 for n in lengths)
        lost = _lost(infos)
        dropped = (*infos[0].dropped, *lost)
        super().__init__(replace(infos[0], frames=frames, dropped=dropped), options.dtype)
        self.warnings.append(_in_a_row(lengths))
        self.lengths, self.infos = lengths, infos
        self._source, self._parts = source, list(parts)
        self._current: Reader | None = None

    def _read_piece(self, frames: int) -> Block:
        blocks: list[Block] = [np.zeros((0, self.info.channels), self._dtype)]
        while frames > 0:
            if self._current is None:
                if not self._parts:
                    break
                self._current = self._parts.pop(0)()
            block = self._current.read(frames)
            blocks.append(block)
            if len(block) < frames:
                self.warnings += self._current.warnings
                self._current.close()
                self._current = None
            frames -= len(block)
        return np.concatenate(blocks)

    def close(self) -> None:
        """Let go of the file."""
        if self._current is not None:
            self._current.close()
        self._source.close()


class PipedReader(Reader):
    """Frames of a WAV in a pipe, and of the recordings behind it, which nothing tells of before they come.

    ``info.frames`` is what its header declares; it is set to what there was when all has been read.
    """

    def __init__(self, source: Source, first: WavReader, header: WavHeader, options: ReadOptions) -> None:
        super().__init__(first.info, options.dtype)
        self.warnings = first.warnings
        self._source, self._first, self._header, self._options = source, first, header, options
        self._rest: Reader | None = None
        self._ended_first = False

    def _read_piece(self, frames: int) -> Block:
        block = self._first.read(frames)
        if len(block) < frames and not self._ended_first:
            self._ended_first = True
            self._rest = self._behind(self._first.frames_read)
        if self._rest is None:
            return block
        block = np.concatenate([block, self._rest.read(frames - len(block))])
        if len(block) < frames:
            self.warnings += self._rest.warnings
            self.info = replace(self.info, frames=self._done + len(block))
        return block

    def _behind(self, frames: int) -> Reader | None:
        """What is to be read behind the first recording, opened as a file; None where there is no more audio."""
        tail = self._first.tail
        if (counted := len(tail) - chunks_at_end(tail, self._header.order)) > 0:
            words = f"{counts_chunks(counted)}, which can be left out of a file, not of a pipe"
            self.warnings.append(self._options.accept(self._source.name, words, "them as audio"))
        self._source.skip((self._header.bytes or 0) % self._header.fmt.block)
        if not (seen := self._source.read(1)):
            return None
        self._source.put_back(seen)
        base = self._source.position
        self._source = rest = self._source.spooled()
        size = rest.size or 0
        at = next(recordings(rest, 0), None)
        if at is not None:
            return self._joined_by(part(rest, open_wav, self._options, at, None), frames)
        order = self._header.order
        for start in ((self._header.bytes or 0) % 2, 0):  # some writers forget the pad byte
            if are_chunks(rest, order, start, size - start):
                self.warnings += chunks_behind(rest, base, order, start, self._options)
                return None
        if is_filling(rest, 0, size):
            self.warnings.append(f"{size} bytes behind the audio are no chunk; ignored")
            return None
        self.warnings.append(self._options.accept(rest.name, too_small(frames, size), "all to the end"))
        return WavReader(rest.window(0), replace(self._header, frames=None), str(self.info.subtype), self._options)

    def _joined_by(self, rest: Reader, frames: int) -> Reader:
        """The recordings behind the first, as said of those in a file."""
        more = rest.lengths if isinstance(rest, JoinedReader) else [rest.info.frames]
        kinds = rest.infos if isinstance(rest, JoinedReader) else [rest.info]
        _refuse_kinds(self._source, [self.info, *kinds])
        rest.warnings = [words for words in rest.warnings if words != _in_a_row(more)]
        self.warnings += [_in_a_row([frames, *more]), *metadata().lost(_lost([self.info, *kinds]))]
        return rest

    def close(self) -> None:
        """Let go of the pipe, and of what was kept of it."""
        for reader in (self._first, self._rest):
            if reader is not None:
                reader.close()
        self._source.close()


def _in_a_row(lengths: Sequence[int | None]) -> str:
    told = " + ".join("?" if n is None else str(n) for n in lengths[:5]) + (" + ..." if len(lengths) > 5 else "")
    return f"{len(lengths)} recordings in a row, read one behind the other: {told} frames"


def _refuse_kinds(source: Source, infos: Sequence[SignalInfo]) -> None:
    kinds = list(dict.fromkeys((info.fs, info.channels) for info in infos))
    if len(kinds) > 1:
        words = ", then ".join(f"{fs:g} Hz with {channels} channels" for fs, channels in kinds)
        raise ReadError(source.name, f"is {len(infos)} recordings in a row, of different kinds: {words}; cut it up")


def _lost(infos: Sequence[SignalInfo]) -> list[str]:
    """Metadata that is not carried of recordings in a row."""
    kept = [(info.tags, info.chunks, info.attached) for info in infos]
    return ["those of all recordings in it but the first"] if any(one != kept[0] for one in kept) else []


def joined(source: Source, parts: Sequence[Part], options: ReadOptions, notes: Sequence[str] = ()) -> Reader:
    """The one recording that there is, or all of them in a row."""
    if len(parts) == 1:
        reader = parts[0]()
        source.close()
    else:
        reader = JoinedReader(source, parts, options)
    reader.warnings += notes
    return reader


def open_plain(source: Source, options: ReadOptions) -> Reader:
    """Read an AIFF, W64, AU, CAF or NIST file, whose header is held against the file first."""
    source = source.spooled()
    facts = facts_of(source, options)
    begins = _BEGINS.get(options.container)
    if begins and facts.start:
        found = list(source.find(begins, facts.behind, 64))
        # What was written to a pipe may end with its header once more, and nothing behind it.
        if found:
            bare = NO_LENGTH in facts.warnings and (source.size or 0) - found[-1] <= _HEADER_BYTES
            return cut_up(source, [0, *found], open_plain, options, bare=bare)
    if facts.linear is None or not 1 <= (facts.channels or 0) <= MAX_CHANNELS:
        return SndfileReader(source, options, facts)
    subtype, order, block = facts.linear
    fmt = WavFormat(int(facts.fs or 0), facts.channels or 0, block, subtype, facts.mask)
    source.skip(facts.start)
    header = WavHeader(options.container, order, fmt, facts.frames, facts.warnings, (), (), facts.start, None, None)
    reader = WavReader(source, header, subtype, options)
    reader.info = described(replace(reader.info, fs=facts.fs or 0.0), source, options.container)
    return reader


def cut_up(
    source: Source,
    starts: list[int],
    reader: Callable[[Source, ReadOptions], Reader],
    options: ReadOptions,
    *,
    bare: bool = False,
) -> Reader:
    """Read what begins at each of these bytes and ends before the next, except the last where that is ``bare``."""
    ends = [*starts[1:], source.size]
    parts, notes = [partial(part, source, reader, options, *bounds) for bounds in zip(starts, ends, strict=True)], []
    if bare:
        parts.pop()
        notes.append(f"the header stands again at byte {starts[-1]}, with no audio behind it; ignored")
    return joined(source, parts, options, notes)


def part(
    source: Source, reader: Callable[[Source, ReadOptions], Reader], options: ReadOptions, start: int, end: int | None
) -> Reader:
    """Read what lies from one byte to before another, as a file of its own."""
    window = source.window(start, end)
    try:
        return reader(window, options)
    except BaseException:
        window.close()
        raise


def open_flac(source: Source, options: ReadOptions) -> Reader:
    """Read FLAC, in one piece or several."""
    source = source.spooled()
    starts = list(source.find(FLAC_BEGINS, 0, 8))
    if not starts:
        raise ReadError(source.name, "is no readable FLAC file: it has no STREAMINFO")
    reader = cut_up(source, starts, open_plain, options)
    if starts[0]:
        reader.warnings.append(f"{starts[0]} bytes of titles stand before its FLAC header; not carried")
    return reader
