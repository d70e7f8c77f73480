#!/usr/bin/env bash
# OpenCV rounds the transform of a short row differently when it is the only row of a call: with cv2.dft and DFT_ROWS a
# row of 16, 32 or 64 numbers gets other last bits alone than between others, and one of other lengths does not.
#
# Guessed beforehand: DFT_ROWS transforms every row by itself, so that its bits depend on nothing but the row.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'opencv-python-headless==5.0.0.93' 'numpy==2.4.6' 2>/dev/null
cd "$folder"
venv/bin/python - <<'PYTHON'
import cv2
import numpy as np

print(f"OpenCV {cv2.__version__}, numpy {np.__version__}, {cv2.ipp.getIppVersion() or 'no IPP'}")
cv2.setNumThreads(1)
differing = {}
for dtype in (np.float32, np.float64):
    for n in (2**k for k in range(1, 15)):
        rows = np.random.default_rng(0).standard_normal((5, n)).astype(dtype)
        together = cv2.dft(rows, flags=cv2.DFT_ROWS)
        alone = [cv2.dft(row[None], flags=cv2.DFT_ROWS)[0] for row in rows]
        if any(a.tobytes() != b.tobytes() for a, b in zip(together, alone)):
            worst = max(np.abs(a - b).max() for a, b in zip(together, alone)) / np.finfo(dtype).eps
            differing.setdefault(dtype.__name__, []).append(n)
            print(f"{dtype.__name__}, rows of {n}: alone and among 5 differ by up to {worst:.0f} eps")
print(f"rows that differ: {differing}")
assert differing == {"float32": [16, 32, 64], "float64": [16, 32]}, "OpenCV behaves otherwise now"
PYTHON
