"""SIGINT and SIGTERM at random times."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

from tests.soak.common import Place, main


def trial(
    folder: Path, rng: random.Random, files: int, signals: int, frames: int = 400, jobs: int = 2, seconds: int = 3
) -> None:
    """Each ends the run by 130 or 143 in time, without orphans or half a file; the same command then goes on."""
    place = Place(folder, files, frames)
    stopped = 0
    for i in range(signals):
        number, code = ((signal.SIGINT, 130), (signal.SIGTERM, 143))[i % 2]
        process = place.start("--jobs", str(jobs), preexec_fn=_hear_ctrl_c)
        if not place.wait_for_items(process, rng.uniform(0, files / signals)):
            break
        sent = time.monotonic()
        process.send_signal(number)
        assert process.wait(3600) == code, f"signal {number} gave {process.returncode}"
        assert time.monotonic() - sent < seconds
        place.assert_no_orphans()
        place.assert_nothing_half()
        assert not list((folder / "out").glob(".*.part"))
        stopped += 1
    assert stopped >= signals // 2
    assert place.start("--jobs", str(jobs)).wait(3600) == 0
    place.assert_whole()


def _hear_ctrl_c() -> None:
    """A shell has what it starts in the background ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    main(trial, files=5_000, signals=50, frames=4_000, jobs=2, seconds=3)
