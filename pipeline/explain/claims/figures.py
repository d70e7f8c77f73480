"""One figure for each claim: arrays in, a figure out; nothing is computed here.

Convention: convolution is black squares, correlation purple triangles pointing down, the input blue, the kernel orange.
"""
# ruff: noqa: RUF001  (formulas have a minus and an operator of their own)

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ...kernel import Array
from ..drawing import COLOURS
from . import plane_figures
from .drawing import figure, future, stems, styled, svg, value
from .result import ClaimResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

__all__ = ["draw", "figure_svg"]

Series = dict[str, Array]


def draw(result: ClaimResult) -> Figure:
    """The figure of one claim."""
    with styled():
        return _DRAW[result.key](result.series)


def figure_svg(result: ClaimResult) -> bytes:
    """The figure of one claim as SVG."""
    with styled():
        return svg(_DRAW[result.key](result.series))


def _continuous(s: Series) -> Figure:
    drawn, (above, below) = figure(2, 1, 3.9, sharex=True)
    for ax, name in ((above, "boxes"), (below, "decays")):
        ax.plot(s["t"], s[f"limit_{name}"], color=COLOURS["y"], linewidth=1.6, label="∫ f(τ) g(t−τ) dτ")
        for fineness, size, label in (("coarse", 6, "Σ f g dt,  dt = 1/4"), ("finer", 2.5, "dt = 1/16")):
            t, sums = s[f"{fineness}_t"], s[f"{fineness}_{name}"]
            ax.plot(t, sums, "^", color=COLOURS["product"], markersize=size, label=label)
        ax.set_ylim(0, 1.6)
        ax.set_ylabel("(f ∗ g)(t)")
    below.plot(
        s["t"], s["unflipped"], color=COLOURS["r"], linewidth=1.8, linestyle=(0, (4, 2)), label="∫ f(τ) g(t+τ) dτ"
    )
    above.set_title("f, g = 1 on [0, 1)")
    below.set_title("g = exp(−t)")
    for ax in (above, below):
        ax.legend(loc="upper right")
    below.set_xlabel("t")
    return drawn


def _definition(s: Series) -> Figure:
    drawn, (table, total) = figure(2, 1, 4.6, height_ratios=[3, 1.1])
    launches, now = s["table"], 4
    rows = [k for k in range(len(launches)) if launches[k].any()]
    largest = launches.max()
    for row, k in enumerate(rows):
        for n in range(k, launches.shape[1]):
            v = launches[k, n]
            shade = str(1 - 0.45 * v / largest)
            table.add_patch(_square(n, row, facecolor=shade, edgecolor=COLOURS["line"]))
            table.text(n, row - 0.14, f"{v:.3g}" if v >= 0.1 else f"{v:.2g}", ha="center", va="center", fontsize=9)
            weight = "bold" if n == now else "normal"
            table.text(n, row + 0.28, f"h[{n - k}]", ha="center", va="center", fontsize=7.5, fontweight=weight)
    table.add_patch(
        _square(now, (len(rows) - 1) / 2, len(rows), facecolor="none", edgecolor=COLOURS["ink"], linewidth=2)
    )
    table.set_xlim(-0.6, launches.shape[1] - 0.4)
    table.set_ylim(len(rows) - 0.4, -0.6)
    table.set_yticks(range(len(rows)), [f"x[{k}] = {s['x'][k]:g}" for k in rows], color=COLOURS["ink"])
    table.set_xticks([])
    stems(total, np.arange(len(s["y"])), s["y"], "y")
    total.axvspan(now - 0.5, now + 0.5, facecolor="none", edgecolor=COLOURS["ink"], linewidth=2)
    total.set_xlim(-0.6, launches.shape[1] - 0.4)
    total.set_xlabel("n")
    total.set_ylabel("y[n]")
    return drawn


def _square(x: float, y: float, height: float = 1, **look: Any) -> Rectangle:
    from matplotlib.patches import Rectangle

    return Rectangle((x - 0.5, y - height / 2), 1, height, **look)


def _past(s: Series) -> Figure:
    drawn, axes = figure(2, 1, 3.5, sharex=True, sharey=True)
    for ax, name, what, formula in (
        (axes[0], "change_y", "y", "Δ(x ∗ h)[n]"),
        (axes[1], "change_r", "r", "Δ(x ★ h)[n]"),
    ):
        stems(ax, np.arange(len(s[name])), s[name], what)
        ax.set_xlim(-0.6)
        future(ax, 5.5, len(s[name]) - 0.4)
        ax.set_title(formula)
    axes[1].set_xticks(range(len(s["change_y"])))
    axes[1].set_xlabel("n")
    return drawn


