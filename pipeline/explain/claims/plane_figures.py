"""The figures whose arrays are tables or images: arrays in, a figure out; nothing is computed here.

Convention: rows run downward, columns to the right; darker is larger; a diamond marks a largest value.
"""
# ruff: noqa: RUF001  (formulas have a minus and an operator of their own)

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...kernel import Array
from ..drawing import COLOURS
from .drawing import cells, figure, mosaic, value

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["both_axes", "gradient", "index_formula", "indispensable", "reading"]

Series = dict[str, Array]

_VARIANTS = {"as it is": "k", "rows": "k[::−1]", "columns": "k[:, ::−1]", "both": "k[::−1,\n::−1]", "transposed": "k.T"}


def both_axes(s: Series) -> Figure:
    """Five variants of the hook and of the line, each with its error."""
    drawn, axes = figure(2, 5, 2.9)
    for row, name in enumerate(("hook", "line")):
        errors = s[f"{name} errors"]
        for ax, (variant, title), error in zip(axes[5 * row :], _VARIANTS.items(), errors, strict=False):
            cells(ax, s[f"{name} {variant}"])
            right = error == 0
            ax.set_xlabel("✓ 0" if right else f"✗ {value(error)}", fontweight="bold" if right else "normal")
            ax.set_title(title if row == 0 else "", loc="center", fontsize=8.5)
    return drawn


def index_formula(s: Series) -> Figure:
    """The error for each r."""
    drawn, (ax,) = figure(1, 1, 2.4)
    errors = s["errors"]
    bars = ax.bar(range(len(errors)), errors, color=COLOURS["negative"], width=0.6)
    ax.bar_label(bars, ["✓ 0" if e == 0 else value(e) for e in errors], padding=2)
    ax.set_xticks(range(len(errors)))
    ax.set_xlabel("r")
    ax.set_ylabel("max |Δ|")
    ax.margins(y=0.15)
    return drawn


def reading(s: Series) -> Figure:
    """Which input frames each output frame reads, four ways."""
    drawn, axes = figure(2, 2, 4.9)
    for ax, (name, table) in zip(axes, s.items(), strict=True):
        cells(ax, table, largest=4)
        sign = "∗" if name.startswith("convolution") else "★"
        frames = len(table)
        # the future of frame n: every column right of the diagonal
        corners = [(-0.5, -0.5), *((n + 0.5, n + d) for n in range(frames) for d in (-0.5, 0.5)), (frames - 0.5, -0.5)]
        ax.fill(*zip(*corners, strict=True), facecolor="none", hatch="////", edgecolor=COLOURS["not_yet"], linewidth=0)
        ax.set_title(f"x {sign} h" + ("  (origin 1)" if "centred" in name else ""))
        ax.set_xticks([0, frames - 1])
        ax.set_yticks([0, frames - 1])
        ax.set_xlabel("m: x[m]", labelpad=-6)
        ax.set_ylabel(f"n: {'y' if sign == '∗' else 'r'}[n]", labelpad=-4)
    return drawn


def gradient(s: Series) -> Figure:
    """The image with the patch and its twin, and the score of each kernel with its largest value."""
    drawn, (image, corner, score, turned) = figure(2, 2, 4.9)
    image.imshow(s["image"], cmap="gray", interpolation="nearest")
    image.set_title("x")
    for start, patch, name in ((0, s["slope"], "k ↘"), (5, s["slope"][::-1, ::-1], "k ↖")):
        corner.imshow(patch, cmap="gray", interpolation="nearest", extent=(start, start + 4, 4, 0))
        corner.plot([start, start + 4, start + 4, start, start], [0, 0, 4, 4, 0], color=COLOURS["ink"], linewidth=1)
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
    ax.plot(j, i, "D", color=COLOURS["h"], markeredgecolor=COLOURS["ink"], markersize=8)
    left = j < score.shape[1] / 2
    box = {"facecolor": COLOURS["paper"], "edgecolor": "none", "pad": 1.5}
    told = ax.annotate(
        f"({i}, {j})", (float(j), float(i)), (8 if left else -8, -8), textcoords="offset points", bbox=box
    )
    told.set_horizontalalignment("left" if left else "right")
    told.set_verticalalignment("top")


def indispensable(s: Series) -> Figure:
    """How much the flip changes with each kernel, and what a single pixel gives."""
    drawn, (ax, *pair) = mosaic([["bars", "bars"], ["by_convolution", "by_correlation"]], 3.9, [1.35, 1])
    names = ("box", "Gauss", "Laplace", "Sobel", "smear", "hook")
    bars = ax.barh(range(len(names)), s["difference"], color=COLOURS["negative"], height=0.6)
    ax.bar_label(bars, [f"{d:.2g}" for d in s["difference"]], padding=3)
    ax.set_yticks(range(len(names)), names)
    ax.invert_yaxis()
    ax.set_xlim(0, 2.3)
    ax.set_xlabel("max |x ∗ k − x ★ k| / max |x ∗ k|")
    for part, name, title in zip(pair, ("by_convolution", "by_correlation"), "∗★", strict=True):
        cells(part, s[name])
        part.set_title(f"δ {title} k", loc="center")
    return drawn
