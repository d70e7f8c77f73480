"""A fault at the Nth open, write, fsync, link, replace, truncation or unlinking, for every N, in this process."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from pipeline.cli import main as faltung
from tests.soak.common import Place, main

CALLS = ("open", "write", "fsync", "link", "replace", "ftruncate", "unlink")


@contextlib.contextmanager
def fault(name: str, at: int, number: int) -> Iterator[list[int]]:
    """The call ``os.name`` fails the ``at``-th time, by this errno; the count of calls so far."""
    real: Callable[..., Any] = getattr(os, name)
    count = [0]

    def call(*args: Any, **kwargs: Any) -> Any:
        count[0] += 1
        if count[0] == at:
            raise OSError(number, os.strerror(number))
        return real(*args, **kwargs)

    with mock.patch.object(os, name, call):
        yield count


def trial(folder: Path, rng: random.Random, files: int = 3, errors: int = 2) -> None:
    """No half file; what was recorded as done is; the next run is as undisturbed."""
    place = Place(folder, files)
    before = Path.cwd()
    os.chdir(folder)
    try:
        for name in CALLS:
            for number in (errno.ENOSPC, errno.EIO)[:errors]:
                at = 0
                while True:
                    at += 1
                    shutil.rmtree("out", ignore_errors=True)
                    with contextlib.redirect_stderr(io.StringIO()), fault(name, at, number) as count:
                        code = faltung(["run", "batch.yaml", "-q"])
                    place.assert_nothing_half()
                    if count[0] < at:
                        assert code == 0
                        break
                    assert faltung(["run", "batch.yaml", "-q"]) == 0, f"os.{name} number {at} fails: {number}"
                    assert place.tree() == place.reference, f"os.{name} number {at} fails: {number}"
    finally:
        os.chdir(before)


if __name__ == "__main__":
    main(trial, files=3, errors=2)
