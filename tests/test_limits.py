"""Limits: each can be set by the environment, and its error holds its value, its name and how it is set."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from tests.cli.conftest import environment

ROOT = Path(__file__).parents[1]
CONFIG = "version: 1\ninput: {}\noutput: o.wav\nstages: [{}]\n"
GAIN = "{use: gain, gain: 1}"


def noise(name: str, frames: int, channels: int) -> None:
    sf.write(name, 0.1 * np.random.default_rng(1).uniform(-1, 1, (frames, channels)), 8000)


def table(rows: str, fs: str = "1", name: str = "t.csv") -> None:
    Path(name).write_text(rows)
    Path(name).with_suffix(".json").write_text('{"fs": ' + fs + "}")


CASES: dict[str, tuple[int, Callable[[], object], str, str, str]] = {
    "channels": (3, lambda: noise("in.wav", 9, 4), CONFIG.format("in.wav", GAIN), "declares 4 channels", "1 to 3 can"),
    "frames": (99, lambda: noise("in.wav", 100, 1), CONFIG.format("in.wav", GAIN), "declares 100 frames", "99 frames"),
    "taps": (7, lambda: noise("in.wav", 9, 1), CONFIG.format("in.wav", "{use: smooth, length: 9 samples}"),
        "", "7 taps"),
    "repeats": (5, lambda: noise("in.wav", 9, 1),
        CONFIG.format("in.wav", "{use: echo, delay: 1 samples, gain: 0.9, repeats: 6}"), "take 6", "5 repeats"),
    "rows": (150, lambda: table("t,x\n0,1\n1,1\n2,1\n400,1\n"),
        CONFIG.format("t.csv", GAIN) + "time_column: t\ngaps: nan\nnonfinite: propagate\nfs: 1\n",
        "of 4", "limit of 150"),
    "sidecar_bytes": (20, lambda: table("x\n1\n2\n", '10, "site": "Tarn"'),
        CONFIG.format("t.csv", GAIN), "t.json", "20 sidecar bytes"),
    "yaml_bytes": (60, lambda: noise("in.wav", 9, 1), CONFIG.format("in.wav", GAIN), "a configuration has", "60 yaml"),
    "yaml_values": (9, lambda: noise("in.wav", 9, 1), CONFIG.format("in.wav", GAIN), "c.yaml", "more than 9 keys"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_limit_is_set_by_the_environment_and_told(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    most, make, config, said, value = CASES[name]
    monkeypatch.chdir(tmp_path)
    make()
    Path("c.yaml").write_text(config.replace("o.wav", "o.csv") if name == "rows" else config)

    def run(limits: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "pipeline.cli", "run", "c.yaml", "--overwrite", "-q"], check=False,
            capture_output=True, text=True, env=environment(FALTUNG_LIMITS=limits, PYTHONPATH=str(ROOT)),
        )  # fmt: skip
        return done.returncode, done.stderr

    code, text = run(f"{name}={most}")
    assert code in (1, 2)
    assert said in text
    assert value in text
    assert f'FALTUNG_LIMITS="{name}=..." sets it' in text
    code, text = run(f"channels=64, {name}=1000000")
    assert code == 0, text


@pytest.mark.parametrize("word", ["taps", "taps=", "taps=0", "taps=-1", "taps=1e6", "tops=1", "taps=" + "9" * 400])
@pytest.mark.parametrize("command", [("stages",), ("apply", "a.wav", "b.wav", "gain"), ("match", "a.wav", "-t", "0:1")])
def test_a_limit_that_is_none_is_refused(command: tuple[str, ...], word: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *command], check=False, capture_output=True, text=True,
        env=environment(FALTUNG_LIMITS=word, PYTHONPATH=str(ROOT)),
    )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stderr, done.stdout) == (2, False, "")
    assert "FALTUNG_LIMITS holds '" in done.stderr
    assert "'channels=64 " in done.stderr
    assert "taps=10000000" in done.stderr


def test_the_page_tells_each_limit_with_its_value() -> None:
    page = (ROOT / "docs/security.md").read_text("utf-8")
    code = "import json; from pipeline import limits; print(json.dumps(limits._DEFAULTS))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    for name, value in json.loads(done.stdout).items():
        assert f"| `{name}` | {value:,} |" in page, name
