"""A short signal and a short kernel, and every number that the pictures of their convolution show.

Convention: both outputs live on one axis of frames, ``n = -(M-1) .. N+M-2``. Tap k stands ``k - origin`` frames after
time zero, so convolution is ``y[n] = sum_k h[k] x[n-k+origin]`` and correlation ``r[n] = sum_k h[k] x[n+k-origin]``.
The terms of a sum come in the order of a column of the table, the oldest sample first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from pipeline.engine.functional import convolve, correlate
from pipeline.kernel import Taps

Kind = Literal["convolve", "correlate"]

MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Term:
    """One product of a sum: tap k meets sample i, which is 0 where there is no sample."""

    k: int
    i: int
    tap: float
    sample: float

    @property
    def product(self) -> float:
        """``h[k] * x[i]``."""
        return self.tap * self.sample


@dataclass(frozen=True, eq=False)
class Example:
    """A signal ``x`` (N,), a kernel ``h`` (M,), the frame ``now`` at which pictures stop to look, and its tap 0."""

    x: Taps
    h: Taps
    now: int
    origin: int = 0
    """The tap for time zero."""

    @classmethod
    def of(cls, x: npt.ArrayLike, h: npt.ArrayLike, now: int | None = None, origin: int = 0) -> Example:
        """From any numbers; without ``now``, the frame where most taps meet a sample that is not 0."""
        signal, taps = np.asarray(x, float), np.asarray(h, float)
        if now is None:
            met = np.convolve((signal != 0).astype(int), (taps != 0).astype(int))[origin:][: len(signal)]
            now = int(met.argmax())
        return cls(signal, taps, now, origin)

    @cached_property
    def n(self) -> npt.NDArray[np.intp]:
        """The frames of both outputs."""
        return np.arange(1 - len(self.h), len(self.x) + len(self.h) - 1)

    @cached_property
    def y(self) -> Taps:
        """Convolution, on `n`."""
        late = len(self.h) - 1 - self.origin
        return np.pad(convolve(self.x, self.h), (late, self.origin))

    @cached_property
    def r(self) -> Taps:
        """Correlation, on `n`."""
        late = len(self.h) - 1 - self.origin
        return np.pad(correlate(self.x, self.h), (self.origin, late))

    @property
    def largest(self) -> float:
        """The largest magnitude among single products: the end of their colour scale."""
        return float(np.abs(self.x).max(initial=0.0) * np.abs(self.h).max(initial=0.0)) or 1.0

    def output(self, kind: Kind) -> Taps:
        """`y` or `r`."""
        return self.y if kind == "convolve" else self.r

    def launches(self, kind: Kind) -> Taps:
        """``(N, len(n))``: row i is the copy of h that sample i sends out, column n what arrives at frame n."""
        table = np.zeros((len(self.x), len(self.n)))
        for column, n in enumerate(self.n):
            for term in self.terms(int(n), kind):
                if 0 <= term.i < len(self.x):
                    table[term.i, column] = term.product
        return table

    def terms(self, n: int, kind: Kind) -> list[Term]:
        """The M products whose sum is the output at frame n, the oldest sample first."""
        ahead = -1 if kind == "convolve" else 1
        met = sorted((n + ahead * (k - self.origin), k) for k in range(len(self.h)))
        return [Term(k, i, float(self.h[k]), float(self.x[i]) if 0 <= i < len(self.x) else 0.0) for i, k in met]


WORKED = Example.of([0, 3, 1, 2, 0, 0, 0, 0], [4, 2, 1], now=3)
"""The example for pencil and paper: convolved [0, 12, 10, 13, 5, 2, 0, 0], correlated [3, 7, 16, 8, 8] from -1 on."""

PRESETS: dict[str, tuple[tuple[float, ...], int]] = {
    "worked": ((4, 2, 1), 0),
    "echo": ((2, 0, 0, 1), 0),
    "swell": ((1, 2, 4), 0),
    "delay": ((0, 0, 1), 0),
    "difference": ((1, 0, -1), 1),
    "symmetric": ((1, 2, 1), 1),
}
"""Kernels to begin with, by name: taps, and which of them stands at time zero."""


def value_text(value: float) -> str:
    """A number in about three digits, with a true minus sign: ``7``, ``0.25``, ``1.79``, ``1e-04``."""
    size = abs(value)
    text = f"{value:.0e}" if 0 < size < 0.0005 else f"{value:.{3 if size < 1 else 2}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text.replace("-", MINUS)


def sum_text(example: Example, n: int, kind: Kind) -> str:
    """``3 + 2 + 8 = 13``: the products in the order of the column, and their sum; empty taps are left out if many."""
    terms = example.terms(n, kind)
    shown = terms if len(terms) <= 4 else [term for term in terms if term.tap != 0]
    text = ""
    for term in shown:
        size = value_text(abs(term.product))
        minus = term.product < 0
        text += (f" {MINUS} " if minus else " + ") + size if text else (MINUS if minus else "") + size
    total = example.output(kind)[n + len(example.h) - 1]
    return f"{text} = {value_text(float(total))}"
