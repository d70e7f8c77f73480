"""Mutated files of each container through the reader: ``python -m tests.faults.fuzz --count 5000 --seed 1``.

Whatever the bytes, a file is read or refused in words that name it; nothing else is raised, nothing hangs, and what is
read without a word is what the bytes say, by a walk of the container that shares no code with the reader.
So do configurations, values with units, templates of names, columns of times, taps, labels and manifests, by
`fuzz_texts`. With ``--guided`` the package atheris, where it is installed, chooses mutations by what they reach.
"""

from __future__ import annotations

import argparse
import io
import random
import struct
import sys
import tempfile
import time
import warnings
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import soundfile as sf

from pipeline.errors import FaltungError
from pipeline.io import SignalInfo, open_reader
from pipeline.io.signals import write_signal
from tests.faults import fuzz_texts, guided, walk

WALKS = {
    ".wav": walk.wav, ".rf64": walk.wav, ".w64": walk.w64, ".aiff": walk.aiff, ".flac": walk.flac, ".ogg": walk.ogg,
    ".mp3": walk.mp3, ".csv": walk.text, ".npy": walk.npy, ".npz": walk.npz, ".parquet": walk.parquet,
}  # fmt: skip
SUFFIXES = tuple(WALKS)

TOLD = SignalInfo(
    8000.0, 2, 400, "WAV", "FLOAT",
    tags=(("title", "word"), ("mood", "still")),
    chunks=(
        (b"cue ", struct.pack("<III4sIII", 1, 1, 9, b"data", 0, 0, 9)),
        (b"LIST", b"adtllabl\10\0\0\0\1\0\0\0hit\0"),
        (b"bext", bytes(602)),
    ),
    attached=(("picture", struct.pack(">II9sIIIIII4s", 3, 9, b"image/png", 0, 1, 1, 32, 0, 4, b"data")),),
)  # fmt: skip
"""Metadata, so that these are damaged too."""

MOST_FRAMES = 1 << 16
LONGEST_S = 10.0

SIZES = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f")
"""What sizes and lengths are often damaged to."""


def seed_of(suffix: str, folder: Path) -> bytes:
    """A good file of the container."""
    x = 0.5 * np.random.default_rng(1).uniform(-1, 1, (400, 2))
    if suffix == ".parquet":
        return parquet(x)
    if suffix == ".mp3":
        file = io.BytesIO()
        sf.write(file, np.tile(x, (10, 1)), 8000, format="MP3")
        return b"ID3\3\0\0\0\0\0\x19TIT2\0\0\0\5\0\0\0wordTXX2\0\0\0\0\0\0" + file.getvalue()
    path = folder / f"seed{suffix}"
    write_signal(path, x, 8000, source=TOLD, overwrite=True)
    return path.read_bytes()


