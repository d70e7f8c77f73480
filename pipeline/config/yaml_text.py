"""Reads YAML text into plain data, with the line and column of every key and value.

Configuration is data: no objects, no tags of one's own, and limits that hold before memory or time is spent. The
limits count what anchors, aliases and ``<<`` merges expand to. Types are those of YAML 1.2: see `yaml_values`.
"""

from __future__ import annotations

from typing import Any

import yaml
from yaml.nodes import Node

from ..errors import ConfigError, Problem
from .yaml_errors import TooMuch, explain
from .yaml_values import MAX_DEPTH, MAX_NODES, CoreResolver, Document, Reading

__all__ = ["MAX_BYTES", "read_value", "read_yaml"]

MAX_BYTES = 256 * 1024


class _Loader(yaml.SafeLoader):
    """The pure Python loader (the C one overflows its stack on deep nesting), stopped at the limits."""

    yaml_implicit_resolvers = CoreResolver.yaml_implicit_resolvers
    _composed = 0

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        self._composed += 1
        if self._composed > MAX_NODES:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise TooMuch(f"more than {MAX_NODES:,} keys and values", mark)
        return super().compose_node(parent, index)

    # the scanner runs ahead of the composer, so it counts the depth itself

    def add_indent(self, column: Any) -> bool:
        deeper = super().add_indent(column)
        self._check_depth()
        return deeper

    def fetch_flow_collection_start(self, TokenClass: Any) -> None:  # noqa: N803
        super().fetch_flow_collection_start(TokenClass)
        self._check_depth()

    def _check_depth(self) -> None:
        if self.flow_level + len(self.indents) > MAX_DEPTH:
            raise TooMuch(f"nested more than {MAX_DEPTH} deep", self.get_mark())


def read_yaml(text: str | bytes, file: str = "") -> Document:
    """The one document of a YAML text; an empty text is None.

    What is wrong with single keys and values is collected in ``problems`` of the document.

    Raises
    ------
    ConfigError
        not UTF-8, not YAML, more than one document, or over a limit: with line and column.
    """
    if len(text) > MAX_BYTES:
        raise ConfigError([Problem(f"a configuration has at most {MAX_BYTES // 1024} KiB", file=file)])
    text = _decoded(text, file).removeprefix("\ufeff")
    document = Document(file=file)
    try:
        root = _Loader(text).get_single_node()
        if root is not None:
            document.data = Reading(document).value(root, (), 0)
    except (yaml.YAMLError, TooMuch, ValueError, OverflowError) as error:
        # PyYAML itself fails with the last two, on "\UFFFFFFFF" and on a %YAML directive of 5000 digits
        message, (line, column) = explain(error, text)
        raise ConfigError([Problem(message, (), file, line, column)]) from None
    return document


def read_value(text: str, source: str = "") -> Any:
    """One value as written behind ``setting=``: a scalar, ``[a, list]`` or ``{a: mapping}``.

    Raises
    ------
    ConfigError
        not such a value; ``source`` is named instead of a file, with no line.
    """
    try:
        document = read_yaml(text)
        problems = document.problems
    except ConfigError as error:
        problems = list(error.problems)
    if problems:
        raise ConfigError([Problem(problem.message, problem.path, source) for problem in problems])
    return document.data


def _decoded(text: str | bytes, file: str) -> str:
    if isinstance(text, str):
        return text
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        before = text[: error.start]
        line, column = before.count(b"\n") + 1, len(before.rpartition(b"\n")[2].decode()) + 1
        message = f"not UTF-8: the byte 0x{text[error.start]:02x} cannot stand here; save the file as UTF-8"
        raise ConfigError([Problem(message, (), file, line, column)]) from None
