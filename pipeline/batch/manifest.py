r"""The manifest: what became of each item of a batch, a line of JSON each, only ever appended to.

A run begins with its own line: what it is, its recipe, its process. Then an item is written down before it is begun
(``running``) and when it has ended (``done``, ``failed``, ``interrupted``); the last line of an item counts. A process
may be killed at any point: half a last line is cut off by the next run, and an item whose end was not written down is
done again. Lines reach the disk itself about once a second, which matters when the machine fails, not the process.

Paths in it are text with the bytes that are no UTF-8 as lone surrogates (``os.fsdecode``), which JSON carries as
``\udcXX``.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..io.sink import make_folder_of, naming_errors
from ..system import BINARY, lock_file

Data = dict[str, Any]
"""Plain data, as JSON holds it."""

_HEADER = {"faltung": "manifest", "version": 1}
_SYNC_S = 1.0
_json = json.JSONEncoder(allow_nan=False).encode


@dataclass
class ManifestState:
    """Items as a manifest remembers them."""

    items: dict[str, Data] = field(default_factory=dict)
    """The last record of each item."""
    done: dict[str, Data] = field(default_factory=dict)
    """The last record of each item that was done, with the recipe of its run as ``recipe``."""
    claimed: set[str] = field(default_factory=set)
    """Items whose end is not known: what stands under their outputs' names may be theirs."""
    run: Data | None = None
    """The last run."""

    def add(self, record: Data) -> None:
        """One more record, in the order of the file."""
        if "run" in record:
            self.run = _run_checked(record["run"])
        elif "item" in record:
            item = _item_checked(record)["item"]
            self.items[item] = record
            if record["status"] == "done":
                self.done[item] = {**record, "recipe": (self.run or {}).get("recipe", {})}
            if record["status"] in ("running", "interrupted") or record.get("lost"):
                self.claimed.add(item)
            else:
                self.claimed.discard(item)


PARTS = ("settings", "versions", "files")
"""Parts of the recipe of a run, each a mapping."""

_TEXTS = {"item", "status", "error", "key", "output", "started"}
_NEEDED = {"done": ("key", "output", "outputs", "input"), "failed": ("error",), "running": (), "interrupted": ()}


def _item_checked(record: Data) -> Data:
    """The record of an item; raises ValueError or KeyError where it is not what is written here."""
    needed = _NEEDED[record["status"]]
    lists = [record.get(name, []) for name in ("outputs", "more", "warnings")]
    if not (
        all(name in record for name in needed)
        and all(isinstance(record[name], str) for name in _TEXTS & record.keys())
        and all(isinstance(one, list) for one in lists)
        and all(isinstance(one, dict) for one in lists[0])
        and all(isinstance(one, str) for one in lists[1])
        and isinstance(record.get("input"), dict | None)
        and type(record.get("attempts", 1)) is int
    ):
        raise ValueError("no record of an item")
    return record


def _run_checked(run: Data) -> Data:
    recipe = run.get("recipe", {})
    if not all(isinstance(part, dict) for part in (recipe, *(recipe.get(name, {}) for name in PARTS))):
        raise ValueError("no record of a run")
    return run


def timestamp() -> str:
    """Now, as ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def read_manifest(path: Path) -> ManifestState:
    """State that a manifest remembers; an empty one, where there is none. Raises `UsageError` as `Manifest` does."""
    _refuse_no_file(path)
    try:
        return _parsed(path, path.read_bytes())[0]
    except FileNotFoundError:
        return ManifestState()


def _refuse_no_file(path: Path) -> None:
    if path.exists() and not path.is_file():  # a pipe would be waited for
        what = "folder" if path.is_dir() else "pipe, socket or device"
        raise UsageError(f"batch.manifest: must be the name of a file, got the {what} {path}")


class Manifest:
    """The manifest of a run, locked against every other; a context manager. Touches nothing before `begin`.

    Raises
    ------
    UsageError
        another run is at work on it, or the file is none of ours.
    WriteError, DiskFullError
        it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.state = ManifestState()
        self._fd = -1
        self._synced = 0.0
        with naming_errors(str(path)):
            _refuse_no_file(path)
            if path.exists():
                self._open(os.O_RDWR | os.O_APPEND)

    def _open(self, flags: int) -> None:
        self._fd = os.open(self.path, flags | BINARY, 0o666)
        try:
            self._lock()
            data = self.path.read_bytes()
            self.state, whole = _parsed(self.path, data)
            if whole < len(data):
                os.ftruncate(self._fd, whole)
        except BaseException:
            self._close()
            raise

    def _lock(self) -> None:
        if lock_file(self._fd) is False:  # None on a file system without locks
            raise UsageError(f"{self.path}: another run is at work on it{_holder(self.path)}")

    def _close(self) -> None:
        os.close(self._fd)
        self._fd = -1

    def begin(self, run: Data) -> None:
        """Write down that a run begins; makes the file where there is none."""
        with naming_errors(str(self.path)):
            if self._fd < 0:
                make_folder_of(self.path)
                self._open(os.O_RDWR | os.O_APPEND | os.O_CREAT)
                if self.state.items:
                    raise UsageError(f"{self.path}: another run was at work on it just now; start this one again")
            if os.fstat(self._fd).st_size == 0:  # a full disk may have left the header alone
                self._write(_HEADER)
        self.add({"run": run})

    def add(self, *records: Data) -> None:
        """Append records; they survive the end of this process as soon as this returns."""
        with naming_errors(str(self.path)):
            self._write(*records)
            now = time.monotonic()
            if now - self._synced > _SYNC_S:
                os.fsync(self._fd)
                self._synced = now

    def _write(self, *records: Data) -> None:
        lines = memoryview("".join(f"{_json(record)}\n" for record in records).encode())
        before = os.fstat(self._fd).st_size
        try:
            while lines:
                lines = lines[os.write(self._fd, lines) :]
        except OSError:
            os.ftruncate(self._fd, before)
            raise

    def __enter__(self) -> Manifest:
        return self

    def __exit__(self, *error: object) -> None:
        if self._fd >= 0:
            try:
                with naming_errors(str(self.path)):
                    os.fsync(self._fd)
            finally:
                self._close()


def _parsed(path: Path, data: bytes) -> tuple[ManifestState, int]:
    """State that the whole lines come to, and how many bytes they are."""
    state = ManifestState()
    end = data.rfind(b"\n") + 1
    lines = data[:end].splitlines()
    header = json.dumps(_HEADER).encode()
    if lines[:1] != [header] and (lines or not header.startswith(data)):
        raise UsageError(f"{path}: is no manifest of this version of faltung; give another name as batch.manifest")
    for number, line in enumerate(lines[1:], 2):
        try:
            state.add(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise UsageError(
                f"{path}:{number}: is no record; the file was edited or is damaged: remove this line"
            ) from None
    return state, end


def _holder(path: Path) -> str:
    """Process that holds a manifest, in words, as far as it says."""
    run: dict[str, Any] = read_manifest(path).run or {}
    return f" (process {run['pid']}, since {run['started']}); wait for it, or stop it" if "pid" in run else ""
