"""The plugins in plugins/ are installed from the tree, as pip does, and pass their own tests; their examples run."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from .cli.conftest import command, environment

PLUGINS = sorted(path.parent for path in (Path(__file__).parents[1] / "plugins").glob("*/pyproject.toml"))
BUILD = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling", reason="what builds the plugins is not installed")
    folder = tmp_path_factory.mktemp("site")
    for plugin in PLUGINS:
        call = [sys.executable, "-c", BUILD, str(folder)]
        built = subprocess.run(call, cwd=plugin, check=True, capture_output=True, text=True).stdout.split()[-1]
        with zipfile.ZipFile(folder / built) as archive:
            archive.extractall(folder)
    return folder


def run(site: Path, call: list[str], folder: Path) -> str:
    done = subprocess.run(
        call, cwd=folder, env={**environment(), "PYTHONPATH": str(site)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("plugin", PLUGINS, ids=[path.name for path in PLUGINS])
def test_its_tests_pass(site: Path, plugin: Path) -> None:
    how = [
        "-q",
        "-p",
        "no:cacheprovider",
        "-rs",
        "--rootdir",
        str(plugin),
        "-c",
        str(plugin / "pyproject.toml"),
        "-W",
        "error",
    ]
    out = run(site, [sys.executable, "-m", "pytest", *how, str(plugin / "tests")], site)
    if " passed" not in out:
        pytest.skip(out.strip().splitlines()[-1])


def test_each_stage_is_listed_as_its_own_and_nothing_of_it_is_in_the_core(site: Path) -> None:
    rows = [line.split() for line in run(site, command("plugins"), site).splitlines()[1:]]
    assert {(row[1], row[2], row[3]) for row in rows} >= {
        ("iir.biquad", "faltung-iir", "0.1.0"),
        ("iir.sos", "faltung-iir", "0.1.0"),
    }
    for path in (Path(__file__).parents[1] / "pipeline").rglob("*.py"):
        assert not any(name in path.read_text("utf-8") for name in ("faltung_iir", "pedalboard")), path


@pytest.mark.parametrize("plugin", PLUGINS, ids=[path.name for path in PLUGINS])
def test_its_example_runs(site: Path, plugin: Path, tmp_path: Path) -> None:
    if "pedalboard" in plugin.name:
        pytest.importorskip("pedalboard", reason="pedalboard is not installed")
    sf.write(tmp_path / "in.wav", np.random.default_rng(1).uniform(-0.1, 0.1, (8000, 2)), 8000, "FLOAT")
    run(site, command("run", str(plugin / "example.yaml"), "in.wav", "-o", str(tmp_path / "out.wav"), "-q"), tmp_path)
    assert len(sf.read(tmp_path / "out.wav")[0]) >= 8000
