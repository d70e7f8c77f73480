"""Where the bytes of an output go: straight through to a pipe, or to a file that appears when it is whole."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Protocol

from ..system import FolderSync, is_append_only, pwrite
from .atomic import naming_errors, open_file, write_all
from .base import PathArg
from .source import display


class Sink(Protocol):
    """Where the bytes of an output go."""

    seekable: bool

    def write(self, data: bytes | memoryview) -> int:
        """Append all of ``data``; its length."""

    def patch(self, at: int, data: bytes) -> None:
        """Overwrite bytes written earlier; only if ``seekable``."""

    def size(self) -> int:
        """Bytes so far."""

    def commit(self, folders: FolderSync | None = None) -> None:
        """Make it safe, under its name."""

    def abort(self) -> None:
        """Give up."""


class StreamSink:
    """Standard output, or a pipe or device by name: bytes go straight through.

    It is seekable only when a shell redirected standard output into an empty regular file.
    """

    def __init__(self, path: str) -> None:
        self.name = "standard output" if path == "-" else path
        with naming_errors(self.name):
            self._fd = os.dup(1) if path == "-" else os.open(path, os.O_WRONLY)
            regular = stat.S_ISREG(os.fstat(self._fd).st_mode)
            appends = is_append_only(self._fd)  # then a patch would land at the end
            self.seekable = regular and not appends and os.lseek(self._fd, 0, os.SEEK_END) == 0
        self._size = 0

    def write(self, data: bytes | memoryview) -> int:
        """Send all of ``data``. A reader that went away is a :class:`BrokenPipeError`."""
        with naming_errors(self.name):
            size = write_all(self._fd, data)
        self._size += size
        return size

    def patch(self, at: int, data: bytes) -> None:
        """Overwrite bytes written earlier."""
        with naming_errors(self.name):
            pwrite(self._fd, data, at)

    def size(self) -> int:
        """Bytes so far."""
        return self._size

    def commit(self, folders: FolderSync | None = None) -> None:  # noqa: ARG002 - a pipe has none
        """Let go; what was sent is sent."""
        self.abort()

    def abort(self) -> None:
        """Let go; what was sent is sent."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def is_stream(path: PathArg) -> bool:
    """Whether an output goes straight through: ``"-"``, or the name of a pipe or device."""
    if display(path) == "-":
        return True
    try:
        mode = Path(display(path)).stat().st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode) or stat.S_ISSOCK(mode)


def open_sink(path: str, *, overwrite: bool) -> Sink:
    """Where to write: straight through for a stream, else a file that appears when it is whole."""
    return StreamSink(path) if is_stream(path) else open_file(path, overwrite=overwrite)
