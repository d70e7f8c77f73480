#!/usr/bin/env bash
# A block of GSM in a WAV has 65 bytes, so an odd number of them ends with a pad byte, as every odd chunk does. libsndfile
# counts it as a block of its own: a file that it wrote itself from 4000 samples, 13 blocks by its data chunk and 4000 by
# its fact chunk, is read as 14 blocks. The last 320 samples are made of the one byte: behind silence there is a noise.
#
# Guessed beforehand: 4160 samples, the 13 blocks that are there, as sox and ffmpeg read it; or the 4000 of the fact chunk.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'soundfile==0.13.1' 'numpy==2.2.6' 2>/dev/null
cd "$folder"
venv/bin/python - <<'PYTHON'
import io
import struct

import numpy as np
import soundfile as sf

for samples in (1600, 4000, 4480):
    x = (8000 * np.sin(0.3 * np.arange(samples))).astype(np.int16)
    x[-800:] = 0  # the end is silence
    file = io.BytesIO()
    sf.write(file, x, 8000, format="WAV", subtype="GSM610")
    data = file.getvalue()
    blocks, rest = divmod(struct.unpack_from("<I", data, data.index(b"data") + 4)[0], 65)
    fact = struct.unpack_from("<I", data, data.index(b"fact") + 8)[0]
    file.seek(0)
    y, _ = sf.read(file, dtype="int16")
    peak = int(np.abs(y[-320:]).max())
    print(f"{sf.__libsndfile_version__}: {blocks} blocks, fact {fact}; read {len(y) // 320}, the last peaks at {peak}")
    assert (rest, fact) == (0, samples), "libsndfile behaves otherwise now"
    assert len(y) == 320 * (blocks + blocks % 2), "libsndfile behaves otherwise now"
    assert (peak > 1000) == bool(blocks % 2), "libsndfile behaves otherwise now"
PYTHON
