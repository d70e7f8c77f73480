"""Outputs over 4 GiB: ``python -m tests.soak.four_gib`` writes one after another, and has other programs read them.

The input is sparse, silence with a few frames of noise at its ends and about the place where 32 bits end, so what an
independent reader finds there is known. Each is removed before the next is begun: 17 GB are needed. Where a
container cannot hold it, it is refused in words before anything is written.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile as sf

from tests.soak.common import ROOT

FS, CHANNELS = 48000, 8
FRAMES = (1 << 32) // (2 * CHANNELS) + 1000
"""Frames of 16 bits: 16,000 bytes over 4 GiB."""
ISLAND = 64
HEADER = 44
CASES = {
    "wav": (0, "over 4 GiB: written as RF64"),
    "w64": (0, ""),
    "npy": (0, ""),
    "flac": (0, ""),
    "aiff": (2, "4 GiB"),
    "stdout": (2, "RF64 (a WAV over 4 GiB) needs its length filled in"),
}
"""Exit code of each, and what is said."""


def islands() -> dict[int, np.ndarray]:
    """Noise by the frame where it stands."""
    rng = np.random.default_rng(3)
    border = (1 << 32) // (2 * CHANNELS)
    places = (0, border // 2 - ISLAND // 2, border - ISLAND // 2, FRAMES - ISLAND)
    return {place: rng.integers(-9000, 9000, (ISLAND, CHANNELS)).astype("<i2") for place in places}


def save_input(path: Path) -> None:
    """A W64 of these by hand, whose sizes have 64 bits."""
    data = FRAMES * CHANNELS * 2
    fmt = chunk_of_fmt()
    riff = bytes.fromhex("726966662e91cf11a5d628db04c10000")
    wave, fmt_id, data_id = (
        bytes.fromhex(f"{one}f3acd3118cd100c04f8edb8a") for one in ("77617665", "666d7420", "64617461")
    )
    size = 24 + 16 + 24 + len(fmt) + 24 + data
    head = b"".join((riff, size.to_bytes(8, "little"), wave, fmt_id, (24 + len(fmt)).to_bytes(8, "little"), fmt))
    head += data_id + (24 + data).to_bytes(8, "little")
    with path.open("wb") as file:
        file.write(head)
        for place, noise in islands().items():
            file.seek(len(head) + place * CHANNELS * 2)
            file.write(noise.tobytes())
        file.truncate(len(head) + data)


def chunk_of_fmt() -> bytes:
    """Fields of 16-bit PCM."""
    block = 2 * CHANNELS
    return b"".join(
        value.to_bytes(size, "little")
        for value, size in ((1, 2), (CHANNELS, 2), (FS, 4), (FS * block, 4), (block, 2), (16, 2))
    )


def trial(folder: Path, kind: str) -> str:
    """One output, written and read back; what was found."""
    source, target = folder / "in.w64", folder / f"out.{kind}"
    if not source.exists():
        save_input(source)
    line = [
        sys.executable,
        "-m",
        "pipeline.cli",
        "apply",
        source,
        "-" if kind == "stdout" else target,
        "delay",
        "delay=0",
    ]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([*map(str, line)], env=env, capture_output=True, text=True, check=False)
    code, said = CASES[kind]
    words = done.stdout + done.stderr
    assert (done.returncode, said in words) == (code, True), words
    try:
        if code:
            assert not target.exists(), words
            return f"refused: {words.strip()}"
        size = target.stat().st_size
        _holds_them(target)
        return f"{size} bytes read back"
    finally:
        target.unlink(missing_ok=True)


def _holds_them(target: Path) -> None:
    if target.suffix == ".npy":
        array = np.load(target, mmap_mode="r")
        assert array.shape == (FRAMES, CHANNELS)
        for place, noise in islands().items():
            assert np.array_equal(np.round(array[place : place + ISLAND].astype(float) * 32768), noise)
        return
    with sf.SoundFile(target) as file:
        assert (file.frames, file.channels, file.samplerate) == (FRAMES, CHANNELS, FS)
        for place, noise in islands().items():
            file.seek(place)
            assert np.array_equal(file.read(ISLAND, dtype="int16"), noise), place


def main() -> int:
    """Try those that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(CASES)}; all unless given")
    kinds = parser.parse_args().kinds or list(CASES)
    with tempfile.TemporaryDirectory() as folder:
        for kind in kinds:
            began = time.monotonic()
            print(f"{kind}: {trial(Path(folder), kind)}, {time.monotonic() - began:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
