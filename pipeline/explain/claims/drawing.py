"""The pen of the claims' figures: a narrow figure, stems and image cells in the project's colours and shapes.

Convention: figures are narrow enough for a telephone and speak in letters and formulas, so that one serves every
language; what a colour means is said by a shape as well.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ...kernel import Array
from ..drawing import COLOURS, MARKERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["STYLE", "cells", "figure", "future", "mosaic", "stems", "styled", "svg", "value"]

STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.labelsize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": COLOURS["faint"],
    "axes.labelcolor": COLOURS["ink"],
    "text.color": COLOURS["ink"],
    "xtick.color": COLOURS["faint"],
    "ytick.color": COLOURS["faint"],
    "xtick.labelcolor": COLOURS["ink"],
    "ytick.labelcolor": COLOURS["ink"],
    "legend.frameon": False,
    "legend.fontsize": 9.5,
    "hatch.linewidth": 0.6,
    "svg.fonttype": "path",
    "svg.hashsalt": "faltung",
}
_WIDTH = 4.6  # inches: at 320 px the letters are still some 9 px high


def styled() -> AbstractContextManager[None]:
    """The project's style, for as long as the block lasts."""
    import matplotlib as mpl

    return mpl.rc_context(cast("Any", STYLE))


def figure(rows: int, columns: int, height: float, **options: Any) -> tuple[Figure, list[Axes]]:
    """A figure and its axes, row by row."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(_WIDTH, height), layout="constrained")
    axes = drawn.subplots(rows, columns, squeeze=False, **options)
    return drawn, list(axes.ravel())


def mosaic(places: Sequence[Sequence[str]], height: float, ratios: list[float]) -> tuple[Figure, list[Axes]]:
    """A figure and its axes, laid out by names; a name that is repeated is one wide axis."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(_WIDTH, height), layout="constrained")
    return drawn, list(drawn.subplot_mosaic([list(row) for row in places], height_ratios=ratios).values())


def stems(
    ax: Axes, n: Array, v: Array, what: str, *, shift: float = 0.0, hollow: bool = False, label: str = ""
) -> None:
    """Values as stems with the colour and shape of ``what``: x, h, y or r."""
    colour = COLOURS[what]
    ax.vlines(np.asarray(n) + shift, 0, v, color=colour, linewidth=1.4)
    face = COLOURS["paper"] if hollow else colour
    (drawn,) = ax.plot(np.asarray(n) + shift, v, MARKERS[what], color=colour, markerfacecolor=face, label=label)
    drawn.set_markersize(6.5 if hollow else 5.5)
    drawn.set_markeredgewidth(1.3)
    ax.axhline(0, color=COLOURS["faint"], linewidth=0.8)
    ax.margins(y=0.15)


def future(ax: Axes, now: float, end: float) -> None:
    """The line of now, and what is not yet there, hatched."""
    ax.axvspan(now, end, facecolor="none", hatch="////", edgecolor=COLOURS["not_yet"], linewidth=0, zorder=0)
    ax.axvline(now, color=COLOURS["ink"], linewidth=1, linestyle=(0, (4, 2)))
    ax.set_xlim(right=end)


def cells(ax: Axes, table: Array, *, numbers: bool = True, largest: float | None = None) -> None:
    """An array as cells, darker where larger; a number in each that is not 0."""
    end = largest or float(np.abs(table).max()) or 1.0
    ax.imshow(table, cmap="Greys", vmin=0, vmax=2.2 * end, interpolation="nearest")
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(True)
    if numbers:
        for (i, j), v in np.ndenumerate(table):
            if v:
                ax.text(j, i, value(v), ha="center", va="center", fontsize=9)


def value(v: float) -> str:
    """At most three digits, with a true minus."""
    return f"{v:.3g}".replace("-", "\N{MINUS SIGN}")


def svg(drawn: Figure) -> bytes:
    """The figure as SVG, the same bytes each time."""
    file = io.BytesIO()
    drawn.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return file.getvalue()
