"""Match: the track of scores, and what is found, on the timeline of the chain's input."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.dsp.detection import STATUSES
from pipeline.engine.options import Options
from pipeline.engine.plan import make_plan
from pipeline.engine.stream import stream
from pipeline.errors import SettingError, SignalError
from pipeline.match.find import match_scores
from pipeline.match.found import events_of
from pipeline.stages import match as module
from pipeline.stages.base import Format
from pipeline.stages.base.registry import stage_from_settings
from pipeline.stages.base.spectrogram import SpectrogramSettings
from pipeline.stages.match import Match
from tests.match.helpers import searched

from .helpers import MONO, STEREO, noise, refused, run

T = noise(40, seed=5)
PLACES = (300, 1_000, 1_750)


def recording(frames=3_000, channels=1):
    x = 0.05 * noise(frames, channels, seed=1)
    for place in PLACES:
        x[place : place + 40] += T[:, None]
    return x


def found_by(stages, x, blocks=700, **options):
    """The output of a chain, and what its detectors found."""
    found = []
    chain = [stage_from_settings(stage) for stage in stages]
    plan = make_plan(chain, Format(8000.0, x.shape[1], options.get("precision", "double")), Options(**options))
    parts = list(stream(plan, [x[i : i + blocks] for i in range(0, len(x), blocks)], found))
    return np.concatenate([plan.format_out.empty(), *parts]), found


class TestTrack:
    def test_it_holds_the_score_of_the_window_that_starts_at_each_frame(self):
        x = recording()
        y, _ = found_by([{"use": "match", "template": T.tolist()}], x)
        assert y.shape == x.shape
        np.testing.assert_array_equal(y[: len(x) - 39], match_scores(x, T))
        assert not y[len(x) - 39 :].any()
        assert np.argsort(y[:, 0])[-3:].tolist() == sorted(PLACES, key=lambda k: y[k, 0])

    def test_the_whole_output_has_the_latency_of_the_template_in_front(self):
        y = run(Match(template=T.tolist()), recording())
        assert len(y) == 3_000 + 39
        assert not y[:39].any()
        np.testing.assert_array_equal(y[39:3_000], match_scores(recording(), T))

    def test_a_channel_for_each_channel(self):
        stage = Match(template=T.tolist())
        assert stage.open(STEREO).format.channels == 2
        assert Match(template=T.tolist(), channels="sum").open(STEREO).format.channels == 1

    def test_no_frames_give_none(self):
        y, found = found_by([{"use": "match", "template": T.tolist()}], np.zeros((0, 1)))
        assert len(y) == 0
        assert len(found[0][1].peaks) == 0

    def test_a_signal_shorter_than_the_template_is_not_scored(self):
        y, found = found_by([{"use": "match", "template": T.tolist()}], noise(39, 1))
        assert y.shape == (39, 1)
        assert not y.any()
        assert len(found[0][1].peaks) == 0


class TestDetection:
    @pytest.mark.parametrize("blocks", [1, 333, 3_000])
    def test_it_says_where_the_template_is(self, blocks):
        _, [(index, detection)] = found_by([{"use": "match", "template": T.tolist()}], recording(), blocks)
        assert index == 0
        assert detection.peaks.frame.tolist() == list(PLACES)
        assert (detection.peaks.score > 0.9).all()
        assert np.abs(detection.peaks.offset).max() < 0.1
        assert (detection.fs, detection.frames, detection.lengths) == (8000.0, 3_000, (40,))

    def test_stages_before_it_do_not_move_what_is_found(self):
        before = {"use": "smooth", "length": "3 samples", "phase": "zero"}
        stages = [before, {"use": "match", "template": T.tolist(), "threshold": {"score": 0.3}}]
        _, [(index, detection)] = found_by(stages, recording())
        assert index == 1
        assert set(PLACES) <= set(detection.peaks.frame.tolist())
        causal = {"use": "fir", "kind": "highpass", "cutoff": "100 Hz", "transition": "100 Hz", "phase": "causal"}
        match = {"use": "match", "template": T.tolist(), "threshold": {"score": 0.3}}
        shift = {"use": "delay", "delay": "10 samples"}
        for late in ([shift], [causal], [causal, shift, {"use": "smooth", "length": "3 samples", "phase": "causal"}]):
            assert set(PLACES) <= set(found_by([*late, match], recording())[1][0][1].peaks.frame.tolist()), late
        lead = {"use": "convolve", "taps": [0.0] * 70 + [1.0, 0.1, 0.05]}
        room = {"use": "convolve", "taps": [0.004, -0.002] * 60 + [0.1, 1.0, 0.2, -0.1, 0.05] + [0.0] * 600 + [0.4]}
        early = {"use": "deconvolve", "taps": [0.0] * 30 + [1.0, 0.05]}
        for late in ([lead], [room], [room, causal, lead], [early]):
            assert set(PLACES) <= set(found_by([*late, match], recording())[1][0][1].peaks.frame.tolist()), late
        back = [causal, {"use": "reverse"}, {**match, "template": T[::-1].tolist()}]
        x = recording()
        turned = [len(x) - place - len(T) for place in PLACES]
        assert set(turned) <= set(found_by(back, x)[1][0][1].peaks.frame.tolist())

    def test_an_echo_is_no_delay_of_what_is_found(self):
        for gain in (0.5, 1.0):
            echo = {"use": "echo", "delay": "400 samples", "gain": gain}
            found = found_by([echo, {"use": "match", "template": T.tolist()}], recording())[1][0][1]
            assert set(PLACES) <= set(found.peaks.frame.tolist())

    def test_what_begins_before_time_zero_is_kept_only_with_the_pre_roll(self):
        early = [{"use": "correlate", "template": [0] * 30 + [1, 1e-9]}, {"use": "match", "template": T.tolist()}]
        x = recording()[285:]  # the first template begins at 15, and 15 before time zero when 30 early
        assert found_by(early, x)[1][0][1].peaks.frame.tolist() == [1_000 - 315, 1_750 - 315]
        assert found_by(early, x, pre_roll="keep")[1][0][1].peaks.frame.tolist() == [-15, 1_000 - 315, 1_750 - 315]

    def test_polarity_says_which_scores_count(self):
        x = recording()
        x[1_000:1_040] -= 2 * T[:, None]
        for polarity, places in (("positive", [300, 1_750]), ("negative", [1_000]), ("both", list(PLACES))):
            stage = {"use": "match", "template": T.tolist(), "polarity": polarity}
            assert found_by([stage], x)[1][0][1].peaks.frame.tolist() == places

    def test_of_two_that_are_near_the_higher_one_counts(self):
        x = recording()
        x[1_015:1_055] += 0.9 * T[:, None]
        for distance, places in (("15 samples", [1_000, 1_015]), ("16 samples", [1_000])):
            stage = {"use": "match", "template": T.tolist(), "min_distance": distance, "threshold": {"score": 0.5}}
            frames = found_by([stage], x)[1][0][1].peaks.frame
            assert frames[(frames > 900) & (frames < 1_100)].tolist() == places

    def test_silence_and_gaps_are_told_as_regions(self):
        x = recording()
        x[2_000:2_200], x[2_500:2_510] = 0, np.nan
        _, [(_, detection)] = found_by([{"use": "match", "template": T.tolist()}], x, nonfinite="propagate")
        regions = detection.regions
        assert regions.start.tolist() == [2_000, 2_461]
        assert regions.stop.tolist() == [2_161, 2_510]
        assert [STATUSES[status] for status in regions.status] == ["flat", "gap"]
        with pytest.raises(SignalError, match="holds nan at frame 2500, channel 0; set nonfinite: propagate"):
            found_by([{"use": "match", "template": T.tolist()}], x)

    def test_regions_go_on_over_the_borders_of_blocks(self):
        x = recording(40_000)
        x[5_000:30_000] = 0
        regions = found_by([{"use": "match", "template": T.tolist()}], x)[1][0][1].regions
        assert (regions.start.tolist(), regions.stop.tolist()) == ([5_000], [29_961])

    def test_single_precision_finds_the_same(self):
        stage = {"use": "match", "template": T.tolist()}
        y, [(_, detection)] = found_by([stage], recording(), precision="single")
        assert y.dtype == np.float32
        assert detection.peaks.frame.tolist() == list(PLACES)

    @pytest.mark.parametrize("threads", [1, 2, 3])
    def test_threads_change_no_bit(self, threads):
        stage = {"use": "match", "template": T.tolist(), "threshold": {"score": 0}}
        y, [(_, detection)] = found_by([stage], recording(60_000), threads=threads)
        expected, [(_, alone)] = found_by([stage], recording(60_000), blocks=60_000, threads=1)
        np.testing.assert_array_equal(y, expected)
        for name, column in vars(alone.peaks).items():
            np.testing.assert_array_equal(getattr(detection.peaks, name), column)


class TestSearch:
    def test_templates_compete_unless_told_otherwise(self):
        templates = [T, T + 0.3 * noise(40, seed=9)]
        assert searched(recording(), templates, floor=0.7).peaks.template.tolist() == [0, 0, 0]
        both = searched(recording(), templates, floor=0.7, compete=False).peaks
        assert both.frame.tolist() == sorted(PLACES * 2)
        assert both.template.tolist() == [0, 1] * 3

    def test_channels_never_compete(self):
        peaks = searched(recording(channels=2), [T], floor=0.7).peaks
        assert peaks.frame.tolist() == sorted(PLACES * 2)
        assert peaks.channel.tolist() == [0, 1] * 3

    def test_decoys_are_the_peaks_of_the_reversed_templates(self):
        found = searched(recording(), [T, T[:20]], decoys=True)
        reverse = searched(recording(), [T[::-1], T[19::-1]])
        for name, column in vars(reverse.peaks).items():
            np.testing.assert_array_equal(getattr(found.decoys, name), column)
        assert found.templates == ("t0", "t1")
        np.testing.assert_array_equal(found.peaks.frame, searched(recording(), [T, T[:20]]).peaks.frame)

    def test_the_median_is_that_of_the_windows_that_have_a_score(self):
        x = recording(channels=2)
        x[500:1_500, 1] = 0
        median = searched(x, [T, T[:20]], median=True).median
        assert median.shape == (2, 2)
        for t, template in enumerate((T, T[:20])):
            scores = np.abs(match_scores(x, template))
            for channel in range(2):
                kept = scores[scores[:, channel] > 0, channel]
                assert median[t, channel] == pytest.approx(np.median(kept), rel=2e-3)

    def test_without_a_window_there_is_no_median(self):
        assert np.isnan(searched(np.zeros(100), [T], median=True).median).all()


class TestScores:
    def test_shapes(self):
        assert match_scores(noise(100), T).shape == (61,)
        assert match_scores(noise(100, 1), T).shape == (61, 1)
        assert match_scores(noise(100, 3), T).shape == (61, 3)
        assert match_scores(noise(100, 3), T, channels="sum").shape == (61,)
        assert match_scores(noise(39), T).shape == (0,)
        assert match_scores(noise(39, 2), T).shape == (0, 2)

    def test_single_precision_input_is_scored_in_double(self):
        x = recording()[:, 0].astype(np.float32)
        assert match_scores(x, T).dtype == np.float64
        np.testing.assert_array_equal(match_scores(x, T), match_scores(x.astype(float), T))


class TestSpectrogram:
    """`domain: spectrogram`, in chains and in its settings; the scores are held by tests/dsp/test_patch_search.py."""

    CALL = noise(1_600, seed=6)

    def stage(self, **settings):
        return {"use": "match", "template": self.CALL.tolist(), "domain": "spectrogram", **settings}

    def recording(self):
        x = 0.01 * noise(24_000, 1, seed=1)
        for place in (4_000, 12_000):
            x[place : place + 1_600, 0] += self.CALL
        return x

    def test_every_frame_has_the_score_of_the_column_begun_last(self):
        x = self.recording()
        y, [(_, found)] = found_by([self.stage(threshold={"score": 0.9})], x)
        assert y.shape == x.shape
        assert found.peaks.frame.tolist() == [4_000, 12_000]
        assert (y[4_000:4_040, 0] == found.peaks.score[0]).all()
        assert y[3_999, 0] < y[4_000, 0] > y[4_040, 0]
        held = y[: (24_000 - 1_600) // 40 * 40 + 40].reshape(-1, 40)
        assert (held == held[:, :1]).all()
        assert not y[held.size :].any()

    def test_the_latency_is_that_of_the_longest_patch(self):
        assert Match(**self.stage()).open(MONO).latency == 1_599
        assert len(run(Match(**self.stage()), self.recording())) == 24_000 + 1_599

    def test_thresholds_from_decoys_and_from_the_median(self):
        for threshold in ({"mad": 6}, {"false_alarms": "1 per hour"}):
            stage = Match(**self.stage(threshold=threshold, min_distance="40 ms"))
            processor = stage.open(MONO)
            processor.process(self.recording())
            processor.flush()
            events = events_of(processor.detection(), stage.threshold)
            assert [event.start_frame for event in events.events if event.score > 0.9] == [4_000, 12_000]
            assert "200 Hz" in events.how or "reversed" in events.how

    def test_a_template_that_is_its_own_reversal_has_no_decoy(self):
        palindrome = np.concatenate([self.CALL, self.CALL[::-1]]).tolist()
        with pytest.raises(SettingError, match=r"threshold.fdr: .* nearly its own reversal: .* got"):
            Match(**self.stage(template=palindrome, threshold={"fdr": 0.1})).open(MONO)
        Match(**self.stage(threshold={"fdr": 0.1})).open(MONO)

    @pytest.mark.parametrize(
        ("settings", "match"),
        [
            ({"score": "correlation"}, "score: correlation is of waveforms: .*; take score: ncc"),
            ({"channels": "sum"}, "channels: sum is of waveforms: .* scored by 'each' or 'mean'"),
            ({"domain": "waveform", "spectrogram": {}}, "'spectrogram' belongs to domain: spectrogram"),
        ],
    )
    def test_settings_that_do_not_go_together_are_refused(self, settings, match):
        with refused(match, ""):
            Match(**self.stage(**settings))

    @pytest.mark.parametrize(
        ("settings", "match"),
        [
            ({"window": "0.1 ms"}, "spectrogram: window: must be at least 2 frames at 8000 Hz, got 0.0001 s"),
            ({"hop": "0.01 ms"}, "spectrogram: hop: must be 1 frame to the window's 160, got 1e-05 s: 0"),
            ({"hop": "21 ms"}, "spectrogram: hop: must be 1 frame to the window's 160, got 0.021 s: 168"),
            ({"high": "5 kHz"}, "spectrogram: high: must be at most half of 8000 Hz, got 5000 Hz"),
            (
                {"low": 110, "high": 140},
                "spectrogram: no bin lies from 110 to 140 Hz: bins lie 50 Hz apart, take a wid",
            ),
            ({"window": "0.3 s"}, "template: t0: lasts 1600 frames, a window of the spectrogram 2400; take a longer"),
            ({"floor": "0 dB"}, r"template: t0: is below 1 \(the floor\) in the whole band; lower the floor or widen"),
        ],
    )
    def test_a_grid_that_does_not_fit_is_refused(self, settings, match):
        with pytest.raises(SettingError, match=match):
            Match(**self.stage(spectrogram=settings)).open(MONO)

    def test_a_band_is_of_the_bins_from_low_to_high(self):
        grid = SpectrogramSettings(low=100, high=200).grid(MONO)
        assert (grid.window, grid.hop, grid.first, grid.stop, grid.floor) == (160, 40, 2, 5, 1e-4)
        assert SpectrogramSettings().grid(MONO).stop == 81

    def test_the_plan_says_how(self):
        (note,) = make_plan([Match(**self.stage())], MONO, Options()).stages[0].notes
        assert note.startswith("spectrogram of windows of 160 frames every 40, 81 bins; 1 template: fft 512, ")


class TestSettings:
    def test_a_distance_of_no_frame_is_refused(self):
        with pytest.raises(SettingError, match="min_distance: must be at least one frame, got 0 s"):
            Match(template=T.tolist(), min_distance="0 s").open(MONO)

    def test_a_template_that_cannot_be_scored_is_named(self):
        with pytest.raises(SettingError, match=r"template: .*constant"):
            Match(template=[1, 1, 1]).open(MONO)
        with pytest.raises(SettingError, match=r"template: .*3 channels, the signal 2"):
            Match(template=noise(9, 3).tolist()).open(STEREO)

    def test_a_score_that_is_not_known_is_refused(self):
        with refused("'ncc', 'correlation' or 'matched_filter'", "score"):
            Match(template=[1, 2], score="zncc")


def test_the_plan_says_how_and_how_much_memory():
    plan = make_plan([Match(template=T.tolist())], MONO, Options(threads=2))
    assert plan.latency == 39
    assert plan.threads == 2
    assert "fft 8192, blocks of 8153 windows" in plan.stages[0].notes[0]
    assert 90e6 < plan.memory() < 200e6


def test_a_plan_and_its_run_read_the_templates_once_and_the_next_plan_reads_them_again(tmp_path, monkeypatch):
    file, read, x = tmp_path / "call.npy", [], recording()
    np.save(file, T)

    def load(sources, fmt):
        read.append(sources[0].file.name)
        return module_load(sources, fmt)

    module_load = module.load_templates
    monkeypatch.setattr(module, "load_templates", load)
    stage = Match(template=str(file))

    def planned_and_run():
        plan = make_plan([stage], MONO)
        assert plan.memory() > 0
        return plan, np.concatenate(list(stream(plan, [x])))

    plan, first = planned_and_run()
    assert read == ["call.npy"]
    np.testing.assert_array_equal(first[: len(x) - 39], match_scores(x, T))
    list(stream(plan, [x]))
    assert read == ["call.npy"]
    np.save(file, T[::-1])
    np.testing.assert_array_equal(planned_and_run()[1][: len(x) - 39], match_scores(x, T[::-1]))
    np.save(tmp_path / "other.npy", T[:20])
    other = plan.stages[0].stage.model_copy(update={"template": Match(template=str(tmp_path / "other.npy")).template})
    assert other.search(MONO).latency == 19
    assert plan.stages[0].stage.search(STEREO).channels_out == 2
    assert read == ["call.npy", "call.npy", "other.npy", "call.npy"]
