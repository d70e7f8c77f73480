"""Tells whether a file that was read is still the one that it was before."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from ..errors import ReadError
from ..system import pread
from ..text import without_secrets
from .kinds import other_files
from .remote import is_remote

_SAMPLED = 512  # bytes at a place


class FileBefore:
    """A file, with the others that its signal is made of, as it is before it is read.

    Of a pipe and of a file in a store nothing is known, and nothing refused.
    """

    def __init__(self, source: str | Path) -> None:
        self._source = source
        self._status = _status(source)
        self._sample = self._bytes_now()
        self._others = [] if self._status is None else [FileBefore(one) for one in other_files(Path(source))]

    def refuse_changed(self) -> None:
        """Raise `ReadError` where two files were read: one was replaced, cut or rewritten; one that grew is one."""
        for other in self._others:
            other.refuse_changed()
        before, name = self._status, without_secrets(str(self._source))
        if before is None:
            return
        after = _status(self._source)
        if after is None:
            raise ReadError(name, "was moved away or removed while it was read; put it back and run it again")
        if (before.st_dev, before.st_ino) != (after.st_dev, after.st_ino):
            raise ReadError(name, "was replaced by another file while it was read; run it again")
        grown = after.st_size > before.st_size and self._bytes_now() == self._sample
        if not grown and (after.st_size != before.st_size or after.st_mtime_ns != before.st_mtime_ns):
            raise ReadError(name, "was changed while it was read; run it again when nothing writes to it any more")

    def _bytes_now(self) -> bytes:
        """Some bytes from the middle and the end that it had, which more bytes behind them leave as they are."""
        if self._status is None:
            return b""
        size = self._status.st_size
        with suppress(OSError), Path(self._source).open("rb") as file:
            places = (size // 2, max(0, size - _SAMPLED))
            return b"".join(pread(file.fileno(), min(_SAMPLED, size - at), at) for at in places)
        return b""


def _status(source: str | Path) -> os.stat_result | None:
    """What is known of a regular file of this machine without reading it; None of any other."""
    try:
        status = None if str(source) == "-" or is_remote(source) else Path(source).stat()
    except (OSError, ValueError):
        return None
    return status if status is not None and stat.S_ISREG(status.st_mode) else None
