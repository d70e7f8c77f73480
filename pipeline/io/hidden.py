"""The hidden ``.NAME.XXXXXXXX.part`` beside an output: its name, and those that killed writers left behind."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path

from ..system import NO_FOLLOW, can_rename_open_files, lock_file
from .base import PathArg
from .names import RealNames
from .remote import is_remote
from .source import display

NAME_BYTES = 255
"""Of a name, at most, that file systems take."""

_MARK = "########"  # stands for the random part of a hidden name
_HIDDEN = re.compile(r"\.[0-9a-f]{8}\.part$")


def _part_name(base: str, mark: str) -> str:
    """The hidden name beside a file of this name, cut so that the file system takes it."""
    suffix = f".{mark}.part"
    return f".{os.fsdecode(os.fsencode(base)[: NAME_BYTES - 1 - len(suffix)])}{suffix}"


def hidden_beside(path: str) -> str:
    """A new hidden name beside a file, for what is made of it on the way; see `remove_left_behind`.

    The file is told by its real name: what is renamed must not lie beside a link to it.
    """
    folder, base = os.path.split(path)
    return str(Path(folder, _part_name(base, secrets.token_hex(4))))


def remove_left_behind(targets: Iterable[PathArg]) -> int:
    """Remove the hidden files that killed writers of these files left; those of writers alive stay. How many."""
    real = RealNames()
    beside: dict[str, set[str]] = {}
    for target in targets:
        if is_remote(target):
            continue
        folder, base = os.path.split(real(display(target)))
        beside.setdefault(folder, set()).add(_part_name(base, _MARK))
    removed = 0
    for folder, names in beside.items():
        with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
            found = [entry.path for entry in entries if _HIDDEN.sub(f".{_MARK}.part", entry.name) in names]
            removed += sum(map(_removed_unless_locked, found))
    return removed


def _removed_unless_locked(path: str) -> bool:
    with contextlib.suppress(OSError):
        fd = os.open(path, os.O_RDONLY | NO_FOLLOW)
        try:
            if not lock_file(fd):
                return False
            if can_rename_open_files():
                Path(path).unlink()
                return True
        finally:
            os.close(fd)
        Path(path).unlink()
        return True
    return False
