#!/usr/bin/env bash
# openmovement's reader of CWA undoes the shift of the sample that has a time in 16 bits, where the product needs 23: with
# numpy 1 it wraps round and nothing is undone, so that times are wrong by up to a second, another error in each sector;
# with numpy 2 it raises OverflowError for every file that has fractions of seconds.
#
# The file is 100 Hz exactly, a sector every 0.8 s, from 12:00:00.25 on, each telling the time of its first sample.
# Guessed beforehand: sample n is at 12:00:00.25 + n / 100 s.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/ask.py" <<'PYTHON'
import struct

import numpy as np
import pandas
from openmovement.load.cwa_load import CwaData


def sector(number, centiseconds):
    second, rest = divmod(centiseconds, 100)
    fraction = rest * 32768 // 100
    moved = (fraction << 1) * 100 >> 16  # readers of whole seconds look this many samples before the first
    packed = 24 << 26 | 3 << 22 | 1 << 17 | 12 << 12 | second // 60 << 6 | second % 60
    head = struct.pack("<HHHIIIHHBBBBhH", 0x5841, 508, fraction | 0x8000, 1, number, packed, 0, 0, 0, 0, 0x4A, 0x32, -moved, 80)
    raw = head + bytes(480)
    return raw + struct.pack("<H", -sum(struct.unpack("<255H", raw)) & 0xFFFF)


header = b"MD\xfc\x03\x17".ljust(36, b"\0") + b"\x4a"
with open("a.cwa", "wb") as file:
    file.write(header.ljust(64, b"\0").ljust(1024, b" ") + b"".join(sector(k, 25 + 80 * k) for k in range(40)))
print(f"numpy {np.__version__}, pandas {pandas.__version__}:", end=" ")
try:
    with CwaData("a.cwa") as data:
        times = data.get_sample_values()[:, 0]
except OverflowError as error:
    print(f"OverflowError: {error}")
    assert np.__version__ >= "2", "it behaves otherwise now"
else:
    wrong = (times - 1709294400 - 0.25 - np.arange(len(times)) / 100)[200:-200]
    print(f"times are wrong by {wrong.min():.2f} to {wrong.max():.2f} s")
    assert np.__version__ < "2" and wrong.max() > 0.6 and wrong.min() < 0.1, "it behaves otherwise now"
PYTHON
cd "$folder"
for others in 'numpy==1.26.4 pandas==2.2.3' 'numpy==2.4.6 pandas==3.1.1'; do
    python3 -m venv --clear venv
    # shellcheck disable=SC2086
    venv/bin/pip install --quiet --disable-pip-version-check 'openmovement==0.0.1' $others 2>/dev/null
    venv/bin/python ask.py
done
