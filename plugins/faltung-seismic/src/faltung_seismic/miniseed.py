"""Reads MiniSEED 2 and 3 by its records: an index of their headers first, then samples as they are asked for.

The true time of each frame is that of its record, so a clock that drifts does not add up. Channels whose records begin
at the same times share one clock.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from pymseed import MiniSEEDError, MS3Record

from pipeline.errors import ReadError
from pipeline.io.base import Block, Reader, ReadOptions, SignalInfo
from pipeline.io.formats import refuse_table
from pipeline.io.source import Source
from pipeline.limits import MAX_CHANNELS
from pipeline.text import count

from .index import NS, Channel, Index, indexed


def _decoded(raw: bytes) -> npt.NDArray[np.float64]:
    """The samples of one record; one without blockette 1000 does not tell its size, so that it ends where bytes do."""
    try:
        return np.array(MS3Record.parse(raw, unpack_data=True).np_datasamples, np.float64)
    except MiniSEEDError:
        record = next(MS3Record.from_buffer(raw, unpack_data=True))
        return np.array(record.np_datasamples, np.float64)


class MiniSeedReader(Reader):
    """The sources of one rate as channels, with NaN or a straight line where there is no record."""

    def __init__(self, source: Source, options: ReadOptions) -> None:
        self._source = source = source.spooled()
        index = indexed(source)
        channels = self._chosen(index, options)
        fs = channels[0].fs
        refuse_table(options, source.name, "MiniSEED", fs)
        origin = min(channel.first for channel in channels)
        for channel in channels:
            channel.place(origin)
        frames = max(channel.end for channel in channels)
        self._channels = channels
        self._last: list[tuple[int, npt.NDArray[np.float64]] | None] = [None] * len(channels)
        warnings = self._warnings(index, options)
        self._refuse_gaps(options, frames)
        self._lines = [self._lines_of(c) if options.gaps == "interpolate" else [] for c in range(len(channels))]
        alike = all(channel.same_times(channels[0]) for channel in channels)
        clocks = tuple(channel.clock(index.newest) for channel in channels[: 1 if alike else None])
        apart = max(abs(clock.ns(frames) - clocks[0].ns(frames)) for clock in clocks) / NS
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
            spans = [(c.first, int(max(c.starts))) for c in channels]
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
                warnings.append(f"{channel.name}: {count(len(channel.gaps), 'gap')}, {missing:,} frames in all")
        return warnings

    def _refuse_gaps(self, options: ReadOptions, frames: int) -> None:
        if options.gaps == "nan":
            return
        for channel in self._channels:
            where = f"{channel.name}: "
            if channel.frames[0] or channel.end < frames:
                fix = "set gaps: nan, or choose one with source:"
                raise ReadError(self._source.name, f"{where}begins later or ends earlier than another channel; {fix}")
            if channel.gaps and options.gaps == "error":
                frame, length = channel.gaps[0]
                fix = "set gaps: interpolate or nan"
                raise ReadError(self._source.name, f"{where}a gap of {length} frames before frame {frame}; {fix}")

    def _samples(self, c: int, i: int) -> npt.NDArray[np.float64]:
        """The samples of a record that are kept; the last decoded of each channel is remembered."""
        last = self._last[c]
        if last is not None and last[0] == i:
            return last[1]
        channel = self._channels[c]
        at, count = int(channel.bytes[i]), int(channel.counts[i])
        raw = self._source.at(at, int(channel.sizes[i]))
        try:
            got = _decoded(raw)
        except MiniSEEDError as error:
            raise ReadError(self._source.name, f"the record at byte {at} cannot be decoded: {error}") from error
        if len(got) != count:
            raise ReadError(self._source.name, f"the record at byte {at} declares {count} samples, has {len(got)}")
        kept = got[int(channel.drops[i]) :]
        self._last[c] = (i, kept)
        return kept

    def _lines_of(self, c: int) -> list[tuple[int, int, float, float]]:
        """Gaps with the values on both sides."""
        lines, frames = [], self._channels[c].frames
        for frame, length in self._channels[c].gaps:
            i = int(np.searchsorted(frames, frame + length))
            lines.append((frame, length, float(self._samples(c, i - 1)[-1]), float(self._samples(c, i)[0])))
        return lines

    def _read_piece(self, frames: int) -> Block:
        begin = self._done
        end = min(begin + frames, int(self.info.frames or 0))
        out = np.full((end - begin, len(self._channels)), np.nan)
        for c, channel in enumerate(self._channels):
            first = max(0, int(np.searchsorted(channel.frames, begin, "right")) - 1)
            last = int(np.searchsorted(channel.frames, end))
            for i, frame in enumerate(channel.frames[first:last].tolist(), first):
                part = self._samples(c, i)[max(0, begin - frame) : end - frame]
                at = max(begin, frame) - begin
                out[at : at + len(part), c] = part
            for frame, length, left, right in self._lines[c]:
                at = np.arange(max(begin, frame), min(end, frame + length))
                out[at - begin, c] = left + (right - left) * (at - frame + 1) / (length + 1)
        return out.astype(self._dtype, copy=False)

    def skip(self, frames: int) -> None:
        self._done = min(self._done + frames, int(self.info.frames or 0))

    def close(self) -> None:
        self._source.close()
