"""Advice in the words of the command that gives it: where no file holds the settings, they are options and words."""

from __future__ import annotations

import re
import shlex

from ..config.model import Configuration
from ..stages.match import Match

_VALUE = r"(?!to\b|or\b|for\b)(?:\{.*?\}|\[.*?\]|'[^']*'|[\w%.+-]*[\w%])"
_SETTING = re.compile(rf"\b(set|give|or|and|with|name|take|such as|choose others with) (\w+):(?: ({_VALUE}))?")
_BARE = re.compile(r"'[A-Za-z](?:[^:#]|:(?! ))*'")
_STAGE = re.compile(r"\{use: (\w+)((?:, \w+: (?:\[.*?\]|[^,}]+))*)\}")
_FOR_EXAMPLE = {"fs": "48kHz", "columns": "[0]", "max_gap": "10s", "time_unit": "ms", "events": "found.csv"}


def in_words(text: str, command: str) -> str:
    """The text with ``set gaps: nan`` as ``give -s gaps=nan``, for ``apply`` and ``match``; for others as it is."""
    if command not in ("apply", "match"):
        return text

    def option(found: re.Match[str]) -> str:
        verb, name, value = found.groups()
        verb = "give" if verb == "set" else verb
        if value and _BARE.fullmatch(value):  # the shell's quotes do
            value = value[1:-1]
        if name in Configuration.model_fields:
            return f"{verb} -s {shlex.quote('='.join((name, value or _FOR_EXAMPLE.get(name, 'VALUE'))))}"
        if value is None:
            return found[0]
        if command == "match" and name in Match.model_fields:
            return f"{verb} --{name.replace('_', '-')} {value}"
        return f"{verb} {name}={value}"

    def words(found: re.Match[str]) -> str:
        settings = re.findall(r", (\w+): (\[.*?\]|[^,}]+)", found[2])
        return " ".join([found[1], *(shlex.quote(f"{name}={value}") for name, value in settings)])

    return _SETTING.sub(option, _STAGE.sub(words, text))
