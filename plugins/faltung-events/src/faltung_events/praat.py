"""Praat's TextGrids: tiers of intervals and of points, as ASCII or UTF-16, in the long and in the short form.

Convention: as Praat does, a reader takes numbers and flags that stand by themselves and texts in quotes, in order, and
passes over all else, so that both forms are one.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from pipeline.errors import ReadError
from pipeline.io.labels import Label
from pipeline.match.events import Event, Events

from .tabbed import decimal
from .text import decoded
from .tiers import named, tiers_of

_TOKEN = re.compile(r'"((?:[^"]|"")*)"|(?<!\S)(<\w+>|[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)(?!\S)|(?<!\S)!.*')
_Part = tuple[float, float, str]


def encode(searches: Sequence[Events]) -> bytes:
    """The bytes of a TextGrid in the long form: ASCII where that suffices, else UTF-16 with its mark, as Praat does.

    Times have no exponent, which Praat reads and writes but other readers do not.
    """
    ends = (one.end_s for search in searches for one in search)
    last = max(chain(ends, (search.frames / search.fs for search in searches)), default=0.0) or 1.0
    tiers = [(name, list(_parts(events, last))) for name, events in tiers_of(searches)]
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0 ", f"xmax = {decimal(last)} "]
    lines += ["tiers? <exists> ", f"size = {len(tiers)} ", "item []: "]
    for place, (name, parts) in enumerate(tiers, 1):
        head = ('class = "IntervalTier" ', f"name = {_quoted(name)} ", "xmin = 0 ", f"xmax = {decimal(last)} ")
        lines += [f"    item [{place}]:", *(f"        {line}" for line in head)]
        lines += [f"        intervals: size = {len(parts)} "]
        for number, (start, end, text) in enumerate(parts, 1):
            told = (f"xmin = {decimal(start)} ", f"xmax = {decimal(end)} ", f"text = {_quoted(text)} ")
            lines += [f"        intervals [{number}]:", *(f"            {line}" for line in told)]
    text = "\n".join([*lines, ""])
    if text.isascii():
        return text.encode()
    return codecs.BOM_UTF16_BE + text.encode("utf-16-be", "backslashreplace")


def _parts(events: Sequence[Event], last: float) -> Iterator[_Part]:
    """Intervals from 0 to the end without a hole, those between the events empty."""
    done = 0.0
    for event in events:
        if event.start_s > done:
            yield done, event.start_s, ""
        yield event.start_s, event.end_s, named(event)
        done = event.end_s
    if done < last:
        yield done, last, ""


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def read(path: Path) -> list[Label]:
    """The intervals that say something, and the points, of all tiers."""
    if path.read_bytes().startswith(b"ooBinaryFile"):
        raise ReadError(str(path), "is a binary TextGrid; save it as a text file in Praat")
    tokens = _tokens(decoded(path))
    try:
        kind = [next(tokens), next(tokens)]
        if kind[0] not in ('"ooTextFile', '"ooTextFile short') or kind[1] != '"TextGrid':
            raise ReadError(str(path), f"begins as no TextGrid does, with {[one[1:] for one in kind]}")
        _, _, exists = (next(tokens) for _ in range(3))
        count = int(next(tokens)) if exists == "<exists>" else 0
        return [label for _ in range(count) for label in _tier(tokens)]
    except (StopIteration, RuntimeError, ValueError) as error:
        raise ReadError(str(path), "ends, or goes astray, inside of a tier; save it again in Praat") from error


def _tier(tokens: Iterator[str]) -> Iterator[Label]:
    kind, name, _, _, count = (next(tokens) for _ in range(5))
    if kind not in ('"IntervalTier', '"TextTier'):
        raise ValueError(kind)
    for _ in range(int(count)):
        start = float(next(tokens))
        end = float(next(tokens)) if kind == '"IntervalTier' else start
        text = next(tokens)
        if not text.startswith('"'):
            raise ValueError(text)
        if text.strip('"').strip() or kind == '"TextTier':
            yield Label(start, end, text[1:], more={"Tier": name[1:]})


def _tokens(text: str) -> Iterator[str]:
    """Numbers and flags as they are, texts with a quote before them, theirs no longer doubled."""
    for found in _TOKEN.finditer(text):
        quoted, plain = found.groups()
        if quoted is not None:
            yield '"' + quoted.replace('""', '"')
        elif plain is not None:
            yield plain
