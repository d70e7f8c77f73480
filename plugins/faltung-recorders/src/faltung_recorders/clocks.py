"""Start times that field recorders write into WAV: GUANO, AudioMoth's comment, WAMD, bext, and the like.

Nothing is taken from a file's name or its date on the disk. Those of which two are there and do not agree are named.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from pipeline.io.clock import Clock, Moment, moment, parse_moment, parse_zone

_AUDIOMOTH = re.compile(
    r"Recorded at (\d\d?):(\d\d):(\d\d)(?:\.(\d+))? (\d\d?)/(\d\d?)/(\d{4}) \(UTC([+-]\d\d?(?::?\d\d)?)?\)"
)
_BY = re.compile(r"\bby (AudioMoth [0-9A-Z]+)")
_OMGUI = re.compile(r"^Time:\s*(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*)", re.MULTILINE)
_OPSO = "opso_metadata"
_WAMD_TIME, _WAMD_EXPANSION = 5, 15


class _Told(NamedTuple):
    source: str
    moment: Moment
    expansion: float = 1.0
    """How many times slower than true the file is played."""


def guano_fields(raw: bytes) -> dict[str, str]:
    r"""Keys and values of a ``guan`` chunk; a line break in a value is spelled ``\n``."""
    lines = raw.split(b"\0")[0].decode("utf-8", "replace").lstrip("\ufeff").splitlines()
    pairs = (line.partition(":") for line in lines if ":" in line)
    return {key.strip(): value.strip().replace("\\n", "\n") for key, _, value in pairs}


def wamd_fields(raw: bytes) -> dict[int, bytes]:
    """Records of a ``wamd`` chunk by their number, as far as they are whole."""
    found, at = dict[int, bytes](), 0
    while at + 6 <= len(raw):
        number, size = struct.unpack_from("<HI", raw, at)
        if at + 6 + size > len(raw):
            break
        found.setdefault(number, raw[at + 6 : at + 6 + size])
        at += 6 + size
    return found


def recorder_clock(
    chunks: Sequence[tuple[bytes, bytes]], tags: Sequence[tuple[str, str]], fs: float
) -> tuple[Clock | None, list[str]]:
    """The clock that the metadata of a recording at ``fs`` Hz gives, the best of those there are, and what is odd."""
    told = [*_of_chunks(chunks, fs), *(one for name, text in tags if name == "comment" for one in _of_comment(text))]
    if not told:
        undated = any(name == b"bext" and len(raw) >= 346 and raw[338:346].strip(b"\0") for name, raw in chunks)
        words = "the bext chunk has a time reference and no date (a program wrote it back so): no time is told by it"
        return None, [words] if undated else []
    told.sort(key=lambda one: _ORDER.index(one.source))
    best, notes = told[0], list[str]()
    clock = Clock.of(best.source, fs * best.expansion, best.moment)
    for other in told[1:]:
        apart = _apart(best.moment, other.moment)
        if apart > max(best.moment.resolution, other.moment.resolution):
            notes.append(
                f"its start by {best.source} and by {other.source} are {apart:.6g} s apart; took {best.source}"
            )
    if best.expansion != 1:
        notes.append(
            f"is played {best.expansion:g} times slower than it was recorded, says {best.source}: times of day are"
            f" true, seconds and frequencies are the file's (true frequencies are {best.expansion:g} times higher)"
        )
    return clock, notes


def recorder_name(chunks: Sequence[tuple[bytes, bytes]], tags: Sequence[tuple[str, str]]) -> str | None:
    """Make, model and number of what recorded a file, by GUANO, AudioMoth, WAMD or bext, or a tag ``recorder``."""
    told: dict[str, str] = {}
    for name, raw in chunks:
        if name == b"guan":
            fields = guano_fields(raw)
            told["guan"] = " ".join(fields[key] for key in ("Make", "Model", "Serial") if fields.get(key))
        elif name == b"wamd":
            parts = (wamd_fields(raw).get(number, b"").split(b"\0")[0] for number in (1, 2))
            told["wamd"] = " ".join(part.decode("utf-8", "replace").strip() for part in parts if part)
        elif name == b"bext":
            told["bext"] = raw[256:288].split(b"\0")[0].decode("latin-1").strip()
    for tag, text in tags:
        told |= {"moth": found[1]} if tag == "comment" and (found := _BY.search(text)) else {}
        told |= {"tag": text.strip()} if tag == "recorder" else {}
    return next((told[one] for one in ("guan", "moth", "wamd", "bext", "tag") if told.get(one)), None)


_ORDER = (
    "GUANO", "AudioMoth's comment", "opensoundscape's metadata", "WAMD", "OmGui's comment", "the bext chunk",
    "the bext chunk's time of origin",
)  # fmt: skip
"""The best first: those that may tell a zone, then by their resolution."""


def _apart(a: Moment, b: Moment) -> float:
    """Seconds between two times; between their clocks where one tells no zone."""
    zones = (0, 0) if a.zone is None or b.zone is None else (a.zone, b.zone)
    return abs((a.clock - b.clock) / 1e9 - 60 * (zones[0] - zones[1]))


def _of_chunks(chunks: Sequence[tuple[bytes, bytes]], fs: float) -> Iterator[_Told]:
    for name, raw in chunks:
        if name == b"guan":
            fields = guano_fields(raw)
            if (found := parse_moment(fields.get("Timestamp", ""))) is not None:
                yield _Told("GUANO", found, _expansion(fields.get("TE", "")))
        elif name == b"wamd":
            records = wamd_fields(raw)
            text = records.get(_WAMD_TIME, b"").split(b"\0")[0].decode("utf-8", "replace")
            if (found := parse_moment(text)) is not None:
                expansion = records.get(_WAMD_EXPANSION, b"").split(b"\0")[0].decode("ascii", "replace")
                yield _Told("WAMD", found, _expansion(expansion))
        elif name == b"bext" and len(raw) >= 346:
            yield from _of_bext(raw, fs)


def _expansion(text: str) -> float:
    with suppress(ValueError):
        if 0 < (factor := float(text)) <= 1000:
            return factor
    return 1.0


def _of_bext(raw: bytes, fs: float) -> Iterator[_Told]:
    """Samples since midnight of the date, at the file's rate; where they are 0, the time of origin to the second."""
    texts = (raw[at:end].split(b"\0")[0].decode("latin-1") for at, end in ((320, 330), (330, 338)))
    date, time = (re.findall(r"\d+", text) for text in texts)
    samples = int.from_bytes(raw[338:346], "little")
    if len(date) != 3:
        return
    day = [int(part) for part in date]
    if samples == 0 and len(time) == 3 and any(map(int, time)):
        source, fields = "the bext chunk's time of origin", [*day, *map(int, time)]
        found = moment(fields, "", None)
    else:
        source = "the bext chunk"
        found = moment([*day, 0, 0, 0], "", None)
        found = found and Moment(found.clock + round(samples * 10**9 / fs), None, 1 / fs)
    if found is not None:
        yield _Told(source, found)


def _of_comment(text: str) -> Iterator[_Told]:
    if found := _AUDIOMOTH.search(text):
        hour, minute, second, fraction, day, month, year, zone = found.groups()
        fields = [int(part) for part in (year, month, day, hour, minute, second)]
        if (at := moment(fields, fraction or "", parse_zone(zone or ""))) is not None:
            yield _Told("AudioMoth's comment", at)
    if _OPSO in text:
        with suppress(ValueError):
            data, _ = json.JSONDecoder().raw_decode(text[text.index(_OPSO) + len(_OPSO) :].lstrip())
            if (at := parse_moment(str(data.get("recording_start_time", "")))) is not None:
                yield _Told("opensoundscape's metadata", at)
    if (omgui := _OMGUI.search(text)) and (at := parse_moment(omgui.group(1))) is not None:
        yield _Told("OmGui's comment", at)
