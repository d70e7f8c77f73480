"""Names of stages and their settings are completed in bash, zsh and fish: by real shells, where they are installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import environment

SCRIPT = "import sys; from pipeline.cli import main; sys.exit(main())"

CASES = [
    ("stages ec", {"echo"}),
    ("stages re", {"resample", "reverb", "reverse"}),
    ("apply a.wav b.wav smo", {"smooth"}),
    ("apply a.wav b.wav echo del", {"delay="}),
    ("apply a.wav b.wav echo delay=1ms : norm", {"normalize"}),
    ("apply a.wav b.wav gain gain=2 : smooth len", {"length="}),
    ("run c.yaml -s stages.0.rep", {"stages.0.repeats="}),
    ("run c.yaml --set hall.rep", {"hall.repeats="}),
    ("run missing.yaml -s stages.0.", set()),
    ("apply a.wav b.wav no_such de", set()),
    ("stages xyz", set()),
]


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with a configuration, and a command ``faltung`` on the path."""
    (tmp_path / "c.yaml").write_text("version: 1\nstages: [{use: echo, id: hall, delay: 1 ms, gain: 0.5}]\n")
    command = tmp_path / "faltung"
    command.write_text(f"#!{sys.executable}\n{SCRIPT}\n")
    command.chmod(0o755)
    return tmp_path


def run(here: Path, call: list[str], **more: str) -> str:
    path = f"{here}{os.pathsep}{os.environ['PATH']}"
    env = {**environment(), "PATH": path, "PYTHONPATH": str(Path(__file__).parents[2]), **more}
    return subprocess.run(call, cwd=here, env=env, capture_output=True, text=True, check=True).stdout


def script_of(here: Path, shell: str) -> str:
    return run(here, ["./faltung"], _FALTUNG_COMPLETE=f"source_{shell}")


@pytest.mark.parametrize(("line", "expected"), CASES)
def test_bash_completes(here, line, expected):
    bash = shutil.which("bash") or pytest.skip("bash is not installed")
    text = f"""{script_of(here, "bash")}
COMP_WORDS=(faltung {line}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_faltung_completion faltung; printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    assert set(run(here, [bash, "--norc", "-c", text]).split()) == expected


@pytest.mark.parametrize(
    ("words", "expected"), [("smooth phase = ca", {"causal"}), ("smooth phase=", {"causal", "zero"})]
)
def test_bash_completes_values_also_where_it_parts_a_word(here, words, expected):
    line = f"faltung apply a b {words}".split()
    asked = {"_FALTUNG_COMPLETE": "complete_bash", "COMP_WORDS": "\n".join(line), "COMP_CWORD": str(len(line) - 1)}
    got = run(here, ["./faltung"], **asked).split()
    assert {word.removeprefix("phase=") for word in got} == expected


@pytest.mark.parametrize(("line", "expected"), CASES)
def test_fish_completes(here, line, expected):
    fish = shutil.which("fish") or pytest.skip("fish is not installed")
    text = f"{script_of(here, 'fish')}\ncomplete --do-complete 'faltung {line}'"
    home = {name: str(here) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}
    got = {row.partition("\t")[0] for row in run(here, [fish, "--no-config", "-c", text], **home).splitlines()}
    assert {word for word in got if not (here / word).exists()} == expected


@pytest.mark.parametrize(("line", "expected"), CASES)
def test_zsh_completes(here, line, expected):
    zsh = shutil.which("zsh") or pytest.skip("zsh is not installed")
    # without a terminal there is no line to complete: what the script would be given to offer is looked at
    script = script_of(here, "zsh")
    assert "_TYPER_COMPLETE_ARGS" in script
    text = f"""_TYPER_COMPLETE_ARGS="faltung {line}" _FALTUNG_COMPLETE=complete_zsh faltung"""
    got = run(here, [zsh, "-f", "-c", text])
    assert set(got.split('"')[1::2]) == expected


@pytest.mark.parametrize(
    ("shell", "sign"), [("bash", "COMPREPLY"), ("zsh", "#compdef faltung"), ("fish", "complete --command faltung")]
)
def test_the_script_of_a_shell_that_is_named_is_shown_and_installed(here, shell, sign):
    """Whatever shell calls: one may ask for another's, in a container or for a package."""
    assert sign in run(here, ["./faltung", "--show-completion", shell])
    said = run(here, ["./faltung", "--install-completion", shell], HOME=str(here))
    assert said.startswith(f"{shell} completion installed in {here}")


def test_a_shell_that_nothing_completes_is_refused_with_those_there_are(here):
    with pytest.raises(subprocess.CalledProcessError) as refused:
        run(here, ["./faltung", "--show-completion", "tcsh"])
    assert refused.value.returncode == 2
    assert "'tcsh' is not one of 'bash', 'zsh', 'fish'" in refused.value.stderr
