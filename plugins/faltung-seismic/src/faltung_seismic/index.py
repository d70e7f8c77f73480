"""Indexes MiniSEED 2 and 3: what the headers of a file tell, and where each record stands on a grid of frames.

A record that begins within half a step of where the one before it ends goes on; one that begins later leaves frames
without a value; of an overlap the earlier record is kept. A day of a busy network has hundreds of thousands of
records, so what is known of them is kept in arrays.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from pymseed import MiniSEEDError, MS3Record

from pipeline.io.clock import Clock
from pipeline.io.source import Source

from .heads import begins, is_mseed

WINDOW = 1 << 22
_STEP = 64  # records begin at multiples of this, and what is none is passed over by it
NS = 10**9

_Ints = npt.NDArray[np.int64]


@dataclass
class Channel:
    """The records of one source, and once `place` was called their places on the grid, in order of time."""

    name: str
    fs: float
    starts: array[int] | _Ints = field(default_factory=lambda: array("q"))
    """Nanoseconds since 1970 of the first sample of each record."""
    counts: array[int] | _Ints = field(default_factory=lambda: array("q"))
    """Samples of each."""
    bytes: array[int] | _Ints = field(default_factory=lambda: array("q"))
    """Where each begins in the file."""
    sizes: array[int] | _Ints = field(default_factory=lambda: array("q"))
    """Bytes of each."""
    frames: _Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    """Frame of the first sample of each that is kept."""
    drops: _Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    """Samples at the beginning of each that are left out: an earlier record has them."""
    gaps: list[tuple[int, int]] = field(default_factory=list)
    """First frame and length of what is missing between records."""
    dropped: int = 0
    """Samples of overlaps that are left out."""
    records: int = 0
    """Records, with those that gave nothing."""

    def add(self, record: MS3Record, at: int) -> None:
        """Take a record in, in any order."""
        self.starts.append(record.starttime)
        self.counts.append(record.samplecnt)
        self.bytes.append(at)
        self.sizes.append(record.reclen)

    @property
    def first(self) -> int:
        """Nanoseconds since 1970 of its earliest sample."""
        return int(min(self.starts))

    @property
    def end(self) -> int:
        """Frame after its last."""
        return int(self.frames[-1] + self.counts[-1] - self.drops[-1])

    def place(self, origin: int) -> None:
        """Put records on the grid whose frame 0 is at ``origin`` nanoseconds, and forget those that give nothing."""
        columns = [np.asarray(one, np.int64) for one in (self.starts, self.counts, self.bytes, self.sizes)]
        order = np.lexsort(columns[2::-1])
        starts, counts, places, sizes = (one[order] for one in columns)
        frames, drops, kept = array("q"), array("q"), array("b")
        expected = int(starts[0])
        frame = round((expected - origin) * self.fs / NS)
        for start, count in zip(starts.tolist(), counts.tolist(), strict=True):
            late = (start - expected) * self.fs / NS
            drop = 0
            if late > 0.5:
                missing = round(late)
                self.gaps.append((frame, missing))
                frame += missing
            elif late < -0.5:
                drop = min(count, round(-late))
                self.dropped += drop
            kept.append(count > drop)
            frames.append(frame)
            drops.append(drop)
            if count > drop:
                frame += count - drop
                expected = start + round(count * NS / self.fs)
        which, self.records = np.frombuffer(kept, np.bool_), len(starts)
        self.starts, self.counts, self.bytes, self.sizes = (one[which] for one in (starts, counts, places, sizes))
        self.frames, self.drops = np.asarray(frames)[which], np.asarray(drops)[which]

    @property
    def times(self) -> _Ints:
        """Nanoseconds since 1970 of the first sample of each record that is kept."""
        return np.asarray(self.starts + np.rint(self.drops * (NS / self.fs)).astype(np.int64))

    def clock(self, newest: int) -> Clock:
        """The time of each piece, told by its record; ``newest`` is the version of the format."""
        starts = np.asarray(self.starts)
        resolution = 1e-9 if newest > 2 or np.any(starts % 1000) else 1e-6 if np.any(starts % 100_000) else 1e-4
        words = f"{self.records:,} record{'s' * (self.records != 1)}"
        return Clock.of_pieces(words, self.fs, resolution, zip(self.frames.tolist(), self.times.tolist(), strict=True))

    def same_times(self, other: Channel) -> bool:
        """Whether the records of both begin at the same times and frames."""
        return np.array_equal(self.frames, other.frames) and np.array_equal(self.times, other.times)


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

    def channel(self, source_id: str, fs: float) -> Channel:
        """The channel of a source; the same source at another rate is another signal."""
        name = name_of(source_id)
        if name in self.channels and self.channels[name].fs != fs:
            name = f"{name}@{fs:g}Hz"
        return self.channels.setdefault(name, Channel(name, fs))


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
        window = source.at(at, WINDOW)
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
    index, known = Index({}, 2, 0, 0, ""), dict[tuple[str, float], Channel]()
    for record, at in _records(source, index):
        index.newest = max(index.newest, record.formatversion)
        key = record.sourceid, float(record.samprate)
        if not key[1] > 0 or record.samplecnt <= 0 or record.encoding == 0:
            index.textual += 1
            continue
        if key not in known:
            known[key] = index.channel(*key)
        known[key].add(record, at)
    return index
