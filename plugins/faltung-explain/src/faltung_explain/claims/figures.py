"""One figure for each claim: arrays in, a figure out; nothing is computed here.

Convention: convolution is black squares, correlation purple triangles pointing down, the input blue, the kernel orange.
In tables and images rows run downward, columns to the right; darker is larger; a diamond marks a largest value.
"""
# ruff: noqa: RUF001  (formulas have a minus and an operator of their own)

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.drawing import COLOURS, INK
from pipeline.kernel import Array
from pipeline.text import with_minus

from ..drawing import (
    NARROW_STYLE,
    NOT_YET,
    cells,
    drawn_name,
    narrow_figure,
    narrow_mosaic,
    not_yet_from,
    short_text,
    styled,
    svg_bytes,
    thin_stems,
)
from . import ClaimResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

Series = dict[str, Array]

_VARIANTS = {"as it is": "k", "rows": "k[::−1]", "columns": "k[:, ::−1]", "both": "k[::−1,\n::−1]", "transposed": "k.T"}


WORDED = ("future", "indispensable")
"""Claims whose figures hold words, so that each language has its own."""


def draw(result: ClaimResult) -> Figure:
    """The figure of one claim."""
    with styled(NARROW_STYLE):
        return _DRAW[result.key](result.series)


def figure_svg(result: ClaimResult) -> bytes:
    """The figure of one claim as SVG."""
    with styled(NARROW_STYLE):
        return svg_bytes(_DRAW[result.key](result.series))


def _continuous(s: Series) -> Figure:
    drawn, (above, below) = narrow_figure(2, 1, 3.9, sharex=True)
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
    above.set_title("f = g = 1, 0 ≤ t < 1")
    below.set_title("g = exp(−t)")
    for ax in (above, below):
        ax.legend(loc="upper right")
    below.set_xlabel("t")
    return drawn


def _definition(s: Series) -> Figure:
    drawn, (table, total) = narrow_figure(2, 1, 4.6, height_ratios=[3, 1.1])
    launches, now = s["table"], 3
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
    table.add_patch(_square(now, (len(rows) - 1) / 2, len(rows), facecolor="none", edgecolor=INK, linewidth=2))
    table.set_xlim(-0.6, launches.shape[1] - 0.4)
    table.set_ylim(len(rows) - 0.4, -0.6)
    table.set_yticks(range(len(rows)), [f"x[{k}] = {s['x'][k]:g}" for k in rows], color=INK)
    table.set_xticks([])
    thin_stems(total, np.arange(len(s["y"])), s["y"], "y")
    total.axvspan(now - 0.5, now + 0.5, facecolor="none", edgecolor=INK, linewidth=2)
    total.set_xlim(-0.6, launches.shape[1] - 0.4)
    total.set_xlabel("n")
    total.set_ylabel("y[n]")
    return drawn


def _square(x: float, y: float, height: float = 1, **look: Any) -> Rectangle:
    from matplotlib.patches import Rectangle

    return Rectangle((x - 0.5, y - height / 2), 1, height, **look)


def _past(s: Series) -> Figure:
    drawn, axes = narrow_figure(2, 1, 3.5, sharex=True, sharey=True)
    for ax, name, what, formula in (
        (axes[0], "change_y", "y", "y′[n] − y[n],  y = x ∗ h"),
        (axes[1], "change_r", "r", "r′[n] − r[n],  r = x ★ h"),
    ):
        thin_stems(ax, np.arange(len(s[name])), s[name], what)
        ax.set_xlim(-0.6)
        not_yet_from(ax, 5.5, len(s[name]) - 0.4)
        ax.set_title(formula)
    axes[1].set_xticks(range(len(s["change_y"])))
    axes[1].set_xlabel("n")
    return drawn


def _pattern(s: Series) -> Figure:
    drawn, (signal, right, left) = narrow_figure(3, 1, 4.6, sharex=True)
    signal.plot(s["x"], color=COLOURS["x"], linewidth=0.9)
    signal.set_title("x")
    _score(right, s["correlation"], "r", "x ★ t")
    _score(left, s["convolution"], "y", "x ∗ t")
    left.set_xlabel("n")
    return drawn


def _score(ax: Axes, score: Array, what: str, formula: str) -> None:
    peak = int(score.argmax())
    ax.plot(score, color=COLOURS[what], linewidth=1)
    ax.plot(peak, score[peak], "D", color=COLOURS["h"], markeredgecolor=INK, markersize=7)
    ax.annotate(f"n = {peak}", (peak, score[peak]), (8, -4), textcoords="offset points")
    ax.margins(y=0.2)
    ax.set_title(formula)


