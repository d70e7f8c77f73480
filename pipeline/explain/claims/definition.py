"""The definition: that its integral is right, and that appealing to it explains nothing.

Convention: launches are ``x[k] h[n-k]``, the copy of h that sample k sends out, seen at frame n.
"""
# ruff: noqa: RUF001  (Chinese has punctuation of its own)

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...engine.functional import convolve
from ...kernel import Array, Taps
from .result import ClaimResult, Text

__all__ = ["circular", "continuous", "recursion", "riemann"]

_STEPS = (4, 8, 16, 32, 64)  # samples in one unit of time
_SPAN = 3  # units of time that are compared


def riemann(steps: int) -> dict[str, Any]:
    """Sums ``dt sum_k f[k] g[n-k]`` of a box with a box, and of a box with ``exp(-t)``, ``dt = 1/steps``.

    Their limits are known: the triangle ``min(t, 2-t)``; ``1 - exp(-t)`` up to t = 1, ``(e - 1) exp(-t)`` from there.
    """
    t = np.arange(_SPAN * steps) / steps
    box = np.ones(steps)
    decay = np.exp(-t)
    triangle, filled = np.clip(np.minimum(t, 2 - t), 0, None), np.where(t < 1, 1 - np.exp(-t), (math.e - 1) * decay)
    boxes = np.pad(convolve(box, box), (0, steps + 1))[: len(t)] / steps
    decays = convolve(box, decay)[: len(t)] / steps
    unflipped = np.array([(box * np.exp(-(n + np.arange(steps)) / steps)).sum() for n in range(len(t))]) / steps
    return {
        "t": t,
        "boxes": boxes,
        "decays": decays,
        "limit_boxes": triangle,
        "limit_decays": filled,
        "unflipped": unflipped,
        "error_boxes": float(np.abs(boxes - triangle).max()),
        "error_decays": float(np.abs(decays - filled).max()),
        "error_unflipped": float(np.abs(unflipped - filled).max()),
        "peak_without_dt": float(convolve(box, box).max()),
    }


def continuous() -> ClaimResult:
    """Riemann sums approach the integral as the step shrinks, if the factor dt is kept and g is flipped."""
    sums = {steps: riemann(steps) for steps in _STEPS}
    errors = [sums[s]["error_decays"] for s in _STEPS]
    finest, coarsest = sums[_STEPS[-1]], sums[_STEPS[0]]
    numbers = {
        "dt": [1 / s for s in _STEPS],
        "error_box_box": [sums[s]["error_boxes"] for s in _STEPS],
        "error_box_decay": errors,
        "error_without_flip": [sums[s]["error_unflipped"] for s in _STEPS],
        "peak_without_dt": [sums[s]["peak_without_dt"] for s in _STEPS],
    }
    return ClaimResult(
        key="continuous",
        claim=Text("(f ∗ g)(t) = ∫ f(τ) g(t − τ) dτ", "(f ∗ g)(t) = ∫ f(τ) g(t − τ) dτ"),
        verdict="right",
        nuance=Text("with the factor dt", "但离散求和时须保留因子 dt"),
        finding=Text(
            f"Sums approach the integral as fast as the step shrinks: the largest error is {errors[0]:.3g} at dt = "
            f"1/4 and {errors[-1]:.3g} at dt = 1/64. Without dt they grow instead, to "
            f"{finest['peak_without_dt']:.0f}. A box with a box would not notice a missing flip, since a box is its "
            "own mirror image; a box with a decay does: without the flip the sums stay "
            f"{finest['error_unflipped']:.2f} away, however small the step.",
            f"步长缩小多少，求和的误差就缩小多少：dt = 1/4 时最大误差为 {errors[0]:.3g}，dt = 1/64 时为 "
            f"{errors[-1]:.3g}。若丢掉 dt，和反而不断变大，峰值达到 {finest['peak_without_dt']:.0f}。用两个方波检验看"
            "不出是否翻转，因为方波左右对称；换成方波与指数衰减就看得出来：不翻转时，无论步长多小，误差始终停在 "
            f"{finest['error_unflipped']:.2f}。",
        ),
        alt=Text(
            "Two curves. Above, sums of a box with a box lie on a triangle of height 1. Below, sums of a box with a "
            f"decay lie on a curve that rises to {1 - 1 / math.e:.2f} at t = 1; the sum without the flip starts there "
            "and falls.",
            "两条曲线。上：方波与方波的求和落在高度为 1 的三角形上。下：方波与衰减的求和落在 t = 1 时升到 "
            f"{1 - 1 / math.e:.2f} 的曲线上；不翻转的求和则从这个高度开始一路下降。",
        ),
        numbers=numbers,
        series={
            **{f"coarse_{name}": coarsest[name] for name in ("t", "boxes", "decays")},
            **{f"finer_{name}": sums[16][name] for name in ("t", "boxes", "decays")},
            **{name: finest[name] for name in ("t", "limit_boxes", "limit_decays", "unflipped")},
        },
    )


