#!/usr/bin/env bash
# dask_image.ndfilters with mode="wrap" joins the wrong edges in most filters as soon as there are two chunks: the
# uniform filter differs from scipy.ndimage's, which it says it follows, in the first and last samples, and equals it
# with one chunk. convolve is right either way.
#
# Guessed beforehand: as scipy.ndimage, however many chunks.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'dask-image==2026.5.0' 'dask==2026.8.0' 'scipy==1.17.1' 'numpy==2.4.6' 2>/dev/null
cd "$folder"
venv/bin/python - <<'PYTHON'
from importlib.metadata import version

import dask.array as da
import numpy as np
import scipy.ndimage as nd
from dask_image import ndfilters

print(f"dask-image {version('dask-image')}, dask {version('dask')}")
x = np.random.default_rng(1).random(40)
wrong = {}
for name, more in (("uniform_filter", {"size": 5}), ("maximum_filter", {"size": 5}), ("convolve", {"weights": np.arange(1.0, 6)})):
    for chunks in (40, 20):
        y = getattr(ndfilters, name)(da.from_array(x, chunks=chunks), mode="wrap", **more).compute()
        wrong[name, chunks] = np.flatnonzero(~np.isclose(y, getattr(nd, name)(x, mode="wrap", **more))).tolist()
        print(f"{name:15} in {40 // chunks} chunks: other than scipy at {wrong[name, chunks]}")
assert not any(wrong[name, 40] for name in ("uniform_filter", "maximum_filter", "convolve")), "it behaves otherwise now"
assert wrong["uniform_filter", 20] and wrong["maximum_filter", 20] and not wrong["convolve", 20], "it behaves otherwise now"
PYTHON
