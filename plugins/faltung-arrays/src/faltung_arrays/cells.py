"""Reads the rows of a stored array in windows of whole chunks, and knows which of them were never written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.errors import ReadError

_WINDOW_ROWS, _WINDOW_BYTES, _MOST_BYTES = 1 << 16, 1 << 23, 1 << 29
TIME_AXES = ("time", "t", "times", "sample", "samples", "frame", "frames")


class Hole(NamedTuple):
    """Rows, of some channels, that have no value."""

    at: int
    rows: int
    first: int
    """First channel."""
    channels: int


def axis_of_time(shape: Sequence[int], names: Sequence[str], others: Sequence[int] = (), channels: int = 0) -> int:
    """Axis that is time: the one so called, of the length of the times, not of that of the channels; else the longer.

    Of two that are equally long it is the first.
    """
    axes = range(len(shape))
    named = [axis for axis in axes if axis < len(names) and names[axis].lower() in TIME_AXES]
    timed = [axis for axis in axes if shape[axis] in others]
    counted = [axis for axis in axes if shape[axis] != channels] if channels in shape else []
    for found in (named, timed, counted):
        if len(found) == 1:
            return found[0]
    return max(axes, key=lambda axis: (shape[axis], -axis))


@dataclass
class Cells:
    """The numbers of an array with one axis of time and at most one of channels."""

    name: str
    array: Any
    axis: int
    chunks: Sequence[int] | None
    picks: list[int] = field(default_factory=list, init=False)
    """Channels that are read, in their order."""
    _kept: npt.NDArray[Any] | None = field(default=None, init=False)
    _kept_at: int = field(default=-1, init=False)

    def __post_init__(self) -> None:
        shape = self.array.shape
        rest = [k for k in range(len(shape)) if k != self.axis and shape[k] != 1]
        self.across = rest[0] if rest else None
        self.rows_in_all: int = shape[self.axis]
        self.channels: int = 1 if self.across is None else shape[self.across]
        self.picks = list(range(self.channels))
        row = max(1, self.channels * self.array.dtype.itemsize)
        chunk = self.chunks[self.axis] if self.chunks else 1
        if chunk * row > _MOST_BYTES:
            raise ReadError(self.name, f"its chunks are {chunk * row >> 20:,} MiB a read; store it in smaller ones")
        self._step = max(1, min(_WINDOW_ROWS, _WINDOW_BYTES // row) // chunk) * chunk

    def _window(self, at: int) -> npt.NDArray[Any]:
        """Rows that are kept from ``at`` on, as they are stored."""
        if at != self._kept_at or self._kept is None:
            where: list[Any] = [0] * len(self.array.shape)
            where[self.axis] = slice(at, min(at + self._step, self.rows_in_all))
            if self.across is not None:
                where[self.across] = slice(None)
            self._kept, self._kept_at = None, -1  # let go of one before the next is read
            got = np.asarray(self.array[tuple(where)])
            wanted = (where[self.axis].stop - at, self.channels)
            got = got.T if self.across is not None and self.across < self.axis else got
            self._kept, self._kept_at = got.reshape(wanted), at
        return self._kept

    def rows(self, begin: int, end: int) -> npt.NDArray[np.float64]:
        """Rows of the channels that are picked, as numbers."""
        every = self.picks == list(range(self.channels))
        columns: Any = slice(None) if every else self.picks
        out = np.empty((end - begin, len(self.picks)))
        done = begin
        while done < end:
            first = done // self._step * self._step
            stop = min(end, first + self._step)
            out[done - begin : stop - begin] = self._window(first)[done - first : stop - first, columns]
            done = stop
        return out

    def holes_of(self, missing: Sequence[Sequence[int]]) -> list[Hole]:
        """The holes that missing chunks leave, given the places of their first cells; joined where they touch."""
        chunks = self.chunks or self.array.shape
        found: dict[tuple[int, int], list[list[int]]] = {}
        for place in sorted(missing, key=lambda one: one[self.axis]):
            first = 0 if self.across is None else place[self.across]
            wide = 1 if self.across is None else min(chunks[self.across], self.channels - first)
            runs, at = found.setdefault((first, wide), []), place[self.axis]
            count = min(chunks[self.axis], self.rows_in_all - at)
            if runs and runs[-1][0] + runs[-1][1] == at:
                runs[-1][1] += count
            else:
                runs.append([at, count])
        return sorted(Hole(at, count, *where) for where, runs in found.items() for at, count in runs)