def _commutes(s: Series) -> Figure:
    drawn, (above, below) = narrow_figure(2, 1, 3.9)
    n = np.arange(len(s["chain"]))
    thin_stems(above, n, s["chain"], "y", label="(a ∗ b) ∗ c")
    thin_stems(above, n, s["once"], "y", hollow=True, shift=0.25, label="a ∗ (b ∗ c)")
    thin_stems(below, s["lags"], s["r_chain"], "r", label="(a ★ b) ★ c")
    thin_stems(below, s["lags"], s["r_once"], "r", hollow=True, shift=0.25, label="a ★ (b ★ c)")
    for ax in (above, below):
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0)
    below.set_xlabel("n")
    return drawn


def _frameworks(s: Series) -> Figure:
    drawn, axes = narrow_figure(3, 1, 3.9, sharex=True, sharey=True)
    rows = (("conv1d", "x", "torch conv1d(x, h)"), ("r", "r", "x ★ h"), ("y", "y", "x ∗ h"))
    for ax, (name, what, title) in zip(axes, rows, strict=True):
        thin_stems(ax, np.arange(len(s[name])), s[name], what)
        for n, v in enumerate(s[name]):
            ax.annotate(short_text(v), (n, v), (6, 0), textcoords="offset points", fontsize=9)
        ax.set_title(title)
    axes[-1].set_xlabel("n")
    return drawn


def _learnt(s: Series) -> Figure:
    drawn, (weights, convolved, correlated) = narrow_figure(3, 1, 4.9)
    k = np.arange(len(s["w_conv"]))
    thin_stems(weights, k, s["w_conv"], "y", shift=-0.1, label="y = x ∗ w")
    thin_stems(weights, k, s["w_corr"], "r", shift=0.1, label="r = x ★ w")
    weights.set_title("w[k]")
    weights.legend(loc="upper center", ncols=2)
    weights.set_xticks(k)
    n = np.arange(len(s["meant"])) - 4
    for ax, name, what, title in (
        (convolved, "meant", "y", "y = δ ∗ [1, 0, 0, 0.5]"),
        (correlated, "played", "r", "r = δ ★ [1, 0, 0, 0.5]"),
    ):
        thin_stems(ax, n, s[name], what)
        ax.axvline(-0.5, color=INK, linewidth=1, linestyle=(0, (4, 2)))
        ax.set_title(title)
    correlated.set_xlabel("n")
    return drawn


def _symmetry(s: Series) -> Figure:
    kernels = list(dict.fromkeys(name[:-2] for name in s))
    drawn, axes = narrow_figure(3, 1, 4.4, sharex=True)
    for ax, kernel in zip(axes, kernels, strict=True):
        n = np.arange(len(s[f"{kernel} y"])) - 1
        thin_stems(ax, n, s[f"{kernel} y"], "y", shift=-0.12, label="y = x ∗ h")
        thin_stems(ax, n, s[f"{kernel} r"], "r", shift=0.12, label="r = x ★ h")
        ax.set_title("h = " + with_minus(kernel))
    axes[0].legend(loc="upper right", ncols=2)
    axes[-1].set_xlabel("n")
    return drawn


def _both_axes(s: Series) -> Figure:
    """Five variants of the hook and of the line, each with its error."""
    drawn, axes = narrow_figure(2, 5, 2.9)
    for row, name in enumerate(("hook", "line")):
        errors = s[f"{name} errors"]
        for ax, (variant, title), error in zip(axes[5 * row :], _VARIANTS.items(), errors, strict=False):
            cells(ax, s[f"{name} {variant}"])
            right = error == 0
            ax.set_xlabel("✓ 0" if right else f"✗ {short_text(error)}", fontweight="bold" if right else "normal")
            ax.set_title(title if row == 0 else "", loc="center", fontsize=8.5)
    return drawn


def _index_formula(s: Series) -> Figure:
    """The error for each r."""
    drawn, (ax,) = narrow_figure(1, 1, 2.4)
    errors = s["errors"]
    bars = ax.bar(range(len(errors)), errors, color=COLOURS["negative"], width=0.6)
    ax.bar_label(bars, ["✓ 0" if e == 0 else short_text(e) for e in errors], padding=2)
    ax.set_xticks(range(len(errors)))
    ax.set_xlabel("r")
    ax.set_ylabel("max |a − b|")
    ax.margins(y=0.15)
    return drawn


