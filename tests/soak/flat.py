"""Thousands of files in one process: its descriptors, memory and threads stay flat."""

from __future__ import annotations

import random
from pathlib import Path

from tests.soak.common import Place, main


def trial(folder: Path, rng: random.Random, files: int, frames: int = 400, megabytes: int = 4) -> None:
    """From a fifth of the files on, nothing grows but the manifest, and what is told at the end: 3 kB a file."""
    place = Place(folder, files, frames)
    process = place.start()
    seen: list[tuple[int, int, int]] = []
    while place.wait_for_items(process, files / 50):
        status = dict(line.split(":\t") for line in Path(f"/proc/{process.pid}/status").read_text().splitlines())
        if "VmRSS" in status:
            descriptors = len(list(Path(f"/proc/{process.pid}/fd").iterdir()))
            seen.append((descriptors, int(status["VmRSS"].split()[0]) // 1024, int(status["Threads"])))
    assert process.wait(3600) == 0
    place.assert_whole()
    later = seen[len(seen) // 5 :]
    assert len(later) > 5
    descriptors, memory, threads = (sorted(values) for values in zip(*later, strict=True))
    assert descriptors[-1] - descriptors[0] <= 6, f"descriptors: {descriptors[0]} to {descriptors[-1]}"
    assert memory[-1] - memory[0] <= megabytes + 3 * files // 1000, f"memory: {memory[0]} to {memory[-1]} MB"
    assert threads[-1] - threads[0] <= 6, f"threads: {threads[0]} to {threads[-1]}"


if __name__ == "__main__":
    main(trial, files=5_000, frames=4_000, megabytes=4)
