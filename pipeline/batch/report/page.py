"""The page of a run's report: one HTML file with its style and script inside, which asks for nothing but the outputs.

A table that reads without a script; the script sorts and filters it, and makes a player when one is asked for.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from ...io import is_remote
from ...pages import page_from, template_text
from ...text import clock, decibels, size, times
from .data import KIND, STATUSES

__all__ = ["PLAYED", "link", "own_parts", "page_html", "shown"]

PLAYED = {".wav", ".flac", ".ogg", ".opus", ".mp3"}
"""Extensions that browsers play."""

_TABLES = {".csv", ".npy", ".npz", ".parquet"}


def page_html(data: Mapping[str, Any], folder: Path) -> str:
    """The page for the data of `run_report`, with links to the outputs as seen from ``folder``."""
    rows = [_row(record, folder) for record in data["files"]]
    return page_from(
        "pipeline.batch.report",
        "report.html.j2",
        {**data, "kind": KIND, "statuses": STATUSES, "rows": rows},
        own=own_parts(),
        filters={"shown": shown, "clock": clock, "size": size, "times": times},
    )


def own_parts() -> dict[str, str]:
    """Style and script of the page."""
    return {
        "style": template_text("pipeline.batch.report", "report.css"),
        "script": template_text("pipeline.batch.report", "report.js"),
    }


def shown(text: str) -> str:
    r"""A name on one line: what is invisible, turns the direction of writing or is no UTF-8 as an escape (``\xe9``)."""
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def _escape(character: str) -> str:
    if 0xDC80 <= ord(character) <= 0xDCFF:  # a byte that is no UTF-8
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()


def _row(record: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """What a line of the table shows beside the record itself."""
    output = record["outputs"][0]["path"] if record["outputs"] else None
    suffix = PurePosixPath(output or "").suffix.lower()
    href = None if output is None or output == "-" or is_remote(output) else link(output, folder)
    peak = record["peak"]
    return {
        **record,
        "output": output,
        "href": href,
        "plays": href is not None and suffix in PLAYED,
        "level": None if peak is None else _level(peak, is_table=suffix in _TABLES),
        "path": _path(record["envelope"]) if record["envelope"] else None,
    }


def link(output: str, folder: Path) -> str:
    """A file as a page in ``folder`` links to it."""
    relative = os.path.relpath(os.path.realpath(output), os.path.realpath(folder))
    return quote(os.fsencode(relative if relative.startswith(".") else f"./{relative}"))


def _level(peak: float, *, is_table: bool) -> str:
    if is_table:
        return f"{peak:.4g}"
    return decibels(peak).replace("-", "\N{MINUS SIGN}").replace("inf", "∞")


def _path(envelope: list[list[int]]) -> str:
    """Bars, one a stretch, from the lowest to the highest sample; silence is a line."""
    return "".join(f"M{i} {-high - 2}V{-low + 2}" for i, (low, high) in enumerate(envelope))
