"""Turns YAML nodes into plain data: the core types of YAML 1.2, text keys each written once, aliases as copies.

``no``, ``12:30:45``, ``1_000`` and ``2024-01-01`` are texts, ``010`` is 10, ``0x1F`` is 31, ``1e3`` is a number. A
``<<`` merge brings in the keys of a mapping that are not written beside it; of several, the first has the word.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ..errors import Problem, SettingPath
from ..limits import MAX_YAML_VALUES, set_by
from ..text import learn

Mark = tuple[int, int]
"""Line and column, both counted from 1."""

MAX_DEPTH = 32
MAX_DIGITS = 300

_TAG = "tag:yaml.org,2002:"
_TYPES = {
    "null": (re.compile(r"(?:~|null|Null|NULL|)\Z"), ["~", "n", "N", ""]),
    "bool": (re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), list("tTfF")),
    "int": (re.compile(r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)\Z"), list("-+0123456789")),
    "float": (
        re.compile(
            r"(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
            r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z"
        ),
        list("-+.0123456789"),
    ),
}


class TooMuch(Exception):  # noqa: N818  (it never leaves this folder: a ConfigError does)
    """A limit is passed; nothing after it is read."""

    def __init__(self, message: str, mark: Any) -> None:
        super().__init__(message)
        self.mark = mark


def place(mark: Any) -> Mark:
    """Line and column of a mark of PyYAML's, from 1; the beginning where there is none."""
    return (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)


class CoreResolver(yaml.resolver.BaseResolver):
    """Type of a scalar without quotes, by the core schema of YAML 1.2."""


for _name, (_pattern, _first_characters) in _TYPES.items():
    CoreResolver.add_implicit_resolver(_TAG + _name, _pattern, _first_characters)


@dataclass
class Document:
    """Data of a YAML text, its places, and what is wrong with it short of the syntax.

    ``keys`` and ``values`` map a path such as ``("stages", 2, "gain")`` to line and column of that key and that
    value; what an alias or a merge brings in keeps the place where it is written. Under a ``broken`` path the data
    is not what was written, because of one of the ``problems``.
    """

    data: Any = None
    file: str = ""
    keys: dict[SettingPath, Mark] = field(default_factory=dict)
    values: dict[SettingPath, Mark] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    broken: set[SettingPath] = field(default_factory=set)


class Reading:
    """One walk over the nodes of a text, filling a `Document`."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._count = 0
        self._open: list[Node] = []
        self._reported: set[tuple[Mark, str]] = set()

    def value(self, node: Node, path: SettingPath, depth: int) -> Any:
        """The data of a node; raises `TooMuch` over a limit."""
        self._counted(node)
        self._document.values[path] = place(node.start_mark)
        kind = node.tag.removeprefix(_TAG)
        if isinstance(node, ScalarNode):
            return self._scalar(node, kind, path)
        if kind != ("map" if isinstance(node, MappingNode) else "seq"):
            return self._refused(
                f"the tag {_shown(node.tag)} is not allowed; a configuration is plain data", node, path
            )
        self._enter(node, depth)
        data: Any
        if isinstance(node, SequenceNode):
            data = [self.value(item, (*path, i), depth + 1) for i, item in enumerate(node.value)]
        else:
            data = {}
            self._fill(data, node, path, depth, merged=False)
        self._open.pop()
        return data

    def _fill(self, data: dict[str, Any], node: Node, path: SettingPath, depth: int, *, merged: bool) -> None:
        """Put the entries of a mapping into ``data``; with ``merged``, only those it lacks."""
        lines: dict[str, int] = {}
        sources = []
        for key_node, value_node in node.value:
            key = self._key(key_node, path)
            if key is None or (merged and key in data):
                continue
            inside = (*path, key)
            mark = place(key_node.start_mark)
            if key in lines:
                self._refused(f"written twice, first in line {lines[key]}; keep one of the two", key_node, inside)
                continue
            lines[key] = mark[0]
            if key == "<<" and key_node.style is None:
                sources.append(value_node)
                continue
            self._document.keys[inside] = mark
            data[key] = self.value(value_node, inside, depth + 1)
        for source in sources:
            for mapping in source.value if isinstance(source, SequenceNode) else [source]:
                self._merge(data, mapping, path, depth + 1)

    def _merge(self, data: dict[str, Any], mapping: Node, path: SettingPath, depth: int) -> None:
        self._counted(mapping)
        if not isinstance(mapping, MappingNode):
            self._refused("'<<' takes a mapping or a list of mappings, such as '*name'", mapping, (*path, "<<"))
            return
        self._enter(mapping, depth)
        self._fill(data, mapping, path, depth, merged=True)
        self._open.pop()

    def _enter(self, node: Node, depth: int) -> None:
        if any(node is other for other in self._open):
            raise TooMuch("an alias inside the very thing it stands for", node.start_mark)
        if depth >= MAX_DEPTH:
            raise TooMuch(f"nested more than {MAX_DEPTH} deep", node.start_mark)
        self._open.append(node)

    def _key(self, node: Node, path: SettingPath) -> str | None:
        self._counted(node)
        key = str(node.value) if isinstance(node, ScalarNode) else None
        if key is None or node.tag != _TAG + "str":
            fix = f"; write {key!r}, with quotes" if key else ""
            self._refused(f"a key must be a text{fix}", node, path)
            return None
        if not key.isprintable():
            self._refused(f"a key cannot hold control characters, got {key!r}", node, path)
            return None
        return key

    def _scalar(self, node: ScalarNode, kind: str, path: SettingPath) -> Any:
        text: str = node.value
        if kind == "str":
            return text
        if kind not in _TYPES:
            return self._refused(
                f"the tag {_shown(node.tag)} is not allowed; a configuration is plain data", node, path
            )
        if not _TYPES[kind][0].match(text):
            return self._refused(f"{text!r} is not what its tag {_shown(node.tag)} says", node, path)
        if kind == "null":
            return None
        if kind == "bool":
            return text[0] in "tT"
        digits = len(text.lstrip("+-"))
        if digits > MAX_DIGITS:
            return self._refused(f"a number has at most {MAX_DIGITS} digits, got {digits}", node, path)
        if kind == "int":
            return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
        number = float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        if math.isinf(number) and "inf" not in text.lower():
            return self._refused(f"{text} is too large for a number; the largest is 1.8e308", node, path)
        return number

    def _refused(self, message: str, node: Node, path: SettingPath) -> Any:
        """Note a problem; the data in its place is None."""
        self._document.broken.add(path)
        mark = place(node.start_mark)
        if (mark, message) not in self._reported:  # an alias brings in the same mistake again
            self._reported.add((mark, message))
            self._document.problems.append(Problem(message, path, self._document.file, *mark))

    def _counted(self, node: Node) -> None:
        self._count += 1
        if isinstance(node, ScalarNode):
            learn(node.value)
        if self._count > MAX_YAML_VALUES:
            many = f"more than {MAX_YAML_VALUES:,} keys and values, aliases expanded; {set_by('yaml_values')}"
            raise TooMuch(many, node.start_mark)


def _shown(tag: str) -> str:
    return f"!!{tag.removeprefix(_TAG)}" if tag.startswith(_TAG) else tag
