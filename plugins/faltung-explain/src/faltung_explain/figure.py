"""The figure of six panels, one still picture of the flip, with its caption and its text alternative.

Convention: it takes arrays and returns a matplotlib Figure; every number in titles, caption and text comes with them.
Values are written beside their marks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.drawing import COLOURS, INK
from pipeline.kernel import Taps

from .bilingual import Bilingual, say
from .drawing import MARKERS, diverging, drawn, frame, now_at, stems, styled, tap_mark, zone_words
from .example import PRESETS, Example, sum_text, value_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

FAINT, LINE = COLOURS["faint"], COLOURS["line"]


@dataclass(frozen=True, eq=False)
class FigureData:
    """Every number that the figure shows."""

    example: Example
    click: Example
    """A 1 among zeros, and the same kernel."""
    symmetric: tuple[Taps, Taps]
    """Convolution and correlation with a symmetric kernel about its middle, from frame -1 on."""
    difference: float
    """Between these two, the largest."""

    @classmethod
    def of(cls, example: Example) -> FigureData:
        """The numbers for an example."""
        m = len(example.h)
        click = np.zeros(2 * m + 1)
        click[m] = 1.0
        taps, origin = PRESETS["symmetric"]
        pair = Example.of(example.x, taps, origin=origin)
        both, worst = (pair.y[1:], pair.r[1:]), float(np.abs(pair.y - pair.r).max())
        return cls(example, Example.of(click, example.h, m, example.origin), both, worst)


def figure(data: FigureData, caption: str) -> Figure:
    """The six panels, and a caption of a few lines."""
    from matplotlib.figure import Figure

    with styled():
        made = Figure(figsize=(12, 13.2), dpi=125, facecolor=COLOURS["paper"])
        cells: Any = made.subfigures(4, 2, height_ratios=(4.2, 4.6, 4.6, 0.9), hspace=0.02, wspace=0.02)
        _signal(cells[0, 0], data.example)
        _kernels(cells[0, 1], data.example)
        _launches(cells[1, 0], data.example)
        _gathered(cells[1, 1], data.example)
        _clicked(cells[2, 0], data.click)
        _symmetric(cells[2, 1], data)
        made.text(0.035, 0.04, caption, fontsize=9.5, color=INK, va="center", ha="left", linespacing=1.45)
    return made


def two_readings(example: Example) -> Figure:
    """The point in one picture: the table of launches, and the column of it that reads h backwards."""
    from matplotlib.figure import Figure

    with styled():
        made = Figure(figsize=(10, 4.2), dpi=150, facecolor=COLOURS["paper"])
        cells: Any = made.subfigures(1, 2, wspace=0.02)
        _launches(cells[0], example, number=1)
        _gathered(cells[1], example, number=2)
    return made


def caption(example: Example, difference: float) -> Bilingual:
    """Four short lines under the figure."""
    n = example.now
    return say(
        "caption",
        x=_list(example.x),
        h=_list(example.h),
        n=n,
        sum=sum_text(example, n, "convolve"),
        r=value_text(float(example.r[n + len(example.h) - 1])),
        sy=value_text(float(example.y.sum())),
        sr=value_text(float(example.r.sum())),
        total=value_text(float(example.x.sum() * example.h.sum())),
        begins=_begins(_early(example)),
        difference=f"{difference:.3g}",
    )


def alt_text(data: FigureData) -> Bilingual:
    """The six panels in words, for someone who does not see them."""
    example = data.example
    n, start = example.now, len(example.h) - 1
    terms = example.terms(n, "convolve")
    return say(
        "alt" if _comes_after(example) else "alt_about",
        o=example.origin,
        n=n,
        y=_list(example.y[start : start + len(example.x)]),
        r=_list(example.r[: len(example.x) + start]),
        h=_list(example.h),
        met=", ".join(f"x[{t.i}]·h[{t.k}] = {value_text(t.product)}" for t in terms),
        sum=sum_text(example, n, "convolve"),
        start=value_text(-start),
        difference=f"{data.difference:.3g}",
    )


def _comes_after(example: Example) -> bool:
    """Whether h answers after its cause, and mirrored before it: not so of one tap, nor with taps before time zero."""
    return example.origin == 0 and len(example.h) > 1


def _begins(early: int) -> Bilingual:
    if not early:
        return say("begins_together")
    frames = abs(early)
    count = {"en": "1 frame" if frames == 1 else f"{frames} frames", "zh": str(frames)}
    return say("begins_early" if early > 0 else "begins_late", early=count)


def _list(values: Iterable[float]) -> str:
    return "[" + ", ".join(value_text(float(value)) for value in values) + "]"


def _early(example: Example) -> int:
    """By how many frames correlation begins before convolution."""
    y, r = example.y != 0, example.r != 0
    return int(y.argmax()) - int(r.argmax()) if y.any() and r.any() else 0


def _titled(cell: SubFigure, number: int, title: str) -> None:
    cell.text(0.07, 0.95, f"{number}", fontsize=12, weight="bold", color=FAINT, va="center")
    cell.text(0.105, 0.95, title, fontsize=12, weight="bold", color=INK, va="center")


def _signal(cell: SubFigure, example: Example) -> None:
    now = example.now
    _titled(cell, 1, drawn("fig_signal", n=now))
    axes = cell.add_axes((0.07, 0.12, 0.88, 0.68))
    frame(axes, -0.7, len(example.x) - 0.3, example.x.tolist())
    _time_zones(axes, now)
    stems(axes, range(len(example.x)), example.x, "x")
    axes.set_xticks(range(len(example.x)), [f"x[{i}]" for i in range(len(example.x))])


def _kernels(cell: SubFigure, example: Example) -> None:
    h, m, o = example.h, len(example.h), example.origin
    _titled(cell, 2, drawn("fig_kernels"))
    for left, order, label in (
        (0.07, range(m), drawn("fig_rings" if _comes_after(example) else "fig_about")),
        (0.55, range(m - 1, -1, -1), drawn("fig_reversed", o=o)),
    ):
        axes = cell.add_axes((left, 0.12, 0.38, 0.62))
        frame(axes, -0.7, m - 0.3, h.tolist())
        _taps(axes, range(m), list(order), h[list(order)], o)
        cell.text(left + 0.19, 0.82, label, fontsize=9, ha="center", color=INK)


def _launches(cell: SubFigure, example: Example, number: int = 3) -> None:
    _titled(cell, number, drawn("fig_table"))
    start, m = len(example.h) - 1, len(example.h)
    rows = [i for i in range(len(example.x)) if example.x[i] != 0]
    width = min(len(example.x), 14)
    cells = example.launches("convolve")[rows, start : start + width]
    axes = cell.add_axes((0.05, 0.1, 0.9, 0.7))
    _table(axes, cells, rows, example.x, example.y[start : start + width], example.now, example.largest)
    order = ", ".join(f"h[{k}]" for k in range(min(m, 3))) + (", …" if m > 3 else "")
    turned = ", ".join(f"h[{k}]" for k in range(m - 1, max(-1, m - 4), -1)) + (", …" if m > 3 else "")
    cell.text(0.07, 0.86, drawn("fig_row", order=order), fontsize=9.5, color=INK)
    cell.text(
        0.07,
        0.035,
        drawn("fig_box" if example.origin == 0 else "fig_box_about", n=example.now, turned=turned),
        fontsize=9.5,
        color=INK,
    )


def _gathered(cell: SubFigure, example: Example, number: int = 4) -> None:
    now = example.now
    _titled(cell, number, drawn("fig_gather", n=now))
    axes = cell.add_axes((0.07, 0.06, 0.88, 0.8))
    _gather(axes, example, f"y[{now}] = {sum_text(example, now, 'convolve')}")


def _clicked(cell: SubFigure, click: Example) -> None:
    now, m, about = click.now, len(click.h), "" if _comes_after(click) else "_about"
    _titled(cell, 5, drawn(f"fig_click{about}"))
    for bottom, kind, quantity, label in (
        (0.51, "convolve", "y", drawn(f"fig_after{about}", o=click.origin)),
        (0.09, "correlate", "r", drawn(f"fig_before{about}", o=click.origin)),
    ):
        axes = cell.add_axes((0.07, bottom, 0.88, 0.28))
        out = click.y if kind == "convolve" else click.r
        frame(axes, now - m - 0.4, now + m + 0.4, out.tolist(), room=0.42)
        axes.axvspan(now - m - 0.4, now - 0.5, color="#f1f1f4", zorder=0, linewidth=0)
        axes.axvline(now - 0.5, color=INK, linewidth=1.2, linestyle=(0, (4, 3)), zorder=2)
        inside = (click.n >= now - m) & (click.n <= now + m)
        stems(axes, click.n[inside].tolist(), out[inside], quantity)
        axes.set_xticks([now - m / 2 - 0.5, now], [drawn("fig_before_click"), drawn("fig_at_click")], color=INK)
        cell.text(0.07, bottom + 0.31, label, fontsize=9.5, color=INK)


def _symmetric(cell: SubFigure, data: FigureData) -> None:
    _titled(cell, 6, drawn("fig_symmetric"))
    y, r = data.symmetric
    n = np.arange(len(y)) - 1
    axes = cell.add_axes((0.07, 0.1, 0.88, 0.6))
    frame(axes, -1.7, len(y) - 1.3, y.tolist())
    stems(axes, n.tolist(), y, "y", size=10)
    axes.plot(n, r, "v", color=COLOURS["r"], markersize=6, zorder=6)
    axes.set_xticks(n.tolist(), [value_text(float(i)) for i in n])
    text = drawn("fig_largest", difference=f"{data.difference:.3g}")
    cell.text(0.07, 0.86, text, fontsize=9.5, color=INK)
    cell.text(0.07, 0.79, drawn("fig_same_points"), fontsize=9.5, color=INK)


def _time_zones(axes: Axes, now: float) -> None:
    """The past up to frame ``now`` tinted and called heard, the future hatched and called not yet."""
    edge, (low, high) = now + 0.5, axes.get_xlim()
    now_at(axes, edge)
    zone_words(axes, edge, min((low + edge) / 2, edge - 1.1), max((edge + high) / 2, edge + 1.2))


def _taps(axes: Axes, at: Sequence[float], k: Sequence[int], values: Taps, origin: int) -> None:
    """Taps with their numbers under them; the diamond is the one at time zero."""
    span = axes.get_ylim()[1] - axes.get_ylim()[0]
    for place, index, value in zip(at, k, values.tolist(), strict=True):
        axes.plot([place, place], [0, value], color=COLOURS["h"], linewidth=2.2, zorder=3, solid_capstyle="butt")
        tap_mark(axes, place, value, index - origin, zorder=4)
        up = value >= 0
        where = value + (0.09 if up else -0.09) * span
        axes.text(place, where, value_text(value), ha="center", va="bottom" if up else "top", fontsize=9, color=INK)
    axes.set_xticks(list(at), [f"h[{index}]" for index in k], color=INK, fontsize=9)


def _table(axes: Axes, cells: Taps, rows: Sequence[int], x: Taps, out: Taps, now: int, largest: float) -> None:
    """Row i is the copy of h that sample i launches, the columns are frames from 0, the last row is their sum.

    Zeros inside a copy are written, those outside are left blank; the column of frame ``now`` is boxed.
    """
    from matplotlib.patches import Rectangle

    count, width = len(rows), cells.shape[1]
    small = 9 if width <= 10 else 6.5
    written: dict[str, Any] = {"va": "center", "fontsize": small}
    for line, i in enumerate(rows):
        axes.text(-0.75, line, f"x[{i}] = {value_text(float(x[i]))}", ha="right", color=INK, **written)
        for n in range(width):
            value = float(cells[line, n])
            face = diverging(value, largest) if value else "#ffffff"
            axes.add_patch(Rectangle((n - 0.5, line - 0.5), 1, 1, facecolor=face, edgecolor=LINE, linewidth=0.6))
            if value:
                axes.text(n, line, value_text(value), ha="center", color=INK, **written)
    for n in range(width):
        axes.text(n, -0.85, str(n), ha="center", color=FAINT, **written)
        axes.text(n, count + 0.1, value_text(float(out[n])), ha="center", color=INK, weight="bold", **written)
    axes.text(-0.75, -0.85, "n", ha="right", color=FAINT, **written)
    axes.text(-0.75, count + 0.1, drawn("fig_sum"), ha="right", color=INK, weight="bold", **written)
    axes.add_patch(Rectangle((now - 0.5, -0.5), 1, count + 1, fill=False, edgecolor=INK, linewidth=2.2, zorder=5))
    axes.set_xlim(-2.9, width - 0.4)
    axes.set_ylim(count + 0.75, -1.3)
    axes.axis("off")


def _gather(axes: Axes, example: Example, sentence: str) -> None:
    """The arrivals at frame ``now``: the samples, under each its tap, under both their product; then the sum."""
    x, now, terms = example.x, example.now, example.terms(example.now, "convolve")
    ahead = max(now + 1, terms[-1].i)
    low, high = terms[0].i - 1.4, ahead + 0.6
    lines = {"x": 2.0, "h": 1.0, "product": 0.0}
    size, left = (10, 0.12) if len(terms) <= 4 else (6.5, 0.3)
    axes.set_xlim(low - 0.8, high)
    axes.set_ylim(-1.25, 2.75)
    now_at(axes, now + 0.5)
    for name, at in lines.items():
        label = drawn({"x": "fig_sample", "h": "fig_meets", "product": "fig_product"}[name])
        axes.text(low - 0.65, at, label, ha="left", va="center", fontsize=9, color=FAINT)
    future = [now + 1] if terms[-1].i < now + 1 < len(x) else []
    shown = [(term.i, term.sample) for term in terms] + [(i, float(x[i])) for i in future]
    for i, value in shown:
        axes.plot([i - left], [2], MARKERS["x"], color=COLOURS["x"], markersize=size)
        axes.text(i + 0.18 - left, 2, value_text(value), ha="left", va="center", fontsize=size, color=INK)
        axes.text(i, 2.5, f"x[{i}]", ha="center", va="center", fontsize=8, color=FAINT)
    for term in terms:
        axes.plot([term.i - left] * 2, [1.75, 1.3], color=LINE, linewidth=1)
        tap_mark(axes, term.i - left, 1, term.k - example.origin, size=size)
        axes.text(term.i + 0.18 - left, 1, value_text(term.tap), ha="left", va="center", fontsize=size, color=INK)
        axes.text(term.i, 0.6, f"h[{term.k}]", ha="center", va="center", fontsize=8, color=FAINT)
        colour = COLOURS["product" if term.product >= 0 else "negative"]
        axes.plot([term.i - left], [0], MARKERS["product"], color=colour, markersize=size)
        axes.text(term.i + 0.18 - left, 0, value_text(term.product), ha="left", va="center", fontsize=size, color=INK)
    place: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 15 if len(sentence) < 30 else 9}
    axes.text((low - 0.8 + now + 0.5) / 2, -0.8, sentence, color=INK, weight="bold", **place)
    axes.axis("off")
