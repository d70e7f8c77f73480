"""`kill -9` of the command alone, at random times: its workers die with it."""

from __future__ import annotations

import random
from pathlib import Path

from tests.soak.common import Place, main


def trial(folder: Path, rng: random.Random, files: int, kills: int, frames: int = 400, jobs: int = 2) -> None:
    """No worker outlives the command; the same command then goes on to the tree of an undisturbed run."""
    place = Place(folder, files, frames)
    for _ in range(kills):
        process = place.start("--jobs", str(jobs))
        place.wait_for_items(process, rng.uniform(0, files / kills))
        process.kill()
        process.wait()
        place.assert_no_orphans()
    assert place.start("--jobs", str(jobs)).wait(3600) == 0
    place.assert_whole()


if __name__ == "__main__":
    main(trial, files=1_000, kills=10, frames=4_000, jobs=2)
