"""The trials in ``tests/soak/``, each in a short form, and in a longer one that is marked ``long``."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from tests.soak import driver_kills, faults, flat, kills, limit, signals, workers

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "place"


def short_or_long(*sizes: tuple[int, ...]) -> pytest.MarkDecorator:
    """Numbers of files and of what disturbs them: few, and many."""
    few, many = sizes
    return pytest.mark.parametrize(("files", "times"), [few, pytest.param(*many, marks=pytest.mark.long)])


@short_or_long((400, 1), (1000, 5))
def test_kills_of_the_process_group(place: Path, files: int, times: int) -> None:
    kills.trial(place, random.Random(1), files=files, kills=times)


@short_or_long((400, 1), (1000, 5))
def test_kills_of_the_command_alone(place: Path, files: int, times: int) -> None:
    driver_kills.trial(place, random.Random(2), files=files, kills=times)


@short_or_long((400, 1), (1000, 5))
def test_kills_of_workers(place: Path, files: int, times: int) -> None:
    workers.trial(place, random.Random(3), files=files, kills=times)


@short_or_long((40, 2), (400, 6))
def test_signals(place: Path, files: int, times: int) -> None:
    signals.trial(place, random.Random(4), files=files, signals=times, seconds=60)


def test_a_limit_on_the_size_of_files(place: Path) -> None:
    limit.trial(place, random.Random(5), points=2)


@short_or_long((2, 1), (3, 2))
def test_faults(place: Path, files: int, times: int) -> None:
    faults.trial(place, random.Random(6), files=files, errors=times)


def test_one_process_stays_flat(place: Path) -> None:
    flat.trial(place, random.Random(7), files=100)
