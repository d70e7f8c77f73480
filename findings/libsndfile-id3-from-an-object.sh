#!/usr/bin/env bash
# Some programs put an ID3v2 tag before the header of a WAV, as before MPEG audio. libsndfile passes the tag over, and a
# file opened by its name is read whole. The same bytes from an open file or a BytesIO, which soundfile reads through
# libsndfile's virtual files, come without an error and without the end: as many bytes of sound are missing as the tag
# has. An AU behind a tag keeps its length there and begins inside the header: all its samples are others.
#
# Guessed beforehand: refused as an unknown format, or read whole, and in either case the same by name and from an object.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'soundfile==0.13.1' 'numpy==2.2.6' 2>/dev/null
cd "$folder"
venv/bin/python - <<'PYTHON'
import io

import numpy as np
import soundfile as sf

x = (np.arange(8001) % 1000 - 500).astype(np.int16)
text = b"TIT2" + (1000).to_bytes(4, "big") + b"\0\0\0" + 999 * b"a"  # one frame of ID3v2.3: encoding, then the text
tag = b"ID3\x03\0\0\0\0" + bytes([len(text) >> 7, len(text) & 127]) + text
for kind in ("WAV", "AIFF", "AU"):
    plain = io.BytesIO()
    sf.write(plain, x, 8000, format=kind, subtype="PCM_16")
    with open("tagged", "wb") as file:
        file.write(tag + plain.getvalue())
    named, _ = sf.read("tagged", dtype="int16")
    with open("tagged", "rb") as file:
        opened, _ = sf.read(file, dtype="int16")
    same = "equal" if np.array_equal(opened, x[: len(opened)]) else "other samples"
    print(f"{sf.__libsndfile_version__} {kind}: {len(named)} frames by name; from the open file {len(opened)}, {same}")
    assert np.array_equal(named, x), "libsndfile behaves otherwise now"
    if kind == "AU":
        assert len(opened) == len(x) and same == "other samples", "libsndfile behaves otherwise now"
    else:
        assert 2 * (len(x) - len(opened)) == len(tag) and same == "equal", "libsndfile behaves otherwise now"
PYTHON
