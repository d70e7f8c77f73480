"""Settings that stand on a command line: ``setting=value``, to change a configuration or to write a pipeline whole.

To change: ``stages.0.delay=300 ms``, ``hall.mix=20%``, ``format.dither=tpdf``. The first word is a setting of the top
level or the ``id:`` of a stage (the top level has the word). A relative path is seen from the working directory here,
not from the configuration's folder.

To write: ``echo delay="250 ms" : smooth length="5 ms"`` is two stages. A lone ``:`` parts them; each begins with its
name. What the settings mean is not looked at here: `validate_config` does. Values are read as in a file, both times.
"""

from __future__ import annotations

import glob
import os
import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from typing import Any

from ..errors import ConfigError, Problem, SettingPath, UsageError, format_path
from ..problems import field_of, show
from ..stages.base.registry import available_stages, setting_for, stage_class
from ..text import nearest, shorten
from .model import Configuration
from .yaml_text import read_value

_SHOWN = 120
"""Characters of a word that a message shows."""

_EXAMPLE = "such as: echo delay='250 ms' : smooth length='5 ms'"


def source_of(override: str) -> str:
    """Name of an override in errors, in the place of a file."""
    return f"-s {shorten(override, _SHOWN)}"


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
    if not str(step).isascii() or not str(step).isdecimal() or len(str(step)) > 9 or int(step) >= len(place):
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
    elif _holds_path(field_of(path, data, Configuration)):
        place[path[-1]] = _joined(str(Path.cwd()), value)


def _joined(folder: str, value: Any) -> Any:
    if not isinstance(value, str) or value in ("", "-") or value.startswith(("~", "${")):
        return value
    return os.path.join(folder, value)  # noqa: PTH118  (a Path would tidy what is a pattern here)


def _holds_path(annotation: Any) -> bool:
    return annotation is Path or any(map(_holds_path, getattr(annotation, "__args__", ())))


def parse_words(words: Sequence[str]) -> list[dict[str, Any]]:
    """The ``stages:`` that command words mean, as plain data.

    Raises
    ------
    UsageError
        no stage between two colons, a word that is no ``setting=value``, a setting given twice.
    """
    if not words:
        raise UsageError(f"no stage is given; write one or more, {_EXAMPLE}")
    stages: list[list[str]] = [[]]
    for word in words:
        if word == ":":
            stages.append([])
        else:
            stages[-1].append(word)
    return [_stage(group, number) for number, group in enumerate(stages, 1)]


def _stage(words: list[str], number: int) -> dict[str, Any]:
    if not words:
        raise UsageError(f"stage {number} is empty; between two ':' stands a stage, {_EXAMPLE}")
    name, *rest = words
    is_file = "." in name and Path(name).exists() and name not in [source.name for source in available_stages()]
    if "=" in name or is_file:
        raise UsageError(
            f"stage {number} begins with {name!r}; behind IN and OUT comes the name of a stage, {_EXAMPLE}"
        )
    stage: dict[str, Any] = {"use": name}
    for word in rest:
        setting, equals, text = word.partition("=")
        if not equals or not setting:
            stage_class(name)
            fix = "" if equals else _meant(name, rest[rest.index(word) :])
            raise UsageError(f"stage {number} ({name}): {word!r} is no setting=value{fix}")
        if setting == "use":
            raise UsageError(f"stage {number} ({name}): the first word is its name already; leave {word!r} out")
        if setting in stage:
            raise UsageError(f"stage {number} ({name}): {setting!r} is given twice")
        try:
            stage[setting] = read_value(text)
        except ConfigError as error:
            raise UsageError(f"stage {number} ({name}): {shorten(word, _SHOWN)!r}: {error}") from None
    return stage


def _meant(name: str, rest: Sequence[str]) -> str:
    """What words without their setting may stand for: ``echo 250 ms`` means delay='250 ms'."""
    if rest[0].rstrip(":") in stage_class(name).model_fields and len(rest) > 1:
        value = next((word.lstrip("=") for word in rest[1:] if word not in ("=", ":")), "=")
        if "=" not in value:
            return f"; did you mean {rest[0].rstrip(':')}={shlex.quote(value)}?"
    if rest[0] in [source.name for source in available_stages()]:
        return f"; did you mean '{rest[0]}' as a stage of its own, after a ':'?"
    words = list(takewhile(lambda word: "=" not in word, rest))
    for texts in ([" ".join(words)], words):
        found = [_setting(name, text, of_text=False) for text in texts]
        if found[0]:
            return f"; did you mean {' '.join(takewhile(bool, found))}?"
    path = _setting(name, words[0], of_text=True) if re.search(r"[./\\]", words[0]) else ""
    return f"; did you mean {path}?" if path else f"; 'faltung stages {name}' tells its settings"


def _setting(name: str, text: str, *, of_text: bool) -> str:
    """A word with the setting of a stage that takes it; milliseconds where a plain number is hardly meant."""
    likely = [f"{text} ms"] if re.fullmatch(r"\d{2,}(\.\d+)?", text) else []
    for value in (*likely, text):
        with suppress(ConfigError):
            if setting := setting_for(name, read_value(value), of_text=of_text):
                return f"{setting}={shlex.quote(value)}"
    return ""
