"""The true time of frames, piecewise as the records of a file tell it, in whole nanoseconds since 1970.

Within a piece frames follow each other at its rate; from piece to piece the time is told anew, so that neither a clock
that drifts nor a gap is spread over what lies between. Where a file tells no zone, the time is its own clock's alone.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

_EPOCH = datetime(1970, 1, 1)
_SECOND = 10**9
_MINUTE = 60 * _SECOND
_MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,12}))?\s*(Z|UTC|[+-]\d\d(?::?\d\d)?)?", re.ASCII
)


class Moment(NamedTuple):
    """One time as it was written: nanoseconds of its own clock since 1970, its zone and its resolution."""

    clock: int
    zone: int | None
    """Minutes that the clock is ahead of UTC; None where it does not tell."""
    resolution: float
    """Seconds of its last digit."""


def parse_moment(text: str) -> Moment | None:
    """ISO 8601 with any number of decimals and with or without a zone; None when it is none, or no real date."""
    found = _MOMENT.fullmatch(text.strip())
    if found is None:
        return None
    *fields, digits, zone = found.groups()
    return moment([int(one) for one in fields], digits or "", None if zone is None else parse_zone(zone))


def moment(fields: list[int], digits: str, zone: int | None) -> Moment | None:
    """The time of year, month, day, hour, minute, second and the digits of a fraction; None when there is none such."""
    try:
        since = datetime(*fields) - _EPOCH  # type: ignore[arg-type]
    except ValueError:
        return None
    fraction = int(digits.ljust(9, "0")[:9])
    return Moment((since.days * 86_400 + since.seconds) * _SECOND + fraction, zone, 10.0 ** -min(len(digits), 9))


def parse_zone(text: str) -> int:
    """Minutes ahead of UTC of ``Z``, ``+1``, ``-3:30`` or ``+0530``; the sign is that of the minutes too."""
    sign, digits = (-1 if text[:1] == "-" else 1), text.lstrip("+-")
    if not digits[:1].isdigit():
        return 0
    hours, minutes = digits.split(":") if ":" in digits else (digits[:2], digits[2:])
    return sign * (60 * int(hours) + int(minutes or 0))


@dataclass(frozen=True)
class Clock:
    """Time of every frame of a channel.

    Examples
    --------
    >>> clock = Clock("2 records", 100.0, 1e-4, 0, (0, 500), (0, 5_250_000_000))
    >>> clock.utc(499), clock.utc(500), clock.utc(501)
    ('1970-01-01T00:00:04.990000Z', '1970-01-01T00:00:05.250000Z', '1970-01-01T00:00:05.260000Z')
    >>> clock.drift_s, clock.gaps
    (0.0, ((500, 0.25),))
    """

    source: str
    """What told it, in words: ``"the bext chunk"``, ``"17 records"``."""
    fs: float
    """Frames in a second of true time; not the rate of a file that is played slower than it was recorded."""
    resolution: float
    """Seconds to which the times are known."""
    zone: int | None
    """Minutes that `local` is ahead of UTC; None where no zone is known, and so no UTC."""
    frames: tuple[int, ...] = field(repr=False)
    """First frame of each piece, from 0 up."""
    starts: tuple[int, ...] = field(repr=False)
    """Its time in nanoseconds since 1970, in UTC, or on the file's own clock where no zone is known."""

    @classmethod
    def of(cls, source: str, fs: float, told: Moment) -> Clock:
        """The clock of a file that tells the time of its first frame alone."""
        start = told.clock - (told.zone or 0) * _MINUTE
        return cls(source, fs, told.resolution, told.zone, (0,), (start,))

    @classmethod
    def of_pieces(cls, source: str, fs: float, resolution: float, pieces: Iterable[tuple[int, int]]) -> Clock:
        """The clock in UTC of pieces, (first frame, nanoseconds); one that the piece before it tells is left out."""
        frames, starts = list[int](), list[int]()
        for frame, start in pieces:
            if not frames or abs(starts[-1] + round((frame - frames[-1]) * _SECOND / fs) - start) > 1:
                frames.append(frame)
                starts.append(start)
        return cls(source, fs, resolution, 0, tuple(frames), tuple(starts))

    def ns(self, frame: float) -> int:
        """Nanoseconds since 1970 at a frame, as ``starts`` are."""
        i = max(0, bisect_right(self.frames, frame) - 1)
        return self.starts[i] + round((frame - self.frames[i]) * _SECOND / self.fs)

    def frame(self, ns: int) -> float:
        """The frame at such a time, the inverse of `ns`; in a gap the first one after it."""
        i = max(0, bisect_right(self.starts, ns) - 1)
        frame = self.frames[i] + (ns - self.starts[i]) * self.fs / _SECOND
        return min(frame, self.frames[i + 1]) if i + 1 < len(self.frames) else frame

    def utc(self, frame: float) -> str | None:
        """The time of a frame as ISO 8601 in UTC; None where no zone is known."""
        return None if self.zone is None else f"{self._iso(self.ns(frame))}Z"

    def local(self, frame: float) -> str:
        """The time of a frame on the file's own clock, with its zone if that is known."""
        shown = self._iso(self.ns(frame) + (self.zone or 0) * _MINUTE)
        hours, minutes = divmod(abs(self.zone or 0), 60)
        return shown if self.zone is None else f"{shown}{'-' if self.zone < 0 else '+'}{hours:02}:{minutes:02}"

    def _iso(self, ns: int) -> str:
        digits = 6 if self.resolution >= 1e-6 else 9
        unit = 10 ** (9 - digits)
        seconds, fraction = divmod((ns + unit // 2) // unit, 10**digits)
        return f"{(_EPOCH + timedelta(seconds=seconds)).isoformat()}.{fraction:0{digits}}"

    def _jumps(self) -> list[tuple[int, float]]:
        """Seconds by which each piece begins later than the one before it tells, with its first frame."""
        pieces = zip(pairwise(self.frames), pairwise(self.starts), strict=True)
        return [(b, (after - before) / _SECOND - (b - a) / self.fs) for (a, b), (before, after) in pieces]

    @property
    def gaps(self) -> tuple[tuple[int, float], ...]:
        """Frames before which more than half a frame of time is missing, with the seconds; below 0 for an overlap."""
        return tuple((frame, jump) for frame, jump in self._jumps() if abs(jump) > 0.5 / self.fs)

    @property
    def drift_s(self) -> float:
        """Seconds by which the clock runs away from its rate, from the first piece to the last, gaps left out."""
        return sum(jump for _, jump in self._jumps() if abs(jump) <= 0.5 / self.fs)

    def facts(self, frames: int | None) -> dict[str, Any]:
        """Everything that it tells of a file of so many frames, as plain data."""
        return {
            "start_utc": self.utc(0),
            "start_local": self.local(0),
            "end_utc": None if frames is None else self.utc(frames),
            "resolution_s": self.resolution,
            "source": self.source,
            "fs": self.fs,
            "drift_s": self.drift_s,
            "gaps": [{"frame": frame, "seconds": seconds} for frame, seconds in self.gaps],
        }

    def __str__(self) -> str:
        start = self.utc(0) or f"{self.local(0)}, in no zone that is told"
        words = f"starts at {start}, by {self.source}, to {self.resolution:.3g} s"
        if abs(self.drift_s) > 0.5 / self.fs:
            words += f"; its clock drifts {self.drift_s:+.6g} s to the end"
        if self.gaps:
            words += f"; {len(self.gaps)} {'gap' if len(self.gaps) == 1 else 'gaps'}"
        return words
