"""Everything that an explanation shows, as plain data for ``numbers.json``."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from .sounds import SoundSet
from .words import Words
from .worked import Example, sum_text

__all__ = ["MADE_BY", "numbers"]

MADE_BY = "faltung explain"


def numbers(
    example: Example,
    name: Words,
    texts: dict[str, Any],
    difference: float,
    sounds: SoundSet,
    notes: list[Words],
) -> dict[str, Any]:
    """The numbers behind pictures, page and sounds; ``name`` and ``notes`` are in both languages."""
    return {
        "made_by": MADE_BY,
        "example": {
            "name": name,
            "x": example.x.tolist(),
            "h": example.h.tolist(),
            "now": example.now,
            "n": example.n.tolist(),
            "convolved": example.y.tolist(),
            "correlated": example.r.tolist(),
            "sum_at_now": sum_text(example, example.now, "convolve"),
            "sum_x_times_sum_h": float(example.x.sum() * example.h.sum()),
        },
        "figure": texts,
        "symmetric_difference": difference,
        "sounds": [
            {"name": s.name, "frames": len(s.samples), "fs": s.fs, "seconds": len(s.samples) / s.fs, "peak": s.peak}
            for s in sounds.sounds
        ],
        "gain_db": 20 * math.log10(sounds.gain),
        "time_zero_frame": sounds.zero,
        "facts": sounds.facts,
        "identities": [{**asdict(one), "holds": one.holds} for one in sounds.identities],
        "notes": notes,
    }
