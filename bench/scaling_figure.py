"""Draws how the time grows with the length of the input and with the taps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MultipleLocator

from .peers import COPY, DOUBLE, DOUBLE_FAST, SINGLE, SINGLE_FAST

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .scaling import Line, Walls

__all__ = ["draw"]

STYLES = {
    SINGLE: ("#0072B2", "o"),
    DOUBLE: ("#D55E00", "s"),
    SINGLE_FAST: ("#009E73", "D"),
    DOUBLE_FAST: ("#CC79A7", "v"),
    COPY: ("#666666", "^"),
}
"""Colours of Okabe and Ito, which differ for colour-blind eyes too; the marks differ as well."""


def draw(by_minutes: Walls, by_taps: Walls, lines: Mapping[str, Line], path: Path) -> None:
    """Two panels, beside each other, written as PNG."""
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    _lengths(left, by_minutes, lines)
    _taps(right, by_taps)
    figure.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=3, frameon=False, fontsize=9)
    figure.savefig(path, dpi=120, metadata={"Software": None})


def _lengths(axes: Axes, by_minutes: Walls, lines: Mapping[str, Line]) -> None:
    for name, walls in by_minutes.items():
        colour, mark = STYLES[name]
        line = lines[name]
        axes.plot(list(walls), list(walls.values()), mark, color=colour, label=name)
        ends = np.array([0.0, max(walls)])
        axes.plot(ends, line.start_s + line.per_minute_s * ends, color=colour, linewidth=1)
    axes.set(xlabel="minutes of 48 kHz stereo", ylabel="wall time of the whole process (s)", ylim=(0, None))
    axes.xaxis.set_major_locator(MultipleLocator(10))
    axes.set_title("4,800 taps: points and their line", fontsize=10)
    _tidy(axes)


def _taps(axes: Axes, by_taps: Walls) -> None:
    for name, walls in by_taps.items():
        colour, mark = STYLES[name]
        axes.plot(list(walls), list(walls.values()), mark, linestyle="-", linewidth=1, color=colour, label=name)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda taps, _: f"{taps:,.0f}"))
    axes.set(xlabel="taps (logarithmic)", ylabel="wall time of the whole process (s)", ylim=(0, None))
    axes.set_title("5 minutes of stereo", fontsize=10)
    _tidy(axes)


def _tidy(axes: Axes) -> None:
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
