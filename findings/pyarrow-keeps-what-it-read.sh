#!/usr/bin/env bash
# A Parquet file is read in batches so that memory stays small. From an open file of Python's, pyarrow keeps the bytes of
# every row group that it has read until the reader goes, as its default, pre_buffer=True, asks for them beforehand: at
# the end the whole file is in memory, though its own count (total_allocated_bytes) tells of one row group. With
# pre_buffer=False they go one after the other, as one would think that iter_batches has it.
#
# Guessed beforehand: what was asked for beforehand is let go of with the batch that needed it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'pyarrow==26.0.1' 'numpy==2.2.6' 2>/dev/null
cd "$folder"
venv/bin/python - <<'PYTHON'
import tracemalloc

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

table = pa.table({"x": np.random.default_rng(0).standard_normal(800_000)})  # 6.4 MB in eight groups, hardly compressed
pq.write_table(table, "x.parquet", row_group_size=100_000)
kept = {}
for asked in (True, False):
    tracemalloc.start()
    with open("x.parquet", "rb") as opened:
        file, own = pq.ParquetFile(opened, pre_buffer=asked), 0
        for batch in file.iter_batches(32_768):
            own = max(own, pa.total_allocated_bytes())
        kept[asked] = tracemalloc.get_traced_memory()[0] / 1e6
    tracemalloc.stop()
    print(f"pyarrow {pa.__version__}, pre_buffer={asked}: {kept[asked]:.1f} MB kept at the end; its own count {own / 1e6:.1f} MB")
assert kept[True] > 6 and kept[False] < 0.5, "pyarrow behaves otherwise now"
PYTHON
