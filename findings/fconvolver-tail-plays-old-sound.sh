#!/usr/bin/env bash
# fconvolver (jconvolver 1.1.0) writes the tail of a response behind the end of the input, but not the tail of that input:
# where there should be zeros behind the end, it takes what stood in its buffer (of 1,024 frames for 500 taps, 4,096 for
# 2,000, 16,384 for 9,000): sound of shortly before the end is heard once more through the response, as loud as before.
#
# Guessed beforehand: input's frames plus taps minus one, all of them those of the convolution.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq jconvolver=1.1.0-1 libzita-convolver4 libfftw3-single3 libsndfile1 libflac12 libvorbis0a libvorbisenc2 \
    libopus0 libogg0 libmpg123-0 libmp3lame0 libgomp1 2>/dev/null
for package in *.deb; do dpkg-deb -x "$package" root; done
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'soundfile==0.13.1' 'numpy==2.2.6' 2>/dev/null
venv/bin/python - <<'PYTHON'
import os
import subprocess
from pathlib import Path

import numpy as np
import soundfile as sf

BUFFER = 4_096  # 1,024 frames for 500 taps, 16,384 for 9,000
rng = np.random.default_rng(1)
x = (rng.standard_normal(30_000) * 0.05).astype(np.float32)
h = (rng.standard_normal(2_000) * 0.02).astype(np.float32)
sf.write("x.wav", x, 48_000, subtype="FLOAT")
sf.write("h.wav", h, 48_000, subtype="FLOAT")
Path("c.conf").write_text(f"/convolver/new 1 1 1024 {len(h)}\n/impulse/read 1 1 1 0 0 0 1 {os.getcwd()}/h.wav\n")
libraries = ":".join(str(path) for path in Path("root/usr/lib").glob("*-linux-*"))
line = ["root/usr/bin/fconvolver", "c.conf", "x.wav", "y.wav"]
subprocess.run(line, env={**os.environ, "LD_LIBRARY_PATH": libraries}, check=True)
y = sf.read("y.wav")[0]
right = np.convolve(x.astype(float), h)
old = x.astype(float)
for n in range(len(x), len(right)):
    old = np.append(old, old[n - BUFFER])  # as if the buffer were the input's next frames
played = np.convolve(old, h)[: len(right)]
within, behind = np.abs(y - right)[: len(x)].max(), np.abs(y - right)[len(x) :].max()
print(f"{len(y)} frames; off by {within:.1e} up to the input's end, by {behind:.2g} behind it (peak {np.abs(right).max():.2g})")
print(f"with the frames of {BUFFER:,} before for those behind the end: off by {np.abs(y - played).max():.1e}")
assert len(y) == len(right) and within < 1e-6, "fconvolver behaves otherwise now"
assert behind > 0.05 and np.abs(y - played).max() < 1e-6, "fconvolver's tail is another now"
PYTHON
