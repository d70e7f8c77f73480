#!/usr/bin/env bash
# pyEDFlib reads the fraction of a second of the start of an EDF+ file ten times too small: a recording that begins at
# 22:00:30.25 begins at 22:00:30.025 for it; MNE leaves the fraction out. edfio, which wrote the file, reads 30.25.
#
# Guessed beforehand: 30.25 in both.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    'pyEDFlib==0.1.42' 'edfio==0.4.18' 'mne==1.13.2' 'numpy==2.2.6' 2>/dev/null
cd "$folder"
venv/bin/python -W ignore - <<'PYTHON'
from datetime import date, time

import edfio
import mne
import numpy as np
import pyedflib

signal = edfio.EdfSignal(np.zeros(128), 128, label="C", physical_range=(-100, 100))
recording = edfio.Recording(startdate=date(2024, 6, 30))
edfio.Edf([signal], recording=recording, starttime=time(22, 0, 30, 250_000)).write("a.edf")
with open("a.edf", "rb") as file:
    head = file.read(256)
    body = file.read()
print("header:", head[176:184].decode(), "first record:", body[body.index(b"+") :][:5].decode("latin-1"))
told = {
    "edfio": edfio.read_edf("a.edf").starttime,
    "pyEDFlib": pyedflib.EdfReader("a.edf").getStartdatetime().time(),
    "MNE": mne.io.read_raw_edf("a.edf", verbose="error").info["meas_date"].time(),
}
for name, start in told.items():
    print(f"{name:9}", start)
assert told == {"edfio": time(22, 0, 30, 250_000), "pyEDFlib": time(22, 0, 30, 25_000), "MNE": time(22, 0, 30)}
PYTHON
