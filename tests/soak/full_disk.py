"""A full disk under every command that writes: ``python -m tests.soak.full_disk`` sweeps how much still fits.

A limit on the size of files (RLIMIT_FSIZE) stands for the disk; root adds a small file system of its own that is filled
up (``--tmpfs 1``). Each command ends by 3 and names the file and the cause. Under each of its names is nothing, or what
stood there, or byte for byte what it writes where there is room; no other name is left, neither there nor in the folder
of temporary files. The report and the manifest of a run are held to `tests.soak.told`. Once there is room the same
command writes all of it.
"""

from __future__ import annotations

import random
import re
import resource
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.soak.commands import COMMANDS, prepare, start, tree
from tests.soak.common import main
from tests.soak.told import CAUSE, check_manifest, check_report

OLD = b"what stood there before"
MARKED = (".html", ".json", ".yaml", ".csv")  # what replaces only a file of its own kind
FILLER = "filler"
REPORT = ("r.json", "r.html")
WRITING = [name for name, line in COMMANDS.items() if "OUT" in line]


@dataclass
class Reference:
    """What a command writes into a folder where there is room for it."""

    code: int
    files: dict[str, bytes]
    manifest: dict[str, bytes]


def trial(folder: Path, rng: random.Random, points: int, tmpfs: int = 0, only: tuple[str, ...] = ()) -> Counter[str]:
    """How often each command ended by 3, and how often there was room."""
    prepare(folder)
    (folder / "tmp").mkdir()
    found: Counter[str] = Counter()
    for name in only or WRITING:
        whole = written(folder, name)
        largest = max(map(len, whole.files.values()))
        for point in range(points):
            room = rng.randrange(largest) if point else largest - 1
            code = (_in_tmpfs if tmpfs else _limited)(folder, name, whole, room)
            found[f"{name}: exit {code}"] += 1
    return found


def written(folder: Path, name: str) -> Reference:
    out = folder / "out"
    out.mkdir()
    code, said = ended(folder, name, None)
    assert code in (0, 1), said  # flip-check ends by 1 where something is found
    whole = Reference(code, tree(out), _manifest(out))
    assert whole.files, name
    shutil.rmtree(out)
    return whole


def ended(folder: Path, name: str, limit: Callable[[], None] | None) -> tuple[int, str]:
    """The exit code of a command and what it said."""
    line, temporary = COMMANDS[name].replace("OUT", str(folder / "out")), {"TMPDIR": str(folder / "tmp")}
    process = start(folder, line, more=temporary, preexec_fn=limit, stderr=subprocess.PIPE)
    said = process.communicate(timeout=300)[1].decode()
    return process.returncode, said


def _manifest(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((out / ".faltung").glob("*"))}


def _limited(folder: Path, name: str, whole: Reference, room: int) -> int:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))

    (folder / "out").mkdir()
    try:
        return _checked(folder, name, whole, room, limit)
    finally:
        shutil.rmtree(folder / "out")


def _in_tmpfs(folder: Path, name: str, whole: Reference, room: int) -> int:
    out = folder / "out"
    out.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(out)], check=True)
    try:
        return _checked(folder, name, whole, room, None)
    finally:
        subprocess.run(["umount", str(out)], check=True)
        out.rmdir()


def _checked(folder: Path, name: str, whole: Reference, room: int, limit: Callable[[], None] | None) -> int:
    out = folder / "out"
    old = _old(whole.files) if "--overwrite" in COMMANDS[name] else {}
    for path, data in old.items():
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (out / path).write_bytes(data)
    if limit is None:  # a file system of its own
        (out / FILLER).write_bytes(bytes(shutil.disk_usage(out).free - (room & -4096)))
    code, said = ended(folder, name, limit)
    at = f"{name} with room for {room} bytes, exit {code}: {said}"
    assert "Traceback" not in said, at
    (out / FILLER).unlink(missing_ok=True)
    check_left(folder, whole, old, code, at)
    if code == 3:
        assert re.search(CAUSE, said), at
        assert str(folder) in said, at
        code_again, said = ended(folder, name, None)
        assert code_again == whole.code, f"{said}, once there was room; {at}"
        check_left(folder, whole, {}, code_again, f"once there was room; {at}", again=True)
        assert tree(out).keys() == whole.files.keys(), f"not all is written once there was room; {at}"
    else:
        assert code == whole.code, at
        assert not [path for path, data in tree(out).items() if data == old.get(path)], at
    return code


def _old(files: dict[str, bytes]) -> dict[str, bytes]:
    return {path: data + b"\n" if Path(path).suffix in MARKED else OLD for path, data in files.items()}


def check_left(
    folder: Path, whole: Reference, old: dict[str, bytes], code: int, at: str, *, again: bool = False
) -> None:
    """Nothing but what stood there, what is whole, and the report of a run."""
    out = folder / "out"
    now = tree(out)
    for path, data in now.items():
        assert path in whole.files, f"{path} is left; {at}"
        told = path in REPORT and set(REPORT) <= whole.files.keys()
        assert told or data in (old.get(path), whole.files[path]), f"{path} is no whole file; {at}"
    new = {path: now[path] if path in now and now[path] != old.get(path) else None for path in REPORT}
    assert new["r.html"] is None or new["r.json"] is not None, f"a page without its data; {at}"
    try:
        if new["r.json"] is not None:
            check_report(new["r.json"], new["r.html"], whole.files["r.json"], out, code, again=again)
        for path, data in _manifest(out).items():
            check_manifest(data, whole.manifest[path], out, code)
    except (AssertionError, ValueError, KeyError) as error:
        raise AssertionError(f"a report or manifest: {error!r}; {at}") from error
    assert code == 3 or _manifest(out).keys() == whole.manifest.keys(), at
    assert list((folder / "tmp").iterdir()) == [], at


def _shown(folder: Path, rng: random.Random, points: int, tmpfs: int) -> None:
    for what, count in sorted(trial(folder, rng, points, tmpfs).items()):
        print(f"{count:4}  {what}")


if __name__ == "__main__":
    main(_shown, points=6, tmpfs=0)
