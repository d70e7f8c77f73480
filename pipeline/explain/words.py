"""The words of an explanation in English and Chinese: sentences from ``templates/sentences.json`` with values in them.

Convention: a text is always both at once, ``{"en": ..., "zh": ...}``; who shows it chooses.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from ..pages import template_text

__all__ = ["LANGUAGES", "Words", "join", "say"]

LANGUAGES = ("en", "zh")

Words = dict[str, str]


@cache
def _sentences() -> dict[str, Words]:
    loaded: dict[str, Words] = json.loads(template_text("pipeline.explain", "sentences.json"))
    return loaded


def say(key: str, **values: Any) -> Words:
    """A sentence with its values; a value may itself be words."""
    sentences = _sentences()[key]
    return {lang: sentences[lang].format(**{k: _in(v, lang) for k, v in values.items()}) for lang in LANGUAGES}


def join(*parts: Words) -> Words:
    """Sentences in a row, parted by semicolons."""
    return {lang: "; ".join(part[lang] for part in parts) for lang in LANGUAGES}


def _in(value: Any, lang: str) -> Any:
    return value[lang] if isinstance(value, dict) else value
