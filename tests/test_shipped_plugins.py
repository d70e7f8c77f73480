"""The plugins in plugins/ are installed from the tree, as pip does; their tests, examples and galleries run."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from pipeline.io import read_signal

from .cli.conftest import command, environment

PLUGINS = sorted(path.parent for path in (Path(__file__).parents[1] / "plugins").glob("*/pyproject.toml"))
EXAMPLES = [path for path in PLUGINS if (path / "example.yaml").exists()]
GALLERY = sorted(path for plugin in PLUGINS for path in plugin.glob("gallery/*.yaml"))
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


@pytest.mark.parametrize("plugin", EXAMPLES, ids=[path.name for path in EXAMPLES])
def test_its_example_runs(site: Path, plugin: Path, tmp_path: Path) -> None:
    if "pedalboard" in plugin.name:
        pytest.importorskip("pedalboard", reason="pedalboard is not installed")
    sf.write(tmp_path / "in.wav", np.random.default_rng(1).uniform(-0.1, 0.1, (8000, 2)), 8000, "FLOAT")
    run(site, command("run", str(plugin / "example.yaml"), "in.wav", "-o", str(tmp_path / "out.wav"), "-q"), tmp_path)
    assert len(sf.read(tmp_path / "out.wav")[0]) >= 8000


def test_every_plugin_has_an_example_or_a_gallery() -> None:
    assert {path.parents[1] for path in GALLERY} | set(EXAMPLES) == set(PLUGINS)


@pytest.fixture(scope="module")
def galleries(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("galleries")
    for gallery in {path.parent for path in GALLERY}:
        here = folder / gallery.parent.name
        shutil.copytree(gallery, here, ignore=shutil.ignore_patterns("data", "out"))
        run(site, [sys.executable, str(here / "make.py")], folder)
    return folder


@pytest.mark.parametrize("path", GALLERY, ids=[f"{path.parents[1].name}-{path.stem}" for path in GALLERY])
def test_a_configuration_of_a_gallery_runs_and_finds_what_was_put_in(site: Path, galleries: Path, path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.startswith("# ")
    assert f"faltung run {path.name}" in text
    here = galleries / path.parents[1].name
    run(site, command("run", path.name, "-q"), here)
    (output,) = [one for one in (here / "out").iterdir() if one.suffix != ".json" and one.name != ".faltung"]
    truth = json.loads((here / "data" / "truth.json").read_text("utf-8"))
    if path.stem in truth:
        assert_found(output, [datetime.fromisoformat(one) for one in truth[path.stem]])
    elif output.suffix == ".wav":
        assert np.flatnonzero(np.abs(sf.read(output)[0][:, 0]) > 0.01)[0] == truth["first frame"]
    else:
        assert len(read_signal(output)[0]) > 1000
    shutil.rmtree(here / "out")


def assert_found(output: Path, expected: list[datetime]) -> None:
    """Every event that was put in, and no other, each within half a frame of its time."""
    rows = list(csv.DictReader(output.read_text("utf-8").splitlines()))
    half = timedelta(seconds=0.51 * float(rows[0]["start_s"]) / int(rows[0]["start_frame"]))
    for channel in {row["channel"] for row in rows}:
        told = [row["start_utc"].rstrip("Z") or row["start_local"] for row in rows if row["channel"] == channel]
        found = [datetime.fromisoformat(one[:26]) for one in told]
        assert len(found) == len(expected)
        assert max(abs(a - b) for a, b in zip(found, expected, strict=True)) <= half
