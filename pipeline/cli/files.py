"""Writes the small files of a command, text and arrays, whole or not at all."""

from __future__ import annotations

import os

__all__ = ["write_bytes"]


def write_bytes(path: str | os.PathLike[str], data: bytes, *, overwrite: bool) -> None:
    """A file with these bytes, under its name only when it is whole; raises `UsageError` where the name is taken."""
    from ..io.atomic import AtomicFile

    file = AtomicFile(path, overwrite=overwrite)
    try:
        file.write(data)
    except BaseException:
        file.abort()
        raise
    file.commit()
