"""Scores by their definition in long double, a window at a time; nothing is shared with the package."""

from __future__ import annotations

import numpy as np


def direct_score(x, template, start, score="ncc"):
    """One score: x (N, C) and template (m, C) as one long vector, each channel centred by itself."""
    t = np.asarray(template, np.longdouble)
    w = np.asarray(x, np.longdouble)[start : start + len(t)]
    if score == "ncc":
        w, t = w - w.mean(axis=0), t - t.mean(axis=0)
        largest = np.abs(w).max(initial=0)
        if largest == 0:
            return np.longdouble(0)
        w = w / largest
        t = t / np.abs(t).max()
        return (w * t).sum() / np.sqrt((w * w).sum() * (t * t).sum())
    total = (w * t).sum()
    return total / (t * t).sum() if score == "matched_filter" else total
