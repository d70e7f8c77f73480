"""Reads the headers of WFDB records: rate, start, and where and how each signal is stored.

A record of one segment lists its signals; one of several lists its segments, each with a header of its own. Of a
variable layout the first segment has no samples: its header lists the signals that any of the others may hold.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction

from pipeline.errors import ReadError
from pipeline.io.clock import Moment, moment

_RECORD = re.compile(
    r"(?P<name>[^\s/]+)(?:/(?P<segments>\d+))?\s+(?P<count>\d+)"
    r"(?:\s+(?P<fs>\d*\.?\d+(?:[eE][-+]?\d+)?|\d+\.)(?:/[^\s(]+)?(?:\([^)\s]*\))?"
    r"(?:\s+(?P<frames>\d+)(?:\s+(?P<time>[\d:.]+)(?:\s+(?P<date>\d+/\d+/\d+))?)?)?)?"
)
_FORMAT = re.compile(r"(?P<format>\d+)(?:x(?P<each>\d+))?(?::(?P<skew>\d+))?(?:\+(?P<offset>\d+))?")
_GAIN = re.compile(r"(?P<gain>[-+]?\d*\.?\d*(?:[eE][-+]?\d+)?)(?:\((?P<baseline>[-+]?\d+)\))?(?:/(?P<unit>\S*))?")
_FILE = re.compile(r"[^\s/\\:]+")
_LONGEST = 1 << 24


@dataclass(frozen=True)
class Stored:
    """One signal as its line tells it: ``physical = (digital - baseline) / gain``."""

    name: str
    file: str
    format: str
    each: int
    """Samples of it in a frame."""
    skew: int
    """Frames that it lies later in its file than in the record."""
    offset: int
    """Bytes before the first frame of its file; of FLAC, samples."""
    gain: float
    baseline: int
    unit: str
    first: int
    """Value before the first difference, of format 8."""


@dataclass(frozen=True)
class Header:
    """One record, or one segment of it."""

    fs: Fraction
    """Frames in a second."""
    frames: int | None
    """None where the header does not tell."""
    start: Moment | None
    notes: tuple[str, ...]
    signals: tuple[Stored, ...]
    segments: tuple[tuple[str, int], ...]
    """Names and frames of the segments, ``~`` for one that is missing; none in a record of one."""
    variable: bool
    """Whether the first segment is the layout: the signals of all the others."""


def is_header(head: bytes) -> bool:
    """Whether first bytes are those of a WFDB header."""
    return b"\0" not in head and bool(lines := _lines(head)) and _RECORD.fullmatch(lines[0]) is not None


def _lines(raw: bytes) -> list[str]:
    lines = (line.strip() for line in raw.decode("utf-8", "replace").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def parsed(raw: bytes, name: str) -> Header:
    """The header in a text; raises `ReadError` with the line that is none."""
    if len(raw) > _LONGEST:
        raise ReadError(name, f"a header has at most {_LONGEST:,} bytes, got {len(raw):,}")
    lines = _lines(raw)
    found = _RECORD.fullmatch(lines[0]) if lines else None
    if found is None:
        raise ReadError(name, f"its first line names the record and the number of signals, got {''.join(lines[:1])!r}")
    fs = Fraction(found["fs"] or 250)
    if fs <= 0:
        raise ReadError(name, "its rate must be above 0 Hz, got 0")
    start, notes = _start(found["time"], found["date"])
    several = found["segments"] is not None
    expected = int(found["segments"]) if several else int(found["count"])
    if len(lines) - 1 < expected:
        what = "segments" if several else "signals"
        raise ReadError(name, f"declares {expected} {what}, lists {len(lines) - 1}: it is cut")
    rest = lines[1 : 1 + expected]
    segments = tuple(_segment(line, name) for line in rest) if several else ()
    signals = () if several else _signals(rest, name)
    frames = int(found["frames"] or 0) or None
    return Header(fs, frames, start, notes, signals, segments, bool(segments) and segments[0][1] == 0)


def _start(time: str | None, date: str | None) -> tuple[Moment | None, tuple[str, ...]]:
    """The time of frame 0; one without a date is none, and that is said."""
    if time is None:
        return None, ()
    if date is None:
        return None, (f"tells the time of day, {time}, and no date: so no true time",)
    whole, _, digits = time.partition(".")
    clock = [*map(int, filter(None, whole.split(":")))]
    day, month, year = map(int, date.split("/"))
    told = moment([year, month, day, *[0] * (3 - len(clock)), *clock], digits, None) if len(clock) < 4 else None
    return told, () if told else (f"tells a start that is none, {time} {date}: so no true time",)


def _segment(line: str, name: str) -> tuple[str, int]:
    found = re.fullmatch(r"(\S+)\s+(\d+)", line)
    if found is None or (found[1] != "~" and not _FILE.fullmatch(found[1])):
        raise ReadError(name, f"a segment is a name in the same folder and a number of frames, got {line!r}")
    return found[1], int(found[2])


def _signals(lines: list[str], name: str) -> tuple[Stored, ...]:
    signals = [_signal(line, i, name) for i, line in enumerate(lines)]
    names = distinct([signal.name for signal in signals])
    return tuple(replace(signal, name=one) for signal, one in zip(signals, names, strict=True))


def _signal(line: str, i: int, name: str) -> Stored:
    file, how, scale, _, zero, first, _, _, description = [*line.split(None, 8), *[""] * 9][:9]
    found, gain = _FORMAT.fullmatch(how), _GAIN.fullmatch(scale)
    if found is None or gain is None or not _FILE.fullmatch(file):
        rule = "a file in the same folder, a format such as 16 or 212x2:3+10, a gain such as 200(0)/mV"
        raise ReadError(name, f"the line of a signal has {rule}, got {line!r}")
    try:
        baseline, before = int(gain["baseline"] or zero or 0), int(first or 0)
        factor = float(gain["gain"] or 0) or 200.0
    except ValueError:
        raise ReadError(name, f"the zero and the first value of a signal are whole numbers, got {line!r}") from None
    each, skew, offset = (int(found[key] or 0) for key in ("each", "skew", "offset"))
    label, unit = description or f"{file} {i}", gain["unit"] or "mV"
    return Stored(label, file, found["format"], max(1, each), skew, offset, factor, baseline, unit, before)


def distinct(names: list[str]) -> list[str]:
    """Names by which each can be chosen: those that are several are counted, ``ECG#0``, ``ECG#1``."""
    return [f"{name}#{names[:i].count(name)}" if names.count(name) > 1 else name for i, name in enumerate(names)]
