"""Steps of a plan that are no stage of their own: neighbouring kernels as one, and the alignment before a new rate.

Convolution is associative, so a row of kernels may be cut into groups anywhere. The cheapest cut is found by
dynamic programming over the shapes of the kernels; only the groups chosen are then multiplied out.

Before a change of rate, frames before time zero (the latency of what came earlier) are dropped where they will not be
heard, else silence is put in front until their number is a whole number of frames at the new rate as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..dsp.methods import Method, Shape, choose_method, shape_of, shape_of_product
from ..errors import KernelError, SettingError
from ..kernel import Array, Kernel
from ..limits import MAX_TAPS
from ..stages.base import Format
from ..stages.base.rates import rate_ratio
from .options import Options

_LARGEST_STEP = 1 << 20  # rates with no simpler ratio than this are met to the nearest frame


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
        kernel = as_one_kernel([(index, kernel) for index, kernel, _ in part])
        groups.insert(0, Group(tuple(i for i, _, _ in part), kernel, _method(shape_of(kernel), part[0][2], options)))
        end = start
    return groups


def as_one_kernel(row: Sequence[tuple[int, Kernel]]) -> Kernel:
    """Stages as one kernel, each given with its index; raises `SettingError` at the one with which there is none."""
    total = row[0][1] if row else Kernel.identity()
    for index, kernel in row[1:]:
        try:
            total = total * kernel
        except KernelError as error:
            others = ", ".join(f"stages[{i}]" for i, _ in row if i < index)
            raise SettingError(f"as one kernel with {others}: {error}", "stages", index) from error
    return total


def _method(shape: Shape, fmt: Format, options: Options) -> Method:
    return choose_method(shape, fmt.channels, options.precision, options.hop)


@dataclass(frozen=True)
class Align:
    """Adds ``added`` frames of silence in front, or drops ``-added`` frames there."""

    added: int

    @classmethod
    def before_rate_change(cls, latency: int, fs_in: float, fs_out: float, options: Options) -> Align:
        """Alignment before ``fs_in`` becomes ``fs_out``, with ``latency`` frames before time zero."""
        if not options.keeps_pre_roll:
            return cls(-latency)
        step = rate_ratio(fs_in, fs_out).limit_denominator(_LARGEST_STEP).denominator
        return cls(-latency % step)

    def open(self, fmt: Format) -> AlignProcessor:
        """A processor for one signal."""
        return AlignProcessor(self.added, fmt)


class AlignProcessor:
    """Adds or drops frames in front of a signal; nothing for a signal of no frames."""

    def __init__(self, added: int, fmt: Format) -> None:
        self.format, self.latency, self.tail = fmt, added, 0
        self._added = added

    def process(self, block: Array) -> Array:
        if self._added > 0 and len(block):
            padded = self.format.empty(self._added + len(block))
            padded[self._added :] = block
            self._added = 0
            return padded
        dropped = min(max(0, -self._added), len(block))
        self._added += dropped
        return block[dropped:]

    def flush(self) -> Array:
        return self.format.empty()
