"""Commands of other packages: found by name, listed with what is wrong, never looked for by a command of the core."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer

from pipeline import plugins
from pipeline.cli.commands import app
from pipeline.cli.others import only
from tests.plugin_kit import Distributions

from .conftest import Done, environment

Faltung = Callable[..., Done]

HALVE = '''
from typing import Annotated

import typer

import pipeline


def halve(
    source: Annotated[str, typer.Argument(metavar="IN")],
    output: Annotated[str, typer.Option("-o", "--output", metavar="FILE", help="The half.")] = "half.wav",
) -> None:
    """Write half of a signal."""
    x, info = pipeline.read(source)
    pipeline.write(output, x / 2, info.fs)


def other() -> None:
    """Do another thing."""
'''


@pytest.fixture
def dists(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Distributions]:
    made = Distributions(tmp_path_factory.mktemp("dists"), monkeypatch)
    yield made
    made.forget()


def test_a_command_of_another_package_is_called_by_its_name_alone(dists: Distributions, faltung: Faltung) -> None:
    import numpy as np
    import soundfile as sf

    dists.add("acme-half", HALVE, command="halve = halve; do-other = other")
    assert faltung("halve", "in.wav", "-o", "out.wav").code == 0
    np.testing.assert_allclose(sf.read("out.wav")[0], sf.read("in.wav")[0] / 2, atol=2**-16)
    told = faltung("halve", "--help")
    assert "Usage: faltung halve [OPTIONS] " in told.out
    assert "The half." in told.out
    listed = faltung("--help").out
    assert "  halve       Write half of a signal." in listed
    assert "  do-other    Do another thing." in listed
    assert "No such command 'halv'. Did you mean 'halve'?" in faltung("halv").err
    assert faltung("halve").err == "faltung halve: Missing argument 'IN'. Try 'faltung halve --help'.\n"
    assert "acme-half" in faltung("plugins").out


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import no_such_module", r"the command 'halve' of acme-half cannot be imported: ModuleNotFoundError"),
        ("raise SystemExit(3)", r"the command 'halve' of acme-half cannot be imported: SystemExit: 3"),
        ("x = 1", r"the command 'halve' of acme-half cannot be imported: AttributeError"),
        ("halve = 3", r"the command 'halve' of acme-half is 3, which is none: "),
        ("def halve(x: int | bytes): ...", r"the command 'halve' of acme-half is <function halve at "),
    ],
)
def test_a_broken_command_is_listed_and_fatal_only_when_called(
    dists: Distributions, faltung: Faltung, source: str, said: str
) -> None:
    dists.add("acme-half", source, command="halve = halve")
    done = faltung("halve", "in.wav", "--what", "ever")
    assert done.code == 2
    assert said in done.err
    assert done.err.count("\n") == 1
    assert "halve       the command 'halve' of acme-half" in faltung("--help").out
    assert faltung("apply", "in.wav", "out.wav", "gain", "gain=0.5").code == 0
    doctor = faltung("doctor", "--json")
    assert (doctor.code, doctor.json["ok"]) == (1, False)
    assert any(said in entry.get("error", "") for entry in faltung("plugins", "--json").json)


def test_a_name_that_the_core_has_is_refused(dists: Distributions, faltung: Faltung) -> None:
    dists.add("acme-half", HALVE, command="apply = halve")
    assert faltung("apply", "in.wav", "out.wav", "gain", "gain=0.5").code == 0
    assert "Write half" not in faltung("--help").out
    errors = [entry["error"] for entry in faltung("plugins", "--json").json if "error" in entry]
    assert errors == ["the command 'apply' of acme-half is one of faltung's own, which is used"]


def test_a_name_that_two_packages_have_is_refused_with_both(dists: Distributions, faltung: Faltung) -> None:
    dists.add("acme-half", HALVE, command="sweep = halve")
    done = faltung("sweep", "-o", "sweep.wav")
    assert done.code == 2
    assert "the command 'sweep' is given by two distributions, acme-half and faltung; uninstall one" in done.err


def test_what_faltung_bundles_is_there_without_plugins(dists: Distributions, faltung: Faltung, monkeypatch) -> None:
    dists.add("acme-half", HALVE, command="halve = halve")
    monkeypatch.setenv(plugins.OFF, "1")
    listed = faltung("--help").out
    assert "  sweep " in listed
    assert "halve" not in listed
    assert "No such command 'halve'" in faltung("halve", "in.wav").err


@pytest.mark.parametrize("words", [("run", "echo.yaml"), ("plan", "echo.yaml"), ("run", "--help")])
def test_a_command_of_the_core_looks_for_no_other(place: Path, words: tuple[str, ...]) -> None:
    program = (
        "import sys; from importlib import metadata; from pipeline.cli import main\n"
        "metadata.entry_points = None\n"  # to ask for them is an error now
        f"code = main({list(words)!r})\n"
        "sys.exit(code or any(name.startswith('faltung_') for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment())
    assert done.returncode == 0, done.stderr


def test_a_command_of_the_core_is_made_alone_and_all_are_where_none_has_the_name() -> None:
    every = {one.callback.__name__ for one in app.registered_commands if one.callback is not None}
    assert set(typer.main.get_command(only(app, "run")).commands) == {"run"}  # type: ignore[attr-defined]
    assert set(typer.main.get_command(only(app, "nun")).commands) == every  # type: ignore[attr-defined]
