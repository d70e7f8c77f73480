"""Opens MATLAB files: 7.3 is HDF5 with its axes turned round; 5 to 7 are walked here, so that nothing is read whole.

Columns are stored one after the other, so the axes are told from the last to the first. What is compressed is inflated
once, into a temporary file.
"""

from __future__ import annotations

import math
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from pipeline.errors import ReadError
from pipeline.io import Reader
from pipeline.io.base import ReadOptions
from pipeline.io.source import Source, spool

from .hdf5 import tree_of
from .signals import SignalsReader, broken, chosen
from .told import text_of
from .tree import Tree

_DTYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_TEXTS = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16", 18: "utf-32"}
_MATRIX, _COMPRESSED = 14, 15
_CELL, _STRUCT, _CHAR, _NUMBERS = 1, 2, 4, range(6, 16)
_COMPLEX, _DEPTH, _INFLATED = 0x08, 16, 1 << 20


@dataclass(frozen=True)
class Stored:
    """Numbers of a variable where they lie, told as an array whose last axis is stored next to next."""

    source: Source
    at: int
    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    def __getitem__(self, where: tuple[int | slice, ...]) -> npt.NDArray[Any]:
        spans = []
        for n, one in zip(self.shape, where, strict=True):
            spans.append(range(n)[one] if isinstance(one, slice) else range(one, one + 1))
        kept = [len(span) for span, one in zip(spans, where, strict=True) if isinstance(one, slice)]
        size, outer = self.dtype.itemsize, len(spans)
        length = 1  # cells that lie together: all of the last axes that are whole, and a span of the one before
        while outer and len(spans[outer - 1]) == self.shape[outer - 1]:
            outer -= 1
            length *= self.shape[outer]
        begin = 0
        if outer:
            outer -= 1
            begin, length = spans[outer].start * length, length * len(spans[outer])
        steps = [math.prod(self.shape[k + 1 :]) for k in range(outer)]
        raw = bytearray()
        for index in np.ndindex(*(len(span) for span in spans[:outer])):
            first = begin + sum(spans[k].start * steps[k] + i * steps[k] for k, i in enumerate(index))
            got = self.source.at(self.at + first * size, length * size)
            if len(got) < length * size:
                raise ReadError(self.source.name, "became shorter while it was read")
            raw += got
        return np.frombuffer(bytes(raw), self.dtype).reshape(kept)


