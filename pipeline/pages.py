"""HTML pages from the templates of a package: what is filled in is escaped, its own styles and scripts are not."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

PLAYED = {".wav", ".flac", ".ogg", ".opus", ".mp3"}
"""Extensions that browsers play."""


def template_text(package: str, name: str) -> str:
    """A file of a package's folder ``templates``."""
    return (files(package) / "templates" / name).read_text("utf-8")


def page_from(
    package: str,
    name: str,
    values: Mapping[str, Any],
    *,
    own: Mapping[str, str] | None = None,
    filters: Mapping[str, Callable[..., str]] | None = None,
) -> str:
    """The template of this name in a package's folder ``templates``, with values in it; a value it lacks is an error.

    Parameters
    ----------
    own
        values that go in as they are, by name: styles and scripts of a package, never what a user gave.
    filters
        for the template, beside ``sha256``: the hash by which a Content-Security-Policy allows a script.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader(package), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(filters or {}, sha256=_sha256)
    unescaped = {key: Markup(text) for key, text in (own or {}).items()}  # noqa: S704  (ours)
    return environment.get_template(name).render({**values, **unescaped})


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def report_parts() -> dict[str, str]:
    """Style and script of reports: that of a run, and that of a search."""
    return {
        "style": template_text("pipeline.batch", "report.css"),
        "script": template_text("pipeline.batch", "report.js"),
    }


def shown(text: str) -> str:
    r"""A name on one line: what is invisible, turns the direction of writing or is no UTF-8 as an escape (``\xe9``)."""
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def _escape(character: str) -> str:
    if 0xDC80 <= ord(character) <= 0xDCFF:  # a byte that is no UTF-8
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()


def link(output: str, folder: Path) -> str:
    """A file as a page in ``folder`` links to it."""
    relative = os.path.relpath(os.path.realpath(output), os.path.realpath(folder))
    return quote(os.fsencode(relative if relative.startswith(".") else f"./{relative}"))
