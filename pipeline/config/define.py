"""Puts in place of every use of a defined name what ``define:`` says it is.

``define: {room: {use: reverb, ir: room.wav}}`` and ``- use: room`` make a reverb; settings beside ``use: room``
replace those of the definition, each as a whole. A definition names an installed stage, never another definition.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..errors import PluginError, SettingPath
from ..limits import MAX_YAML_VALUES, set_by
from ..problems import Located
from ..stages.base.registry import available_stages, stage_class
from ..text import nearest


@dataclass
class Expanded:
    """Stages with every definition in place.

    ``origins`` maps a path in ``stages`` to the path of the definition it came from; ``broken`` are stages that
    cannot be read any further.
    """

    stages: Any = None
    origins: dict[SettingPath, SettingPath] = field(default_factory=dict)
    problems: list[Located] = field(default_factory=list)
    broken: set[SettingPath] = field(default_factory=set)
    unused: list[str] = field(default_factory=list)


def expand_definitions(stages: Any, definitions: Any) -> Expanded:
    """The ``stages:`` of a configuration with its ``define:`` worked in; neither is altered."""
    walk = _Walk(definitions)
    walk.result.stages = walk.expand(stages, ("stages",))
    walk.result.unused = [name for name in walk.definitions if name not in walk.used]
    return walk.result


class _Walk:
    def __init__(self, definitions: Any) -> None:
        self.result = Expanded()
        self.definitions: dict[str, dict[str, Any]] = {}
        self._sizes: dict[str, int] = {}
        self.used: set[str] = set()
        self._ids: dict[str, SettingPath] = {}
        self._room = MAX_YAML_VALUES  # definitions used over and over count like aliases
        if definitions is None:
            return
        if not isinstance(definitions, dict):
            self._refuse(("define",), f"must map names to stages, got {definitions!r:.60}")
            return
        installed = {source.name for source in available_stages()}
        for name, definition in definitions.items():
            path = ("define", name)
            if name in installed:
                self._refuse(path, f"{name!r} is an installed stage; take another name", at_key=True)
                continue
            self.definitions[name] = {}  # until it is found to be sound; its uses are not complained about
            self._sizes[name] = _size(definition)
            if not isinstance(definition, dict) or not isinstance(definition.get("use"), str):
                self._refuse(path, "a definition is a mapping with 'use:' and settings")
                continue
            nested = [(at, used) for at, used in _uses(definition, path) if used in definitions.keys() - installed]
            for at, used in nested:
                text = f"a definition is made of installed stages, and {used!r} is a definition"
                self._refuse((*at, "use"), text)
            if not nested:
                self.definitions[name] = definition

    def _refuse(self, path: SettingPath, message: str, *, at_key: bool = False) -> None:
        self.result.problems.append(Located(path, message, at_key))

    def expand(self, data: Any, path: SettingPath) -> Any:
        """The data with each mapping that has ``use:`` made whole."""
        if isinstance(data, list):
            return [self.expand(item, (*path, i)) for i, item in enumerate(data)]
        if not isinstance(data, dict):
            return data
        name = data.get("use")
        if isinstance(name, str):
            data = self._stage(name, data, path)
        return {key: self.expand(item, (*path, key)) for key, item in data.items()}

    def _stage(self, name: str, data: dict[str, Any], path: SettingPath) -> dict[str, Any]:
        if name in self.definitions:
            self.used.add(name)
            definition = self.definitions[name]
            self._room -= self._sizes[name]
            if self._room < 0:
                many = f"more than {MAX_YAML_VALUES:,} settings ({set_by('yaml_values')})"
                self._refuse(path, f"with its definitions in place, {many}")
            if not definition or self._room < 0:
                self.result.broken.add(path)
                return {}
            for key in definition:
                if key == "use" or key not in data:
                    self.result.origins[(*path, key)] = ("define", name, key)
            data = {**definition, **data, "use": definition["use"]}
        self._check_name(data["use"], path)
        self._check_id(data.get("id"), path)
        return data

    def _check_name(self, name: str, path: SettingPath) -> None:
        try:
            stage_class(name)
        except PluginError as error:
            near = nearest(name, self.definitions, 0.7)
            text = f"unknown stage {name!r}; did you mean {near!r} of define?" if near else str(error)
            self._refuse((*path, "use"), text)
            self.result.broken.add(path)

    def _check_id(self, name: Any, path: SettingPath) -> None:
        if not isinstance(name, str):
            return
        if name in self._ids:
            text = f"two stages have the id {name!r}; give each its own"
            self._refuse((*path, "id"), text)
        self._ids.setdefault(name, path)


def _uses(data: Any, path: SettingPath) -> Iterator[tuple[SettingPath, str]]:
    """Every mapping with ``use:`` in some data, and what it uses."""
    if isinstance(data, dict):
        if isinstance(data.get("use"), str):
            yield path, data["use"]
        for key, value in data.items():
            yield from _uses(value, (*path, key))
    elif isinstance(data, list):
        for i, value in enumerate(data):
            yield from _uses(value, (*path, i))


def _size(data: Any) -> int:
    if isinstance(data, dict):
        return 1 + sum(1 + _size(value) for value in data.values())
    return 1 + sum(map(_size, data)) if isinstance(data, list) else 1
