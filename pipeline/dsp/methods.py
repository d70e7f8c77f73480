"""Chooses how a kernel is applied: by its taps, channels and precision, never by the length of the input.

Were the input's length asked, the same signal cut in another place would be rounded differently.

``sparse`` and ``direct`` are shifted adds, over the taps that are not zero or over nearly all of them: exact in the
sense that each output is a plain sum in the order of the taps. ``fft`` is overlap-save on a fixed grid: a transform
of ``n_fft`` points yields ``block`` new frames; a kernel longer than ``n_fft - block + 1`` taps is cut into
``partitions`` of ``block`` taps each.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ..kernel import Kernel

__all__ = ["Method", "Shape", "choose_method", "shape_of", "shape_of_product"]

# Nanoseconds, measured with float64; float32 takes half. Only their ratios matter.
_ADD = 0.55  # a tap on a sample: multiply into a scratch block, add
_POINT = {10: 12.0, 11: 11.0, 12: 10.0, 13: 7.5, 14: 8.0, 15: 10.0, 16: 10.5, 17: 10.5, 18: 12.5, 19: 20.0}
"""A point of a transform of 2^key points and of its inverse, several rows at a time."""
_PRODUCT = 2.0  # a complex product and sum, per partition and spectrum bin
_MOVE = 3.0  # a sample between the caller's layout and the planar one, there and back

_ROWS = {"double": 4, "single": 8}  # rows that a batched transform needs to be at its best
_GROUP_POINTS = 1 << 21  # points of one batch, all rows: 16 MiB of float64


@dataclass(frozen=True)
class Shape:
    """What the cost of a kernel depends on."""

    length: int
    nonzero: int
    """Taps that are not zero, of the fullest path."""
    paths: int
    """Pairs of channel in and channel out; 1 where all channels are alike."""
    routes: bool


@dataclass(frozen=True)
class Method:
    """How a kernel is applied, and what it is reckoned to cost."""

    name: Literal["sparse", "direct", "fft"]
    cost: float
    """Nanoseconds a frame, all channels, by the table above."""
    n_fft: int = 0
    block: int = 0
    partitions: int = 1
    group: int = 1
    """Blocks that are transformed together."""

    def __str__(self) -> str:
        if self.name != "fft":
            return self.name
        parts = f", {self.partitions} partitions" if self.partitions > 1 else ""
        return f"fft {self.n_fft}, blocks of {self.block}{parts}"


def shape_of(kernel: Kernel) -> Shape:
    """What the cost of a kernel depends on."""
    taps = kernel.taps.reshape(kernel.length, -1)
    used = np.count_nonzero(taps, axis=0)
    routes = kernel.taps.ndim == 3
    return Shape(kernel.length, int(used.max()), int(np.count_nonzero(used)) if routes else 1, routes)


def shape_of_product(a: Shape, b: Shape) -> Shape:
    """What ``a * b`` will be like, at its fullest, without computing it."""
    length = a.length + b.length - 1
    routes = a.routes or b.routes
    return Shape(length, min(length, a.nonzero * b.nonzero), max(a.paths, b.paths) if routes else 1, routes)


def choose_method(shape: Shape, channels: int, precision: str = "double", hop: int | None = None) -> Method:
    """The cheapest method for a kernel of this shape on ``channels`` channels.

    With ``hop``, of those that give every frame at the latest with the last of its ``hop`` frames.
    """
    lines = shape.paths if shape.routes else channels
    speed = 1.0 if precision == "double" else 0.5
    name: Literal["sparse", "direct"] = "direct" if 2 * shape.nonzero > shape.length else "sparse"
    best = Method(name, speed * _ADD * shape.nonzero * lines)
    if hop is None:
        candidates = [_overlap_save(shape, channels, lines, precision, log_n) for log_n in _POINT]
    else:
        candidates = [_partitioned(shape, channels, lines, hop)]
    for method in candidates:
        if speed * method.cost < best.cost:
            best = replace(method, cost=speed * method.cost)
    return best


def _overlap_save(shape: Shape, channels: int, lines: int, precision: str, log_n: int) -> Method:
    """Overlap-save with transforms of 2^log_n points, the kernel whole if that leaves a quarter for new frames."""
    n_fft = 1 << log_n
    block = n_fft - shape.length + 1
    partitions = 1
    if block < n_fft // 4:
        block = n_fft // 2
        partitions = math.ceil(shape.length / block)
    group = max(1, min(math.ceil(_ROWS[precision] / channels), _GROUP_POINTS // (n_fft * channels)))
    return Method("fft", _cost(n_fft, block, partitions, channels, lines), n_fft, block, partitions, group)


def _partitioned(shape: Shape, channels: int, lines: int, hop: int) -> Method:
    """Uniformly partitioned overlap-save: ``hop`` frames in, ``hop`` frames out."""
    partitions = math.ceil(shape.length / hop)
    return Method("fft", _cost(2 * hop, hop, partitions, channels, lines), 2 * hop, hop, partitions)


def _cost(n_fft: int, block: int, partitions: int, channels: int, lines: int) -> float:
    log_n = min(max(_POINT), max(min(_POINT), round(math.log2(n_fft))))
    transforms = _POINT[log_n] * channels
    products = _PRODUCT * lines * partitions
    return (transforms + products) * n_fft / block + _MOVE * channels
