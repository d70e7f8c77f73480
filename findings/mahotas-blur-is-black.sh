#!/usr/bin/env bash
# mahotas.convolve casts the weights to the dtype of the image: a blur of an 8-bit image by nine weights of 1/9 is black
# all over, because 1/9 as a whole number is 0. With weights of 1 the sums are taken modulo 256. (Its docstring says that
# weights are converted.) And "convolve" does not flip: it correlates.
#
# Guessed beforehand: a grey image of 200 blurred stays 200.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'mahotas==1.4.19' 'numpy==2.4.6' 2>/dev/null
cd "$folder"
venv/bin/python - <<'PYTHON'
import mahotas
import numpy as np

print(f"mahotas {mahotas.__version__}")
grey = np.full((7, 7), 200, np.uint8)
blurred = mahotas.convolve(grey, np.full((3, 3), 1 / 9))
summed = mahotas.convolve(grey, np.ones((3, 3)))
click = np.zeros((5, 5))
click[2, 2] = 1
came = mahotas.convolve(click, np.arange(1.0, 10).reshape(3, 3))[1:4, 1:4]
print(f"200 blurred by 1/9: {blurred[3, 3]} ({blurred.dtype}); summed: {summed[3, 3]} for 1800; 1..9 come out {came.ravel()}")
assert (blurred.dtype, int(blurred.max()), int(summed[3, 3])) == (np.uint8, 0, 1800 % 256), "it behaves otherwise now"
assert came.ravel().tolist() == [9, 8, 7, 6, 5, 4, 3, 2, 1], "it behaves otherwise now"
PYTHON
