"""Writes a report: the page, and its data beside it under the same stem. A report replaces only a report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import UsageError
from ...io.atomic import naming_errors, write_bytes
from .data import KIND
from .page import page_html

__all__ = ["refuse_other_files", "write_report"]

_HEAD_BYTES = 1024


def refuse_other_files(path: Path) -> None:
    """Raise `UsageError` where the page or its data would replace a file that is no report."""
    for file in _pair(path):
        try:
            with file.open("rb") as opened:
                ours = KIND.encode() in opened.read(_HEAD_BYTES)
        except FileNotFoundError:
            continue
        except OSError:
            ours = False
        if not ours:
            raise UsageError(f"{file}: is another file, which the report would replace; give the report another name")


def write_report(path: Path, data: Mapping[str, Any]) -> None:
    """Write the page to ``path`` and the data to the JSON file beside it.

    Raises
    ------
    UsageError
        one of the names is that of a file that is no report.
    WriteError, DiskFullError
        it cannot be written.
    """
    refuse_other_files(path)
    with naming_errors(str(path)):
        path.parent.mkdir(parents=True, exist_ok=True)
    page, numbers = _pair(path)
    for file, text in ((numbers, json.dumps(data, indent=1, allow_nan=False)), (page, page_html(data, path.parent))):
        write_bytes(file, text.encode(), overwrite=True)


def _pair(path: Path) -> tuple[Path, Path]:
    return path, path.with_suffix(".json")
