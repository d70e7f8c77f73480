"""Says of an HDF5 dataset where its numbers are: in this file or in others, and in which of its chunks."""

from __future__ import annotations

from collections.abc import Sequence

import h5py
import numpy as np


def lies_elsewhere(dataset: h5py.Dataset) -> bool:
    """Whether numbers lie in another file, by whatever way of HDF5; none is followed."""
    return bool(dataset.is_virtual or dataset.external)


def missing_chunks(dataset: h5py.Dataset) -> Sequence[Sequence[int]]:
    """First cells of the chunks that were never written."""
    if not dataset.chunks:
        return []
    grid = [-(-n // c) for n, c in zip(dataset.shape, dataset.chunks, strict=True)]
    if dataset.id.get_num_chunks() == np.prod(grid):
        return []
    there = np.zeros(grid, bool)

    def mark(one: h5py.h5d.StoreInfo) -> None:
        there[tuple(at // size for at, size in zip(one.chunk_offset, dataset.chunks, strict=True))] = True

    dataset.id.chunk_iter(mark)
    return [
        [at * size for at, size in zip(place, dataset.chunks, strict=True)] for place in np.argwhere(~there).tolist()
    ]
