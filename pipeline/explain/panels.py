"""The panels of the figure: each draws ready numbers into axes it is given, and computes nothing but places.

Convention: marks, colours and the words for time are those of `palette`. Values are written beside their marks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..kernel import Taps
from .palette import COLOURS, MARKERS, diverging
from .worked import Term, value_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["frame", "gather", "grounds", "stems", "table", "taps", "time_zones"]

INK, FAINT, LINE = COLOURS["ink"], COLOURS["faint"], COLOURS["line"]


def frame(axes: Axes, low: float, high: float, values: Sequence[float], *, room: float = 0.28) -> None:
    """Quiet axes from frame ``low`` to ``high``, tall enough for the values and what is written above them."""
    top, bottom = max(0.0, *values), min(0.0, *values)
    span = (top - bottom) or 1.0
    axes.set_xlim(low, high)
    axes.set_ylim(bottom - (room if bottom < 0 else 0.1) * span, top + room * span)
    axes.set_yticks([])
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_visible(False)
    axes.axhline(0, color=INK, linewidth=0.9, zorder=1)
    axes.tick_params(axis="x", length=0, labelsize=9, colors=FAINT, pad=3)


def time_zones(axes: Axes, now: float) -> None:
    """The past up to frame ``now`` tinted and called heard, the future hatched and called not yet."""
    low, high = axes.get_xlim()
    top, edge = axes.get_ylim()[1], now + 0.5
    grounds(axes, edge)
    axes.axvline(edge, color=INK, linewidth=1.6, zorder=2)
    place: dict[str, Any] = {"va": "bottom", "fontsize": 9, "color": INK, "clip_on": False}
    axes.text(edge, top, "now", ha="center", weight="bold", **place)
    axes.text(min((low + edge) / 2, edge - 1.1), top, "heard", ha="center", **place)
    axes.text(max((edge + high) / 2, edge + 1.2), top, "not yet", ha="center", **place)


def grounds(axes: Axes, edge: float) -> None:
    """The tint of what is heard up to ``edge``, the hatching of what is not yet."""
    low, high = axes.get_xlim()
    axes.axvspan(low, edge, color=COLOURS["heard"], zorder=0, linewidth=0)
    axes.axvspan(edge, high, facecolor="#fafafb", edgecolor=COLOURS["not_yet"], hatch="////", zorder=0, linewidth=0)


def stems(axes: Axes, n: Sequence[float], values: Taps, quantity: str, *, text: bool = True, size: float = 8) -> None:
    """A stem for each value, its mark by quantity; zeros are small."""
    colour = COLOURS[quantity]
    span = axes.get_ylim()[1] - axes.get_ylim()[0]
    small = 9 if len(values) <= 10 else 7
    for at, value in zip(n, values.tolist(), strict=True):
        axes.plot([at, at], [0, value], color=colour, linewidth=2.2, zorder=3, solid_capstyle="butt")
        marker = size if value else size * 0.45
        axes.plot([at], [value], MARKERS[quantity], color=colour, markersize=marker, zorder=4)
        if text and value:
            up = value >= 0
            place = value + (0.07 if up else -0.1) * span
            axes.text(
                at, place, value_text(value), ha="center", va="bottom" if up else "top", fontsize=small, color=INK
            )


def taps(axes: Axes, at: Sequence[float], k: Sequence[int], values: Taps, *, size: float = 10) -> None:
    """Taps with their numbers under them; the diamond is tap 0."""
    span = axes.get_ylim()[1] - axes.get_ylim()[0]
    for place, index, value in zip(at, k, values.tolist(), strict=True):
        axes.plot([place, place], [0, value], color=COLOURS["h"], linewidth=2.2, zorder=3, solid_capstyle="butt")
        mark = MARKERS["h0" if index == 0 else "h"]
        axes.plot([place], [value], mark, color=COLOURS["h"], markersize=size, zorder=4, markeredgecolor=INK, mew=0.8)
        up = value >= 0
        where = value + (0.09 if up else -0.09) * span
        axes.text(place, where, value_text(value), ha="center", va="bottom" if up else "top", fontsize=9, color=INK)
    axes.set_xticks(list(at), [f"h[{index}]" for index in k], color=INK, fontsize=9)


def table(axes: Axes, cells: Taps, rows: Sequence[int], x: Taps, out: Taps, now: int, largest: float) -> None:
    """Row i is the copy of h that sample i launches, the columns are frames from 0, the last row is their sum.

    Zeros inside a copy are written, those outside are left blank; the column of frame ``now`` is boxed.
    """
    from matplotlib.patches import Rectangle

    count, width = len(rows), cells.shape[1]
    small = 9 if width <= 10 else 6.5
    for line, i in enumerate(rows):
        axes.text(
            -0.75, line, f"x[{i}] = {value_text(float(x[i]))}", ha="right", va="center", fontsize=small, color=INK
        )
        for n in range(width):
            value = float(cells[line, n])
            face = diverging(value, largest) if value else "#ffffff"
            axes.add_patch(Rectangle((n - 0.5, line - 0.5), 1, 1, facecolor=face, edgecolor=LINE, linewidth=0.6))
            if value:
                axes.text(n, line, value_text(value), ha="center", va="center", fontsize=small, color=INK)
    for n in range(width):
        axes.text(n, -0.85, str(n), ha="center", va="center", fontsize=small, color=FAINT)
        axes.text(
            n,
            count + 0.1,
            value_text(float(out[n])),
            ha="center",
            va="center",
            fontsize=small,
            color=INK,
            weight="bold",
        )
    axes.text(-0.75, -0.85, "n", ha="right", va="center", fontsize=small, color=FAINT)
    axes.text(-0.75, count + 0.1, "y[n], the sum", ha="right", va="center", fontsize=small, color=INK, weight="bold")
    axes.add_patch(Rectangle((now - 0.5, -0.5), 1, count + 1, fill=False, edgecolor=INK, linewidth=2.2, zorder=5))
    axes.set_xlim(-2.9, width - 0.4)
    axes.set_ylim(count + 0.75, -1.3)
    axes.axis("off")


def gather(axes: Axes, x: Taps, terms: Sequence[Term], now: int, sentence: str) -> None:
    """What reaches frame ``now``: the samples, under each the tap it meets, under both their product; then the sum."""
    low, high = now - len(terms) - 0.4, now + 1.6
    lines = {"x": 2.0, "h": 1.0, "product": 0.0}
    size, left = (10, 0.12) if len(terms) <= 4 else (6.5, 0.3)
    axes.set_xlim(low - 0.8, high)
    axes.set_ylim(-1.25, 2.75)
    grounds(axes, now + 0.5)
    axes.axvline(now + 0.5, color=INK, linewidth=1.6, zorder=2)
    for name, at in lines.items():
        label = {"x": "sample", "h": "meets tap", "product": "product"}[name]
        axes.text(low - 0.65, at, label, ha="left", va="center", fontsize=9, color=FAINT)
    future = [now + 1] if now + 1 < len(x) else []
    shown = [(term.i, term.sample) for term in terms] + [(i, float(x[i])) for i in future]
    for i, value in shown:
        axes.plot([i - left], [2], MARKERS["x"], color=COLOURS["x"], markersize=size)
        axes.text(i + 0.18 - left, 2, value_text(value), ha="left", va="center", fontsize=size, color=INK)
        axes.text(i, 2.5, f"x[{i}]", ha="center", va="center", fontsize=8, color=FAINT)
    for term in terms:
        mark = MARKERS["h0" if term.k == 0 else "h"]
        axes.plot([term.i - left] * 2, [1.75, 1.3], color=LINE, linewidth=1)
        axes.plot([term.i - left], [1], mark, color=COLOURS["h"], markersize=size, markeredgecolor=INK, mew=0.8)
        axes.text(term.i + 0.18 - left, 1, value_text(term.tap), ha="left", va="center", fontsize=size, color=INK)
        axes.text(term.i, 0.6, f"h[{term.k}]", ha="center", va="center", fontsize=8, color=FAINT)
        colour = COLOURS["product" if term.product >= 0 else "negative"]
        axes.plot([term.i - left], [0], MARKERS["product"], color=colour, markersize=size)
        axes.text(term.i + 0.18 - left, 0, value_text(term.product), ha="left", va="center", fontsize=size, color=INK)
    middle = (low - 0.8 + now + 0.5) / 2
    axes.text(
        middle,
        -0.8,
        sentence,
        ha="center",
        va="center",
        fontsize=15 if len(sentence) < 30 else 9,
        color=INK,
        weight="bold",
    )
    axes.axis("off")
