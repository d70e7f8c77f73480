"""Makes the recordings and impulse responses that are convolved: seeded, and written in blocks so that memory is flat.

A recording is coloured noise, 48 kHz, stereo, float32 WAV: white noise through ``y[n] = (1-a) x[n] + a y[n-1]``. It
is soft enough that no output reaches full scale, where sox would clip. A response is noise that decays by 60 dB, one
of its own for each channel, of unit energy: neither adds nor takes level from noise.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import scipy
import soundfile
from numpy.typing import NDArray

__all__ = ["CHANNELS", "FS", "TAPS", "recording_blocks", "response", "write_recording", "write_response"]

FS = 48_000
CHANNELS = 2
TAPS = (64, 4_800, 48_000, 240_000)

_BLOCK = 1 << 18  # frames
_POLE = 0.9  # the noise falls off above 800 Hz
_RMS = 0.05
_SEED = 20_240


def recording_blocks(frames: int, channels: int = CHANNELS, block: int = _BLOCK) -> Iterator[NDArray[np.float32]]:
    """Coloured noise, ``(n, channels)`` at a time; how it is cut changes no sample."""
    draw = np.random.default_rng(_SEED)
    # white noise of RMS s leaves the pole with RMS s sqrt((1-a)/(1+a))
    level = _RMS / np.sqrt((1 - _POLE) / (1 + _POLE))
    state = np.zeros((1, channels))
    for start in range(0, frames, block):
        white = draw.standard_normal((min(block, frames - start), channels))
        coloured, state = scipy.signal.lfilter([level * (1 - _POLE)], [1, -_POLE], white, axis=0, zi=state)
        yield coloured.astype(np.float32)


def response(taps: int, channels: int = CHANNELS) -> NDArray[np.float32]:
    """Decaying noise ``(taps, channels)`` of unit energy in each channel."""
    noise = np.random.default_rng([_SEED, taps]).standard_normal((taps, channels))
    decay = 10.0 ** (-3 * np.arange(taps) / taps)  # -60 dB at the end
    h = noise * decay[:, None]
    unit: NDArray[np.float32] = (h / np.linalg.norm(h, axis=0)).astype(np.float32)
    return unit


def write_recording(path: Path, frames: int) -> Path:
    """Write a recording of so many frames."""
    with soundfile.SoundFile(path, "w", FS, CHANNELS, "FLOAT") as file:
        for block in recording_blocks(frames):
            file.write(block)
    return path


def write_response(path: Path, taps: int) -> Path:
    """Write a response as a WAV file, and its first channel beside it as ``.txt``, a coefficient a line, for sox."""
    h = response(taps)
    soundfile.write(path, h, FS, "FLOAT")
    np.savetxt(path.with_suffix(".txt"), h[:, 0], "%.9g")
    return path
