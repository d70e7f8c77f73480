"""Keeps what is read and what will be written apart: one check of one list, before any work.

What a run reads is sacred: no output takes its place, by any name or link, whether outputs may be replaced or not. A
table is read, and written, with its sidecar, which counts as much as itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from ..errors import UsageError
from ..plugins import local_files
from .kinds import is_audio_name, other_files
from .names import RealNames, file_of, is_stream, one_name, refuse_url, shown_path
from .remote import Remote
from .tables import WITH_SIDECAR, sidecar_path

OUTPUT = "the output"
_IN, _OUT = Path("/dev/stdin"), Path("/dev/stdout")


@dataclass(frozen=True)
class Named:
    """A file with its part in a run: ``the output``, ``an input``, ``the sidecar of out/a.csv``."""

    path: Path | Remote
    part: str = OUTPUT


def sidecar_written(signal: str | os.PathLike[str], *, timed: bool) -> Path | Remote | None:
    """Sidecar that an output is written with, or None; a CSV with a time column, which is ``timed``, needs none."""
    suffix = Path(signal).suffix.lower()
    has_one = suffix in WITH_SIDECAR and not (timed and suffix != ".npy") and not is_stream(signal)
    return sidecar_path(os.fspath(signal)) if has_one else None


def read_with_sidecars(paths: Iterable[Path | Remote], part: str = "an input") -> Iterator[Named]:
    """Files that are read as signals, each with the sidecar that may tell its rate, and what else it is made of."""
    for path in paths:
        yield Named(path, part)
        if isinstance(path, Path):
            yield from (Named(other, f"a file of {shown_path(path)}, {part}") for other in other_files(path))
        if path.suffix and not is_audio_name(path):
            yield Named(sidecar_path(os.fspath(path)), f"the sidecar of {shown_path(path)}, {part}")


def keep_apart(read: Iterable[Named], written: Iterable[Named]) -> None:
    """Raise `UsageError` where two files to be written have one name, or one of them is read, by any name or link.

    A file that standard input or output leads to counts as any other. ``read`` is not looked at where nothing to be
    written exists yet; files given with ``--plugin`` are read always.
    """
    real, parts = RealNames(), dict[str, Named]()
    for one in written:
        refuse_url(one.path)
        other = parts.setdefault(one_name(one.path, real), one)
        if other is not one:
            raise UsageError(f"{shown_path(one.path)}: {_twice(one.part, other.part)}; give each its own")
    there = {found: one for one in parts.values() if (found := _identity(one.path, _OUT)) is not None}
    if not there:
        return
    for source in chain((Named(Path(file), "a plugin") for file in local_files()), read):
        target = there.get(_identity(source.path, _IN))
        if target is not None and not is_stream(_OUT if str(target.path) == "-" else target.path):
            same = os.path.abspath(source.path) == os.path.abspath(target.path)  # noqa: PTH100
            through = "" if same else f" ({shown_path(source.path)})"
            problem = f"{target.part} is {source.part}{through}; give it another name"
            raise UsageError(f"{shown_path(target.path)}: {problem}")


def _twice(part: str, other: str) -> str:
    if part == other:
        return "two outputs would have this name"
    return f"would be both {other} and {part}"


def _identity(path: Path | Remote, standard: Path) -> object:
    """The same for all names and links of one file, which ``-`` is one of; None where there is none."""
    if isinstance(path, Remote):
        return path.identity()
    return file_of(standard if str(path) == "-" else path)
