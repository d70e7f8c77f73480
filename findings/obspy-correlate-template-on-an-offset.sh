#!/usr/bin/env bash
# ObsPy's correlate_template loses its scores where the data stand on an offset, as counts of an instrument do: a template
# in float64 on an offset of a million scores 1.0007, above the 1 that cannot be passed; in float32, in which MiniSEED is
# often held, the best place is NaN. The mean is taken off the template; of the data the running sums of squares cancel.
#
# Guessed beforehand: demean=True, the default, makes the offset harmless.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'obspy==1.4.2' 'numpy==2.2.6' 2>/dev/null
cd "$folder"
venv/bin/python - <<'PYTHON'
import warnings

import numpy as np

warnings.simplefilter("ignore")
import obspy
from obspy.signal.cross_correlation import correlate_template

print(f"obspy {obspy.__version__}")
data = np.zeros(1000)
data[500:550] = np.random.default_rng(3).standard_normal(50)
template = data[500:550]
at_zero = correlate_template(data, template)
on_offset = correlate_template(data + 1e6, template)
single = correlate_template((data + 1e6).astype(np.float32), template.astype(np.float32))
print(f"offset 0: best {at_zero.max():.6f} at {at_zero.argmax()}")
print(f"offset 1e6, float64: best {on_offset.max():.6f} at {on_offset.argmax()}")
print(f"offset 1e6, float32: {np.isnan(single).sum()} of {len(single)} scores are NaN; at 500: {single[500]:.3g}")
assert abs(at_zero.max() - 1) < 1e-9 and 1.0001 < on_offset.max() < 1.01, "ObsPy behaves otherwise now"
assert np.isnan(single).any() and not abs(single[500] - 1) < 0.1, "ObsPy behaves otherwise now"
PYTHON
