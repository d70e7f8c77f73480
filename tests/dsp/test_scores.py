"""Scores of every window: right to 1e-9 on any input, the same bits however cut, and a status where there is none."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from pipeline.dsp.score_blocks import FLAT, GAP, sliding_any, sliding_sums
from pipeline.dsp.scores import Scorer, transform_points
from pipeline.errors import SignalError

from .score_oracle import direct_score

FRAMES, M = 20_000, 300
SOURCE = 12_345
RNG = np.random.default_rng(0)
NOISE = RNG.standard_normal((FRAMES, 1))
EDGE = 9_000
"""Where bursts and steps begin."""
BLOCK = Scorer([NOISE[:M]], 1).block
GROUP = BLOCK * Scorer([NOISE[:M]], 1).group


def scored(x, templates, cuts=(), **settings):
    """(templates, channels, windows) and the statuses of each length, (channels, windows)."""
    scorer = Scorer(templates, x.shape[1], **settings)
    pieces = [s for part in np.split(x, sorted(cuts)) for s in scorer.process(part)]
    pieces += scorer.flush()
    channels, windows = scorer.channels_out, max(0, len(x) - scorer.shortest + 1)
    values = np.concatenate([np.zeros((len(templates), channels, 0)), *(s.values for s in pieces)], axis=2)
    statuses = {len(t): np.zeros((channels, max(0, len(x) - len(t) + 1)), np.uint8) for t in templates}
    for piece in pieces:
        for m, status in piece.statuses.items():
            statuses[m][:, piece.start :][:, : status.shape[1]] = status
    assert values.shape == (len(templates), channels, windows)
    return values, statuses


def sampled(windows, *near):
    places = [
        *RNG.integers(0, windows, 60),
        0,
        windows - 1,
        *(k for middle in near for k in range(middle - 9, middle + 9)),
    ]
    return sorted({int(k) for k in places if 0 <= k < windows})


def burst(factor, frames):
    x = NOISE.copy()
    x[EDGE : EDGE + frames] *= factor
    return x


def step(size):
    x = NOISE.copy()
    x[EDGE:] += size
    return x


BORDERS = (EDGE - M, EDGE, EDGE + 100, EDGE + 3_000)
HOSTILE = {
    "benign": NOISE,
    "offset of 1e6 sigma": NOISE + 1e6,
    "offset of 1e8 sigma": NOISE - 1e8,
    "burst of 1e6": burst(1e6, 100),
    "burst of 1e8": burst(1e8, 100),
    "long burst of 1e6": burst(1e6, 3_000),
    "long burst of 1e8": burst(1e8, 3_000),
    "one click of 1e8": burst(1e8, 1),
    "step of 1e4": step(1e4),
    "step of 1e8": step(1e8),
    "ramp to 1e8": NOISE + np.linspace(0, 1e8, FRAMES)[:, None],
    "growing by 1e12": NOISE * np.logspace(0, 12, FRAMES)[:, None],
    "clicks everywhere": np.where(np.arange(FRAMES)[:, None] % 1_000, NOISE, 1e8),
    "samples of any size": NOISE * 10.0 ** RNG.uniform(-12, 12, (FRAMES, 1)),
    "amplitude 1e-9": NOISE * 1e-9,
    "amplitude 1e-150": NOISE * 1e-150,
    "amplitude 1e-300": NOISE * 1e-300,
    "amplitude 1e150": NOISE * 1e150,
    "amplitude 1e300": NOISE * 1e300,
    "1e300 beside 1e-10": burst(1e300, 100) * np.where(np.arange(FRAMES) < EDGE, 1e-10, 1)[:, None],
    "16-bit PCM": np.round(NOISE * 3_000) / 32_768,
    "16-bit PCM of one step": np.round(NOISE) / 32_768 + 0.5,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_scores_are_those_of_the_definition(name):
    x = HOSTILE[name]
    for template in (x[SOURCE : SOURCE + M], NOISE[SOURCE : SOURCE + M], RNG.standard_normal((7, 1)) + 1e6):
        values, statuses = scored(x, [template])
        windows = values.shape[2]
        assert np.abs(values).max() <= 1
        for k in sampled(windows, *BORDERS):
            assert (statuses[len(template)][0, k] == FLAT) == (np.ptp(x[k : k + len(template)]) == 0)
            assert abs(values[0, 0, k] - direct_score(x, template, k)) <= 1e-9, k
        if np.array_equal(template, x[SOURCE : SOURCE + M]):
            assert values[0, 0, SOURCE] == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("name", ["burst of 1e8", "step of 1e4", "step of 1e8", "rounding"])
def test_whole_groups_are_looked_at_as_closely_as_the_last_one(name):
    rounding = 1 + 2.0**-52 * RNG.integers(0, 2, (FRAMES, 1))
    x = np.concatenate([HOSTILE.get(name, rounding), *[NOISE] * (1 + GROUP // FRAMES)])
    template = NOISE[SOURCE : SOURCE + M]
    values, statuses = scored(x, [template])
    if name == "rounding":
        np.testing.assert_array_equal(np.flatnonzero(statuses[M][0]), np.arange(FRAMES - M + 1))
    else:
        for k in sampled(FRAMES, *BORDERS):
            assert abs(values[0, 0, k] - direct_score(x, template, k)) <= 1e-9


@pytest.mark.parametrize("score", ["correlation", "matched_filter"])
@pytest.mark.parametrize("name", ["benign", "offset of 1e6 sigma", "burst of 1e8", "step of 1e8", "amplitude 1e-150"])
def test_scores_that_are_not_normalised_err_relative_to_the_norms(name, score):
    x = HOSTILE[name]
    template = 3 * x[SOURCE : SOURCE + M]
    values, statuses = scored(x, [template], score=score)
    norm = np.linalg.norm(template) if score == "correlation" else 1 / np.linalg.norm(template)
    assert not any(status.any() for status in statuses.values())
    for k in sampled(values.shape[2], *BORDERS):
        bound = 1e-9 * norm * np.linalg.norm(x[k : k + M])
        assert abs(values[0, 0, k] - direct_score(x, template, k, score)) <= bound
    if score == "matched_filter":
        assert scored(template, [template], score=score)[0][0, 0, 0] == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("mode", ["each", "mean", "sum"])
@pytest.mark.parametrize("columns", [1, 3])
def test_channels_are_scored_each_or_as_their_mean_or_as_one_vector(mode, columns):
    x = RNG.standard_normal((12_000, 3)) * [1, 1e5, 1e-3] + [0, 1e9, 0]
    template = RNG.standard_normal((40, columns)) + 5
    values, _ = scored(x, [template], mode=mode)
    wide = np.broadcast_to(template, (40, 3))
    for k in sampled(values.shape[2], 8000):
        each = [direct_score(x[:, [c]], wide[:, [c]], k) for c in range(3)]
        expected = {"each": each, "mean": [np.mean(each)], "sum": [direct_score(x, wide, k)]}[mode]
        np.testing.assert_allclose(values[0, :, k], np.array(expected, float), rtol=0, atol=1e-9)


def test_templates_of_several_lengths_each_have_their_own_windows():
    x = NOISE[:9_000]
    templates = [RNG.standard_normal((m, 1)) for m in (500, 3, 500, 2_000)]
    values, _ = scored(x, templates)
    for t, template in enumerate(templates):
        last = len(x) - len(template)
        for k in sampled(last + 1):
            assert abs(values[t, 0, k] - direct_score(x, template, k)) <= 1e-9
        assert not values[t, 0, last + 1 :].any()


class TestStatuses:
    def test_silence_and_constant_windows_score_0_and_are_flat(self):
        x = NOISE.copy()
        x[3_000:5_000] = 0
        x[7_500:8_500] = 1 / 3
        x[15_000:16_000] = 1e8
        values, statuses = scored(x, [NOISE[:M]])
        expected = np.zeros(FRAMES - M + 1, bool)
        for start, stop in ((3_000, 5_000), (7_500, 8_500), (15_000, 16_000)):
            expected[start : stop - M + 1] = True
        np.testing.assert_array_equal(statuses[M][0], np.where(expected, FLAT, 0))
        assert not values[0, 0, expected].any()
        assert np.abs(values[0, 0, ~expected]).min() > 0

    @pytest.mark.parametrize("level", [1.0, 1e-9, 1e9, 0.1])
    def test_what_differs_by_its_own_rounding_only_is_flat(self, level):
        jitter = level * (1 + 2.0**-52 * RNG.integers(0, 2, (FRAMES, 1)))
        assert np.ptp(jitter) > 0
        _, statuses = scored(jitter, [NOISE[:M]])
        assert (statuses[M] == FLAT).all()
        single = np.float64(np.float32(level) * (1 + np.float32(2.0**-23) * RNG.integers(0, 2, (FRAMES, 1))))
        assert (scored(single, [NOISE[:M]], eps=2.0**-23)[1][M] == FLAT).all()
        assert not scored(single, [NOISE[:M]])[1][M].any()

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_a_gap_spoils_the_windows_that_touch_it_and_no_other(self, bad):
        x = NOISE + 1e7
        x[9_000] = x[15_000:15_400] = bad
        values, statuses = scored(x, [NOISE[:M], NOISE[:50]])
        for t, m in ((0, M), (1, 50)):
            touched = np.array([not np.isfinite(x[k : k + m]).all() for k in range(FRAMES - m + 1)])
            np.testing.assert_array_equal(statuses[m][0], np.where(touched, GAP, 0))
            assert not values[t, 0, : len(touched)][touched].any()
            for k in sampled(len(touched), 9_000 - m, 9_000, 15_400):
                if not touched[k]:
                    assert abs(values[t, 0, k] - direct_score(x, NOISE[:m], k)) <= 1e-9

    def test_a_signal_of_nothing_else_is_all_gap_or_all_flat(self):
        assert (scored(np.full((9_000, 1), np.nan), [NOISE[:M]])[1][M] == GAP).all()
        assert (scored(np.zeros((9_000, 1)), [NOISE[:M]])[1][M] == FLAT).all()

    def test_the_mean_is_that_of_the_channels_that_have_a_score(self):
        x = RNG.standard_normal((2_000, 3))
        x[500:900, 0], x[600:1_000, 1], x[650:1_000, 2] = 0, np.nan, 5
        template = RNG.standard_normal((50, 1))
        each, of_each = scored(x, [template])
        mean, statuses = scored(x, [template], mode="mean")
        counts = (of_each[50] == 0).sum(axis=0)
        np.testing.assert_allclose(mean[0, 0], each[0].sum(axis=0) / np.maximum(counts, 1), rtol=0, atol=1e-15)
        none = np.where(counts == 0, np.where((of_each[50] == GAP).any(axis=0), GAP, FLAT), 0)
        np.testing.assert_array_equal(statuses[50][0], none)
        assert (counts == 0).any()

    def test_as_one_vector_a_constant_channel_adds_nothing_and_a_gap_in_one_is_a_gap(self):
        x = RNG.standard_normal((3_000, 2))
        x[500:1_500, 0] = 7
        x[2_000, 1] = np.nan
        template = RNG.standard_normal((50, 2))
        values, statuses = scored(x, [template], mode="sum")
        assert np.flatnonzero(statuses[50][0]).tolist() == list(range(1_951, 2_001))
        assert abs(values[0, 0, 800] - direct_score(x, template, 800)) <= 1e-9

    def test_silence_is_no_gap_and_not_flat_for_a_plain_correlation(self):
        x = NOISE.copy()
        x[3_000:5_000] = 0
        values, statuses = scored(x, [NOISE[:M]], score="correlation")
        assert not statuses[M].any()
        assert not values[0, 0, 3_000 : 5_000 - M + 1].any()


class TestCuts:
    HOSTILE = np.concatenate([burst(1e8, 100)[5_000:12_000], np.zeros((4_000, 1)), step(1e8)[:12_000]])
    HOSTILE[100] = np.nan

    @pytest.mark.parametrize("channels", [1, 2, 8])
    @pytest.mark.parametrize("mode", ["each", "mean", "sum"])
    def test_no_cut_and_no_thread_changes_a_bit(self, channels, mode):
        x = np.concatenate([np.roll(self.HOSTILE, 1_000 * c, axis=0) for c in range(channels)], axis=1)
        templates = [NOISE[:M], NOISE[200:260]]
        whole, statuses = scored(x, templates, mode=mode)
        ways = [[0, 0, 1], range(0, 900, 1), range(0, len(x), 997), [BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK]]
        with ThreadPoolExecutor(3) as executor:
            for cuts in ways:
                for several in (None, executor):
                    again, others = scored(x, templates, cuts, mode=mode, executor=several)
                    np.testing.assert_array_equal(again, whole)
                    for m in statuses:
                        np.testing.assert_array_equal(others[m], statuses[m])

    def test_whole_groups_in_any_cut(self):
        x = np.concatenate([NOISE] * (2 + GROUP // FRAMES * 2))
        whole, _ = scored(x, [NOISE[:M]])
        with ThreadPoolExecutor(2) as executor:
            again, _ = scored(x, [NOISE[:M]], [GROUP - 1, GROUP, GROUP + M - 1, GROUP + M], executor=executor)
        np.testing.assert_array_equal(again, whole)

    @pytest.mark.parametrize("frames", [0, 1, 6, 7, 8, 50, 51, BLOCK, BLOCK + 6, BLOCK + 7])
    def test_signals_of_any_length(self, frames):
        x = NOISE[:frames]
        templates = [NOISE[:7], NOISE[:50]]
        values, _ = scored(x, templates)
        for t, template in enumerate(templates):
            for k in sampled(max(0, frames - len(template) + 1)) if frames >= len(template) else ():
                assert abs(values[t, 0, k] - direct_score(x, template, k)) <= 1e-9

    def test_a_long_template(self):
        x = NOISE[:12_000]
        values, _ = scored(x, [NOISE[1_000:11_000]])
        for k in (0, 999, 1_000, 2_000):
            assert abs(values[0, 0, k] - direct_score(x, NOISE[1_000:11_000], k)) <= 1e-9


class TestTemplates:
    @pytest.mark.parametrize(
        ("template", "score", "match"),
        [
            (np.full((9, 1), 0.1), "ncc", "template 1 is constant and has no shape to correlate with"),
            (np.full((9, 1), 1e9) + 1e-8, "ncc", "template 1 is constant"),
            (np.ones((1, 1)), "ncc", "template 1 is constant"),
            (np.stack([np.arange(9.0), np.ones(9)], axis=1), "ncc", "template 1, column 1, is constant"),
            (np.zeros((9, 1)), "correlation", "template 1 is silent"),
            (np.zeros((0, 1)), "ncc", r"template 1 must have shape \(frames,\) or \(frames, channels\), got \(0, 1\)"),
            (np.zeros((2, 2, 2)), "ncc", r"got \(2, 2, 2\)"),
            (np.ones((9, 3)), "ncc", "template 1 has 3 channels, the signal 2"),
            (np.array([1.0, np.nan, 2]), "ncc", "template 1 is not finite at frame 1"),
        ],
    )
    def test_those_that_cannot_be_scored_are_refused(self, template, score, match):
        with pytest.raises(SignalError, match=match):
            Scorer([np.arange(4.0), template], 2, score)

    def test_none_is_refused(self):
        with pytest.raises(SignalError, match="no template to look for; give at least one"):
            Scorer([], 1)

    def test_as_one_vector_a_constant_column_is_no_reason(self):
        template = np.stack([np.arange(9.0), np.ones(9)], axis=1)
        assert scored(RNG.standard_normal((50, 2)), [template], mode="sum")[0].shape == (1, 1, 42)

    @pytest.mark.parametrize("scale", [1e-300, 1e-9, 1e300])
    def test_their_level_does_not_matter(self, scale):
        expected, _ = scored(NOISE[:2_000], [NOISE[:50]])
        values, _ = scored(NOISE[:2_000], [NOISE[:50] * scale])
        np.testing.assert_allclose(values, expected, rtol=0, atol=1e-12)

    @pytest.mark.parametrize(
        ("longest", "points"), [(1, 1 << 13), (8_000, 1 << 16), (8_193, 1 << 17), (60_000, 1 << 18), (10**6, 1 << 21)]
    )
    def test_the_transform_suits_the_longest(self, longest, points):
        assert transform_points(longest) == points


@pytest.mark.parametrize("score", ["ncc", "correlation"])
@pytest.mark.parametrize(("channels", "mode"), [(1, "each"), (3, "each"), (3, "sum")])
def test_templates_that_are_scored_together_have_the_bits_of_each_alone(channels, mode, score):
    x = np.random.default_rng(11).standard_normal((FRAMES, channels))
    templates = [
        x[start : start + length] for start, length in ((0, M), (50, M), (900, 70), (70, M), (2_000, M), (8, M))
    ]
    together, _ = scored(x, templates, score=score, mode=mode)
    of_one_grid = [n for n in range(6) if n != 2]  # a grid follows from the longest
    for n in of_one_grid:
        alone, _ = scored(x, [templates[n], templates[2]], score=score, mode=mode)
        np.testing.assert_array_equal(alone[0], together[n])


@pytest.mark.parametrize("lengths", [[1], [2], [7], [8], [1, 5, 6, 100]])
def test_sliding_sums_are_sums(lengths):
    rows = RNG.integers(-9, 9, (2, 3, 205)).astype(float)
    for m, sums in sliding_sums(rows, lengths, 100).items():
        np.testing.assert_array_equal(
            sums, np.lib.stride_tricks.sliding_window_view(rows, m, axis=-1).sum(-1)[..., :100]
        )
        marks = rows > 7
        windows = np.lib.stride_tricks.sliding_window_view(marks, m, axis=-1)
        np.testing.assert_array_equal(sliding_any(marks, m, 100), windows.any(-1)[..., :100])


def test_sliding_sums_of_squares_are_right_beside_a_burst():
    rows = NOISE[:, 0] ** 2
    rows[500] = 1e30
    sums = sliding_sums(rows, [100], 900)[100]
    assert sums[501] == pytest.approx(rows[501:601].sum(), rel=1e-14)
