"""Windows: unit gain at 0 Hz, symmetric where they say so, and the formulas of their sources."""

from fractions import Fraction

import numpy as np
import pytest
import scipy

from pipeline.dsp import windows


@pytest.mark.parametrize("m", [1, 2, 3, 10, 1001])
@pytest.mark.parametrize("window", [windows.moving_average, windows.hann, windows.gaussian])
def test_symmetric_windows_are_so_bit_for_bit_and_sum_to_one(window, m):
    h = window(m)
    assert h.shape == (m,)
    np.testing.assert_array_equal(h, h[::-1])
    assert abs(h.sum() - 1) < 4 * np.finfo(float).eps
    assert (h > 0).all()


def test_gaussian_takes_a_sigma():
    w = scipy.signal.windows.gaussian(41, 4.5)
    np.testing.assert_allclose(windows.gaussian(41, 4.5), w / w.sum(), rtol=1e-13)


@pytest.mark.parametrize("tau", [0.01, 1, 7.3, 1000])
@pytest.mark.parametrize("level", [1e-3, 1e-6])
def test_an_exponential_ends_with_the_first_tap_at_or_below_its_level(tau, level):
    h = windows.exponential(tau, level)
    assert len(h) == windows.exponential_length(tau, level)
    assert h[-1] <= level * h[0] * (1 + 1e-9)
    assert len(h) == 1 or h[-2] > level * h[0] * (1 - 1e-9)
    np.testing.assert_allclose(h[1:] / h[:-1], np.exp(-1 / tau), rtol=1e-9)


def test_a_two_sided_exponential_is_symmetric():
    h = windows.exponential(5, 1e-3, two_sided=True)
    np.testing.assert_array_equal(h, h[::-1])
    assert h.argmax() == len(h) // 2


def exact_savitzky_golay(m, order, derivative, at):
    """Least squares in whole fractions: the taps by the age of the sample, newest first, the fit asked at ``at``."""
    times = [-Fraction(k) for k in range(m)]
    normal = [[sum(t ** (i + j) for t in times) for j in range(order + 1)] for i in range(order + 1)]
    wanted = [Fraction(0)] * (order + 1)
    for j in range(derivative, order + 1):
        factor = Fraction(1)
        for i in range(derivative):
            factor *= j - i
        wanted[j] = factor * at ** (j - derivative)
    # solve normal * c = wanted by elimination
    n = order + 1
    rows = [[*normal[i], wanted[i]] for i in range(n)]
    for i in range(n):
        pivot = next(r for r in range(i, n) if rows[r][i] != 0)
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for r in range(n):
            if r != i:
                rows[r] = [a - rows[r][i] * b for a, b in zip(rows[r], rows[i], strict=True)]
    c = [row[-1] for row in rows]
    return [float(sum(c[j] * t**j for j in range(n))) for t in times]


@pytest.mark.parametrize(("m", "order"), [(1, 0), (2, 1), (5, 2), (9, 6), (20, 3), (101, 4)])
@pytest.mark.parametrize("derivative", [0, 1])
@pytest.mark.parametrize("newest", [False, True])
def test_savitzky_golay_is_least_squares_in_whole_fractions(m, order, derivative, newest):
    if derivative > order:
        pytest.skip("a constant has no slope")
    at = Fraction(0) if newest else -Fraction(m - 1, 2)
    exact = exact_savitzky_golay(m, order, derivative, at)
    h = windows.savitzky_golay(m, order, derivative, newest=newest)
    np.testing.assert_allclose(h, exact, rtol=0, atol=1e-13 * max(1.0, np.abs(exact).max()))


def test_savitzky_golay_stays_accurate_for_long_windows():
    m, order = 20_001, 6
    h = windows.savitzky_golay(m, order)
    t = np.linspace(1, -1, m)
    moments = [h @ t**j for j in range(order + 1)]
    np.testing.assert_allclose(moments, [1, 0, 0, 0, 0, 0, 0], rtol=0, atol=1e-12)


@pytest.mark.parametrize(("m", "order", "derivative"), [(5, 5, 0), (5, -1, 0), (5, 1, 2), (0, 0, 0)])
def test_a_fit_that_cannot_be_is_refused(m, order, derivative):
    with pytest.raises(ValueError, match="a fit needs derivative <= order < M"):
        windows.savitzky_golay(m, order, derivative)
