"""Common part of all tables: columns by name, and the JSON sidecar that tells the rate where a table cannot.

``{"fs": 100.0, "names": ["x", "y"]}`` in ``run.json`` belongs to ``run.csv``.
"""

from __future__ import annotations

import errno
import json
import os
import re
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from ..errors import ReadError, UsageError
from ..limits import MAX_SIDECAR_BYTES, at_most
from ..text import nearest, shorten
from .base import WriteRequest
from .kinds import extensions, is_table_name
from .names import is_stream
from .remote import Remote, place_of, stores
from .sink import OutputFile, open_file
from .source import cause
from .stamps import format_stamp

WITH_SIDECAR = (".csv", ".tsv", ".txt", ".npy")
"""Extensions of outputs that are written with a sidecar."""


CELLS_AT_ONCE = 1 << 15
"""Cells of a table that are texts at one time: each takes some hundred bytes."""


def find_column(name: str, names: tuple[str, ...], width: int, wanted: str | int) -> int:
    """Position of a column, given by its name or its position from 0.

    Raises
    ------
    ReadError
        There is no such column.
    """
    if isinstance(wanted, str) and wanted not in names and wanted.strip("'\"") in names:  # as the file writes it
        wanted = wanted.strip("'\"")
    if isinstance(wanted, str) and wanted in names:
        if names.count(wanted) > 1:
            raise ReadError(name, f"has {names.count(wanted)} columns {wanted!r}; give the position, from 0")
        return names.index(wanted)
    if isinstance(wanted, str) and not names and wanted.isdecimal() and len(wanted) < 9:
        wanted = int(wanted)
    if isinstance(wanted, int) and 0 <= wanted < width:
        return wanted
    near = nearest(wanted, names)
    hint = f"; did you mean {near!r}?" if near else ""
    known = ", ".join(map(repr, names)) if names else "no header"
    raise ReadError(name, f"has no column {wanted!r}: it has {width} (positions 0 to {width - 1}; {known}){hint}")


def comment_meant(text: str) -> str:
    """The setting that passes over lines that begin as a text does, such as a last one of totals; empty of a number."""
    word = re.match(r"\s*([^\s\d.,;:+\0-][^\s,;]*)", text)
    return f", or table: {{comment: {json.dumps(word[1][:20])}}} passes over lines that begin so" if word else ""


def sidecar_path(name: str) -> Path | Remote:
    """Name of the sidecar of a table: ``data/run.csv`` has ``data/run.json``."""
    return place_of(name).with_suffix(".json")


