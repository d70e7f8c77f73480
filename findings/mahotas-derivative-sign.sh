#!/usr/bin/env bash
# mahotas.gaussian_filter1d with order=1 or 3 gives a derivative of the wrong sign: a ramp that rises by 1 a sample has
# the slope -1. The kernel is built for convolution and laid on by correlation; where a kernel is odd, a lost flip is a
# sign, so that every gradient points the other way. scipy.ndimage's function of the same name gives +1.
#
# Guessed beforehand: +1, as in scipy; a smoothed derivative of a ramp is the slope of the ramp.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'mahotas==1.4.19' 'numpy==2.4.6' 'scipy==1.17.1' 2>/dev/null
cd "$folder"
venv/bin/python - <<'PYTHON'
import mahotas
import numpy as np
import scipy.ndimage

print(f"mahotas {mahotas.__version__}, scipy {scipy.__version__}")
ramp, cube = np.arange(41.0), np.arange(41.0) ** 3
seen = {}
for name, f in (("mahotas", mahotas.gaussian_filter1d), ("scipy", scipy.ndimage.gaussian_filter1d)):
    seen[name] = (round(float(f(ramp, 1, order=1)[20]), 2), int(np.sign(f(cube, 1, order=3)[20])))
    print(f"{name:8}: first derivative of a ramp of slope 1: {seen[name][0]}; sign of the third of n**3: {seen[name][1]}")
assert seen == {"mahotas": (-1.0, -1), "scipy": (1.0, 1)}, "it behaves otherwise now"
PYTHON
