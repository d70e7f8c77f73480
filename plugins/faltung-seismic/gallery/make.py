"""Makes the recordings that the configurations beside it read: ``python make.py`` writes the folder ``data``."""

from __future__ import annotations

import json
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from pymseed import DataEncoding, MS3Record

START, FS = datetime(2024, 3, 1, 6, tzinfo=UTC), 100.0
QUAKES = (41.237, 288.51, 502.094)
"""Seconds after the start."""
GAP = (200.0, 260.0)
DRIFT = 2e-5
"""Seconds that the clock of the digitiser loses in one."""


def wavelet() -> np.ndarray:
    """An arrival of two seconds."""
    t = np.arange(0, 2, 1 / FS)
    return 3000 * t * np.exp(-4 * t) * np.sin(2 * np.pi * (9 - 2 * t) * t)


def ground(seconds: float, seed: int) -> np.ndarray:
    """Ten minutes of noise with the quakes in it, each sample at its true time."""
    t = np.arange(0, seconds, 1 / FS) * (1 + DRIFT)
    x = np.random.default_rng(seed).normal(0, 20, len(t))
    for quake in QUAKES:
        first = round(quake / (1 + DRIFT) * FS)
        x[first : first + 200] += wavelet()
    return np.rint(x).astype(np.int32)


def miniseed(path: Path) -> None:
    """Two channels, a minute missing, each record with the time that its first sample had."""
    with path.open("wb") as file:
        for seed, channel in enumerate(("H_Z", "H_N")):
            x = ground(600, seed)
            for first in range(0, len(x), 500):
                if GAP[0] <= first / FS < GAP[1]:
                    continue
                record = MS3Record()
                record.sourceid, record.samprate, record.reclen = f"FDSN:XX_HILL__B_{channel}", FS, 4096
                record.formatversion, record.encoding = 3, DataEncoding.STEIM2
                at = START + timedelta(seconds=first / FS * (1 + DRIFT))
                record.set_starttime_str(at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
                file.writelines(record.generate(data_samples=x[first : first + 500], sample_type="i"))


def sac(path: Path) -> None:
    """Twenty seconds around the first quake."""
    x = ground(600, 0)[3500:5500]
    floats, ints = np.full(70, -12345.0, "<f4"), np.full(40, -12345, "<i4")
    floats[0], floats[5] = 1 / FS, 35.0
    ints[:7], ints[9], ints[15], ints[35] = (2024, 61, 6, 0, 0, 0, 6), len(x), 1, 1
    texts = bytearray(b"-12345  " * 24)
    texts[0:8], texts[160:168], texts[168:176] = b"HILL    ", b"BHZ     ", b"XX      "
    path.write_bytes(floats.tobytes() + ints.tobytes() + bytes(texts) + struct.pack(f"<{len(x)}f", *x))


def main() -> None:
    """Write the recordings, and what is to be found in them."""
    folder = Path(__file__).parent / "data"
    folder.mkdir(exist_ok=True)
    miniseed(folder / "hill.mseed")
    sac(folder / "hill.sac")
    np.save(folder / "arrival.npy", wavelet())
    times = [(START + timedelta(seconds=quake)).strftime("%Y-%m-%dT%H:%M:%S.%f") for quake in QUAKES]
    (folder / "truth.json").write_text(json.dumps({"earthquakes": times}))


if __name__ == "__main__":
    main()
