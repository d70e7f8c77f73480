"""Read files with mutated headers and say what happened: run in a process of its own, since decoders are C code."""

import sys
import tempfile
from pathlib import Path

import numpy as np

from pipeline.errors import FaltungError
from pipeline.io import read_signal
from tests.io.helpers import chunk, fmt, noise, riff, save


def mutated(data, rng):
    """The data with one to three bytes of it changed, most of them in the header, and sometimes its end cut off."""
    data = bytearray(data)
    for _ in range(rng.integers(1, 4)):
        end = min(len(data), 120) if rng.random() < 0.8 else len(data)
        data[rng.integers(0, end)] = rng.choice([0, 1, 127, 128, 255, rng.integers(256)])
    return data[: rng.integers(0, len(data))] if rng.random() < 0.2 else data


def main(container, count, seed):
    """Print one line for every outcome that is neither a signal of the declared length nor an error of ours."""
    print(container, flush=True)
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"x.{container}")
        save(path, noise(2000, 2), fs=8000)
        data = path.read_bytes()
        if container == "wav":
            pcm = np.arange(2000, dtype="<i2").tobytes()
            data = riff(fmt(2), chunk(b"LIST", b"INFO"), chunk(b"data", pcm), chunk(b"cue ", bytes(28)))
        for k in range(count):
            path.write_bytes(mutated(data, rng))
            for truncated in ("error", "accept"):
                try:
                    x, info = read_signal(path, truncated=truncated, fs=8000)
                    if truncated == "error" and info.frames not in (None, len(x)):
                        print(f"mutation {k}: declares {info.frames} frames, gave {len(x)}")
                except FaltungError:
                    pass
                except Exception as error:
                    print(f"mutation {k}, truncated: {truncated}: {error!r}")


if __name__ == "__main__":
    for name in sys.argv[3:]:
        main(name, int(sys.argv[1]), int(sys.argv[2]))
    print("done")
