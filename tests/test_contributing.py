"""CONTRIBUTING shows the way in: an afternoon's reading that a run really takes, and every part of the house."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path

import pytest

from tests.test_house import FLOORS

ROOT = Path(__file__).resolve().parents[1]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
DEPENDENCIES = (ROOT / "docs" / "dependencies.md").read_text("utf-8")

SPINE = re.findall(
    r"^\d+\. `(.*?)`: \S.*\.$", CONTRIBUTING.partition("<!-- the spine -->")[2].partition("<!-- the")[0], re.M
)


def test_the_spine_is_read_in_an_afternoon() -> None:
    assert 20 <= len(SPINE) == len(set(SPINE))
    assert sum(len((ROOT / name).read_text("utf-8").splitlines()) for name in SPINE) < 4000


def test_the_core_stays_a_house_that_one_person_knows() -> None:
    assert sum(len(path.read_text("utf-8").splitlines()) for path in (ROOT / "pipeline").rglob("*.py")) < 27_000


def test_a_run_from_yaml_to_wav_goes_through_every_file_of_the_spine(tmp_path: Path) -> None:
    (tmp_path / "echo.yaml").write_text(
        "version: 1\nstages:\n- {use: echo, delay: 1}\n- {use: fir, kind: lowpass, cutoff: 1 kHz, transition: 9 Hz}\n"
    )
    program = (
        "import sys; from pipeline import Pipeline; "
        f"Pipeline.from_yaml({str(tmp_path / 'echo.yaml')!r}).run_file("
        f"{str(ROOT / 'data' / 'pluck.wav')!r}, {str(tmp_path / 'out.wav')!r}); "
        "print(*(m.__file__ for name, m in sys.modules.items() if name.startswith('pipeline.')), sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    gone_through = {Path(line).relative_to(ROOT).as_posix() for line in done.stdout.splitlines()}
    assert set(SPINE) - gone_through == set()


def test_the_table_of_parts_has_every_part_in_its_order() -> None:
    rows = re.findall(r"^\| `(pipeline/.*?)` \|", CONTRIBUTING, re.M)
    named = [part for row in rows for part in re.findall(r"([\w]+)(?:\.py|/$|/`)", row.removesuffix("`") + "`")]
    floors = [part or "__init__" for floor in FLOORS for part in sorted(floor)]
    assert named == floors


def test_the_picture_of_the_parts_is_what_the_imports_say() -> None:
    done = subprocess.run([sys.executable, ROOT / "docs" / "parts.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_library_has_a_row_that_says_why() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *chain.from_iterable(project["optional-dependencies"].values())]
    names = {re.split(r"[\[<>=;~ ]", requirement)[0] for requirement in wanted} - {"faltung"}
    assert [name for name in sorted(names) if name.lower() not in DEPENDENCIES.lower()] == []
    assert not re.search(r"\| *\|", DEPENDENCIES), "a cell is empty"


@pytest.mark.parametrize("name", re.findall(r"`((?:\w+/)*\w+\.py)`", DEPENDENCIES.partition("## What is our own")[2]))
def test_what_is_called_our_own_is_there(name: str) -> None:
    assert (ROOT / "pipeline" / name).is_file() or (ROOT / "pipeline" / "batch" / name).is_file()


def test_no_paragraph_is_written_twice() -> None:
    paragraphs = [text for text in DEPENDENCIES.split("\n\n") if len(text) > 40]
    assert len(paragraphs) == len(set(paragraphs))
