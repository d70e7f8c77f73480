"""Events say where, when and how sure; their thresholds say how they were set."""

from __future__ import annotations

import sys
from math import erfc, sqrt

import numpy as np
import pytest

from pipeline.dsp.detection import STATUSES, Detection, Regions
from pipeline.dsp.thresholds import Null
from pipeline.errors import SettingError, UsageError
from pipeline.match.events import Event, Unscored
from pipeline.match.found import events_of
from pipeline.stages.base.threshold import Threshold

from .helpers import NO_REGIONS, chirp, coloured, columns, search

FS = 48000.0


def detection(**settings):
    """Two templates of 100 and 31 frames, two channels, four peaks."""
    peaks = columns(
        [480, 480, 2**40, 2**40 + 7],
        [0.9, -0.8, 0.6, 0.3],
        templates=[0, 1, 1, 0],
        channels=[1, 0, 1, 0],
        offsets=[0.25, -0.5, 0.0, 0.1],
    )
    given = {
        "fs": FS, "frames": 2**40 + 48000, "templates": ("wren", "robin"), "lengths": (100, 31), "peaks": peaks,
        "regions": NO_REGIONS,
    }  # fmt: skip
    return Detection(**{**given, **settings})


def many(scores, seed=0, **settings):
    """One template with these peaks and 1000 decoys."""
    decoys = np.random.default_rng(seed).uniform(0.0, 0.5, 1000)
    return Detection(
        fs=100.0,
        frames=360_000,
        templates=("t",),
        lengths=(10,),
        peaks=columns(np.arange(len(scores)) * 20, scores),
        regions=NO_REGIONS,
        **{"decoys": columns(np.arange(1000) * 20, decoys), **settings},
    )


def test_an_event_has_its_times_from_whole_frames_and_is_known_at_its_last():
    found = events_of(detection(), Threshold(score=0.6), "a.wav")
    assert found.events[0] == Event(
        file="a.wav",
        template="wren",
        channel=1,
        start_s=0.01,
        end_s=580 / FS,
        start_frame=480,
        peak_s=579 / FS,
        score=0.9,
        polarity="positive",
        offset=0.25,
        status="ok",
        expected_false_alarms=None,
    )
    assert [(e.template, e.channel, e.polarity) for e in found.events[1:]] == [
        ("robin", 0, "negative"),
        ("robin", 1, "positive"),
    ]
    assert found.events[2].start_frame == 2**40
    assert found.candidates == 4
    assert found.decoys is None
    assert found.false_alarms_per_hour is None
    assert found.how == "|score| of at least 0.6, as set."
    assert (found.file, found.fs, found.frames, found.templates) == ("a.wav", FS, 2**40 + 48000, ("wren", "robin"))
    assert found.thresholds.tolist() == [[0.6, 0.6], [0.6, 0.6]]


def test_no_peaks_are_no_events():
    found = events_of(detection(peaks=columns([], [])), Threshold(score=0))
    assert found.events == ()
    assert found.candidates == 0


def test_windows_without_a_score_are_told_in_seconds():
    regions = Regions(
        start=np.array([0, 480]),
        stop=np.array([48000, 481]),
        channel=np.array([0, 1], np.int32),
        template=np.array([1, 0], np.int32),
        status=np.array([STATUSES.index("flat"), STATUSES.index("gap")], np.uint8),
    )
    found = events_of(detection(regions=regions), Threshold(score=0.5))
    assert found.unscored == (Unscored("robin", 0, 0.0, 1.0, "flat"), Unscored("wren", 1, 0.01, 481 / FS, "gap"))


def test_mad_is_so_many_medians_of_each_template_and_channel():
    median = np.array([[0.04, 0.1], [0.11, 0.05]])
    found = events_of(detection(median=median), Threshold(mad=8))
    np.testing.assert_allclose(found.thresholds, 8 * median)
    assert [e.template for e in found.events] == ["wren", "robin"]
    assert found.how.startswith("8 times the median |score|; Gaussian scores at 48000 Hz would reach it in at most 11")
    assert found.false_alarms_per_hour == pytest.approx(4 * 11.76, rel=0.01)
    with pytest.raises(ValueError, match="needs the median"):
        events_of(detection(), Threshold(mad=8))


def test_mad_of_a_spectrogram_counts_a_window_a_hop():
    found = events_of(detection(median=np.full((2, 2), 0.1), hop=240), Threshold(mad=8))
    an_hour = 48000 / 240 * erfc(8 * 0.67448975 / sqrt(2)) * 3600
    assert an_hour == pytest.approx(0.049, abs=5e-4)
    assert found.how.endswith(
        "Gaussian scores at 200 Hz would reach it in at most 0.0491 windows an hour, for each template and channel."
    )
    assert found.false_alarms_per_hour == pytest.approx(4 * an_hour, rel=1e-6)


def test_a_rate_is_counted_in_the_decoys():
    # one hour, 1000 decoys: 25 an hour is the 25th
    scores = np.linspace(0, 1, 400)
    search = many(scores)
    found = events_of(search, Threshold(false_alarms="25 per hour"))
    size = np.sort(search.decoys.score)[-25]
    assert found.thresholds.tolist() == [[size]]
    assert len(found.events) == (scores >= size).sum()
    assert found.false_alarms_per_hour == pytest.approx(25)
    assert found.how == (
        "25 per hour in all, 25 in these 3600 s, by 1000 peaks of the reversed templates; "
        "the rate is known to within a factor of about 1.2."
    )
    assert found.decoys == 1000
    null = Null(search.decoys.score)
    assert [e.expected_false_alarms for e in found.events] == [float(null.expected(e.score)) for e in found.events]
    assert max(e.expected_false_alarms for e in found.events) <= 25


