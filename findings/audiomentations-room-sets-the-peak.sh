#!/usr/bin/env bash
# audiomentations' ApplyImpulseResponse sets the peak of what it returns to 0.5, whatever the level of the sound or of the
# response: a sound 60 dB quieter comes out as loud, so that a set of recordings loses its levels. The delay of the
# response stays, and by default the end is cut off.
#
# Guessed beforehand: a convolution, at most scaled by the response, once for all sounds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'audiomentations==0.42.0' 'soundfile==0.13.1' 'numpy==2.2.6' 2>/dev/null
cd "$folder"
venv/bin/python - <<'PYTHON'
import os

import audiomentations
import numpy as np
import soundfile as sf

print(f"audiomentations {audiomentations.__version__}")
os.mkdir("responses")
response = np.zeros(4800, np.float32)
response[[1000, 3000]] = 1, 0.25
sf.write("responses/h.wav", response, 48000, subtype="FLOAT")
sound = (0.1 * np.random.default_rng(2).standard_normal(48000)).astype(np.float32)
peaks = []
for gain in (1, 0.001):
    out = audiomentations.ApplyImpulseResponse("responses", p=1.0)(sound * np.float32(gain), 48000)
    peaks.append(float(np.abs(out).max()))
    print(f"sound of peak {np.abs(sound).max() * gain:.6f}: {len(out)} frames of peak {peaks[-1]:.6f}")
assert all(abs(peak - 0.5) < 1e-3 for peak in peaks), "audiomentations behaves otherwise now"
PYTHON
