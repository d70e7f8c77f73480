"""Puts what PyYAML says of a broken text into plain words, with the place to look at.

PyYAML names two marks, where it noticed and where the thing began; for what is never closed, the beginning helps.
"""

from __future__ import annotations

import re
from typing import Any

from yaml import MarkedYAMLError
from yaml.reader import ReaderError

__all__ = ["Mark", "TooMuch", "explain", "place"]

Mark = tuple[int, int]
"""Line and column, both counted from 1."""

_QUOTES = "a text that begins with it needs quotes"
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


class TooMuch(Exception):  # noqa: N818  (it never leaves this folder: a ConfigError does)
    """A limit is passed; nothing after it is read."""

    def __init__(self, message: str, mark: Any) -> None:
        super().__init__(message)
        self.mark = mark


def place(mark: Any) -> Mark:
    """Line and column of a mark of PyYAML's, from 1; the beginning where there is none."""
    return (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)


def explain(error: Exception, text: str) -> tuple[str, Mark]:
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
