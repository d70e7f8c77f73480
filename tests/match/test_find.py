"""`find_matches`, jobs that hand out events, and what is refused before any work."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
import soundfile as sf

from pipeline import find_matches, match_scores
from pipeline.config.load import parse_config
from pipeline.errors import ConfigError, ReadError, SettingError, SignalError, UsageError
from pipeline.job import Hooks, Job, run_job

from .helpers import chirp, coloured

FS, M = 8000, 400
STARTS = (3_000, 12_345, 30_000)


def scene(channels=1, frames=80_000):
    x = np.stack([coloured(frames, seed) for seed in range(channels)], axis=1)
    for start in STARTS:
        x[start : start + M, 0] += 20 * chirp(M)
    return 0.02 * x


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sf.write("scene.wav", scene(2), FS, subtype="FLOAT")
    sf.write("call.wav", chirp(M), FS, subtype="FLOAT")
    return tmp_path


def job(**settings):
    given = {"template": "call.wav", **settings}
    stage = "\n".join(f"    {key}: {json.dumps(value)}" for key, value in given.items())
    return Job.of(parse_config(f"version: 1\nnonfinite: propagate\nstages:\n  - use: match\n{stage}\n").settings)


def starts(found):
    return [event.start_frame for event in found.events]


# ---- find_matches ---------------------------------------------------------------------------------------------------


def test_a_template_is_found_where_it_was_put():
    x = scene()[:, 0]
    found = find_matches(x, chirp(M), FS)
    assert starts(found) == list(STARTS)
    scores = match_scores(x, chirp(M))
    assert [event.score for event in found.events] == [scores[start] for start in STARTS]
    assert [event.start_s for event in found.events] == [start / FS for start in STARTS]
    assert found.file == ""


def test_a_slice_is_found_where_it_was_cut_from_with_score_1(place):
    source = {"file": "scene.wav", "start": f"{STARTS[1]} samples", "length": f"{M} samples"}
    found = find_matches("scene.wav", source, channels="sum")
    best = max(found.events, key=lambda event: event.score)
    assert (best.start_frame, best.template) == (STARTS[1], f"scene@{STARTS[1]}samples")
    assert best.score == pytest.approx(1, abs=1e-12)


def test_a_file_and_its_samples_give_the_same_events(place):
    samples, _ = sf.read("scene.wav")
    settings = {"threshold": "5 per minute", "polarity": "both", "min_distance": "100 ms", "channels": "mean"}
    from_file, from_array = (
        find_matches("scene.wav", "call.wav", **settings),
        find_matches(samples, "call.wav", FS, **settings),
    )
    assert from_file.file == "scene.wav"
    assert [replace(event, file="") for event in from_file.events] == list(from_array.events)
    assert from_file.how == from_array.how
    assert len(from_file.events) >= 3


def test_several_templates_and_a_distance_in_frames():
    x = scene()[:, 0]
    other = coloured(300, 99)
    x[20_000:20_300] += other
    found = find_matches(x, [chirp(M), other], threshold={"score": 0.7}, min_distance=50)
    assert [(event.start_frame, event.template) for event in found.events] == [
        (3_000, "t0"), (12_345, "t0"), (20_000, "t1"), (30_000, "t0"),
    ]  # fmt: skip


def test_a_gap_is_no_error_and_is_told():
    x = scene()[:, 0]
    x[20_000] = np.nan
    found = find_matches(x, chirp(M), FS)
    assert starts(found) == list(STARTS)
    assert [(gap.start_s, gap.end_s, gap.status) for gap in found.unscored] == [
        ((20_000 - M + 1) / FS, 20_001 / FS, "gap")
    ]


@pytest.mark.parametrize("frames", [0, 1, M - 1])
def test_a_signal_shorter_than_the_template_has_no_events(frames):
    assert find_matches(np.zeros(frames), chirp(M)).events == ()


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"threshold": -1}, r"^threshold: must be at least 0\.0, got -1"),
        ({"threshold": "loud"}, "^threshold: must be a number, or one of .*, got 'loud'"),
        (
            {"threshold": "1 per hour", "template": np.hanning(50)},
            r"^threshold\.false_alarms: the template 't0' is nea",
        ),
        (
            {"threshold": "1 per hour", "x": lambda: coloured(2 * M, 5)},
            r"^threshold\.false_alarms: the reversed template 't0' has",
        ),
        ({"min_distance": "5 m"}, "^min_distance: '5 m' is ambiguous"),
        ({"min_distance": 0}, "^min_distance: must be at least one frame"),
        ({"score": "nice"}, "^score: must be 'ncc', 'correlation' or 'matched_filter', got 'nice'"),
        ({"template": np.ones(50)}, "^template: t0: is constant"),
        ({"template": "no.wav"}, "^template: cannot read no.wav: No such file"),
        ({"template": []}, "^template: "),
        ({"tresshold": 0.9}, "^tresshold: unknown setting of 'match'; did you mean 'threshold'"),
        (
            {"domain": "spectrogram", "spectrogram": {"low": "1e308 Hz"}},
            r"^spectrogram: no bin lies from 1e\+308 to \d+ Hz",
        ),
    ],
)
def test_what_cannot_be_is_said_without_a_stage(settings, match):
    given = {"x": lambda: scene()[:, 0], "template": chirp(M), **settings}
    with pytest.raises(SettingError, match=match):
        find_matches(given.pop("x")(), given.pop("template"), FS, **given)


def test_what_is_no_signal_is_refused():
    with pytest.raises(SignalError, match="floating-point samples, got int64"):
        find_matches(np.arange(1000), chirp(M))
    with pytest.raises(ReadError, match=r"no\.wav: no such file"):
        find_matches("no.wav", chirp(M))


# ---- jobs -----------------------------------------------------------------------------------------------------------


def test_a_job_hands_out_the_events_that_find_matches_finds_and_writes_every_format(place):
    files = [f"out/deep/e{end}" for end in (".csv", ".jsonl", ".parquet", ".txt", ".selections.txt")]
    report = run_job(job(threshold="fdr 50%"), "scene.wav", None, events=files)
    assert report.written is None
    found = find_matches("scene.wav", "call.wav", threshold="fdr 50%")
    (search,) = report.events
    np.testing.assert_array_equal(search.thresholds, found.thresholds)
    assert replace(search, thresholds=None) == replace(found, thresholds=None)
    rows = list(csv.DictReader((place / files[0]).read_text().splitlines()))
    assert [int(row["start_frame"]) for row in rows] == starts(report.events[0])
    assert sorted(path.name for path in (place / "out/deep").iterdir()) == sorted(f.rpartition("/")[2] for f in files)


def test_the_output_of_a_job_with_events_is_the_track_of_scores(place):
    report = run_job(job(channels="sum"), "scene.wav", "track.npy", events=["e.csv"])
    track = np.load("track.npy")
    assert len(track) == report.frames_in
    for event in report.events[0].events:
        assert track[event.start_frame, 0] == event.score


def test_two_stages_share_a_file_and_a_disabled_one_keeps_its_place(place):
    text = """\
