"""On real recordings with known truth, thresholds from the reversed template keep what is there and little else."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from pipeline.match.found import events_of
from pipeline.stages.base import Format
from pipeline.stages.base.templates import Template
from pipeline.stages.base.threshold import Threshold, check_decoys
from pipeline.stages.match import Match

from .helpers import search, searched

SHARED = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the recordings are kept beside the repository")


def boxes(name, label):
    """Start and end in s of what is annotated with a label: (n, 2)."""
    with (SHARED / name).open() as file:
        rows = [row for row in csv.DictReader(file) if row["label"] == label]
    return np.array([(float(row["start_s"]), float(row["end_s"])) for row in rows])


def matched(name, **settings):
    """Events of `match` in a recording."""
    x, fs = sf.read(SHARED / name, always_2d=True)
    stage = Match(**settings)
    processor = stage.open(Format(fs, x.shape[1]))
    processor.process(x)
    processor.flush()
    return events_of(processor.detection(), stage.threshold).events


def hits(events, boxes, least=0.5):
    """How many boxes were found and how many events are false: an event finds a box that it covers by half."""
    spans = np.array([(event.start_s, event.end_s) for event in events]).reshape(-1, 1, 2)
    overlap = np.minimum(spans[..., 1], boxes[:, 1]) - np.maximum(spans[..., 0], boxes[:, 0])
    covers = overlap >= least * (boxes[:, 1] - boxes[:, 0])
    return int(covers.any(axis=0).sum()), int((~covers.any(axis=1)).sum())


@pytest.fixture(scope="module")
def heart():
    """Ten minutes of an electrocardiogram, the times of its beats in s, and the search for one of them."""
    x, fs = sf.read(SHARED / "timeseries" / "ecg" / "mitdb100_MLII.wav")
    with (SHARED / "timeseries" / "ecg" / "mitdb100.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["is_beat"] == "1" and 1 < float(row["start_s"]) < 599]
    beats = np.array([float(row["start_s"]) for row in rows])
    start = round((beats[5] - 0.25) * fs)
    beat = x[start : start + 234]
    return beats, beat, search(x, beat, fs)


@pytest.mark.parametrize("setting", [{"false_alarms": "1 per minute"}, {"false_alarms": "1 per hour"}, {"fdr": "5%"}])
def test_the_beats_of_a_heart_are_found_and_nothing_else(heart, setting):
    beats, beat, detection = heart
    threshold = Threshold(**setting)
    check_decoys(threshold, [Template("beat", beat[:, None])])  # its asymmetry is 0.2
    starts = np.array([event.start_s for event in events_of(detection, threshold).events])
    away = (starts[:, None] + 0.25 - beats).round(3)
    false = int((np.abs(away).min(axis=1) > 0.05).sum())
    missed = int((np.abs(away).min(axis=0) > 0.05).sum())
    assert missed <= 0.015 * len(beats)
    assert false <= 2


def test_kicks_that_repeat_are_found_in_a_loop():
    x, fs = sf.read(SHARED / "music" / "flloop.wav")
    x = x.mean(axis=1)
    found = events_of(search(x, x[54000:58000], fs), Threshold(false_alarms="1 per minute"))
    np.testing.assert_allclose([event.start_frame for event in found.events], [54000, 94500], atol=3)


@pytest.mark.parametrize(("label", "count"), [("kick", 3), ("snare", 2)])
def test_every_hit_of_a_drum_is_found_from_one_of_them(label, count):
    truth = boxes("music/flloop.hits.csv", label)
    assert len(truth) == count
    for start, end in truth:
        template = {"file": str(SHARED / "music" / "flloop.wav"), "start": start, "end": end}
        events = matched("music/flloop.wav", template=[template], channels="sum", threshold={"score": 0.9})
        assert [event.start_s for event in events] == pytest.approx(truth[:, 0], abs=0.001)


def test_beats_of_a_heart_are_found_by_a_score_from_one_of_them(heart):
    beats, beat, _ = heart
    x, fs = sf.read(SHARED / "timeseries" / "ecg" / "mitdb100_MLII.wav")
    starts = searched(x, [beat], fs, floor=0.8).peaks.frame / fs
    away = np.abs(starts[:, None] + 0.25 - beats)
    inside = (starts > 0.8) & (starts < 598.7)
    assert len(beats) == 758
    assert int((away.min(axis=0) <= 0.05).sum()) >= 757
    assert int((away.min(axis=1)[inside] > 0.05).sum()) <= 2


class TestSpectrograms:
    """The counts in the table of docs/matching.md."""

    TRILL = "bio/spinetail.wav"
    SURVEY = "bio/monitor_survey.wav"

    def trill(self, place, **settings):
        truth = boxes("bio/spinetail.csv", "CRER")
        start, end = truth[place]
        template = {"file": str(SHARED / self.TRILL), "start": start, "end": end}
        return hits(matched(self.TRILL, template=[template], **settings), truth)

    @pytest.mark.parametrize("place", range(4))
    @pytest.mark.parametrize("threshold", [{"score": 0.4}, {"fdr": "30%"}])
    def test_all_trills_are_found_from_any_of_them(self, place, threshold):
        band = {"low": "2.5 kHz", "high": "9 kHz"}
        assert self.trill(place, domain="spectrogram", spectrogram=band, threshold=threshold) == (4, 0)

    @pytest.mark.parametrize("place", range(4))
    def test_as_waveforms_a_trill_finds_itself_alone(self, place):
        assert self.trill(place, threshold={"score": 0.2}) == (1, 0)

    @pytest.mark.parametrize(
        ("label", "part", "spectrogram", "score", "counts"),
        [
            ("BTNW", ("0.7 s", "2.3 s"), {"low": 3500, "high": 6500, "floor": "-50 dB"}, 0.2, (3, 0)),
            ("BTNW", ("0.7 s", "2.3 s"), {"low": 3500, "high": 6500}, 0.4, (2, 0)),
            ("OVEN", ("0.5 s", "3.7 s"), {"low": 2500, "high": 9500}, 0.4, (3, 0)),
        ],
    )
    def test_songs_are_found_by_songs_of_other_recordings(self, label, part, spectrogram, score, counts):
        template = {"file": str(SHARED / f"bio/monitor_{label.lower()}.wav"), "start": part[0], "end": part[1]}
        settings = {"domain": "spectrogram", "spectrogram": spectrogram, "threshold": {"score": score}}
        truth = boxes("bio/monitor_survey.csv", label)
        assert hits(matched(self.SURVEY, template=[template], **settings), truth) == counts

    @pytest.mark.parametrize(("label", "most"), [("BTNW", 0.2), ("OVEN", 0.05)])
    def test_as_waveforms_these_songs_are_not_found(self, label, most):
        x, fs = sf.read(SHARED / self.SURVEY)
        template, _ = sf.read(SHARED / f"bio/monitor_{label.lower()}.wav")
        assert searched(x, [template], fs).peaks.score.max() <= most + 0.001