def _whole(digits: str) -> float:
    return int(digits) if len(digits) < 400 else float(digits)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; raises `KeyError` where one that tells a rate has a name twice."""
    names = [name for name, _ in pairs]
    if "fs" in names and (twice := [name for name in names if names.count(name) > 1]):
        raise KeyError(twice[0])
    return dict(pairs)


def _load(path: Path | Remote) -> dict[str, Any] | None:
    """Object in a sidecar; None when the file is absent, or is a JSON file about something else."""
    if not isinstance(path, Remote) and is_stream(path):
        raise ReadError(str(path), "would tell the rate, and is a pipe, a socket or a device")
    try:
        if isinstance(path, Remote) and not path.exists():
            return None
        with os.fdopen(stores().fetch(path.url), "rb") if isinstance(path, Remote) else path.open("rb") as file:
            text = file.read(MAX_SIDECAR_BYTES + 1)
        if len(text) > MAX_SIDECAR_BYTES:
            raise ReadError(str(path), f"would tell the rate; a sidecar has {at_most('sidecar_bytes')}")
        found = json.loads(text, parse_int=_whole, object_pairs_hook=_object)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG):
            if error.errno in (errno.ENOENT, errno.ENOTDIR) and isinstance(path, Path) and path.is_symlink():
                fix = "mend the link, or take it away"
                raise ReadError(str(path), f"would tell the rate, and is a link to what is not there; {fix}") from error
            return None
        raise ReadError(str(path), f"tells the rate, and cannot be read: {cause(error)}") from error
    except KeyError as error:
        raise ReadError(str(path), f"tells {error} twice; leave one of them") from error
    except (ValueError, RecursionError) as error:
        fix = "mend it ('python -m json.tool' says where), or take it away"
        raise ReadError(str(path), f"is no JSON, so tells no rate; {fix}") from error
    return found if isinstance(found, dict) and "fs" in found else None


def read_sidecar(name: str) -> tuple[float | None, tuple[str, ...], tuple[str, ...]]:
    """Rate in Hz and channel names that a sidecar tells, and what no output has of it; None and nothing without one.

    Raises
    ------
    ReadError
        There is one, and it is broken.
    """
    path = sidecar_path(name)
    found = _load(path)
    if found is None:
        return None, (), ()
    fs, names, t0 = found["fs"], found.get("names", []), found.get("t0", 0)
    if not isinstance(fs, int | float) or isinstance(fs, bool) or not 0 < fs <= sys.float_info.max:
        raise ReadError(str(path), f"fs must be a number of hertz from 1e-30 to 1e30, got {shorten(repr(fs), 40)}")
    if not isinstance(names, list) or not all(isinstance(text, str) for text in names):
        raise ReadError(str(path), f"names must be a list of texts, got {shorten(repr(names), 40)}")
    number = type(t0) in (int, float) and abs(t0) <= sys.float_info.max
    if not number and not (isinstance(t0, str) and any(map(str.isdigit, t0))):
        raise ReadError(str(path), f"t0 must be a number of seconds or a time, got {shorten(repr(t0), 40)}")
    return float(fs), tuple(names), ("t0",) if "t0" in found else ()


def is_own_sidecar(output: Path | Remote, among: Collection[Path | Remote] = ()) -> bool:
    """Whether faltung wrote what stands under the name of an output's sidecar; `UsageError` where it is another's.

    It goes with an output that is there. Else it may be a file that has its ``fs`` for something else, or that of
    another table, which is looked for where the outputs are given that it is not ``among``.
    """
    path, stem, there = output.with_suffix(".json"), output.with_suffix(""), output.exists()
    if not path.exists():
        return True
    try:
        found = _load(path)
    except ReadError:
        found = None
    own = found is not None and found.keys() <= {"fs", "names", "t0"}
    tables = [path.with_suffix(one) for one in extensions() if is_table_name(f"x{one}") and one != ".npz"]
    beside = [one for one in tables if one not in (output, *(among or tables)) and one.exists()]
    if found is None or not (own or there) or (beside and not (own and there)):
        whose = f"that of {beside[0].name}" if beside and found is not None else "another file"
        raise UsageError(f"{path}: is needed for the rate of {stem}, and is {whose}; give {stem} another name")
    return own


def refuse_other_rate(name: str, fs: float) -> None:
    """Raise `UsageError` where an output that needs no sidecar would be read with that of another file, by its rate."""
    told = None if is_stream(name) else read_sidecar(name)[0]
    if told is not None and told != fs:
        problem = f"would tell {told:g} Hz of {name}, which has {fs:g} Hz; remove it, or give {name} another name"
        raise UsageError(f"{sidecar_path(name)}: {problem}")


def _open_sidecar(name: str, content: dict[str, Any], *, overwrite: bool) -> OutputFile:
    """Sidecar of an output, written but not yet visible.

    Raises
    ------
    UsageError
        Another file has its name: any file without ``overwrite``, or a JSON file that is no sidecar.
    """
    path = sidecar_path(name)
    if overwrite:
        is_own_sidecar(place_of(name))
    file = open_file(os.fspath(path), overwrite=overwrite)
    try:
        file.write((json.dumps(content, ensure_ascii=False) + "\n").encode("utf-8", "surrogateescape"))
    except BaseException:
        file.abort()
        raise
    return file


def output_names(request: WriteRequest) -> tuple[str, ...]:
    """Channel names for a table: those of the source where they still fit, else ch0, ch1, ..."""
    names = request.source.names if request.source else ()
    return names if len(names) == request.channels else tuple(f"ch{i}" for i in range(request.channels))


def sidecars_of(request: WriteRequest) -> list[OutputFile]:
    """Sidecar that an output needs to be read again; none of a stream, which has no place to put one."""
    if is_stream(request.path):
        return []
    content: dict[str, Any] = {"fs": request.fs, "names": list(output_names(request))}
    time = request.source.time if request.source else None
    if time is not None:
        content["t0"] = format_stamp(time, 0)
    return [_open_sidecar(request.path, content, overwrite=request.overwrite)]
