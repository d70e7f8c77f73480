"""Loads a configuration: YAML text in, frozen settings out, or everything that is wrong with it, in the file's order.

The order: YAML, overrides, ``x-*`` dropped, definitions put in place, then each stage's own settings. Relative paths
are seen from the folder of the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..errors import ConfigError, Problem, SettingError, SettingPath
from ..io.kinds import extensions
from ..limits import MAX_YAML_BYTES
from ..problems import Located, found_in
from .command_line import apply_overrides, from_working_folder, source_of
from .define import Expanded, expand_definitions
from .doubts import doubts, signal_help
from .model import Configuration
from .yaml_text import read_yaml
from .yaml_values import Document


@dataclass(frozen=True)
class _Places:
    """Places where the settings were written: in the file, in a definition there, or on the command line."""

    document: Document
    origins: Mapping[SettingPath, SettingPath] = field(default_factory=dict)
    overridden: Mapping[SettingPath, str] = field(default_factory=dict)

    def written(self, path: SettingPath) -> SettingPath:
        """The path in the text, for a path in the settings: a definition's, where it came from one."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.origins:
                return self.origins[path[:end]] + path[end:]
        return path

    def problem(self, found: Located) -> Problem:
        """A problem with the place of its path, or of the nearest around it."""
        path = self.written(found.path)
        for end in range(len(path), -1, -1):
            if path[:end] in self.overridden:
                return Problem(found.message, path, source_of(self.overridden[path[:end]]))
            marks = self.document.keys if found.at_key and end == len(path) else self.document.values
            if path[:end] in marks:
                return Problem(found.message, path, self.document.file, *marks[path[:end]])
        return Problem(found.message, path, self.document.file)


@dataclass(frozen=True)
class LoadedConfig:
    """A configuration that holds: its settings, what is odd about it, and where everything is written."""

    settings: Configuration
    """Validated and frozen, definitions put in place."""
    warnings: tuple[Problem, ...]
    """What does no harm but was hardly meant, such as a definition never used."""
    file: str
    """Its name in errors."""
    base: Path
    """The folder that relative paths are seen from."""
    _places: _Places = field(repr=False)

    def locate(self, error: SettingError) -> ConfigError:
        """A `SettingError` found later, when the signal was known, with file, line and column."""
        return ConfigError([self._places.problem(Located(one.path, one.message)) for one in (error, *error.others)])


def load_config(path: str | Path, overrides: Sequence[str] = (), *, base: str | Path | None = None) -> LoadedConfig:
    """Read and validate a configuration file.

    Parameters
    ----------
    path
        of the YAML file.
    overrides
        ``stages.0.delay=300 ms``, ``hall.mix=20%`` (a stage's id), ``precision=single``.
    base
        the folder that relative paths are seen from; that of the file unless given.

    Raises
    ------
    ConfigError
        it cannot be read, or everything that is wrong with it, each with line and column.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            text = file.read(MAX_YAML_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ConfigError([Problem(f"cannot be read: {reason}", file=str(path))]) from None
    if path.suffix.lower() not in (".yaml", ".yml", ".txt") and path.suffix.lower() in extensions():
        raise ConfigError([Problem(f"is a signal by its name; {signal_help(path)}", file=str(path))])
    return parse_config(text, file=str(path), base=path.parent if base is None else base, overrides=overrides)


def parse_config(
    text: str | bytes, file: str = "", base: str | Path | None = None, overrides: Sequence[str] = ()
) -> LoadedConfig:
    """Validate the text of a configuration; ``file`` names it in errors, ``base`` is the working folder unless given.

    Raises
    ------
    ConfigError
        everything that is wrong with it, each with line and column.
    """
    return _validated(read_yaml(text, file), Path() if base is None else Path(base), overrides)


def validate_config(
    data: Mapping[str, Any], base: str | Path | None = None, overrides: Sequence[str] = ()
) -> LoadedConfig:
    """Validate a configuration that is plain data already, as `parse_words` makes; errors have no lines.

    Raises
    ------
    ConfigError
        everything that is wrong with it.
    """
    return _validated(Document(dict(data)), Path() if base is None else Path(base), overrides)


def _validated(document: Document, base: Path, overrides: Sequence[str]) -> LoadedConfig:
    if not isinstance(document.data, dict):
        what = "is empty" if document.data is None else "holds no settings"
        message = f"the configuration {what}; it begins with 'version: 1' and has 'stages:'"
        raise ConfigError([*document.problems, Problem(message, (), document.file, 1, 1)])
    overridden = apply_overrides(document.data, overrides)
    data = {key: value for key, value in document.data.items() if not key.startswith("x-") and key != "define"}
    expanded = expand_definitions(data.get("stages"), document.data.get("define"))
    if "stages" in data:
        data["stages"] = expanded.stages
    places = _Places(document, expanded.origins, overridden)
    for path in overridden:
        for target in [path, *(use for use, origin in expanded.origins.items() if origin == path)]:
            if target[0] in data:
                from_working_folder(target, data)
    settings, found = _settings(data, base)
    problems = _all_problems(document, expanded, places, found)
    if problems or settings is None:
        raise ConfigError(problems)
    unused = [Located(("define", name), "is never used", at_key=True) for name in expanded.unused]
    odd = tuple(map(places.problem, (*unused, *doubts(settings, data))))
    return LoadedConfig(settings, odd, document.file, base, places)


def _settings(data: dict[str, Any], base: Path) -> tuple[Configuration | None, list[Located]]:
    try:
        return Configuration.model_validate(data, context={"base": base}), []
    except ValidationError as error:
        return None, found_in(error, data, Configuration)


def _all_problems(document: Document, expanded: Expanded, places: _Places, found: list[Located]) -> list[Problem]:
    """Everything, each once, in the order of the file; what the command line brought in comes last."""
    found = [item for item in found if not _under(item.path, expanded.broken)]
    found += expanded.problems
    found = [item for item in found if not _under(places.written(item.path), document.broken)]
    problems = dict.fromkeys([*document.problems, *map(places.problem, found)])
    return sorted(problems, key=lambda problem: (not problem.line, problem.line, problem.column))


def _under(path: SettingPath, broken: set[SettingPath]) -> bool:
    return any(path[:end] in broken for end in range(len(path) + 1))
