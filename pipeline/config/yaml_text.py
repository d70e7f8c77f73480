"""Reads YAML text into plain data, with the line and column of every key and value, and writes it.

Configuration is data: no objects, no tags of one's own, and limits that hold before memory or time is spent. The
limits count what anchors, aliases and ``<<`` merges expand to. Types are those of YAML 1.2: see `yaml_values`.

What PyYAML says of a broken text is put into plain words. It names two marks, where it noticed and where the thing
began; for what is never closed, the beginning helps.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Any

import yaml
from yaml import MarkedYAMLError
from yaml.nodes import Node
from yaml.reader import ReaderError

from ..errors import ConfigError, Problem, UsageError
from ..io.names import refuse_taken
from ..limits import MAX_YAML_BYTES, MAX_YAML_VALUES, at_most, set_by
from .model import Configuration
from .yaml_values import MAX_DEPTH, CoreResolver, Document, Mark, Reading, TooMuch, place

_QUOTES = "a text that begins with it needs quotes"
_VERSION = re.compile(rb"^version\s*:", re.MULTILINE)  # every configuration has it
_HELD = {0xDC80 + byte: 0xF080 + byte for byte in range(128)}
"""Bytes that are no UTF-8, in names from the command line, as characters for private use, which YAML can hold."""
_BYTES = {held: byte for byte, held in _HELD.items()}
_INDENT = "check the indentation, or put the text in quotes"

# what PyYAML says (its context, then its problem), what is said here, and whether to point at the beginning
_SENTENCES: list[tuple[str, str, bool]] = [
    (r"found character '\\t'", "a tab cannot indent or separate; use spaces", False),
    (r"found character (.*) that cannot start", rf"\1 cannot begin a value; {_QUOTES}", False),
    (r"scanning an alias", f"'*' begins an alias; {_QUOTES}, such as '*.wav'", True),
    (r"scanning an anchor", f"'&' begins an anchor; {_QUOTES}", True),
    (r"undefined alias '(.*)'", r"no anchor &\1 stands above; to mean a text, put '*\1' in quotes", False),
    (r"duplicate anchor '(.*)';", r"the anchor &\1 is written twice; give each its own name", False),
    (r"simple key could not find", "expected ':' after this, or an indentation further in", True),
    (r"mapping values are not allowed", f"a ':' cannot stand here; {_INDENT}", False),
    (r"sequence entries are not allowed", "a list entry cannot stand here; begin it on a line of its own", False),
    (r"mapping keys are not allowed", f"a '?' cannot stand here; {_INDENT}", False),
    (r"quoted scalar found unexpected", "this quote is never closed", True),
    (r"escape", "in double quotes a backslash begins an escape; use single quotes", False),
    (r"scanning a block scalar", "after '|' or '>' the text begins on the next line", True),
    (r" a tag| tag handle|URI", "no tag can be read here; '!' begins a tag, put a text in quotes", True),
    (r"flow sequence expected", "expected ',' or ']' in the list that begins here; a text with '[' needs quotes", True),
    (r"flow mapping expected", f"expected ',' or '}}' in the mapping begun by this '{{'; {_QUOTES}", True),
    (r"expected <block end>", f"this does not continue what stands above; {_INDENT}", False),
    (r"single document|<document start>", "a configuration is one document; this begins another", False),
    (r"node content", "a value is missing here", False),
    (r"directive|incompatible YAML", "'%' begins a directive; only %YAML 1.2 is known, and not needed", True),
]


class _Loader(yaml.SafeLoader):
    """The pure Python loader (the C one overflows its stack on deep nesting), stopped at the limits."""

    yaml_implicit_resolvers = CoreResolver.yaml_implicit_resolvers
    _composed = 0

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        self._composed += 1
        if self._composed > MAX_YAML_VALUES:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise TooMuch(f"more than {MAX_YAML_VALUES:,} keys and values; {set_by('yaml_values')}", mark)
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
    if len(text) > MAX_YAML_BYTES:
        raise ConfigError([Problem(f"a configuration has {at_most('yaml_bytes')}, got more", file=file)])
    text = _decoded(text, file).removeprefix("\ufeff")
    document = Document(file=file)
    try:
        root = _Loader(text).get_single_node()
        if root is not None:
            document.data = Reading(document).value(root, (), 0)
    except (yaml.YAMLError, TooMuch, ValueError, OverflowError) as error:
        # PyYAML itself fails with the last two, on "\UFFFFFFFF" and on a %YAML directive of 5000 digits
        message, (line, column) = _explained(error, text)
        raise ConfigError([Problem(message, (), file, line, column)]) from None
    return document


def read_value(text: str, source: str = "") -> Any:
    """One value as written behind ``setting=``: a scalar, ``[a, list]`` or ``{a: mapping}``.

    Raises
    ------
    ConfigError
        not such a value; ``source`` is named instead of a file, with no line.
    """
    if any("\udc80" <= character <= "\udcff" for character in text):  # a name that is not UTF-8: YAML cannot hold it
        return _with_bytes(read_value(text.translate(_HELD), source)) if text[:1] in "[{" else text
    try:
        document = read_yaml(text)
        problems = document.problems
    except ConfigError as error:
        problems = list(error.problems)
    if problems:
        raise ConfigError([Problem(problem.message, problem.path, source) for problem in problems])
    return document.data


def _with_bytes(data: Any) -> Any:
    """Data with what stood for bytes that are no UTF-8 as those bytes again."""
    if isinstance(data, str):
        return data.translate(_BYTES)
    if isinstance(data, list):
        return [_with_bytes(one) for one in data]
    return {key: _with_bytes(one) for key, one in data.items()} if isinstance(data, dict) else data


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


def _explained(error: Exception, text: str) -> tuple[str, Mark]:
    """One sentence on what is wrong with a YAML text, and where."""
    if isinstance(error, TooMuch):
        return f"too much for a configuration: {error}", place(error.mark)
    if isinstance(error, ReaderError):
        before = text[: error.position]
        where = (before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)
        return f"the character U+{ord(text[error.position]):04X} cannot stand in a YAML text", where
    if not isinstance(error, MarkedYAMLError):
        return "a number in a directive or an escape is too large", (1, 1)
    said = f"{error.context or ''} {error.problem or ''}"
    for pattern, sentence, beginning in _SENTENCES:
        match = re.search(pattern, said)
        if match:
            mark = error.context_mark if beginning else error.problem_mark
            return match.expand(sentence), place(mark or error.problem_mark)
    return f"this is not YAML: {error.problem}", place(error.problem_mark or error.context_mark)


class _Dumper(yaml.SafeDumper):
    yaml_implicit_resolvers = CoreResolver.yaml_implicit_resolvers

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, False)  # list entries are set in under their key


_RARE_BREAKS = re.compile("[\x85\u2028\u2029]")
"""Ends of lines that pyyaml reads as spaces, or as other ends, unless they are escaped."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = '"' if _RARE_BREAKS.search(value) else "'" if value == "<<" else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style)


