"""The colours and shapes that every picture of the flip shares, as plain data.

Convention: a quantity keeps its colour and its shape everywhere, so that neither alone carries the meaning. Colours
are those of Okabe and Ito, told apart by all common kinds of colour blindness. Text is always ink, never a colour.
"""

from __future__ import annotations

__all__ = ["COLOURS", "MARKERS", "diverging"]

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

MARKERS = {"x": "o", "h": "s", "h0": "D", "product": "^", "y": "s", "r": "v"}
"""By quantity; ``h0`` is the tap for time zero, the diamond."""


def diverging(value: float, largest: float) -> str:
    """A colour for a signed number: white at 0, full green at ``+largest``, full vermilion at ``-largest``.

    ``largest`` is the largest magnitude there is, so nothing is ever clamped.
    """
    end = COLOURS["product"] if value >= 0 else COLOURS["negative"]
    share = abs(value) / largest if largest > 0 else 0.0
    parts = (int(end[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 + (part - 255) * 0.75 * share):02x}" for part in parts)
