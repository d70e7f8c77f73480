"""The demonstration runs on a recording of any rate, mono or stereo, and says what it wrote."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

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
