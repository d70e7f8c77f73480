"""Makes the recording that the configuration beside it reads: ``python make.py`` writes the folder ``data``."""

from __future__ import annotations

import json
import struct
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

START, FS, TRUE = datetime(2024, 3, 1, 7, 30), 100, 99.1
"""The rate that was set, and that of the device's clock."""
STRIDES = (15.0, 47.5, 100.25, 161.75)
LOST = range(100, 103)
"""Sectors that cannot be read any more, 80.7 s to 83.2 s."""


def stride() -> np.ndarray:
    """A second and a half of walking, in g."""
    t = np.arange(150) / FS
    return 0.4 * np.hanning(150) * (np.sin(2 * np.pi * 2 * t) + 0.5 * np.sin(2 * np.pi * 6 * t))


def sector(number: int, samples: np.ndarray) -> bytes:
    """80 samples with the time of the first."""
    time = START + timedelta(seconds=80 * number / TRUE)
    fraction = time.microsecond * 32768 // 1_000_000
    date = (time.year - 2000) << 26 | time.month << 22 | time.day << 17
    packed = date | time.hour << 12 | time.minute << 6 | time.second
    moved = (fraction << 1) * FS >> 16
    fields = (0x5841, 508, fraction | 0x8000, 1, number, packed, 0, 0, 0, 0, 0x4A, 0x32, -moved, 80)
    raw = struct.pack("<HHHIIIHHBBBBhH", *fields) + samples.astype("<i2").tobytes()
    return raw + struct.pack("<H", -int(np.frombuffer(raw, "<u2").sum(dtype=np.uint16)) & 0xFFFF)


def main() -> None:
    """Write three minutes at the wrist, and when strides are in it."""
    folder = Path(__file__).parent / "data"
    folder.mkdir(exist_ok=True)
    x = np.random.default_rng(3).normal((0, 0, 1), 0.02, (80 * 225, 3))
    for at in STRIDES:
        first = round(at * TRUE)
        x[first : first + 150, 0] += stride()
    digits = np.rint(x * 256)
    sectors = [sector(k, digits[80 * k : 80 * k + 80]) for k in range(225)]
    for k in LOST:
        sectors[k] = sectors[k][:200] + b"\x55" + sectors[k][201:]
    header = (b"MD\xfc\x03\x17".ljust(36, b"\0") + b"\x4a").ljust(64, b"\0").ljust(1024, b" ")
    (folder / "wrist.cwa").write_bytes(header + b"".join(sectors))
    np.save(folder / "stride.npy", stride())
    times = [(START + timedelta(seconds=at)).isoformat(timespec="microseconds") for at in STRIDES]
    (folder / "truth.json").write_text(json.dumps({"strides": times}))


if __name__ == "__main__":
    main()
