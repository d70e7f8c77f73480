"""Walks of containers that share no code with the readers: what a file's own bytes say that its audio is.

A walk gives the samples and the rate of a file that is coherent, and None for one that is not. Where a codec would be
needed, it gives what the container tells of the samples instead: their number, their checksum.
"""

from __future__ import annotations

import ast
import csv
import hashlib
import io
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Seen:
    """What the bytes say; what they do not say is None."""

    fs: float | None = None
    frames: int | None = None
    samples: np.ndarray | None = None
    md5: bytes | None = None
    bits: int = 16
    delays: tuple[int, ...] = (0,)
    """How many frames may be cut off, as an encoder tells in a tag whose parts a decoder may find damaged."""


def pcm(data: bytes, tag: int, bits: int, channels: int, order: str) -> np.ndarray | None:
    """Interleaved samples, full scale ±1; 8 bits of a RIFF are unsigned."""
    width = bits // 8
    if (tag, bits) in ((3, 32), (3, 64)):
        with np.errstate(invalid="ignore"):  # numbers that are none
            flat = np.frombuffer(data, f"{order}f{width}").astype(float)
    elif tag == 1 and bits == 8:
        flat = (
            (np.frombuffer(data, "u1").astype(float) - 128) / 128 if order == "<" else np.frombuffer(data, "i1") / 128
        )
    elif tag == 1 and bits in (16, 24, 32):
        rows = np.frombuffer(data, "u1").reshape(-1, width)
        rows = rows if order == "<" else rows[:, ::-1]
        padded = np.zeros((len(rows), 4), "u1")
        padded[:, 4 - width :] = rows
        flat = padded.view("<i4")[:, 0] / 2.0**31
    else:
        return None
    return flat.reshape(-1, channels)


def of_fmt(body: bytes, data: bytes) -> Seen | None:
    tag, channels, fs, rate, align, bits = struct.unpack("<HHIIHH", body[:16])
    if tag == 0xFFFE and len(body) >= 26:
        tag = struct.unpack("<H", body[24:26])[0]
    if not channels or not fs or bits % 8 or align != channels * bits // 8 or len(data) % align:
        return None
    if rate != fs * align % 2**32:  # a field of 32 bits cannot say more
        return None
    samples = pcm(data, tag, bits, channels, "<")
    return None if samples is None else Seen(fs, len(samples), samples)


def wav(data: bytes) -> Seen | None:
    rf64 = data[:4] == b"RF64"
    if data[:4] not in (b"RIFF", b"RF64") or data[8:12] != b"WAVE":
        return None
    at, body, wide = 12, None, None
    while at + 8 <= len(data):
        name, size = data[at : at + 4], struct.unpack("<I", data[at + 4 : at + 8])[0]
        if name == b"ds64":
            wide = struct.unpack("<Q", data[at + 16 : at + 24])[0]
        if name == b"data":
            size = wide if rf64 and size == 0xFFFFFFFF and wide is not None else size
            return of_fmt(body, data[at + 8 : at + 8 + size]) if body and at + 8 + size <= len(data) else None
        if name == b"fmt " and body is None:
            body = data[at + 8 : at + 8 + size]
            if len(body) < 16:
                return None
        at += 8 + size + size % 2
    return None


