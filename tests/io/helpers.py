"""What the tests of readers and writers share: signals, hand-made WAV bytes, pipes, and where the recordings are."""

import contextlib
import os
import struct
import threading
from pathlib import Path

import numpy as np
import pytest

from pipeline.io import open_writer

RECORDINGS = Path(__file__).parents[3] / "shared" / "data"

needs_recordings = pytest.mark.skipif(
    not RECORDINGS.is_dir(), reason="the recordings are kept beside the repository, in ../shared/data"
)


def noise(frames, channels=2, seed=1, scale=0.25):
    return np.clip(scale * np.random.default_rng(seed).standard_normal((frames, channels)), -1.0, 1 - 2.0**-15)


def save(path, x, fs=44100, cuts=(), **options):
    with open_writer(path, fs=fs, channels=x.shape[1], overwrite=True, **options) as writer:
        for block in np.split(x, list(cuts)):
            writer.write(block)
        return writer.commit()


def names(folder):
    return sorted(path.name for path in Path(folder).iterdir())


def open_descriptors():
    return len(list(Path("/dev/fd").iterdir()))


def chunk(name, body, size=None, order="<"):
    size = len(body) if size is None else size
    return name + struct.pack(order + "I", size) + body + b"\0" * (len(body) % 2)


def fmt(channels=1, fs=8000, bits=16, tag=1, block=None):
    block = channels * ((bits + 7) // 8) if block is None else block
    return chunk(b"fmt ", struct.pack("<HHIIHH", tag, channels, fs, fs * block & 0xFFFFFFFF, block, bits))


def riff(*chunks, magic=b"RIFF", size=None):
    body = b"WAVE" + b"".join(chunks)
    return magic + struct.pack("<I", len(body) if size is None else size) + body


@contextlib.contextmanager
def piped(data):
    """The name of a pipe with these bytes in it."""
    r, w = os.pipe()

    def feed():
        with contextlib.suppress(BrokenPipeError), os.fdopen(w, "wb") as pipe:
            pipe.write(data)

    thread = threading.Thread(target=feed)
    thread.start()
    try:
        yield f"/dev/fd/{r}"
    finally:
        os.close(r)
        thread.join()
