"""Finds the files that the paths and patterns of ``input:`` name.

Patterns know ``*``, ``?``, ``[...]`` and ``**`` (folders to any depth, links to folders aside); they find files only,
in an order that is always the same, and pass by hidden names unless asked for. A path that exists is taken as it is,
whatever characters its name holds.
"""

from __future__ import annotations

import errno
import fnmatch
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from ..errors import FaltungError, ReadError, UsageError
from ..fields import expand_variables, invalid
from ..io.apart import Named, read_with_sidecars
from ..io.remote import Remote, is_remote, stores
from ..io.source import broken_link, cause, head_of
from ..plugins import for_extension
from ..stages.base.files import files_named_in
from ..text import shorten

if TYPE_CHECKING:
    from .load import LoadedConfig

STREAM = Path("-")
"""Standard input or output."""

Place = Path | Remote
"""Place where a signal is or will be."""


class Unreadable(type(Path())):  # type: ignore[misc]
    """A place that a pattern met and that holds no signal to be read: it fails alone, and by itself.

    Attributes
    ----------
    why
        the cause, in words.
    """

    why = ""

    @classmethod
    def because(cls, path: str | Path, why: str) -> Unreadable:
        """The place, with the cause."""
        made = cls(path)
        made.why = why
        return made


_MAGIC = re.compile(r"[*?\[]")


def one_or_many(value: Any) -> Any:
    """A text, or a list of texts, as a list: for a setting of the type ``tuple[str, ...]``."""
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list | tuple) or not all(isinstance(item, str) and item.strip() for item in values):
        raise invalid(f"must be a path, a pattern, or a list of them, got {value!r}")
    for item in values:
        without_nul(item)
    return values


def without_nul(text: str) -> None:
    """Refuse a setting that is to be a path, and can be none."""
    if "\0" in text:
        raise invalid(f"a path cannot hold a NUL character, got {text!r}")


ONE_OR_MANY = WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})
Patterns = Annotated[tuple[str, ...], BeforeValidator(one_or_many), ONE_OR_MANY]
"""Paths, URLs and patterns as a setting: one, or a list of them."""


def expand_inputs(patterns: Sequence[str], base: str | Path | None = None) -> list[Place]:
    """The files that paths, URLs and patterns name, each once: in the order given, those of a pattern by name.

    Relative ones are seen from ``base``, else from the working folder; ``-`` stays; ``${VAR}`` and ``~`` are replaced.

    Raises
    ------
    UsageError
        a path that does not exist or is a folder, a pattern that matches nothing, a variable that is not set.
    """
    found: dict[Place, None] = {}
    for pattern in patterns:
        try:
            found.update(dict.fromkeys(_expand(pattern, base)))
        except (OSError, ValueError, RuntimeError) as error:  # too long, unreadable, not encodable, no such user
            reason = error.strerror if isinstance(error, OSError) else error
            raise UsageError(f"the input {shorten(pattern, 300)!r} cannot be looked for: {reason}") from None
    return list(found)


def input_root(patterns: Sequence[str], base: str | Path | None = None) -> Path:
    """The folder that all patterns share before their first wildcard, absolute: ``{relative}`` is seen from there."""
    folders = []
    for pattern in patterns:
        if pattern != "-":
            url = variables_in(pattern)
            if is_remote(url):
                folders.append(Path(Remote(_MAGIC.split(url)[0]).folder))
                continue
            folder, parts = _start(pattern, base)
            fixed = [i for i, part in enumerate(parts) if _MAGIC.search(part)]
            literal = os.path.lexists(folder.joinpath(*parts)) or not fixed
            folders.append(Path.cwd() / folder.joinpath(*parts[: -1 if literal else fixed[0]]))
    return Path(os.path.commonpath(folders)) if folders else Path.cwd() / (base or "")


def files_read(loaded: LoadedConfig, sources: Sequence[Place] | None = None) -> Iterator[Named]:
    """Everything that a run reads: the configuration, the files of its stages, and inputs, with their sidecars.

    Without ``sources`` these are the inputs of the configuration that can be found.
    """
    if loaded.file:
        yield Named(Path(loaded.file), "the configuration")
    yield from read_with_sidecars(files_named_in(loaded.settings.stages))
    if sources is None:
        sources = []
        for pattern in loaded.settings.input:
            with suppress(FaltungError):
                sources += expand_inputs([pattern], loaded.base)
    yield from read_with_sidecars(sources)


def variables_in(text: str) -> str:
    """The text with every ``${VAR}`` replaced; raises `UsageError` for one that is not set."""
    try:
        return expand_variables(text)
    except PydanticCustomError as error:
        raise UsageError(error.message()) from None


def path_in(text: str) -> Path:
    """The path that a text names, every ``${VAR}`` and a ``~`` replaced; raises `UsageError` where one cannot be."""
    try:
        return Path(variables_in(text).removeprefix("file://")).expanduser()
    except RuntimeError:
        raise UsageError(f"there is no user of that name in {text!r}") from None


def _start(pattern: str, base: str | Path | None) -> tuple[Path, tuple[str, ...]]:
    """The folder to begin in, taken as it is, and the parts of the pattern to look for there."""
    if not pattern or "\0" in pattern:
        raise UsageError(f"a path cannot be empty or hold a NUL character, got {pattern!r}")
    path = path_in(pattern)
    if path.anchor:
        return Path(path.anchor), path.parts[1:]
    return Path(base or ""), path.parts


