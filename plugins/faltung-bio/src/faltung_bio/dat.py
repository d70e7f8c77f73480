"""Reads the samples of WFDB signal files in every format, from any frame on, as digits with NaN for those not valid.

Bit fields are as the format's number tells: 212 holds two samples of 12 bits in 3 bytes, 310 and 311 three of 10 bits
in 4. Format 8 holds differences, so that what stands before is read, too. 508, 516 and 524 are FLAC.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import soundfile as sf

from pipeline.errors import ReadError
from pipeline.io.source import open_source

from .header import Stored

_Digits = npt.NDArray[np.int64]
_WHOLE = {"8": "i1", "16": "<i2", "32": "<i4", "61": ">i2", "80": "u1", "160": "<u2"}
_PACKED = {"212": (2, 3), "310": (3, 4), "311": (3, 4), "24": (1, 3)}
_UNSIGNED = {"80": 1 << 7, "160": 1 << 15}
_BITS = {"16": 16, "24": 24, "32": 32, "61": 16, "80": 8, "160": 16, "212": 12, "310": 10, "311": 10,
         "508": 8, "516": 16, "524": 24}  # fmt: skip
FORMATS = (*_WHOLE, *_PACKED, "508", "516", "524")
_STEP = 1 << 16


def unpacked(how: str, raw: npt.NDArray[np.uint8]) -> _Digits:
    """Samples in whole units of a packed format."""
    _, size = _PACKED[how]
    b = raw.reshape(-1, size).astype(np.int64)
    if how == "212":
        parts = [b[:, 0] | (b[:, 1] & 0x0F) << 8, b[:, 2] | b[:, 1] >> 4 << 8]
    elif how == "310":
        parts = [b[:, 0] >> 1 | (b[:, 1] & 7) << 7, b[:, 2] >> 1 | (b[:, 3] & 7) << 7, b[:, 1] >> 3 | b[:, 3] >> 3 << 5]
    elif how == "311":
        word = b[:, 0] | b[:, 1] << 8 | b[:, 2] << 16 | b[:, 3] << 24
        parts = [word & 1023, word >> 10 & 1023, word >> 20 & 1023]
    else:
        parts = [b[:, 0] | b[:, 1] << 8 | b[:, 2] << 16]
    values, half = np.stack(parts, 1).reshape(-1), 1 << (_BITS[how] - 1)
    return (values ^ half) - half


class SignalFile:
    """The signals that lie in one file, frame by frame."""

    def __init__(self, path: str, signals: Sequence[Stored]) -> None:
        self.path, self.signals = path, list(signals)
        self._how, self._offset = signals[0].format, signals[0].offset
        if any((one.format, one.offset) != (self._how, self._offset) for one in signals):
            raise ReadError(path, "signals of one file have one format and one offset")
        self._width = sum(one.each for one in signals)
        self._flac: sf.SoundFile | None = None
        self._source = open_source(path).spooled()
        self._sums, self._summed = self._firsts(), 0
        try:
            self.frames = self._opened_flac() if self._how in ("508", "516", "524") else self._counted()
        except BaseException:
            self.close()
            raise

    def _firsts(self) -> _Digits:
        return np.array([one.first for one in self.signals], np.int64)

    def _counted(self) -> int:
        """Whole frames that are there."""
        size = max(0, int(self._source.size or 0) - self._offset)
        if self._how in _WHOLE:
            return size // (np.dtype(_WHOLE[self._how]).itemsize * self._width)
        samples, unit = _PACKED[self._how]
        whole, rest = divmod(size, unit)
        bits = 16 if self._how == "310" else _BITS[self._how]  # in 310 the first sample takes two bytes
        return (whole * samples + rest * 8 // bits) // self._width

    def _opened_flac(self) -> int:
        each = self.signals[0].each
        if any(one.each != each for one in self.signals):
            raise ReadError(self.path, "signals in one FLAC have as many samples a frame, each")
        try:
            self._flac = flac = sf.SoundFile(os.dup(self._source.fd), closefd=True)
        except (sf.LibsndfileError, RuntimeError) as error:
            raise ReadError(self.path, f"is no FLAC that can be read: {error}") from error
        bits = {"PCM_S8": 8, "PCM_16": 16, "PCM_24": 24}.get(flac.subtype, 99)
        if flac.format != "FLAC" or bits > _BITS[self._how] or flac.channels != len(self.signals):
            rule = f"format {self._how} is FLAC of at most {_BITS[self._how]} bits and {len(self.signals)} channels"
            raise ReadError(self.path, f"{rule}, got {flac.format} {flac.subtype} of {flac.channels}")
        self._shift = 32 - bits
        return max(0, int(flac.frames) - self._offset) // each

    def read(self, begin: int, end: int) -> list[npt.NDArray[np.float64]]:
        """Frames from ``begin`` to before ``end``, of shape (frames, samples a frame) for each signal."""
        if self._how == "8":
            rows = self._differences(begin, end)
        elif self._flac is not None:
            rows = self._decoded(begin, end)
        else:
            rows = self._rows(begin, end)
        values = rows.astype(np.float64)
        if self._how in _BITS:
            values[rows == -(1 << (_BITS[self._how] - 1))] = np.nan
        return np.split(values, np.cumsum([one.each for one in self.signals])[:-1], 1)

    def _bytes(self, at: int, count: int) -> npt.NDArray[np.uint8]:
        return np.frombuffer(self._source.at(self._offset + at, count), np.uint8)

    def _rows(self, begin: int, end: int) -> _Digits:
        """Digits of shape (frames, samples of a frame)."""
        first, last = begin * self._width, end * self._width
        if self._how in _WHOLE:
            kind = np.dtype(_WHOLE[self._how])
            raw = self._bytes(first * kind.itemsize, (last - first) * kind.itemsize)
            whole = raw[: len(raw) // kind.itemsize * kind.itemsize].view(kind)
            values = whole.astype(np.int64) - _UNSIGNED.get(self._how, 0)
        else:
            samples, unit = _PACKED[self._how]
            whole_units = first // samples, -(-last // samples)
            raw = self._bytes(whole_units[0] * unit, (whole_units[1] - whole_units[0]) * unit)
            padded = np.concatenate([raw, np.zeros(-len(raw) % unit, np.uint8)])
            values = unpacked(self._how, padded)[first - whole_units[0] * samples :][: last - first]
        if len(values) < last - first:
            raise ReadError(self.path, f"ended before frame {end}: it became shorter while it was read")
        return values.reshape(-1, self._width)

    def _differences(self, begin: int, end: int) -> _Digits:
        """Sums of the differences from frame 0 on; what lies behind the last that was read is read again."""
        if begin < self._summed:
            self._sums, self._summed = self._firsts(), 0
        while self._summed < begin:
            self._summed_up(min(begin, self._summed + _STEP))
        return self._summed_up(end)

    def _summed_up(self, end: int) -> _Digits:
        rows, at = self._rows(self._summed, end), 0
        for i, one in enumerate(self.signals):
            sums = np.cumsum(rows[:, at : at + one.each].reshape(-1)) + self._sums[i]
            rows[:, at : at + one.each] = sums.reshape(-1, one.each)
            self._sums[i] = sums[-1] if len(sums) else self._sums[i]
            at += one.each
        self._summed = end
        return rows

    def _decoded(self, begin: int, end: int) -> _Digits:
        each = self.signals[0].each
        wanted = (end - begin) * each
        assert self._flac is not None  # noqa: S101 - for mypy
        try:
            self._flac.seek(self._offset + begin * each)
            got = self._flac.read(wanted, dtype="int32", always_2d=True)
        except (sf.LibsndfileError, RuntimeError) as error:
            raise ReadError(self.path, f"cannot be decoded at frame {begin}: {error}") from error
        if len(got) < wanted:
            raise ReadError(self.path, f"cannot be decoded to frame {end}: it gives {len(got)} of {wanted} samples")
        digits = got.astype(np.int64) >> self._shift
        return digits.reshape(end - begin, each, len(self.signals)).transpose(0, 2, 1).reshape(end - begin, -1)

    def close(self) -> None:
        """Let go of the file."""
        if self._flac is not None:
            self._flac.close()
        self._source.close()
