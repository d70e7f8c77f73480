#!/usr/bin/env bash
# libsndfile writes an AIFF of one byte a sample and an odd number of samples with one frame more than it was given: it
# counts the byte that fills the chunk up to an even length as audio, in the frames of COMM as in the size of SSND. In
# signed 8 bit that frame is silence; in u-law, A-law and unsigned 8 bit it is a click, in u-law and unsigned 8 bit near
# full scale.
#
# Guessed beforehand: 5 frames written are 5 frames read, as in WAV, which has the same rule of even chunks.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'soundfile==0.13.1' 'numpy==2.2.6' 2>/dev/null
cd "$folder"
venv/bin/python - <<'PYTHON'
import soundfile as sf

print(f"soundfile {sf.__version__}, {sf.__libsndfile_version__}")
seen = {}
for name, subtype in (("wav", "PCM_U8"), ("aiff", "PCM_S8"), ("aiff", "PCM_U8"), ("aiff", "ULAW"), ("aiff", "ALAW")):
    sf.write(f"x.{name}", [0.5] * 5, 8000, subtype=subtype)
    y, _ = sf.read(f"x.{name}")
    seen[name, subtype] = (len(y), round(float(y[-1]), 2))
    print(f"{name:4} {subtype:6}: 5 frames of 0.5 written, {len(y)} read, the last is {y[-1]:.2f}")
assert seen == {
    ("wav", "PCM_U8"): (5, 0.5),
    ("aiff", "PCM_S8"): (6, 0.0),
    ("aiff", "PCM_U8"): (6, -1.0),
    ("aiff", "ULAW"): (6, -0.98),
    ("aiff", "ALAW"): (6, -0.17),
}, "libsndfile behaves otherwise now"
PYTHON
