#!/usr/bin/env bash
# praatio can't open a TextGrid that Praat saved in its long form where one time lies under 0.1 ms: Praat writes 2e-05,
# and praatio's pattern for a number knows no exponent, so that the whole file is "missing" a field. The short form of
# the same TextGrid is read.
#
# Guessed beforehand: a label at 0.02 ms is read, from either form.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'praatio==6.2.2' 'praat-parselmouth==0.4.7' 'numpy==2.2.6' 2>/dev/null
cd "$folder"
venv/bin/python -W ignore - <<'PYTHON'
from importlib.metadata import version

import parselmouth
from praatio import textgrid

call = parselmouth.praat.call
print(f"praatio {version('praatio')}, Praat {parselmouth.PRAAT_VERSION}")


def read(time, form):
    grid = call("Create TextGrid", 0, 1, "w", "")
    call(grid, "Insert boundary", 1, time)
    call(grid, "Set interval text", 1, 2, "call")
    call(grid, f"Save as {form}", "a.TextGrid")
    try:
        (entry,) = textgrid.openTextgrid("a.TextGrid", includeEmptyIntervals=False).getTier("w").entries
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return entry.start


found = {(time, form): read(time, form) for time in (2e-4, 2e-5) for form in ("text file", "short text file")}
for (time, form), got in found.items():
    print(f"a label at {time} s, {form}: {got}")
assert [found[2e-4, "text file"], found[2e-4, "short text file"], found[2e-5, "short text file"]] == [2e-4, 2e-4, 2e-5]
assert "missing" in found[2e-5, "text file"], "praatio reads exponents now"
PYTHON