def _float(dumper: yaml.SafeDumper, value: float) -> yaml.ScalarNode:
    text = repr(value).replace("inf", ".inf").replace("nan", ".nan")
    return dumper.represent_scalar("tag:yaml.org,2002:float", text)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(float, _float)
_Dumper.add_representer(tuple, yaml.SafeDumper.represent_list)
_Dumper.add_multi_representer(PurePath, lambda dumper, path: _text(dumper, str(path)))


def to_yaml(configuration: Configuration | Mapping[str, Any]) -> str:
    """The text of a configuration file: of plain data, or of settings, without what is left at its default.

    Settings hold numbers in their own units: a gain written ``-6 dB`` comes out as the factor it is.
    """
    if isinstance(configuration, Configuration):
        configuration = configuration.model_dump(mode="json", exclude_unset=True)
    ordered: dict[str, Any] = {"version": 1}
    ordered.update((key, configuration[key]) for key in ("version", "input", "output") if key in configuration)
    ordered.update((key, value) for key, value in configuration.items() if key not in ordered)
    return yaml.dump(ordered, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=float("inf"))


def refuse_other_file(path: Path, *, overwrite: bool) -> None:
    """Raise `UsageError` where a name is taken, or a configuration would replace a file that is none, such as notes."""
    refuse_taken(path, overwrite=overwrite)
    with suppress(FileNotFoundError), path.open("rb") as file:
        if not _VERSION.search(file.read(MAX_YAML_BYTES)):
            rule = "is no configuration, which alone is replaced by one; give the saved configuration another name"
            raise UsageError(f"{path}: {rule}")
