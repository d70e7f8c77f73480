"""Names of files: as text, as people are shown them, the real ones behind links, and whether one can be taken."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from pathlib import Path

from ..errors import UsageError
from ..text import one_line
from .base import PathArg
from .remote import Remote, is_remote
from .remote import refuse_taken as refuse_taken_url

PathLike = str | os.PathLike[str]


def display(path: PathArg) -> str:
    """Text of a path, for messages and reports; bytes that are no UTF-8 survive as surrogates."""
    return os.fsdecode(path)


def shown_path(path: PathLike) -> str:
    """Path as short as it can be, seen from the working folder; as it stands where that would be no shorter."""
    text = os.fspath(path)
    if text == "-":
        return text
    if is_remote(text):
        return one_line(str(Remote(text)))
    short = os.path.relpath(text)
    same = os.path.realpath(short) == os.path.realpath(text)  # not so where ".." goes up from a linked folder
    return one_line(short if same and len(short) <= len(text) else text)


class RealNames:
    """`os.path.realpath`, for one path after another while no link changes.

    That takes a call to the system for each part of a path; here one does, once the folder is known.
    """

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}

    def __call__(self, path: PathLike) -> str:
        """Path without links, absolute."""
        folder, base = os.path.split(os.fspath(path))
        if base in ("", os.curdir, os.pardir):
            return os.path.realpath(path)
        name = f"{self.folder(folder).rstrip(os.sep)}{os.sep}{base}"
        return os.path.realpath(name) if stat.S_ISLNK(_mode(name)) else name

    def folder(self, path: PathLike) -> str:
        """Real name of a folder that will be asked for again."""
        text = os.fspath(path)
        if text not in self._folders:
            self._folders[text] = os.path.realpath(text)
        return self._folders[text]


def one_name(path: PathLike, real: RealNames) -> str:
    """Key that is the same for two names that some file systems hold for one."""
    text = os.fspath(path)
    name = text if text == "-" or is_remote(text) else real(path)
    name = unicodedata.normalize("NFC", name)
    return unicodedata.normalize("NFC", name.casefold())


def _mode(name: str) -> int:
    try:
        return os.lstat(name).st_mode
    except OSError:
        return 0


def same_file(a: PathArg, b: PathArg) -> bool:
    """Whether two names are one file, through any links; a name with no file behind it is compared as a path."""
    if is_remote(a) or is_remote(b):
        return is_remote(a) and is_remote(b) and Remote(display(a)).identity() == Remote(display(b)).identity()
    one, other = file_of(a), file_of(b)
    if one is not None or other is not None:
        return one == other
    try:
        return os.path.realpath(display(a)) == os.path.realpath(display(b))
    except ValueError:  # a NUL byte: the name of no file
        return False


def file_of(path: PathArg) -> tuple[int, int] | None:
    """Device and number of a file, the same for all its names; None where there is none."""
    try:
        status = Path(display(path)).stat()
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino


_SCHEME = re.compile(r"(?:^|[/\\])[A-Za-z][A-Za-z0-9+.-]+:(?=[/\\])")


def refuse_url(path: PathArg) -> None:
    """Refuse a URL where only a path can be, which `pathlib` has made a path of: ``s3:/bucket/report.html``."""
    found = None if is_remote(path) else _SCHEME.search(display(path))
    if found is not None and not Path(display(path)[: found.end()]).is_dir():
        raise UsageError(f"{display(path)}: is a URL, and such a file is written on this machine alone; give a path")


def refuse_taken(path: PathArg, *, overwrite: bool) -> None:
    """Refuse an output whose name is taken, unless it may be replaced and is a regular file."""
    if is_remote(path):
        refuse_taken_url(display(path), overwrite=overwrite)
        return
    refuse_url(path)
    try:
        mode = Path(display(path)).stat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        what = "a directory" if stat.S_ISDIR(mode) else "no regular file"
        raise UsageError(f"{display(path)}: is {what}; give a file name")
    if not overwrite:
        raise UsageError(f"{display(path)}: exists already; give overwrite=True, or give another name")


def is_stream(path: PathArg) -> bool:
    """Whether an output goes straight through: ``"-"``, or the name of a pipe or device."""
    if display(path) == "-":
        return True
    try:
        mode = Path(display(path)).stat().st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode) or stat.S_ISSOCK(mode)
