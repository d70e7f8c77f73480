"""Every snippet of docs/plugins.md and docs/library.md runs, in its order, as it stands; the links lead somewhere."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.cli import main

from .cli.conftest import environment

ROOT = Path(__file__).resolve().parents[1]
PAGES = ["plugins", "library"]


def page(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text("utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_its_snippets_run(name, tmp_path):
    if name == "library":
        for library in ("pandas", "xarray", "polars"):
            pytest.importorskip(library, reason=f"{library} is not installed")
    for folder in ("configs", "data"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    snippets = re.findall(r"^```python\n(.*?)^```", page(name), re.DOTALL | re.MULTILINE)
    assert len(snippets) >= 3
    (tmp_path / "page.py").write_text("\n".join(snippets), "utf-8")
    done = subprocess.run([sys.executable, "page.py"], cwd=tmp_path, env=environment(), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_its_commands_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    lines = re.findall(r"^\$ faltung (.*)$", page("plugins"), re.MULTILINE)
    assert [main(line.split()) for line in lines] == [0, 0]
    assert (tmp_path / "acme-gcf/src/acme_gcf/__init__.py").is_file()


@pytest.mark.parametrize("name", PAGES)
def test_it_is_linked_from_the_readme(name):
    assert f"(docs/{name}.md)" in (ROOT / "README.md").read_text("utf-8")
