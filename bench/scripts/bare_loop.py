"""Convolves many files in the plainest loop that there is: ``bare_loop.py RESPONSE OUT IN ...``.

What someone writes who has soundfile and scipy: read, `scipy.signal.oaconvolve`, clip, write, and wait for the disk.
No manifest, no name that appears only when the file is whole, no look at what is read.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np
import soundfile
from scipy.signal import oaconvolve

if __name__ == "__main__":
    response, out, *sources = map(Path, sys.argv[1:])
    out.mkdir(exist_ok=True)
    h, _ = soundfile.read(response)
    for source in sources:
        x, fs = soundfile.read(source)
        y = np.clip(oaconvolve(x, h), -1.0, 1.0)
        target = out / source.name
        soundfile.write(target, y, fs, "FLOAT")
        with target.open("rb") as file:
            os.fsync(file.fileno())
