"""Values that no one means, in every setting that the schema lists: each holds, or is refused by name, rule and value.

No traceback, nothing that does not end, nothing that asks for gigabytes, and no input is changed.
"""

from __future__ import annotations

import re
import resource
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.absurd import VALUES, Place, is_told, places, scene, tried

PLACES = [place for place in places() if place.path != ("explain",)]  # which takes seconds, where it holds
PARTS = 4
_ROOM = 2 << 30  # bytes that all tries together may ask for: a giant array is over it, all honest ones far below
_PATIENCE = 60.0  # seconds for what takes a hundredth of one


class Endless(BaseException):
    """Nothing that has the time to be told: a try that does not end."""


@pytest.fixture
def bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the scene, as the working folder of a process that has no room for giant arrays."""
    monkeypatch.chdir(tmp_path)
    scene()
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (taken + _ROOM, before[1]))

    def ended(_number: int, _frame: object) -> None:
        raise Endless

    was = signal.signal(signal.SIGALRM, ended)
    yield tmp_path
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, was)
    resource.setrlimit(resource.RLIMIT_AS, before)


def hold_or_are_refused(folder: Path, chosen: Iterator[tuple[Place, Any]]) -> int:
    """Run each configuration; how many were refused."""
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    refused = 0
    for place, value in chosen:
        what = f"{place} = {value!r}"[:200]
        signal.setitimer(signal.ITIMER_REAL, _PATIENCE)
        code, said = tried(place.with_value(value))
        signal.setitimer(signal.ITIMER_REAL, 0)
        assert code in (0, 1, 2), (what, said)
        assert not re.search(r"Traceback|Error:|Warning:|pydantic|memory", said), (what, said)
        assert len(said) < 3000, (what, said)
        refused += code == 2
        key = next(part for part in reversed(place.path) if isinstance(part, str))
        by_name = any(word in said for word in (key, str(place.path[0]), "column"))
        if said.startswith("c.yaml:"):
            assert by_name, (what, said)
            assert is_told(value, said), (what, said)
        elif code:  # a name of a file is told by itself
            assert by_name or is_told(value, said), (what, said)
        for path in folder.iterdir():
            if path.is_dir() and path.name != "data":
                shutil.rmtree(path)
            elif path.name not in before and path.is_file():
                path.unlink()
        read = () if place.path == ("input",) else (place.config["input"],)
        assert [name for name in read if (folder / name).read_bytes() != before[name]] == [], what
        for name, data in before.items():
            (folder / name).write_bytes(data)
    return refused


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="what a process has taken is read from /proc")
@pytest.mark.parametrize("part", range(PARTS))
def test_a_value_that_no_one_means_holds_or_is_refused(part: int, bounded: Path) -> None:
    chosen = ((place, VALUES[(7 * i + 3) % len(VALUES)]) for i, place in enumerate(PLACES) if i % PARTS == part)
    assert hold_or_are_refused(bounded, chosen) > 30


@pytest.mark.whole
@pytest.mark.parametrize("use", sorted({str(place).partition(" ")[0] for place in PLACES}))
def test_every_value_in_every_setting(use: str, bounded: Path) -> None:
    chosen = ((place, value) for place in PLACES if str(place).partition(" ")[0] == use for value in VALUES)
    assert hold_or_are_refused(bounded, chosen) > 0


def test_settings_inside_settings_are_among_the_places() -> None:
    names = set(map(str, PLACES))
    inside = {"batch.jobs", "table.encoding", "echo stages.0.taps.0.delay", "match stages.0.threshold.mad"}
    assert inside <= names, inside - names
    assert len(names) > 120
