"""Makes the recordings that the configurations beside it read: ``python make.py`` writes the folder ``data``."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import h5py
import numpy as np
import scipy.io
import zarr

START = datetime(2024, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
SPIKES = (0.5, 2.25, 3.125)
CALLS = (3.0, 21.5, 40.0)
HOLE = (25, 30)
"""Seconds that the hydrophone's writer never stored."""


def spike() -> np.ndarray:
    """A millisecond and a half at 20 kHz, in steps of the converter."""
    t = np.arange(30) / 20_000
    return 900 * (np.exp(-(((t - 5e-4) / 2e-4) ** 2)) - 0.6 * np.exp(-(((t - 9e-4) / 3e-4) ** 2)))


def nwb(path: Path) -> None:
    """Five seconds of two electrodes and, slower, where the animal was, with a time for each row."""
    x = np.random.default_rng(1).normal(0, 40, (100_000, 2))
    for at in SPIKES:
        x[round(at * 20_000) :][:30, 1] += spike()
    with h5py.File(path, "w") as file:
        file.attrs["nwb_version"], file["session_start_time"] = "2.7.0", START.isoformat()
        raw = file.create_group("acquisition/electrodes")
        raw.attrs["neurodata_type"] = "ElectricalSeries"
        data = raw.create_dataset("data", data=np.rint(x).astype("i2"), chunks=(4096, 2), compression="gzip")
        data.attrs.update({"conversion": 1.95e-7, "offset": 0.0, "unit": "volts"})
        raw["starting_time"] = 0.0
        raw["starting_time"].attrs["rate"] = 20_000.0
        place = file.create_group("acquisition/place")
        place.attrs["neurodata_type"] = "TimeSeries"
        place.create_dataset("data", data=np.cumsum(x[:150, 0])).attrs.update({"conversion": 1.0, "offset": 0.0})
        place["timestamps"] = np.arange(150) / 30


def call() -> np.ndarray:
    """Half a second of a whale at 2 kHz."""
    t = np.arange(1000) / 2000
    return np.hanning(1000) * np.sin(2 * np.pi * (80 + 120 * t) * t)


def store(path: Path) -> None:
    """A minute of two hydrophones, five seconds of which were never written."""
    x = np.random.default_rng(2).normal(0, 0.1, (120_000, 2)).astype("f4")
    for at in CALLS:
        x[round(at * 2000) :][:1000, 0] += call()
    array = zarr.create_array(path, shape=x.shape, chunks=(10_000, 2), dtype="f4", overwrite=True)
    array.attrs.update({"sampling_rate": 2000, "start_time": START.isoformat(timespec="milliseconds")})
    for first in range(0, len(x), 10_000):
        if not HOLE[0] <= first / 2000 < HOLE[1]:
            array[first : first + 10_000] = x[first : first + 10_000]


def main() -> None:
    """Write the recordings, and what is to be found in them."""
    folder = Path(__file__).parent / "data"
    folder.mkdir(exist_ok=True)
    nwb(folder / "session.nwb")
    store(folder / "reef.zarr")
    draw = np.random.default_rng(3)
    with h5py.File(folder / "bridge.h5", "w") as file:
        file["deck/acceleration"] = draw.normal(size=(3000, 3))
        file["deck/acceleration"].attrs["sampling_rate"] = 1000 / 3
        file["wind"] = draw.normal(size=50)
    sound = {"left": draw.normal(size=8000), "fs": 8000.0, "name": "a room"}
    scipy.io.savemat(folder / "sound.mat", {"take": sound}, do_compression=True)
    np.save(folder / "spike.npy", spike())
    np.save(folder / "call.npy", call())
    times = {
        name: [(START + timedelta(seconds=at)).strftime("%Y-%m-%dT%H:%M:%S.%f") for at in seconds]
        for name, seconds in (("spikes", SPIKES), ("calls", CALLS))
    }
    (folder / "truth.json").write_text(json.dumps(times))


if __name__ == "__main__":
    main()
