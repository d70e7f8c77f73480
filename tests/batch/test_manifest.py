"""The manifest survives a kill at any byte, is one run's at a time, and never takes the place of another file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from pipeline.batch.manifest import Manifest, read_manifest
from pipeline.errors import DiskFullError, UsageError

RUN = {"pid": 4711, "started": "2026-01-02T03:04:05.000+00:00", "recipe": {"settings": {}}}


def record(item: str, status: str, **more: Any) -> dict[str, Any]:
    known = {"item": item, "status": status, "key": "k", "output": "o", "input": None, "outputs": [], "error": "why"}
    return {**known, **more}


def written(path: Path, *records: dict[str, Any]) -> Path:
    with Manifest(path) as manifest:
        manifest.begin(RUN)
        for one in records:
            manifest.add(one)
    return path


def test_the_last_record_of_an_item_counts(tmp_path: Path) -> None:
    lost = record("c", "failed", lost=True)
    past = read_manifest(
        written(
            tmp_path / "m.jsonl",
            record("a", "running"),
            record("a", "done", key="first"),
            record("b", "running"),
            record("b", "failed", error="why"),
            lost,
            record("a", "running"),
        )
    )
    assert {item: one["status"] for item, one in past.items.items()} == {"a": "running", "b": "failed", "c": "failed"}
    assert past.done["a"]["key"] == "first"
    assert past.done["a"]["recipe"] == RUN["recipe"]
    assert past.claimed == {"a", "c"}, "only what has no known end may have left an output"
    assert past.run == RUN


def test_cut_anywhere_it_is_read_repaired_and_gone_on_with(tmp_path: Path) -> None:
    whole = written(tmp_path / "whole.jsonl", record("ä\udcff", "running"), record("ä\udcff", "done")).read_bytes()
    for end in range(len(whole) + 1):
        path = tmp_path / "m.jsonl"
        path.write_bytes(whole[:end])
        lines = whole[:end].count(b"\n")
        assert set(read_manifest(path).items) == ({"ä\udcff"} if lines > 2 else set())
        written(path, record("b", "done"))
        kept = [json.loads(line) for line in path.read_text("ascii").splitlines()]
        assert [one for one in kept if "item" in one][-1]["item"] == "b"
        assert len(read_manifest(path).items) == (2 if lines > 2 else 1)
        assert sum("faltung" in one for one in kept) == 1, "a header stands once"


def test_a_second_run_is_refused_with_the_first_ones_process_and_time(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    with Manifest(path) as first:
        first.begin(RUN)
        with pytest.raises(UsageError, match=r"another run is at work on it \(process 4711, since 2026-01-02T03:04:05"):
            Manifest(path)
    with Manifest(path) as second:
        assert second.state.run == RUN


def test_a_run_that_came_in_between_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    with Manifest(path) as late:
        written(path, record("a", "done"))
        with pytest.raises(UsageError, match="another run was at work on it just now; start this one again"):
            late.begin(RUN)


def test_nothing_is_touched_before_a_run_begins(tmp_path: Path) -> None:
    with Manifest(tmp_path / "new" / "m.jsonl") as manifest:
        assert manifest.state.items == {}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"RIFF....WAVE", b"my notes\n", b'{"faltung": "manifest", "version": 2}\n'])
def test_a_file_of_another_kind_is_refused_and_stays(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "notes"
    path.write_bytes(content)
    for opened in (Manifest, read_manifest):
        with pytest.raises(UsageError, match="is no manifest of this version of faltung; give another name as batch"):
            opened(path)
    assert path.read_bytes() == content


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_no_manifest_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "m.jsonl")
    for opened in (Manifest, read_manifest):
        with pytest.raises(UsageError, match=r"must be the name of a file, got the pipe, socket or device .*m\.jsonl"):
            opened(tmp_path / "m.jsonl")


@pytest.mark.parametrize("line", ["{", "5", '{"item": "a"}', "[]\x00"])
def test_a_damaged_line_in_the_middle_is_named(line: str, tmp_path: Path) -> None:
    path = written(tmp_path / "m.jsonl", record("a", "done"))
    path.write_text(path.read_text() + line + "\n" + json.dumps(record("b", "done")) + "\n")
    with pytest.raises(UsageError, match=r"m\.jsonl:4: is no record; the file was edited or is damaged: remove this"):
        read_manifest(path)


def test_a_disk_that_fills_up_leaves_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.jsonl"
    real = os.write

    def half(fd: int, data: memoryview) -> int:
        if b'"late"' not in bytes(data):
            return real(fd, data)
        if len(data) > 20:
            return real(fd, data[:10])
        raise OSError(28, "No space left on device")

    with Manifest(path) as manifest:
        manifest.begin(RUN)
        manifest.add(record("a", "done"))
        monkeypatch.setattr(os, "write", half)
        with pytest.raises(DiskFullError, match="No space left on device"):
            manifest.add({"pad": "late", "late": 0})
        monkeypatch.undo()
        manifest.add(record("b", "done"))
    assert set(read_manifest(path).items) == {"a", "b"}


@pytest.mark.parametrize(
    "line",
    [
        '{"item": "a", "status": "done"}',
        '{"item": "a", "status": "failed"}',
        '{"item": "a", "status": "failed", "error": 7}',
        '{"item": "a", "status": "lost in space"}',
        '{"item": ["a"], "status": "running"}',
        '{"item": "a", "status": "done", "key": "k", "output": "o", "input": null, "outputs": ["o"]}',
        '{"item": "a", "status": "done", "key": "k", "output": "o", "input": null, "outputs": {}}',
        '{"item": "a", "status": "done", "key": "k", "output": "o", "input": 7, "outputs": []}',
        '{"item": "a", "status": "running", "attempts": "many"}',
        '{"item": "a", "status": "running", "more": [1]}',
        '{"run": []}',
        '{"run": {"recipe": 7}}',
        '{"run": {"recipe": {"files": []}}}',
        "7",
        '"item"',
        "[" * 50_000,
        '{"item": "a", "status": "running", "attempts": ' + "9" * 5000 + "}",
        "\udcff",
    ],
)
def test_a_line_that_is_no_record_is_told_with_its_number(line: str, tmp_path: Path) -> None:
    path = written(tmp_path / "m.jsonl", record("a", "done"))
    with path.open("ab") as file:
        file.write(line.encode("utf-8", "surrogateescape") + b"\n")
    with pytest.raises(UsageError, match=r"m\.jsonl:4: is no record; the file was edited or is damaged: remove this"):
        read_manifest(path)
