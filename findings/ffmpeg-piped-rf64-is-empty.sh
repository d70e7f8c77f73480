#!/usr/bin/env bash
# ffmpeg writes an RF64 file to a pipe with a size of 0 in ds64 and reads nothing of it afterwards: no samples, exit code 0.
# A plain WAV from the same pipe is read whole. W64 and AIFF from a pipe are refused by ffmpeg ("Invalid data"), while
# libsndfile reads both whole, and of the RF64 nothing, either, without an error.
#
# Guessed beforehand: what a program wrote to a pipe it reads back; sizes of 0 in a header mean "to the end", as in WAV.
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

FFMPEG = [get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error", "-y"]
version = subprocess.run([FFMPEG[0], "-version"], capture_output=True, text=True, check=True).stdout.split()[2]
print(f"ffmpeg {version}, {sf.__libsndfile_version__}")
sf.write("x.wav", np.full((48000, 2), 0.25), 48000, subtype="FLOAT")
seen = {}
for name, more in (("wav", []), ("rf64", ["-rf64", "always"]), ("w64", []), ("aiff", [])):
    form = "wav" if name == "rf64" else name
    piped = subprocess.run([*FFMPEG, "-i", "x.wav", *more, "-f", form, "-"], capture_output=True, check=True).stdout
    with open(f"p.{name}", "wb") as file:
        file.write(piped)
    again = subprocess.run([*FFMPEG, "-i", f"p.{name}", "-f", "f32le", "-"], capture_output=True)
    seen[name] = (len(again.stdout) // 8, again.returncode == 0, len(sf.read(f"p.{name}")[0]))
    print(f"{name:5} {len(piped)} bytes: ffmpeg reads {seen[name][0]} frames, exit {again.returncode}, soundfile {seen[name][2]}")
assert seen == {
    "wav": (48000, True, 48000),
    "rf64": (0, True, 0),
    "w64": (0, False, 48000),
    "aiff": (0, False, 48000),
}, "ffmpeg behaves otherwise now"
PYTHON
