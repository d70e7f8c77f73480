"""Annotations of WFDB, written for events and read as labels: places on the frames of a record, each with a code.

Words of 16 bits, the lowest byte first: six bits of a code, ten of the frames since the one before. A template whose
name is a mnemonic (``N``, ``V``) is written as its code, any other as a note with the name. The end of an event has no
place in the format; its score is its number, in percent, and -1 is the subtype of one that is upside down.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.errors import ReadError
from pipeline.io.labels import Label
from pipeline.match.events import Events

from .header import parsed

MNEMONICS = {
    1: "N", 2: "L", 3: "R", 4: "a", 5: "V", 6: "F", 7: "J", 8: "A", 9: "S", 10: "E", 11: "j", 12: "/", 13: "Q",
    14: "~", 16: "|", 18: "s", 19: "T", 20: "*", 21: "D", 22: '"', 23: "=", 24: "p", 25: "B", 26: "^", 27: "t",
    28: "+", 29: "u", 30: "?", 31: "!", 32: "[", 33: "]", 34: "e", 35: "n", 36: "@", 37: "x", 38: "f", 39: "(",
    40: ")", 41: "r",
}  # fmt: skip
_CODES = {mnemonic: code for code, mnemonic in MNEMONICS.items()}
_NOTE, _SKIP, _NUM, _SUB, _CHAN, _AUX = 22, 59, 60, 61, 62, 63
_RESOLUTION = re.compile(r"## time resolution: ([\d.]+)")


def encode(searches: Sequence[Events]) -> bytes:
    """The bytes of an annotation file; it tells the rate of its frames, so that it stands by itself."""
    fs = max((search.fs for search in searches), default=1.0)
    told = f"## time resolution: {np.format_float_positional(fs, trim='-')}"
    out, last = bytearray(_word(_NOTE, 0) + _aux(told)), 0
    events = [(round(one.start_frame * fs / search.fs), one) for search in searches for one in search]
    for frame, event in sorted(events, key=lambda pair: pair[0]):
        step, last = frame - last, frame
        if step > 1023:
            out += _word(_SKIP, 0) + struct.pack("<HH", step >> 16, step & 0xFFFF)
            step = 0
        code = _CODES.get(event.template, _NOTE)
        out += _word(code, step) + _word(_NUM, round(100 * event.score) & 0xFF)
        out += _word(_SUB, -1 & 0xFF if event.polarity == "negative" else 0) + _word(_CHAN, event.channel & 0xFF)
        out += _aux(event.template) if code == _NOTE else b""
    return bytes(out) + bytes(2)


def _word(code: int, value: int) -> bytes:
    return struct.pack("<H", code << 10 | value)


def _aux(text: str) -> bytes:
    raw = text.encode("utf-8", "surrogateescape")[:255]
    return _word(_AUX, len(raw)) + raw + bytes(len(raw) % 2)


@dataclass
class Annotation:
    """One annotation; its channel and number are those of the one before where it tells none."""

    frame: int
    code: int
    sub: int = 0
    channel: int | None = None
    number: int = 0
    aux: str = ""


def annotations(raw: bytes, name: str) -> Iterator[Annotation]:
    """The annotations of a file in order; raises `ReadError` where it ends before its end."""
    words, at, frame = memoryview(raw[: len(raw) // 2 * 2]).cast("H"), 0, 0
    one: Annotation | None = None
    while at < len(words) and words[at]:
        code, value = words[at] >> 10, words[at] & 1023
        at += 1
        if code == _SKIP:
            if at + 2 > len(words):
                break
            (skip,) = struct.unpack("<i", struct.pack("<HH", words[at + 1], words[at]))
            frame, at = frame + skip, at + 2
        elif code == _AUX and one is not None:
            text = raw[2 * at : 2 * at + (value & 0xFF)].rstrip(b"\0")
            one.aux, at = _decoded(text), at + ((value & 0xFF) + 1) // 2
        elif code in (_NUM, _SUB, _CHAN) and one is not None:
            signed = (value & 0xFF ^ 0x80) - 0x80
            one.number = signed if code == _NUM else one.number
            one.sub = signed if code == _SUB else one.sub
            one.channel = value & 0xFF if code == _CHAN else one.channel
        else:
            if one is not None:
                yield one
            frame += value
            one = Annotation(frame, code, 0, one and one.channel, one.number if one else 0)
    if one is not None:
        yield one
    if at >= len(words):
        raise ReadError(name, "an annotation file ends with a word of 0, and this one without: it is cut")


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def read(path: Path) -> list[Label]:
    """The labels of a file: points in time, by its own rate, else by that of the header beside it."""
    found, own = list[Annotation](), dict[int, str]()
    fs: float | None = None
    defining = False
    for one in annotations(path.read_bytes(), str(path)):
        told = _RESOLUTION.fullmatch(one.aux) if one.code == _NOTE else None
        if told is not None:
            fs = float(told[1])
        elif one.code == _NOTE and one.aux.startswith("## "):
            defining = one.aux == "## annotation type definitions"
        elif defining:
            code, mnemonic, *_ = (*one.aux.split(None, 2), "", "")
            own |= {int(code): mnemonic} if code.isdigit() else {}
        elif one.code:
            found.append(one)
    fs = fs or _rate_beside(path)
    return [_label(one, own, fs) for one in found]


def _rate_beside(path: Path) -> float:
    header = path.with_suffix(".hea")
    if not header.is_file():
        rule = f"counts frames, and tells no rate; put {header.name}, the header of its record, beside it"
        raise ReadError(str(path), rule)
    return float(parsed(header.read_bytes(), str(header)).fs)


def _label(one: Annotation, own: dict[int, str], fs: float) -> Label:
    mnemonic = own.get(one.code) or MNEMONICS.get(one.code, f"[{one.code}]")
    text = one.aux if one.code == _NOTE and one.aux else mnemonic
    more = {"code": mnemonic, "sub": one.sub, "num": one.number, "aux": "" if text == one.aux else one.aux}
    shown = {key: str(value) for key, value in more.items() if value and value != text}
    return Label(one.frame / fs, one.frame / fs, text, one.channel, more=shown)