version: 1
stages:
  - {use: gain, gain: 2, enabled: false}
  - {use: match, template: call.wav, threshold: 0.7}
  - {use: match, template: [0, 0, 1, 0, 0.5], threshold: 0.5}
"""
    report = run_job(Job.of(parse_config(text).settings), "scene.wav", None, events=["e.txt"])
    first, second = report.events
    assert [first.templates, second.templates] == [("call",), ("t0",)]
    assert len((place / "e.txt").read_text().splitlines()) == len(first.events) + len(second.events) > 3


def test_events_stand_on_the_timeline_of_the_input(place):
    text = """\
version: 1
stages:
  - {use: smooth, window: savgol, length: 5 samples, phase: zero}
  - {use: match, template: call.wav, threshold: 0.7}
"""
    report = run_job(Job.of(parse_config(text).settings), "scene.wav", None)
    assert starts(report.events[0]) == list(STARTS)


@pytest.mark.parametrize("frames", [0, 1, M - 1])
def test_too_short_a_recording_gives_valid_files_without_events(place, frames):
    sf.write("short.wav", np.zeros(frames), FS)
    run_job(job(), "short.wav", None, events=["e.csv", "e.jsonl"])
    assert (place / "e.csv").read_text().count("\n") == 1
    assert (place / "e.jsonl").read_text() == ""


def test_a_recording_of_gaps_gives_valid_files_without_events(place):
    sf.write("gaps.wav", np.full(2000, np.nan), FS, subtype="FLOAT")
    report = run_job(job(), "gaps.wav", None, events=["e.csv"])
    assert [gap.status for gap in report.events[0].unscored] == ["gap"]
    assert (place / "e.csv").read_text().count("\n") == 1


@pytest.mark.parametrize(
    ("events", "match"),
    [
        (["e.cvs"], r"e\.cvs: unknown extension '\.cvs' of an event file; .*did you mean \.csv"),
        (["taken.csv"], "taken.csv: exists already; give overwrite=True, or give another name"),
        (["scene.wav"], "scene.wav: the output is an input"),
        (["link.csv"], "link.csv: the output is an input"),
        (["e.csv", "./e.csv"], r"e\.csv: two outputs would have this name; give each its own"),
        (["out.csv"], "out.csv: two outputs would have this name"),
    ],
)
def test_what_cannot_be_written_is_refused_before_any_work(place, events, match):
    (place / "taken.csv").write_text("mine")
    (place / "link.csv").symlink_to("scene.wav")
    before = sorted(place.iterdir())
    with pytest.raises(UsageError, match=match):
        run_job(job(), "scene.wav", "out.csv" if events == ["out.csv"] else None, events=events, hooks=Hooks(_no_work))
    assert sorted(place.iterdir()) == before
    assert (place / "taken.csv").read_text() == "mine"


def _no_work(*_):
    pytest.fail("the recording was read")


def test_a_threshold_that_cannot_be_set_costs_no_file(place):
    sf.write("short.wav", 0.1 * coloured(1000, 3), FS)
    (place / "e.csv").write_text("mine")
    with pytest.raises(SettingError, match=r"^stages\[0\]\.threshold\.false_alarms: the reversed template 'call' has"):
        run_job(job(threshold="1 per hour"), "short.wav", "track.npy", events=["e.csv"], overwrite=True)
    assert (place / "e.csv").read_text() == "mine"
    assert not (place / "track.npy").exists()


def test_events_without_a_match_stage_are_an_error_of_the_configuration():
    text = "version: 1\nstages:\n  - {use: gain, gain: 2}\n  - {use: match, template: [1, 2], enabled: false}\n"
    with pytest.raises(ConfigError, match=r"c\.yaml:5:9: events: there is nothing to find: .* a stage 'match'"):
        parse_config(f"{text}events: e.csv\n", "c.yaml")


@pytest.mark.parametrize(
    ("events", "match"),
    [
        ("{'stm'}", "events"),
        ("'out/{stm}.csv'", r"events: unknown name '{stm}' in the output; did you mean '{stem}'"),
        ("['a.csv', '']", r"events\[1\]: must be a path such as"),
        ("3", "events: must be a list, got 3"),
    ],
)
def test_events_are_a_template_or_several(events, match):
    with pytest.raises(ConfigError, match=match):
        parse_config(f"version: 1\nstages: [{{use: match, template: [1, 2]}}]\nevents: {events}\n")


def test_a_spectrogram_is_searched_as_the_stage_does():
    x = scene()[:, 0]
    found = find_matches(x, x[8000:12000], FS, domain="spectrogram", spectrogram={"low": FS / 8}, threshold=0.99)
    assert found.band == (FS / 8, FS / 2)
    assert [event.start_frame for event in found.events] == [8000]
