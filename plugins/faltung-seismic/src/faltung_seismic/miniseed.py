"""Reads MiniSEED 2 and 3 by its records: an index of their headers first, then samples as they are asked for.

Frames lie on one grid for all channels of a rate. A record that begins within half a step of where the one before it
ends goes on; one that begins later leaves frames without a value; of an overlap the earlier record is kept. The true
time of each frame is that of its record, so a clock that drifts does not add up.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from pymseed import MiniSEEDError, MS3Record

from pipeline.errors import ReadError
from pipeline.io.base import Block, Reader, ReadOptions, SignalInfo
from pipeline.io.clock import Clock
from pipeline.io.source import Source
from pipeline.limits import MAX_CHANNELS

from .heads import begins, is_mseed

_WINDOW = 1 << 22
_STEP = 64  # records begin at multiples of this, and what is none is passed over by it
_NS = 10**9


class Record(NamedTuple):
    """One record as its header tells it."""

    start: int
    """Nanoseconds since 1970."""
    count: int
    at: int
    """Its place in the file, in bytes."""
    size: int


class Piece(NamedTuple):
    """A record on the grid: its samples from ``drop`` on begin at ``frame``."""

    frame: int
    count: int
    drop: int
    record: Record


@dataclass
class Channel:
    """The records of one source in order of time, and their places on the grid."""

    name: str
    fs: float
    records: list[Record] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    gaps: list[tuple[int, int]] = field(default_factory=list)
    """First frame and length of what is missing between records."""
    dropped: int = 0
    """Samples of overlaps that are left out."""

    @property
    def end(self) -> int:
        return self.pieces[-1].frame + self.pieces[-1].count if self.pieces else 0

    def place(self, origin: int) -> None:
        """Put every record on the grid whose frame 0 is at ``origin`` nanoseconds."""
        frame = round((self.records[0].start - origin) * self.fs / _NS)
        expected = self.records[0].start
        for record in self.records:
            late = (record.start - expected) * self.fs / _NS
            drop = 0
            if late > 0.5:
                missing = round(late)
                self.gaps.append((frame, missing))
                frame += missing
            elif late < -0.5:
                drop = min(record.count, round(-late))
                self.dropped += drop
            if record.count > drop:
                self.pieces.append(Piece(frame, record.count - drop, drop, record))
                frame += record.count - drop
                expected = record.start + round(record.count * _NS / self.fs)

    def clock(self, newest: int) -> Clock:
        """The time of each piece, told by its record; ``newest`` is the version of the format."""
        times = {record.start % 1000 for record in self.records}, {record.start % 100_000 for record in self.records}
        resolution = 1e-9 if newest > 2 or times[0] != {0} else 1e-6 if times[1] != {0} else 1e-4
        pieces = ((p.frame, p.record.start + round(p.drop * _NS / self.fs)) for p in self.pieces)
        n = len(self.records)
        return Clock.of_pieces(f"{n:,} record{'s' * (n != 1)}", self.fs, resolution, pieces)


@dataclass
class Index:
    """What the headers of a file tell."""

    channels: dict[str, Channel]
    newest: int
    textual: int
    """Records without samples that could be a signal: logs, events, a rate of 0."""
    skipped: int
    """Bytes that are no record."""
    cut: str
    """The record that the file ends in, in words; empty where it ends with one."""


def name_of(source_id: str) -> str:
    """``IU.ANMO.00.BHZ`` of ``FDSN:IU_ANMO_00_B_H_Z``; an identifier of another form as it is."""
    parts = source_id.removeprefix("FDSN:").split("_")
    return ".".join([*parts[:3], "".join(parts[3:])]) if len(parts) == 6 else source_id


def next_record(raw: bytes) -> int:
    """Bytes to the next that may be a record: of version 2 at a multiple of 64, of version 3 anywhere."""
    later = raw.find(b"MS\x03", 1)
    stop = len(raw) if later < 0 else later
    return next((k for k in range(_STEP, stop, _STEP) if is_mseed(raw[k : k + 48])), stop)


def _records(source: Source, index: Index) -> Iterator[tuple[MS3Record, int]]:
    """Every record with its place, from windows of the file."""
    size, at = int(source.size or 0), 0
    while at < size:
        window = source.at(at, _WINDOW)
        done = 0
        try:
            for record in MS3Record.from_buffer(window, unpack_data=False):
                yield record, at + done
                done += record.reclen
        except MiniSEEDError as error:
            tail, last = window[done:], at + len(window) >= size
            if last and error.status_code > 0 and begins(tail):
                index.cut = f"its last record, at byte {at + done}, is cut: {len(tail)} bytes of it are there"
                return
            if done == 0 or last:  # else the rest is looked at again, at the start of a window of its own
                step = next_record(tail)
                index.skipped += step
                done += step
        at += done


def indexed(source: Source) -> Index:
    """The index of a file; headers alone are read."""
    index = Index({}, 2, 0, 0, "")
    for record, at in _records(source, index):
        index.newest = max(index.newest, record.formatversion)
        fs = float(record.samprate)
        if not fs > 0 or record.samplecnt <= 0 or record.encoding == 0:
            index.textual += 1
            continue
        name = name_of(record.sourceid)
        channel = index.channels.setdefault(name, Channel(name, fs))
        if channel.fs != fs:  # the same source at another rate is another signal
            name = f"{name}@{fs:g}Hz"
            channel = index.channels.setdefault(name, Channel(name, fs))
        channel.records.append(Record(record.starttime, record.samplecnt, at, record.reclen))
    for channel in index.channels.values():
        channel.records.sort()
    return index


class MiniSeedReader(Reader):
    """The sources of one rate as channels, with NaN or a straight line where there is no record."""

    def __init__(self, source: Source, options: ReadOptions) -> None:
        self._source = source = source.spooled()
        index = indexed(source)
        channels = self._chosen(index, options)
        fs = channels[0].fs
        origin = min(channel.records[0].start for channel in channels)
        for channel in channels:
            channel.place(origin)
        frames = max(channel.end for channel in channels)
        self._channels, self._starts = channels, [[piece.frame for piece in channel.pieces] for channel in channels]
        self._last: list[tuple[int, npt.NDArray[np.float64]] | None] = [None] * len(channels)
        warnings = self._warnings(index, options)
        self._refuse_gaps(options, frames)
        self._lines = [self._lines_of(c) if options.gaps == "interpolate" else [] for c in range(len(channels))]
        clocks = tuple(channel.clock(index.newest) for channel in channels)
        apart = max(abs(clock.ns(frames) - clocks[0].ns(frames)) for clock in clocks) / _NS
        if apart > 0.5 / fs:
            warnings.append(f"the clocks of its channels part: by {apart:.6g} s at the end; each keeps its own time")
        names = tuple(channel.name for channel in channels)
        info = SignalInfo(fs, len(channels), frames, "MSEED", None, names=names, clocks=clocks)
        super().__init__(info, options.dtype)
        self.warnings = warnings

    def _chosen(self, index: Index, options: ReadOptions) -> list[Channel]:
        name, known = self._source.name, index.channels
        if not known:
            raise ReadError(
                name,
                "holds no samples: its records are logs or events"
                if index.textual
                else "holds no record that can be read",
            )
        if options.source:
            missing = [one for one in options.source if one not in known]
            if missing:
                raise ReadError(name, f"source: there is no {missing[0]!r}; there are {', '.join(sorted(known))}")
            channels = [known[one] for one in options.source]
        else:
            channels = [known[one] for one in sorted(known)]
            spans = [(c.records[0].start, c.records[-1].start) for c in channels]
            disjoint = max(a for a, _ in spans) > min(b for _, b in spans) and len(channels) > 1
            if len({c.fs for c in channels}) > 1 or len(channels) > MAX_CHANNELS or disjoint:
                raise ReadError.several(name, sorted(known))
        if len({c.fs for c in channels}) > 1:
            raise ReadError(name, "source: the signals chosen have several rates; choose those of one")
        return channels

    def _warnings(self, index: Index, options: ReadOptions) -> list[str]:
        warnings = list[str]()
        if index.cut:
            warnings.append(options.accept(self._source.name, index.cut, "the records before it"))
        if index.skipped:
            warnings.append(f"{index.skipped} bytes are no record; passed over")
        if index.textual:
            warnings.append(f"{index.textual} records of logs or without a rate are left out")
        for channel in self._channels:
            if channel.dropped:
                warnings.append(f"{channel.name}: records overlap by {channel.dropped} frames; the earlier are kept")
            if channel.gaps:
                missing = sum(length for _, length in channel.gaps)
                warnings.append(f"{channel.name}: {len(channel.gaps)} gaps, {missing} frames in all")
        return warnings

    def _refuse_gaps(self, options: ReadOptions, frames: int) -> None:
        if options.gaps == "nan":
            return
        for channel in self._channels:
            where = f"{channel.name}: "
            if channel.pieces[0].frame or channel.end < frames:
                fix = "set gaps: nan, or choose one with source:"
                raise ReadError(self._source.name, f"{where}begins later or ends earlier than another channel; {fix}")
            if channel.gaps and options.gaps == "error":
                frame, length = channel.gaps[0]
                fix = "set gaps: interpolate or nan"
                raise ReadError(self._source.name, f"{where}a gap of {length} frames before frame {frame}; {fix}")

    def _samples(self, c: int, i: int) -> npt.NDArray[np.float64]:
        """The samples of a piece; the last decoded of each channel is kept."""
        last = self._last[c]
        if last is not None and last[0] == i:
            return last[1]
        piece = self._channels[c].pieces[i]
        record = piece.record
        raw = self._source.at(record.at, record.size)
        try:
            got = np.array(MS3Record.parse(raw, unpack_data=True).np_datasamples, np.float64)
        except MiniSEEDError as error:
            raise ReadError(self._source.name, f"the record at byte {record.at} cannot be decoded: {error}") from error
        if len(got) != record.count:
            raise ReadError(
                self._source.name, f"the record at byte {record.at} declares {record.count} samples, has {len(got)}"
            )
        self._last[c] = (i, got[piece.drop :])
        return got[piece.drop :]

    def _lines_of(self, c: int) -> list[tuple[int, int, float, float]]:
        """Gaps with the values on both sides."""
        lines = []
        for frame, length in self._channels[c].gaps:
            i = bisect_right(self._starts[c], frame + length) - 1
            lines.append((frame, length, float(self._samples(c, i - 1)[-1]), float(self._samples(c, i)[0])))
        return lines

    def _read_piece(self, frames: int) -> Block:
        begin = self._done
        end = min(begin + frames, int(self.info.frames or 0))
        out = np.full((end - begin, len(self._channels)), np.nan)
        for c, channel in enumerate(self._channels):
            for i in range(max(0, bisect_right(self._starts[c], begin) - 1), len(channel.pieces)):
                piece = channel.pieces[i]
                if piece.frame >= end:
                    break
                a, b = max(begin, piece.frame), min(end, piece.frame + piece.count)
                if a < b:
                    out[a - begin : b - begin, c] = self._samples(c, i)[a - piece.frame : b - piece.frame]
            for frame, length, left, right in self._lines[c]:
                at = np.arange(max(begin, frame), min(end, frame + length))
                out[at - begin, c] = left + (right - left) * (at - frame + 1) / (length + 1)
        return out.astype(self._dtype, copy=False)

    def skip(self, frames: int) -> None:
        self._done = min(self._done + frames, int(self.info.frames or 0))

    def close(self) -> None:
        self._source.close()
