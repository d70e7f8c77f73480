"""Texts of an explanation in English and Chinese: those of ``templates/sentences.json`` with values in them.

Convention: a text is always both at once, ``{"en": ..., "zh": ...}``; who shows it chooses.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from ..pages import template_text

__all__ = ["LANGUAGES", "Bilingual", "join", "say", "with_minus"]

LANGUAGES = ("en", "zh")

Bilingual = dict[str, str]


@cache
def _sentences() -> dict[str, Bilingual]:
    loaded: dict[str, Bilingual] = json.loads(template_text("pipeline.explain", "sentences.json"))
    return loaded


def say(key: str, **values: Any) -> Bilingual:
    """A sentence with its values; a value may itself be words."""
    sentences = _sentences()[key]
    return {lang: sentences[lang].format(**{k: _in(v, lang) for k, v in values.items()}) for lang in LANGUAGES}


def join(*parts: Bilingual) -> Bilingual:
    """Sentences in a row, parted by semicolons."""
    return {lang: "; ".join(part[lang] for part in parts) for lang in LANGUAGES}


def _in(value: Any, lang: str) -> Any:
    return value[lang] if isinstance(value, dict) else value


def with_minus(text: str) -> str:
    """A number in words with a true minus sign."""
    return text.replace("-", "\N{MINUS SIGN}")
