"""Opens HDF5: NWB by its layout, whatever else as a tree of arrays. Nothing in another file is followed."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import h5py

from pipeline.errors import ReadError
from pipeline.io import Reader
from pipeline.io.base import ReadOptions
from pipeline.io.source import Source

from . import nwb
from .chunks import lies_elsewhere, missing_chunks
from .signals import SignalsReader, broken, chosen
from .told import MEANINGS, RATES, STARTS, plain, text_of
from .tree import Tree


def open_hdf5(source: Source, options: ReadOptions) -> Reader:
    """The reader of a file in HDF5."""
    source = source.spooled()
    with ExitStack() as stack, broken(source.name, "HDF5"):
        raw = stack.enter_context(os.fdopen(os.dup(source.fd), "rb"))
        file = stack.enter_context(h5py.File(raw, "r"))
        if "nwb_version" in file.attrs:
            known = nwb.candidates(source.name, file, options)
            none = "holds no series with a rate or with timestamps"
        else:
            if text_of(file.attrs.get("Conventions", "")) == "SOFA":
                raise ReadError(source.name, "is SOFA, impulse responses: install faltung-room, and call it .sofa")
            known = tree_of(source.name, file).candidates(options)
            none = "holds no array of real numbers with one or two axes"
        if not known:
            raise ReadError(source.name, none)
        signals = chosen(source.name, known, options)
        reader = SignalsReader(source, options, signals)
        reader.let_go = stack.pop_all().close
        return reader
    raise AssertionError  # `broken` passes nothing over


def arrays_of(name: str, file: h5py.Group) -> dict[str, h5py.Dataset]:
    """Arrays of real numbers by path; links are not followed, and what they lead to is found where it is."""
    found: dict[str, h5py.Dataset] = {}

    def visit(path: str, node: h5py.HLObject) -> None:
        if not isinstance(node, h5py.Dataset) or path.startswith("#") or node.shape is None:
            return
        if node.dtype.kind in "iuf" or (node.dtype.kind == "b"):
            if lies_elsewhere(node):
                raise ReadError(name, f"{path} has its numbers in other files, which are not read; put them into one")
            found[path] = node

    file.visititems(visit)
    return found


def tree_of(name: str, file: h5py.File, *, reversed: bool = False) -> Tree:  # noqa: A002 - it is what the axes are
    """The arrays of a file, with its dimension scales as coordinates."""
    arrays = arrays_of(name, file)
    of_place = {dataset.id: path for path, dataset in arrays.items()}

    def attributes(path: str) -> Mapping[str, Any]:
        told = file[path or "/"].attrs  # some others cannot be read at all
        return {name: told[name] for name in told if plain(name) in RATES | STARTS or name in MEANINGS}

    def coordinate(path: str, axis: int) -> str:
        scales = arrays[path].dims[axis]
        return next((of_place.get(scale.id, "") for scale in scales.values()), "")

    def axes(path: str) -> Sequence[str]:
        dims = arrays[path].dims
        names = [dims[k].label or coordinate(path, k).rpartition("/")[2] for k in range(len(arrays[path].shape))]
        return names if any(names) else ()

    def missing(path: str) -> Sequence[Sequence[int]]:
        return missing_chunks(name, arrays[path])

    return Tree(name, arrays, attributes, axes, coordinate, missing, _texts(file), reversed=reversed)


def _texts(file: h5py.File) -> dict[str, str]:
    found: dict[str, str] = {}

    def visit(path: str, node: h5py.HLObject) -> None:
        if isinstance(node, h5py.Dataset) and node.shape == () and h5py.check_string_dtype(node.dtype):
            found[path] = text_of(node[()])

    file.visititems(visit)
    return found
