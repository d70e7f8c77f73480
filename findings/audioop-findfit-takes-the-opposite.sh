#!/usr/bin/env bash
# Python's audioop.findfit takes a copy of the fragment with the sign turned for as good a match as the copy itself: where
# the first stands before the second, its place is returned, with the factor -1. Its score is the square of the sum of
# products, so that the sign of a match is gone; only the second number tells.
#
# Guessed beforehand: the copy that is not turned is found; the turned one is the worst place of all.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'numpy==2.2.6' 'audioop-lts==0.2.2; python_version >= "3.13"' 2>/dev/null
cd "$folder"
venv/bin/python - <<'PYTHON'
import warnings

import numpy as np

warnings.simplefilter("ignore", DeprecationWarning)
import audioop  # the standard library's up to Python 3.12, of a package after it

rng = np.random.default_rng(0)
fragment = (3000 * rng.standard_normal(40)).astype(np.int16)
reference = (100 * rng.standard_normal(400)).astype(np.int16)
reference[50:90] = -fragment
reference[200:240] = fragment
place, factor = audioop.findfit(reference.tobytes(), fragment.tobytes())
print(f"turned copy at 50, copy at 200: findfit says place {place}, factor {factor}")
best = int(np.correlate(reference.astype(float), fragment.astype(float)).argmax())
print(f"largest correlation: {best}")
assert (place, factor, best) == (50, -1.0, 200), "findfit behaves otherwise now"
PYTHON
