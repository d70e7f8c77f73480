"""`kill -9` of one worker after another, while the command goes on."""

from __future__ import annotations

import os
import random
import signal
from contextlib import suppress
from pathlib import Path

from tests.soak.common import Place, main


def trial(folder: Path, rng: random.Random, files: int, kills: int, frames: int = 400, jobs: int = 2) -> None:
    """None is lost."""
    place = Place(folder, files, frames)
    process = place.start("--jobs", str(jobs))
    killed = 0
    while killed < kills and place.wait_for_items(process, rng.uniform(0, files / kills)):
        workers = place.workers()
        if workers:
            with suppress(ProcessLookupError):
                os.kill(rng.choice(workers), signal.SIGKILL)
                killed += 1
    assert process.wait(3600) == 0
    assert killed >= (kills + 1) // 2
    place.assert_whole()


if __name__ == "__main__":
    main(trial, files=1_000, kills=20, frames=4_000, jobs=2)
