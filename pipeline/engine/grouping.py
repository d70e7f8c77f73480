"""Multiplies neighbouring kernels into one where the cost model says that this is cheaper.

Convolution is associative, so a row of kernels may be cut into groups anywhere. The cheapest cut is found by
dynamic programming over the shapes of the kernels; only the groups chosen are then multiplied out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import mul

from ..dsp.methods import Method, Shape, choose_method, shape_of, shape_of_product
from ..kernel import MAX_TAPS, Kernel
from ..stages.base import Format
from .options import Options

__all__ = ["Group", "group_kernels"]


@dataclass(frozen=True)
class Group:
    """Neighbouring stages as one kernel, and how it is applied."""

    stages: tuple[int, ...]
    kernel: Kernel
    method: Method


def group_kernels(row: Sequence[tuple[int, Kernel, Format]], options: Options) -> list[Group]:
    """The cheapest way to apply a row of (stage index, kernel, format that reaches it)."""
    shapes = [shape_of(kernel) for _, kernel, _ in row]
    best: list[tuple[float, int]] = [(0.0, 0)]  # of the first j kernels: cost, and where their last group begins
    for end in range(1, len(row) + 1):
        candidates = []
        product: Shape | None = None
        for start in range(end - 1, -1, -1):
            product = shapes[start] if product is None else shape_of_product(shapes[start], product)
            if product.length > MAX_TAPS:
                break
            candidates.append((best[start][0] + _method(product, row[start][2], options).cost, start))
            if not options.fuse:
                break
        best.append(min(candidates))
    groups: list[Group] = []
    end = len(row)
    while end > 0:
        start = best[end][1]
        part = row[start:end]
        kernel = reduce(mul, [kernel for _, kernel, _ in part])
        groups.insert(0, Group(tuple(i for i, _, _ in part), kernel, _method(shape_of(kernel), part[0][2], options)))
        end = start
    return groups


def _method(shape: Shape, fmt: Format, options: Options) -> Method:
    return choose_method(shape, fmt.channels, options.precision, options.hop)
