"""Patches of spectrograms: scores right to 1e-9, the same bits however cut, peaks and regions in frames."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy

from pipeline.dsp import score_blocks
from pipeline.dsp.patch_search import PatchSearch, patch_asymmetry
from pipeline.dsp.scores import Scorer
from pipeline.dsp.search import SearchSettings
from pipeline.dsp.spectrogram import Grid, Spectrogram, spectrogram

from .score_oracle import direct_score

FS = 8000.0
RNG = np.random.default_rng(3)
GRID = Grid(window=160, hop=40, first=4, stop=60, floor=1e-4)
FRAMES, M = 30_000, 1_234
NOISE = 0.1 * RNG.standard_normal((FRAMES, 1))


def oracle(x, grid):
    """(columns, bins) by scipy, for one channel."""
    window = scipy.signal.get_window("hann", grid.window + 2, fftbins=False)[1:-1]
    stft = scipy.signal.ShortTimeFFT(window / window.sum() * 2, grid.hop, FS, mfft=grid.window)
    first = -(
        -(grid.window // 2) // grid.hop
    )  # its columns have their middles at multiples of the hop, and so have ours
    moved = np.concatenate([np.zeros(first * grid.hop - grid.window // 2), x])
    columns = np.abs(stft.stft(moved, first, first + grid.columns(len(x)))).T[:, grid.first : grid.stop]
    return 20 * np.log10(np.maximum(columns, grid.floor))


def patch_score(levels, patch, k):
    """One score by the definition, in long double: one mean for the whole patch."""
    window = levels[k : k + len(patch)].reshape(-1, 1)
    return direct_score(window, patch.reshape(-1, 1), 0)


class TestSpectrogram:
    @pytest.mark.parametrize(
        "grid", [GRID, Grid(441, 110, 0, 221, 1e-6), Grid(50, 50, 3, 4, 1e-3), Grid(7, 3, 0, 4, 1e-9)]
    )
    def test_it_is_that_of_scipy(self, grid):
        x = NOISE[:5_000, 0]
        np.testing.assert_allclose(spectrogram(x[:, None], grid), oracle(x, grid), rtol=0, atol=1e-9)

    def test_a_sine_of_amplitude_1_in_a_bin_is_at_0_db_and_what_is_less_than_the_floor_at_it(self):
        sine = np.sin(2 * np.pi * 1000 / FS * np.arange(2_000))[:, None]
        levels = spectrogram(sine, GRID)
        assert levels[:, 20 - GRID.first] == pytest.approx(0, abs=1e-3)
        assert (levels[:, 40:] == -80).all()
        assert (spectrogram(np.zeros((500, 2)), GRID) == -80).all()

    @pytest.mark.parametrize("frames", [0, 1, 159, 160, 161, 199, 200, 201, 40_000])
    def test_only_whole_windows_have_a_column(self, frames):
        x = RNG.standard_normal((frames, 2))
        levels = spectrogram(x, GRID)
        assert levels.shape == (max(0, (frames - 160) // 40 + 1), 2 * GRID.bins)
        for k in {0, len(levels) // 2, len(levels) - 1} if len(levels) else ():
            alone = spectrogram(x[40 * k : 40 * k + 160], GRID)
            np.testing.assert_allclose(levels[k], alone[0], rtol=0, atol=1e-9)

    def test_no_cut_changes_a_bit(self):
        x = RNG.standard_normal((20_000, 2))
        whole = spectrogram(x, GRID)
        for cuts in ([0, 0], range(900), range(0, 20_000, 997), [159, 160, 161]):
            stream = Spectrogram(GRID, 2)
            parts = [columns for part in np.split(x, list(cuts)) for columns in stream.process(part)]
            np.testing.assert_array_equal(np.concatenate([*parts, *stream.flush()]), whole)

    @pytest.mark.parametrize("bad", [np.nan, np.inf])
    def test_a_sample_that_is_not_finite_spoils_the_columns_that_see_it(self, bad):
        x = NOISE.copy()
        x[10_000] = bad
        levels = spectrogram(x, GRID)
        touched = [k for k in range(len(levels)) if 40 * k <= 10_000 < 40 * k + 160]
        np.testing.assert_array_equal(np.flatnonzero(~np.isfinite(levels).all(axis=1)), touched)
        assert not np.isfinite(levels[touched]).any()


def searched(x, templates, grid=GRID, cuts=(), executor=None, **settings):
    """The scores (templates, channels, frames) and what was found."""
    names = [f"t{i}" for i in range(len(templates))]
    search = PatchSearch(templates, names, FS, x.shape[1], grid, SearchSettings(**settings), executor=executor)
    pieces = [s for part in np.split(x, sorted(cuts)) for s in search.process(part)]
    pieces += search.flush()
    shape = (len(templates), search.channels_out, 0)
    return np.concatenate([np.zeros(shape), *(s.values for s in pieces)], axis=2), search.detection()


class TestScores:
    def test_they_are_pearsons_r_of_the_patch_with_one_mean(self):
        template = NOISE[7_000 : 7_000 + M]
        track, _ = searched(NOISE, [template])
        levels, patch = oracle(NOISE[:, 0], GRID), oracle(template[:, 0], GRID)
        scores = track[0, 0, :: GRID.hop]
        assert len(scores) == len(levels) - len(patch) + 1
        for k in {*RNG.integers(0, len(scores), 60).tolist(), 0, 175, len(scores) - 1}:
            assert abs(scores[k] - patch_score(levels, patch, k)) <= 1e-9
        assert np.abs(scores).max() <= 1

    @pytest.mark.parametrize("name", ["burst", "almost silence", "one tone", "one bin"])
    def test_hostile_levels_do_not_harm_them(self, name):
        x, grid = NOISE.copy(), GRID
        if name == "burst":
            x[9_000:9_100] *= 1e8
        elif name == "almost silence":
            x[5_000:20_000] *= 1e-9
            x[12_000:12_020] *= 4e5  # one column in many has a bin above the floor
        elif name == "one tone":
            x = np.sin(0.3 * np.arange(FRAMES))[:, None] + 1e-6 * NOISE
        else:
            grid = Grid(160, 40, 20, 21, 1e-4)
        template = NOISE[7_000 : 7_000 + M]
        track, found = searched(x, [template], grid)
        levels, patch, scores = oracle(x[:, 0], grid), oracle(template[:, 0], grid), track[0, 0, :: grid.hop]
        flat = np.array([np.ptp(levels[k : k + len(patch)]) == 0 for k in range(len(scores))])
        assert not scores[flat].any()
        assert flat.any() == (name == "almost silence") == bool(len(found.regions.start))
        for k in {*RNG.integers(0, len(scores), 60).tolist(), *range(280, 305)}:
            if not flat[k]:
                assert abs(scores[k] - patch_score(levels, patch, k)) <= 1e-9, k

    def test_offsets_of_whole_columns_lose_nothing(self):
        """Levels of any offset, bursts and constants: the scorer itself, where `Spectrogram` keeps them small."""
        levels = RNG.standard_normal((3_000, 5)) * [1, 10, 1e-3, 1, 1] + [0, 1e6, 3, 0, -1e6]
        levels[1_000:1_200] = 7e8
        patch = levels[500:560]
        scorer = Scorer([patch], 1, bins=5)
        pieces = [*scorer.process(levels), *scorer.flush()]
        scores = np.concatenate([s.values[0, 0] for s in pieces])
        statuses = np.concatenate([s.statuses.get(60, np.zeros((1, s.values.shape[2])))[0] for s in pieces])
        assert np.flatnonzero(statuses).tolist() == list(range(1_000, 1_141))
        for k in {*RNG.integers(0, len(scores), 100).tolist(), *range(930, 1_010), *range(1_130, 1_210)}:
            if not statuses[k]:
                assert abs(scores[k] - patch_score(levels, patch, k)) <= 1e-9, k

    @pytest.mark.parametrize("high", [1e7, 1e12])
    def test_the_few_windows_beside_a_burst_are_summed_directly_with_one_mean(self, high, monkeypatch):
        """Of ten windows nine end before the burst, which no transform can tell from noise beside it."""
        levels = np.array([0, 30, -4, 7, 100]) + RNG.standard_normal((69, 5))
        levels[68] += high
        patch = np.array([0, 25, -4, 9, 70]) + RNG.standard_normal((60, 5))
        directly = score_blocks._directly
        runs: list[int] = []

        def counted(rows, banks, eps, out, unit):
            runs.append(out.shape[-1])
            return directly(rows, banks, eps, out, unit)

        monkeypatch.setattr(score_blocks, "_directly", counted)
        for template in (patch, np.tile(patch, 2)):
            x = np.tile(levels, len(template[0]) // 5)
            scorer = Scorer([template], len(template[0]) // 5, bins=5)
            tracks = np.concatenate([s.values[0] for s in (*scorer.process(x), *scorer.flush())], axis=1)
            assert tracks.shape[1] == 10
            for track in tracks:
                for k, score in enumerate(track):
                    assert abs(score - patch_score(levels, patch, k)) <= 1e-9, k
        assert sum(runs) == 27

    def test_channels_are_scored_each_or_as_their_mean(self):
        x = RNG.standard_normal((12_000, 2)) * [1, 0.01]
        for template in (x[4_000:5_000], x[4_000:5_000, :1]):
            each, _ = searched(x, [template])
            mean, _ = searched(x, [template], mode="mean")
            np.testing.assert_allclose(mean[0, 0], each[0].mean(axis=0), rtol=0, atol=1e-14)
            for channel in range(2):
                column = template[:, [channel if template.shape[1] > 1 else 0]]
                alone, _ = searched(x[:, [channel]], [column])
                np.testing.assert_allclose(each[0, channel], alone[0, 0], rtol=0, atol=1e-12)

    def test_no_cut_and_no_thread_changes_a_bit(self):
        x = RNG.standard_normal((60_000, 2))
        x[20_000:30_000, 0], x[40_000, 1] = 0, np.nan
        templates = [x[1_000:3_000], x[5_000:5_700, :1]]
        whole, found = searched(x, templates, decoys=True, median=True)
        with ThreadPoolExecutor(3) as executor:
            for cuts in ([0, 0, 1], range(900), range(0, 60_000, 997)):
                for several in (None, executor):
                    track, again = searched(x, templates, cuts=cuts, decoys=True, median=True, executor=several)
                    np.testing.assert_array_equal(track, whole)
                    np.testing.assert_array_equal(again.median, found.median)
                    for part in ("peaks", "decoys", "regions"):
                        for name, column in vars(getattr(found, part)).items():
                            np.testing.assert_array_equal(getattr(getattr(again, part), name), column)

    def test_the_decoy_is_the_patch_reversed_in_time(self):
        levels, patch = RNG.standard_normal((500, 6)), RNG.standard_normal((40, 6))
        ours = Scorer([patch[::-1]], 1, bins=6)
        scores = np.concatenate([s.values[0, 0] for s in (*ours.process(levels), *ours.flush())])
        template = NOISE[7_000 : 7_000 + M]
        _, found = searched(NOISE, [template], decoys=True)
        assert all(abs(scores[k] - patch_score(levels, patch[::-1], k)) <= 1e-9 for k in range(0, 460, 23))
        backwards = spectrogram(template, GRID)[::-1]
        at = found.decoys.frame // GRID.hop
        direct = [patch_score(spectrogram(NOISE, GRID), backwards, k) for k in at]
        np.testing.assert_allclose(found.decoys.score, np.array(direct, float), rtol=0, atol=1e-9)


class TestFinds:
    def test_a_template_finds_its_own_place_where_that_lies_on_the_grid(self):
        template = NOISE[175 * 40 : 175 * 40 + M]
        track, found = searched(NOISE, [template], floor=0.5)
        assert found.peaks.frame.tolist() == [7_000]
        assert found.peaks.score[0] == pytest.approx(1, abs=1e-12)
        assert found.lengths == ((M - 160) // 40 * 40 + 160,)
        assert (found.frames, found.hop) == (FRAMES, 40)
        assert (track[0, 0, 7_000:7_040] == found.peaks.score[0]).all(), "a score is held for a hop"
        assert (track[0, 0, [6_999, 7_040]] < 0.9).all()

    @pytest.mark.parametrize("off", [1, 13, 20, 27, 39])
    def test_off_the_grid_it_is_found_within_half_a_hop(self, off):
        template = NOISE[7_000 + off : 7_000 + off + M]
        _, found = searched(NOISE, [template], floor=0.6)
        assert found.peaks.frame.tolist() == [7_000 if off <= 20 else 7_040]
        assert abs(found.peaks.frame[0] + found.peaks.offset[0] - 7_000 - off) <= 0.2 * GRID.hop

    def test_the_phase_of_a_call_does_not_matter(self):
        n = np.arange(4_000)
        x = 0.001 * RNG.standard_normal((40_000, 1))

        def call(phase):
            return np.sin(np.pi * n / 4_000) * np.sin(2 * np.pi * (0.05 * n + 1e-5 * n**2) + phase)

        for i, phase in enumerate((0, 1, 2, 3)):
            x[8_000 * (i + 1) : 8_000 * (i + 1) + 4_000, 0] += call(phase)
        _, found = searched(x, [x[8_000:12_000]], floor=0.5)
        assert found.peaks.frame.tolist() == [8_000, 16_000, 24_000, 32_000]
        assert (found.peaks.score > 0.95).all()

    def test_silence_and_gaps_are_regions_in_frames(self):
        x = NOISE.copy()
        x[10_000:14_000], x[20_000] = 0, np.nan
        track, found = searched(x, [NOISE[:M]])
        span = found.lengths[0]
        flat, gap = zip(found.regions.start.tolist(), found.regions.stop.tolist(), strict=True)
        assert flat == (10_000, (14_000 - span) // 40 * 40 + 40)
        assert gap == (-(-(20_000 - span + 1) // 40) * 40, 20_000 // 40 * 40 + 40)
        assert found.regions.status.tolist() == [1, 2]
        for start, stop in (flat, gap):
            assert not track[0, 0, start:stop].any()

    def test_a_distance_is_at_least_so_many_frames(self):
        _, found = searched(NOISE, [NOISE[:M]], min_distance=401)
        assert np.diff(found.peaks.frame).min() >= 401
        _, default = searched(NOISE, [NOISE[:M]])
        assert np.diff(default.peaks.frame).min() >= default.lengths[0] // 2

    @pytest.mark.parametrize("frames", [0, 1, M - 40, M - 1, M])
    def test_signals_shorter_than_the_template_have_no_score(self, frames):
        track, found = searched(NOISE[:frames], [NOISE[:M]])
        span = found.lengths[0]
        assert track.shape == (1, 1, 40 if frames >= span else 0)
        assert found.frames == frames


def test_convolution_would_need_the_patch_turned_by_180_degrees():
    levels, patch = RNG.standard_normal((30, 20)), RNG.standard_normal((4, 6))
    correlated = scipy.signal.correlate2d(levels, patch, "valid")
    np.testing.assert_allclose(correlated, scipy.signal.convolve2d(levels, patch[::-1, ::-1], "valid"), atol=1e-12)
    assert np.abs(correlated - scipy.signal.convolve2d(levels, patch[::-1], "valid")).max() > 1, (
        "time alone is not enough"
    )


class TestAsymmetry:
    def test_a_patch_that_is_its_own_reversal_has_none(self):
        half = RNG.standard_normal((20, 7))
        assert patch_asymmetry(np.concatenate([half, half[::-1]])) == pytest.approx(0, abs=1e-12)
        assert patch_asymmetry(half[:1]) == pytest.approx(0, abs=1e-12)

    def test_of_others_it_is_what_no_shift_of_the_reversal_reaches(self):
        patch = RNG.standard_normal((20, 7)) + 3
        centred = patch - patch.mean()
        best = max(
            abs((centred[max(0, k) : 20 + min(0, k)] * centred[::-1][max(0, -k) : 20 - max(0, k)]).sum())
            for k in range(-19, 20)
        )
        assert patch_asymmetry(patch) == pytest.approx(1 - best / (centred**2).sum(), abs=1e-12)
