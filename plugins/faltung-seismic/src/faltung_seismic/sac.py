"""Reads SAC: a header of 632 bytes, then one series in single precision."""

from __future__ import annotations

import struct

import numpy as np

from pipeline.errors import ReadError
from pipeline.io.base import Block, Reader, ReadOptions, SignalInfo
from pipeline.io.clock import Clock, Moment, moment
from pipeline.io.formats import refuse_table
from pipeline.io.source import Source

_HEADER = 632
_UNDEFINED = -12345
_DAY = 86_400 * 10**9


class SacReader(Reader):
    """The samples of one series, as they are stored.

    The step is stored in single precision: a whole number of Hz whose step it is, is taken for the rate.
    """

    def __init__(self, source: Source, options: ReadOptions) -> None:
        source = source.spooled()
        head = source.read(_HEADER)
        self._order = "<" if struct.unpack_from("<i", head, 304)[0] in (6, 7) else ">"
        floats = struct.unpack_from(f"{self._order}70f", head, 0)
        ints = struct.unpack_from(f"{self._order}40i", head, 280)
        warnings = list[str]()
        frames = self._frames(source, options, ints, warnings)
        fs = self._rate(source.name, floats[0], warnings)
        refuse_table(options, source.name, "SAC", fs)
        texts = [head[at : at + 8].split(b"\0")[0].decode("latin-1").strip() for at in (608, 440, 464, 600)]
        name = ".".join("" if text == str(_UNDEFINED) else text for text in texts)
        clock = self._clock(ints[:6], floats[5], fs)
        names = (name,) if name.strip(".") else ()
        if options.source and tuple(options.source) != names:
            raise ReadError(
                source.name,
                f"source: there is {names[0] if names else 'one signal without a name'}, got {options.source[0]}",
            )
        clocks = () if clock is None else (clock,)
        super().__init__(SignalInfo(fs, 1, frames, "SAC", None, names=names, clocks=clocks), options.dtype)
        self.warnings = warnings
        self._source = source

    @staticmethod
    def _frames(source: Source, options: ReadOptions, ints: tuple[int, ...], warnings: list[str]) -> int:
        frames, kind, even = ints[9], ints[15], ints[35]
        if kind not in (1, _UNDEFINED) or even != 1:
            raise ReadError(source.name, "is no evenly sampled time series: it holds a spectrum, or pairs of numbers")
        there = (int(source.size or 0) - _HEADER) // 4
        if frames > there:
            problem = f"declares {frames} frames, has {there}"
            warnings.append(options.accept(source.name, problem, f"the {there} frames"))
        return min(frames, there)

    @staticmethod
    def _rate(name: str, delta: float, warnings: list[str]) -> float:
        if not 0 < delta < 1e9:
            raise ReadError(name, f"its step must be above 0 s, got {delta:g} s")
        fs = 1 / float(str(np.float32(delta)))
        whole = round(fs)
        if whole and fs != whole and np.float32(1 / whole) == np.float32(delta):
            warnings.append(f"its step of {delta:.9g} s is that of {whole} Hz in single precision; took {whole} Hz")
            return float(whole)
        return fs

    @staticmethod
    def _clock(date: tuple[int, ...], begin: float, fs: float) -> Clock | None:
        if _UNDEFINED in date or begin == _UNDEFINED:
            return None
        year, day, hour, minute, second, milli = date
        start = moment([year, 1, 1, hour, minute, second], f"{milli:03}", 0)
        if start is None:
            return None
        at = start.clock + (day - 1) * _DAY + round(float(str(np.float32(begin))) * 1e9)
        return Clock.of("the SAC header", fs, Moment(at, 0, 1e-3))

    def _read_piece(self, frames: int) -> Block:
        wanted = min(frames, int(self.info.frames or 0) - self._done)
        raw = self._source.read(4 * wanted)
        if len(raw) < 4 * wanted:
            raise ReadError(self._source.name, f"ended after {self._done + len(raw) // 4} frames: cut short while read")
        return np.frombuffer(raw, f"{self._order}f4").astype(self._dtype)[:, None]

    def skip(self, frames: int) -> None:
        frames = min(frames, int(self.info.frames or 0) - self._done)
        self._source.skip(4 * frames)
        self._done += frames

    def close(self) -> None:
        self._source.close()
