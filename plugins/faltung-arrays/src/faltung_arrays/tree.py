"""Finds the signals in a tree of arrays of whatever store: which they are, their rate, their times, their beginning.

A signal is an array of real numbers with one axis of time and at most one of channels. Its rate is what an attribute or
a scalar beside it or above it is called after; or its times are: a coordinate, or a vector of times beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.errors import ReadError
from pipeline.io.base import ReadOptions
from pipeline.io.clock import Clock, Moment

from .cells import Cells, axis_of_time
from .signals import Signal
from .times import Piece, Timed, Times
from .told import RATES, TIMES, number_of, plain, rate_in, start_in, text_of, unit_of

_NS = 10**9


@dataclass
class Tree:
    """The arrays of a store by their paths, and what is told of each."""

    file: str
    arrays: dict[str, Any]
    """Arrays of numbers, scalars too: each has ``shape``, ``dtype`` and slices."""
    attributes: Callable[[str], Mapping[str, Any]] = lambda _: {}
    """Attributes of an array or a group; the whole file is ``""``."""
    axes: Callable[[str], Sequence[str]] = lambda _: ()
    """Names of the axes of an array."""
    coordinate: Callable[[str, int], str] = lambda *_: ""
    """Path of the array that holds the places along an axis."""
    missing: Callable[[str], Sequence[Sequence[int]]] = lambda _: ()
    """First cells of the chunks that are not there."""
    texts: dict[str, str] = field(default_factory=dict)
    reversed: bool = False
    """The last axis stands for the first, as where columns are stored one after the other."""

    def candidates(self, options: ReadOptions) -> dict[str, Callable[[], Signal]]:
        """What may be a signal, by its path, in order."""
        times = {path for path in self.arrays if plain(path.rpartition("/")[2]) in TIMES and self._is_vector(path)}
        times |= {self.coordinate(path, axis) for path, a in self.arrays.items() for axis in range(len(a.shape))}
        found = {path: partial(self._signal, path, options) for path in self.arrays if self._may_be_signal(path)}
        return {path: make for path, make in found.items() if path not in times} or found  # type: ignore[return-value]

    def _is_vector(self, path: str) -> bool:
        return sum(int(n != 1) for n in self.arrays[path].shape) == 1

    def _may_be_signal(self, path: str) -> bool:
        shape = self.arrays[path].shape
        long = [n for n in shape if n != 1]
        return 1 <= len(long) <= 2 and 0 not in long and plain(path.rpartition("/")[2]) not in RATES

    def _signal(self, path: str, options: ReadOptions) -> Signal:
        array = self.arrays[path]
        axes = self.axes(path)
        near = self._times_near(path)
        order = slice(None, None, -1 if self.reversed else 1)
        axis = axis_of_time(array.shape[order], axes[order], [len_of(self.arrays[one]) for one in near])
        axis = len(array.shape) - 1 - axis if self.reversed else axis
        cells = Cells(self.file, array, axis, getattr(array, "chunks", None))
        notes = list[str]()
        if axis != (len(array.shape) - 1 if self.reversed else 0) and cells.channels > 1 and not axes:
            notes.append(f"{path} has shape {tuple(array.shape[order])}; its longer axis is taken for time")
        told = self._rate(path)
        if options.fs is not None and told is not None and options.fs != told:
            raise ReadError(self.file, f"{path} is sampled at {told:g} Hz, fs says {options.fs:g} Hz; leave fs out")
        timed, clock = self._timed(path, cells, near, told or options.fs, options)
        attributes = self.attributes(path)
        missing, gain, offset = (number_of(attributes.get(key)) for key in ("_FillValue", "scale_factor", "add_offset"))
        fill = getattr(array, "fillvalue", getattr(array, "fill_value", 0))
        return Signal(
            path, cells, timed.fs, timed.pieces, tuple(cells.holes_of(self.missing(path))), f"{fill}",
            1.0 if gain is None else gain, offset or 0.0, missing, clock, tuple(notes),
        )  # fmt: skip

    def _above(self, path: str) -> Iterator[str]:
        """Paths of the groups that an array lies in, the nearest first."""
        while path:
            path = path.rpartition("/")[0]
            yield path

    def _beside(self, group: str) -> dict[str, Any]:
        """Scalars in a group by name, read."""
        inside = {path.rpartition("/")[2]: a for path, a in self.arrays.items() if path.rpartition("/")[0] == group}
        return {name: a[tuple(0 for _ in a.shape)] for name, a in inside.items() if all(n == 1 for n in a.shape)}

    def _rate(self, path: str) -> float | None:
        fs = rate_in(self.file, self.attributes(path), f"{path}: ")
        for group in self._above(path):
            at = f"{group}/" if group else ""
            fs = fs or rate_in(self.file, self._beside(group), at) or rate_in(self.file, self.attributes(group), at)
        return fs

    def _times_near(self, path: str) -> list[str]:
        """Paths of what may be the times of the rows of an array: its coordinates, or vectors of times beside it."""
        shape = self.arrays[path].shape
        found = [self.coordinate(path, axis) for axis in range(len(shape))]
        found = [one for one in found if one and plain(one.rpartition("/")[2]) in TIMES]
        group = path.rpartition("/")[0]
        return found or [
            one
            for one in self.arrays
            if one.rpartition("/")[0] == group and one != path and plain(one.rpartition("/")[2]) in TIMES
            if self._is_vector(one) and len_of(self.arrays[one]) in shape
        ]

    def _timed(
        self, path: str, cells: Cells, near: list[str], fs: float | None, options: ReadOptions
    ) -> tuple[Timed, Clock | None]:
        start = self._start(path)
        near = [one for one in near if len_of(self.arrays[one]) == cells.rows_in_all]
        if near:
            unit, since = self._unit(near[0], fs)
            timed = times_of(self.file, near[0], self.arrays[near[0]], unit).gridded(fs)
            if since is not None:
                return timed, clock_of(f"the coordinate {near[0]}", timed, since, unit)
            return timed, None if start is None else clock_of(start[0], timed, start[1], unit, from_first=True)
        fs = fs or options.untold_fs
        if fs is None:
            hint = "an attribute or a scalar called fs, sampling_rate or the like, or a vector called time"
            raise ReadError(self.file, f"{path} tells no sampling rate: give fs:, or store {hint}")
        timed = Timed(fs, (Piece(0, 0, cells.rows_in_all),), ((0, 0),))
        return timed, None if start is None else clock_of(start[0], timed, start[1], Decimal(1))

    def _unit(self, path: str, fs: float | None) -> tuple[Decimal, Moment | None]:
        """Seconds in 1 of a vector of times, and what it counts from; where nobody says, as the rate has it."""
        attributes = self.attributes(path)
        if fs is not None and not {"units", "unit"} & set(attributes) and len_of(self.arrays[path]) > 1:
            step = float(np.diff(times_of(self.file, path, self.arrays[path], Decimal(1)).read(0, 2))[0]) * fs
            return next((Decimal(10) ** -k for k in (3, 6, 9) if abs(step / 10**k - 1) < 0.01), Decimal(1)), None
        text = text_of(attributes.get("units", attributes.get("unit", "s")))
        found = unit_of(text)
        if found is None:
            raise ReadError(self.file, f"{path} is in {text!r}, which is no unit of time; seconds are s")
        return found

    def _start(self, path: str) -> tuple[str, Moment] | None:
        """What tells the time of the first frame, in words."""
        for group in (path, *self._above(path)):
            beside = {one.rpartition("/")[2]: t for one, t in self.texts.items() if one.rpartition("/")[0] == group}
            if (told := start_in({**beside, **self.attributes(group)})) is not None:
                return f"{told[0]} of {group or 'the file'}", told[1]
        return None


def len_of(array: Any) -> int:
    """Length of a vector, whatever axes of 1 it has."""
    return int(np.prod(array.shape))


def times_of(file: str, name: str, array: Any, unit: Decimal) -> Times:
    """A stored vector of times."""
    axis = next((k for k, n in enumerate(array.shape) if n != 1), 0)

    def read(begin: int, end: int) -> npt.NDArray[Any]:
        where = tuple(slice(begin, end) if k == axis else 0 for k in range(len(array.shape)))
        return np.asarray(array[where])

    return Times(file, name, read, len_of(array), unit)


def clock_of(source: str, timed: Timed, since: Moment, unit: Decimal, *, from_first: bool = False) -> Clock | None:
    """The true time of a grid whose times count from a moment; or from the first of them."""
    start = since.clock - 60 * _NS * (since.zone or 0)
    first = timed.marks[0][1] if from_first and timed.marks else 0
    marks = [(frame, start + nanoseconds(time - first, unit)) for frame, time in timed.marks]
    written = min([since.resolution, *([float(unit)] if unit < 1 else [])])
    if not marks:
        return None
    pieces = Clock.of_pieces(source, timed.fs, written, marks)
    return Clock(source, timed.fs, written, since.zone, pieces.frames, pieces.starts)


def nanoseconds(time: Any, unit: Decimal) -> int:
    """Nanoseconds of a time as it is stored; of a whole number exactly."""
    if isinstance(time, int | np.integer):
        return round(int(time) * unit * _NS)
    return round(Decimal(float(time)) * unit * _NS)
