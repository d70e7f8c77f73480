#!/usr/bin/env bash
# A FLAC file that was written to a pipe does not know its number of frames, which the format allows (0 in STREAMINFO).
# libsndfile tells 2^63 - 1 frames of it, and soundfile.read, which asks for as many, fails over an array that is too big.
# Read in blocks of a given size, the last one, which is shorter, raises "Internal psf_fseek() failed" instead: its frames
# are lost.
#
# Guessed beforehand: 0 or -1 frames are told, and read returns what there is.
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
from imageio_ffmpeg import get_ffmpeg_exe

sf.write("x.wav", np.full((48000, 2), 0.25), 48000)
command = [get_ffmpeg_exe(), "-loglevel", "error", "-i", "x.wav", "-f", "flac", "-"]
with open("piped.flac", "wb") as file:
    file.write(subprocess.run(command, capture_output=True, check=True).stdout)
told = sf.info("piped.flac").frames
print(f"{sf.__libsndfile_version__}: {told} frames told of 48,000")
try:
    sf.read("piped.flac")
    said = ""
except ValueError as error:
    said = str(error)
print(f"soundfile.read: {said}")
there, last = 0, ""
with sf.SoundFile("piped.flac") as file:
    try:
        while len(block := file.read(4096)):
            there += len(block)
    except sf.LibsndfileError as error:
        last = str(error)
print(f"in blocks of 4,096: {there} frames, then: {last}")
assert told == 2**63 - 1 and "too big" in said, "libsndfile behaves otherwise now"
assert there == 48000 // 4096 * 4096 and "psf_fseek" in last, "libsndfile behaves otherwise now"
PYTHON
