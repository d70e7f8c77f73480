"""On real recordings with known truth, thresholds from the reversed template keep what is there and little else."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from pipeline.match.events import events_of
from pipeline.stages.templates import Template
from pipeline.stages.threshold import Threshold, check_decoys

from .helpers import search

SHARED = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the recordings are kept beside the repository")


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
