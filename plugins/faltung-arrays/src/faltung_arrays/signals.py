"""Streams signals of stored arrays: those chosen side by side, with NaN or a straight line where nothing was stored."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.errors import FaltungError, ReadError, UsageError
from pipeline.io import Reader, SignalInfo
from pipeline.io.base import Block, ReadOptions
from pipeline.io.clock import Clock
from pipeline.io.source import Source
from pipeline.io.tables import find_column
from pipeline.limits import MAX_CHANNELS, at_most
from pipeline.text import count

from .cells import Cells, Hole
from .times import Piece

_WAYS = ("nan", "interpolate")


@contextmanager
def broken(name: str, what: str) -> Iterator[None]:
    """What the library of a format raises in here, any kind of the language's own, is that the file is damaged."""
    try:
        yield
    except (FaltungError, MemoryError):
        raise
    except Exception as error:
        told = error if isinstance(error, OSError) else OSError(str(error))
        raise ReadError(name, f"is damaged, or no {what} that is whole: {error}") from told


@dataclass(frozen=True)
class Signal:
    """One array, when its rows were, and what its numbers mean."""

    name: str
    cells: Cells
    fs: float
    pieces: tuple[Piece, ...]
    holes: tuple[Hole, ...] = ()
    """Rows that the store does not hold."""
    stands_for: str = ""
    """What the store gives in the place of holes."""
    gain: float | npt.NDArray[np.float64] = 1.0
    offset: float = 0.0
    missing: float | None = None
    """The number that stands for none."""
    clock: Clock | None = None
    notes: tuple[str, ...] = ()

    @property
    def frames(self) -> int:
        return self.pieces[-1].frame + self.pieces[-1].rows if self.pieces else 0

    def gaps(self) -> list[Hole]:
        """Frames between the pieces."""
        ends = [piece.frame + piece.rows for piece in self.pieces]
        return [
            Hole(end, later.frame - end, 0, self.cells.channels)
            for end, later in zip(ends, self.pieces[1:], strict=False)
        ]

    def holes_in_frames(self) -> list[Hole]:
        """Holes of the store on the grid."""
        found = []
        for hole in self.holes:
            for piece in between(self.pieces, hole.at, hole.at + hole.rows, "row"):
                a, b = max(hole.at, piece.row), min(hole.at + hole.rows, piece.row + piece.rows)
                if a < b:
                    found.append(Hole(piece.frame + a - piece.row, b - a, hole.first, hole.channels))
        return found

    def columns_of(self, hole: Hole) -> list[int]:
        """Places of its channels among those that are picked."""
        return [k for k, c in enumerate(self.cells.picks) if hole.first <= c < hole.first + hole.channels]

    def values(self, row: int, rows: int) -> npt.NDArray[np.float64]:
        """Rows, scaled."""
        raw = self.cells.rows(row, row + rows)
        if self.missing is not None:
            raw[raw == self.missing] = np.nan
        if np.any(self.gain != 1):
            raw *= self.gain[self.cells.picks] if isinstance(self.gain, np.ndarray) else self.gain
        if self.offset:
            raw += self.offset
        return raw


def chosen(file: str, known: Mapping[str, Callable[[], Signal]], options: ReadOptions) -> list[Signal]:
    """The signals that ``source:`` names, by their whole name or by what is behind its last stroke."""
    if not options.source:
        if len(known) > 1:
            raise ReadError.several(file, list(known))
        return [make() for make in known.values()]
    found = []
    for one in options.source:
        fits = [name for name in known if name == one.strip("/")] or [
            name for name in known if name.rpartition("/")[2] == one
        ]
        if len(fits) != 1:
            words = f"{one!r} is {len(fits)} signals" if fits else f"there is no {one!r}"
            raise ReadError(file, f"source: {words}; there are {', '.join(known)}")
        found.append(known[fits[0]]())
    return found


class Filled(NamedTuple):
    """A hole, its columns among those read, and the values of these before and after it."""

    hole: Hole
    columns: list[int]
    left: npt.NDArray[np.float64]
    right: npt.NDArray[np.float64]


