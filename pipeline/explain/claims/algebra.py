"""The algebra: convolution commutes and associates, correlation does neither, so only a convolving chain is one kernel.

Convention: a sequence carries the frame it starts at, so that two are compared frame by frame; all are whole numbers,
so that "equal" means equal.
"""
# ruff: noqa: RUF001  (Chinese has punctuation of its own)

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...engine.functional import convolve, correlate
from ...kernel import Taps
from .result import ClaimResult, Text

__all__ = ["Placed", "apart", "commutes", "convolved", "correlated"]


class Placed(NamedTuple):
    """A sequence ``values`` (M,), the first of them at frame ``start``."""

    values: Taps
    start: int = 0


def convolved(a: Placed, b: Placed) -> Placed:
    """``(a * b)[n] = sum_k b[k] a[n-k]``."""
    return Placed(convolve(a.values, b.values), a.start + b.start)


def correlated(a: Placed, b: Placed) -> Placed:
    """``r[n] = sum_k b[k] a[n+k]``, which begins where the end of b meets the start of a."""
    return Placed(correlate(a.values, b.values), a.start - (b.start + len(b.values) - 1))


def apart(a: Placed, b: Placed) -> float:
    """The largest difference, frame by frame; where one has ended it is 0."""
    return float(np.abs(np.subtract(*_together(a, b))).max())


def commutes() -> ClaimResult:
    """Order and grouping change nothing in convolution, and much in correlation."""
    a, b, c = (Placed(np.array(taps, dtype=float)) for taps in ([0, 3, 0, 1, 2], [4, 2, 1], [1, 0, 3]))
    ab, ba = correlated(a, b), correlated(b, a)
    chain, once = convolved(convolved(a, b), c), convolved(a, convolved(b, c))
    r_chain, r_once = correlated(correlated(a, b), c), correlated(a, correlated(b, c))
    backwards = Placed(ba.values[::-1], -(ba.start + len(ba.values) - 1))
    numbers = {
        "convolution_order": apart(convolved(a, b), convolved(b, a)),
        "correlation_order": apart(ab, ba),
        "correlation_order_reversed": apart(ab, backwards),
        "convolution_grouping": apart(chain, once),
        "correlation_grouping": apart(r_chain, r_once),
        "correlation_grouping_mended": apart(r_chain, correlated(a, convolved(b, c))),
    }
    straight, reversed_, grouped = (numbers[f"correlation_{w}"] for w in ("order", "order_reversed", "grouping"))
    y_chain, y_once = _together(chain, once)
    lags = range(min(r_chain.start, r_once.start), max(map(_end, (r_chain, r_once))))
    both = _together(r_chain, r_once)
    return ClaimResult(
        key="commutes",
        claim=Text(
            "Convolution commutes, x ∗ k = k ∗ x; without the flip it becomes another operation, correlation.",
            "交换性：卷积满足 x ∗ k = k ∗ x。如果不翻转，卷积就会变成另一种操作（称为交叉相关）。",
        ),
        verdict="right",
        nuance=Text("and it forgets associativity, which matters more", "但漏掉了更要紧的结合律"),
        finding=Text(
            f"a ∗ b and b ∗ a differ by {numbers['convolution_order']:g}. a ★ b and b ★ a differ by up to "
            f"{straight:g}; each is the other backwards in time (difference then {reversed_:g}). What matters more in "
            f"practice is grouping: (a ∗ b) ∗ c and a ∗ (b ∗ c) differ by {numbers['convolution_grouping']:g}, so a "
            "chain of stages is one kernel, b ∗ c, computed once. (a ★ b) ★ c and a ★ (b ★ c) differ by up to "
            f"{grouped:g}; to merge two correlations their templates must be convolved: (a ★ b) ★ c = a ★ (b ∗ c), "
            f"difference {numbers['correlation_grouping_mended']:g}. Even those who correlate need the flip.",
            f"a ∗ b 与 b ∗ a 相差 {numbers['convolution_order']:g}；a ★ b 与 b ★ a 最多相差 {straight:g}，两者互为时间"
            f"上的倒放（倒放后差为 {reversed_:g}）。实践中更要紧的是结合律：(a ∗ b) ∗ c 与 a ∗ (b ∗ c) 相差 "
            f"{numbers['convolution_grouping']:g}，因此一串处理级可以先合成一个核 b ∗ c，只算一次。而 (a ★ b) ★ c 与 "
            f"a ★ (b ★ c) 最多相差 {grouped:g}；要合并两次互相关，两个模板之间必须作卷积：(a ★ b) ★ c = a ★ (b ∗ c)，"
            f"差为 {numbers['correlation_grouping_mended']:g}。即使只做互相关，也离不开翻转。",
        ),
        alt=Text(
            "Two chains of two stages. Convolution: stage by stage and as one kernel give the same dots. Correlation: "
            f"they differ by up to {grouped:g}.",
            f"两条各有两级的链。卷积：逐级计算与合成一个核，点完全重合。互相关：最多相差 {grouped:g}。",
        ),
        numbers=numbers,
        series={"chain": y_chain, "once": y_once, "lags": np.array(lags), "r_chain": both[0], "r_once": both[1]},
    )


def _end(a: Placed) -> int:
    return a.start + len(a.values)


def _together(a: Placed, b: Placed) -> tuple[Taps, Taps]:
    """Both on the frames that either covers."""
    start, end = min(a.start, b.start), max(_end(a), _end(b))
    padded = [np.pad(s.values, (s.start - start, end - _end(s))) for s in (a, b)]
    return padded[0], padded[1]
