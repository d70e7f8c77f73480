"""Convolves with scipy.signal.oaconvolve, the whole signal in memory: ``oaconvolve.py DTYPE RESPONSE IN OUT``."""

from __future__ import annotations

import sys

import soundfile
from scipy.signal import oaconvolve

if __name__ == "__main__":
    dtype, response, source, target = sys.argv[1:]
    x, fs = soundfile.read(source, dtype=dtype)
    h, _ = soundfile.read(response, dtype=dtype)
    soundfile.write(target, oaconvolve(x, h, axes=0), fs, "FLOAT")
