#!/usr/bin/env bash
# pedalboard's AudioFile guesses the length of an MP3 of variable bitrate that has no Xing header from the bitrate of its
# first frames, and keeps to the guess: quiet at the beginning, 10 s are told as 34 s, and read() returns the missing 24 s
# as silence. Behind a Xing header with the encoder's delay it is right by the length of the frames, and yet 1,104 frames
# late: it does not take the delay off, as ffmpeg and libsndfile do.
#
# Guessed beforehand: the length may be guessed, but read() ends where the file ends; delay and padding are taken off.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'pedalboard==0.9.17' 'imageio-ffmpeg==0.6.0' 'soundfile==0.13.1' 'numpy==2.2.6' 2>/dev/null
cd "$folder"
venv/bin/python - <<'PYTHON'
import subprocess

import numpy as np
import pedalboard
import soundfile as sf
from imageio_ffmpeg import get_ffmpeg_exe
from pedalboard.io import AudioFile

print(f"pedalboard {pedalboard.__version__}")
loud = 0.2 * np.random.default_rng(0).standard_normal((240_000, 2))
sf.write("x.wav", np.concatenate([np.zeros_like(loud), loud]), 48000)
seen = {}
for name, more in (("xing", []), ("plain", ["-write_xing", "0"])):
    command = [get_ffmpeg_exe(), "-loglevel", "error", "-i", "x.wav", "-c:a", "libmp3lame", "-q:a", "2", *more]
    subprocess.run([*command, f"{name}.mp3"], check=True)
    with AudioFile(f"{name}.mp3") as file:
        read = file.read(10**9)
    level = np.abs(read).max(0)
    first, last = (int(np.nonzero(level > 0.05)[0][i]) for i in (0, -1))
    seen[name] = (read.shape[1], len(sf.read(f"{name}.mp3")[0]), first - 240_000)
    print(f"{name}: {read.shape[1]} frames read, by soundfile {seen[name][1]}; sound from {first} to {last}")
print("written: 480000 frames, sound from 240000")
assert seen["xing"][:2] == (481_536, 480_000) and 1_090 < seen["xing"][2] < 1_110, "pedalboard behaves otherwise now"
assert seen["plain"][0] > 3 * seen["plain"][1], "pedalboard behaves otherwise now"
PYTHON