def _reading(s: Series) -> Figure:
    """Which input frames each output frame reads, four ways."""
    drawn, axes = narrow_figure(2, 2, 4.9)
    for ax, (name, table) in zip(axes, s.items(), strict=True):
        cells(ax, table, largest=4)
        sign = "∗" if name.startswith("convolution") else "★"
        frames = len(table)
        # the future of frame n: every column right of the diagonal
        corners = [(-0.5, -0.5), *((n + 0.5, n + d) for n in range(frames) for d in (-0.5, 0.5)), (frames - 0.5, -0.5)]
        ax.fill(*zip(*corners, strict=True), facecolor="none", **NOT_YET)
        ax.set_title(f"x {sign} h" + (f"  ({drawn_name('origin')} 1)" if "centred" in name else ""))
        ax.set_xticks([0, frames - 1])
        ax.set_yticks([0, frames - 1])
        ax.set_xlabel("m: x[m]", labelpad=-6)
        ax.set_ylabel(f"n: {'y' if sign == '∗' else 'r'}[n]", labelpad=-4)
    return drawn


def _gradient(s: Series) -> Figure:
    """The image with the patch and its twin, and the score of each kernel with its largest value."""
    drawn, (image, corner, score, turned) = narrow_figure(2, 2, 4.9)
    image.imshow(s["image"], cmap="gray", interpolation="nearest")
    image.set_title("x")
    for start, patch, name in ((0, s["slope"], "k ↘"), (5, s["slope"][::-1, ::-1], "k ↖")):
        corner.imshow(patch, cmap="gray", interpolation="nearest", extent=(start, start + 4, 4, 0))
        corner.plot([start, start + 4, start + 4, start, start], [0, 0, 4, 4, 0], color=INK, linewidth=1)
        corner.text(start + 2, 4.7, name, ha="center", va="center")
    corner.set_xlim(-0.2, 9.2)
    corner.set_ylim(5.2, -0.2)
    corner.set_axis_off()
    for ax, name, title in ((score, "score", "x ★ k ↘"), (turned, "score_turned", "x ★ k ↖")):
        _map(ax, s[name])
        ax.set_title(title)
    return drawn


def _map(ax: Axes, score: Array) -> None:
    end = float(np.abs(score).max())
    ax.imshow(score, cmap="gray", vmin=-end, vmax=end, interpolation="nearest")
    i, j = np.unravel_index(int(score.argmax()), score.shape)
    ax.plot(j, i, "D", color=COLOURS["h"], markeredgecolor=INK, markersize=8)
    left = j < score.shape[1] / 2
    box = {"facecolor": COLOURS["paper"], "edgecolor": "none", "pad": 1.5}
    place = ax.annotate(
        f"({i}, {j})", (float(j), float(i)), (8 if left else -8, -8), textcoords="offset points", bbox=box
    )
    place.set_horizontalalignment("left" if left else "right")
    place.set_verticalalignment("top")


def _indispensable(s: Series) -> Figure:
    """How much the flip changes with each kernel, and what a single pixel gives."""
    drawn, (ax, *pair) = narrow_mosaic([["bars", "bars"], ["by_convolution", "by_correlation"]], 3.9, [1.35, 1])
    names = ("box", "Gauss", "Laplace", "Sobel", "smear", "hook")
    bars = ax.barh(range(len(names)), s["difference"], color=COLOURS["negative"], height=0.6)
    ax.bar_label(bars, [f"{d:.2g}" for d in s["difference"]], padding=3)
    ax.set_yticks(range(len(names)), [drawn_name(name) for name in names])
    ax.invert_yaxis()
    ax.set_xlim(0, 2.3)
    ax.set_xlabel("max |x ∗ k − x ★ k| / max |x ∗ k|")
    for part, name, title in zip(pair, ("by_convolution", "by_correlation"), "∗★", strict=True):
        cells(part, s[name])
        part.set_title(f"δ {title} k", loc="center")
    return drawn


def _similarity(s: Series) -> Figure:
    drawn, (above, below) = narrow_figure(2, 1, 3.4, sharex=True)
    above.plot(s["x"], color=COLOURS["x"], linewidth=1.2)
    above.set_title("x")
    below.plot(s["sum"], color=COLOURS["r"], linewidth=1.4)
    at = int(s["sum"].argmax())
    below.plot([at], [s["sum"][at]], "D", color=COLOURS["h"], markeredgecolor=INK, markersize=8, clip_on=False)
    below.set_title("Σ x[n+k] t[k]")
    below.set_xlabel("n")
    return drawn


_DRAW: dict[str, Callable[[Series], Figure]] = {
    "similarity": _similarity,
    "continuous": _continuous,
    "both_axes": _both_axes,
    "index_formula": _index_formula,
    "pattern": _pattern,
    "past": _past,
    "future": _reading,
    "gradient": _gradient,
    "commutes": _commutes,
    "frameworks": _frameworks,
    "learnt": _learnt,
    "indispensable": _indispensable,
    "symmetry": _symmetry,
    "definition": _definition,
}