def w64(data: bytes) -> Seen | None:
    if data[:4] != b"riff":
        return None
    at, body = 40, None
    while at + 24 <= len(data):
        name, size = data[at : at + 4], struct.unpack("<Q", data[at + 16 : at + 24])[0]
        if size < 24:
            return None
        if name == b"data":
            return of_fmt(body, data[at + 24 : at + size]) if body and at + size <= len(data) else None
        if name == b"fmt ":
            body = data[at + 24 : at + size]
            if len(body) < 16:
                return None
        at += -(-size // 8) * 8
    return None


def aiff(data: bytes) -> Seen | None:
    if data[:4] != b"FORM" or data[8:12] not in (b"AIFF", b"AIFC"):
        return None
    at, common, sound = 12, None, None
    while at + 8 <= len(data):
        name, size = data[at : at + 4], struct.unpack(">I", data[at + 4 : at + 8])[0]
        body = data[at + 8 : at + 8 + size]
        if name == b"COMM" and len(body) >= 18:
            common = body
        if name == b"SSND" and len(body) == size and size >= 8:
            sound = body[8 + struct.unpack(">I", body[:4])[0] :]
        at += 8 + size + size % 2
    if common is None or sound is None:
        return None
    channels, frames, bits = struct.unpack(">hIh", common[:8])
    exponent, mantissa = struct.unpack(">HQ", common[8:18])
    kind = common[18:22] if data[8:12] == b"AIFC" else b"NONE"
    order = "<" if kind == b"sowt" else ">"
    tag, bits = (3, int(kind[2:])) if kind.lower() in (b"fl32", b"fl64") else (1, bits)
    if tag == 1 and kind not in (b"NONE", b"sowt", b"twos"):
        return None
    if channels < 1 or bits % 8 or len(sound) != frames * channels * bits // 8:
        return None
    samples = pcm(sound, tag, bits, channels, order)
    return None if samples is None else Seen(mantissa * 2.0 ** (exponent - 16383 - 63), frames, samples)


def flac(data: bytes) -> Seen | None:
    if data[:4] != b"fLaC" or data[4] & 0x7F or data[5:8] != b"\0\0\x22":
        return None
    word = int.from_bytes(data[18:26], "big")
    fs, bits, frames = word >> 44, (word >> 36 & 31) + 1, word & (1 << 36) - 1
    return Seen(fs, frames or None, md5=data[26:42] if any(data[26:42]) else None, bits=bits)


CRC = []
for _byte in range(256):
    _value = _byte << 24
    for _ in range(8):
        _value = (_value << 1 ^ 0x04C11DB7 if _value & 0x80000000 else _value << 1) & 0xFFFFFFFF
    CRC.append(_value)


def ogg(data: bytes) -> Seen | None:
    at, granule, last = 0, 0, False
    while at < len(data):
        count = data[at + 26] if data[at : at + 4] == b"OggS" and at + 27 <= len(data) else None
        if count is None or at + 27 + count > len(data):
            return None
        size = 27 + count + sum(data[at + 27 : at + 27 + count])
        page = bytearray(data[at : at + size])
        told, page[22:26], crc = struct.unpack("<I", page[22:26])[0], bytes(4), 0
        for byte in page:
            crc = (crc << 8 & 0xFFFFFFFF) ^ CRC[crc >> 24 ^ byte]
        if len(page) < size or crc != told:
            return None
        granule, last = max(granule, struct.unpack("<q", page[6:14])[0]), bool(page[5] & 4)
        at += size
    return Seen(None, granule) if last else None


RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
KBIT = ((0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
        (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160))  # fmt: skip


def mp3(data: bytes) -> Seen | None:
    """Frames of layer III, each where the one before ends, to the end; None where anything but titles is between.

    A first frame that is a tag has no sound. How many frames it tells, and what encoders put before and behind the
    sound, is believed where these are the frames that follow.
    """
    at = 0
    if data[:3] == b"ID3":
        at = 10 + sum(b << 7 * (3 - i) for i, b in enumerate(data[6:10])) + 10 * (data[5] >> 4 & 1)
    heads: list[tuple[int, int, bytes]] = []
    while at + 4 <= len(data) and not (data[at : at + 3] == b"TAG" and at + 128 == len(data)):
        word = int.from_bytes(data[at : at + 4], "big")
        version, layer, bits, fs = word >> 19 & 3, word >> 17 & 3, word >> 12 & 15, word >> 10 & 3
        if word >> 21 != 0x7FF or version == 1 or layer != 1 or bits in (0, 15) or fs == 3:
            return None
        mono, rate = word >> 6 & 3 == 3, RATES[version][fs]
        size = (144 if version == 3 else 72) * KBIT[version != 3][bits] * 1000 // rate + (word >> 9 & 1)
        start = at + 4 + ((17 if mono else 32) if version == 3 else (9 if mono else 17))
        heads.append((rate, 1 + (not mono), data[start : at + size]))
        at += size
    if not heads or at > len(data) or len({head[:2] for head in heads}) > 1:
        return None
    rate, each, delays, tag = heads[0][0], 1152 if heads[0][0] >= 32000 else 576, (0,), heads[0][2]
    if tag[:4] in (b"Xing", b"Info"):
        flags, heads = tag[7], heads[1:]
        told = int.from_bytes(tag[8:12], "big") if flags & 1 else 0
        if told not in (0, len(heads)):
            return None
        place = 8 + sum(size for bit, size in ((1, 4), (2, 4), (4, 100), (8, 4)) if flags & bit) + 21
        word = int.from_bytes(tag[place : place + 3], "big")
        begin, end = (word >> 12) + 529, max(0, (word & 0xFFF) - 529)  # a decoder's own delay is 529
        delays = (0, 529, begin, begin + end)
    return Seen(rate, len(heads) * each, delays=delays)


def _number(cell: str) -> float:
    """As Python reads one, or as Fortran writes it in double precision: 1.5D+03."""
    whole, _, exponent = cell.lower().partition("d")
    fortran = "." in whole and exponent.lstrip("+-").isdecimal() and len(exponent.lstrip("+-")) < 4
    return float(f"{whole}e{exponent}" if fortran else cell)


def text(data: bytes) -> Seen | None:
    try:
        lines = io.StringIO(data.decode("utf-8-sig", "replace"), newline="")  # only names can hold what is no text
        rows = [row for row in csv.reader(line for line in lines if line[:1] != "#") if any(map(str.strip, row))]
        try:
            numbers = [[_number(cell) for cell in row] for row in rows]
        except ValueError:
            numbers = [[_number(cell) for cell in row] for row in rows[1:]]
        return Seen(None, len(numbers), np.array(numbers)) if numbers else Seen(None, 0)
    except (ValueError, csv.Error):
        return None


def npy(data: bytes) -> Seen | None:
    wide = data[6:7] != b"\1"
    size = struct.unpack("<I", data[8:12])[0] if wide else struct.unpack("<H", data[8:10])[0]
    start = (12 if wide else 10) + size
    try:
        head = ast.literal_eval(data[12 if wide else 10 : start].decode("latin1"))
        kind, shape = np.dtype(head["descr"]), head["shape"]
        flat = np.frombuffer(data[start : start + int(np.prod(shape, dtype=object)) * kind.itemsize], kind)
        return Seen(None, shape[0], flat.reshape(shape, order="F" if head["fortran_order"] else "C").astype(float))
    except Exception:
        return None


def npz(data: bytes) -> Seen | None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            arrays = {name: npy(archive.read(name)) for name in archive.namelist()}
    except Exception:
        return None
    rates = [one for name, one in arrays.items() if name == "fs.npy"]
    found = [one for name, one in arrays.items() if name not in ("fs.npy", "names.npy")]
    return found[0] if len(found) == 1 and rates and found[0] is not None else None


def thrift(data: bytes, at: int) -> tuple[dict[int, Any], int]:
    """Fields of a structure in the compact protocol by their number, their types by its negative, and where it ends."""

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte, at = data[at], at + 1
            value, shift = value | (byte & 0x7F) << shift, shift + 7
            if byte < 0x80:
                return value

    def one(kind: int) -> Any:
        nonlocal at
        if kind in (1, 2):
            return kind == 1
        if kind in (4, 5, 6):
            return (value := varint()) >> 1 ^ -(value & 1)
        if kind == 8:
            size = varint()
            at += size
            return data[at - size : at]
        if kind == 9:
            head, at = data[at], at + 1
            count = head >> 4 if head >> 4 < 15 else varint()
            return [one(head & 15) for _ in range(min(count, len(data)))]
        if kind == 12:
            fields, at = thrift(data, at)
            return fields
        raise ValueError(kind)

    found: dict[int, Any] = {}
    number = 0
    while (head := data[at]) != 0:
        at += 1
        number = number + (head >> 4) if head >> 4 else one(4)
        found[number], found[-number] = one(head & 15), head & 15
    return found, at + 1


def parquet(data: bytes) -> Seen | None:
    """Columns of doubles, written plainly and uncompressed; a page may have a checksum, which is an i32 or none."""
    try:
        size = struct.unpack("<I", data[-8:-4])[0]
        about, _ = thrift(data[-8 - size : -8], 0)
        groups = []
        for group in about[4]:
            columns = []
            for column in group[1]:
                page, start = thrift(data, column[3][9])
                body = data[start : start + page[3]]
                summed = page.get(-4) != 5 or zlib.crc32(body) == page[4] % 2**32
                whole = len(body) == page[3] and summed
                if not whole or (column[3][1], column[3][4], page[5][2]) != (5, 0, 0):
                    return None
                columns.append(np.frombuffer(body, "<f8"))
            groups.append(np.stack(columns, axis=1))
        samples = np.concatenate(groups)
    except (ValueError, KeyError, IndexError, TypeError, struct.error):
        return None
    return Seen(None, about[3], samples) if data[:4] == data[-4:] == b"PAR1" else None


def differs(seen: Seen | None, fs: float, x: np.ndarray) -> str:
    """How a signal that was read without a word is another than its bytes say; empty where it is not."""
    if seen is None:
        return f"{len(x)} frames of a file that is not coherent"
    if seen.fs is not None and abs(seen.fs - fs) > 1e-9 * fs:
        return f"at {fs} Hz, the bytes say {seen.fs}"
    if seen.frames is not None and seen.frames != len(x):
        return f"{len(x)} frames, the bytes say {seen.frames}"
    if seen.samples is not None and not np.array_equal(seen.samples.reshape(len(x), x.shape[1]), x, equal_nan=True):
        return "other samples than the bytes say"
    if seen.md5 is not None:
        whole = np.round(x * 2.0 ** (seen.bits - 1)).astype("<i4")
        width = -(-seen.bits // 8)
        if hashlib.md5(whole.reshape(-1, 1).view("u1")[:, :width].tobytes()).digest() != seen.md5:
            return "other samples than the checksum says"
    return ""
