"""`faltung stages`, `schema`, `doctor`, `--help`, `--version`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from faltung_doctor import checks
from faltung_schema.schema import schema_text

import pipeline
from pipeline.config.load import parse_config
from pipeline.dsp import transforms
from pipeline.dsp.transforms import library_version
from pipeline.errors import PluginError
from pipeline.stages.base.registry import StageSource, available_stages

from .conftest import Done, command, environment

Faltung = Callable[..., Done]

NAMES = [source.name for source in available_stages() if source.distribution == "faltung"]


def test_help_lists_the_commands(faltung: Faltung) -> None:
    done = faltung("--help")
    assert (done.code, done.err) == (0, "")
    commands = done.out.partition("Commands:")[2].split()
    assert {"run", "apply", "plan", "bake", "stages", "schema", "doctor"} <= set(commands)
    assert faltung() == done


@pytest.mark.parametrize("name", ["run", "apply", "plan", "bake", "stages", "schema", "doctor"])
def test_every_command_has_help_that_fits_a_terminal(
    name: str, faltung: Faltung, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = faltung(name, "-h")
    assert (done.code, done.err) == (0, "")
    assert max(map(len, done.out.splitlines())) <= 80


def test_help_imports_nothing_that_is_slow() -> None:
    code = "import sys; from pipeline.cli import main; main(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment())
    slow = {"numpy", "scipy", "pydantic", "matplotlib", "soundfile", "soxr", "yaml", "jinja2", "rich"}
    assert slow & set(done.stderr.split()) == set()


def test_a_quiet_run_imports_no_more_than_it_needs(tmp_path: Path) -> None:
    config = tmp_path / "hall.yaml"
    config.write_text("version: 1\nstages: [{use: convolve, taps: [1, 0.5]}, {use: echo, delay: 1 s, gain: 0.5}]\n")
    soundfile.write(tmp_path / "in.wav", np.ones(9), 8000, "FLOAT")
    arguments = ["run", str(config), str(tmp_path / "in.wav"), "-o", str(tmp_path / "out.wav"), "-q"]
    code = f"import sys; from pipeline.cli import main; main({arguments}); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment())
    slow = {"scipy", "scipy.fft", "matplotlib", "soundfile", "soxr", "jinja2", "rich", "multiprocessing"}
    assert (tmp_path / "out.wav").is_file()
    assert slow & set(done.stderr.split()) == set()


def test_the_module_is_the_command_and_has_a_version() -> None:
    done = subprocess.run(command("--version"), capture_output=True, text=True, env=environment(), check=True)
    assert done.stdout == f"faltung {pipeline.__version__}\n"


def test_an_unknown_command_is_one_line_with_the_nearest(faltung: Faltung) -> None:
    done = faltung("rnu")
    assert done == Done(2, "", "faltung: No such command 'rnu'. Did you mean 'run'? Try 'faltung --help'.\n")


# ---- stages -------------------------------------------------------------------------------------------------------


def test_the_list_has_every_stage_with_a_line_and_its_distribution(faltung: Faltung) -> None:
    done = faltung("stages")
    assert (done.code, done.err) == (0, "")
    rows = done.out.splitlines()[1:]
    assert [row.split()[0] for row in rows] == NAMES
    assert all(row.endswith("  faltung") for row in rows)
    listed = faltung("stages", "--json").json
    assert [entry["name"] for entry in listed] == NAMES
    assert all(entry["summary"] for entry in listed)


@pytest.mark.parametrize("name", NAMES)
def test_a_stage_is_told_in_full_and_its_examples_are_valid(name: str, faltung: Faltung) -> None:
    done = faltung("stages", name)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"{name}  from faltung; ")
    stage = faltung("stages", name, "--json").json
    for setting in stage["settings"]:
        assert setting["description"]
        assert f"\n{setting['name']} " in done.out
    examples = done.out.partition("examples, each an entry of 'stages:'\n")[2]
    assert parse_config(f"version: 1\nstages:\n{examples}").settings.stages


def test_a_setting_says_its_kind_its_default_and_its_unit(faltung: Faltung) -> None:
    stage = faltung("stages", "smooth", "--json").json
    settings = {setting["name"]: setting for setting in stage["settings"]}
    assert (settings["length"]["type"], settings["length"]["required"]) == ("time", True)
    assert "'ms'" in settings["length"]["unit"]
    assert settings["phase"]["type"] == "causal | zero"
    assert settings["phase"]["default"] == "causal"
    assert settings["order"]["type"] == "whole number"


def test_a_stage_that_is_not_there_is_refused_with_the_nearest(faltung: Faltung) -> None:
    done = faltung("stages", "ecoh")
    assert done == Done(2, "", "faltung: unknown stage 'ecoh'; did you mean 'echo'?\n")


def test_a_plugin_that_cannot_be_imported_is_listed_with_the_reason(
    faltung: Faltung, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.cli import stage_view

    def broken(_name: str) -> None:
        raise PluginError("the stage 'acme.comb' of acme cannot be imported: ImportError('no acme')")

    monkeypatch.setattr(stage_view, "available_stages", lambda: [StageSource("acme.comb", "acme")])
    monkeypatch.setattr(stage_view, "stage_class", broken)
    done = faltung("stages")
    assert done.code == 0
    assert "acme.comb" in done.out
    assert "no acme" in done.out


# ---- schema -------------------------------------------------------------------------------------------------------


def test_the_schema_is_printed_or_written_and_never_over_a_file(faltung: Faltung, place: Path) -> None:
    printed = faltung("schema")
    assert (printed.code, printed.err, printed.out) == (0, "", schema_text())
    assert json.loads(printed.out)["$schema"].startswith("http://json-schema.org/draft-07")
    assert faltung("schema", "-o", "s.json") == Done(0, "", "")
    assert (place / "s.json").read_text("utf-8") == schema_text()
    refused = faltung("schema", "-o", "s.json")
    assert (refused.code, refused.out) == (2, "")
    assert faltung("schema", "-o", "s.json", "--overwrite").code == 0


# ---- doctor -------------------------------------------------------------------------------------------------------


def test_the_doctor_says_what_is_installed(faltung: Faltung) -> None:
    data = faltung("doctor", "--json").json
    found = {check["what"]: check["found"] for check in data["checks"]}
    assert {"Python", "platform", "processors", "numpy", "soundfile", "ffmpeg", "temporary files"} <= set(found)
    assert "libsndfile" in found["soundfile"]
    assert found["stages"] == f"{len(NAMES)} stages of faltung"
    assert found["transforms"] == library_version()
    assert found["Chinese font"]


def test_the_doctor_says_where_chinese_cannot_be_drawn(faltung: Faltung, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faltung_explain.drawing.chinese_font", lambda: None)
    found = {check["what"]: check for check in faltung("doctor", "--json").json["checks"]}
    assert found["Chinese font"]["found"].startswith("not found; --lang zh draws in English. On Debian: fonts-noto-cjk")
    assert found["Chinese font"]["good"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("fftw", "FALTUNG_FFT must be opencv or scipy, got 'fftw'; without it opencv is used if installed"),
        ("opencv", "FALTUNG_FFT is opencv, which is not installed; install faltung[fast], or set it to scipy"),
    ],
)
def test_the_doctor_says_that_the_transforms_asked_for_are_not_to_be_had(
    asked: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FALTUNG_FFT", asked)
    monkeypatch.setattr(transforms, "find_spec", lambda _: None)
    transforms.library.cache_clear()
    try:
        assert checks._transforms() == checks.Check("transforms", told, good=False)
    finally:
        transforms.library.cache_clear()


def test_the_doctor_finds_what_is_wrong_and_ends_with_1(faltung: Faltung, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = [checks.Check("numpy", "2.0.0"), checks.Check("stage acme.comb", "cannot be imported", good=False)]
    monkeypatch.setattr(checks, "all_checks", lambda: bad)
    done = faltung("doctor")
    assert done.code == 1
    assert [line.split()[0] for line in done.out.splitlines()[1:]] == ["ok", "WRONG"]
    assert faltung("doctor", "--json").json["ok"] is False


def test_the_doctor_finds_another_package_of_the_same_name(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "pipeline").mkdir()
    (place / "pipeline/__init__.py").touch()
    monkeypatch.syspath_prepend(str(place))
    check = checks._ours()
    assert not check.good
    assert str(place / "pipeline") in check.found


def test_the_doctor_finds_a_version_that_is_not_the_one_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks.metadata, "version", lambda _name: "0.0.1")
    check = checks._version()
    assert (check.good, check.found) == (
        False,
        f"{pipeline.__version__} runs, 0.0.1 is installed; install it again",
    )
