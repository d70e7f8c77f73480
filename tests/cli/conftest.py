"""A folder with a small recording and configurations to work in, and two ways to run the command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from pipeline.cli import main

ROOT = Path(__file__).resolve().parents[2]

PATIENCE = 300  # seconds for what takes one or two, on a machine that is busy with other work

ECHO = """\
version: 1
input: in.wav
output: out/{stem}-echo.wav
stages:
  - use: echo
    id: echo
    delay: 10 ms
    gain: -6 dB
"""


@dataclass
class Done:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: ``in.wav``, 1000 frames of stereo noise at 8 kHz, and ``echo.yaml``."""
    monkeypatch.chdir(tmp_path)
    write_noise(tmp_path / "in.wav")
    (tmp_path / "echo.yaml").write_text(ECHO, "utf-8")
    return tmp_path


def write_noise(path: Path, *, frames: int = 1000, channels: int = 2, fs: int = 8000, scale: float = 0.1) -> None:
    noise = scale * np.random.default_rng(7).uniform(-1, 1, (frames, channels))
    sf.write(path, noise, fs, subtype="PCM_16")


@pytest.fixture
def faltung(place: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """The command, in this process."""

    def run(*args: object) -> Done:
        capfd.readouterr()
        code = main([str(arg) for arg in args])
        out, err = capfd.readouterr()
        return Done(code, out, err)

    return run


def command(*args: object) -> list[str]:
    """The command line of the command, as a process of its own."""
    return [sys.executable, "-m", "pipeline.cli", *map(str, args)]


def environment(**more: str) -> dict[str, str]:
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path, **more}


def start(*args: object, **options: Any) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    settings: dict[str, Any] = {"stdin": pipe, "stdout": pipe, "stderr": pipe, "env": environment(), **options}
    return subprocess.Popen(command(*args), **settings)
