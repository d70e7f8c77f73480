"""Reads CWA by its sectors of 512 bytes, each with a checksum, a number and a time of its own.

A sector tells the time of one of its samples: ``timestampOffset`` is the number of that sample, and a fraction of a
second comes with it where the top bit of ``deviceFractional`` is set; then the offset was moved by the whole samples in
that fraction, for readers that know whole seconds alone, which is undone. The time is the device's, in no zone.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime

import numpy as np
import numpy.typing as npt

from pipeline.errors import ReadError
from pipeline.io import Reader, SignalInfo
from pipeline.io.base import Block, ReadOptions
from pipeline.io.clock import Clock
from pipeline.io.source import Source
from pipeline.text import count

_SECTOR = 512
_WINDOW = 8192  # sectors that are looked at together
_AX = np.dtype({
    "names": ["mark", "length", "fraction", "session", "number", "time", "scale", "rate", "form", "offset", "count"],
    "formats": ["<u2", "<u2", "<u2", "<u4", "<u4", "<u4", "<u2", "u1", "u1", "<i2", "<u2"],
    "offsets": [0, 2, 4, 6, 10, 14, 18, 24, 25, 26, 28],
    "itemsize": _SECTOR,
})  # fmt: skip
_HEADER = np.dtype([(name, _AX[name].str) for name in _AX.names or ()])
"""What is kept of each sector."""
_AXES = {3: ("acc_x", "acc_y", "acc_z"), 6: ("gyro_x", "gyro_y", "gyro_z", "acc_x", "acc_y", "acc_z")}
_NS = 10**9
_APART = 0.05
"""Frames that the time of a sector may be from what the sectors before it tell without being told anew."""


def times_of(sectors: npt.NDArray[np.void], fs: float) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Nanoseconds since 1970 that sectors tell, and the number of the sample in each that had it."""
    packed = sectors["time"].astype(np.int64)
    year, month = 2000 + (packed >> 26), (packed >> 22) & 15
    months = {(int(y), int(m)) for y, m in np.unique(np.stack([year, month], 1), axis=0)}
    days = {one: (datetime(one[0], min(max(one[1], 1), 12), 1) - datetime(1970, 1, 1)).days for one in months}
    first = np.array([days[int(y), int(m)] for y, m in zip(year, month, strict=True)], np.int64)
    day, hour, minute = (packed >> 17) & 31, (packed >> 12) & 31, (packed >> 6) & 63
    seconds = ((first + day - 1) * 24 + hour) * 3600 + minute * 60 + (packed & 63)
    fraction = np.where(sectors["fraction"] & 0x8000, (sectors["fraction"].astype(np.int64) & 0x7FFF) << 1, 0)
    moved = fraction * int(fs) >> 16
    return seconds * _NS + fraction * _NS // 65536, sectors["offset"] + moved


