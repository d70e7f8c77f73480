"""Changes single settings from the command line: ``stages.0.delay=300 ms``, ``hall.mix=20%``, ``format.dither=tpdf``.

The first word is a setting of the top level or the ``id:`` of a stage (the top level has the word); the value is
read as YAML. A relative path is seen from the working directory here, not from the configuration's folder.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..errors import ConfigError, Problem, SettingPath, UsageError, format_path
from ..text import nearest
from .model import Configuration
from .problems import field_of, show
from .yaml_text import read_value

__all__ = ["apply_overrides", "from_working_folder", "source_of"]


def source_of(override: str) -> str:
    """How an override is named in errors, in the place of a file."""
    return f"-s {override}"


def apply_overrides(data: dict[str, Any], overrides: Sequence[str]) -> dict[SettingPath, str]:
    """Change ``data`` in place; which path was set by which override.

    Raises
    ------
    ConfigError
        every override that cannot be read or names nothing.
    """
    given: dict[SettingPath, str] = {}
    problems: list[Problem] = []
    for override in overrides:
        try:
            given[_apply(data, override)] = override
        except ConfigError as error:
            problems.extend(error.problems)
        except UsageError as error:
            problems.append(Problem(str(error), file=source_of(override)))
    if problems:
        raise ConfigError(problems)
    return given


def _apply(data: dict[str, Any], override: str) -> SettingPath:
    name, equals, text = override.partition("=")
    words = [word.strip() for word in name.split(".")]
    if not equals or not all(words):
        raise UsageError("an override is setting=value, such as 'stages.0.delay=300 ms' or 'hall.mix=20%'")
    value = read_value(text, source_of(override))
    start = _start(words[0], data)
    steps = [*start, *words[1:]]
    if len(words) == 1 and len(start) > 1:
        raise UsageError(f"{words[0]!r} is a stage; say which of its settings, such as '{words[0]}.enabled=false'")
    path: SettingPath = ()
    place: Any = data
    for step in steps[:-1]:
        key = _key(place, step, path)
        path = (*path, key)
        place = place.setdefault(key, {}) if isinstance(place, dict) else place[key]
    key = _key(place, steps[-1], path)
    place[key] = value
    return (*path, key)


def _start(word: str, data: dict[str, Any]) -> SettingPath:
    if word in Configuration.model_fields or word in data or word == "define":
        return (word,)
    ids = dict(_ids(data.get("define"), ("define",))) | dict(_ids(data.get("stages"), ("stages",)))
    if word in ids:
        return ids[word]
    known = [*ids, *Configuration.model_fields]
    near = nearest(word, known)
    fix = f"did you mean {near!r}?" if near else f"known are {', '.join(known)}"
    raise UsageError(f"there is no setting and no stage with the id {word!r}; {fix}")


def _ids(data: Any, path: SettingPath) -> Iterator[tuple[str, SettingPath]]:
    if isinstance(data, dict):
        if isinstance(data.get("id"), str):
            yield data["id"], path
        for key, value in data.items():
            yield from _ids(value, (*path, key))
    elif isinstance(data, list):
        for i, value in enumerate(data):
            yield from _ids(value, (*path, i))


def _key(place: Any, step: str | int, path: SettingPath) -> str | int:
    """The key or position in ``place`` that a word of an override means."""
    if isinstance(place, dict):
        return step
    where = format_path(path)
    if not isinstance(place, list):
        raise UsageError(f"{where} is {show(place)}, with no settings of its own")
    if not str(step).isascii() or not str(step).isdecimal() or int(step) >= len(place):
        have = f"0 to {len(place) - 1}" if place else "none"
        raise UsageError(f"{where} has no entry {step!r}; its positions are {have}")
    return int(step)


def from_working_folder(path: SettingPath, data: dict[str, Any]) -> None:
    """Make the path that an override has set absolute, if the setting is one: in place."""
    place: Any = data
    for part in path[:-1]:
        place = place[part]
    value = place[path[-1]]
    if path == ("input",):
        patterns = value if isinstance(value, list) else [value]
        place["input"] = [_joined(glob.escape(str(Path.cwd())), pattern) for pattern in patterns]
    elif path == ("output",):
        place["output"] = _joined(str(Path.cwd()).replace("{", "{{").replace("}", "}}"), value)
    elif _holds_path(field_of(path, data)):
        place[path[-1]] = _joined(str(Path.cwd()), value)


def _joined(folder: str, value: Any) -> Any:
    if not isinstance(value, str) or value in ("", "-") or value.startswith(("~", "${")):
        return value
    return os.path.join(folder, value)  # noqa: PTH118  (a Path would tidy what is a pattern here)


def _holds_path(annotation: Any) -> bool:
    return annotation is Path or any(map(_holds_path, getattr(annotation, "__args__", ())))
