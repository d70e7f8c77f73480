"""What the report and the manifest of a run must say, byte for byte but for facts that are named here.

The facts of a file that is done are those of a run with room for all; those of another are written out below. Totals
are counted again, times of outputs are those on disk, and the page is the one that the JSON file comes to.
"""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from pipeline.batch.report import page_html

Data = dict[str, Any]

CAUSE = r"No space left|File too large|full"
DIFFER = {"began", "started", "seconds", "x_realtime", "pid"}
"""Facts of one run and not of the next; of each only its type is compared. So is ``mtime_ns`` of an output."""
STATUSES = ("done", "unchanged", "failed", "skipped", "not begun")
NOT_DONE: Data = {
    "outputs": [], "attempts": 1, "warnings": [], "clocks": [], "seconds": None, "x_realtime": None,
    "frames_in": None, "fs_in": None, "channels_in": None, "duration_in_s": None, "peak": None, "clipped": None,
    "first_clip": None, "events": None, "error": None, "envelope": None,
}  # fmt: skip
"""Facts of a file that was not begun, and of one that failed but for ``error`` and ``seconds``."""


def same(value: Any, differ: set[str] = DIFFER) -> Any:
    """The facts with those of a name in ``differ`` as the name of their type."""
    if isinstance(value, list):
        return [same(one, differ) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: type(one).__name__
        if name in differ
        else same(one, differ | {"mtime_ns"} if name == "outputs" else differ)
        for name, one in value.items()
    }


def check_report(data: bytes, page: bytes | None, whole: bytes, out: Path, code: int, *, again: bool = False) -> None:
    """A report of a run that ended by ``code`` into ``out``, against that of a run with room for all.

    ``page`` is None where there is none of this run. ``again`` is for a run that follows a failed one: what that has
    done is ``unchanged``, the rest was attempted before.
    """
    report, wanted = json.loads(data), json.loads(whole)
    assert data == json.dumps(report, indent=1).encode()
    assert list(report) == list(wanted)
    files: list[Data] = report["files"]
    for name in ("kind", "version", "run"):
        assert same(report[name]) == same(wanted[name]), name
    known = {file["item"]: file for file in wanted["files"]}
    assert sorted(file["item"] for file in files) == sorted(known)
    for file in files:
        _check_file(file, known[file["item"]], out, again=again)
    assert files == sorted(files, key=lambda file: (-(file["clipped"] or 0), -(file["peak"] or -1), file["item"]))
    _check_totals(report["totals"], files, report["run"]["seconds"])
    failed = [file for file in files if file["status"] == "failed"]
    assert code == 3 or not failed
    if page is not None:
        assert page.decode() == page_html(report, out)
        for file in failed:
            assert html.escape(file["error"], quote=False) in page.decode(), file["error"]


def _check_file(file: Data, done: Data, out: Path, *, again: bool) -> None:
    if file["status"] in ("done", "unchanged"):
        assert again or file["status"] == "done"
        differ = DIFFER | ({"status", "attempts"} if again else set())
        assert same(file, differ) == same(done, differ)
        for output in file["outputs"]:
            assert Path(output["path"]).stat().st_mtime_ns == output["mtime_ns"]
    else:
        told = {name: file[name] for name in ("seconds", "error") if file["status"] == "failed"}
        assert file == {"item": done["item"], "status": file["status"], **NOT_DONE, **told}
        assert not again
        assert file["status"] in ("failed", "not begun")
        if told:
            _check_error(told["error"], out)


def _check_error(error: str, out: Path) -> None:
    assert re.match(rf"{re.escape(str(out.parent))}/\S+: .*({CAUSE})", error), error  # outputs and temporary files


def _check_totals(totals: Data, files: list[Data], seconds: float) -> None:
    by_status = Counter(file["status"] for file in files)
    signal_s = {name: sum(f["duration_in_s"] or 0 for f in files if f["status"] == name) for name in STATUSES}
    assert totals == {
        "files": len(files),
        **{status: by_status[status] for status in STATUSES},
        "duration_in_s": signal_s["done"] + signal_s["unchanged"],
        "x_realtime": signal_s["done"] / seconds,
        "clipped_files": sum(bool(file["clipped"]) for file in files),
        "clipped": sum(file["clipped"] or 0 for file in files),
        "events": None,
        "bytes": sum(output["bytes"] for file in files for output in file["outputs"]),
    }


def check_manifest(data: bytes, whole: bytes, out: Path, code: int) -> None:
    """A manifest of whole lines: each that of a run with room for all, or that of a file which failed or was not begun.

    The exit code of what failed is 3. After a run that found room (``code`` is not 3) every file is done.
    """
    assert not data or data.endswith(b"\n"), data[-80:]
    lines = [json.loads(line) for line in data.splitlines()]
    wanted = [json.loads(line) for line in whole.splitlines()]
    assert data == "".join(json.dumps(line) + "\n" for line in lines).encode()
    assert lines[:2] == [wanted[0], *lines[1:2]][: len(lines)]
    assert lines.count(wanted[0]) <= 1, "two headers"
    known = {(line["item"], line["status"]): line for line in wanted if "item" in line}
    last: dict[str, str] = {}
    for number, line in enumerate(lines[1:]):
        if "item" not in line:
            assert same(line) == same(wanted[1])
            continue
        assert number, "an item before a run"
        last[line["item"]] = line["status"]
        begun = {name: known[line["item"], "running"][name] for name in ("item", "key", "input", "output")}
        differ = DIFFER | {"attempts"}
        if line["status"] == "failed":
            _check_error(line["error"], out)
            begun |= {"attempts": 1, "seconds": 0.1, "status": "failed", "error": line["error"], "code": 3}
            assert same(line, differ) == same({**begun, "started": "", "pid": 1}, differ)
        elif line["status"] == "interrupted":
            assert same(line, differ) == same({**begun, "attempts": 1, "status": "interrupted"}, differ)
        else:
            assert same(line, differ) == same(known[line["item"], line["status"]], differ)
    if code != 3:
        assert last == {item: "done" for item, _ in known}
