"""HTML pages from the templates of a package: what is filled in is escaped, its own styles and scripts are not."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any


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
