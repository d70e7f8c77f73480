"""What a run would refuse is foreseen by ``--dry-run`` and by ``plan``, in the same words, as far as headers tell."""

from __future__ import annotations

import contextlib
import io
import os
import re
from pathlib import Path

import pytest

from pipeline.cli import main
from tests.faults.absurd import VALUES, places, scene
from tests.faults.rows import GOOD, ROWS, Row, prepared
from tests.faults.test_three_hundred import BROKEN

CONFIG = "version: 1\ninput: 'in/*'\noutput: 'out/{name}'\nstages: [{use: gain, gain: 1}]\n"
DECODED = {"cut.flac", "flipped.flac", "nan.wav"}
"""Files that are found to be broken by their samples alone."""
ONLY_DECODED = {"NaN let through into PCM", "over full scale, clip: error"}


def said_by(*words: str) -> tuple[int, str]:
    """Exit code of a command, and what it said."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        code = main(words)
    return code, said.getvalue()


def reasons(said: str) -> set[str]:
    """Why files of ``in`` fail, one line each."""
    return {line.strip().removeprefix("faltung: ") for line in said.splitlines() if re.search(r"\bin/[^:]*: \S", line)}


def test_a_tree_of_broken_files_is_foreseen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "4000")
    Path("in").mkdir()
    for name, data in {**BROKEN, "good.wav": GOOD}.items():
        (Path("in") / name).write_bytes(data)
    Path("in/dangling.wav").symlink_to("gone.wav")
    Path("in/round.wav").symlink_to("round.wav")
    os.mkfifo("in/pipe.wav")
    Path("c.yaml").write_text(CONFIG)
    dry, planned = said_by("run", "c.yaml", "--dry-run"), said_by("plan", "c.yaml")
    foreseen = reasons(dry[1])
    assert (dry[0], planned[0], reasons(planned[1])) == (1, 1, foreseen)
    told = set[str]()
    for part in ("in/[!a-e]*", "in/[a-e]*"):  # of so many a run shows the first 20
        code, said = said_by("run", "c.yaml", part)
        assert code == 1
        told |= reasons(said)
    of_samples = {line for line in told if any(f"in/{name}: " in line for name in DECODED)}
    assert len(of_samples) == len(DECODED)
    assert foreseen == told - of_samples
    assert len(told) == len(BROKEN) + 3


@pytest.mark.parametrize("row", [one for one in ROWS if one.words[0] == "run"], ids=lambda row: row.name)
def test_a_row_that_runs_is_foreseen(row: Row, tmp_path: Path) -> None:
    with prepared(row, tmp_path):
        code, said = said_by(*row.words, "--dry-run")
        assert [path.name for path in tmp_path.rglob("*.part")] == []
        assert Path("out.wav").read_bytes() == b"what stood here before"
    if row.name in ONLY_DECODED or row.code == 0:
        assert code == 0, said
    else:
        assert (code, row.said in said) == (row.code, True), said


def test_a_value_that_is_refused_is_refused_dry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    scene()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    refused = 0
    for i, place in enumerate(places()):
        if i % 3 or place.path == ("explain",):
            continue
        Path("c.yaml").write_text(place.with_value(VALUES[(11 * i + 5) % len(VALUES)]), "utf-8")
        dry = said_by("run", "c.yaml", "--overwrite", "-q", "--dry-run")
        real = said_by("run", "c.yaml", "--overwrite", "-q")
        assert real[0] != 2 or dry == real, (str(place), dry, real)
        refused += real[0] == 2
        for name, data in before.items():
            Path(name).write_bytes(data)
    assert refused > 40