def recursion(x: Array, feedback: float = 0.5) -> Taps:
    """A leak: ``y[n] = x[n] + feedback * y[n-1]``. No kernel is written in it, and no flip."""
    y = np.zeros(len(x))
    level = 0.0
    for n, value in enumerate(x):
        level = feedback * level + float(value)
        y[n] = level
    return y


def circular() -> ClaimResult:
    """Linearity and time invariance give launches; reading launches down a column meets h backwards."""
    x = np.array([0.0, 3, 0, 1, 2, 0, 0, 0])
    click = np.zeros(len(x))
    click[0] = 1.0
    h = recursion(click)
    table = np.zeros((len(x), len(x)))
    for k, sample in enumerate(x):
        table[k, k:] = sample * h[: len(x) - k]
    y, now = recursion(x), 4
    met = [int(k) for k in np.flatnonzero(x[: now + 1])]
    taps = [now - k for k in met]
    error = float(np.abs(table.sum(axis=0) - y).max())
    terms = " + ".join(f"{table[k, now]:g}" for k in met)
    return ClaimResult(
        key="definition",
        claim=Text("Why flip? Because the definition of convolution demands it.", "为什么要翻转？这是数学定义的要求。"),
        verdict="circular",
        nuance=Text("it follows from linearity and time invariance", "翻转由线性与时不变性推出"),
        finding=Text(
            "Take a box whose code knows no kernel and no flip: y[n] = x[n] + y[n−1]/2. It is linear and "
            "time-invariant, so each sample launches a scaled, delayed copy of its answer to one click, and the "
            f"output is the sum of these launches (difference: {error:g}). Read the table down column n = {now}: "
            f"samples {_listed(met)} arrive with taps {_listed(taps)}: {terms} = {y[now]:g}. The later the sample, "
            "the earlier the tap: that is h[n−k]. Nothing was flipped; the minus sign is the age of a sample.",
            "取一个程序里既没有核、也没有翻转的系统：y[n] = x[n] + y[n−1]/2。它线性且时不变，所以每个样本都会发出一份"
            f"经缩放和延迟的冲激响应，输出就是这些副本之和（差为 {error:g}）。沿 n = {now} 这一列往下读：编号 "
            f"{_listed(met, '、')} 的样本分别带着抽头 {_listed(taps, '、')} 到达：{terms} = {y[now]:g}。样本越晚，遇到"
            "的抽头越靠前，这就是 h[n−k]。没有任何东西被翻转过：那个减号只是样本的“年龄”。",
        ),
        alt=Text(
            f"A table of launches: each row is a copy of the decay that starts later. In column {now}, boxed, the "
            f"copies arrive with taps {_listed(taps)}, falling as the sample's number rises.",
            f"副本表：每一行是一份起点更晚的衰减。框出的 n = {now} 列中，各副本以抽头 {_listed(taps, '、')} 到达："
            "样本序号越大，抽头序号越小。",
        ),
        numbers={"n": now, "samples": met, "taps": taps, "y": y.tolist(), "launches_minus_output": error},
        series={"x": x, "h": h, "table": table, "y": y},
    )


def _listed(values: list[int], comma: str = ", ") -> str:
    return comma.join(map(str, values))
