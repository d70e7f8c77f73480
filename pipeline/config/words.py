"""A pipeline from command words: ``echo delay="250 ms" : smooth length="5 ms"`` is two stages.

A lone ``:`` parts the stages; each begins with its name, then ``setting=value``, the value read as in a file. What the
settings mean is not looked at here: `validate_config` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import ConfigError, UsageError
from .yaml_text import read_value

__all__ = ["parse_words"]

_EXAMPLE = "such as: echo delay='250 ms' : smooth length='5 ms'"


def parse_words(words: Sequence[str]) -> list[dict[str, Any]]:
    """The ``stages:`` that command words mean, as plain data.

    Raises
    ------
    UsageError
        no stage between two colons, a word that is no ``setting=value``, a setting given twice.
    """
    if not words:
        raise UsageError(f"no stage is given; write one or more, {_EXAMPLE}")
    stages: list[list[str]] = [[]]
    for word in words:
        if word == ":":
            stages.append([])
        else:
            stages[-1].append(word)
    return [_stage(group, number) for number, group in enumerate(stages, 1)]


def _stage(words: list[str], number: int) -> dict[str, Any]:
    if not words:
        raise UsageError(f"stage {number} is empty; between two ':' stands a stage, {_EXAMPLE}")
    name, *rest = words
    if "=" in name:
        raise UsageError(f"stage {number} begins with {name!r}; the first word is the name of a stage, {_EXAMPLE}")
    stage: dict[str, Any] = {"use": name}
    for word in rest:
        setting, equals, text = word.partition("=")
        if not equals or not setting:
            fix = f"; did you mean '{word}' as a stage of its own, after a ':'?" if not equals else ""
            raise UsageError(f"stage {number} ({name}): {word!r} is no setting=value{fix}")
        if setting == "use":
            raise UsageError(f"stage {number} ({name}): the first word is its name already; leave {word!r} out")
        if setting in stage:
            raise UsageError(f"stage {number} ({name}): {setting!r} is given twice")
        try:
            stage[setting] = read_value(text)
        except ConfigError as error:
            raise UsageError(f"stage {number} ({name}): {word!r}: {error}") from None
    return stage
