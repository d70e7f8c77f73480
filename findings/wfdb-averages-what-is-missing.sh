#!/usr/bin/env bash
# wfdb reads a signal with several samples a frame as their mean, and takes the marker of a sample that is not valid
# for a number: of two samples of 1 mV, one of them not valid, comes -81.42 mV. Where a skew leaves no samples at the
# end, it puts zeros, and the mean of these and of the marker is -81.92 mV. With smooth_frames=False the marker is NaN,
# but the zeros stay: what is missing is counted in frames, not in samples.
#
# Guessed beforehand: NaN for such a frame, or the mean of the samples that are valid.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'wfdb==4.3.1' 'numpy==2.2.6' 2>/dev/null
cd "$folder"
venv/bin/python -W ignore - <<'PYTHON'
import struct

import numpy as np
import wfdb

print(f"wfdb {wfdb.__version__}")
with open("a.hea", "w") as f:
    f.write("a 1 100 3\na.dat 16x2 200\n")
with open("a.dat", "wb") as f:
    f.write(struct.pack("<6h", 200, 200, 200, -32768, 200, 200))  # 1 mV each, the fourth not valid
mean = wfdb.rdrecord("a").p_signal[:, 0]
each = wfdb.rdrecord("a", smooth_frames=False).e_p_signal[0]
print("frames of two samples, one not valid:", mean, "each:", each)

with open("b.hea", "w") as f:
    f.write("b 1 100 6\nb.dat 16x4:2 200\n")
with open("b.dat", "wb") as f:
    f.write(struct.pack("<24h", *range(100, 124)))  # 6 frames; a skew of 2 leaves 4 of them, 16 samples
mean_skewed = wfdb.rdrecord("b").p_signal[:, 0]
each_skewed = wfdb.rdrecord("b", smooth_frames=False).e_p_signal[0]
print("the last two of six frames, of a skew of two:", mean_skewed[4:], "each:", each_skewed[16:])

assert np.allclose(mean, [1, -81.42, 1]), "wfdb averages otherwise now"
assert np.isnan(each[3])
assert np.allclose(mean_skewed[4:], [0, -81.92]), "wfdb fills otherwise now"
assert np.allclose(each_skewed[16:22], 0)
assert np.isnan(each_skewed[22:]).all()
PYTHON
