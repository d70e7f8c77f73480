"""The caption and the text alternative of the figure, in both languages, generated from its numbers."""

from __future__ import annotations

from collections.abc import Iterable

from .figure import FigureData
from .words import Words, say
from .worked import Example, sum_text, value_text

__all__ = ["alt_text", "caption"]


def caption(example: Example, difference: float) -> Words:
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
        early=_early(example),
        difference=f"{difference:.3g}",
    )


def alt_text(data: FigureData) -> Words:
    """What the six panels show, for someone who does not see them."""
    example = data.example
    n, start = example.now, len(example.h) - 1
    terms = example.terms(n, "convolve")
    return say(
        "alt",
        n=n,
        y=_list(example.y[start : start + len(example.x)]),
        r=_list(example.r[: len(example.x) + start]),
        h=_list(example.h),
        met=", ".join(f"x[{t.i}]·h[{t.k}] = {value_text(t.product)}" for t in terms),
        sum=sum_text(example, n, "convolve"),
        start=value_text(-start),
        difference=f"{data.difference:.3g}",
    )


def _list(values: Iterable[float]) -> str:
    return "[" + ", ".join(value_text(float(value)) for value in values) + "]"


def _early(example: Example) -> int:
    """By how many frames correlation begins before convolution."""
    y, r = example.y != 0, example.r != 0
    return int(y.argmax()) - int(r.argmax()) if y.any() and r.any() else 0
