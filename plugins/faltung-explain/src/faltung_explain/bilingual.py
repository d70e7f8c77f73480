"""Texts of an explanation in English and Chinese, from files in ``templates``, with values in them.

Convention: a text is always both at once, ``{"en": ..., "zh": ...}``; who shows it chooses.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Literal

from pipeline.pages import template_text
from pipeline.text import with_minus

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")

Bilingual = dict[str, str]
"""The same thing said in English and in Chinese."""


@cache
def texts_of(name: str) -> dict[str, Any]:
    """The texts of a file in ``templates``, by key."""
    loaded: dict[str, Any] = json.loads(template_text("faltung_explain", name))
    return loaded


def fill(text: Bilingual, values: Mapping[str, Any]) -> Bilingual:
    """A text with its values; a value may itself be in both languages."""
    return {lang: text[lang].format(**{k: _in(v, lang) for k, v in values.items()}) for lang in LANGUAGES}


def _in(value: Any, lang: Language) -> Any:
    return value[lang] if isinstance(value, dict) and lang in value else value


def say(key: str, **values: Any) -> Bilingual:
    """A sentence of ``templates/sentences.json`` with its values."""
    return fill(texts_of("sentences.json")[key], values)


def join(*parts: Bilingual) -> Bilingual:
    """Sentences in a row, parted by semicolons."""
    return {lang: "; ".join(part[lang] for part in parts) for lang in LANGUAGES}


def listed(items: Iterable[object]) -> Bilingual:
    """Items in a row, parted by the comma of each language."""
    words = [str(item) for item in items]
    return {"en": ", ".join(words), "zh": "、".join(words)}


def name_in(name: str, lang: Language) -> str:
    """The name of a number, or of a part of it, as a language has it: in English its key, in Chinese from a file."""
    spoken = with_minus(name) if name.startswith("[") else name.replace("_", " ")
    return spoken if lang == "en" else str(texts_of("names.json").get(name, spoken))
