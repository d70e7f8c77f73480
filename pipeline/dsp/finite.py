"""Tells whether every sample is finite, in one quick pass where it is."""

from __future__ import annotations

import numpy as np

from ..kernel import Array

__all__ = ["all_finite"]


def all_finite(x: Array) -> bool:
    """Whether no sample is NaN or infinite.

    A finite sum proves it; where the sum is not finite, which an overflow can cause too, each sample is looked at.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        if np.isfinite(x.sum()):
            return True
    return bool(np.isfinite(x).all())