def parquet(x: np.ndarray) -> bytes:
    """A table of numbers as pyarrow writes it, in two groups; without pyarrow, its marks around nothing."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        return b"PAR1" + x.tobytes() + struct.pack("<I", 0) + b"PAR1"
    file = io.BytesIO()
    schema = pa.schema([pa.field(name, pa.float64(), nullable=False) for name in "ab"])
    table = pa.table({"a": x[:, 0], "b": x[:, 1]}, schema=schema)
    pq.write_table(table, file, row_group_size=250, compression="none", use_dictionary=False, write_statistics=False,
                   write_page_checksum=True, store_schema=False)  # fmt: skip
    return file.getvalue()


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
                made[at : at + 4] = rng.choice(SIZES)
            case 2:
                made[at:at] = made[at : at + rng.randrange(1, 40)]
            case 3:
                del made[at : at + rng.randrange(1, 40)]
            case 4:
                del made[rng.randrange(len(made) + 1) :]
            case _:
                made[at : at + 1] = bytes([made[at] ^ 1 << rng.randrange(8)]) if at < len(made) else b""
    return bytes(made)


def judged(path: Path, good: list[object]) -> str:
    """``read``, ``refused`` or ``warned``; AssertionError where a refusal names no file, or audio changed in silence.

    ``good`` keeps what was read of the first file, the good one: who reads it again in spite of a damage is right too.
    """
    data, began = path.read_bytes(), time.monotonic()
    try:
        with open_reader(path, fs=8000 if path.suffix in (".csv", ".npy", ".parquet") else None) as reader:
            blocks = [np.zeros((0, reader.info.channels))]
            while reader.frames_read < MOST_FRAMES and len(block := reader.read(4096)):
                blocks.append(block)
            fs, said = reader.info.fs, list(reader.warnings)
    except FaltungError as error:
        if path.name not in str(error):
            raise AssertionError(f"names no file: {error}") from error
        return "refused"
    finally:
        assert time.monotonic() - began < LONGEST_S, "takes too long"
    if said:
        return "warned"
    if kind_of(data, path.suffix) == ".mp3":  # nothing in it tells how its frames sounded
        seen, frames = walk.mp3(data), sum(map(len, blocks))
        assert seen, f"read in silence: {frames} frames of a file that is not coherent"
        assert seen.fs == fs, f"read in silence: at {fs} Hz, the bytes say {seen.fs}"
        right = {max(0, (seen.frames or 0) - delays) for delays in seen.delays}
        assert frames in right, f"read in silence: {frames} frames, the bytes say {right}"
        return "read"
    x = np.concatenate(blocks)
    problem = walk.differs(WALKS[kind_of(data, path.suffix)](data), fs, x)
    if not good:
        good += [fs, x]
    elif problem and fs == good[0] and np.array_equal(x, good[1]):
        return "read"
    assert not problem, f"read in silence: {problem}"
    return "read"


def kind_of(data: bytes, suffix: str) -> str:
    """The suffix of the container that the first bytes tell, which the reader goes by too."""
    marks = {b"RIFF": ".wav", b"RF64": ".rf64", b"riff": ".w64", b"FORM": ".aiff", b"fLaC": ".flac", b"OggS": ".ogg",
             b"\x93NUM": ".npy", b"PK\3\4": ".npz", b"PAR1": ".parquet"}  # fmt: skip
    return marks.get(data[:4], ".csv" if suffix not in (".csv", ".mp3") else suffix)


def trial(suffix: str, count: int, seed: int, folder: Path) -> Counter[str]:
    """How many of ``count`` mutations were read, read with a warning, and refused."""
    rng, good = random.Random(f"{seed}{suffix}"), seed_of(suffix, folder)
    path = folder / f"mutated{suffix}"
    path.write_bytes(good)
    kept: list[object] = []
    assert judged(path, kept) == ("read" if suffix != ".parquet" or find_spec("pyarrow") else "refused")
    found: Counter[str] = Counter()
    for number in range(count):
        path.write_bytes(mutated(good, rng))
        try:
            found[judged(path, kept)] += 1
        except Exception as error:
            raise AssertionError(f"{suffix}, seed {seed}, mutation {number}: {error!r}") from error
    return found


def main() -> int:
    """Try them all, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("kinds", nargs="*", default=(*SUFFIXES, *fuzz_texts.KINDS))
    parser.add_argument("--guided", action="store_true", help="choose by coverage; pip install atheris")
    parser.add_argument("--seconds", type=int, default=120, help="of each kind, with --guided")
    given = parser.parse_args()
    if given.guided:
        return guided.table(given.kinds, given.seconds)
    warnings.simplefilter("error")
    wrong = 0
    for kind in given.kinds:
        began, text = time.monotonic(), kind in fuzz_texts.KINDS
        with tempfile.TemporaryDirectory() as folder:
            try:
                tried = fuzz_texts.trial(kind, given.count, given.seed) if text else None
                found = tried or trial(kind, given.count, given.seed, Path(folder))
            except AssertionError as error:
                wrong += 1
                print(error, flush=True)
                continue
        told = ", ".join(f"{found[one]:6} {one}" for one in ("read", "warned", "refused"))
        print(f"{kind:13} {told}, 0 else, {time.monotonic() - began:.0f} s", flush=True)
    return wrong


if __name__ == "__main__":
    sys.exit(main() > 0)
