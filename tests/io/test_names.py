"""Real names looked up folder by folder are those that the system gives; a URL is no name of a file."""

from __future__ import annotations

import os
from itertools import product
from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.io.names import RealNames, refuse_url


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/file").touch()
    (tmp_path / "a/b/to-file").symlink_to("../file")
    (tmp_path / "to-b").symlink_to("a/b")
    (tmp_path / "a/to-link").symlink_to("b/to-file")
    (tmp_path / "dangling").symlink_to("nowhere/x")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "a/up").symlink_to("..")
    monkeypatch.chdir(tmp_path / "a")
    return tmp_path


PARTS = ("a", "b", "file", "to-file", "to-b", "to-link", "dangling", "loop", "up", "..", ".", "new")


def test_they_are_those_of_the_system(tree: Path) -> None:
    real = RealNames()
    parts = [parts for length in (1, 2, 3) for parts in product(PARTS, repeat=length)]
    paths = ["/".join(of_one) for of_one in parts if "loop" not in of_one[:-1]]  # there is no file behind a circle
    for start in ("", f"{tree}/", f"{tree}//", "./", "/"):
        for path in (start + path for path in paths):
            assert real(path) == os.path.realpath(path), path
    for path in ("", ".", "..", "/", "//", f"{tree}/a/", "a/b/../..", Path("b"), tree / "to-b"):
        assert real(path) == os.path.realpath(path), path
        assert real.folder(path) == os.path.realpath(path), path


def test_a_folder_is_looked_up_once(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up = []
    realpath = os.path.realpath
    monkeypatch.setattr(os.path, "realpath", lambda path: looked_up.append(path) or realpath(path))
    real = RealNames()
    assert [real(tree / f"to-b/{i}") for i in range(100)] == [f"{tree}/a/b/{i}" for i in range(100)]
    assert looked_up == [f"{tree}/to-b"]


@pytest.mark.parametrize("name", ["s3://bucket/report.html", "memory://b/r.html", "gs+x://b/r.html"])
def test_a_url_that_became_a_path_is_refused(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in (Path(name), tmp_path / Path(name)):
        with pytest.raises(
            UsageError, match=r"is a URL, and such a file is written on this machine alone; give a path"
        ):
            refuse_url(path)
    for good in ("report.html", "C:/report.html", "at 10:30/r.html", name):
        refuse_url(good)  # the URL itself is for those who know stores
    Path(name).parent.mkdir(parents=True)
    refuse_url(Path(name))  # a folder of such a name is there
