"""Says where the numbers of a stored array are: in this file or in others, and in which of its chunks."""

from __future__ import annotations

from collections.abc import Sequence

import h5py
import numpy as np

from pipeline.errors import ReadError

_MOST_CHUNKS = 1 << 24


def grid_of(name: str, shape: Sequence[int], chunks: Sequence[int]) -> list[int]:
    """Number of chunks along each axis; raises where they are too many to look for."""
    grid = [-(-n // size) for n, size in zip(shape, chunks, strict=True)]
    if (count := np.prod(grid, dtype=float)) > _MOST_CHUNKS:
        raise ReadError(name, f"an array of shape {tuple(shape)} is in {count:,.0f} chunks; store it in larger ones")
    return grid


def lies_elsewhere(dataset: h5py.Dataset) -> bool:
    """Whether numbers lie in another file, by whatever way of HDF5; none is followed."""
    return bool(dataset.is_virtual or dataset.external)


def missing_chunks(name: str, dataset: h5py.Dataset) -> Sequence[Sequence[int]]:
    """First cells of the chunks that were never written."""
    sizes = dataset.chunks
    if not sizes:
        return []
    grid = grid_of(name, dataset.shape, sizes)
    if dataset.id.get_num_chunks() == np.prod(grid):
        return []
    there = np.zeros(grid, bool)

    def mark(one: h5py.h5d.StoreInfo) -> None:
        there[tuple(at // size for at, size in zip(one.chunk_offset, sizes, strict=True))] = True

    dataset.id.chunk_iter(mark)
    return [[at * size for at, size in zip(place, sizes, strict=True)] for place in np.argwhere(~there).tolist()]
