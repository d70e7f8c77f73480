"""The figure of six panels: from ready numbers to one still picture of the flip.

Convention: it takes arrays and returns a matplotlib Figure; the numbers in titles and in the caption come with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from ..kernel import Taps
from .palette import COLOURS
from .panels import frame, gather, stems, table, taps, time_zones
from .worked import Example, sum_text, value_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

__all__ = ["FigureData", "figure", "png_bytes", "two_readings"]

SYMMETRIC = np.array([1.0, 2.0, 1.0])
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "hatch.linewidth": 0.7,
    "axes.unicode_minus": True,
    "svg.hashsalt": "faltung",
}


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
        pair = Example.of(example.x, SYMMETRIC)
        both = pair.y[2:], pair.r[:-2]
        worst = float(np.abs(both[0] - both[1]).max())
        return cls(example, Example.of(click, example.h, now=m), both, worst)


def figure(data: FigureData, caption: str) -> Figure:
    """The six panels, and a caption of a few lines."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        made = Figure(figsize=(12, 13.2), dpi=125, facecolor=COLOURS["paper"])
        cells: Any = made.subfigures(4, 2, height_ratios=(4.2, 4.6, 4.6, 0.9), hspace=0.02, wspace=0.02)
        _signal(cells[0, 0], data.example)
        _kernels(cells[0, 1], data.example.h)
        _launches(cells[1, 0], data.example)
        _gathered(cells[1, 1], data.example)
        _clicked(cells[2, 0], data.click)
        _symmetric(cells[2, 1], data)
        made.text(0.035, 0.04, caption, fontsize=9.5, color=COLOURS["ink"], va="center", ha="left", linespacing=1.45)
    return made


def two_readings(example: Example) -> Figure:
    """The point in one picture: the table of launches, and the column of it that reads h backwards."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        made = Figure(figsize=(12, 4.6), dpi=125, facecolor=COLOURS["paper"])
        cells: Any = made.subfigures(1, 2, wspace=0.02)
        _launches(cells[0], example, number=1)
        _gathered(cells[1], example, number=2)
    return made


def png_bytes(made: Figure) -> bytes:
    """A figure as a PNG that carries no date and no version, so that it is the same every time."""
    import matplotlib as mpl

    file = BytesIO()
    with mpl.rc_context(STYLE):
        made.savefig(file, format="png", metadata={"Software": None}, facecolor=COLOURS["paper"])
    return file.getvalue()


def _titled(cell: SubFigure, number: int, title: str) -> None:
    cell.text(0.07, 0.95, f"{number}", fontsize=12, weight="bold", color=COLOURS["faint"], va="center")
    cell.text(0.105, 0.95, title, fontsize=12, weight="bold", color=COLOURS["ink"], va="center")


def _signal(cell: SubFigure, example: Example) -> None:
    now = example.now
    _titled(cell, 1, f"You stand at n = {now}; the rest of x is still to come")
    axes = cell.add_axes((0.07, 0.12, 0.88, 0.68))
    frame(axes, -0.7, len(example.x) - 0.3, example.x.tolist())
    time_zones(axes, now)
    stems(axes, range(len(example.x)), example.x, "x")
    axes.set_xticks(range(len(example.x)), [f"x[{i}]" for i in range(len(example.x))])


def _kernels(cell: SubFigure, h: Taps) -> None:
    _titled(cell, 2, "The same taps, as they ring and as you read them")
    m = len(h)
    for left, order, label in (
        (0.07, range(m), "h: one click rings on, forward in time →"),
        (0.55, range(m - 1, -1, -1), "h reversed: the newest sample meets h[0]"),
    ):
        axes = cell.add_axes((left, 0.12, 0.38, 0.62))
        frame(axes, -0.7, m - 0.3, h.tolist())
        taps(axes, range(m), list(order), h[list(order)])
        cell.text(left + 0.19, 0.82, label, fontsize=9, ha="center", color=COLOURS["ink"])


def _launches(cell: SubFigure, example: Example, number: int = 3) -> None:
    _titled(cell, number, "One table, two readings")
    start, m = len(example.h) - 1, len(example.h)
    rows = [i for i in range(len(example.x)) if example.x[i] != 0]
    width = min(len(example.x), 14)
    cells = example.launches("convolve")[rows, start : start + width]
    axes = cell.add_axes((0.05, 0.1, 0.9, 0.7))
    table(axes, cells, rows, example.x, example.y[start : start + width], example.now, example.largest)
    order = ", ".join(f"h[{k}]" for k in range(min(m, 3))) + (", …" if m > 3 else "")
    turned = ", ".join(f"h[{k}]" for k in range(m - 1, max(-1, m - 4), -1)) + (", …" if m > 3 else "")
    cell.text(0.07, 0.86, f"→ along a row: a launched copy, {order}", fontsize=9.5, color=COLOURS["ink"])
    cell.text(
        0.07,
        0.035,
        f"↓ down the box at n = {example.now}: who reached me now, {turned}",
        fontsize=9.5,
        color=COLOURS["ink"],
    )


def _gathered(cell: SubFigure, example: Example, number: int = 4) -> None:
    now = example.now
    _titled(cell, number, f"The boxed column: y[{now}] gathers, reading h backwards")
    axes = cell.add_axes((0.07, 0.06, 0.88, 0.8))
    gather(axes, example.x, example.terms(now, "convolve"), now, f"y[{now}] = {sum_text(example, now, 'convolve')}")


def _clicked(cell: SubFigure, click: Example) -> None:
    now, m = click.now, len(click.h)
    _titled(cell, 5, "A click comes out as h, or mirrored before itself")
    for bottom, kind, quantity, label in (
        (0.51, "convolve", "y", "convolution: the answer follows the click"),
        (0.09, "correlate", "r", "correlation: it comes before the click, mirrored"),
    ):
        axes = cell.add_axes((0.07, bottom, 0.88, 0.28))
        out = click.y if kind == "convolve" else click.r
        frame(axes, now - m - 0.4, now + m + 0.4, out.tolist(), room=0.42)
        axes.axvspan(now - m - 0.4, now - 0.5, color="#f1f1f4", zorder=0, linewidth=0)
        axes.axvline(now - 0.5, color=COLOURS["ink"], linewidth=1.2, linestyle=(0, (4, 3)), zorder=2)
        inside = (click.n >= now - m) & (click.n <= now + m)
        stems(axes, click.n[inside].tolist(), out[inside], quantity)
        axes.set_xticks([now - m / 2 - 0.5, now], ["before the click", "click"], color=COLOURS["ink"])
        cell.text(0.07, bottom + 0.31, label, fontsize=9.5, color=COLOURS["ink"])


def _symmetric(cell: SubFigure, data: FigureData) -> None:
    _titled(cell, 6, "A symmetric kernel hides the flip")
    y, r = data.symmetric
    n = np.arange(len(y)) - 1
    axes = cell.add_axes((0.07, 0.1, 0.88, 0.6))
    frame(axes, -1.7, len(y) - 1.3, y.tolist())
    stems(axes, n.tolist(), y, "y", size=10)
    axes.plot(n, r, "v", color=COLOURS["r"], markersize=6, zorder=6)
    axes.set_xticks(n.tolist(), [value_text(float(i)) for i in n])
    text = f"h = [1, 2, 1] about its middle: largest difference {data.difference:.3g}"
    cell.text(0.07, 0.86, text, fontsize=9.5, color=COLOURS["ink"])
    cell.text(0.07, 0.79, "■ convolved   ▼ correlated: on the same points", fontsize=9.5, color=COLOURS["ink"])
