"""The short forms of `tests.soak.endings` and `tests.soak.full_disk`: signals and full disks under every command."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from pipeline.io.sink import hidden_beside
from tests.cli.conftest import faltung, place  # noqa: F401  (fixtures)
from tests.soak import endings, full_disk

linux = pytest.mark.skipif(sys.platform != "linux", reason="signals and limits of Linux")


@linux
@pytest.mark.parametrize("tries", [4, pytest.param(100, marks=pytest.mark.long)])
def test_a_signal_at_a_random_moment_of_any_command_leaves_nothing_half(tries: int, tmp_path: Path) -> None:
    assert sum(endings.trial(tmp_path / "place", random.Random(8), tries=tries).values()) == tries


@linux
@pytest.mark.parametrize("only", [("run", "match --save", "bake"), pytest.param((), marks=pytest.mark.long)])
def test_a_full_disk_under_any_command_leaves_what_stood_there(only: tuple[str, ...], tmp_path: Path) -> None:
    found = full_disk.trial(tmp_path / "place", random.Random(9), points=1, only=only)
    assert {what.rpartition(" ")[2] for what in found} == {"3"}


def test_what_a_killed_worker_left_is_removed_where_all_is_done_already(place, faltung):  # noqa: F811
    line = ("run", "echo.yaml", "in.wav", "two.wav", "-o", "out/{stem}.wav", "-q")
    (place / "two.wav").write_bytes((place / "in.wav").read_bytes())
    assert faltung(*line).code == 0
    left = Path(hidden_beside(str(place / "out" / "two.wav")))
    left.write_bytes(b"half")
    assert (faltung(*line).code, left.exists()) == (0, False)
