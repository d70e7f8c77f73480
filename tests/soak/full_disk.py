"""A full disk under every command that writes: ``python -m tests.soak.full_disk`` sweeps how much still fits.

A limit on the size of files (RLIMIT_FSIZE) stands for the disk; root adds a small file system of its own that is filled
up (``--tmpfs 1``). Each command ends by 3 and names the file and the cause, what stood under its names stays as it was,
and nothing new is there; once there is room it writes what it always writes.
"""

from __future__ import annotations

import random
import re
import resource
import shutil
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

from tests.soak.commands import COMMANDS, prepare, start, tree
from tests.soak.common import main

CAUSE = r"No space left|File too large|full"
OLD = b"what stood there before"
FILLER = "filler"
SOUND = (".wav", ".flac", ".npz")
WRITING = [name for name, line in COMMANDS.items() if "OUT" in line]


def trial(folder: Path, rng: random.Random, points: int, tmpfs: int = 0, only: tuple[str, ...] = ()) -> Counter[str]:
    """How often each command ended by 3, and how often there was room."""
    prepare(folder)
    found: Counter[str] = Counter()
    for name in only or WRITING:
        whole = _written(folder, name)
        sizes = sorted(map(len, whole.values()))
        for point in range(points):
            room = rng.randrange(sizes[-1]) if point else max(0, sizes[-1] - 1)
            code = (_in_tmpfs if tmpfs else _limited)(folder, name, whole, room)
            found[f"{name}: exit {code}"] += 1
    return found


def _line(name: str, out: Path) -> str:
    return COMMANDS[name].replace("OUT", str(out))


def _written(folder: Path, name: str) -> dict[str, bytes]:
    out = folder / "whole"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    assert start(folder, _line(name, out)).wait(300) in (0, 1)  # flip-check ends by 1 where something is found
    whole = tree(out)
    assert whole, name
    return whole


def _limited(folder: Path, name: str, whole: dict[str, bytes], room: int) -> int:
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))

    return _checked(folder, name, whole, out, room, limit)


def _in_tmpfs(folder: Path, name: str, whole: dict[str, bytes], room: int) -> int:
    out = folder / "out"
    out.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(out)]
    subprocess.run(mount, check=True)
    try:
        return _checked(folder, name, whole, out, room, None)
    finally:
        subprocess.run(["umount", str(out)], check=True)


def _checked(folder: Path, name: str, whole: dict[str, bytes], out: Path, room: int, limit: object) -> int:
    out.mkdir(exist_ok=True)
    old = {}
    if "--overwrite" in COMMANDS[name]:  # a page replaces a page only
        old = {
            path: OLD if Path(path).suffix in SOUND and "explain" not in name else data for path, data in whole.items()
        }
    for path, data in old.items():
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (out / path).write_bytes(data)
    if limit is None:  # a file system of its own
        (out / FILLER).write_bytes(bytes(shutil.disk_usage(out).free - (room & -4096)))
    process = start(folder, _line(name, out), preexec_fn=limit, stderr=subprocess.PIPE)
    said = process.communicate(timeout=300)[1].decode()
    at = f"{name} with room for {room} bytes, exit {process.returncode}: {said}"
    assert "Traceback" not in said, at
    now = tree(out)
    now.pop(FILLER, None)
    for path, data in now.items():
        assert path in whole, f"{path} is left; {at}"
        tells = path in ("r.html", "r.json")  # the report of a run tells of what failed, too
        assert data == old.get(path) or tells or len(data) >= 0.9 * len(whole[path]), f"{path} is no whole file; {at}"
    if process.returncode == 3:
        assert re.search(CAUSE, said), at
        assert (
            str(out) in said or tempfile.gettempdir() + ":" in said or any(Path(path).name in said for path in whole)
        ), at
    else:
        assert process.returncode in (0, 1), at
        assert now.keys() == whole.keys(), at
    return int(process.returncode)


def _shown(folder: Path, rng: random.Random, points: int, tmpfs: int) -> None:
    for what, count in sorted(trial(folder, rng, points, tmpfs).items()):
        print(f"{count:4}  {what}")


if __name__ == "__main__":
    main(_shown, points=6, tmpfs=0)
