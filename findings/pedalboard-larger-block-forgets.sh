#!/usr/bin/env bash
# pedalboard's process(..., reset=False) is for going on from block to block. A block longer than every one before makes
# the effect forget what it holds, all the same: an echo of 100 ms that is due in the next block comes when that has as
# many samples, and is lost, without a word, when it has more. And there is no call that gives what is held at the end.
#
# Guessed beforehand: with reset=False the lengths of the blocks do not matter.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'pedalboard==0.9.26' 'numpy==2.4.6' 2>/dev/null
cd "$folder"
venv/bin/python - <<'PYTHON'
import numpy as np
import pedalboard

fs = 48_000
click = np.zeros((1, 4800), np.float32)
click[0, -1] = 1


def heard(second):
    """The largest sample of the block after a click, which is to hold its echo."""
    delay = pedalboard.Delay(delay_seconds=0.1, feedback=0, mix=1)
    delay.process(click, fs, reset=True)
    return float(np.abs(delay.process(np.zeros((1, second), np.float32), fs, reset=False)).max())


found = {samples: heard(samples) for samples in (4800, 4801, 9600)}
for samples, peak in found.items():
    print(f"pedalboard {pedalboard.__version__}: a click in 4800 samples, then silence in {samples}: echo {peak:g}")
whole = pedalboard.Delay(delay_seconds=0.1, feedback=0, mix=1).process(np.pad(click, ((0, 0), (0, 9600))), fs)
assert np.abs(whole).max() == 1
assert not [name for name in dir(pedalboard.Delay) if "flush" in name or "tail" in name]
assert found == {4800: 1, 4801: 0, 9600: 0}, "it behaves otherwise now"
PYTHON
