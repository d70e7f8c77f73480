"""A scheduler or a worker that is there and answers nothing, and one that works on: only the first ends a run."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
from faltung_cluster import dask

from pipeline.errors import UsageError
from tests.batch.tasks import square
from tests.cli.conftest import PATIENCE
from tests.soak import cluster as soak

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or find_spec("distributed") is None, reason="distributed is not installed, or no /proc"
)


@pytest.mark.long
def test_workers_that_are_there_are_never_said_to_be_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask, "_LOST_S", 0.5)
    with soak.cluster(tmp_path / "cluster") as (address, _), dask.cluster(address, PATIENCE) as (executor, _, watch):
        until = time.monotonic() + 6  # the client asks the scheduler every other second
        while time.monotonic() < until:
            watch()
            time.sleep(0.1)
        assert executor.submit(square, 3).result(PATIENCE) == 9


@pytest.mark.parametrize(
    ("who", "said"),
    [
        pytest.param(
            "one worker",
            r"one of its workers does not answer in 8 s; end it, or start it again: dask worker tcp",
            marks=pytest.mark.long,
        ),
        ("scheduler", r"no scheduler answers: it does not answer in 8 s; start: dask scheduler"),
    ],
)
def test_what_is_stopped_before_the_run_is_told(
    who: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask, "_SILENT_S", 8)
    monkeypatch.setattr(soak, "WORKER_TTL_S", 300)
    with soak.cluster(tmp_path / "cluster") as (address, pids):
        for pid in pids[who]:
            os.kill(pid, signal.SIGSTOP)
        with pytest.raises(UsageError, match=said), dask.cluster(address, PATIENCE):
            pass


@pytest.mark.long
def test_a_cluster_stopped_or_killed_at_a_random_moment(tmp_path: Path) -> None:
    found = soak.trial(tmp_path / "place", random.Random(2), trials=6, files=20)
    assert sum(found.values()) == 6
