#!/usr/bin/env bash
# cv2.matchTemplate with TM_CCOEFF_NORMED and a template that is constant scores 1 everywhere, on any image: the first
# pixel "matches perfectly". The correlation coefficient with a constant is not defined; skimage's match_template gives 0.
#
# Guessed beforehand: 0 or NaN.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'opencv-python-headless==5.0.0.93' 'scikit-image==0.26.0' 'numpy==2.4.6' 2>/dev/null
cd "$folder"
venv/bin/python - <<'PYTHON'
import cv2
import numpy as np
from skimage.feature import match_template

image = np.random.default_rng(1).random((20, 20)).astype(np.float32)
template = np.full((3, 3), 0.5, np.float32)
a, b = cv2.matchTemplate(image, template, cv2.TM_CCOEFF_NORMED), match_template(image, template)
print(f"OpenCV {cv2.__version__}: scores from {a.min():g} to {a.max():g}; skimage: from {b.min():g} to {b.max():g}")
assert (float(a.min()), float(a.max()), float(b.min()), float(b.max())) == (1, 1, 0, 0), "it behaves otherwise now"
PYTHON
