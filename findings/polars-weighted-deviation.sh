#!/usr/bin/env bash
# polars' rolling_std and rolling_var ignore ddof as soon as weights are given: with weights of 1 1 1, which should
# change nothing, the deviation of 1 2 4 is that of a population, 1.247, not that of a sample, 1.528.
#
# Guessed beforehand: weights that are all 1 change nothing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'polars==2.1.0' 'numpy==2.4.6' 2>/dev/null
cd "$folder"
venv/bin/python - <<'PYTHON'
import polars as pl

x = pl.Series([1.0, 2.0, 4.0])
seen = [round(x.rolling_std(3, **more)[2], 3) for more in ({}, {"weights": [1.0, 1.0, 1.0]}, {"ddof": 0})]
print(f"polars {pl.__version__}: without weights {seen[0]}, with 1 1 1 {seen[1]}, population {seen[2]}")
assert seen == [1.528, 1.247, 1.247], "it behaves otherwise now"
assert round(x.rolling_var(3, weights=[1.0, 1.0, 1.0])[2], 3) == round(1.247219**2, 3), "it behaves otherwise now"
PYTHON
