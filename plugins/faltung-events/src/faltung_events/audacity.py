r"""Audacity's labels: start, end and a name between tabs; a second line that begins with ``\`` holds frequencies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.errors import ReadError
from pipeline.io.labels import Label
from pipeline.match.events import Events

from .tabbed import decimal, tabbed
from .text import decoded, frequency, number
from .tiers import named


def encode(searches: Sequence[Events]) -> bytes:
    """The bytes of a label file; frequencies stand in it where less than all of them was compared."""
    rows: list[tuple[str, ...]] = []
    for search in searches:
        band = tuple(map(decimal, search.band))
        for event in search:
            rows.append((decimal(event.start_s), decimal(event.end_s), named(event)))
            rows += [("\\", *band)] if search.band != (0.0, search.fs / 2) else []
    return tabbed(rows)


def read(path: Path) -> list[Label]:
    """The labels of a file; the end of a point, which may be left out, is its start."""
    found: list[Label] = []
    for place, line in enumerate(decoded(path).split("\n"), 1):
        if not line.strip():
            continue
        parts = line.split("\t")
        if parts[0].strip() == "\\" and found:
            low, high = (frequency(part) for part in (*parts[1:3], "", "")[:2])
            found[-1] = replace(found[-1], low_hz=low, high_hz=high)
            continue
        start, end = number(parts[0]), number(parts[1]) if len(parts) > 1 else None
        if start is None:
            rule = "a label is a start, an end and a name between tabs"
            raise ReadError(str(path), f"line {place}: {rule}, got {line[:60]!r}; export the labels again")
        text = "\t".join(parts[1 if end is None else 2 :])
        found.append(Label(start, start if end is None else end, text))
    return found
