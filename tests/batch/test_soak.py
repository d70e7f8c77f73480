"""The short forms of the trials in ``tests/soak/``."""

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


def test_kills_of_the_process_group(place: Path) -> None:
    kills.trial(place, random.Random(1), files=400, kills=1)


def test_kills_of_the_command_alone(place: Path) -> None:
    driver_kills.trial(place, random.Random(2), files=400, kills=1)


def test_kills_of_workers(place: Path) -> None:
    workers.trial(place, random.Random(3), files=400, kills=1)


def test_signals(place: Path) -> None:
    signals.trial(place, random.Random(4), files=40, signals=2, seconds=60)


def test_a_limit_on_the_size_of_files(place: Path) -> None:
    limit.trial(place, random.Random(5), points=2)


def test_faults(place: Path) -> None:
    faults.trial(place, random.Random(6), files=2, errors=1)


def test_one_process_stays_flat(place: Path) -> None:
    flat.trial(place, random.Random(7), files=100)
