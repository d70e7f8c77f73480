"""A pipeline spoken on the command line: validated as a configuration is, its errors in words, saved as a file.

A saved file names its inputs, outputs and impulse responses as seen from its own folder, so that it can be run from
anywhere and be moved together with them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from ..config.command_line import apply_overrides, parse_words
from ..config.load import validate_config
from ..config.model import Configuration
from ..config.yaml_text import to_yaml
from ..errors import ConfigError, Problem, UsageError
from ..io import is_remote
from ..io.sink import write_bytes
from ..runs.work import Choices, Work, prepare


class CommandLinePipeline:
    """Input, output and stages as they were written, and options that were given."""

    def __init__(
        self,
        source: str,
        target: str,
        words: Sequence[str],
        said: Sequence[str] = (),
        *,
        subtype: str | None = None,
        **options: str | None,
    ) -> None:
        self._source, self._target, self._said = source, target, said
        self._data: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
        if subtype is not None:
            self._data["format"] = {"subtype": subtype}
        refuse_said(said, {"input": "IN, the first word", "output": "OUT, the second word"})
        self._stages = parse_words(words)

    def work(self, *, overwrite: bool, save: Path | None) -> Work:
        """Work to do, checked; raises `ConfigError` and `UsageError`, also where ``save`` cannot be written to."""
        loaded = validate_config(
            {"version": 1, "stages": deepcopy(self._stages), **deepcopy(self._data)}, None, self._said
        )
        loaded = replace(loaded, warnings=tuple(map(self._in_words, loaded.warnings)))
        return prepare(loaded, [self._source], self._target, Choices(overwrite=overwrite), saved=save)

    def save(self, path: Path, work: Work, *, overwrite: bool) -> None:
        """Write a configuration that does the same; what went through a pipe is left out of it."""
        places = {"input": self._source, "output": self._target}
        data = {"version": 1, **{name: value for name, value in places.items() if value != "-"}, **self._data}
        save_as(path, {**data, "stages": self._stages}, self._said, work.loaded.settings, overwrite=overwrite)

    @contextmanager
    def naming_stages(self) -> Iterator[None]:
        """Errors in here name the stage by its word: ``echo: delay: must be ...``, not ``stages[0].delay``."""
        try:
            yield
        except ConfigError as error:
            raise ConfigError([self._in_words(problem) for problem in error.problems]) from error

    def _in_words(self, problem: Problem) -> Problem:
        match problem.path:
            case ("stages", int(index), *rest):
                name = self._stages[index]["use"]
                which = f"{name} (stage {index + 1})" if sum(s["use"] == name for s in self._stages) > 1 else name
                return Problem(problem.message, (which, *rest))
            case path:
                return Problem(problem.message, path)


def refuse_said(said: Sequence[str], places: Mapping[str, str]) -> None:
    """Refuse what has a place of its own on the command line."""
    for one in said:
        name = one.partition("=")[0].strip()
        if "=" not in one:
            raise UsageError(f"-s {one}: '=' and the value belong to the same word")
        if name in places:
            raise UsageError(f"-s {one}: {name} is {places[name]}; leave -s {name} out")


def save_as(path: Path, data: dict[str, Any], said: Sequence[str], settings: Configuration, *, overwrite: bool) -> None:
    """Write data as a configuration, with what was said by ``-s`` in it and its paths as seen from its folder."""
    data = deepcopy(data)
    apply_overrides(data, said)
    for name in {"input", "output", "events"} & set(data):
        value, folder = data[name], path.parent
        data[name] = [seen_from(folder, one) for one in value] if isinstance(value, list) else seen_from(folder, value)
    write_bytes(path, to_yaml(rebased(settings, data, path.parent)).encode(), overwrite=overwrite)


def seen_from(folder: Path, path: str) -> str:
    """A path that was written seen from the working folder, as seen from another."""
    stays = is_remote(path) or Path(path).expanduser().is_absolute() or "${" in path
    return path if stays else os.path.relpath(path, folder)


def rebased(value: Any, raw: Any, folder: Path) -> Any:
    """The settings as they were written, with every path in them as seen from ``folder``."""
    if isinstance(value, Path) and isinstance(raw, str):
        return seen_from(folder, raw)
    if isinstance(value, BaseModel) and isinstance(raw, dict):
        return {key: rebased(getattr(value, key, None), item, folder) for key, item in raw.items()}
    if isinstance(value, BaseModel) and isinstance(raw, str) and any(isinstance(part, Path) for _, part in value):
        return seen_from(folder, raw)  # a path alone that stands for a setting with a path in it
    if isinstance(value, list | tuple) and isinstance(raw, list) and len(value) == len(raw):
        return [rebased(*pair, folder) for pair in zip(value, raw, strict=True)]
    if isinstance(value, tuple) and len(value) == 1 and not isinstance(raw, list):
        return rebased(value[0], raw, folder)  # one that stands for a list of one
    return raw
