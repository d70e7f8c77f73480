"""Thresholds from decoys: by hand where they are counted, by simulation where their tail is extended."""

import math

import numpy as np
import pytest
import scipy

from pipeline.dsp.thresholds import MIN_DECOYS, Null, fdr_size, gaussian_rate


def exponential_scores(n, rng, mean=0.05):
    """Scores whose ``-log(1 - s^2)`` is exponential, of either sign."""
    return rng.choice([-1, 1], n) * np.sqrt(-np.expm1(-rng.exponential(mean, n)))


def test_where_decoys_are_counted_the_expected_number_at_a_decoy_is_its_rank():
    d = np.linspace(0.01, 0.9, 500)
    null = Null(d)
    np.testing.assert_array_equal(null.expected(d[::-1][10:]), np.arange(11, 501))
    assert null.expected(d[-10]) <= 10
    assert null.expected(0.5 * (d[-20] + d[-21])) == 21
    assert null.expected(0.0) == 501
    assert [null.size_at(count) for count in (10, 30, 30.9, 499)] == [d[-10], d[-30], d[-30], d[-499]]
    assert null.size_at(500) == null.size_at(1e6) == 0.0


def test_the_sign_of_a_score_does_not_count():
    d = exponential_scores(300, np.random.default_rng(0))
    assert Null(d).size_at(0.1) == Null(-d).size_at(0.1) == Null(np.abs(d)).size_at(0.1)


def test_decoys_that_are_alike_are_all_counted():
    d = np.concatenate([np.full(50, 0.5), np.linspace(0.1, 0.4, 50)])
    null = Null(d)
    assert null.expected(0.5) == 50
    for count in (0.01, 1, 20, 49.9):
        assert 0.5 < null.size_at(count) < 0.5000001
    assert null.size_at(50) == 0.5


@pytest.mark.parametrize("bounded", [True, False])
def test_size_and_expected_number_are_inverse_to_each_other(bounded):
    d = exponential_scores(2000, np.random.default_rng(1))
    null = Null(d if bounded else 30 * d, bounded=bounded)
    for count in (1e-6, 0.01, 0.5, 3.0, 9.0):
        size = null.size_at(count)
        assert float(null.expected(size)) == pytest.approx(count, rel=1e-9) or size == np.sort(np.abs(null._sizes))[-10]
    sizes = np.linspace(0, 1 if bounded else 40, 5000)
    assert np.all(np.diff(null.expected(sizes)) <= 0), "a higher score is never more likely chance"
    counts = np.geomspace(1e-9, 2000, 5000)
    assert np.all(np.diff([null.size_at(count) for count in counts]) <= 0)


def test_the_tail_by_hand():
    # 41 decoys: k = 20, u of the 21 largest = 1, 1, ..., 1 (base) and then 1 + 0.1 j: S = 0.1 (1 + ... + 20) = 21
    u = np.concatenate([np.linspace(0.0, 0.9, 20), [1.0], 1.0 + 0.1 * np.arange(1, 21)])
    null = Null(np.sqrt(u), bounded=False)
    assert null.expected(math.sqrt(4.0)) == pytest.approx(21 * (1 + 3.0 / 21) ** -20)
    assert null.size_at(0.5) ** 2 == pytest.approx(1.0 + 21 * (42 ** (1 / 20) - 1))
    assert null.spread(0.5) == pytest.approx(math.exp(math.sqrt((1 + math.log(42) ** 2) / 20)))
    assert null.spread(25) == pytest.approx(math.exp(0.2))


@pytest.mark.parametrize(("n", "count"), [(60, 1.0), (400, 0.1), (400, 2.0), (3000, 0.5), (3000, 20.0)])
def test_the_number_expected_is_the_mean_over_many_recordings(n, count):
    # The mean of what exceeds, of each recording exactly: n exp(-u / mean) of exponential peaks above the size.
    rng = np.random.default_rng(2)
    exceed = []
    for _ in range(1500):
        size = Null(exponential_scores(n, rng)).size_at(count)
        exceed.append(n * (1 - size**2) ** (1 / 0.05))
    error = np.std(exceed) / math.sqrt(len(exceed))
    assert abs(np.mean(exceed) - count) < 4 * error + 0.03 * count


def test_a_null_of_too_few_peaks_is_refused():
    with pytest.raises(ValueError, match=r"at least 40 peaks, got 39"):
        Null(np.linspace(0, 1, MIN_DECOYS - 1))


def test_a_score_of_one_is_finite():
    null = Null(np.concatenate([np.linspace(0, 0.9, 60), [1.0, -1.0]]))
    assert 0 <= null.expected(1.0) < 10
    assert math.isfinite(null.size_at(1e-12))


def test_fdr_by_hand():
    targets, decoys = np.array([0.9, -0.8, 0.7, 0.6, 0.5, 0.4]), np.array([0.55, -0.3, 0.2])
    # at 0.9, 0.8, 0.7, 0.6, 0.5, 0.4: 1/1, 1/2, 1/3, 1/4, 2/5, 2/6
    assert fdr_size(targets, decoys, 0.25) == 0.6
    assert fdr_size(targets, decoys, 0.3) == 0.6
    assert fdr_size(targets, decoys, 0.34) == 0.4, "the smallest that holds, though 2/5 at 0.5 does not"
    assert fdr_size(targets, decoys, 0.24) == math.inf
    assert fdr_size(np.zeros(0), decoys, 0.5) == math.inf


def test_a_decoy_that_equals_a_target_counts_against_it():
    assert fdr_size(np.full(10, 0.5), np.array([0.5]), 0.15) == math.inf
    assert fdr_size(np.full(10, 0.5), np.array([0.5]), 0.2) == 0.5


def test_the_rate_of_gaussian_scores():
    assert gaussian_rate(8, 48000) * 3600 == pytest.approx(
        48000 * 3600 * 2 * scipy.stats.norm.sf(8 * scipy.stats.norm.ppf(0.75))
    )
    assert 5 < gaussian_rate(8, 48000) * 3600 < 20, "several an hour"
    assert gaussian_rate(1, 1000) == pytest.approx(500), "half of all are above the median"
    scores = np.random.default_rng(3).standard_normal(400_000)
    reached = int((np.abs(scores) >= 4 * np.median(np.abs(scores))).sum())
    expected = gaussian_rate(4, len(scores))
    assert scipy.special.pdtr(reached, expected) > 0.001
    assert scipy.special.pdtrc(reached, expected) > 0.001
