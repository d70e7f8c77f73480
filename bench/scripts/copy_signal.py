"""Copies a signal block by block through pipeline.io, and computes nothing: ``copy_signal.py IN OUT``."""

from __future__ import annotations

import sys

import numpy as np

from pipeline.io import open_reader, open_writer

BLOCK = 1 << 16  # frames

if __name__ == "__main__":
    source, target = sys.argv[1:]
    with open_reader(source, dtype=np.float32) as reader:
        info = reader.info
        with open_writer(
            target, fs=info.fs, channels=info.channels, frames=info.frames, source=info, overwrite=True
        ) as writer:
            while len(block := reader.read(BLOCK)):
                writer.write(block)
            writer.commit()
