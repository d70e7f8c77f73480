"""Reads what a stage looks for: a template from numbers or from a file.

Convention: a template has shape ``(m, C)``, one column a channel or one for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..kernel import Taps
from .base import Format, require
from .files import NumbersOrFile, read_taps

__all__ = ["Template", "Templates", "load_templates"]

Templates = NumbersOrFile


@dataclass(frozen=True)
class Template:
    """What is looked for: a name, and taps ``(m, C)``."""

    name: str
    taps: Taps


def load_templates(sources: Any, fmt: Format, setting: str = "template") -> Sequence[Template]:
    """The templates for one signal; raises `SettingError` on ``setting``."""
    taps = read_taps(sources, fmt, setting)
    require(taps.ndim < 3, f"must hold (frames, channels), got shape {taps.shape}", setting)
    return [Template(sources.stem if isinstance(sources, Path) else "t0", taps.reshape(len(taps), -1))]
