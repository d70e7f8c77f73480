"""Event files whose extension several programs share, told apart by their first line."""

from __future__ import annotations

from pathlib import Path

from pipeline.io.labels import Label

from . import audacity, raven
from .text import decoded


def read_text(path: Path) -> list[Label]:
    """The labels of a ``.txt``: a table of Raven's by its header, else Audacity's labels."""
    return raven.read(path) if raven.is_table(decoded(path)) else audacity.read(path)
