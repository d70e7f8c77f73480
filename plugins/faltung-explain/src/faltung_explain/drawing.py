"""Colours, shapes, style and the marks that every picture of the flip shares.

Convention: a quantity keeps its colour and its shape everywhere, so that neither alone carries the meaning. Colours
are those of Okabe and Ito, told apart by all common kinds of colour blindness. Text is always ink, never a colour; what
is not yet heard is hatched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import replace
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.drawing import COLOURS, INK, STYLE
from pipeline.drawing import png_bytes as as_png
from pipeline.drawing import styled as in_style
from pipeline.kernel import Array, Taps
from pipeline.text import with_minus

from .bilingual import Language, name_in, say
from .example import value_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


TINTS = ("#8ec9ee", "#8fd9bd", "#d9dd84", "#c4b9ee", "#f5b3a6", "#a5dde0", "#e8cf9f", "#e7b9d6")
"""One for each sample, so that a stack says who sent what; the page has the same."""

MARKERS = {"x": "o", "h": "s", "h0": "D", "product": "^", "y": "s", "r": "v"}
"""By quantity; ``h0`` is the tap for time zero, the diamond."""


NOT_YET: dict[str, Any] = {"hatch": "////", "edgecolor": COLOURS["not_yet"], "linewidth": 0}
"""The look of the future, over any ground."""

CHINESE = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei",
    "PingFang SC", "Microsoft YaHei", "SimHei",
)  # fmt: skip
"""Fonts that are looked for, for pictures in Chinese."""

CHINESE_FILES = ("notosanscjk", "notosanssc", "sourcehansans", "wqy-", "pingfang", "msyh", "simhei")

_SPEAKING: ContextVar[Language] = ContextVar("speaking", default="en")


NARROW_STYLE: dict[Any, Any] = {
    **STYLE,
    "font.size": 10,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.labelsize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": COLOURS["faint"],
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": COLOURS["faint"],
    "ytick.color": COLOURS["faint"],
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 9.5,
    "hatch.linewidth": 0.6,
    "svg.fonttype": "path",
}
_WIDTH = 4.6  # inches: at 320 px the letters are still some 9 px high


def diverging(value: float, largest: float) -> str:
    """A colour for a signed number: white at 0, full green at ``+largest``, full vermilion at ``-largest``.

    ``largest`` is the largest magnitude there is, so nothing is ever clamped.
    """
    end = COLOURS["product"] if value >= 0 else COLOURS["negative"]
    share = abs(value) / largest if largest > 0 else 0.0
    parts = (int(end[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 + (part - 255) * 0.75 * share):02x}" for part in parts)


@cache
def chinese_font() -> str | None:
    """A font with Chinese characters that is installed here, perhaps since matplotlib last looked."""
    from matplotlib.font_manager import findSystemFonts, fontManager

    for path in findSystemFonts():
        if Path(path).name.lower().startswith(CHINESE_FILES):
            fontManager.addfont(path)
    there = {font.name: font for font in fontManager.ttflist}
    found = next((name for name in CHINESE if name in there), None)
    if found is not None:  # in whatever weight: nobody is told that it serves as bold, too
        fontManager.ttflist += [replace(there[found], weight=weight) for weight in (400, 700)]
    return found


@contextmanager
def speaking(lang: str) -> Iterator[None]:
    """The language of pictures made in the block: Chinese where a font for it is installed, else English."""
    before = _SPEAKING.set("zh" if lang == "zh" and chinese_font() is not None else "en")
    try:
        yield
    finally:
        _SPEAKING.reset(before)


def drawn(key: str, **values: Any) -> str:
    """A sentence of ``templates/sentences.json`` in the language of the picture."""
    return say(key, **values)[_SPEAKING.get()]


def drawn_name(name: str) -> str:
    """The name of a number in the language of the picture."""
    return name_in(name, _SPEAKING.get())


def styled(style: dict[Any, Any] = STYLE) -> AbstractContextManager[None]:
    """One of the styles, for as long as the block lasts, with the font of the language that is spoken."""
    return in_style(_spoken(style))


def _spoken(style: dict[Any, Any]) -> dict[Any, Any]:
    return {**style, "font.family": ["DejaVu Sans", chinese_font()]} if _SPEAKING.get() == "zh" else style


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
    axes.tick_params(axis="x", length=0, labelsize=9, colors=COLOURS["faint"], pad=3)


def now_at(axes: Axes, edge: float) -> None:
    """The line of now at ``edge``: a tint before it for what is heard, hatching after it for what is not yet."""
    low, high = axes.get_xlim()
    axes.axvspan(low, edge, color=COLOURS["heard"], zorder=0, linewidth=0)
    axes.axvspan(edge, high, facecolor="#fafafb", zorder=0, **NOT_YET)
    axes.axvline(edge, color=INK, linewidth=1.6, zorder=2)


def zone_words(axes: Axes, edge: float, heard: float | None, not_yet: float | None) -> None:
    """The words ``now``, ``heard`` and ``not yet`` above the axes, each at its place; None leaves one out."""
    top = axes.get_ylim()[1]
    place: dict[str, Any] = {"va": "bottom", "fontsize": 9, "color": INK, "clip_on": False}
    axes.text(edge, top, drawn("now"), ha="center", weight="bold", **place)
    for at, word in ((heard, drawn("heard")), (not_yet, drawn("not_yet"))):
        if at is not None:
            axes.text(at, top, word, ha="center", **place)


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


def png_bytes(made: Figure) -> bytes:
    """A figure as a PNG, in the language that is spoken."""
    return as_png(made, _spoken(STYLE))


def narrow_figure(rows: int, columns: int, height: float, **options: Any) -> tuple[Figure, list[Axes]]:
    """A narrow figure and its axes, row by row. They speak in formulas, so that one serves every language."""
    from matplotlib.figure import Figure

    made = Figure(figsize=(_WIDTH, height), layout="constrained")
    axes = made.subplots(rows, columns, squeeze=False, **options)
    return made, list(axes.ravel())


def narrow_mosaic(places: Sequence[Sequence[str]], height: float, ratios: list[float]) -> tuple[Figure, list[Axes]]:
    """A narrow figure and its axes, laid out by names; a name that is repeated is one wide axis."""
    from matplotlib.figure import Figure

    made = Figure(figsize=(_WIDTH, height), layout="constrained")
    return made, list(made.subplot_mosaic([list(row) for row in places], height_ratios=ratios).values())


def thin_stems(
    ax: Axes, n: Array, v: Array, quantity: str, *, shift: float = 0.0, hollow: bool = False, label: str = ""
) -> None:
    """Values as stems with the colour and shape of their quantity, for narrow figures."""
    colour = COLOURS[quantity]
    ax.vlines(np.asarray(n) + shift, 0, v, color=colour, linewidth=1.4)
    face = COLOURS["paper"] if hollow else colour
    (marks,) = ax.plot(np.asarray(n) + shift, v, MARKERS[quantity], color=colour, markerfacecolor=face, label=label)
    marks.set_markersize(6.5 if hollow else 5.5)
    marks.set_markeredgewidth(1.3)
    ax.axhline(0, color=COLOURS["faint"], linewidth=0.8)
    ax.margins(y=0.15)


def not_yet_from(ax: Axes, now: float, end: float) -> None:
    """The line of now, and what is not yet there, hatched."""
    ax.axvspan(now, end, facecolor="none", zorder=0, **NOT_YET)
    ax.axvline(now, color=INK, linewidth=1, linestyle=(0, (4, 2)))
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
                ax.text(j, i, short_text(v), ha="center", va="center", fontsize=9)


def tap_mark(axes: Axes, at: float, value: float, k: int, *, size: float = 10, **look: Any) -> None:
    """The mark of the tap k frames after time zero: a square, at time zero the diamond."""
    mark = MARKERS["h0" if k == 0 else "h"]
    axes.plot([at], [value], mark, color=COLOURS["h"], markeredgecolor=INK, mew=0.8, markersize=size, **look)


def short_text(v: float) -> str:
    """At most three digits, with a true minus."""
    return with_minus(f"{v:.3g}")


def svg_bytes(made: Figure) -> bytes:
    """The figure as SVG, the same bytes each time."""
    file = BytesIO()
    made.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return file.getvalue()
