"""Mutated files of each container through the reader: ``python -m tests.faults.fuzz --count 5000 --seed 1``.

Whatever the bytes, a file is read or refused in words that name it; nothing else is raised, and nothing hangs.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from pipeline.errors import FaltungError
from pipeline.io import open_reader
from pipeline.io.signals import write_signal

SUFFIXES = (".wav", ".rf64", ".w64", ".aiff", ".flac", ".ogg", ".csv", ".npy", ".npz")

MOST_FRAMES = 1 << 16

SIZES = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f")
"""What sizes and lengths are often damaged to."""


def seed_of(suffix: str, folder: Path) -> bytes:
    """A good file of the container."""
    path = folder / f"seed{suffix}"
    write_signal(path, 0.5 * np.random.default_rng(1).uniform(-1, 1, (400, 2)), 8000, overwrite=True)
    return path.read_bytes()


def mutated(data: bytes, rng: random.Random) -> bytes:
    """The bytes with some of them, mostly early ones, changed, doubled, cut out or cut off."""
    made = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4))):
        reach = rng.choice((16, 64, 200, len(made)))
        at = rng.randrange(max(1, min(reach, len(made))))
        match rng.randrange(6):
            case 0:
                made[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                made[at : at + 4] = rng.choice(
                    (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f")
                )
            case 2:
                made[at:at] = made[at : at + rng.randrange(1, 40)]
            case 3:
                del made[at : at + rng.randrange(1, 40)]
            case 4:
                del made[rng.randrange(len(made) + 1) :]
            case _:
                made[at : at + 1] = bytes([made[at] ^ 1 << rng.randrange(8)]) if at < len(made) else b""
    return bytes(made)


def read_or_refused(path: Path) -> bool:
    """Whether the file was read; raises what is no refusal, and AssertionError where that names no file."""
    try:
        with open_reader(path, fs=8000 if path.suffix in (".csv", ".npy") else None) as reader:
            while reader.frames_read < MOST_FRAMES and len(reader.read(4096)):
                pass
    except FaltungError as error:
        if path.name not in str(error):
            raise AssertionError(f"names no file: {error}") from error
        return False
    return True


def trial(suffix: str, count: int, seed: int, folder: Path) -> tuple[int, int]:
    """How many of ``count`` mutations were read, and how many refused."""
    rng, good = random.Random(f"{seed}{suffix}"), seed_of(suffix, folder)
    path = folder / f"mutated{suffix}"
    read = 0
    for number in range(count):
        path.write_bytes(mutated(good, rng))
        try:
            read += read_or_refused(path)
        except Exception as error:
            raise AssertionError(f"{suffix}, seed {seed}, mutation {number}: {error!r}") from error
    return read, count - read


def main() -> int:
    """Try them all, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    wrong = 0
    for suffix in SUFFIXES:
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            try:
                read, refused = trial(suffix, given.count, given.seed, Path(folder))
                print(
                    f"{suffix:6} {read:6} read {refused:6} refused, 0 else, {time.monotonic() - began:.0f} s",
                    flush=True,
                )
            except AssertionError as error:
                wrong += 1
                print(error, flush=True)
    return wrong


if __name__ == "__main__":
    sys.exit(main() > 0)
