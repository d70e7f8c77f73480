"""Opens Zarr 2 and 3 in a folder: a tree of arrays whose chunks are files, so that those never written can be told.

A chunk that is not there reads as the fill value. Consolidated metadata are a copy that may be old, and are not used.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping, Sequence
from os import fstat
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import zarr
from zarr.codecs import BytesCodec, Crc32cCodec, ShardingCodec
from zarr.storage import LocalStore

from pipeline.errors import ReadError
from pipeline.io import Reader
from pipeline.io.base import ReadOptions
from pipeline.io.source import Source

from .chunks import grid_of
from .signals import SignalsReader, broken, chosen
from .tree import Tree

_NOWHERE = 2**64 - 1
"""Place and length of an inner chunk that a shard does not hold."""


def open_zarr(source: Source, options: ReadOptions) -> Reader:
    """The reader of a store, given its folder or the file in it that describes it."""
    if source.piped:
        raise ReadError(source.name, "is a part of a Zarr store, which is a folder; give the folder")
    path = Path(source.name)
    folder = path if stat.S_ISDIR(fstat(source.fd).st_mode) else path.parent
    with broken(source.name, "Zarr"):
        known = tree_of(source.name, folder).candidates(options)
        if not known:
            raise ReadError(source.name, "holds no array of real numbers with one or two axes")
        return SignalsReader(source, options, chosen(source.name, known, options))
    raise AssertionError  # `broken` passes nothing over


def tree_of(name: str, folder: Path) -> Tree:
    """The arrays of a store."""
    store = LocalStore(folder, read_only=True)
    root: Any = zarr.open(
        store=store, mode="r", zarr_format=3 if (folder / "zarr.json").exists() else 2, use_consolidated=False
    )
    nodes: dict[str, Any] = {"": root}
    places = {"": folder}
    if isinstance(root, zarr.Array):
        own = folder.resolve().stem
        nodes, places = {"": None, own: root}, {own: folder}
    else:
        nodes.update(sorted(root.members(max_depth=None)))
        places = {path: folder / path for path in nodes}
    arrays = {path: node for path, node in nodes.items() if isinstance(node, zarr.Array) and node.dtype.kind in "iufb"}

    def attributes(path: str) -> Mapping[str, Any]:
        return {} if nodes[path] is None else dict(nodes[path].attrs)

    def axes(path: str) -> Sequence[str]:
        told = getattr(arrays[path].metadata, "dimension_names", None) or attributes(path).get("_ARRAY_DIMENSIONS")
        return [str(one or "") for one in told or ()]

    def coordinate(path: str, axis: int) -> str:
        names = axes(path)
        if axis >= len(names):
            return ""
        beside = f"{path.rpartition('/')[0]}/{names[axis]}".lstrip("/")
        return beside if beside in arrays and beside != path else ""

    return Tree(
        name, arrays, attributes, axes, coordinate, lambda path: missing_chunks(name, arrays[path], places[path])
    )


def missing_chunks(name: str, array: Any, folder: Path) -> Sequence[Sequence[int]]:
    """First cells of the chunks that are not there: files, or places in the files of shards."""
    outer = array.shards or array.chunks
    found: list[list[int]] = []
    for place in np.ndindex(*grid_of(name, array.shape, outer)):
        first = [at * size for at, size in zip(place, outer, strict=True)]
        file = folder / array.metadata.encode_chunk_key(place)
        if array.shards is None:
            if not file.exists():
                found.append(first)
            continue
        ends = zip(array.shape, first, strict=True)
        inner = np.argwhere(~_held(file, array)) * array.chunks + first
        found += inner[(inner < [max(n, at) for n, at in ends]).all(axis=1)].tolist()
    return found


def _held(file: Path, array: Any) -> npt.NDArray[np.bool_]:
    """Which chunks a shard holds, by its index; all of one whose index is stored in a way of its own."""
    shape = [n // k for n, k in zip(array.shards or (), array.chunks, strict=True)]
    if not file.exists():
        return np.zeros(shape, bool)
    codec = array.metadata.codecs[0]
    plain = isinstance(codec, ShardingCodec) and [type(one) for one in codec.index_codecs] == [BytesCodec, Crc32cCodec]
    if not plain:
        return np.ones(shape, bool)
    size = 16 * int(np.prod(shape))
    with file.open("rb") as raw:
        raw.seek(*((0, 0) if codec.index_location.value == "start" else (-size - 4, 2)))
        index = np.frombuffer(raw.read(size), "<u8").reshape(*shape, 2)
    return np.asarray(index[..., 0] != _NOWHERE)
