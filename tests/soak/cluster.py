"""A Dask scheduler and its workers, stopped (SIGSTOP) or killed (SIGKILL) at random moments of a run.

``python -m tests.soak.cluster`` tries each of them in turn. A run ends in bounded time, with words where it was not
done; one Ctrl-C is enough; what was written is whole, and the same command without a cluster goes on to the same bytes.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.soak.common import ROOT, Place, main

WORKER_TTL_S = 5
"""After which the scheduler gives a silent worker up; five minutes unless it is set."""

HASTY = """\
import sys
from faltung_cluster import dask
from pipeline.cli import main
dask._LOST_S, dask._SILENT_S = 4, 12
sys.exit(main())
"""
"""The command, with less patience than it has, so that many trials take minutes."""

BEGUN_S, LONGEST_S = 120, 90

VICTIMS = ("scheduler", "one worker", "all workers")
TRIALS = [(who, number) for who in VICTIMS for number in (signal.SIGSTOP, signal.SIGKILL)]


@contextmanager
def cluster(folder: Path) -> Iterator[tuple[str, dict[str, list[int]]]]:
    """Address of a scheduler with two workers, and the processes by what they are; nothing of them is left."""
    folder.mkdir()
    env = {**os.environ, "PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": f"{WORKER_TTL_S}s"}
    quiet = ("--no-dashboard", "--host", "127.0.0.1")
    processes: list[subprocess.Popen[bytes]] = []

    def launch(program: str, *args: str) -> int:
        line = [sys.executable, "-m", f"distributed.cli.{program}", *args, *quiet]
        with (folder / "log").open("ab") as log:
            processes.append(subprocess.Popen(line, cwd=folder, env=env, stdout=log, stderr=log))
        return processes[-1].pid

    try:
        file = folder / "address"
        pids = {"scheduler": [launch("dask_scheduler", "--port", "0", "--scheduler-file", str(file))]}
        until = time.monotonic() + BEGUN_S
        while not file.exists() or not file.read_text():
            assert time.monotonic() < until, (folder / "log").read_text()
            time.sleep(0.05)
        address = json.loads(file.read_text())["address"]
        single = ("--nworkers", "1", "--nthreads", "1", "--no-nanny")
        pids["all workers"] = [launch("dask_worker", address, *single) for _ in range(2)]
        pids["one worker"] = pids["all workers"][:1]
        while (folder / "log").read_text().count("Registered to:") < 2:
            assert time.monotonic() < until, (folder / "log").read_text()
            time.sleep(0.05)
        yield address, pids
    finally:
        for process in processes:
            with suppress(ProcessLookupError):
                process.kill()
            process.wait()


def trial(folder: Path, rng: random.Random, trials: int, files: int = 40, frames: int = 400_000) -> Counter[str]:
    """What became of so many runs, each with a cluster of its own."""
    place = Place(folder, files, frames)
    found: Counter[str] = Counter()
    for number in range(trials):
        who, by = TRIALS[number % len(TRIALS)]
        ctrl_c = rng.random() < 0.4
        with cluster(folder / f"cluster-{number}") as (address, pids):
            code, took, said = _disturbed(place, address, pids[who], by, rng, ctrl_c)
        what = f"{who} {by.name}{' and Ctrl-C' if ctrl_c else ''}: exit {code}"
        print(
            f"{number:3}  {what} after {took:.1f} s; {_done(place)} of {files} done; {said[-130:]!r}",
            flush=True,
        )
        found[what] += 1
        assert code in ({0, 130, 2, 3} if ctrl_c else {0, 2, 3}), what
        assert "Traceback" not in said, said
        assert code in (0, 130) or address in said, f"no words of {address}: {said}"
        assert who != "one worker" or code in (0, 2, 130), "the other worker could have done it"
        _goes_on(place, files)
    return found


def _disturbed(
    place: Place, address: str, pids: list[int], by: signal.Signals, rng: random.Random, ctrl_c: bool
) -> tuple[int, float, str]:
    """Exit code of a run whose cluster is disturbed, how long it took from then on, and what it said."""
    process = place.start(
        "--scheduler", address, program=("-c", HASTY), stderr=subprocess.PIPE, preexec_fn=_hear_ctrl_c
    )
    if rng.random() < 0.75:
        place.wait_for_items(process, rng.uniform(0, place.files / 3))
    else:
        time.sleep(rng.uniform(0, 2))
    for pid in pids:
        os.kill(pid, by)
    began = time.monotonic()
    if ctrl_c:
        time.sleep(rng.uniform(0, 1))
        process.send_signal(signal.SIGINT)
    try:
        _, said = process.communicate(timeout=LONGEST_S)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f"still waiting {LONGEST_S} s after {by.name}: {process.communicate()[1]!r}") from None
    return process.returncode, time.monotonic() - began, said.decode()


def _goes_on(place: Place, files: int) -> None:
    """The same command goes on where it was left: what is done is not done again, and every byte is the same.

    A worker that was killed in a write may leave its hidden file; after this run nothing of it is there.
    """
    place.assert_no_orphans()
    place.assert_nothing_half()
    manifest = place.manifest()
    last = {} if manifest is None else {one["item"]: one for one in map(json.loads, _whole(manifest)) if "item" in one}
    done = sum(one["status"] == "done" for one in last.values())
    again = place.start("--json", stdout=subprocess.PIPE)
    out, _ = again.communicate(timeout=600)
    assert again.returncode == 0
    data = json.loads(out)
    assert (data["unchanged"], data["done"]) == (done, files - done)
    place.assert_whole()
    subprocess.run(["rm", "-rf", str(place.folder / "out")], check=True)


def _done(place: Place) -> int:
    return len(place.reference.items() & place.tree().items())


def _whole(manifest: Path) -> list[str]:
    return [line for line in manifest.read_text().splitlines() if line.endswith("}")]


def _hear_ctrl_c() -> None:
    """A shell has what it starts in the background ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    main(trial, trials=24, files=40, frames=400_000)
