"""`late_by`: the first frame that holds the largest tap of any channel, counted from time zero."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline import Kernel
from pipeline.engine.lateness import late_by


@pytest.mark.parametrize("shape", [(1,), (9,), (9, 1), (9, 3), (9, 2, 3)])
@pytest.mark.parametrize("origin", [0, 4])
def test_it_is_where_the_largest_tap_of_any_channel_stands_first(shape: tuple[int, ...], origin: int) -> None:
    draw = np.random.default_rng(shape)
    for _ in range(50):  # few values, so that the largest is often there twice
        taps = draw.integers(-3, 4, shape).astype(float)
        kernel = Kernel(taps, min(origin, shape[0] - 1))
        largest = [np.abs(taps[frame]).max() for frame in range(len(taps))]
        assert late_by(kernel) == largest.index(max(largest)) - kernel.origin
