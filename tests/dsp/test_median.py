"""The running median against the middle of the sorted numbers, the lower one of two."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.dsp.thresholds import RunningMedian


def median(*parts: list[float]) -> float:
    running = RunningMedian()
    for part in parts:
        running.add(np.array(part, np.float64))
    return running.value()


@pytest.mark.parametrize(
    ("x", "middle"),
    [([3], 3), ([1, 2, 4], 2), ([8, 1, 2, 4], 2), ([-5, 1, -1], 1), ([1, 1, 1, 9, 9], 1), ([1e-300, 1e300], 1e-300)],
)
def test_the_middle_one_and_of_two_the_lower(x: list[float], middle: float) -> None:
    assert median(x) == pytest.approx(middle, rel=2.0**-11)


def test_a_score_of_0_is_none_and_nothing_has_no_median() -> None:
    assert median([0.0, 0, 0, 7, -0.0]) == pytest.approx(7, rel=2.0**-11)
    assert np.isnan(median([0.0, 0]))
    assert np.isnan(median())


@pytest.mark.parametrize("n", [1000, 1001])
def test_neither_pieces_nor_joining_changes_it(n: int) -> None:
    x = np.random.default_rng(n).standard_normal(n) ** 3
    parts = [part.tolist() for part in np.split(x, [1, 10, 500])]
    one, other = RunningMedian(), RunningMedian()
    for running, part in ((one, x[:700]), (other, x[700:])):
        running.add(part)
    one.join(other)
    one.join(RunningMedian())
    assert median(x.tolist()) == median(*parts) == one.value()
    assert one.value() == pytest.approx(np.sort(np.abs(x))[(n - 1) // 2], rel=2.0**-11)