class CwaReader(Reader):
    """The axes of a recording, with NaN where sectors are missing or damaged."""

    def __init__(self, source: Source, options: ReadOptions) -> None:
        self._source = source = source.spooled()
        warnings = list[str]()
        sectors, places = self._sectors(options, warnings)
        if not len(sectors):
            raise ReadError(source.name, "holds no sector of samples that is whole")
        self._form, fs = int(sectors["form"][0]), self._rate(sectors)
        axes = self._form >> 4
        self._width = {0: 4, 2: 2 * axes}.get(self._form & 15, 0)
        if axes not in _AXES or not self._width or (axes != 3 and self._width == 4):
            raise ReadError(source.name, f"has samples of {axes} axes in packing {self._form & 15}, which is not known")
        counts = sectors["count"].astype(np.int64)
        if counts.max() * self._width > 480:
            raise ReadError(
                source.name, f"a sector declares {counts.max()} samples, 480 bytes hold {480 // self._width}"
            )
        self._places, self._counts = places, counts
        self._starts, clock = self._placed(sectors, counts, fs, options, warnings)
        frames = int(self._starts[-1] + counts[-1])
        if clock is not None and abs(clock.fs / fs - 1) > 1e-4:
            warnings.append(
                f"it was set to {fs:g} Hz, its clock tells {clock.fs:.6g} Hz; times of events go by the clock"
            )
        info = SignalInfo(fs, axes, frames, "CWA", None, names=_AXES[axes], clocks=() if clock is None else (clock,))
        super().__init__(info, options.dtype)
        self.warnings = warnings

    def _sectors(self, options: ReadOptions, warnings: list[str]) -> tuple[npt.NDArray[np.void], npt.NDArray[np.int64]]:
        """Headers of the sectors that are whole and of one form, and where they begin."""
        at, size = 4 + int.from_bytes(self._source.at(2, 2), "little"), int(self._source.size or 0)
        if (cut := (size - at) % _SECTOR) or size < at:
            problem = f"its last sector is cut: {cut if size > at else 0} of {_SECTOR} bytes are there"
            warnings.append(options.accept(self._source.name, problem, "the sectors before it"))
        found, places = list[npt.NDArray[np.void]](), list[npt.NDArray[np.int64]]()
        damaged = others = 0
        for begin in range(at, size - _SECTOR + 1, _WINDOW * _SECTOR):
            raw = self._source.at(begin, min(_WINDOW * _SECTOR, (size - begin) // _SECTOR * _SECTOR))
            here = np.frombuffer(raw, _AX)
            sums = np.frombuffer(raw, "<u2").reshape(-1, _SECTOR // 2).sum(axis=1, dtype=np.uint16)
            marked = (here["mark"] == 0x5841) & (here["length"] == 508)
            good = marked & (sums == 0)
            form = (found[0] if found else here[good][:1])[["form", "rate"]]
            same = good & (here[["form", "rate"]] == form[0]) if len(form) else good
            damaged, others = (
                damaged + int((marked & ~good).sum()),
                others + int((good & ~same).sum()) + int((~marked).sum()),
            )
            kept = np.flatnonzero(same & (here["count"] > 0))
            if len(kept):
                found.append(here[kept].astype(_HEADER))
                places.append(begin + kept * _SECTOR)
        if damaged:
            warnings.append(f"{count(damaged, 'sector')} with a wrong checksum left out")
        if others:
            warnings.append(f"{count(others, 'sector')} of another form or without samples passed over")
        return (
            (np.concatenate(found), np.concatenate(places)) if found else (np.zeros(0, _HEADER), np.zeros(0, np.int64))
        )

    @staticmethod
    def _rate(sectors: npt.NDArray[np.void]) -> float:
        code = int(sectors["rate"][0]) & 15
        return 3200 / (1 << (15 - code)) if sectors["rate"][0] else float(abs(int(sectors["offset"][0])) or 100)

    def _placed(
        self,
        sectors: npt.NDArray[np.void],
        counts: npt.NDArray[np.int64],
        fs: float,
        options: ReadOptions,
        warnings: list[str],
    ) -> tuple[npt.NDArray[np.int64], Clock | None]:
        """First frame of each sector, and the clock: raises for gaps where they are refused."""
        if not sectors["rate"][0]:  # the oldest form has the rate in the place of the offset
            sectors = sectors.copy()
            sectors["offset"] = 0
        steps = np.diff(sectors["number"].astype(np.int64))
        if not sectors["time"].all():
            late, true = np.maximum(steps - 1, 0) * counts[:-1], 0.0
            warnings.append("its sectors tell no time, as where the clock was not set; gaps go by their numbers")
        else:
            told, index = times_of(sectors, fs)
            follows = (steps == 1) & (np.diff(sectors["session"].astype(np.int64)) == 0)
            late, true = self._late(told, index, counts, follows, fs)
        starts = np.concatenate([[0], np.cumsum(counts[:-1] + late)])
        gaps = np.flatnonzero(late)
        if len(gaps):
            at, length = int(starts[gaps[0] + 1]), int(late[gaps[0]])
            if options.gaps != "nan":
                raise ReadError(self._source.name, f"a gap of {length:,} frames before frame {at}; set gaps: nan")
            warnings.append(f"{count(len(gaps), 'gap')}, {int(late.sum()):,} frames in all")
        if not true:
            return starts, None
        begins = told - np.rint(index * _NS / true).astype(np.int64)
        exact = (sectors["fraction"] & 0x8000).any()
        return starts, self._clock(starts, begins, true, 1 / 32768 if exact else 1 / fs)

    def _late(
        self,
        told: npt.NDArray[np.int64],
        index: npt.NDArray[np.int64],
        counts: npt.NDArray[np.int64],
        follows: npt.NDArray[np.bool_],
        fs: float,
    ) -> tuple[npt.NDArray[np.int64], float]:
        """Frames by which each sector but the first begins later than the one before it ends, and the clock's rate."""
        passed = np.diff(told)
        took = counts[:-1] + np.diff(index)  # samples from the one whose time is told to the next such
        near = follows & (np.abs(passed * fs / _NS - took) < 0.5 * counts[:-1])
        steady = float(passed[near].sum())
        true = float(took[near].sum()) * _NS / steady if steady > 0 else fs
        late = np.where(near, 0, np.rint(passed * true / _NS - took)).astype(np.int64)
        late[(late < 0) & (-late < 0.5 * counts[:-1])] = 0  # whole seconds jitter
        back = np.flatnonzero(late < 0)
        if len(back):
            seconds = float(-late[back[0]]) / true
            raise ReadError(self._source.name, f"its clock goes back by {seconds:.6g} s before sector {back[0] + 1}")
        return late, true

    @staticmethod
    def _clock(starts: npt.NDArray[np.int64], begins: npt.NDArray[np.int64], fs: float, resolution: float) -> Clock:
        """The clock of sectors, told anew at each whose first frame is another time than those before it say."""
        frames, times, i = [int(starts[0])], [int(begins[0])], 0
        limit = max(_APART, resolution * fs) * _NS / fs
        while i < len(starts):
            stop = min(len(starts), i + 4096)
            expected = times[-1] + (starts[i:stop] - frames[-1]) * (_NS / fs)
            far = np.abs(begins[i:stop] - expected) > limit
            if not far.any():
                i = stop
                continue
            i += int(np.argmax(far))
            frames.append(int(starts[i]))
            times.append(int(begins[i]))
        return Clock(
            f"{count(len(starts), 'sector')} of the device's clock", fs, resolution, None, tuple(frames), tuple(times)
        )

    def _samples(self, i: int) -> npt.NDArray[np.float64]:
        raw = self._source.at(int(self._places[i]), _SECTOR)
        if len(raw) < _SECTOR or np.frombuffer(raw, "<u2").sum(dtype=np.uint16):
            raise ReadError(self._source.name, f"the sector at byte {self._places[i]} was changed while it was read")
        n, scale = int(self._counts[i]), int(np.frombuffer(raw, _AX)["scale"][0])
        acceleration = 1 / (1 << (8 + (scale >> 13)))
        if self._width == 4:
            packed = np.frombuffer(raw, "<u4", n, 30).astype(np.int64)
            axes = np.stack([(((packed >> k) & 0x3FF) ^ 0x200) - 0x200 for k in (0, 10, 20)], 1)
            return np.asarray((axes << (packed >> 30)[:, None]) * acceleration)
        axes = np.frombuffer(raw, "<i2", n * (self._width // 2), 30).reshape(n, -1)
        turning = (8000 / (1 << power) if (power := (scale >> 10) & 7) else 2000) / 32768
        return np.asarray(axes * np.array([turning] * (axes.shape[1] - 3) + [acceleration] * 3))

    def _read_piece(self, frames: int) -> Block:
        begin, end = self._done, min(self._done + frames, int(self.info.frames or 0))
        out = np.full((end - begin, self.info.channels), np.nan)
        for i in range(max(0, bisect_right(self._starts, begin) - 1), len(self._starts)):
            start = int(self._starts[i])
            if start >= end:
                break
            a, b = max(begin, start), min(end, start + int(self._counts[i]))
            if a < b:
                out[a - begin : b - begin] = self._samples(i)[a - start : b - start]
        return out.astype(self._dtype, copy=False)

    def skip(self, frames: int) -> None:
        self._done = min(self._done + frames, int(self.info.frames or 0))

    def close(self) -> None:
        self._source.close()
