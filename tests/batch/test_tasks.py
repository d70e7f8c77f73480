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

from pipeline.batch.driver import run_tasks
from pipeline.batch.sharding import Shards
from pipeline.batch.task import configuration_text, is_light, make_task, run_task
from pipeline.config.load import parse_config
from pipeline.dsp.here import Here
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
    assert refused["error"].endswith("y.wav: exists already; set overwrite, or give another name")
    assert (place / "y.wav").read_bytes() == b"mine"
    assert run_task(task(place, ECHO, "y.wav", overwrite=True))["status"] == "done"
    assert len(sf.read(place / "y.wav")[0]) == 1010


@pytest.mark.parametrize("taken", ["y.wav", "y.csv", "y.jsonl"])
def test_a_fresh_output_that_is_there_when_its_turn_comes_is_refused(place: Path, taken: str) -> None:
    (place / taken).write_bytes(b"mine")
    fresh = task(place, MATCH, "y.wav", "y.csv", "y.jsonl", overwrite=True, fresh=True)
    ((_, outcome),) = run_tasks([fresh], Here())
    assert outcome["error"].endswith(f"{taken}: exists already; set overwrite, or give another name")
    assert (place / taken).read_bytes() == b"mine"
    assert {path.name for path in place.iterdir()} == {"in.wav", "call.wav", taken}


def test_a_file_in_a_store_is_not_cut(place: Path) -> None:
    fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed")
    fsspec.filesystem("memory").pipe_file("/hall/in.wav", (place / "in.wav").read_bytes())
    one = {**task(place, ECHO, "y.wav", overwrite=True), "source": str(Remote("memory://hall/in.wav"))}
    with Shards(Here(), 1, parse_duration("100 ms")) as shards:
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
