"""`faltung run` on several files: what is done again and why, what is never replaced, what is said."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from .conftest import PATIENCE, Done, start, write_noise

Faltung = Callable[..., Done]

BATCH = """\
version: 1
input: in/*.wav
output: out/{stem}.wav
stages:
  - {use: reverb, ir: room.wav, normalize: l1}
  - {use: echo, id: echo, delay: 10 ms, gain: -6 dB}
"""


@pytest.fixture
def batch(place: Path) -> Path:
    """Three files, ``in/a.wav`` to ``in/c.wav``, and ``batch.yaml``."""
    (place / "in").mkdir()
    for seed, name in enumerate("abc"):
        x = 0.1 * np.random.default_rng(seed).uniform(-1, 1, (500, 1))
        sf.write(place / f"in/{name}.wav", x, 8000, subtype="PCM_16")
    sf.write(place / "room.wav", np.r_[0.5, 0.25], 8000)
    (place / "batch.yaml").write_text(BATCH, "utf-8")
    return place


def manifest(place: Path) -> Path:
    (found,) = place.rglob("*.jsonl")
    return found


def records(place: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in manifest(place).read_text("ascii").splitlines()]


def outputs(place: Path, folder: str = "out") -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (place / folder).glob("*.wav")}


def whys(faltung: Faltung, *args: str) -> dict[str, str]:
    """State and reason of each file, by a dry run."""
    done = faltung("run", "batch.yaml", "--dry-run", "--json", *args)
    assert done.code in (0, 1), done.err
    return {Path(one["input"]).stem: f"{one['state']} {one['why']}".strip() for one in done.json["standings"]}


def touch(path: Path) -> None:
    os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns + 1_000_000))


def test_what_is_done_is_passed_over_and_said(faltung: Faltung, batch: Path) -> None:
    assert faltung("run", "batch.yaml").code == 0
    before, size = outputs(batch), manifest(batch).stat().st_size
    again = faltung("run", "batch.yaml")
    assert (again.code, again.out, again.err) == (0, "", "3 files unchanged, done before\n")
    assert (outputs(batch), manifest(batch).stat().st_size) == (before, size)
    data = faltung("run", "batch.yaml", "--json").json
    assert (data["done"], data["unchanged"], data["manifest"]) == (0, 3, str(manifest(batch).relative_to(batch)))
    assert [one["status"] for one in data["files"]] == ["unchanged"] * 3


def test_a_folder_of_one_file_may_grow(faltung: Faltung, batch: Path) -> None:
    for name in "bc":
        (batch / f"in/{name}.wav").rename(batch / f"{name}.wav")
    assert faltung("run", "batch.yaml").code == 0
    first = (batch / "out/a.wav").stat()
    assert "done before" in faltung("run", "batch.yaml").err  # refused, as if it were another's, when it was no batch
    (batch / "b.wav").rename(batch / "in/b.wav")
    done = faltung("run", "batch.yaml")
    assert done.code == 0, done.err
    assert set(outputs(batch)) == {"a.wav", "b.wav"}
    assert (batch / "out/a.wav").stat() == first


def test_a_record_has_the_facts(faltung: Faltung, batch: Path) -> None:
    assert faltung("run", "batch.yaml", "--check", "hash").code == 0
    header, run, first, *_ = records(batch)
    last = records(batch)[-1]
    assert header == {"faltung": "manifest", "version": 1}
    assert (run["run"]["pid"], run["run"]["config"]) == (os.getpid(), str(batch / "batch.yaml"))
    assert first["status"] == "running"
    assert (last["status"], last["item"], last["output"], last["attempts"]) == ("done", "../in/c.wav", "c.wav", 1)
    (output,) = last["outputs"]
    stat = (batch / "out/c.wav").stat()
    assert (output["path"], output["bytes"], output["mtime_ns"]) == ("c.wav", stat.st_size, stat.st_mtime_ns)
    assert set(last["input"]) == {"bytes", "blake2b"}
    assert len(last["key"]) == 40
    assert {"seconds", "x_realtime", "peak", "clipped", "started", "pid", "warnings"} <= set(last)


def test_why_a_file_is_done_again(faltung: Faltung, batch: Path) -> None:
    assert whys(faltung) == {"a": "new", "b": "new", "c": "new"}
    assert not (batch / "out").exists()
    assert faltung("run", "batch.yaml", "-q").code == 0
    assert whys(faltung) == {"a": "unchanged", "b": "unchanged", "c": "unchanged"}

    touch(batch / "in/a.wav")
    (batch / "out/b.wav").unlink()
    assert whys(faltung) == {"a": "again input changed", "b": "again output missing", "c": "unchanged"}
    changed = "again setting stages[1].delay changed: 0.01 s -> 0.02 s"
    assert whys(faltung, "-s", "echo.delay=20 ms")["c"] == changed
    assert whys(faltung, "-s", "echo.delay=20 ms", "-s", "tail=trim")["c"].endswith(", and 1 more")
    touch(batch / "room.wav")
    assert whys(faltung)["c"] == "again file room.wav changed"
    assert whys(faltung, "--check", "hash")["c"] == "again files were told by stat before, by hash now"


def test_only_what_must_be_is_done_again_and_its_own_output_replaced(faltung: Faltung, batch: Path) -> None:
    assert faltung("run", "batch.yaml", "-q").code == 0
    before = outputs(batch)
    shutil.copy("in/b.wav", "in/a.wav")
    data = faltung("run", "batch.yaml", "--json").json
    assert [(Path(one["input"]).stem, one["status"]) for one in data["files"]] == [
        ("a", "done"), ("b", "unchanged"), ("c", "unchanged"),
    ]  # fmt: skip
    assert outputs(batch) == {**before, "a.wav": before["b.wav"]}
    assert set(whys(faltung).values()) == {"unchanged"}


def test_other_settings_do_all_again_and_those_of_before_again(faltung: Faltung, batch: Path) -> None:
    assert faltung("run", "batch.yaml", "-q").code == 0
    before = outputs(batch)
    assert faltung("run", "batch.yaml", "-q", "-s", "echo.gain=-12 dB").code == 0
    assert all(outputs(batch)[name] != before[name] for name in before)
    assert faltung("run", "batch.yaml", "-q").code == 0
    assert outputs(batch) == before


def test_an_output_that_was_edited_is_told_and_not_replaced_unasked(faltung: Faltung, batch: Path) -> None:
    assert faltung("run", "batch.yaml", "-q").code == 0
    before = outputs(batch)
    (batch / "out/b.wav").write_bytes(b"mine")
    refused = faltung("run", "batch.yaml")
    told = "faltung: out/b.wav: was edited since it was written; give --overwrite to replace it\n"
    assert (refused.code, refused.err) == (2, told)
    assert (batch / "out/b.wav").read_bytes() == b"mine"
    assert whys(faltung, "--overwrite")["b"] == "again output edited"
    assert faltung("run", "batch.yaml", "--overwrite", "-q").code == 0
    assert outputs(batch) == before


def test_an_output_with_the_bytes_that_were_written_is_no_edited_one(faltung: Faltung, batch: Path) -> None:
    """As a cluster leaves it, whose worker was lost with its answer: another did the same once more."""
    assert faltung("run", "batch.yaml", "-q").code == 0
    before = outputs(batch)
    (batch / "out/b.wav").write_bytes((batch / "out/b.wav").read_bytes())
    os.utime(batch / "out/b.wav", ns=(1, 1))
    assert whys(faltung)["b"] == "unchanged"
    assert (faltung("run", "batch.yaml", "-q").code, outputs(batch)) == (0, before)


def test_by_content_an_edit_that_keeps_size_and_time_is_found(faltung: Faltung, batch: Path) -> None:
    assert faltung("run", "batch.yaml", "-q", "--check", "hash").code == 0
    for path in (batch / "out/a.wav", batch / "in/b.wav"):
        status, data = path.stat(), bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    found = whys(faltung, "--check", "hash", "--overwrite")
    assert found == {"a": "again output edited", "b": "again input changed", "c": "unchanged"}


def test_mere_existence_proves_nothing(faltung: Faltung, batch: Path) -> None:
    assert faltung("run", "batch.yaml", "-q").code == 0
    manifest(batch).unlink()
    refused = faltung("run", "batch.yaml")
    assert refused.code == 2
    assert [line.split(": ")[-1] for line in refused.err.splitlines()] == [
        "exists already; give --overwrite to replace it"
    ] * 3
    assert not list(batch.rglob("*.jsonl")), "a run that is refused leaves no manifest"
    assert faltung("run", "batch.yaml", "--skip-existing").err == "3 outputs existed already and were skipped\n"


def test_a_failure_is_done_again_alone_and_stays_alone(faltung: Faltung, batch: Path) -> None:
    good = (batch / "in/b.wav").read_bytes()
    (batch / "in/b.wav").write_bytes(b"")
    done = faltung("run", "batch.yaml", "-q")
    assert (done.code, done.err.splitlines()[0]) == (1, "1 of 3 files failed:")
    assert sorted(outputs(batch)) == ["a.wav", "c.wav"]
    assert whys(faltung)["b"].startswith("again failed before: in/b.wav: ")
    (batch / "in/b.wav").write_bytes(good)
    touch(batch / "in/c.wav")
    data = faltung("run", "batch.yaml", "--retry-failed", "--json").json
    assert [(Path(one["input"]).stem, one["status"]) for one in data["files"]] == [
        ("b", "done"), ("a", "unchanged"), ("c", "not begun"),
    ]  # fmt: skip
    assert records(batch)[-1]["attempts"] == 2
    assert faltung("run", "batch.yaml", "--retry-failed").err == "nothing failed before\n"


def test_a_failed_file_that_had_an_output_keeps_it_as_its_own(faltung: Faltung, batch: Path) -> None:
    assert faltung("run", "batch.yaml", "-q").code == 0
    before, good = outputs(batch), (batch / "in/b.wav").read_bytes()
    (batch / "in/b.wav").write_bytes(b"")
    assert faltung("run", "batch.yaml", "-q").code == 1
    assert outputs(batch) == before
    (batch / "in/b.wav").write_bytes(good)
    assert faltung("run", "batch.yaml", "-q").code == 0
    assert outputs(batch) == before


def test_the_first_failure_ends_it_when_asked_to(faltung: Faltung, batch: Path) -> None:
    (batch / "in/a.wav").write_bytes(b"")
    done = faltung("run", "batch.yaml", "--fail-fast")
    assert done.code == 1
    assert done.err.endswith("faltung: 2 files not begun; the same command goes on from here\n")
    assert not outputs(batch)


def test_all_is_done_again_when_forced(faltung: Faltung, batch: Path) -> None:
    assert faltung("run", "batch.yaml", "-q").code == 0
    assert faltung("run", "batch.yaml", "--force", "--json").json["done"] == 3


def test_one_file_leaves_no_manifest_unless_batch_is_set(faltung: Faltung, batch: Path) -> None:
    assert faltung("run", "batch.yaml", "in/a.wav", "-q").code == 0
    assert not list(batch.rglob("*.jsonl"))
    assert faltung("run", "batch.yaml", "in/b.wav", "-q", "-s", "batch.jobs=1").code == 0
    assert len(records(batch)) == 4


def test_the_manifest_lies_where_it_is_told_to(faltung: Faltung, batch: Path) -> None:
    text = (batch / "batch.yaml").read_text() + "batch: {manifest: notes/done.jsonl, jobs: 2}\n"
    (batch / "batch.yaml").write_text(text)
    assert faltung("run", "batch.yaml", "-q").code == 0
    assert manifest(batch) == batch / "notes/done.jsonl"
    assert len({one["pid"] for one in records(batch) if one.get("status") == "done"} - {os.getpid()}) >= 1


def test_configurations_and_templates_in_one_folder_have_their_own(faltung: Faltung, batch: Path) -> None:
    shutil.copy("batch.yaml", "other.yaml")
    for args in (
        ["batch.yaml"], ["batch.yaml", "-o", "out/x-{stem}.wav"], ["batch.yaml", "-o", "out/y-{stem}.wav"],
        ["other.yaml", "-o", "out/z-{stem}.wav"],
    ):  # fmt: skip
        assert faltung("run", *args, "-q").code == 0
    assert len(list((batch / "out/.faltung").iterdir())) == 4


def test_it_is_found_from_another_folder_and_after_a_move(
    faltung: Faltung, batch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert faltung("run", "batch.yaml", "-q").code == 0
    moved = batch.parent / (batch.name + "-moved")
    batch.rename(moved)
    monkeypatch.chdir(moved / "in")
    done = faltung("run", "../batch.yaml")
    assert done.err == "3 files unchanged, done before\n"


def test_names_that_are_no_utf_8_go_through_workers_and_the_manifest(faltung: Faltung, batch: Path) -> None:
    os.rename(b"in/a.wav", b"in/\xff\xe4.wav")  # noqa: PTH104
    assert faltung("run", "batch.yaml", "--jobs", "2", "-q").code == 0
    assert os.path.exists(b"out/\xff\xe4.wav")  # noqa: PTH110
    assert faltung("run", "batch.yaml").err == "3 files unchanged, done before\n"


def test_a_name_taken_while_the_batch_runs_is_refused(
    faltung: Faltung, batch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.batch import task

    real = task.begin_job

    def and_meanwhile(*args: Any, **more: Any) -> Any:
        (batch / "out").mkdir(exist_ok=True)
        (batch / "out/c.wav").write_bytes(b"mine")
        return real(*args, **more)

    monkeypatch.setattr(task, "begin_job", and_meanwhile)
    done = faltung("run", "batch.yaml", "-q")
    assert done.code == 1
    assert "in/c.wav: out/c.wav: exists already" in done.err
    assert (batch / "out/c.wav").read_bytes() == b"mine"
    monkeypatch.undo()
    assert faltung("run", batch / "batch.yaml", "-q").code == 2


def test_an_error_nobody_foresaw_fails_its_file_alone(
    faltung: Faltung, batch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.batch import task

    real = task.begin_job
    errors = {"in/a.wav": RuntimeError("a bug"), "in/b.wav": MemoryError()}

    def failing(job: Any, source: str, *args: Any, **more: Any) -> Any:
        if source in errors:
            raise errors[source]
        return real(job, source, *args, **more)

    monkeypatch.setattr(task, "begin_job", failing)
    done = faltung("run", "batch.yaml", "-q")
    assert done.code == 1
    assert done.err.splitlines()[1:] == ["  in/a.wav: RuntimeError: a bug", "  in/b.wav: not enough memory"]
    (with_traceback,) = [one for one in records(batch) if "traceback" in one]
    assert "in failing" in with_traceback["traceback"]


def test_many_failures_are_told_in_part_and_the_manifest_has_all(faltung: Faltung, batch: Path) -> None:
    for i in range(25):
        (batch / f"in/x{i:02d}.wav").write_bytes(b"")
    done = faltung("run", "batch.yaml", "-q")
    lines = done.err.splitlines()
    assert (lines[0], len(lines)) == ("25 of 28 files failed:", 22)
    assert lines[-1] == f"  and 5 more; {manifest(batch).relative_to(batch)} has all"
    assert sum(one.get("status") == "failed" for one in records(batch)) == 25


def test_many_files_are_told_in_sum(faltung: Faltung, batch: Path) -> None:
    for i in range(50):
        shutil.copy("in/a.wav", f"in/x{i:02d}.wav")
    done = faltung("run", "batch.yaml")
    assert done.code == 0
    assert done.out.splitlines()[0].startswith("written   53 files, ")


def test_workers_write_the_same_bytes_as_one_process(faltung: Faltung, batch: Path) -> None:
    for i in range(6):
        write_noise(batch / f"in/s{i}.wav", frames=3000 + i)
    extra = ("-s", "format.dither=tpdf", "-q")
    assert faltung("run", "batch.yaml", *extra, "-o", "one/{stem}.wav").code == 0
    assert faltung("run", "batch.yaml", *extra, "-o", "two/{stem}.wav", "--jobs", "2").code == 0
    assert outputs(batch, "two") == outputs(batch, "one")
    assert len(outputs(batch, "one")) == 9


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_two_runs_on_one_output_are_one_too_many(faltung: Faltung, batch: Path, jobs: str) -> None:
    os.mkfifo("in/pipe.wav")
    with start("run", "batch.yaml", "in/a.wav", "in/pipe.wav", "--jobs", jobs) as first:
        try:
            deadline = time.monotonic() + PATIENCE
            while not (batch / "out/a.wav").exists():
                assert time.monotonic() < deadline
                time.sleep(0.01)
            second = faltung("run", "batch.yaml", "in/a.wav", "in/b.wav")
            assert second.code == 2
            assert f"another run is at work on it (process {first.pid}, since 20" in second.err
        finally:
            first.kill()
    assert faltung("run", "batch.yaml", "-q", "in/a.wav", "in/b.wav").code == 0, (
        "its lock went with it, whatever its workers are at"
    )


def test_threads_are_shared_and_it_is_said(faltung: Faltung, batch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pipeline.system.usable_processors", "pipeline.cli.run_view.usable_processors"):
        monkeypatch.setattr(name, lambda: 4)
    done = faltung("run", "batch.yaml", "--jobs", "2", "-s", "threads=3")
    assert done.err == "note: 2 jobs on 4 processors have 2 threads each, not 3\n"
    assert faltung("run", "batch.yaml", "--jobs", "2", "-s", "threads=2", "--force").err == ""
