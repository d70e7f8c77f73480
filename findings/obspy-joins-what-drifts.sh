#!/usr/bin/env bash
# ObsPy joins MiniSEED records that begin up to half a sample away from where the last one ended, each measured from its
# neighbour: 1,000 records, each 4 ms late at 100 Hz, become one trace without a gap whose last record is told 4 s early.
# Nothing is said; the times of the records are not kept.
#
# Guessed beforehand: a new trace once the sum is over half a sample, as there is for a single jump.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'obspy==1.5.1' 'numpy==2.2.6' setuptools 2>/dev/null
cd "$folder"
venv/bin/python -W error::UserWarning - <<'PYTHON'
import numpy as np
import obspy

print(f"ObsPy {obspy.__version__}")
begin = obspy.UTCDateTime(2024, 3, 1)
records = [
    obspy.Trace(np.arange(100, dtype="i4"), {"sampling_rate": 100, "starttime": begin + 1.004 * i}) for i in range(1000)
]
obspy.Stream(records).write("x.mseed", format="MSEED", reclen=512)
traces = obspy.read("x.mseed")
told = traces[0].stats.endtime - begin
true = 999 * 1.004 + 0.99
print(f"{len(traces)} trace, of {traces[0].stats.npts} samples; the last is at {true:.3f} s, and told at {told:.3f} s")
assert (len(traces), traces[0].stats.npts) == (1, 100_000), "it splits them now"
assert abs(true - told - 3.996) < 1e-3, "it tells other times now"
PYTHON
