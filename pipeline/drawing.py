"""Colours and style that every picture shares, and pictures as PNG.

Convention: a quantity keeps its colour everywhere. Colours are those of Okabe and Ito, told apart by all common kinds
of colour blindness. Text is always ink, never a colour.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = {
    "x": "#0072B2",
    "h": "#E69F00",
    "product": "#009E73",
    "y": "#111111",
    "r": "#CC79A7",
    "negative": "#D55E00",
    "ink": "#1b1b1f",
    "faint": "#5f5f68",
    "line": "#c9c9d1",
    "heard": "#e8f1f8",
    "not_yet": "#b9b9c2",
    "paper": "#ffffff",
}
"""By quantity: input, kernel, product, output, correlation; then the negative end of the scale, text and grounds."""


INK = COLOURS["ink"]


STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "hatch.linewidth": 0.7,
    "axes.unicode_minus": True,
    "svg.hashsalt": "faltung",
}


def styled(style: dict[Any, Any] = STYLE) -> AbstractContextManager[None]:
    """One of the styles, for as long as the block lasts."""
    import matplotlib as mpl

    return mpl.rc_context(style)


def png_bytes(made: Figure, style: dict[Any, Any] = STYLE) -> bytes:
    """A figure as a PNG that carries no date and no version, so that it is the same every time."""
    file = BytesIO()
    with styled(style):
        made.savefig(file, format="png", metadata={"Software": None}, facecolor=COLOURS["paper"])
    return file.getvalue()
