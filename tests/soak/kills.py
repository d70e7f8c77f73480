"""`kill -9` of the whole process group at random times; the same command goes on each time."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

from tests.soak.common import Place, main


def trial(folder: Path, rng: random.Random, files: int, kills: int, frames: int = 400, jobs: int = 2) -> None:
    """The tree is that of an undisturbed run, nothing is left behind, each input is done once."""
    place = Place(folder, files, frames)
    for _ in range(kills):
        process = place.start("--jobs", str(jobs))
        place.wait_for_items(process, rng.uniform(0, 1.5 * files / kills))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        place.assert_no_orphans()
        place.assert_nothing_half()
    assert place.start("--jobs", str(jobs)).wait(3600) == 0
    place.assert_whole()


if __name__ == "__main__":
    main(trial, files=10_000, kills=30, frames=4_000, jobs=2)
