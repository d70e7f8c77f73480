"""What the output of an item follows from, as plain data: when none of it changed, the output is what it was.

The recipe is the same for all items of a run: the settings, the versions of the stages, and which files they read.
With the identity of the input and the name of the output it makes the key of an item. Dates, temporary paths, the
number of workers and threads are not in it; paths are seen from the configuration's folder, so that it may be moved.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from ..config.inputs import Place
from ..config.model import Configuration
from ..errors import SettingPath, format_path
from ..io import Remote
from ..stages.base import Stage
from ..stages.base.registry import available_stages

__all__ = [
    "Check",
    "Data",
    "Names",
    "as_text",
    "changes",
    "digest",
    "files_named_in",
    "identity",
    "key_of",
    "recipe_of",
]

Check = Literal["stat", "hash"]
Data = dict[str, Any]
"""Plain data, as JSON holds it."""

_ASIDE = {"version", "input", "output", "events", "batch", "explain", "report", "threads"}
"""Settings that change no sample of an output."""

_SHOWN = 60  # characters of a value in a message


def identity(path: Place, check: Check) -> Data | None:
    """Size and time of a file, or size and blake2b of its content; None where there is no regular file.

    Of a file in a store its size and the store's own mark of a version, whatever ``check``.
    """
    if isinstance(path, Remote):
        return path.version()
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return None
        if check == "stat":
            return {"bytes": status.st_size, "mtime_ns": status.st_mtime_ns}
        return {"bytes": status.st_size, "blake2b": digest(path)}
    except (OSError, ValueError):
        return None


def digest(path: Path) -> str:
    """blake2b of a file's content, 40 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=20)).hexdigest()


class Names:
    """What files are called in a manifest: a path seen from the folder, or a URL without its credentials."""

    def __init__(self, folder: Path) -> None:
        self._folder = os.path.abspath(folder)  # noqa: PTH100
        self._seen: dict[str, str] = {}

    def __call__(self, path: Place) -> str:
        """The name of a file. A query may be what tells two files apart, and may be a secret: a hash stands for it."""
        if isinstance(path, Remote):
            mark = hashlib.blake2b(path.url.encode(), digest_size=4).hexdigest()
            return str(path).replace("?***", f"?{mark}")
        folder, base = os.path.split(path)
        if base in ("", os.curdir, os.pardir):
            return os.path.relpath(path, self._folder)
        if folder not in self._seen:
            self._seen[folder] = os.path.relpath(folder or os.curdir, self._folder)
        beside = self._seen[folder]
        return base if beside == os.curdir else f"{beside}{os.sep}{base}"


def recipe_of(settings: Configuration, base: Path, check: Check) -> Data:
    """What all outputs of a configuration follow from; ``base`` is the folder that its paths are seen from."""
    files = {path: os.path.relpath(path, base) for path in files_named_in(settings.stages)}
    names = {str(path): name for path, name in files.items()}
    return {
        "settings": _renamed(settings.model_dump(mode="json", exclude=_ASIDE), names),
        "versions": _versions(settings.stages),
        "files": {name: identity(path, check) for path, name in sorted(files.items())},
        "check": check,
    }


def key_of(recipe: str, source: Data | None, *outputs: str) -> str:
    """The key of an item: blake2b of its recipe as text, the identity of its input and the names of its outputs."""
    text = ", ".join([recipe, *(as_text(part) for part in (source, *outputs))])
    return hashlib.blake2b(f"[{text}]".encode(), digest_size=20).hexdigest()


def as_text(data: Any) -> str:
    """Plain data as JSON that is always the same."""
    return json.dumps(data, sort_keys=True)


def changes(before: Data, after: Data) -> list[str]:
    """What differs between two recipes that tell files in the same way, in words."""
    found = [f"version of {name} changed: {old} -> {new}" for name, old, new in _pairs(before, after, "versions")]
    found += _differences(before["settings"], after["settings"], ())
    return found + [f"file {name} changed" for name, *_ in _pairs(before, after, "files")]


def files_named_in(value: Any) -> Iterator[Path]:
    """Every file that the settings of stages name, wherever it stands in them; of a folder, the files in it."""
    if isinstance(value, Path):
        yield value
        if value.is_dir():
            yield from value.iterdir()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from files_named_in(getattr(value, name))
    elif isinstance(value, list | tuple):
        for part in value:
            yield from files_named_in(part)


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def _versions(stages: Sequence[Stage]) -> dict[str, str]:
    """The version of faltung, and of each distribution that a stage comes from."""
    used = set(_names(stages))
    owners = {source.distribution for source in available_stages() if source.name in used}
    return {owner: _version(owner) for owner in sorted({"faltung"} | owners)}


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, Stage):
        yield value.use
    if isinstance(value, BaseModel):
        yield from _names([getattr(value, name) for name in type(value).model_fields])
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _names(part)


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "unknown"


def _pairs(before: Data, after: Data, part: str) -> Iterator[tuple[str, Any, Any]]:
    """Name, old and new of each entry of a part that differs."""
    for name in {**before[part], **after[part]}:
        old, new = before[part].get(name), after[part].get(name)
        if old != new:
            yield name, old, new


def _differences(before: Any, after: Any, path: SettingPath) -> list[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        keys = {**before, **after}
        return [text for key in keys for text in _differences(before.get(key), after.get(key), (*path, key))]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [text for i, pair in pairs for text in _differences(*pair, (*path, i))]
    if before == after:
        return []
    if path == ("stages",):
        return [f"stages changed: {len(before)} -> {len(after)}"]
    return [f"setting {format_path(path)} changed: {_short(before)} -> {_short(after)}"]


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
