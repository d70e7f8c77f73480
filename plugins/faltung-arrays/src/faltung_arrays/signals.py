"""Streams signals of stored arrays: those chosen side by side, with NaN or a straight line where nothing was stored."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.errors import FaltungError, ReadError
from pipeline.io import Reader, SignalInfo
from pipeline.io.base import Block, ReadOptions
from pipeline.io.clock import Clock
from pipeline.io.source import Source
from pipeline.limits import MAX_CHANNELS, at_most
from pipeline.text import count

from .cells import Cells, Hole
from .times import Piece


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
            for piece in self.pieces:
                a, b = max(hole.at, piece.row), min(hole.at + hole.rows, piece.row + piece.rows)
                if a < b:
                    found.append(Hole(piece.frame + a - piece.row, b - a, hole.first, hole.channels))
        return found

    def values(self, row: int, rows: int) -> npt.NDArray[np.float64]:
        """Rows, scaled."""
        raw = self.cells.rows(row, row + rows)
        if self.missing is not None:
            raw[raw == self.missing] = np.nan
        if np.any(self.gain != 1):
            raw *= self.gain
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
        channels = sum(one.cells.channels for one in signals)
        if channels > MAX_CHANNELS:
            shape = f"{first.name} has shape {tuple(first.cells.array.shape)}, so {channels} channels"
            raise ReadError(source.name, f"{shape}; {at_most('channels')} can be read")
        warnings = [note for one in signals for note in one.notes]
        self._holes = self._filled(options, warnings)
        info = SignalInfo(
            first.fs, channels, first.frames, options.container, None, names=self._names(), clocks=self._clocks()
        )
        super().__init__(info, options.dtype)
        self.warnings = warnings

    def _names(self) -> tuple[str, ...]:
        if len(self._signals) == 1 and self._signals[0].cells.channels == 1:
            return ()
        return tuple(
            one.name if one.cells.channels == 1 else f"{one.name}[{c}]"
            for one in self._signals
            for c in range(one.cells.channels)
        )

    def _clocks(self) -> tuple[Clock, ...]:
        clocks = [one.clock for one in self._signals for _ in range(one.cells.channels)]
        told = [clock for clock in clocks if clock is not None]
        if len(told) < len(clocks):
            return ()
        return tuple(told) if any(clock != told[0] for clock in told) else tuple(told[:1])

    def _filled(self, options: ReadOptions, warnings: list[str]) -> list[tuple[Hole, npt.NDArray[np.float64]]]:
        """What has no value, each with a column of NaN or the values before and after; raises where that is refused."""
        name, found, at = self._source.name, list[tuple[Hole, npt.NDArray[np.float64]]](), 0
        for one in self._signals:
            gaps, holes = one.gaps(), one.holes_in_frames()
            if gaps:
                words = f"{one.name}: {count(len(gaps), 'gap')}, {sum(gap.rows for gap in gaps):,} frames in all"
                if options.gaps not in ("nan", "interpolate"):
                    where = f"{one.name}: a gap of {gaps[0].rows:,} frames before frame {gaps[0].at + gaps[0].rows}"
                    raise ReadError(name, f"{where}; set gaps: interpolate or nan")
                warnings.append(words)
            if holes and options.gaps not in ("nan", "interpolate"):
                where = f"{one.name}: {holes[0].rows:,} frames from frame {holes[0].at} on were never stored"
                hint = f"they read as {one.stands_for}; set gaps: nan where nothing was recorded"
                warnings.append(options.accept(name, f"{where}: {hint}", f"{one.stands_for} for silence"))
                holes = []
            elif holes:
                warnings.append(
                    f"{one.name}: {count(len(holes), 'hole')}, {sum(hole.rows for hole in holes):,} frames in all"
                )
            for hole in sorted(gaps + holes):
                found.append((hole._replace(first=hole.first + at), self._edges(one, hole, options.gaps)))
            at += one.cells.channels
        return found

    def _edges(self, one: Signal, hole: Hole, way: str) -> npt.NDArray[np.float64]:
        columns = slice(hole.first, hole.first + hole.channels)
        if way == "nan":
            return np.full((2, hole.channels), np.nan)
        if hole.at == 0 or hole.at + hole.rows >= one.frames:
            raise ReadError(self._source.name, f"{one.name}: a hole at its beginning or end; set gaps: nan")
        return np.stack([
            self._frames_of(one, frame, frame + 1)[0, columns] for frame in (hole.at - 1, hole.at + hole.rows)
        ])  # fmt: skip

    @staticmethod
    def _frames_of(one: Signal, begin: int, end: int) -> npt.NDArray[np.float64]:
        out = np.full((end - begin, one.cells.channels), np.nan)
        for piece in _between(one.pieces, begin, end):
            a, b = max(begin, piece.frame), min(end, piece.frame + piece.rows)
            if a < b:
                out[a - begin : b - begin] = one.values(piece.row + a - piece.frame, b - a)
        return out

    def _read_piece(self, frames: int) -> Block:
        begin = self._done
        end = min(begin + frames, int(self.info.frames or 0))
        with broken(self._source.name, self.info.container):
            out = np.concatenate([self._frames_of(one, begin, end) for one in self._signals], axis=1)
        for hole, (left, right) in self._holes:
            at = np.arange(max(begin, hole.at), min(end, hole.at + hole.rows))
            if len(at):
                share = (at - hole.at + 1)[:, None] / (hole.rows + 1)
                out[at - begin, hole.first : hole.first + hole.channels] = left + (right - left) * share
        return out.astype(self._dtype, copy=False)

    def skip(self, frames: int) -> None:
        self._done = min(self._done + frames, int(self.info.frames or 0))

    def close(self) -> None:
        if self.let_go is not None:
            self.let_go()
        self._source.close()


def _between(pieces: tuple[Piece, ...], begin: int, end: int) -> Iterator[Piece]:
    for i in range(max(0, bisect_right(pieces, begin, key=lambda piece: piece.frame) - 1), len(pieces)):
        if pieces[i].frame >= end:
            return
        yield pieces[i]