class SignalsReader(Reader):
    """Signals of one rate and one length, side by side."""

    let_go: Callable[[], None] | None = None
    """Function that closes what the signals are read from."""

    def __init__(self, source: Source, options: ReadOptions, signals: list[Signal]) -> None:
        self._source, self._signals = source, signals
        first = signals[0]
        for other in signals[1:]:
            if (other.fs, other.frames) != (first.fs, first.frames):
                told = [f"{one.name} has {one.frames:,} frames at {one.fs:g} Hz" for one in (first, other)]
                raise ReadError(source.name, f"source: the signals chosen differ: {', '.join(told)}; choose one")
        if options.time_column is not None:
            raise UsageError(f"{source.name}: time_column is for CSV; the times of {options.container} are found")
        names = self._picked(options)
        channels = sum(len(one.cells.picks) for one in signals)
        if channels > MAX_CHANNELS:
            shape = f"{first.name} has shape {tuple(first.cells.array.shape)}, so {channels} channels"
            raise ReadError(source.name, f"{shape}; choose with columns:, {at_most('channels')} can be read")
        warnings = [note for one in signals for note in one.notes]
        self._holes = self._filled(options, warnings)
        self._begins = np.array([filled.hole.at for filled in self._holes], np.int64)
        self._ends = np.array([filled.hole.at + filled.hole.rows for filled in self._holes], np.int64)
        info = SignalInfo(first.fs, channels, first.frames, options.container, None, names=names, clocks=self._clocks())
        super().__init__(info, options.dtype)
        self.warnings = warnings

    def _picked(self, options: ReadOptions) -> tuple[str, ...]:
        """Names of the channels, picked by ``columns:`` where it is given; none where there is one alone."""
        names = [
            one.name if one.cells.channels == 1 else f"{one.name}[{c}]"
            for one in self._signals
            for c in range(one.cells.channels)
        ]
        if options.columns is not None:
            cells = self._signals[0].cells
            if len(self._signals) > 1:
                raise UsageError(f"{self._source.name}: columns: chooses channels of one signal, source: has several")
            cells.picks = [find_column(self._source.name, tuple(names), cells.channels, one) for one in options.columns]
            return tuple(names[k] for k in cells.picks)
        return tuple(names) if len(names) > 1 else ()

    def _clocks(self) -> tuple[Clock, ...]:
        clocks = [one.clock for one in self._signals for _ in one.cells.picks]
        told = [clock for clock in clocks if clock is not None]
        if len(told) < len(clocks):
            return ()
        return tuple(told) if any(clock != told[0] for clock in told) else tuple(told[:1])

    def _filled(self, options: ReadOptions, warnings: list[str]) -> list[Filled]:
        """What has no value, and what stands there; raises where that is refused."""
        found, at = list[Filled](), 0
        for one in self._signals:
            gaps, holes = one.gaps(), [hole for hole in one.holes_in_frames() if one.columns_of(hole)]
            self._check(one, gaps, holes, options, warnings)
            if holes and options.gaps not in _WAYS:
                holes = []  # that they read as silence is accepted
            for hole in sorted(gaps + holes):
                columns = one.columns_of(hole)
                left, right = self._edges(one, hole, [*gaps, *holes], options)[:, columns]
                found.append(Filled(hole, [at + k for k in columns], left, right))
            at += len(one.cells.picks)
        return found

    def _check(
        self, one: Signal, gaps: list[Hole], holes: list[Hole], options: ReadOptions, warnings: list[str]
    ) -> None:
        if options.gaps in _WAYS:
            for what, all_of_them in (("gap", gaps), ("hole", holes)):
                if all_of_them:
                    frames = sum(hole.rows for hole in all_of_them)
                    warnings.append(f"{one.name}: {count(len(all_of_them), what)}, {frames:,} frames in all")
        elif gaps:
            where = f"{one.name}: a gap of {gaps[0].rows:,} frames before frame {gaps[0].at + gaps[0].rows}"
            raise ReadError(self._source.name, f"{where}; set gaps: interpolate or nan")
        elif holes:
            where = f"{one.name}: {holes[0].rows:,} frames from frame {holes[0].at} on were never stored"
            hint = f"they read as {one.stands_for}; set gaps: nan where nothing was recorded"
            taken = f"{one.stands_for} for silence"
            warnings.append(options.accept(self._source.name, f"{where}: {hint}", taken))

    def _edges(self, one: Signal, hole: Hole, others: list[Hole], options: ReadOptions) -> npt.NDArray[np.float64]:
        """The values before and after a hole; NaN where they are in another, or where nothing is to stand there."""
        edges = np.full((2, len(one.cells.picks)), np.nan)
        if options.gaps == "nan":
            return edges
        if hole.at == 0 or hole.at + hole.rows >= one.frames:
            raise ReadError(self._source.name, f"{one.name}: a hole at its beginning or end; set gaps: nan")
        if options.max_gap is not None and hole.rows > options.max_gap.exact_frames(one.fs) * (1 + 1e-9):
            words = f"{one.name}: {hole.rows:,} frames are missing before frame {hole.at + hole.rows}"
            raise ReadError(self._source.name, f"{words}, more than max_gap: {options.max_gap}")
        for k, frame in enumerate((hole.at - 1, hole.at + hole.rows)):
            edges[k] = self._frames_of(one, frame, frame + 1)[0]
            for other in others:
                if other.at <= frame < other.at + other.rows:
                    edges[k, one.columns_of(other)] = np.nan
        return edges

    @staticmethod
    def _frames_of(one: Signal, begin: int, end: int) -> npt.NDArray[np.float64]:
        out = np.full((end - begin, len(one.cells.picks)), np.nan)
        for piece in between(one.pieces, begin, end):
            a, b = max(begin, piece.frame), min(end, piece.frame + piece.rows)
            if a < b:
                out[a - begin : b - begin] = one.values(piece.row + a - piece.frame, b - a)
        return out

    def _read_piece(self, frames: int) -> Block:
        begin = self._done
        end = min(begin + frames, int(self.info.frames or 0))
        with broken(self._source.name, self.info.container):
            out = np.concatenate([self._frames_of(one, begin, end) for one in self._signals], axis=1)
        for i in np.flatnonzero((self._begins < end) & (self._ends > begin)).tolist():
            hole, columns, left, right = self._holes[i]
            at = np.arange(max(begin, hole.at), min(end, hole.at + hole.rows))
            share = (at - hole.at + 1)[:, None] / (hole.rows + 1)
            out[np.ix_(at - begin, np.array(columns, int))] = left + (right - left) * share
        return out.astype(self._dtype, copy=False)

    def skip(self, frames: int) -> None:
        self._done = min(self._done + frames, int(self.info.frames or 0))

    def close(self) -> None:
        if self.let_go is not None:
            self.let_go()
        self._source.close()


def between(pieces: tuple[Piece, ...], begin: int, end: int, by: str = "frame") -> Iterator[Piece]:
    """Pieces that reach into frames, or into rows, from one to before another."""
    for i in range(max(0, bisect_right(pieces, begin, key=attrgetter(by)) - 1), len(pieces)):
        if getattr(pieces[i], by) >= end:
            return
        yield pieces[i]
