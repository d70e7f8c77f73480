#!/usr/bin/env bash
# actfast spaces the samples of a CWA sector by the rate that the device was set to, not by its clock, which is often 1 %
# off: with 99 Hz where 100 were set, every 80 samples run ahead by 8 ms, and then the time jumps by 18 ms.
#
# Guessed beforehand: times between two sectors lie on the line between the times that these tell.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'actfast==1.3.0' 'numpy==2.4.6' 2>/dev/null
cd "$folder"
venv/bin/python - <<'PYTHON'
import struct
from importlib.metadata import version

import actfast
import numpy as np


def sector(number, time):
    second, rest = divmod(time, 1)
    fraction = int(rest * 32768)
    packed = 24 << 26 | 3 << 22 | 1 << 17 | 12 << 12 | int(second) // 60 << 6 | int(second) % 60
    moved = (fraction << 1) * 100 >> 16
    head = struct.pack("<HHHIIIHHBBBBhH", 0x5841, 508, fraction | 0x8000, 1, number, packed, 0, 0, 0, 0, 0x4A, 0x32, -moved, 80)
    raw = head + bytes(480)
    return raw + struct.pack("<H", -sum(struct.unpack("<255H", raw)) & 0xFFFF)


header = b"MD\xfc\x03\x17".ljust(36, b"\0") + b"\x4a"
with open("a.cwa", "wb") as file:
    file.write(header.ljust(64, b"\0").ljust(1024, b" ") + b"".join(sector(k, 80 * k / 99) for k in range(20)))
steps = np.diff(actfast.read("a.cwa")["timeseries"]["high_frequency"]["datetime"]) / 1e6
inside, between = np.delete(steps, np.s_[79::80]), steps[79::80]
told = f"{inside.min():.2f} to {inside.max():.2f} ms within a sector, {between.min():.2f} to {between.max():.2f} to the next"
print(f"actfast {version('actfast')}: steps of {told}; the clock has 10.10 ms")
assert np.abs(inside - 10).max() < 0.01 and np.abs(between - 18.08).max() < 0.1, "it behaves otherwise now"
PYTHON
