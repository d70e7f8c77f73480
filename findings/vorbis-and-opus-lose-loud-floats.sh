#!/usr/bin/env bash
# Vorbis and Opus take floating-point samples, and hold a tone 36 dB above full scale as it is. A tone 60 dB above it, as
# data that were never scaled to full scale easily are, comes back from Vorbis as noise that has nothing of the tone, and
# one 80 dB above it from Opus as silence. libsndfile writes both without an error, a clip or a word.
#
# Guessed beforehand: the tone as loud as it was, since the samples are floats all the way; or clipped.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'soundfile==0.13.1' 'numpy==2.2.6' 2>/dev/null
cd "$folder"
venv/bin/python - <<'PYTHON'
import numpy as np
import soundfile as sf

tone = np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000)
for codec, gain, fate in (
    ("VORBIS", 1, "tone"), ("VORBIS", 64, "tone"), ("VORBIS", 1000, "noise"),
    ("OPUS", 64, "tone"), ("OPUS", 1000, "tone"), ("OPUS", 10_000, "silence"),
):
    sf.write("a.ogg", gain * tone, 48_000, codec, format="OGG")
    y = sf.read("a.ogg")[0][4000:40_000]
    level = float(np.sqrt(2 * (y**2).mean())) / gain
    alike = float(y @ tone[4000:40_000]) / np.sqrt(max(float(y @ y), 1e-300) * 18_000)
    found = "silence" if level < 1e-9 else "tone" if alike > 0.99 and 0.9 < level < 1.1 else "noise" if abs(alike) < 0.3 else "?"
    print(f"{sf.__libsndfile_version__} {codec} at {gain}: {found}, level {level:.3f} of the input's, likeness {alike:.2f}")
    assert found == fate, "libsndfile or its codecs behave otherwise now"
PYTHON
