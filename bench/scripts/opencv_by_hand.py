"""Convolves by overlap-save written by hand on OpenCV's transforms: ``opencv_by_hand.py RESPONSE IN OUT``.

What is reachable from Python with the same library, for one kind of file: stereo in single precision, on two threads.
Nothing is checked, hidden until it is whole, or made safe on the disk.
"""

from __future__ import annotations

import sys
from collections import deque
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import soundfile

ROWS = 1 << 19  # points of a call


def main(response: str, source: str, target: str) -> None:
    cv2.setNumThreads(1)
    taps, fs = soundfile.read(response, dtype="float32", always_2d=True)
    channels, n = taps.shape[1], 1 << max(14, int(4 * len(taps) - 1).bit_length())
    step = n - len(taps) + 1
    blocks = max(1, ROWS // (n * channels))
    padded = np.zeros((channels, n), np.float32)
    padded[:, : len(taps)] = taps.T
    # rows lie block by block, the channels of each beside each other
    spectra = np.tile(cv2.dft(padded, flags=cv2.DFT_ROWS), (blocks, 1))

    def convolved(frames: np.ndarray) -> np.ndarray:
        """The frames behind the first len(taps) - 1 of them."""
        rows = np.zeros((blocks * channels, n), np.float32)
        for block in range(blocks):
            part = frames[block * step : block * step + n]
            rows[block * channels : (block + 1) * channels, : len(part)] = part.T
        cv2.dft(rows, rows, flags=cv2.DFT_ROWS)
        cv2.mulSpectrums(rows, spectra, cv2.DFT_ROWS, rows)
        cv2.dft(rows, rows, flags=cv2.DFT_ROWS | cv2.DFT_INVERSE | cv2.DFT_SCALE | cv2.DFT_REAL_OUTPUT)
        planar = rows.reshape(blocks, channels, n)[:, :, n - step :]
        return np.ascontiguousarray(planar.swapaxes(1, 2)).reshape(-1, channels)

    with (
        soundfile.SoundFile(source) as reader,
        soundfile.SoundFile(target, "w", fs, channels, "FLOAT") as writer,
        ThreadPoolExecutor(2) as executor,
    ):
        left, under_way = reader.frames + len(taps) - 1, deque()
        past = np.zeros((len(taps) - 1, channels), np.float32)
        while left > 0 or under_way:
            if left > 0:
                new = reader.read(min(blocks * step, reader.frames - reader.tell()), dtype="float32", always_2d=True)
                new = np.concatenate([past, new, np.zeros((blocks * step - len(new), channels), np.float32)])
                past = new[len(new) - len(taps) + 1 :]
                under_way.append((executor.submit(convolved, new), min(left, blocks * step)))
                left -= blocks * step
            if len(under_way) > 2 or left <= 0:
                future, count = under_way.popleft()
                writer.write(future.result()[:count])


if __name__ == "__main__":
    main(*sys.argv[1:])
