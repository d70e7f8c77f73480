"""Makes the recordings that the configurations beside it read: ``python make.py`` writes the folder ``data``."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

START = datetime(2024, 6, 30, 23, 15)
SPINDLES = (12.5, 61.0, 118.0)
"""Seconds on the recorder's clock; between 40 s and 100 s it was paused for 20 s."""
PAUSE = (80, 20)
BEATS = tuple(np.round(0.4 + np.cumsum(0.8 + 0.05 * np.sin(np.arange(36))), 3).tolist())


def spindle(fs: int) -> np.ndarray:
    """One second at 13 Hz, in microvolts."""
    t = np.arange(fs) / fs
    return 40 * np.hanning(fs) * np.sin(2 * np.pi * 13 * t)


def edf(
    path: Path, *, fs: int, bdf: bool, names: tuple[str, ...], signals: list[np.ndarray], onsets: list[int]
) -> None:
    """EDF+D or BDF with one second a record, 0.1 uV a step, and the time of each record."""
    count, n = len(onsets), len(names) + 1
    head = (b"\xffBIOSEMI" if bdf else b"0       ") + b" " * 160 + START.strftime("%d.%m.%y%H.%M.%S").encode()
    kind = b"BDF+D" if bdf else b"EDF+D"
    head += str(256 * (1 + n)).encode().ljust(8) + kind.ljust(44) + b"%-8d%-8s%-4d" % (count, b"1", n)
    rows = [(name, "uV", "-3000", "3000", "-30000", "30000", fs) for name in names]
    rows.append(("BDF Annotations" if bdf else "EDF Annotations", "", "-1", "1", "-32768", "32767", 20))
    for key, width in ((0, 16), (None, 80), (1, 8), (2, 8), (3, 8), (4, 8), (5, 8), (None, 80), (6, 8), (None, 32)):
        head += b"".join(str("" if key is None else row[key]).encode().ljust(width) for row in rows)
    size = 3 if bdf else 2
    with path.open("wb") as file:
        file.write(head)
        for i, onset in enumerate(onsets):
            for x in signals:
                digits = np.rint(x[i * fs : (i + 1) * fs] * 10).astype("<i4")
                file.write(digits.view(np.uint8).reshape(-1, 4)[:, :size].tobytes())
            file.write(f"+{onset}\x14\x14".encode().ljust(20 * size, b"\0"))


def night(path: Path, fs: int, *, bdf: bool, names: tuple[str, ...]) -> None:
    """Two minutes of sleep; the spindles are in the first signal."""
    onsets = [second for second in range(140) if not PAUSE[0] <= second < sum(PAUSE)]
    draw = np.random.default_rng(7)
    signals = [draw.normal(0, 5, 140 * fs) for _ in names]
    for at in SPINDLES:
        signals[0][round(at * fs) : round(at * fs) + fs] += spindle(fs)
    kept = np.concatenate([np.arange(onset * fs, (onset + 1) * fs) for onset in onsets])
    edf(path, fs=fs, bdf=bdf, names=names, signals=[x[kept] for x in signals], onsets=onsets)


def beat() -> np.ndarray:
    """A heartbeat of 0.3 s at 360 Hz, in millivolts."""
    t = np.arange(108) / 360
    waves = ((0.12, 0.05, 0.025), (-0.1, 0.13, 0.01), (1.0, 0.15, 0.01), (-0.2, 0.17, 0.01))
    return sum(size * np.exp(-(((t - at) / width) ** 2)) for size, at, width in waves)


def wfdb(folder: Path) -> None:
    """Half a minute of one lead in format 16, 200 steps a millivolt."""
    x = np.random.default_rng(8).normal(0, 0.02, 360 * 30)
    for at in BEATS:
        first = round(at * 360)
        x[first : first + 108] += beat()[: max(0, len(x) - first)]
    digits = np.rint(x * 200).astype("<i2")
    (folder / "heart.dat").write_bytes(digits.tobytes())
    total = int(digits.sum(dtype=np.int16))
    lines = (
        f"heart 1 360 {len(x)} {START:%H:%M:%S} {START:%d/%m/%Y}",
        f"heart.dat 16 200(0)/mV 16 0 {digits[0]} {total} 0 MLII",
    )
    (folder / "heart.hea").write_text("".join(f"{line}\n" for line in lines))


def main() -> None:
    """Write the recordings, and what is to be found in them."""
    folder = Path(__file__).parent / "data"
    folder.mkdir(exist_ok=True)
    night(folder / "night.edf", 128, bdf=False, names=("EEG Cz", "EOG left"))
    night(folder / "biosemi.bdf", 256, bdf=True, names=("Cz", "Pz"))
    wfdb(folder)
    np.save(folder / "spindle.npy", spindle(128))
    np.save(folder / "beat.npy", beat())
    times = {
        name: [(START + timedelta(seconds=at)).isoformat(timespec="microseconds") for at in seconds]
        for name, seconds in (("spindles", SPINDLES), ("heartbeats", [at for at in BEATS if at < 29.7]))
    }
    (folder / "truth.json").write_text(json.dumps(times))


if __name__ == "__main__":
    main()