def _expand(pattern: str, base: str | Path | None) -> Sequence[Place]:
    if pattern == "-":
        return [STREAM]
    url = variables_in(pattern)
    if is_remote(url):
        return _expand_url(url)
    folder, parts = _start(pattern, base)
    path = folder.joinpath(*parts)
    try:
        if path.is_dir() and not is_one_signal(path):
            fix = f"name its files, such as '{pattern.rstrip('/')}/*.wav'"
            raise UsageError(f"the input {pattern!r} is a folder; {fix}")
    except OSError as error:  # a pattern names the folder that is shut when it lists it
        if error.errno == errno.ENAMETOOLONG:
            raise
        if not _MAGIC.search(pattern):
            return [Unreadable.because(path, cause(error))]
    if os.path.lexists(path):
        return [path]
    if not _MAGIC.search(pattern):
        if (broken := broken_link(path)) is not None:
            return [Unreadable.because(path, f"{broken[0]} {broken[1]}; mend the link")]
        setting, meant = re.fullmatch(r"([a-z][a-z_-]*)=(.+)", pattern), ""
        if setting is not None:
            mark = "=" if setting[1] in ("jobs", "check", "report", "scheduler") else ": "
            meant = f"; if it is a setting, give {setting[1].replace('-', '_')}{mark}{setting[2]}"
        raise UsageError(f"the input {pattern!r} does not exist (looked for {path}){meant}")
    files = dict.fromkeys(_matches(folder, parts))
    if not files:
        raise UsageError(f"the pattern {pattern!r} matches no file (seen from {Path.cwd() / folder})")
    return sorted(files, key=os.fsencode)


def _expand_url(url: str) -> Sequence[Place]:
    one = Remote(url)
    try:
        if one.version() is not None:
            return [one]
    except ReadError:  # which fails alone, with its reason, where it is read
        return [one]
    if _MAGIC.search(re.sub(r"\*{3}@|\?\*{3}$", "", str(one))):
        found: list[Place] = stores().matches(url)
        if found:
            return found
        raise UsageError(f"the pattern '{one}' matches no file")
    if one.is_dir():
        raise UsageError(f"the input '{one}' is a folder; name its files, such as '{str(one).rstrip('/')}/*.wav'")
    raise UsageError(f"the input '{one}' does not exist")


def _matches(folder: Path, parts: tuple[str, ...]) -> Iterator[Path]:
    part, rest = parts[0], parts[1:]
    if part == "**":
        yield from _matches(folder, rest or ("*",))
        for path, kind in _listed(folder, "*"):
            if isinstance(path, Unreadable):
                yield path
            elif kind == _FOLDER and not path.is_symlink():
                yield from _matches(path, parts)
    elif rest and not _MAGIC.search(part):
        yield from _matches(folder / part, rest)
    else:
        for path, kind in _listed(folder, part):
            if rest and kind == _FOLDER:
                yield from _matches(path, rest)
            elif kind not in (_FILE, _FOLDER) and not (rest and _STREAM in kind):
                yield Unreadable.because(path, kind)
            elif not rest and kind == _FILE:
                yield path


def is_one_signal(folder: str | Path) -> bool:
    """Whether a folder is one signal to a plugin that is for its name, as a Zarr store is."""
    from ..io.kinds import ReaderKind, matches, row_of

    name = os.fspath(folder)
    plugins = for_extension("reader", name)
    with suppress(FaltungError):
        head = head_of(name) if plugins else b""
        return any(matches(row_of(plugin, ReaderKind), name, head) for plugin in plugins)
    return False


_FILE, _FOLDER = "a file", "a folder"
_STREAM = "is a pipe, a socket or a device"


def _listed(folder: Path, pattern: str) -> Iterator[tuple[Path, str]]:
    """Entries of a folder that fit, each with what it is, or why it cannot be read; itself where it is shut."""
    try:
        with os.scandir(folder) as entries:
            found = [
                entry
                for entry in entries
                if (entry.name == pattern or fnmatch.fnmatch(entry.name, pattern))
                and (pattern.startswith(".") or not entry.name.startswith("."))
            ]
    except (FileNotFoundError, NotADirectoryError):
        if (broken := broken_link(folder)) is not None:
            why = f"{broken[1]}; mend the link, or leave it out"
            yield Unreadable.because(broken[0], why), why
        return
    except OSError as error:
        why = f"the folder cannot be read: {cause(error)}"
        yield Unreadable.because(folder, why), why
        return
    for entry in found:
        yield folder / entry.name, _kind(entry)


def _kind(entry: os.DirEntry[str]) -> str:
    """What an entry is, behind its links; why it cannot be read where it is neither a file nor a folder."""
    try:
        if entry.is_file() or (entry.is_dir() and is_one_signal(entry.path)):
            return _FILE
        if entry.is_dir():
            return _FOLDER
    except OSError as error:
        return cause(error)
    broken = broken_link(Path(entry.path))
    return f"{_STREAM if broken is None else broken[1]}; a pattern takes files only: remove it, or give another pattern"
