"""What is said to be equal, and by how much it is not: one residual an identity, with the bound that it must keep."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..kernel import Taps
from .words import Words, say

__all__ = ["Identity", "identity", "rounding_bound"]


@dataclass(frozen=True)
class Identity:
    """One identity and its residual."""

    name: str
    words: Words
    """The formula and what it says."""
    residual: float
    """The largest difference, as a share of the largest sample; for a place, in frames."""
    bound: float
    """What rounding may cause; 0 for what must be exact."""
    lsb: int | None = None
    """The largest difference between the 16-bit samples, where both sides are written."""

    @property
    def holds(self) -> bool:
        """Whether the residual keeps its bound."""
        return self.residual <= self.bound


def identity(name: str, residual: float, bound: float, **values: Any) -> Identity:
    """An identity with its sentence, and the values in it."""
    return Identity(name, say(f"identity_{name}", **values), float(residual), float(bound))


def rounding_bound(x: Taps, h: Taps, scale: float) -> float:
    """What two transforms may differ by: ``eps log2(2M) ||h||_2 ||x||_2``, as a share of ``scale``."""
    size = float(np.linalg.norm(h) * np.linalg.norm(x))
    return float(np.finfo(np.float64).eps) * math.log2(2 * max(len(h), 2)) * size / scale if scale > 0 else 0.0
