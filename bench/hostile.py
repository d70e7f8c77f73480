"""Scores of inputs that break many implementations: the largest error of each library, as a table."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from .match import OURS, direct_scores, installed
from .report import table
from .scripts.match_scores import LIBRARIES

__all__ = ["hostile_inputs", "hostile_table"]

FRAMES, M = 60_000, 500
_SEED = 20_242

Signal = NDArray[np.float64]


def hostile_inputs() -> dict[str, tuple[Signal, Signal]]:
    """Signals, and the template that is looked for in each."""
    noise = np.random.default_rng(_SEED).standard_normal(FRAMES)
    template = noise[20_000 : 20_000 + M].copy()
    middle = slice(30_000, 33_000)

    def changed(factor: float, offset: float = 0.0, where: slice = middle) -> Signal:
        x = noise.copy()
        x[where] = x[where] * factor + offset
        return x

    gap = changed(1)
    gap[30_000] = np.nan
    return {
        "plain noise": (noise, template),
        "offset of 1e3 sigma": (noise + 1e3, template),
        "offset of 1e6 sigma": (noise + 1e6, template),
        "offset of 1e8 sigma": (noise + 1e8, template),
        "16-bit PCM": (np.round(3_000 * noise), np.round(3_000 * template)),
        "burst of 1e6": (changed(1e6), template),
        "burst of 1e8": (changed(1e8), template),
        "step of 1e8 sigma": (changed(1, 1e8, slice(30_000, None)), template),
        "ramp to 1e8 sigma": (noise + np.linspace(0, 1e8, FRAMES), template),
        "amplitude 1e-9": (noise * 1e-9, template * 1e-9),
        "amplitude 1e-150": (noise * 1e-150, template * 1e-150),
        "amplitude 1e150": (noise * 1e150, template * 1e150),
        "exact silence in it": (changed(0), template),
        "constant stretch in it": (changed(0, 0.1), template),
        "one NaN": (gap, template),
    }


def hostile_table() -> str:
    """A row for each input, a column for each library: the largest error over windows near and far from the trouble.

    Windows that hold a NaN have no right score and are left out; those of one value have the score 0.
    """
    libraries = [OURS, *installed()]
    rows = []
    for name, (x, template) in hostile_inputs().items():
        spread = np.linspace(0, FRAMES - M, 200).astype(int)
        near = np.concatenate([np.arange(k - M - 20, k + 20, 13) for k in (30_000, 33_000)])
        places = np.unique(np.concatenate([spread, near, [20_000]]))
        places = places[[bool(np.isfinite(x[k : k + M]).all()) for k in places]]
        true = direct_scores(x, template, places)
        rows.append([name, *(_shown(library, x, template, places, true) for library in libraries)])
    return table(["input", *libraries], rows)


def _shown(library: str, x: Signal, template: Signal, places: NDArray[np.int64], true: NDArray[np.longdouble]) -> str:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            scores = np.asarray(LIBRARIES[library](x, template))[places]
        except Exception as error:  # whatever a library does about an input is what is to be shown
            return type(error).__name__
    broken = int((~np.isfinite(scores)).sum())
    error = np.abs(scores - true)[np.isfinite(scores)]
    worst = f"{float(error.max()):.0e}" if len(error) else "-"
    return f"{worst}, {broken / len(places):.0%} NaN or inf" if broken else worst
