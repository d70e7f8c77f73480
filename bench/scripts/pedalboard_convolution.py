"""Convolves with pedalboard: ``pedalboard_convolution.py RESPONSE IN OUT``."""

from __future__ import annotations

import sys

import soundfile
from pedalboard import Convolution

READ = 1 << 20  # frames

if __name__ == "__main__":
    response, source, target = sys.argv[1:]
    convolution = Convolution(response, mix=1.0)
    with (
        soundfile.SoundFile(source) as reader,
        soundfile.SoundFile(target, "w", reader.samplerate, reader.channels, "FLOAT") as writer,
    ):
        while len(block := reader.read(READ, dtype="float32")):
            writer.write(convolution.process(block, reader.samplerate, buffer_size=8192, reset=False))
