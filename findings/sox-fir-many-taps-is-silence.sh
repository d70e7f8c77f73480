#!/usr/bin/env bash
# sox's effect "fir" with more than 153,725 taps (3.2 seconds of a room at 48 kHz) writes silence of the right length, says
# nothing about it and ends with 0. With 153,725 taps it is right to the rounding of its samples.
#
# Guessed beforehand: a file of coefficients may hold any number of taps; more of them take longer, and no more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
version=14.4.2+git20190427-3.5
apt-get download -qq "sox=$version" "libsox3=$version" libltdl7 libmagic1 libgsm1 libgomp1 libpng16-16 2>/dev/null
for package in *.deb; do dpkg-deb -x "$package" root; done
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'soundfile==0.13.1' 'numpy==2.2.6' 2>/dev/null
venv/bin/python - <<'PYTHON'
import os
import subprocess
from pathlib import Path

import numpy as np
import soundfile as sf

libraries = ":".join(str(path) for path in Path("root/usr/lib").glob("*-linux-*"))
x = (np.random.default_rng(1).standard_normal(400_000) * 0.05).astype(np.float32)
sf.write("x.wav", x, 48_000, subtype="FLOAT")
peaks = {}
for taps in (153_725, 153_727):
    h = np.zeros(taps)
    h[[0, taps // 2, -1]] = 0.5, 0.25, 0.125
    np.savetxt("h.txt", h, fmt="%.3f")
    whole = np.zeros(len(x) + taps - 1)
    for delay in (0, taps // 2, taps - 1):
        whole[delay : delay + len(x)] += h[delay] * x
    line = ["root/usr/bin/sox", "x.wav", "-b", "32", "-e", "float", "y.wav", "fir", "h.txt"]
    done = subprocess.run(line, env={**os.environ, "LD_LIBRARY_PATH": libraries}, capture_output=True, text=True)
    y, right = sf.read("y.wav")[0], whole[taps // 2 : taps // 2 + len(x)]
    print(f"{taps} taps: exit {done.returncode}, {len(y)} frames, peak {np.abs(y).max():.3g} of {np.abs(right).max():.3g}")
    print(f"    said: {done.stderr.strip()}")
    assert done.returncode == 0 and len(y) == len(x) and "fir" not in done.stderr, "sox behaves otherwise now"
    peaks[taps] = np.abs(y).max(), np.abs(y - right).max()
assert peaks[153_725][1] < 1e-6, "few taps: sox behaves otherwise now"
assert peaks[153_727][0] < 1e-6, "many taps: sox behaves otherwise now"
PYTHON
