"""Gaps of a table filled: rows that are missing in its times, and values that are missing in its rows.

``nan`` leaves them as NaN, ``interpolate`` draws a straight line between the values before and after, in each column
by itself; at the ends, where there is one, it is held.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import repeat
from math import isnan

import numpy as np

from ..errors import ReadError
from .base import ReadOptions
from .timegrid import Gap

MOST_HELD = 1 << 22
"""Values that are held at once, until one ends a gap that is drawn over: each takes some hundred bytes."""
_BLOCK = 1 << 12


class Filling:
    """The rows of a table with its gaps filled, and what was made for them."""

    def __init__(self, name: str, width: int, options: ReadOptions, fs: float, gaps: Sequence[Gap]) -> None:
        self._name, self._way, self._fs = name, options.gaps, fs
        self._rows = MOST_HELD // width
        asked = self._rows if options.max_gap is None else options.max_gap.exact_frames(fs) * (1 + 1e-9)
        self._most = min(self._rows, asked)
        self._gaps = {} if options.gaps == "split" else {gap.row: gap.steps - 1 for gap in gaps}
        self._nothing = [float("nan")] * width
        self._made = sum(self._gaps.values())
        self._values, self._longest, self._where = 0, 0, ""
        longest = max(self._gaps.values(), default=0)
        if options.gaps == "interpolate" and longest > self._most:
            raise ReadError(name, f"{longest:,} rows in a row are missing, {longest / fs:g} s: {self._limit()}")

    @property
    def is_idle(self) -> bool:
        """Whether the rows are the frames as they are."""
        return not self._gaps and self._way != "interpolate"

    def frames(self, rows: Iterator[tuple[int, list[float]]]) -> Iterator[list[float]]:
        """The values of every frame; raises `ReadError` for a gap that is too long."""
        before: list[float] | None = None  # the last row with all its values
        held: list[list[float]] = []  # those behind it
        line = 0
        for n, (line, values) in enumerate(rows):
            made = repeat(self._nothing, self._gaps.get(n, 0))
            if self._way != "interpolate":
                yield from made
                yield values
                continue
            held += made
            whole = not any(map(isnan, values))
            if whole and not held:
                yield values
            else:
                held.append(values)
            if whole or len(held) >= 2 * self._rows:
                yield from self._filled(before, held, f"before line {line}")
                before, held = values, []
        if held:
            yield from self._filled(before, held, f"to line {line}, the last")

    def _filled(self, before: list[float] | None, held: list[list[float]], where: str) -> Iterator[list[float]]:
        if not held:
            return
        block = np.array(held if before is None else [before, *held])
        for column in block.T:
            missing = np.isnan(column)
            at = np.flatnonzero(~missing)
            longest = int(np.diff(at, prepend=-1, append=len(column)).max()) - 1
            if longest > self._most or not len(at):
                fix = self._limit() if len(at) else "a column has no value at all; leave it out with columns:"
                raise ReadError(
                    self._name, f"{longest} values in a row are missing {where}, {longest / self._fs:g} s: {fix}"
                )
            if longest > self._longest:
                self._longest, self._where = longest, where
            self._values += int(missing.sum())
            column[missing] = np.interp(np.flatnonzero(missing), at, column[at])
        for start in range(0 if before is None else 1, len(block), _BLOCK):
            yield from block[start : start + _BLOCK].tolist()

    def _limit(self) -> str:
        """The limit of a gap, and what is to be set for a longer one."""
        if self._most < self._rows:
            return f"the limit is {self._most / self._fs:g} s; set max_gap: for another"
        return f"gaps: interpolate draws over {self._rows:,} rows at most; set gaps: split or nan"

    def notes(self) -> list[str]:
        """Sentences on what was made, once all frames have been read."""
        if self._way == "nan" and self._made:
            return [f"gaps: nan put {self._made:,} row{'s' * (self._made > 1)} where none were"]
        if not self._longest:
            return []
        cells = self._values - self._made * len(self._nothing)
        parts = [(self._made, "row"), (cells, "missing value")]
        what = " and ".join(f"{count:,} {word}{'s' * (count > 1)}" for count, word in parts if count)
        longest = f"{self._longest:,} frame{'s' * (self._longest > 1)} ({self._longest / self._fs:g} s) {self._where}"
        return [f"gaps: interpolate made {what}; the longest stretch is {longest}"]
