"""Makes the room and the click that the configuration beside it reads: ``python make.py`` writes them in ``data``."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
from scipy.io import wavfile

FS, DELAY = 48_000, 96
"""Frames by which the response of the source at 30 degrees begins later than its taps."""


def sofa(path: Path) -> None:
    """A small room of two receivers, measured from the front and from 30 degrees to the left."""
    draw, n = np.random.default_rng(5), 9600
    taps = draw.normal(0, 0.05, (2, 2, n)) * np.exp(-np.arange(n) / 1500)
    taps[..., 0] = 0.8
    with h5py.File(path, "w") as file:
        told = {"Conventions": "SOFA", "SOFAConventions": "SingleRoomSRIR", "DataType": "FIR", "Version": "2.1"}
        file.attrs.update(told)
        file["Data.IR"], file["Data.SamplingRate"] = taps, [float(FS)]
        file["Data.SamplingRate"].attrs["Units"] = "hertz"
        file["Data.Delay"] = [[0.0, 0.0], [float(DELAY), float(DELAY)]]
        file["SourcePosition"] = [[0.0, 0.0, 1.2], [30.0, 0.0, 1.2]]
        file["SourcePosition"].attrs.update({"Type": "spherical", "Units": "degree, degree, metre"})


def main() -> None:
    """Write the room, a click as it is without one, and when it is to be heard."""
    folder = Path(__file__).parent / "data"
    folder.mkdir(exist_ok=True)
    sofa(folder / "room.sofa")
    click = np.zeros(FS // 2, np.float32)
    click[4800] = 0.5
    wavfile.write(folder / "click.wav", FS, click)
    (folder / "truth.json").write_text(json.dumps({"first frame": 4800 + DELAY}))


if __name__ == "__main__":
    main()
