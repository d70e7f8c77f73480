"""The README's commands and its Python run as they stand, from a copy of the project's own data and configurations."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.config.load import validate_config
from pipeline.config.yaml_text import read_yaml
from pipeline.settings import Settings
from pipeline.stages.base.spectrogram import SpectrogramSettings
from pipeline.stages.base.templates import Templates
from pipeline.stages.base.threshold import Threshold
from tests.explain.conftest import draw_nothing

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")


MATCHING = (ROOT / "docs" / "matching.md").read_text("utf-8")
MEASURING = (ROOT / "docs" / "measuring.md").read_text("utf-8")
BATCH = (ROOT / "docs" / "batch.md").read_text("utf-8")


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def commands(text: str = README) -> list[str]:
    lines = [line for block in blocks("console", text) for line in block.splitlines()]
    return [line[2:] for line in lines if line.startswith("$ faltung ")]


def clone(folder: Path) -> Path:
    """Make a folder look like a clone, for commands that write."""
    for name in ("data", "configs"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "out").mkdir()
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clone(tmp_path_factory.mktemp("clone"))


@pytest.fixture(scope="module")
def other_place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the same commands have not been run yet."""
    return clone(tmp_path_factory.mktemp("other"))


def environment() -> dict[str, str]:
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


each_command = pytest.mark.parametrize("command", commands() + commands(MATCHING))


@each_command
def test_every_command_of_the_readme_and_of_the_page_on_matching_works(
    command: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this process, and without pictures of explanations; `tests/explain/` has the worked example drawn."""
    monkeypatch.chdir(place)
    draw_nothing(monkeypatch)
    assert main(shlex.split(command)[1:]) == 0


@pytest.mark.long
@each_command
def test_every_command_of_the_readme_and_of_the_page_on_matching_works_in_a_shell(
    command: str, other_place: Path
) -> None:
    done = subprocess.run(["bash", "-c", command], cwd=other_place, capture_output=True, text=True, env=environment())
    assert done.returncode == 0, done.stderr


def test_the_python_of_the_readme_works(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    code = "\n".join(blocks("python"))
    exec(compile(code, "README.md", "exec"), {})


def test_the_python_of_the_page_on_matching_works(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    exec(compile("\n".join(blocks("python", MATCHING)), "matching.md", "exec"), {})


def test_the_commands_of_the_page_on_measuring_work_one_after_another(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    for command in commands(MEASURING):
        assert main(shlex.split(command)[1:]) == 0
    exec(compile("\n".join(blocks("python", MEASURING)), "measuring.md", "exec"), {})


def test_the_settings_of_the_page_on_matching_hold() -> None:
    class Search(Settings):
        template: Templates = ()
        threshold: Threshold = Threshold(score=0.7)
        domain: str = ""
        spectrogram: SpectrogramSettings | None = None

    written = [read_yaml(block).data for block in blocks("yaml", MATCHING) if "version:" not in block]
    names = [name for settings in written for name in settings]
    assert names == ["template", "domain", "spectrogram", "threshold", "template", *["threshold"] * 4]
    for settings in written:
        Search.model_validate(settings)


def test_the_configuration_of_the_page_on_matching_works(place: Path) -> None:
    (text,) = (block for block in blocks("yaml", MATCHING) if "version:" in block)
    (place / "matching.yaml").write_text(text, "utf-8")
    done = subprocess.run(
        ["faltung", "run", "matching.yaml"], cwd=place, capture_output=True, text=True, env=environment()
    )
    assert done.returncode == 0, done.stderr
    assert (place / "out" / "found" / "chirps.selections.txt").read_text("utf-8").count("\n") == 3


def test_the_commands_of_the_page_on_batches_work_one_after_another(place: Path) -> None:
    for command in commands(BATCH):
        done = subprocess.run(["bash", "-c", command], cwd=place, capture_output=True, text=True, env=environment())
        assert done.returncode == 0, done.stderr
        if "PCM_24" in command:
            assert "setting format.subtype changed: PCM_16 -> PCM_24" in done.stdout + done.stderr


def test_the_configuration_of_the_page_on_batches_holds() -> None:
    (block,) = blocks("yaml", BATCH)
    settings = validate_config(read_yaml(block).data).settings
    assert (settings.batch.jobs, settings.batch.timeout.seconds(1.0)) == ("auto", 600.0)


def test_the_fields_of_the_page_on_batches_are_those_of_a_manifest(place: Path) -> None:
    subprocess.run(["faltung", "run", "configs/batch.yaml", "--force"], cwd=place, check=True, env=environment())
    (manifest,) = (place / "out/batch/.faltung").glob("*.jsonl")
    record = json.loads(manifest.read_text("utf-8").splitlines()[-1])
    assert record["status"] == "done"
    assert [name for name in record if f"`{name}`" not in BATCH] == []


def test_the_configuration_of_the_readme_works(place: Path) -> None:
    (place / "readme.yaml").write_text(blocks("yaml")[0], "utf-8")
    done = subprocess.run(
        ["faltung", "run", "readme.yaml"], cwd=place, capture_output=True, text=True, env=environment()
    )
    assert done.returncode == 0, done.stderr
    assert (place / "out" / "pluck-echo-hall.wav").exists()


def test_the_make_targets_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in set(re.findall(r"\bmake (\w+)", README)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    assert "Python 3.11 or newer" in README
    assert 'requires-python = ">=3.11"' in (ROOT / "pyproject.toml").read_text("utf-8")


def test_every_file_the_readme_links_to_exists() -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / link).exists(), link


def test_the_picture_of_the_readme_is_the_one_that_the_code_draws() -> None:
    assert README.index("docs/figures/flip.png") < README.index("make demo")
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "figures.py"), "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
