"""Chooses how a kernel is applied: by its taps, channels and precision, never by the length of the input.

Were the input's length asked, the same signal cut in another place would be rounded differently.

``sparse`` and ``direct`` are shifted adds, over the taps that are not zero or over nearly all of them: exact in the
sense that each output is a plain sum in the order of the taps. ``fft`` is overlap-save on a fixed grid: a transform
of ``n_fft`` points yields ``block`` new frames; a kernel longer than ``n_fft - block + 1`` taps is cut into
``partitions`` of ``block`` taps each.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..kernel import Kernel
from .transforms import Library, library

Precision = Literal["double", "single"]

# Nanoseconds, measured by bench/calibrate.py. Only their ratios matter. OpenCV's points were measured on another
# machine than the rest and multiplied by 1.45, scipy's ratio on the two; from 2^17 on two runs differed twofold.
_ADD = {"double": 0.45, "single": 0.28}
"""A tap on a sample: multiply into a scratch block, add."""
_POINT: dict[Library, dict[Precision, dict[int, float]]] = {
    "opencv": {
        "double": {10: 1.9, 11: 1.9, 12: 2.0, 13: 2.3, 14: 3.4, 15: 4.5, 16: 5.5, 17: 5.6, 18: 9.0, 19: 17.0},
        "single": {10: 1.0, 11: 1.0, 12: 1.0, 13: 1.1, 14: 1.3, 15: 1.8, 16: 2.4, 17: 3.1, 18: 3.2, 19: 6.0},
    },
    "scipy": {
        "double": {10: 4.2, 11: 4.8, 12: 4.9, 13: 5.3, 14: 5.7, 15: 6.3, 16: 6.6, 17: 8.8, 18: 12.3, 19: 25.0},
        "single": {10: 3.4, 11: 3.2, 12: 3.2, 13: 3.3, 14: 3.4, 15: 3.8, 16: 3.9, 17: 4.4, 18: 4.9, 19: 9.2},
    },
}
"""A point of a transform of 2^key points and of its inverse, a few rows at a time, by the library that computes it."""
_PRODUCT = {"double": 1.2, "single": 0.6}
"""A complex product and sum, per partition and point."""
_MOVE = {"double": 0.8, "single": 0.7}
"""A sample between the caller's layout and the planar one, there and back."""

_ROWS: dict[Library, dict[Precision, int]] = {
    "opencv": {"double": 2, "single": 2},
    "scipy": {"double": 2, "single": 4},
}
"""Rows that a batched transform needs to be near its best."""
_GROUP_POINTS = {"double": 1 << 18, "single": 1 << 19}  # of a batch, all rows: 2 MB, whose calls cost little
_HARDLY_MORE = 1.12  # of the least cost: not worth the memory of a larger transform
_EXACT = 2.0  # times what transforms cost, for sums that keep silence silent and whole numbers whole
_FAR = 256  # partitions from which larger blocks for the far taps pay


@dataclass(frozen=True)
class Shape:
    """Lengths and counts of a kernel that its cost depends on."""

    length: int
    nonzero: int
    """Taps that are not zero, of the fullest path."""
    paths: int
    """Pairs of channel in and channel out; 1 where all channels are alike."""
    routes: bool


@dataclass(frozen=True)
class Method:
    """Way of applying a kernel, and its reckoned cost."""

    name: Literal["sparse", "direct", "fft"]
    cost: float
    """Nanoseconds a frame, all channels, by the table above."""
    n_fft: int = 0
    block: int = 0
    partitions: int = 1
    group: int = 1
    """Blocks that are transformed together; in live use, those of the far taps."""
    live: bool = False
    """Gives each block out with its own last frame, in live use: see `pipeline.dsp.live`."""

    def __str__(self) -> str:
        if self.name != "fft":
            return self.name
        parts = f", {self.partitions} partitions" if self.partitions > 1 else ""
        return f"fft {self.n_fft}, blocks of {self.block}{parts}"


def shape_of(kernel: Kernel) -> Shape:
    """Shape of a kernel."""
    taps = kernel.taps.reshape(kernel.length, -1)
    used = np.count_nonzero(taps, axis=0)
    routes = kernel.taps.ndim == 3
    return Shape(kernel.length, int(used.max()), int(np.count_nonzero(used)) if routes else 1, routes)


def shape_of_product(a: Shape, b: Shape) -> Shape:
    """Shape of ``a * b`` at its fullest, without computing it."""
    length = a.length + b.length - 1
    routes = a.routes or b.routes
    return Shape(length, min(length, a.nonzero * b.nonzero), max(a.paths, b.paths) if routes else 1, routes)


def choose_method(shape: Shape, channels: int, precision: Precision = "double", hop: int | None = None) -> Method:
    """The cheapest method for a kernel of this shape on ``channels`` channels.

    With ``hop``, of those that give every frame at the latest with the last of its ``hop`` frames.
    """
    lines = shape.paths if shape.routes else channels
    name: Literal["sparse", "direct"] = "direct" if 2 * shape.nonzero > shape.length else "sparse"
    adds = Method(name, _ADD[precision] * shape.nonzero * lines)
    if hop is None:
        transforms = [_overlap_save(shape, channels, lines, precision, log_n) for log_n in _POINT[library()][precision]]
    else:
        transforms = [_partitioned(shape, channels, lines, precision, hop)]
    least = min(method.cost for method in transforms)
    frugal = next(method for method in transforms if method.cost <= _HARDLY_MORE * least)
    return adds if adds.cost <= _EXACT * frugal.cost else frugal


def _overlap_save(shape: Shape, channels: int, lines: int, precision: Precision, log_n: int) -> Method:
    """Overlap-save with transforms of 2^log_n points, the kernel whole if that leaves a quarter for new frames."""
    n_fft = 1 << log_n
    block = n_fft - shape.length + 1
    partitions = 1
    if block < n_fft // 4:
        block = n_fft // 2
        partitions = math.ceil(shape.length / block)
    group = max(math.ceil(_ROWS[library()][precision] / channels), _GROUP_POINTS[precision] // (n_fft * channels), 1)
    cost = _cost(n_fft, block, partitions, channels, lines, precision)
    return Method("fft", cost, n_fft, block, partitions, group)


def _partitioned(shape: Shape, channels: int, lines: int, precision: Precision, hop: int) -> Method:
    """Partitioned overlap-save: ``hop`` frames in, ``hop`` frames out, the far taps of a long kernel in larger blocks.

    With far blocks of ``group`` hops, a hop costs about ``P / group + 2 group`` products, least at ``sqrt(P / 2)``;
    half the square root of P also weighs the longer transforms, which fall on a few hops.
    """
    partitions = math.ceil(shape.length / hop)
    group = 1 << round(math.log2(math.sqrt(partitions) / 2)) if partitions >= _FAR else 1
    near = min(partitions, 2 * group) if group > 1 else partitions
    cost = _cost(2 * hop, hop, near, channels, lines, precision)
    if near < partitions:
        block = group * hop
        cost += _cost(2 * block, block, math.ceil(shape.length / block) - 2, channels, lines, precision)
    return Method("fft", cost, 2 * hop, hop, partitions, group, live=True)


def _cost(n_fft: int, block: int, partitions: int, channels: int, lines: int, precision: Precision) -> float:
    point = _POINT[library()][precision]
    transforms = point[min(max(point), max(min(point), round(math.log2(n_fft))))] * channels
    products = _PRODUCT[precision] * lines * partitions
    return (transforms + products) * n_fft / block + _MOVE[precision] * channels
