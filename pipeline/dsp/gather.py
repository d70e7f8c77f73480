"""Gathers a stream into groups of blocks on a grid fixed to absolute frame numbers, and has each group computed whole.

Block b of B frames is computed from the ``overlap + B`` frames that begin with frame ``b B - lead``. A region holds
those of a whole group of blocks; only whole groups are computed (the last one excepted, whose size follows from the
signal's length), so that neither a cut of the input nor a number of threads reaches the arithmetic. Groups may be
computed side by side; they are given out in their order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

import numpy as np

from ..kernel import Array
from .transforms import to_rows

T = TypeVar("T")
Start = Callable[[Array, int, int], Future[T]]


class Pool:
    """Arrays of one shape that are used again and again, by any thread: new memory comes page by page, zeroed."""

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self._shape, self._dtype = shape, dtype
        self._spare: list[Array] = []

    def take(self) -> Array:
        """One that nobody uses, with whatever is in it."""
        try:
            return self._spare.pop()
        except IndexError:
            return np.empty(self._shape, self._dtype)

    def give_back(self, *arrays: Array) -> None:
        """Leave arrays for others."""
        self._spare.extend(arrays)


class Gather(Generic[T]):
    """Takes blocks ``(n, rows)`` of a stream, gives what ``start`` makes of each group.

    ``start`` begins to compute a group: given a region (rows, overlap + group * block), the number of blocks in it and
    the number of its first block's first new frame. Whoever has read the region leaves it to `regions`. It is handed
    over with each call: kept here, a method of the owner would make a cycle, and each file's arrays stay for long.

    Parameters
    ----------
    rows
        channels of the stream.
    overlap, block, group
        frames that two neighbouring blocks both see, frames from one block to the next, blocks that are computed
        together.
    dtype
        of the regions.
    lead
        frames of silence before frame 0: ``overlap`` where blocks see the past, 0 where they see the future.
    ahead
        groups that may be under way while more frames are taken in.
    """

    def __init__(
        self,
        rows: int,
        overlap: int,
        block: int,
        group: int,
        *,
        dtype: np.dtype[Any] = np.dtype(np.float64),  # noqa: B008  (a constant)
        lead: int = 0,
        ahead: int = 0,
    ) -> None:
        self.regions = Pool((rows, overlap + group * block), dtype)
        self.frames_in = self.begun = 0
        """Frames that were taken in, and new frames of the blocks that were begun."""
        self._overlap, self._block, self._group = overlap, block, group
        self._ahead = ahead
        self._region = self.regions.take()
        self._region[:, :lead] = 0
        self._filled = lead
        self._under_way: deque[Future[T]] = deque()

    def process(self, block: Array, start: Start[T]) -> Iterator[T]:
        """Take frames in; results of the groups that are known by now."""
        while len(block):
            taken = block[: self._region.shape[1] - self._filled]
            to_rows(taken, self._region[:, self._filled : self._filled + len(taken)])
            self._filled += len(taken)
            self.frames_in += len(taken)
            block = block[len(taken) :]
            if self._filled == self._region.shape[1]:
                self._begin(self._group, start)
                yield from self.finished(self._ahead)

    def flush(self, total: int, fill: float, start: Start[T]) -> Iterator[T]:
        """Results of the groups up to new frame ``total``; what lies behind the end of the stream holds ``fill``."""
        while self.begun < total:
            blocks = min(self._group, -(-(total - self.begun) // self._block))
            self._region[:, self._filled : self._overlap + blocks * self._block] = fill
            self._begin(blocks, start)
            yield from self.finished(self._ahead)
        yield from self.finished()

    def finished(self, keep: int = 0) -> Iterator[T]:
        """Results of the groups that are begun, all but the newest ``keep``."""
        while len(self._under_way) > keep:
            yield self._under_way.popleft().result()

    def blocks(self, region: Array, count: int) -> Array:
        """The first ``count`` blocks of a region: a view (rows, count, overlap + block)."""
        return np.lib.stride_tricks.as_strided(
            region,
            (len(region), count, self._overlap + self._block),
            (region.strides[0], self._block * region.itemsize, region.itemsize),
            writeable=False,
        )

    def _begin(self, blocks: int, start: Start[T]) -> None:
        """Start on the next blocks; the frames that later ones see as well move to the front of another region."""
        region = self._region
        self._region = self.regions.take()
        self._region[:, : self._overlap] = region[:, region.shape[1] - self._overlap :]
        self._filled = self._overlap
        first, self.begun = self.begun, self.begun + blocks * self._block
        self._under_way.append(start(region, blocks, first))
