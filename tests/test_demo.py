"""The demonstration runs on a recording of any rate, mono or stereo, and says what it wrote."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from docs import demo

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(("fs", "channels"), [pytest.param(44_100, 1, marks=pytest.mark.long), (8000, 2)])
def test_the_demonstration_takes_a_recording_of_ones_own(fs: int, channels: int, tmp_path: Path) -> None:
    for name in ("configs", "data", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name)
    x = np.random.default_rng(0).standard_normal((fs // 2, channels)) * 0.1
    soundfile.write(tmp_path / "mine.wav", x, fs)
    command = [sys.executable, "docs/demo.py", "mine.wav"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"mine-echo.wav", "mine-hall.wav", "mine-convolved.wav", "mine-correlated.wav", "mine-demo.png"} <= written
    assert "Listen to" in done.stdout


def test_the_two_contrasts_stand_on_one_axis_and_are_measured_against_the_hits(tmp_path: Path) -> None:
    fs, hits = 1000, np.zeros((3000, 1))
    hits[[500, 1500]] = 1.0
    hits[1501:2500, 0] = 0.01  # what rings on after the last hit is no hit
    twins = []
    for name, start, after in (("contrast-convolve", 0.0, 4000), ("contrast-correlate", -1.0, 4000)):
        out = np.zeros((after, 1))
        out[[100, 2000, 3500]] = 1.0
        written = SimpleNamespace(fs=fs, frames=after, path="out/a.wav")
        info = SimpleNamespace(fs=fs, is_table=False)
        report = SimpleNamespace(written=written, info=info, duration=3.0, source="in.wav")
        twins.append(demo.Result(demo.Item(name, ""), report, hits, out, start))
    assert demo.energy_around(twins[0]) == (1 / 3, 2 / 3)
    assert demo.energy_around(twins[1]) == (1 / 3, 1 / 3)
    axes = [axes.get_xlim() for axes in demo.draw(twins).axes]
    assert axes == [(-1.0, 4.0)] * 4