def _pattern(s: Series) -> Figure:
    drawn, (signal, right, left) = figure(3, 1, 4.6, sharex=True)
    signal.plot(s["x"], color=COLOURS["x"], linewidth=0.9)
    signal.set_title("x")
    _score(right, s["correlation"], "r", "x ★ t")
    _score(left, s["convolution"], "y", "x ∗ t")
    left.set_xlabel("n")
    return drawn


def _score(ax: Axes, score: Array, what: str, formula: str) -> None:
    peak = int(score.argmax())
    ax.plot(score, color=COLOURS[what], linewidth=1)
    ax.plot(peak, score[peak], "D", color=COLOURS["h"], markeredgecolor=COLOURS["ink"], markersize=7)
    ax.annotate(f"n = {peak}", (peak, score[peak]), (8, -4), textcoords="offset points")
    ax.margins(y=0.2)
    ax.set_title(formula)


def _commutes(s: Series) -> Figure:
    drawn, (above, below) = figure(2, 1, 3.9)
    n = np.arange(len(s["chain"]))
    stems(above, n, s["chain"], "y", label="(a ∗ b) ∗ c")
    stems(above, n, s["once"], "y", hollow=True, shift=0.25, label="a ∗ (b ∗ c)")
    stems(below, s["lags"], s["r_chain"], "r", label="(a ★ b) ★ c")
    stems(below, s["lags"], s["r_once"], "r", hollow=True, shift=0.25, label="a ★ (b ★ c)")
    for ax in (above, below):
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0)
    below.set_xlabel("n")
    return drawn


def _frameworks(s: Series) -> Figure:
    drawn, axes = figure(3, 1, 3.9, sharex=True, sharey=True)
    rows = (("conv1d", "x", "torch conv1d(x, h)"), ("r", "r", "x ★ h"), ("y", "y", "x ∗ h"))
    for ax, (name, what, title) in zip(axes, rows, strict=True):
        stems(ax, np.arange(len(s[name])), s[name], what)
        for n, v in enumerate(s[name]):
            ax.annotate(value(v), (n, v), (6, 0), textcoords="offset points", fontsize=9)
        ax.set_title(title)
    axes[-1].set_xlabel("n")
    return drawn


def _learnt(s: Series) -> Figure:
    drawn, (weights, convolved, correlated) = figure(3, 1, 4.9)
    k = np.arange(len(s["w_conv"]))
    stems(weights, k, s["w_conv"], "y", shift=-0.1, label="∗")
    stems(weights, k, s["w_corr"], "r", shift=0.1, label="★")
    weights.set_title("w[k]")
    weights.legend(loc="upper center", ncols=2)
    weights.set_xticks(k)
    n = np.arange(len(s["meant"])) - 4
    for ax, name, what, title in (
        (convolved, "meant", "y", "δ ∗ [1, 0, 0, 0.5]"),
        (correlated, "played", "r", "δ ★ [1, 0, 0, 0.5]"),
    ):
        stems(ax, n, s[name], what)
        ax.axvline(-0.5, color=COLOURS["ink"], linewidth=1, linestyle=(0, (4, 2)))
        ax.set_title(title)
    correlated.set_xlabel("n")
    return drawn


def _symmetry(s: Series) -> Figure:
    kernels = list(dict.fromkeys(name[:-2] for name in s))
    drawn, axes = figure(3, 1, 4.4, sharex=True)
    for ax, kernel in zip(axes, kernels, strict=True):
        n = np.arange(len(s[f"{kernel} y"])) - 1
        stems(ax, n, s[f"{kernel} y"], "y", shift=-0.12, label="∗")
        stems(ax, n, s[f"{kernel} r"], "r", shift=0.12, label="★")
        ax.set_title("h = " + kernel.replace("-", "\N{MINUS SIGN}"))
    axes[0].legend(loc="upper right", ncols=2)
    axes[-1].set_xlabel("n")
    return drawn


_DRAW: dict[str, Callable[[Series], Figure]] = {
    "continuous": _continuous,
    "both_axes": plane_figures.both_axes,
    "index_formula": plane_figures.index_formula,
    "pattern": _pattern,
    "past": _past,
    "future": plane_figures.reading,
    "gradient": plane_figures.gradient,
    "commutes": _commutes,
    "frameworks": _frameworks,
    "learnt": _learnt,
    "indispensable": plane_figures.indispensable,
    "symmetry": _symmetry,
    "definition": _definition,
}
