#!/usr/bin/env bash
# ffmpeg decodes MPEG layer II by its decoder for whole numbers unless told otherwise: samples over full scale, which a
# loud signal has behind any lossy coder, are clipped at it. Layer III it decodes in floating point, which keeps them, and
# "-c:a mp2float" before the input does the same for layer II, as libsndfile (mpg123) does.
#
# Guessed beforehand: both layers are decoded in floating point, and nothing is clipped.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'imageio-ffmpeg==0.6.0' 'soundfile==0.13.1' 'numpy==2.2.6' 2>/dev/null
cd "$folder"
venv/bin/python - <<'PYTHON'
import subprocess

import numpy as np
import soundfile as sf
from imageio_ffmpeg import get_ffmpeg_exe, get_ffmpeg_version

ffmpeg = [get_ffmpeg_exe(), "-loglevel", "error", "-y"]
x = np.sign(np.sin(2 * np.pi * 100 * np.arange(48000) / 48000)) * 0.99
sf.write("x.wav", x, 48000, subtype="FLOAT")
peaks = {}
for name, coder in (("layer II", "mp2"), ("layer III", "libmp3lame")):
    given = "x.mp2" if coder == "mp2" else "x.mp3"
    subprocess.run([*ffmpeg, "-i", "x.wav", "-c:a", coder, "-b:a", "64k", given], check=True)
    for how, chosen in (("by default", []), ("mp2float", ["-c:a", "mp2float"])):
        if chosen and coder != "mp2":
            continue
        done = subprocess.run([*ffmpeg, *chosen, "-i", given, "-f", "f32le", "-"], capture_output=True, check=True)
        peaks[f"{name} {how}"] = float(np.abs(np.frombuffer(done.stdout, np.float32)).max())
    peaks[f"{name} libsndfile"] = float(np.abs(sf.read(given)[0]).max())
print(f"ffmpeg {get_ffmpeg_version()}, libsndfile {sf.__libsndfile_version__}: {peaks}")
assert peaks["layer II by default"] <= 1, "ffmpeg behaves otherwise now"
assert min(peaks[one] for one in peaks if one != "layer II by default") > 1.01, "one of them behaves otherwise now"
PYTHON
