"""A batch on a Dask cluster on this machine: same bytes, nothing lost, and what is refused before any work."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from functools import partial
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from faltung_cluster.dask import check_address, cluster, versions

from pipeline.errors import UsageError
from tests.cli.conftest import PATIENCE, ROOT, Done, environment, faltung, place  # noqa: F401

from .tasks import ends_with, marked, square, third_attempt

pytestmark = pytest.mark.skipif(find_spec("distributed") is None, reason="distributed is not installed")

BATCH = """\
version: 1
input: in/*.wav
output: out/{stem}.wav
stages:
  - {use: reverb, ir: room.wav}
  - {use: echo, delay: 10 ms, gain: -6 dB}
"""


PATIENT = f"""\
import sys
from functools import partial
from importlib import metadata
from faltung_cluster import dask
from pipeline.cli import main
dask.cluster = partial(dask.cluster, patience_s={PATIENCE})
sys.exit(main())
"""
"""The command, with more than its few seconds of patience for a cluster on a machine that is busy with other work."""


def launch(folder: Path, *args: str) -> subprocess.Popen[bytes]:
    env = {**environment(), "PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__DASHBOARD__LINK": ""}
    with (folder / "log").open("ab") as log:
        line = [sys.executable, "-m", "distributed.cli." + args[0], *args[1:]]
        return subprocess.Popen(line, cwd=folder, env=env, stdout=log, stderr=log, start_new_session=True)


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler on loopback with two workers, which are begun again when they die."""
    folder = tmp_path_factory.mktemp("cluster")
    options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(folder / "address"))
    processes = [launch(folder, "dask_scheduler", *options)]
    try:
        deadline = time.monotonic() + PATIENCE
        while not (folder / "address").exists() or not (folder / "address").read_text():
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.05)
        address = json.loads((folder / "address").read_text())["address"]
        workers = ("--nworkers", "2", "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1")
        processes.append(launch(folder, "dask_worker", address, *workers))
        from distributed import Client

        with Client(address, set_as_default=False, timeout=PATIENCE) as client:
            client.wait_for_workers(2, timeout=PATIENCE)
        yield address
    finally:
        for process in reversed(processes):
            os.killpg(process.pid, signal.SIGTERM)
        for process in processes:
            process.wait(PATIENCE)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command in this process has more patience for a cluster."""
    monkeypatch.setattr("faltung_cluster.dask.cluster", partial(cluster, patience_s=PATIENCE))


@pytest.fixture
def batch(place: Path) -> Path:  # noqa: F811
    (place / "in").mkdir()
    rng = np.random.default_rng(3)
    for i in range(12):
        sf.write(place / f"in/{i:02d}.wav", rng.uniform(-0.1, 0.1, (400_000, 1)), 8000, subtype="PCM_16")
    sf.write(place / "room.wav", rng.uniform(-0.1, 0.1, 4000), 8000, subtype="FLOAT")
    (place / "batch.yaml").write_text(BATCH, "utf-8")
    return place


def outputs(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.wav")}


def test_none_is_lost_when_a_worker_is_killed_and_every_byte_is_that_of_a_local_run(scheduler, patient, batch, faltung):  # noqa: F811
    from distributed import Client

    with Client(scheduler, set_as_default=False) as client:
        first = min(client.run(os.getpid).values())
    line = [sys.executable, "-c", PATIENT, "run", "batch.yaml", "--scheduler", scheduler, "--json"]
    pipe = subprocess.PIPE
    process = subprocess.Popen(line, stdin=pipe, stdout=pipe, stderr=pipe, env=environment())
    while len(outputs(batch / "out")) < 2:
        assert process.poll() is None
        time.sleep(0.01)
    os.kill(first, signal.SIGKILL)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, b"")
    data = json.loads(out)
    assert (data["done"], len({one["pid"] for one in data["files"]} - {process.pid})) >= (12, 1)
    assert faltung("run", "batch.yaml", "-q", "-o", "local/{stem}.wav") == Done(0, "", "")
    assert outputs(batch / "out") == outputs(batch / "local")
    assert len(outputs(batch / "out")) == 12
    done = faltung("run", "batch.yaml", "--scheduler", scheduler, "--json")
    assert (done.json["unchanged"], done.json["done"]) == (12, 0)


def test_a_long_file_is_cut_for_them(scheduler, patient, batch, faltung):  # noqa: F811
    cut = ("in/00.wav", "-s", "batch.shard=10 s")
    (one,) = faltung("run", "batch.yaml", *cut, "--scheduler", scheduler, "--json").json["files"]
    assert one["shards"] == 6
    assert faltung("run", "batch.yaml", "in/00.wav", "-q", "-o", "local/{stem}.wav") == Done(0, "", "")
    assert outputs(batch / "out") == outputs(batch / "local")


def test_a_task_that_kills_its_workers_fails_alone(scheduler):
    with cluster(scheduler, patience_s=PATIENCE) as (executor, slots, _):
        assert slots == 2
        bad = executor.submit(ends_with, 1)
        assert "all those workers died" in str(bad.exception(PATIENCE))
        assert executor.submit(square, 7).result(PATIENCE) == 49


def test_what_a_worker_cannot_do_is_tried_three_times_in_all(scheduler, tmp_path):
    with cluster(scheduler, patience_s=PATIENCE) as (executor, _, _):
        assert executor.submit(third_attempt, str(tmp_path)).result(PATIENCE) == 3


def test_the_same_call_is_done_as_often_as_it_is_given(scheduler):
    with cluster(scheduler, patience_s=PATIENCE) as (executor, _, _):
        done = [executor.submit(uuid.uuid4) for _ in range(3)]
        assert len({future.result(PATIENCE) for future in done}) == 3


def test_leaving_by_an_exception_begins_no_further_task(scheduler, tmp_path):
    def interrupted() -> None:
        with cluster(scheduler, patience_s=PATIENCE) as (executor, _, _):
            for i in range(100):
                executor.submit(marked, str(tmp_path / str(i)), 0.2)
            while not list(tmp_path.iterdir()):
                time.sleep(0.01)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with cluster(scheduler, patience_s=PATIENCE) as (executor, _, _):  # the workers are free again
        assert [executor.submit(square, i).result(PATIENCE) for i in range(4)] == [0, 1, 4, 9]
    assert 1 <= len(list(tmp_path.iterdir())) < 100


def test_the_client_does_not_report_workers_whose_tasks_are_done_again(scheduler):
    log = logging.getLogger("distributed.client")
    with cluster(scheduler, patience_s=PATIENCE):
        assert [log.isEnabledFor(level) for level in (logging.WARNING, logging.ERROR)] == [False, False]
    assert log.isEnabledFor(logging.WARNING)


def test_other_versions_are_named_and_refused(scheduler, patient, batch, faltung, monkeypatch):  # noqa: F811
    here = {**versions(), "numpy": "0.9"}
    known = metadata.version
    monkeypatch.setattr("faltung_cluster.dask.version_of", lambda name: here.get(name) or known(name))
    done = faltung("run", str(batch / "batch.yaml"), "--scheduler", scheduler)
    assert (done.code, done.out) == (2, "")
    assert re.search(r"worker tcp://127\.0\.0\.1:\d+ has numpy [\d.]+ \(here 0\.9\); install the same", done.err)
    assert not list(batch.rglob("out/*.wav"))


def test_a_worker_without_the_package_or_with_another_plugin_is_refused(scheduler, monkeypatch):
    pid, known = os.getpid(), versions()

    def missing(_used: tuple[str, ...]) -> dict[str, str]:
        if os.getpid() != pid:
            raise ModuleNotFoundError("No module named 'pipeline'")
        return known

    def more(_used: tuple[str, ...]) -> dict[str, str]:
        return known if os.getpid() == pid else {**known, "faltung-hall": "1.2"}

    for found, said in (
        (missing, r"worker tcp://[\d.:]+: cannot run faltung: No module named 'pipeline'; install it there"),
        (more, r"worker tcp://[\d.:]+ has faltung-hall 1\.2 \(here not installed\); install the same versions"),
    ):
        monkeypatch.setattr("faltung_cluster.dask.versions", found)
        with pytest.raises(UsageError, match=said), cluster(scheduler, patience_s=PATIENCE):
            pass


def test_a_worker_that_sees_another_folder_under_the_name_of_the_outputs_is_refused(scheduler, tmp_path, monkeypatch):
    pid = os.getpid()
    outputs = [tmp_path / "made/later/a.wav", tmp_path / "made/b.wav"]
    with cluster(scheduler, patience_s=PATIENCE, outputs=outputs):
        pass
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr("faltung_cluster.dask.os.path.exists", lambda _: os.getpid() == pid)
    told = rf"worker tcp://[\d.:]+ does not see what lies in {re.escape(str(tmp_path))}; its files must have the same"
    with pytest.raises(UsageError, match=told), cluster(scheduler, patience_s=PATIENCE, outputs=outputs):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_scheduler_that_does_not_answer_is_told_in_a_moment(batch, faltung, monkeypatch):  # noqa: F811
    monkeypatch.setattr("faltung_cluster.dask.cluster", partial(cluster, patience_s=0.5))
    began = time.monotonic()
    done = faltung("run", str(batch / "batch.yaml"), "--scheduler", "tcp://127.0.0.1:9")
    assert (done.code, done.out) == (2, "")
    assert "tcp://127.0.0.1:9: no scheduler answers" in done.err
    assert time.monotonic() - began < 180


@pytest.mark.parametrize("address", ["tcp://10.0.0.7:8786", "tcp://cluster.example:8786"])
def test_tcp_to_elsewhere_has_to_be_asked_for(address):
    with pytest.raises(UsageError, match=r"runs code on it and its workers; use tls://, or give --insecure"):
        check_address(address, insecure=False)
    check_address(address, insecure=True)
    check_address(address.replace("tcp", "tls"), insecure=False)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "tcp://localhost:1", "tcp://[::1]:1"])
def test_tcp_on_this_machine_needs_no_asking(address):
    check_address(address, insecure=False)


@pytest.mark.parametrize(
    "address",
    [
        "host:8786",
        "http://host:1",
        "tcp://host",
        "tcp://host:x",
        "tls://:1",
        "",
        "tls://host:1/x",
        "tls://me:pw1@host:1",
    ],
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(UsageError, match=r"--scheduler must be an address such as tls://host:8786, got ") as told:
        check_address(address, insecure=True)
    assert "pw1" not in str(told.value)


def test_certificates_that_nobody_named_are_told():
    told = r"no certificates are named; name them in dask's .*distributed\.comm\.tls"
    with pytest.raises(UsageError, match=told), cluster("tls://127.0.0.1:9", patience_s=1):
        pass


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--jobs", "2"], "--jobs are processes of this machine, --scheduler is a cluster; give one"),
        (["-", "-o", "o.wav"], "a cluster reads and writes files, not standard input and output"),
        (["in.wav", "-o", "-"], "a cluster reads and writes files, not standard input and output"),
    ],
)
def test_what_a_cluster_cannot_do_is_refused(place, faltung, arguments, said):  # noqa: F811
    done = faltung("run", "echo.yaml", *arguments, "--scheduler", "tcp://127.0.0.1:9")
    assert (done.code, done.out) == (2, "")
    assert said in done.err
