"""Whether all samples are finite: told of every layout, of squares beyond the range, and of one bad sample anywhere."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.dsp.nonfinite import all_finite

LAYOUTS = {
    "frames first": lambda x: x,
    "channels first": lambda x: np.asfortranarray(x),
    "every second": lambda x: np.repeat(x, 2, axis=0)[::2],
    "backwards": lambda x: x[::-1],
    "read-only": lambda x: np.frombuffer(x.tobytes(), x.dtype).reshape(x.shape),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1e-30, 1.0, 3e38])  # squares are 0 in single precision, or beyond its range
def test_one_bad_sample_is_found_wherever_it_is(layout, dtype, size):
    x = (np.random.default_rng(3).uniform(-1, 1, (37, 3)) * size).astype(dtype)
    assert all_finite(LAYOUTS[layout](x))
    for bad in (np.nan, np.inf, -np.inf):
        for frame, channel in ((0, 0), (18, 1), (36, 2)):
            spoilt = x.copy()
            spoilt[frame, channel] = bad
            assert not all_finite(LAYOUTS[layout](spoilt))


def test_the_largest_numbers_are_finite_and_infinities_that_cancel_are_not():
    assert all_finite(np.full((8, 2), np.finfo(np.float64).max))
    assert all_finite(np.zeros((0, 2)))
    assert not all_finite(np.array([[np.inf], [-np.inf]]))
