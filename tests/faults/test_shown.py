"""No command shows a secret of a URL or sends a terminal a control character, whatever option or file holds it.

The commands, their options and the settings are those that the command itself lists (`tests.faults.sacred`), so that a
new one is tried as soon as it is there: each is given a URL with user, password, token and signature, then a file
whose name, labels and columns hold control characters; what is told and every file that is written is read.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.sacred import COMMANDS, commands, lines, scene, tried, working_in

SECRET = "T0KEN"
URL = "memory://user:T0KEN@b/{}?sig=T0KEN&x=1#T0KEN"
STEERS = "b\x1b]0;PWN\a\x1b[31m\x9bred\x7f"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_IN_FILES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_TEXTS = {".html", ".json", ".jsonl", ".csv", ".yaml", ".md", ".eaf", ".textgrid", ".py", ".toml", ".svg"}
_FLAGS = {"verbose": "--verbose", "dry_run": "--dry-run", "json": "--json"}


def tries(name: str, *, whole: bool) -> Iterator[tuple[list[str], str]]:
    """Command lines with ``{}`` for what is hostile, and the file that has its name; each flag in turn."""
    command, turn = commands()[name], 0
    flags = [(), *((flag,) for param, flag in _FLAGS.items() if any(one.name == param for one in command.params))]
    for words, read in COMMANDS[name]:
        every = [(name, *("{}" if one == file else one for one in words)) for file in read if file in words]
        every += dict.fromkeys(line for line in lines(name, command, words) if any("{}" in word for word in line))
        for i, line in enumerate(every):
            if "-s" in line and not whole and i % 4:
                continue
            for victim in (*read, "none.wav") if whole else [(*read, "none.wav")[turn % (len(read) + 1)]]:
                yield [*line, *flags[turn % len(flags)]], victim
                turn += 1


class Place:
    """A folder with a scene, put right again after every try."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        scene(folder)
        (folder / "mine.py").write_text(f"raise ValueError({(URL + STEERS)!r})\n", "utf-8")
        (folder / "labels.txt").write_text(f"0.125\t0.175\t{STEERS}\n", "utf-8")
        (folder / "truth.csv").write_text(f"start,end,label\n0.125,0.175,{STEERS}\n", "utf-8")
        (folder / "t.csv").write_text(f"{STEERS}\n" + "\n".join(map(str, range(50))) + "\n", "utf-8")
        self.before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def said(self, words: list[str]) -> str:
        """What a command says, then each text that it wrote, behind the file's name."""
        with working_in(self.folder):
            code, said = tried(*words)
            assert code in (0, 1, 2), (words, said)
            assert not [path.name for path in Path().iterdir() if path.name.endswith(":")], words
        assert "Traceback" not in said or "--verbose" in words, (words, said)
        return said

    def written(self) -> Iterator[tuple[Path, str]]:
        """Texts that a command has written."""
        for path in self.folder.rglob("*"):
            if path.name in self.before or not path.is_file() or path.suffix.lower() not in _TEXTS:
                continue
            if path.read_bytes() != self.before.get(path.name.removeprefix(STEERS)):
                yield path, path.read_text("utf-8", "replace")

    def mend(self) -> None:
        """Put everything as it was."""
        for path in self.folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name not in self.before:
                path.unlink()
        for name, data in self.before.items():
            if not (self.folder / name).is_file() or (self.folder / name).read_bytes() != data:
                (self.folder / name).write_bytes(data)


def no_secret(name: str, folder: Path, *, whole: bool) -> int:
    """Try a command with a URL everywhere; how many tries. A saved configuration alone keeps one: it must run."""
    store = pytest.importorskip("fsspec").filesystem("memory")
    place, count = Place(folder), 0
    for line, victim in tries(name, whole=whole):
        url = URL.format(victim)
        if victim in place.before:
            store.pipe(url, place.before[victim])
        words = [word.replace("{}", url) for word in line]
        assert SECRET not in place.said(words), words
        for path, text in place.written():
            assert SECRET not in text or path.name == "new.yaml", (words, path)
        place.mend()
        store.store.clear()
        count += 1
    return count


def no_control(name: str, folder: Path, *, whole: bool) -> int:
    """Try a command with a name that steers a terminal everywhere; how many tries."""
    place, count = Place(folder), 0
    for line, victim in tries(name, whole=whole):
        hostile = STEERS + victim
        if victim in place.before:
            (folder / hostile).write_bytes(place.before[victim])
        words = [word.replace("{}", hostile) for word in line]
        assert not _CONTROL.search(place.said(words)), words
        for path, text in place.written():
            found = _IN_FILES.search(text)
            assert found is None, (words, path, text[max(0, found.start() - 60) : found.end() + 20])
        place.mend()
        count += 1
    return count


WAYS = {"no secret of a URL": no_secret, "no control character": no_control}


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("way", WAYS)
def test_nothing_that_a_command_says_or_writes_holds(way: str, name: str, tmp_path: Path) -> None:
    assert WAYS[way](name, tmp_path, whole=False) > 0 or not COMMANDS[name][0][0]


@pytest.mark.whole
@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("way", WAYS)
def test_nothing_holds_with_each_file_and_setting(way: str, name: str, tmp_path: Path) -> None:
    assert WAYS[way](name, tmp_path, whole=True) > 0 or not COMMANDS[name][0][0]


def test_no_setting_in_a_manifest_holds_a_secret(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.said(["run", "c.yaml", "in.wav", "t.csv", "-s", f"table.comment={URL.format('x')}"])
    (manifest,) = (text for path, text in place.written() if path.suffix == ".jsonl")
    assert "memory://***@b/x" in manifest
    assert SECRET not in manifest
