"""``explain: true`` in a configuration puts the page of each kernel stage beside the output of the run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from pipeline.cli.commands import app

from .conftest import draw_nothing

CONFIG = """
version: 1
explain: true
input: in.wav
output: out/{stem}.wav
stages:
  - {use: convolve, id: room, taps: [0.5, 0.25, 0.125]}
  - {use: normalize, peak: -3 dB}
"""


def test_a_run_that_is_to_explain_itself_does_so_for_each_kernel_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_nothing(monkeypatch)  # the README's commands in a shell do
    (tmp_path / "c.yaml").write_text(CONFIG, "utf-8")
    x = np.random.default_rng(0).standard_normal(8000) * np.exp(-np.arange(8000) / 800) * 0.3
    soundfile.write(tmp_path / "in.wav", x, 8000)
    done = CliRunner().invoke(app, ["run", str(tmp_path / "c.yaml")])
    assert done.exit_code == 0, done.output
    folders = sorted(path.name for path in (tmp_path / "out" / "in-explain").iterdir())
    assert folders == ["0-room"]  # normalize is no kernel
    page = tmp_path / "out" / "in-explain" / "0-room" / "index.html"
    assert 100_000 < page.stat().st_size < 1_200_000
    assert (page.parent / "figure.png").exists()
    assert "explained" in done.output


def test_a_name_that_is_not_utf_8_is_shown_in_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw_nothing(monkeypatch)
    (tmp_path / "c.yaml").write_text(CONFIG.replace("explain: true", ""), "utf-8")
    odd = tmp_path / "caf\udce9.wav"
    soundfile.write(tmp_path / "in.wav", np.random.default_rng(0).standard_normal(800) * 0.3, 8000)
    (tmp_path / "in.wav").rename(odd)
    done = CliRunner().invoke(app, ["explain", str(tmp_path / "c.yaml"), str(odd), "-o", str(tmp_path / "page"), "-q"])
    assert done.exit_code == 0, done.output
    assert r"caf\udce9" in (tmp_path / "page" / "index.html").read_text("utf-8")


@pytest.mark.parametrize("frames", [0, 8000], ids=["nothing", "silence"])
def test_what_cannot_be_explained_is_done_and_says_why(tmp_path: Path, frames: int) -> None:
    (tmp_path / "c.yaml").write_text(CONFIG, "utf-8")
    soundfile.write(tmp_path / "in.wav", np.zeros(frames), 8000)
    done = CliRunner().invoke(app, ["run", str(tmp_path / "c.yaml")])
    assert done.exit_code == 0, done.output
    assert re.search(r"not explained: only silence reaches stage 0, 'convolve'", done.output)
    assert re.search(r"explained +no stage of it\n", done.output)


def test_without_the_package_that_explains_a_run_says_so_and_does_nothing(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CONFIG, "utf-8")
    soundfile.write(tmp_path / "in.wav", np.ones(100), 8000)
    program = (
        "import sys; sys.modules['faltung_explain'] = None; from pipeline.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "run", "c.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (
        2,
        "faltung: explain: true needs the package faltung_explain, which faltung brings; install faltung again\n",
    )
    assert not (tmp_path / "out").exists()
