"""Names of files: the real ones of many in few folders, each looked up once, and a name as people are shown it."""

from __future__ import annotations

import os
import stat

from ..text import one_line
from .remote import Remote, is_remote

PathLike = str | os.PathLike[str]


class RealNames:
    """`os.path.realpath`, for one path after another while no link changes.

    That takes a call to the system for each part of a path; here one does, once the folder is known.
    """

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}

    def __call__(self, path: PathLike) -> str:
        """The path without links, absolute."""
        folder, base = os.path.split(os.fspath(path))
        if base in ("", os.curdir, os.pardir):
            return os.path.realpath(path)
        name = f"{self.folder(folder).rstrip(os.sep)}{os.sep}{base}"
        return os.path.realpath(name) if stat.S_ISLNK(_mode(name)) else name

    def folder(self, path: PathLike) -> str:
        """The same for a path that will be asked for again."""
        text = os.fspath(path)
        if text not in self._folders:
            self._folders[text] = os.path.realpath(text)
        return self._folders[text]


def _mode(name: str) -> int:
    try:
        return os.lstat(name).st_mode
    except OSError:
        return 0


def shown_path(path: PathLike) -> str:
    """A path as short as it can be, seen from the working folder; as it stands where that would be no shorter."""
    text = os.fspath(path)
    if text == "-":
        return text
    if is_remote(text):
        return one_line(str(Remote(text)))
    short = os.path.relpath(text)
    same = os.path.realpath(short) == os.path.realpath(text)  # not so where ".." goes up from a linked folder
    return one_line(short if same and len(short) <= len(text) else text)
