#!/usr/bin/env bash
# SimpleITK.Convolution of an 8-bit image computes modulo 256: 100 where the sum is 300 is 44, nothing is said, nothing
# saturates. And DiscreteGaussianDerivative of order 1 has the wrong sign: a ramp that rises by 1 a pixel gives about -1.
# The operator is built for convolution and laid on by correlation.
#
# Guessed beforehand: it saturates at 255, or is promoted; the derivative of the ramp is +1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'SimpleITK==2.5.7' 'numpy==2.4.6' 2>/dev/null
cd "$folder"
venv/bin/python - <<'PYTHON'
import numpy as np
import SimpleITK as sitk

print(f"SimpleITK {sitk.Version_VersionString()}")
image = sitk.GetImageFromArray(np.full((9, 9), 100, np.uint8))
ones = np.zeros((3, 3), np.uint8)
ones[1] = 1
came = sitk.GetArrayFromImage(sitk.Convolution(image, sitk.GetImageFromArray(ones)))
ramp = sitk.GetImageFromArray(np.tile(np.arange(31.0), (31, 1)))
slope = sitk.GetArrayFromImage(sitk.DiscreteGaussianDerivative(ramp, variance=[1, 1], order=[1, 0]))[15, 15]
print(f"three times 100 in uint8: {came[4, 4]}; the derivative of a rising ramp: {slope:.2f}")
assert (came.dtype, int(came[4, 4])) == (np.uint8, 300 % 256), "it behaves otherwise now"
assert -1.05 < slope < -0.8, "it behaves otherwise now"
PYTHON
