"""The JSON file beside a table that tells its rate: ``{"fs": 100.0, "names": ["x", "y"]}`` in ``NAME.json``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ..errors import ReadError, UsageError
from .atomic import AtomicFile, open_file
from .remote import Remote, fetch, is_remote

_MAX_BYTES = 1 << 16


def sidecar_path(name: str) -> Path | Remote:
    """Where the sidecar of a table is: ``data/run.csv`` has ``data/run.json``."""
    return (Remote(name) if is_remote(name) else Path(name)).with_suffix(".json")


def _load(path: Path | Remote) -> dict[str, Any] | None:
    """A sidecar's object; None when the file is absent, or is a JSON file about something else."""
    try:
        if isinstance(path, Remote) and not path.exists():
            return None
        with os.fdopen(fetch(path.url), "rb") if isinstance(path, Remote) else path.open("rb") as file:
            found = json.loads(file.read(_MAX_BYTES))
    except OSError:
        return None
    except (ValueError, RecursionError) as error:
        raise ReadError(str(path), f"is no JSON, so tells no rate: {error}") from error
    return found if isinstance(found, dict) and "fs" in found else None


def read_sidecar(name: str) -> tuple[float | None, tuple[str, ...]]:
    """The rate in Hz and the channel names that a sidecar tells; None and nothing without one.

    Raises
    ------
    ReadError
        There is one, and it is broken.
    """
    path = sidecar_path(name)
    found = _load(path)
    if found is None:
        return None, ()
    fs, names = found["fs"], found.get("names", [])
    if not isinstance(fs, int | float) or isinstance(fs, bool) or not 0 < fs < float("inf"):
        raise ReadError(str(path), f"fs must be a number above 0, got {fs!r}")
    if not isinstance(names, list) or not all(isinstance(text, str) for text in names):
        raise ReadError(str(path), f"names must be a list of texts, got {names!r}")
    return float(fs), tuple(names)


def open_sidecar(name: str, content: dict[str, Any], *, overwrite: bool) -> AtomicFile:
    """A sidecar for an output, written but not yet visible.

    Raises
    ------
    UsageError
        Another file has its name: any file without ``overwrite``, or a JSON file that is no sidecar.
    """
    path = sidecar_path(name)
    if overwrite and path.exists():
        try:
            ours = _load(path) is not None
        except ReadError:
            ours = False
        if not ours:
            raise UsageError(f"{path}: is needed for the rate of {name}, and is another file; give another name")
    file = open_file(os.fspath(path), overwrite=overwrite)
    file.write((json.dumps(content, ensure_ascii=False) + "\n").encode("utf-8", "surrogateescape"))
    return file
