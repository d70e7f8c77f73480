"""SIGHUP and SIGQUIT end a command as SIGTERM does, each by its code: nothing half-written, nothing left."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import environment, write_noise

ROOT = Path(__file__).parents[2]
CODES = {"SIGTERM": 143, "SIGHUP": 129, "SIGQUIT": 131, "SIGINT": 130}

SLOW = """\
import sys, time
from pipeline import job
from pipeline.cli import main

real = job.stream

def slow(*args, **more):
    for block in real(*args, **more):
        yield block
        open("begun", "w").close()
        time.sleep(60)

job.stream = slow
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a system without these signals")
@pytest.mark.parametrize("name", CODES)
@pytest.mark.parametrize(
    "words", [["apply", "in.wav", "o.wav", "gain", "gain=1"], ["run", "c.yaml", "-q"]], ids=" ".join
)
def test_a_signal_amid_a_file_leaves_nothing(name: str, words: list[str], tmp_path: Path) -> None:
    write_noise(tmp_path / "in.wav", frames=400_000)
    (tmp_path / "c.yaml").write_text("version: 1\ninput: in.wav\noutput: o.wav\nstages: [{use: gain, gain: 1}]\n")
    with subprocess.Popen(
        [sys.executable, "-c", SLOW, *words], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment(PYTHONPATH=str(ROOT)),
    ) as process:  # fmt: skip
        until = time.monotonic() + 120
        while not (tmp_path / "begun").exists() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(getattr(signal, name))
        if name == "SIGINT":  # the first asks, and lets the file be finished
            time.sleep(0.2)
            process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=120)
    assert (process.returncode, "Traceback" in said) == (CODES[name], False), said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["begun", "c.yaml", "in.wav"]


@pytest.mark.skipif(sys.platform == "win32", reason="a system without these signals")
def test_nohup_keeps_its_promise(tmp_path: Path) -> None:
    write_noise(tmp_path / "in.wav", frames=40_000)
    code = (
        "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN); from pipeline.cli import main;"
        "from pipeline import job; real = job.open_reader\n"
        "def hit(*a, **k): os.kill(os.getpid(), signal.SIGHUP); return real(*a, **k)\n"
        "job.open_reader = hit; sys.exit(main(['apply', 'in.wav', 'o.wav', 'gain', 'gain=1', '-q']))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False, capture_output=True, text=True,
                          env=environment(PYTHONPATH=str(ROOT)))  # fmt: skip
    assert (done.returncode, (tmp_path / "o.wav").exists()) == (0, True), done.stderr