def test_each_template_and_channel_gets_an_equal_share_of_the_rate():
    rng = np.random.default_rng(1)
    n, quiet, loud = 500, rng.uniform(0, 0.2, 500), rng.uniform(0, 0.8, 500)
    frames = np.arange(2 * n)
    decoys = columns(frames, np.concatenate([quiet, loud]), templates=np.repeat([0, 1], n))
    peaks = columns([5, 6, 7], [0.3, 0.3, 0.9], templates=[0, 1, 1])
    found = events_of(detection(fs=1.0, frames=3600, peaks=peaks, decoys=decoys), Threshold(false_alarms="60 per hour"))
    assert found.thresholds[:, 0].tolist() == [np.sort(quiet)[-30], np.sort(loud)[-30]]
    assert [(e.template, e.start_frame) for e in found.events] == [("wren", 5), ("robin", 7)]
    assert found.false_alarms_per_hour == pytest.approx(60)
    assert found.events[0].expected_false_alarms == pytest.approx(2 * float(Null(quiet).expected(0.3)))


def test_a_rate_beyond_all_decoys_takes_every_peak():
    found = events_of(many([0.0, 0.1]), Threshold(false_alarms="1000 per hour"))
    assert len(found.events) == 2


def test_too_few_decoys_are_refused_and_say_what_to_do():
    few = columns(np.arange(39), np.linspace(0, 0.5, 39))
    match = (
        r"threshold\.false_alarms: the reversed template 't' has 39 peaks in channel 0, at least 40 are needed .*"
        r"longer recording.*or set threshold: 0\.7 or mad 8"
    )
    with pytest.raises(SettingError, match=match):
        events_of(many([0.9], decoys=few), Threshold(false_alarms="1 per hour"))
    assert events_of(many([0.9], decoys=few), Threshold(fdr="5%")).events == ()
    with pytest.raises(SettingError, match="has 0 peaks"):
        events_of(many([0.9], decoys=columns([], [])), Threshold(false_alarms="1 per hour"))


def test_silence_has_no_decoys_and_no_events_and_is_no_error():
    nothing = columns([], [])
    found = events_of(detection(peaks=nothing, decoys=nothing), Threshold(false_alarms="1 per day"))
    assert found.events == ()
    assert np.isinf(found.thresholds).all()


@pytest.mark.parametrize("way", ["false_alarms", "fdr"])
def test_without_decoys_these_cannot_be_set(way):
    setting = {"false_alarms": "1 per hour"} if way == "false_alarms" else {"fdr": 0.1}
    with pytest.raises(ValueError, match="search with the reversed templates too"):
        events_of(detection(), Threshold(**setting))


def test_a_false_discovery_rate_is_one_threshold_for_all_and_says_its_sum():
    found = events_of(many(np.linspace(0.52, 0.99, 40)), Threshold(fdr="5%"))
    assert len(found.events) == 40
    assert found.how == (
        "False discovery rate of at most 0.05: 40 peaks of the templates reach it and 0 of the reversed, "
        "so (1 + 0) / 40 = 0.025."
    )
    nothing = events_of(many(np.linspace(0.52, 0.99, 19)), Threshold(fdr="5%"))
    assert nothing.events == ()
    assert nothing.how.startswith("No event: no threshold has peaks enough for a false discovery rate of 0.05")


def test_scores_without_a_bound_have_a_tail_of_their_own():
    scores, rng = np.array([300.0, 40.0]), np.random.default_rng(2)
    decoys = columns(np.arange(1000), 10 * np.sqrt(rng.exponential(size=1000)))
    found = events_of(many(scores, decoys=decoys, bounded=False), Threshold(false_alarms="0.1 per hour"))
    assert 25 < found.thresholds[0, 0] < 45  # 10 sqrt(log(1000 / 0.1)) = 30.3 if the mean were known
    assert found.events[0].score == 300


def test_a_template_is_found_at_the_frame_it_was_cut_from():
    x, t = coloured(30_000, 0), chirp(200)
    x[12345:12545] += 20 * t
    found = events_of(search(x, x[12345:12545].copy()), Threshold(false_alarms="1 per hour"))
    assert [event.start_frame for event in found.events] == [12345]
    assert found.events[0].score == pytest.approx(1.0, abs=1e-9)
    assert found.events[0].expected_false_alarms < 1e-3


def test_events_are_a_sequence_of_event():
    found = events_of(detection(), Threshold(score=0.6), "a.wav")
    assert (len(found), list(found)) == (3, list(found.events))
    assert found[0] is found.events[0]
    assert found[-1] is found.events[-1]
    assert found[1:] == found.events[1:]
    none = events_of(detection(), Threshold(score=2.0))
    assert (len(none), list(none), none.to_dicts()) == (0, [], [])


def test_events_become_dictionaries_and_a_data_frame():
    found = events_of(detection(), Threshold(score=0.6), "a.wav")
    rows = found.to_dicts()
    assert [Event(**row) for row in rows] == list(found)
    pandas = pytest.importorskip("pandas")
    frame = found.to_dataframe()
    pandas.testing.assert_frame_equal(frame, pandas.DataFrame(rows))
    assert list(events_of(detection(), Threshold(score=2.0)).to_dataframe()) == list(rows[0])


def test_a_data_frame_without_pandas_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UsageError, match=r"a data frame needs pandas; install it: pip install pandas$"):
        events_of(detection(), Threshold(score=0.6)).to_dataframe()
