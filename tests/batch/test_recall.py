"""The first Ctrl-C with several workers takes back what no worker has begun."""

import time
from pathlib import Path

from pipeline.batch.driver import run_tasks
from pipeline.batch.local import LocalExecutor


def _slow(task):
    with Path(task["log"]).open("a") as log:
        log.write(f"{task['source']}\n")
    time.sleep(0.05)
    return {"status": "done"}


def _tasks(path, count):
    record = {"item": "x"}
    return [{"source": str(k), "target": None, "events": [], "fresh": False, "log": str(path), "page": None,
             "record": record} for k in range(count)]  # fmt: skip


def _outcomes(path, count, *, light):
    tasks, stop = _tasks(path, count), [False]
    with LocalExecutor(2, light=lambda *_: light) as executor:
        done = {}
        for place, outcome in run_tasks(tasks, executor, window=count, runner=_slow, stopped=lambda: stop[0]):
            done[place] = outcome["status"]
            stop[0] = True
    return done


def test_of_96_files_only_those_under_way_are_finished(tmp_path):
    done = _outcomes(tmp_path / "log", 96, light=False)
    begun = (tmp_path / "log").read_text().split()
    assert 1 <= len(done) <= 6
    assert set(done.values()) == {"done"}
    assert sorted(map(str, done)) == sorted(begun)


def test_light_files_that_wait_in_a_bundle_are_taken_back_too(tmp_path):
    done = _outcomes(tmp_path / "log", 96, light=True)
    begun = (tmp_path / "log").read_text().split()
    assert len(begun) < 64
    assert sorted(map(str, done)) == sorted(begun)
