"""Reads EDF, EDF+C, EDF+D and BDF by their records, each at the time that it tells.

``physical = (digital - dmin) (pmax - pmin) / (dmax - dmin) + pmin``; nothing is clamped, and there is no code for an
invalid sample. Signals of one rate are the channels; annotations and the status channel are none. The start is on the
recorder's own clock: the format knows no zone. A record that begins later than the one before it ends leaves a gap.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from pipeline.errors import ReadError
from pipeline.io import Reader, SignalInfo
from pipeline.io.base import Block, ReadOptions
from pipeline.io.clock import Clock, moment
from pipeline.io.formats import refuse_table
from pipeline.io.source import Source
from pipeline.text import count

from .header import distinct

_FIELDS = (("label", 16), ("transducer", 80), ("unit", 8), ("pmin", 8), ("pmax", 8), ("dmin", 8), ("dmax", 8),
           ("filter", 80), ("samples", 8), ("reserved", 32))  # fmt: skip
_NO_SIGNALS = ("EDF Annotations", "BDF Annotations", "Status")
_ONSET = re.compile(rb"([+-]\d+(?:\.\d*)?)(?:\x15[\d.]*)?\x14\x14")


@dataclass(frozen=True)
class Signal:
    """One signal of the header."""

    name: str
    at: int
    """Its first byte in a record."""
    samples: int
    """Samples in a record."""
    gain: float
    offset: float


class EdfReader(Reader):
    """The signals of one rate as channels, with NaN where a record is missing."""

    def __init__(self, source: Source, options: ReadOptions) -> None:
        self._source = source = source.spooled()
        fixed = source.at(0, 256)
        self._bytes = 3 if fixed[:1] == b"\xff" else 2
        count = self._integer(fixed[252:256], "number of signals")
        self._header = 256 * (1 + count)
        warnings = list[str]()
        signals, self._record, annotations = self._signals(source.at(256, 256 * count), count, warnings)
        chosen = self._chosen(signals, options)
        self._channels = chosen
        self._samples = chosen[0].samples
        rate = self._rate(fixed[244:252], warnings)
        records = self._count(fixed, options, warnings)
        onsets = self._onsets(records, annotations)
        self._starts, gaps = self._placed(onsets, records, rate, warnings)
        if gaps and options.gaps != "nan":
            frame, length = gaps[0]
            words = f"a gap of {length} frames before frame {frame} (record {self._starts.index(frame + length)})"
            raise ReadError(source.name, f"{words}; set gaps: nan")
        frames = self._starts[-1] + self._samples if records else 0
        clocks = self._clocks(fixed, onsets, float(rate))
        names = tuple(signal.name for signal in chosen)
        refuse_table(options, source.name, "EDF", float(rate))
        info = SignalInfo(float(rate), len(chosen), frames, "EDF", None, names=names, clocks=clocks)
        super().__init__(info, options.dtype)
        self.warnings = warnings

    def _integer(self, raw: bytes, what: str) -> int:
        try:
            return int(raw.decode("ascii"))
        except ValueError:
            raise ReadError(self._source.name, f"its {what} is no whole number, got {raw!r}") from None

    def _decimal(self, raw: bytes, what: str) -> Decimal:
        text = raw.decode("latin-1").strip().strip("\0").replace(",", ".")
        try:
            return Decimal(text)
        except InvalidOperation:
            raise ReadError(self._source.name, f"its {what} is no number, got {text!r}") from None

    def _rate(self, field: bytes, warnings: list[str]) -> Fraction:
        """Samples in a second, exactly; a duration that fills its field is taken for the one that was rounded to it."""
        duration = self._decimal(field, "duration of a record")
        if duration <= 0:
            raise ReadError(self._source.name, "its records last 0 s: it holds annotations alone")
        told, half = self._samples / Fraction(duration), Fraction(10) ** int(duration.as_tuple().exponent) / 2
        whole = max(1, round(told))
        if len(field.strip()) < 8 or told == whole or abs(self._samples / Fraction(whole) - Fraction(duration)) > half:
            return told
        warnings.append(f"its records of {duration} s are those of {whole} Hz, rounded to the field; took {whole} Hz")
        return Fraction(whole)

    def _signals(self, raw: bytes, count: int, warnings: list[str]) -> tuple[list[Signal], int, tuple[int, int] | None]:
        columns, at = dict[str, list[bytes]](), 0
        for name, width in _FIELDS:
            columns[name] = [raw[at + i * width : at + (i + 1) * width] for i in range(count)]
            at += count * width
        signals, place, annotations = list[Signal](), 0, None
        for i in range(count):
            label = columns["label"][i].decode("latin-1").strip()
            samples = self._integer(columns["samples"][i], f"number of samples of {label!r}")
            if samples < 0:
                raise ReadError(
                    self._source.name, f"its number of samples of {label!r} is {samples}, must not be below 0"
                )
            size = samples * self._bytes
            if label in _NO_SIGNALS:
                annotations = annotations or ((place, size) if label != "Status" else None)
            else:
                limits = [float(self._decimal(columns[key][i], f"{key} of {label!r}")) for key in _FIELDS_OF_SCALE]
                signals.append(self._scaled(label, place, samples, limits, warnings))
            place += size
        return signals, place, annotations

    @staticmethod
    def _scaled(label: str, place: int, samples: int, limits: list[float], warnings: list[str]) -> Signal:
        pmin, pmax, dmin, dmax = limits
        if pmin == pmax or dmin == dmax:
            warnings.append(f"{label}: its limits are equal, so it has no scale; its digits are taken as they are")
            return Signal(label, place, samples, 1.0, 0.0)
        gain = (pmax - pmin) / (dmax - dmin)
        return Signal(label, place, samples, gain, pmin - gain * dmin)

    def _chosen(self, signals: list[Signal], options: ReadOptions) -> list[Signal]:
        known = distinct([signal.name for signal in signals])
        signals = [replace(signal, name=name) for signal, name in zip(signals, known, strict=True)]
        if not signals:
            raise ReadError(self._source.name, "holds annotations alone, and no signal")
        for name in options.source:
            if name not in known:
                raise ReadError(self._source.name, f"source: there is no {name!r}; there are {', '.join(known)}")
        chosen = [signals[known.index(name)] for name in options.source] or signals
        if len({signal.samples for signal in chosen}) > 1:
            if options.source:
                raise ReadError(self._source.name, "source: the signals chosen have several rates; choose those of one")
            raise ReadError.several(self._source.name, known)
        if chosen[0].samples == 0:
            raise ReadError(self._source.name, f"{chosen[0].name} has no samples in its records")
        return chosen

    def _count(self, fixed: bytes, options: ReadOptions, warnings: list[str]) -> int:
        told = self._integer(fixed[236:244], "number of records")
        there, rest = divmod(max(0, int(self._source.size or 0) - self._header), self._record)
        if told == -1:
            warnings.append("its number of records was never filled in: the recorder was stopped; took all to the end")
            return there
        if told > there:
            problem = f"declares {told} records, has {there}"
            warnings.append(options.accept(self._source.name, problem, f"the {there} records"))
            return there
        if there > told or rest:
            warnings.append(f"{(there - told) * self._record + rest} bytes stand behind its last record; ignored")
        return told

    def _onsets(self, records: int, annotations: tuple[int, int] | None) -> list[Decimal]:
        """Seconds of each record from the start of the file, as its annotations tell; none where it has none."""
        if annotations is None:
            return []
        onsets, (place, size) = list[Decimal](), annotations
        for i in range(records):
            found = _ONSET.match(self._source.at(self._header + i * self._record + place, size))
            if found is None:
                raise ReadError(self._source.name, f"record {i} does not tell its time, as one of EDF+ has to")
            onsets.append(Decimal(found.group(1).decode("ascii")))
        return onsets

    def _placed(
        self, onsets: list[Decimal], records: int, rate: Fraction, warnings: list[str]
    ) -> tuple[Sequence[int], list[tuple[int, int]]]:
        """First frame of each record, and the gaps; without annotations each goes on where the last one ended."""
        if not onsets:
            return range(0, records * self._samples, self._samples), []
        starts, gaps, frame = list[int](), list[tuple[int, int]](), 0
        for i, onset in enumerate(onsets):
            late = float(Fraction(onset - onsets[i - 1]) * rate) - self._samples if i else 0.0
            if late < -0.5:
                words = f"record {i} begins before the one before it ends ({onsets[i - 1]} s, then {onset} s)"
                raise ReadError(self._source.name, words)
            if late > 0.5:
                gaps.append((frame, round(late)))
                frame += round(late)
            starts.append(frame)
            frame += self._samples
        if gaps:
            warnings.append(f"{count(len(gaps), 'gap')}, {sum(length for _, length in gaps):,} frames in all")
        return starts, gaps

    def _clocks(self, fixed: bytes, onsets: list[Decimal], fs: float) -> tuple[Clock, ...]:
        """The start to whole seconds, and the digits that the first record adds to them."""
        date, time = (re.findall(r"\d\d", fixed[a:b].decode("latin-1")) for a, b in ((168, 176), (176, 184)))
        if len(date) != 3 or len(time) != 3 or not self._starts:
            return ()
        day, month, year = map(int, date)
        told = moment([year + (1900 if year >= 85 else 2000), month, day, *map(int, time)], "", None)
        if told is None:
            return ()
        if not onsets:
            return (Clock.of("the EDF header", fs, told),)
        resolution = float(10.0 ** min(0, int(onsets[0].as_tuple().exponent)))
        pieces = Clock.of_pieces("", fs, resolution, (
            (frame, told.clock + round(onset * 10**9)) for frame, onset in zip(self._starts, onsets, strict=True)
        ))  # fmt: skip
        source = "the EDF header and its records" if any(onset % 1 for onset in onsets) else "the EDF header"
        return (Clock(source, fs, resolution, None, pieces.frames, pieces.starts),)

    def _digits(self, record: int, signal: Signal) -> npt.NDArray[np.float64]:
        raw = self._source.at(self._header + record * self._record + signal.at, signal.samples * self._bytes)
        if len(raw) < signal.samples * self._bytes:
            raise ReadError(self._source.name, f"record {record} is cut: the file became shorter while it was read")
        if self._bytes == 2:
            return np.frombuffer(raw, "<i2").astype(np.float64)
        wide = np.zeros((signal.samples, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(raw, np.uint8).reshape(-1, 3)
        return (wide.view("<i4")[:, 0] >> 8).astype(np.float64)

    def _read_piece(self, frames: int) -> Block:
        begin, end = self._done, min(self._done + frames, int(self.info.frames or 0))
        out = np.full((end - begin, len(self._channels)), np.nan)
        for record in range(max(0, bisect_right(self._starts, begin) - 1), len(self._starts)):
            start = self._starts[record]
            if start >= end:
                break
            a, b = max(begin, start), min(end, start + self._samples)
            for c, signal in enumerate(self._channels if a < b else ()):
                values = self._digits(record, signal)[a - start : b - start]
                out[a - begin : b - begin, c] = values * signal.gain + signal.offset
        return out.astype(self._dtype, copy=False)

    def skip(self, frames: int) -> None:
        self._done = min(self._done + frames, int(self.info.frames or 0))

    def close(self) -> None:
        self._source.close()


_FIELDS_OF_SCALE = ("pmin", "pmax", "dmin", "dmax")