class Walk:
    """The variables of a file of version 5, members of structs and cells by path; what it opens is put on a stack."""

    def __init__(self, source: Source, stack: ExitStack) -> None:
        self._name = source.name
        self._order = "<" if source.at(126, 2) == b"IM" else ">"
        self.arrays: dict[str, Stored] = {}
        self.texts: dict[str, str] = {}
        self._stack = stack
        at, size = 128, int(source.size or 0)
        while at < size:
            kind, first, count, after = self._tag(source, at)
            if first + count > size:
                raise ReadError(self._name, f"a variable at byte {at} is cut: {size - first:,} of its {count:,} bytes")
            if kind == _COMPRESSED:
                inflated = self._inflate(source, first, count)
                self._variable(inflated, 0, "", 0)
                after = first + count
            elif kind == _MATRIX:
                self._variable(source, at, "", 0)
            at = after

    def _tag(self, source: Source, at: int) -> tuple[int, int, int, int]:
        """Kind of an element, its first byte, their number, and where the next begins."""
        raw = source.at(at, 8)
        if len(raw) < 8:
            raise ReadError(self._name, f"ends in the middle of an element, at byte {at}")
        kind, count = struct.unpack(f"{self._order}II", raw)
        if kind >> 16:  # up to four bytes are in the tag itself
            return kind & 0xFFFF, at + 4, kind >> 16, at + 8
        return kind, at + 8, count, at + 8 + -(-count // 8) * 8

    def _inflate(self, source: Source, at: int, count: int) -> Source:
        def raw_parts() -> Iterator[bytes]:
            inflater, done = zlib.decompressobj(), 0
            while done < count and not inflater.eof:
                raw = source.at(at + done, min(_INFLATED, count - done))
                done += len(raw)
                yield inflater.decompress(raw, _INFLATED)
                while inflater.unconsumed_tail:
                    yield inflater.decompress(inflater.unconsumed_tail, _INFLATED)
            if not inflater.eof:
                raise ReadError(self._name, f"a variable at byte {at} is cut: its compressed data do not end")

        def parts() -> Iterator[bytes]:
            head, told = b"", 0
            for part in raw_parts():
                head = head if len(head) >= 8 else head + part[:8]
                told += len(part)
                if len(head) >= 8 and told > 8 + struct.unpack_from(f"{self._order}I", head, 4)[0]:
                    raise ReadError(self._name, f"a variable at byte {at} is compressed, and longer than it declares")
                yield part

        inflated = spool(source, parts())
        self._stack.callback(inflated.close)
        return inflated

    def _numbers(self, source: Source, at: int) -> tuple[npt.NDArray[Any], int]:
        kind, first, count, after = self._tag(source, at)
        dtype = np.dtype(f"{self._order}{_DTYPES[kind]}")
        return np.frombuffer(source.at(first, count), dtype), after

    def _variable(self, source: Source, at: int, path: str, depth: int) -> int:
        """Take note of a matrix and all that is in it; gives where the next element begins."""
        kind, first, count, after = self._tag(source, at)
        if kind != _MATRIX or count == 0 or depth > _DEPTH:
            return after
        if first + count > int(source.size or 0):
            raise ReadError(self._name, f"the variable {path or 'at its beginning'} is cut")
        flags, at = self._numbers(source, first)
        dims, at = self._numbers(source, at)
        kind, begin, length, at = self._tag(source, at)
        path = path or source.at(begin, length).decode("latin-1")
        if not path:  # what functions need is kept in one without a name
            return after
        what, how = int(flags[0]) & 0xFF, int(flags[0]) >> 8
        shape = tuple(int(n) for n in dims[::-1])
        if what in (_STRUCT, _CELL):
            self._members(source, at, path, depth, math.prod(shape), struct=what == _STRUCT)
        elif what == _CHAR:
            kind, begin, length, _ = self._tag(source, at)
            code = _TEXTS.get(kind, "latin-1")
            ends = {"<": "-le", ">": "-be"}[self._order] if code in ("utf-16", "utf-32") else ""
            self.texts[path] = source.at(begin, min(length, 4096)).decode(f"{code}{ends}", "replace")
        elif what in _NUMBERS and not how & _COMPLEX:
            kind, begin, length, _ = self._tag(source, at)
            dtype = np.dtype(f"{self._order}{_DTYPES[kind]}")
            if length != math.prod(shape) * dtype.itemsize:
                words = f"{path} has shape {shape[::-1]} and {length // dtype.itemsize:,} numbers"
                raise ReadError(self._name, words)
            self.arrays[path] = Stored(source, begin, dtype, shape)
        return after

    def _members(self, source: Source, at: int, path: str, depth: int, count: int, *, struct: bool) -> None:
        names = [""]
        if struct:
            width, at = self._numbers(source, at)
            _, first, length, at = self._tag(source, at)
            raw = source.at(first, length)
            fields = [raw[k : k + int(width[0])].split(b"\0")[0] for k in range(0, len(raw), int(width[0]))]
            told = [field.decode("latin-1") for field in fields]
            names = [name if (k := told[:i].count(name)) == 0 else f"{name}#{k + 1}" for i, name in enumerate(told)]
        for i in range(count):
            one = f"{path}({i + 1})" if struct and count > 1 else path if struct else f"{path}{{{i + 1}}}"
            for name in names:
                if at >= int(source.size or 0):
                    raise ReadError(self._name, f"{path} has {count:,} members, and ends after {i:,}")
                at = self._variable(source, at, f"{one}/{name}" if struct else one, depth + 1)


def open_matlab(source: Source, options: ReadOptions) -> Reader:
    """The reader of a MATLAB file of any version from 5 on."""
    source = source.spooled()
    with ExitStack() as stack, broken(source.name, "MATLAB"):
        if source.at(124, 2) in (b"\x00\x02", b"\x02\x00"):
            raw = stack.enter_context(os.fdopen(os.dup(source.fd), "rb"))
            tree = tree_of_hdf5(source.name, stack.enter_context(h5py.File(raw, "r")))
        else:
            walk = Walk(source, stack)
            tree = Tree(source.name, dict(walk.arrays), texts=walk.texts, reversed=True)
        known = tree.candidates(options)
        if not known:
            raise ReadError(source.name, "holds no matrix of real numbers")
        reader = SignalsReader(source, options, chosen(source.name, known, options))
        reader.let_go = stack.pop_all().close
        return reader
    raise AssertionError  # `broken` passes nothing over


def tree_of_hdf5(name: str, file: h5py.File) -> Tree:
    """The variables of version 7.3; cells and arrays of structs, which are references there, are left out."""
    tree = tree_of(name, file, reversed=True)
    for path in list(tree.arrays):
        attributes = file[path].attrs
        kind = text_of(attributes.get("MATLAB_class", ""))
        if kind == "char":
            tree.texts[path] = np.asarray(file[path][()], np.uint16).tobytes().decode("utf-16-le", "replace")
        if kind in ("char", "cell", "function_handle") or attributes.get("MATLAB_empty", 0):
            del tree.arrays[path]
    tree.axes, tree.coordinate = (lambda _: ()), (lambda *_: "")
    return tree
