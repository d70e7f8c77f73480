"""Rates that stand beside a table in words, as oscilloscopes and loggers write them: ``Sample Interval,2e-06``.

Convention: what is found is told, never taken: the rate of an acquisition need not be that of the rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise

from pipeline.text import shorten

__all__ = ["told_rate"]

_UNIT = r"[kM]?Hz|[kMG]?Sa?/s|\w*sam?ples?(?:/s\w*|\s+per\s+sec\w*)|[mµμun]?s(?:ec\w*)?|min\w*|h(?:ours?)?"
_WHOSE = r"(?:sampl\w*|log\w*|scan|record\w*|acquisition|measur\w*|epoch|abtast\w*|mess\w*)"
_STEP = rf"(?:{_WHOSE}|time)[ _-]?(?:interval|period|increment|step)|{_WHOSE}?intervall|increment|t_?inc|x_?incr?"
_STEP += r"|delta[ _]?[xt]|hresolution"
_RATE = rf"{_WHOSE}[ _-]?(?:rate|freq\w*)|abtast(?:rate|frequenz)|fs"
_NAMED = rf"(?:(?P<step>{_STEP})|(?P<rate>{_RATE}))\b\s*[(\[]?\s*(?P<of>{_UNIT})?\s*[)\]]?"
_VALUE = rf"(?P<value>[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?P<on>(?=,\d))?[\s,;\"]*(?P<unit>(?:{_UNIT})(?!\w))?"
_SAID = re.compile(rf"(?<![A-Za-z]){_NAMED}(?P<between>[\s,;:=\"]*)(?:analog:)?{_VALUE}(?![\w/:.])", re.I)
_NAME = re.compile(rf"\s*\"?{_NAMED}\"?\s*", re.I)
_CELL = re.compile(rf"\s*\"?{_VALUE}\"?\s*", re.I)
_COMMA = re.compile(r"(?<=\d),(?=\d)")
_SECONDS = {"m": 1e-3, "µ": 1e-6, "μ": 1e-6, "u": 1e-6, "n": 1e-9}
_HERTZ = {"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "m": 1e-3}


def told_rate(lines: Sequence[str], first: int) -> tuple[float, str] | None:
    """Rate in Hz that words beside a table tell, and these; None of none, or of several that differ.

    Parameters
    ----------
    lines
        from the first of the text.
    first
        line of the first row, from 1.
    """
    found: dict[float, str] = {}
    for line, named, cell in chain(_in_lines(lines), _in_columns(lines[: first - 1])):
        fs = _rate(named, cell)
        if fs is not None:
            found.setdefault(fs, shorten(line.strip(" \t\r\n,;"), 60))
    return next(iter(found.items())) if len(found) == 1 else None


def _in_lines(lines: Iterable[str]) -> Iterator[tuple[str, re.Match[str], re.Match[str]]]:
    """Names with their values behind them."""
    for line in lines:
        decimal = _COMMA.sub(".", line) if ";" in line or "\t" in line else line
        for said in _SAID.finditer(decimal):
            if said["on"] is None or "," in said["between"]:  # a comma within a number, between thousands or not
                yield line, said, said


def _in_columns(lines: Sequence[str]) -> Iterator[tuple[str, re.Match[str], re.Match[str]]]:
    """Names with their values below them."""
    for line, below in pairwise(lines):
        for mark in (one for one in ",;\t" if one in line):
            for named, cell in zip(line.split(mark), below.split(mark), strict=False):
                name, value = _NAME.fullmatch(named), _CELL.fullmatch(cell)
                if name and value:
                    yield f"{named.strip()}, {cell.strip()}", name, value


def _rate(named: re.Match[str], cell: re.Match[str]) -> float | None:
    value, unit = float(cell["value"]), cell["unit"] or named["of"] or ""
    if value <= 0:
        return None
    if re.search(r"Hz$|/s|per", unit, re.I):
        fs = value * (_HERTZ.get(unit[0], 1.0) if re.match(r".(Hz|S)", unit, re.I) else 1.0)
    elif named["rate"]:
        fs = 0.0 if unit else value  # a rate in seconds is none
    else:
        coarse = 60.0 if unit.startswith("min") else 3600.0 if unit.startswith("h") else 1.0
        fs = 1 / (value * coarse * (_SECONDS.get(unit[0], 1.0) if unit[1:2] == "s" else 1.0))
    return float(f"{fs:.12g}") or None
