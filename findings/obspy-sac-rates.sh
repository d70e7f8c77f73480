#!/usr/bin/env bash
# ObsPy reads the step of a SAC file rounded to a microsecond, and takes the rate from that: 44,100 Hz come back as
# 43,478.26 Hz, 48,000 Hz as 47,619.05 Hz, 384,000 Hz as 333,333.33 Hz. It writes the right step.
#
# Guessed beforehand: the rate that the step in single precision stands for, 44,100.0 Hz to seven digits.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'obspy==1.5.1' 'numpy==2.2.6' setuptools 2>/dev/null
cd "$folder"
venv/bin/python -W ignore - <<'PYTHON'
import struct

import numpy as np
import obspy

print(f"ObsPy {obspy.__version__}")
seen = {}
for fs in (100, 1000, 44_100, 48_000, 384_000):
    obspy.Trace(np.zeros(10, "f4"), {"sampling_rate": fs}).write("x.sac", format="SAC")
    with open("x.sac", "rb") as file:
        stored = struct.unpack("<f", file.read(4))[0]
    assert np.float32(1 / fs) == np.float32(stored)
    seen[fs] = round(obspy.read("x.sac")[0].stats.sampling_rate, 2)
    print(f"{fs:7} Hz written, step {stored:.9g} s in the file, read as {seen[fs]} Hz")
assert seen == {100: 100, 1000: 1000, 44_100: 43_478.26, 48_000: 47_619.05, 384_000: 333_333.33}, "it is otherwise now"
PYTHON
