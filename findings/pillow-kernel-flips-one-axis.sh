#!/usr/bin/env bash
# Pillow's ImageFilter.Kernel turns the kernel upside down and not left to right: neither convolution nor correlation. A
# dot filtered with 1 2 3 / 4 5 6 / 7 8 9 gives 3 2 1 / 6 5 4 / 9 8 7: read along the columns the kernel comes back as it
# is, along the rows reversed. The outermost pixels are copied.
#
# Guessed beforehand: correlation, 9 8 7 / 6 5 4 / 3 2 1, as in OpenCV.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'pillow==13.0.0' 'numpy==2.4.6' 2>/dev/null
cd "$folder"
venv/bin/python - <<'PYTHON'
import numpy as np
import PIL
from PIL import Image, ImageFilter

dot = np.zeros((7, 7), np.uint8)
dot[3, 3] = 9
image = Image.fromarray(dot).filter(ImageFilter.Kernel((3, 3), range(1, 10), scale=9))
came = np.asarray(image)[2:5, 2:5].tolist()
print(f"Pillow {PIL.__version__}: 1 2 3 / 4 5 6 / 7 8 9 comes out as {came}")
assert came == [[3, 2, 1], [6, 5, 4], [9, 8, 7]], "it behaves otherwise now"
edge = Image.fromarray(np.full((7, 7), 9, np.uint8)).filter(ImageFilter.Kernel((3, 3), range(1, 10), scale=90))
print(f"a constant 9 times 45/90: corner {np.asarray(edge)[0, 0]}, middle {np.asarray(edge)[3, 3]}")
assert (np.asarray(edge)[0, 0], np.asarray(edge)[3, 3]) == (9, 5), "it behaves otherwise now"
PYTHON
