"""Reads output templates: a path with ``{stem}``, ``{name}``, ``{ext}``, ``{parent}`` and ``{relative}``, nothing else.

``{{`` and ``}}`` are braces, ``${VAR}`` is the environment's. This is a parser of its own and not ``str.format``:
there are no attributes, no indices and no widths to be had from a template.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic_core import PydanticCustomError

from ..errors import UsageError
from ..fields import expand_variables
from ..text import nearest, shorten

__all__ = ["NAMES", "Part", "fill", "parse_template", "variables_in"]

NAMES = ("stem", "name", "ext", "parent", "relative")

_LONGEST = 4096  # no path is longer

_TOKEN = re.compile(r"(?P<variable>\$\{[^${}]*\})|(?P<open>\{\{)|(?P<close>\}\})|\{(?P<name>[^{}]*)\}|(?P<stray>[{}])")


@dataclass(frozen=True)
class Part:
    """A piece of a template: text as it stands, a variable of the environment, or a name to be filled in."""

    kind: Literal["text", "variable", "name"]
    text: str


def parse_template(template: str) -> list[Part]:
    """The pieces of a template.

    Raises
    ------
    UsageError
        a name that is not known (the nearest is suggested), a format or an attribute in braces, a lone brace,
        more than 4096 characters.
    """
    if len(template) > _LONGEST:
        raise UsageError(f"an output has at most {_LONGEST} characters, got {len(template)}")
    parts = []
    end = 0
    for match in _TOKEN.finditer(template):
        if match.start() > end:
            parts.append(Part("text", template[end : match.start()]))
        end = match.end()
        if match["stray"]:
            raise UsageError(
                f"a lone {match['stray']!r} in {_short(template)}; write {match['stray'] * 2!r} to mean it"
            )
        if match["variable"]:
            parts.append(Part("variable", match["variable"]))
        elif match["name"] is not None:
            parts.append(Part("name", _known(match["name"])))
        else:
            parts.append(Part("text", match[0][0]))
    if end < len(template):
        parts.append(Part("text", template[end:]))
    return parts


def _known(name: str) -> str:
    if name in NAMES:
        return name
    near = nearest(re.split(r"\W", name.strip())[0], NAMES)
    fix = f"did you mean '{{{near}}}'?" if near else f"known are {', '.join(f'{{{known}}}' for known in NAMES)}"
    raise UsageError(f"unknown name '{{{name[:40]}}}' in the output; {fix}")


def variables_in(text: str) -> str:
    """The text with every ``${VAR}`` replaced; raises `UsageError` for one that is not set."""
    try:
        return expand_variables(text)
    except PydanticCustomError as error:
        raise UsageError(error.message()) from None


def fill(parts: list[Part], values: Mapping[str, str]) -> tuple[str, str]:
    """What comes before the first name, and the whole text with every name filled in."""
    fixed = ""
    text = ""
    named = False
    for part in parts:
        if part.kind == "name":
            fixed, named = fixed if named else text, True
            text += values[part.text]
        else:
            text += variables_in(part.text) if part.kind == "variable" else part.text
    return (fixed if named else text), text


def _short(text: str) -> str:
    return repr(shorten(text, 80))
