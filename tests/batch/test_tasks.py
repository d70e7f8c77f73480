"""The last looks before a file: a name that was taken since the command looked costs nobody a file."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from faltung_cluster.shards import Shards

from pipeline.batch.driver import run_tasks
from pipeline.batch.task import begin_task, configuration_text, is_light, make_task, run_task
from pipeline.config.load import parse_config
from pipeline.dsp.threads import SerialExecutor
from pipeline.io import Remote
from pipeline.units import parse_duration

MATCH = "version: 1\nstages: [{use: match, template: call.wav, threshold: {score: 0.9}}]\n"
ECHO = "version: 1\nstages: [{use: echo, delay: 10 ms, gain: -6 dB}]\n"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """``in.wav``, 1000 frames at 1 kHz, and ``call.wav``, cut out of it."""
    x = np.random.default_rng(6).uniform(-0.5, 0.5, 1000)
    sf.write(tmp_path / "in.wav", x, 1000, subtype="PCM_16")
    sf.write(tmp_path / "call.wav", x[300:350], 1000, subtype="PCM_16")
    return tmp_path


def task(place: Path, text: str, *names: str, **options: Any) -> dict[str, Any]:
    target, *events = (place / name for name in names)
    configuration = configuration_text(parse_config(text, base=place).settings, 1)
    return make_task(place / "in.wav", target, events, configuration=configuration, **options)


def test_a_task_replaces_a_file_only_where_it_may(place: Path) -> None:
    (place / "y.wav").write_bytes(b"mine")
    refused = run_task(task(place, ECHO, "y.wav", overwrite=False))
    assert (refused["status"], refused["code"]) == ("failed", 2)
    assert refused["error"].endswith("y.wav: exists already; give overwrite=True, or give another name")
    assert (place / "y.wav").read_bytes() == b"mine"
    assert run_task(task(place, ECHO, "y.wav", overwrite=True))["status"] == "done"
    assert len(sf.read(place / "y.wav")[0]) == 1010


def names(place: Path) -> set[str]:
    return {path.name for path in place.iterdir()} - {"in.wav", "call.wav"}


def test_outputs_of_a_task_that_is_begun_are_whole_and_have_their_names_when_it_is_committed(place: Path) -> None:
    one = task(place, MATCH, "y.wav", "y.csv", overwrite=False, record={"item": "a", "output": "y.wav", "more": ["y"]})
    begun = begin_task(one)
    assert {name[-5:] for name in names(place)} == {".part"}
    time.sleep(0.3)
    outcome = begun.commit()
    assert names(place) == {"y.wav", "y.csv"}
    assert outcome["status"] == "done"
    assert [output["bytes"] for output in outcome["outputs"]] == [
        (place / y).stat().st_size for y in ("y.wav", "y.csv")
    ]
    assert outcome["seconds"] < 0.3  # not what it waited for others


def test_a_disk_that_is_full_when_a_file_is_to_be_safe_is_a_reason_and_leaves_nothing(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    begun = begin_task(task(place, MATCH, "y.wav", "y.csv", overwrite=False))
    monkeypatch.setattr("os.fsync", full)
    outcome = begun.commit()
    assert (outcome["status"], outcome["code"]) == ("failed", 3)
    assert outcome["error"].endswith("y.wav: No space left on device")
    assert names(place) == set()


def test_a_name_that_is_taken_between_beginning_and_commit_is_left_to_who_took_it(place: Path) -> None:
    begun = begin_task(task(place, ECHO, "y.wav", overwrite=False))
    (place / "y.wav").write_bytes(b"mine")
    assert begun.commit()["error"].endswith("y.wav: exists already; give overwrite=True, or give another name")
    assert names(place) == {"y.wav"}
    assert (place / "y.wav").read_bytes() == b"mine"


def test_of_a_task_that_fails_or_is_left_no_output_stays(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = begin_task(task(place, ECHO, "y.wav", overwrite=False))
    begun.abort()
    assert names(place) == set()

    def fail(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("pipeline.job.begin_events", fail)
    outcome = run_task(task(place, MATCH, "y.wav", "y.csv", overwrite=False))
    assert "input/output error: the device" in outcome["error"]
    assert names(place) == set()


@pytest.mark.parametrize(("number", "code"), [(28, 3), (27, 3), (5, 1)], ids=["no space", "too large", "no disk"])
def test_a_full_disk_is_told_from_other_errors_wherever_it_is_met(
    place: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: int
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, "why")

    monkeypatch.setattr("pipeline.job.begin_events", fail)
    assert run_task(task(place, MATCH, "y.wav", "y.csv", overwrite=False))["code"] == code


def test_of_a_search_whose_page_cannot_be_made_no_output_stays(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("faltung_match_report.search_page.SearchPage.begin", fail)
    one = {**task(place, MATCH, "y.wav", "y.csv", overwrite=False), "page": str(place / "y.html")}
    outcome = begin_task(one).commit()  # as a worker does
    assert "input/output error: the device" in outcome["error"]
    assert names(place) == set()


@pytest.mark.parametrize("taken", ["y.wav", "y.csv", "y.jsonl"])
def test_a_fresh_output_that_is_there_when_its_turn_comes_is_refused(place: Path, taken: str) -> None:
    (place / taken).write_bytes(b"mine")
    fresh = task(place, MATCH, "y.wav", "y.csv", "y.jsonl", overwrite=True, fresh=True)
    ((_, outcome),) = run_tasks([fresh], SerialExecutor())
    assert outcome["error"].endswith(f"{taken}: exists already; give overwrite=True, or give another name")
    assert (place / taken).read_bytes() == b"mine"
    assert {path.name for path in place.iterdir()} == {"in.wav", "call.wav", taken}


def test_a_file_in_a_store_is_not_cut(place: Path) -> None:
    fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed")
    fsspec.filesystem("memory").pipe_file("/hall/in.wav", (place / "in.wav").read_bytes())
    one = {**task(place, ECHO, "y.wav", overwrite=True), "source": str(Remote("memory://hall/in.wav"))}
    with Shards(SerialExecutor(), 1, parse_duration("100 ms")) as shards:
        outcome = shards.submit(run_task, one).result()
    assert outcome["status"] == "done"
    assert "shards" not in outcome
    why = "the input is in a store, of which every shard would fetch the whole"
    assert outcome["warnings"] == [f"batch.shard: run in one pass: {why}"]


class Never(Executor):
    """Workers that come to no end."""

    def __init__(self) -> None:
        self.given: list[Future[Any]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.given.append(Future())
        return self.given[-1]


def test_what_was_under_way_when_a_run_was_broken_off_is_written_down_as_interrupted(place: Path) -> None:
    records: list[str] = []

    class Records:
        def add(self, *added: dict[str, Any]) -> None:
            records.extend(f"{record['item']} {record['status']}" for record in added)

    def stopped() -> bool:
        if len(records) == 2:
            raise KeyboardInterrupt
        return False

    tasks = [task(place, ECHO, "y.wav", overwrite=True, record={"item": name}) for name in "abc"]
    with pytest.raises(KeyboardInterrupt):
        list(run_tasks(tasks, Never(), window=2, manifest=Records(), stopped=stopped))  # type: ignore[arg-type]
    assert records == ["a running", "b running", "a interrupted", "b interrupted"]


@pytest.mark.parametrize("shard", ["10 s", "100 ms"], ids=["whole", "cut"])
def test_an_error_does_not_wait_for_what_workers_are_at(place: Path, shard: str) -> None:
    never = Never()

    def interrupted() -> None:
        with suppress(KeyboardInterrupt), Shards(never, 2, parse_duration(shard)) as shards:
            shards.submit(run_task, task(place, ECHO, "y.wav", overwrite=True))
            while not never.given:
                time.sleep(0.001)
            raise KeyboardInterrupt

    thread = Thread(target=interrupted, daemon=True)
    thread.start()
    thread.join(60)
    waits = thread.is_alive()
    for future in never.given:
        future.set_exception(OSError("given up"))
    assert not waits
    assert not (place / "y.wav").exists()


def test_a_task_is_light_where_its_input_is_known_to_be_small() -> None:
    def asked(record: object) -> bool:
        return is_light({"record": record})

    assert asked({"input": {"bytes": 16_044}})
    assert not asked({"input": {"bytes": 256 << 10}})
    assert not any(map(asked, (None, {}, {"input": None}, {"input": {"blake2b": "0"}})))
