"""`batch: {shard: ...}`: one long recording over workers, by the command."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from pipeline.io.sink import hidden_beside

from .conftest import Done, start, write_noise

Faltung = Callable[..., Done]

LONG = """\
version: 1
input: in/*.wav
output: out/{stem}.wav
format: {subtype: PCM_16, dither: tpdf}
stages:
  - {use: fir, kind: lowpass, cutoff: 1 kHz, transition: 20 Hz, phase: zero}
"""
CUT = ("-s", "batch.shard=1 s", "--jobs", "2")


@pytest.fixture
def long(place: Path) -> Path:
    """``long.yaml``, with two inputs of 5 s and of 0.5 s."""
    (place / "in").mkdir()
    write_noise(place / "in/long.wav", frames=40_000)
    write_noise(place / "in/short.wav", frames=4000)
    (place / "long.yaml").write_text(LONG, "utf-8")
    return place


def done_records(place: Path) -> dict[str, dict]:
    (manifest,) = place.rglob("*.jsonl")
    records = map(json.loads, manifest.read_text("ascii").splitlines())
    return {Path(record["item"]).stem: record for record in records if record.get("status") == "done"}


def test_what_is_written_and_its_key_are_those_of_a_run_in_one_pass(faltung: Faltung, long: Path) -> None:
    assert faltung("run", "long.yaml", "-q").code == 0
    whole, keys = {}, {}
    for name, record in done_records(long).items():
        whole[name], keys[name] = (long / f"out/{name}.wav").read_bytes(), record["key"]
    assert "2 files unchanged" in faltung("run", "long.yaml", *CUT).err
    left = Path(hidden_beside(str(long / "out/long.wav")))
    left.touch()  # by a run that was killed
    assert faltung("run", "long.yaml", "-q", "--force", *CUT).code == 0
    assert not left.exists()
    records = done_records(long)
    assert {name: (long / f"out/{name}.wav").read_bytes() for name in records} == whole
    assert {name: record["key"] for name, record in records.items()} == keys
    assert {name: record.get("shards") for name, record in records.items()} == {"long": 6, "short": None}


def test_one_input_will_do(faltung: Faltung, long: Path) -> None:
    data = faltung("run", "long.yaml", "in/long.wav", "--json", *CUT).json
    assert [one["shards"] for one in data["files"]] == [6]  # the tail has one of its own
    assert [path.name for path in (long / "out").glob(".*")] == [".faltung"]


def test_why_a_file_is_not_cut_is_said(faltung: Faltung, long: Path) -> None:
    (long / "long.yaml").write_text(LONG + "  - {use: reverse}\n", "utf-8")
    done = faltung("run", "long.yaml", *CUT)
    assert done.code == 0
    assert "batch.shard: run in one pass: stages[1] 'reverse' is no kernel" in done.err


def test_a_shard_that_fails_fails_its_file_only(faltung: Faltung, long: Path) -> None:
    x = np.zeros((40_000, 2))
    x[30_000] = np.nan
    sf.write(long / "in/bad.wav", x, 8000, subtype="FLOAT")
    done = faltung("run", "long.yaml", *CUT)
    assert done.code == 1
    assert "in/bad.wav" in done.err
    assert "the input holds nan at frame 30000, channel 0" in done.err
    assert {path.name for path in (long / "out").iterdir()} == {".faltung", "long.wav", "short.wav"}


def test_events_are_those_of_one_pass(faltung: Faltung, long: Path) -> None:
    call = np.sin(np.arange(500) ** 2 * 1e-3)
    x = 0.1 * np.random.default_rng(3).standard_normal((700_000, 1))
    for at in range(300, 699_000, 9_700):
        x[at : at + 500, 0] += call
    sf.write(long / "in/long.wav", x, 8000, subtype="FLOAT")
    sf.write(long / "call.wav", call, 8000, subtype="FLOAT")
    stages = "stages: [{use: match, template: call.wav, threshold: {score: 0.6}}]\n"
    (long / "calls.yaml").write_text("version: 1\ninput: in/long.wav\nevents: '{stem}.csv'\n" + stages, "utf-8")
    assert faltung("run", "calls.yaml", "-q").code == 0
    whole = (long / "long.csv").read_bytes()
    assert whole.count(b"\n") > 50
    data = faltung("run", "calls.yaml", "--json", "--overwrite", *CUT).json
    assert data["files"][0]["shards"] > 1
    assert (long / "long.csv").read_bytes() == whole


def test_what_stops_it_leaves_nothing_or_what_the_next_run_takes_away(faltung: Faltung, long: Path) -> None:
    write_noise(long / "in/long.wav", frames=8_000_000)
    for stop in (signal.SIGINT, signal.SIGKILL):
        process = start("run", "long.yaml", *CUT)
        try:
            while not list(long.glob("out/.long.wav.*.part")):
                assert process.poll() is None
                time.sleep(0.01)
            while process.poll() is None:  # the second Ctrl-C stops at once
                process.send_signal(stop)
                time.sleep(0.2)
        finally:
            process.kill()
            process.communicate()
        assert process.returncode == (130 if stop == signal.SIGINT else -signal.SIGKILL)
        left = {path.name for path in (long / "out").iterdir()} - {".faltung", "short.wav"}
        assert bool(left) == (stop == signal.SIGKILL)
    write_noise(long / "in/long.wav", frames=40_000)
    assert faltung("run", "long.yaml", "-q", *CUT).code == 0
    assert {path.name for path in (long / "out").iterdir()} == {".faltung", "long.wav", "short.wav"}
