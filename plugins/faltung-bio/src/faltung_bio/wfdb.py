"""Reads WFDB records: a header, and beside it files of samples in any of the formats, of one segment or of many.

``physical = (digital - baseline) / gain``. Signals of one rate are the channels; a signal with several samples a frame
has a rate so many times as high, and none is averaged. Samples that are marked as not valid, segments that are missing,
and what a skew leaves at the end are NaN, where ``gaps: nan`` allows them.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path, PurePath

import numpy as np
import numpy.typing as npt

from pipeline.errors import ReadError
from pipeline.io import Reader, SignalInfo
from pipeline.io.base import Block, ReadOptions
from pipeline.io.clock import Clock
from pipeline.io.formats import refuse_table
from pipeline.io.source import Source, open_source

from .dat import FORMATS, SignalFile
from .header import Header, Stored, parsed

_STEP = 1 << 18
"""Samples that are decoded at once."""


@dataclass
class Segment:
    """Frames of the record that one header tells of, from ``start`` on; None for those that are missing."""

    name: str
    """In words."""
    start: int
    frames: int
    signals: tuple[Stored, ...] = ()
    chosen: list[Stored | None] = field(default_factory=list)
    """The signal of each channel; None where the segment lacks it."""
    there: int = 0
    """Frames that its files have of these."""

    @property
    def valid(self) -> list[int]:
        """Frames of each channel, from the first on, for which there is a sample."""
        return [0 if one is None else max(0, self.there - one.skew) for one in self.chosen]


def files_of(path: Path) -> list[Path]:
    """The other files of a record: its samples, and the headers of its segments with theirs."""
    header = parsed(path.read_bytes(), str(path))
    segments = [path.with_name(f"{name}.hea") for name, _ in header.segments if name != "~"]
    headers = [(path, header), *((one, parsed(one.read_bytes(), str(one))) for one in segments if one.is_file())]
    samples = [at.with_name(one.file) for at, known in headers for one in known.signals]
    return [one for one in dict.fromkeys((*segments, *samples)) if one != path]


class WfdbReader(Reader):
    """The signals of one rate as channels, with NaN where no sample is valid."""

    def __init__(self, source: Source, options: ReadOptions) -> None:
        self._name, self._options = source.name, options
        if source.piped:
            raise ReadError(source.name, "a WFDB header in a pipe has no files beside it; give the .hea file")
        self._folder = source.name.removesuffix(PurePath(source.name).name)
        self._files = dict[str, SignalFile]()
        self._opened = -1
        header = parsed(source.at(0, int(source.size or 0)), source.name)
        warnings = list(header.notes)
        self._segments = segments = self._listed(header)
        channels = self._chosen(segments, header.variable)
        each = channels[0].each
        self._each, self._names = each, tuple(one.name for one in channels)
        for segment in segments:
            self._match(segment, channels, header.variable)
        self._starts = [segment.start for segment in segments]
        fs = header.fs * each
        refuse_table(options, source.name, "WFDB", float(fs))
        try:
            frames = self._counted(header, warnings)
            self._refuse_gaps()
        except BaseException:
            self._close()
            raise
        clocks = () if header.start is None else (Clock.of("the WFDB header", float(fs), header.start),)
        info = SignalInfo(float(fs), len(channels), frames * each, "WFDB", None, names=self._names, clocks=clocks)
        super().__init__(info, options.dtype)
        self.warnings = warnings
        source.close()

    def _listed(self, header: Header) -> list[Segment]:
        """The segments of a record in order; one alone where it lists none."""
        if not header.segments:
            return [Segment("the record", 0, header.frames or 0, header.signals)]
        segments, at, known = list[Segment](), 0, dict[str, Header]()
        for name, frames in header.segments:
            part = Header(header.fs, frames, None, (), (), (), variable=False)
            if name != "~":
                part = known[name] = known.get(name) or self._header(name)
            if part.segments or part.fs != header.fs:
                what = "has segments of its own" if part.segments else f"has {float(part.fs):g} frames a second"
                raise ReadError(self._name, f"segment {name} {what}; the record has {float(header.fs):g}")
            segments.append(Segment(f"segment {name}", at, frames, part.signals))
            at += frames
        if header.frames not in (None, at):
            raise ReadError(self._name, f"declares {header.frames} frames, its segments have {at}")
        return segments

    def _header(self, segment: str) -> Header:
        path = f"{self._folder}{segment}.hea"
        source = open_source(path)
        try:
            return parsed(source.at(0, int(source.size or 0)), path)
        finally:
            source.close()

    def _chosen(self, segments: list[Segment], variable: bool) -> list[Stored]:
        """The signals that become channels; of a variable layout those of its first segment, which has no samples."""
        first = segments.pop(0) if variable else next((one for one in segments if one.signals), None)
        layout = tuple(one for one in first.signals if variable or one.format != "0") if first else ()
        if not layout:
            raise ReadError(self._name, "holds no signal")
        known = [one.name for one in layout]
        for name in self._options.source:
            if name not in known:
                raise ReadError(self._name, f"source: there is no {name!r}; there are {', '.join(known)}")
        chosen = [layout[known.index(name)] for name in self._options.source] or list(layout)
        if len({one.each for one in chosen}) > 1:
            if self._options.source:
                raise ReadError(self._name, "source: the signals chosen have several rates; choose those of one")
            raise ReadError.several(self._name, known)
        return chosen

    def _match(self, segment: Segment, channels: list[Stored], variable: bool) -> None:
        by_name = {one.name: one for one in segment.signals if one.format != "0"}
        if segment.signals and not variable and any(one.name not in by_name for one in channels):
            lacks = next(one.name for one in channels if one.name not in by_name)
            raise ReadError(self._name, f"{segment.name} lacks {lacks!r}, and the record has one layout for all")
        segment.chosen = [by_name.get(one.name) for one in channels]
        for one, channel in zip(segment.chosen, channels, strict=True):
            if one is None:
                continue
            if one.format not in FORMATS:
                raise ReadError(
                    self._name, f"{one.name} is stored in format {one.format}; known are {', '.join(FORMATS)}"
                )
            if (one.each, one.unit) != (channel.each, channel.unit):
                was, now = (f"{signal.each} samples a frame in {signal.unit}" for signal in (channel, one))
                raise ReadError(
                    self._name, f"{segment.name} has {one.name} in {now}, before it was {was}; read it alone"
                )

    def _counted(self, header: Header, warnings: list[str]) -> int:
        """Frames of the record, once the files of every segment were looked at."""
        for i, segment in enumerate(self._segments):
            there, declared = self._open(i), segment.frames
            if there is None:
                continue
            if not header.segments and header.frames is None:
                segment.frames = there
            segment.there = min(there, segment.frames)
            if there < declared:
                where = f" in {segment.name}" if header.segments else ""
                taken = f"the {there} frames" if not header.segments else "those, and nothing for the others"
                problem = f"declares {declared} frames{where}, has {there}"
                warnings.append(self._options.accept(self._name, problem, taken))
                segment.frames = declared if header.segments else there
            elif there > segment.frames and not header.segments:
                warnings.append(f"{there - segment.frames} frames stand behind its last; ignored")
        return sum(segment.frames for segment in self._segments)

    def _refuse_gaps(self) -> None:
        """Refuse what is known to be missing, where ``gaps`` does not allow it."""
        for segment in self._segments if self._options.gaps != "nan" else ():
            for c, valid in enumerate(segment.valid):
                if valid < segment.frames:
                    where = f"{self._names[c]}: no samples for {segment.frames - valid} frames"
                    frame = f"from frame {(segment.start + valid) * self._each} on"
                    raise ReadError(self._name, f"{where} {frame}, in {segment.name}; set gaps: nan")

    def _open(self, i: int) -> int | None:
        """Open the files of a segment, close the others; the frames that all of them have."""
        if i != self._opened:
            self._close()
            self._opened = i
            segment = self._segments[i]
            for file in {one.file for one in segment.chosen if one is not None}:
                signals = [one for one in segment.signals if one.file == file]
                self._files[file] = SignalFile(f"{self._folder}{file}", signals)
        return min((file.frames for file in self._files.values()), default=None)

    def _read_piece(self, frames: int) -> Block:
        begin, end = self._done, min(self._done + frames, int(self.info.frames or 0))
        out = np.full((end - begin, self.info.channels), np.nan)
        each, last = self._each, -(-end // self._each)
        for i in range(max(0, bisect_right(self._starts, begin // each) - 1), len(self._segments)):
            segment = self._segments[i]
            if segment.start >= last:
                break
            self._open(i)
            step = max(1, _STEP // max(1, sum(one.each for one in segment.signals)))
            first = max(begin // each, segment.start) - segment.start
            for a in range(first, min(last - segment.start, segment.frames), step):
                self._fill(out, begin, segment, a, min(a + step, last - segment.start, segment.frames))
        self._refuse_invalid(out, begin)
        return out.astype(self._dtype, copy=False)

    def _fill(self, out: npt.NDArray[np.float64], begin: int, segment: Segment, a: int, b: int) -> None:
        """Put the frames ``a`` to ``b`` of a segment to their places in a block that begins at sample ``begin``."""
        for name, file in self._files.items():
            here = [one for one in segment.chosen if one is not None and one.file == name]
            read = file.read(a, max(a, min(b + max(one.skew for one in here), segment.there)))
            for c, (one, valid) in enumerate(zip(segment.chosen, segment.valid, strict=True)):
                if one is None or one.file != name or valid <= a:
                    continue
                digits = read[file.signals.index(one)][one.skew :][: min(b, valid) - a].reshape(-1)
                at = (segment.start + a) * self._each - begin
                drop = max(0, -at)
                values = (digits[drop:] - one.baseline) / one.gain
                room = out[at + drop : at + drop + len(values), c]
                room[:] = values[: len(room)]

    def _refuse_invalid(self, block: npt.NDArray[np.float64], begin: int) -> None:
        if self._options.gaps == "nan" or not (missing := np.isnan(block)).any():
            return
        frame, c = (int(one) for one in np.argwhere(missing)[0])
        raise ReadError(self._name, f"{self._names[c]} is marked as not valid at frame {begin + frame}; set gaps: nan")

    def skip(self, frames: int) -> None:
        self._done = min(self._done + frames, int(self.info.frames or 0))

    def _close(self) -> None:
        for file in self._files.values():
            file.close()
        self._files.clear()
        self._opened = -1

    def close(self) -> None:
        self._close()
