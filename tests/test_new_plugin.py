"""`faltung new-plugin`: each kind makes a package that installs without a network, is listed, runs and passes."""

# ruff: noqa: F811 - fixtures of another folder
from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from pipeline.errors import DiskFullError
from pipeline.io import sink

from .cli.conftest import Done, command, environment, faltung, place  # noqa: F401

KINDS = {
    "stage": "comb",
    "iir": "low",
    "detector": "onset",
    "reader": "gcf",
    "writer": "gcf",
    "events": "ticks",
    "labels": "ticks",
}
BUILD = "import sys, build_backend; print(build_backend.build_wheel(sys.argv[1]))"


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A package of each kind, and ``site``, where their wheels are unpacked as pip does."""
    folder = tmp_path_factory.mktemp("new")
    made = {"site": folder / "site"}
    for kind, name in KINDS.items():
        call = command("new-plugin", f"a{kind}.{name}", "--kind", kind, "-o", str(folder))
        subprocess.run(call, env=environment(), check=True, capture_output=True)
        made[kind] = folder / f"a{kind}-{name}"
        build = [sys.executable, "-c", BUILD, str(folder)]
        wheel = subprocess.run(build, cwd=made[kind], check=True, capture_output=True, text=True).stdout.strip()
        with zipfile.ZipFile(folder / wheel) as archive:
            archive.extractall(made["site"])
    return made


def run(packages: dict[str, Path], call: list[str], folder: Path) -> str:
    env = {**environment(), "PYTHONPATH": str(packages["site"])}
    done = subprocess.run(call, cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_each_is_listed_as_its_kind(packages):
    rows = [line.split() for line in run(packages, command("plugins"), packages["site"]).splitlines()[1:]]
    assert {(row[-4], row[-3]) for row in rows} == {
        (f"a{kind}.{name}", f"a{kind}-{name}") for kind, name in KINDS.items()
    }
    assert {row[-1] for row in rows} == {"ok"}


@pytest.mark.parametrize("kind", KINDS)
def test_its_own_tests_pass(packages, kind):
    out = run(packages, [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], packages[kind])
    assert " passed" in out


def test_each_is_clean_to_strict_mypy(packages):
    config = ["--config-file", str(packages["stage"] / "pyproject.toml"), "--cache-dir", str(packages["site"] / "mypy")]
    sources = [str(packages[kind] / "src") for kind in KINDS]
    assert "Success" in run(packages, [sys.executable, "-m", "mypy", *config, *sources], packages["site"])


def test_each_runs_from_its_yaml(packages, tmp_path):
    x = np.zeros((800, 1))
    x[[100, 790]] = 0.5
    x[300:306, 0] = [0, 0.1, 0.2, 0.1, -0.1, 0.05]
    sf.write(tmp_path / "in.wav", x, 8000, "DOUBLE")

    def example(kind: str, *arguments: str) -> None:
        run(packages, command("run", str(packages[kind] / "example.yaml"), *arguments, "-q"), tmp_path)

    example("stage", "in.wav", "-o", "comb.wav")
    assert sf.read(tmp_path / "comb.wav")[0][140] == pytest.approx(0.5 * 10 ** (-6 / 20))
    example("iir", "in.wav", "-o", "low.wav")
    example("writer", "in.wav", "-o", "x.gcf")
    data = (tmp_path / "x.gcf").read_bytes().replace(b"AWRITER_GCF", b"AREADER_GCF")
    (tmp_path / "y.gcf").write_bytes(data)
    example("reader", "y.gcf", "-o", "back.wav")
    assert len(sf.read(tmp_path / "back.wav")[0]) >= 800
    example("detector", "in.wav")
    rows = (packages["detector"] / "events.csv").read_text().splitlines()
    assert [row.split(",")[5] for row in rows[1:]] == ["100", "790"]
    example("events", "in.wav")
    ticks = (packages["events"] / "out/events.ticks").read_text()
    assert '"start_s": 0.0375' in ticks
    (packages["labels"] / "in.ticks").write_text(ticks)
    (packages["labels"] / "in.wav").write_bytes((tmp_path / "in.wav").read_bytes())
    example("labels", "in.wav")
    rows = (packages["labels"] / "out/events.csv").read_text().splitlines()
    assert [row.split(",")[5] for row in rows[1:]] == ["300"]


@pytest.mark.parametrize(("kind", "code"), [("writer", 2), ("reader", 2), ("events", 2), ("labels", 2), ("stage", 0)])
def test_a_second_for_the_same_files_is_refused_and_its_counterpart_is_not(packages, tmp_path, kind, code):
    """With a reader and a writer of ``.gcf``, and both of ``.ticks``, no other of either is begun."""
    call = command("new-plugin", f"other.{KINDS[kind]}", "--kind", kind, "-o", str(tmp_path))
    env = {**environment(), "PYTHONPATH": str(packages["site"])}
    assert subprocess.run(call, env=env, capture_output=True).returncode == code


@pytest.mark.parametrize(("first", "then"), [("reader", "writer"), ("writer", "reader"), ("labels", "events")])
def test_one_may_write_what_another_reads(packages, tmp_path, first, then):
    with zipfile.ZipFile(next(packages["site"].parent.glob(f"a{first}_*.whl"))) as archive:
        archive.extractall(tmp_path / "site")
    call = command("new-plugin", f"other.{KINDS[then]}", "--kind", then, "-o", str(tmp_path))
    env = {**environment(), "PYTHONPATH": str(tmp_path / "site")}
    done = subprocess.run(call, env=env, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("build", ["build_wheel", "build_editable", "build_sdist"])
def test_the_same_source_builds_the_same_or_what_pip_can_read(packages, build, tmp_path):
    code = f"import sys, build_backend; print(build_backend.{build}(sys.argv[1]))"
    call = [sys.executable, "-c", code, str(tmp_path)]
    name = subprocess.run(call, cwd=packages["stage"], check=True, capture_output=True, text=True).stdout.strip()
    assert (tmp_path / name).is_file()
    if build == "build_wheel":
        first = (tmp_path / name).read_bytes()
        subprocess.run(call, cwd=packages["stage"], check=True, capture_output=True)
        assert (tmp_path / name).read_bytes() == first


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["comb"], "'comb' must be a prefix of yours, a dot and a name, in small letters: acme.comb"),
        (["Acme.Comb"], "in small letters: acme.comb"),
        (["acme.my-comb"], "in small letters: acme.my_comb"),
        (["acme.a.b"], "in small letters: acme.b"),
        (["acme."], "in small letters: acme.comb"),
        (["../evil.comb"], "in small letters: acme.comb"),
        (["acme.comb", "--kind", "sage"], "--kind sage: no such kind of plugin; did you mean 'stage'?"),
        (["acme.wav", "--kind", "reader"], "'acme.wav' is for .wav, which can be read already"),
        (["acme.csv", "--kind", "writer"], "'acme.csv' is for .csv, which can be written already"),
        (["acme.csv", "--kind", "events"], "'acme.csv' is for .csv, which can be written already"),
        (["acme.eaf", "--kind", "labels"], "'acme.eaf' is for .eaf, which can be read already"),
        (["acme.there"], "acme-there: exists already; nothing was written"),
    ],
)
def test_what_cannot_be_begun_is_refused(faltung: Callable[..., Done], place: Path, arguments, said):
    (place / "acme-there").mkdir()
    before = sorted(place.iterdir())
    done = faltung("new-plugin", *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert sorted(place.iterdir()) == before


def test_a_disk_that_fills_up_leaves_no_half_package(faltung: Callable[..., Done], place: Path, monkeypatch):
    before, write = sorted(place.iterdir()), sink.write_bytes

    def full(path: Path, data: bytes, *, overwrite: bool) -> None:
        if path.name == "README.md":
            raise DiskFullError(str(path), "No space left on device")
        write(path, data, overwrite=overwrite)

    with monkeypatch.context() as patched:  # undone by itself: the fixture's change of folder stays
        patched.setattr(sink, "write_bytes", full)
        done = faltung("new-plugin", "acme.comb")
    assert (done.code, "README.md: No space left on device" in done.err) == (3, True)
    assert sorted(place.iterdir()) == before
    assert faltung("new-plugin", "acme.comb").code == 0


def test_a_process_that_is_killed_leaves_no_half_package(faltung: Callable[..., Done], place: Path):
    dying = (
        "import os, sys; from pipeline.io import sink; write = sink.write_bytes\n"
        "def killed(path, *a, **k):\n    write(path, *a, **k); path.name == 'README.md' and os._exit(9)\n"
        "sink.write_bytes = killed; from pipeline.cli import main; sys.exit(main(['new-plugin', 'acme.comb']))"
    )
    assert subprocess.run([sys.executable, "-c", dying], env=environment(), check=False).returncode == 9
    assert not (place / "acme-comb").exists()
    assert faltung("new-plugin", "acme.comb").code == 0
    assert (place / "acme-comb/pyproject.toml").exists()
    assert not list(place.glob(".acme*"))
