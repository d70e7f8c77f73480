"""The short forms of `tests.soak.endings` and `tests.soak.full_disk`: signals and full disks under every command."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.io.sink import hidden_beside
from tests.cli.conftest import faltung, place  # noqa: F401  (fixtures)
from tests.soak import endings, full_disk
from tests.soak.commands import prepare

linux = pytest.mark.skipif(sys.platform != "linux", reason="signals and limits of Linux")


@linux
@pytest.mark.parametrize("tries", [4, pytest.param(100, marks=pytest.mark.long)])
def test_a_signal_at_a_random_moment_of_any_command_leaves_nothing_half(tries: int, tmp_path: Path) -> None:
    assert sum(endings.trial(tmp_path / "place", random.Random(8), tries=tries).values()) == tries


@linux
@pytest.mark.parametrize("only", [("run", "match --save", "bake"), pytest.param((), marks=pytest.mark.long)])
def test_a_full_disk_under_any_command_leaves_what_stood_there(only: tuple[str, ...], tmp_path: Path) -> None:
    found = full_disk.trial(tmp_path / "place", random.Random(9), points=1, only=only)
    assert {what.rpartition(" ")[2] for what in found} == {"3"}


def _cut(data: bytes) -> bytes:
    return data[:-1]


BROKEN: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "half an output": ("0.wav", _cut),
    "a temporary name": (".0.wav.part", lambda _: b"x"),
    "a temporary file": ("../tmp/spool", lambda _: b"x"),
    "a report short of a byte": ("r.json", _cut),
    "a report with another peak": ("r.json", lambda data: data.replace(b'"peak": 0.', b'"peak": 0.1')),
    "a report with other totals": ("r.json", lambda data: data.replace(b'"failed": 0', b'"failed": 1')),
    "a page short of a byte": ("r.html", _cut),
    "a page that is the report's no more": ("r.html", lambda data: data.replace(b"<td>done", b"<td>gone")),
    "half a line in the manifest": (".faltung/batch-*.jsonl", _cut),
    "two headers in the manifest": (
        ".faltung/batch-*.jsonl",
        lambda data: b"".join([*data.splitlines(True)[:1], data]),
    ),
}


@linux
def test_what_is_looked_at_after_a_full_disk_is_exact(tmp_path: Path) -> None:
    folder, out = tmp_path / "place", tmp_path / "place/out"
    prepare(folder)
    (folder / "tmp").mkdir()
    whole = full_disk.written(folder, "run")
    out.mkdir()
    assert full_disk.ended(folder, "run", None)[0] == 0
    at_ns = (out / "0.wav").stat().st_mtime_ns
    full_disk.check_left(folder, whole, {}, 3, "unbroken")
    for what, (name, broken) in BROKEN.items():
        path = next(out.glob(name), out / name) if "*" in name else out / name
        before = path.read_bytes() if path.exists() else None
        path.write_bytes(broken(before or b""))
        with pytest.raises(AssertionError, match="broken on purpose"):
            full_disk.check_left(folder, whole, {}, 3, f"{what}: broken on purpose")
        path.unlink()
        if before is not None:
            path.write_bytes(before)
            if name == "0.wav":  # the report has its time
                os.utime(path, ns=(at_ns, at_ns))


def test_what_a_killed_worker_left_is_removed_where_all_is_done_already(place, faltung):  # noqa: F811
    line = ("run", "echo.yaml", "in.wav", "two.wav", "-o", "out/{stem}.wav", "-q")
    (place / "two.wav").write_bytes((place / "in.wav").read_bytes())
    assert faltung(*line).code == 0
    left = Path(hidden_beside(str(place / "out" / "two.wav")))
    left.write_bytes(b"half")
    assert (faltung(*line).code, left.exists()) == (0, False)
