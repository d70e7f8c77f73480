"""WFDB records made by hand, a sample at a time, as the words of the formats put it: not as the plugin reads them."""

from __future__ import annotations

import numpy as np
import soundfile as sf

BITS = {"16": 16, "24": 24, "32": 32, "61": 16, "80": 8, "160": 16, "212": 12, "310": 10, "311": 10,
        "508": 8, "516": 16, "524": 24}  # fmt: skip


def packed(how, samples):
    """Bytes of samples of 10 or 12 bits."""
    out = bytearray()
    if how == "212":
        pairs = [int(s) & 0xFFF for s in samples] + [0] * (len(samples) % 2)
        for a, b in zip(*[iter(pairs)] * 2, strict=True):
            out += bytes([a & 0xFF, a >> 8 | (b >> 8) << 4, b & 0xFF])
        return bytes(out[: -(-3 * len(samples) // 2)])
    values = [int(s) & 0x3FF for s in samples] + [0] * (-len(samples) % 3)
    for a, b, c in zip(*[iter(values)] * 3, strict=True):
        if how == "310":
            out += (a << 1 | (c & 0x1F) << 11).to_bytes(2, "little") + (b << 1 | (c >> 5) << 11).to_bytes(2, "little")
        else:
            out += (a | b << 10 | c << 20).to_bytes(4, "little")
    return bytes(out)


def encoded(how, samples):
    """Bytes of samples in order, ints."""
    if how in ("212", "310", "311"):
        return packed(how, samples)
    if how in ("80", "160"):
        size, zero = int(how) // 80, 128 if how == "80" else 32768
        return b"".join((int(s) + zero).to_bytes(size, "little") for s in samples)
    order, size = ("big", 2) if how == "61" else ("little", int(how) // 8)
    return b"".join(int(s).to_bytes(size, order, signed=True) for s in samples)


def line(file="a.dat", how="16", gain="200", zero=0, first=0, name="S"):
    return f"{file} {how} {gain} 12 {zero} {first} 0 0 {name}"


def header(path, lines, fs="100", frames="", when="", comment="# made by hand\n"):
    """``path`` without its extension."""
    record = f"{path.name} {len(lines)} {fs} {frames} {when}".strip()
    path.with_suffix(".hea").write_text(comment + record + "\n" + "".join(f"{one}\n" for one in lines))
    return path.with_suffix(".hea")


def segments(path, parts, count, fs="100", frames="", when=""):
    lines = "".join(f"{name} {length}\n" for name, length in parts)
    path.with_suffix(".hea").write_text(f"{path.name}/{len(parts)} {count} {fs} {frames} {when}".strip() + f"\n{lines}")
    return path.with_suffix(".hea")


def noise(how, *shape):
    low, high = (-100, 100) if how == "8" else (-(1 << BITS[how] - 1) + 1, (1 << BITS[how] - 1) - 1)
    return np.random.default_rng(sum(shape)).integers(low, high, shape, endpoint=True)


def record(path, digits, how="16", gain="200", zero=0, when="", declared=True, offset=0, names=None):
    """A record of ``digits`` (frames, channels) in one file; the path of its header."""
    name = f"{path.stem}.dat"
    count = digits.shape[1]
    if how in ("508", "516", "524"):
        kind = {"508": "PCM_S8", "516": "PCM_16", "524": "PCM_24"}[how]
        sf.write(path.with_suffix(".dat"), (digits << 32 - BITS[how]).astype("i4"), 96_000, kind, format="FLAC")
        firsts = [0] * count
    elif how == "8":
        steps = np.diff(digits, axis=0, prepend=digits[:1])
        path.with_suffix(".dat").write_bytes(bytes(offset) + encoded(how, steps.reshape(-1)))
        firsts = digits[0].tolist()
    else:
        path.with_suffix(".dat").write_bytes(bytes(offset) + encoded(how, digits.reshape(-1)))
        firsts = digits[0].tolist()
    how = f"{how}+{offset}" if offset else how
    lines = [line(name, how, gain, zero, firsts[c], names[c] if names else f"S{c}") for c in range(count)]
    return header(path.with_suffix(""), lines, frames=len(digits) if declared else "", when=when)
