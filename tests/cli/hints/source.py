"""Finds every piece of advice in the source: texts of messages in which a verb tells what to do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import faltung_codecs
import faltung_schema

import pipeline

_ROOTS = [Path(one.__path__[0]) for one in (pipeline, faltung_codecs, faltung_schema)]
"""The core, and what was a part of it."""
_VERBS = [
    "set",
    "give",
    "write",
    "use",
    "leave",
    "put",
    "choose",
    "name",
    "install",
    "call",
    "convert",
    "resample",
    "lower",
    "raise",
    "add",
    "say",
    "state",
    "allow",
    "run",
    "pipe",
    "take",
    "load",
    "start",
    "delete",
    "remove",
    "save",
    "begin",
    "keep",
    "decode",
    "find",
    "check",
    "sort",
]
_ADVICE = re.compile(
    rf"(?:; |: |, |\(|^| or | and |\? )(?:{'|'.join(_VERBS)})\b(?! (?:is|are|as|for|of|by)\b)|did you mean"
)
_SPEAKS = ("Error", "invalid", "require", "fail", "_wrong", "Problem", "Located", "note", "append", "warnings")


def advice() -> Iterator[tuple[str, str]]:
    """Module and text of each, what is filled in as ``{}``; of the parts that are commands of this package alone."""
    yield from ((module, text) for module, text in texts() if " " in text and _ADVICE.search(text))


def texts() -> Iterator[tuple[str, str]]:
    """Module and text of every text of the source that is no docstring."""
    for path in sorted(path for root in _ROOTS for path in root.rglob("*.py")):
        for text in _texts(ast.parse(path.read_text("utf-8"))):
            yield (path.parent.name if path.stem == "__init__" else path.stem), text


def _texts(tree: ast.AST) -> Iterator[str]:
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)} - {
        id(node) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)
    }
    docs = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner | docs:
            yield node.value
        elif isinstance(node, ast.JoinedStr) and id(node) not in inner:
            yield "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
