"""A scheduler or a worker that is there and answers nothing, and one that works on: only the first ends a run."""

from __future__ import annotations

import logging
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
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


class Clock:
    """Time that passes when it is told to."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


class Client:
    """A client whose scheduler answers whenever it is asked, and has two workers, last heard of at these times."""

    status = "running"

    def __init__(self, heard: tuple[float, float]) -> None:
        self.heard, self.loop = heard, self
        self._update_scheduler_info(0)

    def _update_scheduler_info(self, workers: int) -> None:
        known = {str(i): {"last_seen": at} for i, at in enumerate(self.heard)} if workers else {}
        self._scheduler_identity = {"n_workers": len(self.heard), "workers": known}

    def add_callback(self, what: Callable[[int], None], workers: int) -> None:
        what(workers)


def test_workers_that_all_say_nothing_are_told_and_one_that_works_on_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, client = Clock(), Client((5.0, 7.0))
    monkeypatch.setattr(dask, "time", clock)
    watch = dask._Watch(client, "tcp://here:1")

    def look(works: bool) -> None:
        for tick in range(600):
            clock.now += 0.5
            client.heard = (5.0, clock.now if works else 7.0)
            if tick % 4 == 0:  # as the client asks by itself
                client._update_scheduler_info(0)
            watch()

    look(works=True)
    with pytest.raises(dask.ClusterLostError, match=r"tcp://here:1: none of its workers answers; once they are back"):
        look(works=False)
    assert dask._SILENT_S < clock.now - 400 < dask._SILENT_S + 4 * dask._ASK_S


def test_nothing_is_said_of_a_client_that_is_closed_behind_a_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[bool] = []
    monkeypatch.setattr("distributed.Client", lambda *_, **__: Client((5.0, 7.0)))
    monkeypatch.setattr(dask, "_compare", lambda *_: None)
    log = logging.getLogger("tornado.application")
    monkeypatch.setattr(Client, "close", lambda _: said.append(log.isEnabledFor(logging.ERROR)), raising=False)
    monkeypatch.setattr(Client, "get_executor", lambda *_, **__: ThreadPoolExecutor(1), raising=False)
    monkeypatch.setattr(Client, "nthreads", lambda _: {"one": 1}, raising=False)
    with pytest.raises(KeyboardInterrupt), dask.cluster("tcp://127.0.0.1:1"):
        raise KeyboardInterrupt
    assert (said, log.isEnabledFor(logging.ERROR)) == ([False], True)


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
