"""Labels as templates, and as the truth that a search is counted against."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from faltung_events.scoring import scored, total

from pipeline import Label, Match, Pipeline, search
from pipeline.errors import ReadError, SettingError
from pipeline.io.clock import Clock
from pipeline.match.writers import write_events
from pipeline.stages.base import Format
from pipeline.stages.base.templates import load_templates
from tests.cli.conftest import Done, faltung, place  # noqa: F401
from tests.events.test_formats import FS as RATE
from tests.events.test_formats import found
from tests.events.test_reading import put
from tests.match.helpers import chirp, coloured

Faltung = Callable[..., Done]
FS, M, STARTS = 8000, 400, (3_000, 12_345, 30_000)


@pytest.fixture
def calls(place: Path) -> Path:  # noqa: F811
    """``day.wav`` with three calls in its second channel, their labels, and ``call.wav``."""
    x = np.stack([0.02 * coloured(40_000, seed) for seed in (1, 2)], axis=1)
    for start in STARTS:
        x[start : start + M, 1] += 0.4 * chirp(M)
    sf.write("day.wav", x, FS, subtype="FLOAT")
    sf.write("call.wav", chirp(M), FS, subtype="FLOAT")
    lines = [f"{start / FS}\t{(start + M) / FS}\twren\n" for start in STARTS]
    (place / "day.txt").write_text("".join(lines))
    return place


# ---- hits, misses, false alarms -------------------------------------------------------------------------------------


def counts(events, labels, tolerance_s=0.05, tmp=None, **more):
    path = put(tmp, "t.jsonl", "".join(json.dumps(label) + "\n" for label in labels))
    spans = [(round(start * RATE), round(start * RATE) + 10, "a") for start in events]
    told = scored([found(*spans)], "day.wav", (), path, tolerance_s, more.get("text"))
    assert len(told.hits) + len(told.false_alarms) == len(events)
    return len(told.hits), len(told.missed), len(told.false_alarms)


def at(start, **more):
    return {"start_s": start, "end_s": start, **more}


@pytest.mark.parametrize(
    ("events", "labels", "expected"),
    [
        ([], [], (0, 0, 0)),
        ([1.0], [1.05], (1, 0, 0)),
        ([1.0], [1.0502], (0, 1, 1)),
        ([1.0, 1.01], [1.0], (1, 0, 1)),  # one label is no two hits
        ([1.0], [0.99, 1.01], (1, 1, 0)),  # nor one event
        ([1.0, 1.04], [0.96, 1.0], (2, 0, 0)),  # the nearest pair would leave the others alone
        ([1.0, 1.04], [1.03, 1.08], (2, 0, 0)),
        ([0.0, 5.0], [5.0, 9.0], (1, 1, 1)),
    ],
)
def test_events_and_labels_are_paired_one_to_one(tmp_path, events, labels, expected):
    assert counts(events, [at(label) for label in labels], tmp=tmp_path) == expected


def test_as_many_are_paired_as_can_be(tmp_path):
    sparse = pytest.importorskip("scipy.sparse")
    rng = np.random.default_rng(3)
    for _ in range(60):
        events, labels = (np.sort(rng.uniform(0, 2, rng.integers(1, 25))).round(3) for _ in range(2))
        near = np.abs(np.round(events * RATE)[:, None] / RATE - labels) <= 0.08 + 1e-9
        partner = sparse.csgraph.maximum_bipartite_matching(sparse.csr_matrix(near), perm_type="column")
        hits = int((partner >= 0).sum())
        assert counts(events, [at(float(one)) for one in labels], 0.08, tmp=tmp_path) == (
            hits, len(labels) - hits, len(events) - hits,
        )  # fmt: skip


def test_a_label_of_another_recording_another_channel_or_another_text_does_not_count(tmp_path):
    labels = [at(1.0, file="other/night.wav"), at(2.0, file="c:\\rec\\day.wav"), at(3.0, template="tit")]
    assert counts([1.0, 2.0, 3.0], labels, tmp=tmp_path) == (2, 0, 1)
    assert counts([1.0, 2.0, 3.0], labels, tmp=tmp_path, text="t*") == (1, 0, 2)
    elsewhere = [at(1.0, channel=1, start_frame=0), at(2.0, channel=0, start_frame=0)]
    assert counts([1.0, 2.0], elsewhere, tmp=tmp_path) == (1, 1, 1)


def test_a_label_of_any_channel_leaves_the_event_to_the_label_of_its_channel(tmp_path):
    path = put(tmp_path, "t.jsonl", '{"start_s": 1.0}\n{"start_s": 1.0, "channel": 0, "start_frame": 44100}\n')
    search = found((44_100, 44_110, "a"), (44_100, 44_110, "a"))
    both = replace(search, events=(search.events[0], replace(search.events[1], channel=1)))
    told = scored([both], "day.wav", (), path, 0.05, None)
    assert (len(told.hits), len(told.missed), len(told.false_alarms)) == (2, 0, 0)


def test_labels_with_a_true_time_alone_are_found_by_the_clock_of_the_recording(tmp_path):
    clock = Clock("2 records", RATE, 1e-6, 0, (0, 44_100), (10**18, 10**18 + 3 * 10**9))  # 2 s are missing
    frames = (0, 44_099, 44_100, 50_000)
    assert [clock.frame(clock.ns(frame)) for frame in frames] == pytest.approx(frames, abs=1e-4)
    assert clock.frame(10**18 + 2 * 10**9) == 44_100
    lines = [f"{clock.utc(frame)},P\n" for frame in (22_050, 66_150)] + [
        "2001-09-09T01:00:00Z,P\n",
        "2001-09-09T03:46:40.25+02:00,P\n",
    ]
    path = put(tmp_path, "picks.csv", "phase_time,phase_type\n" + "".join(lines))
    spans = ((11_025, 11_035, "a"), (22_050, 22_060, "a"), (66_150, 66_160, "a"))
    told = scored([found(*spans)], "day.wav", (clock,), path, 0.01, None)
    assert (len(told.hits), told.missed, told.false_alarms) == (3, (), ())
    with pytest.raises(
        ReadError, match=r"picks\.csv: tells true times alone, and day\.wav tells no clock; give labels"
    ):
        scored([found((0, 10, "a"))], "day.wav", (), path, 0.01, None)


def test_rates_are_of_all_recordings_together_and_none_where_there_is_nothing():
    one = {"tolerance_s": 0.05, "hits": 3, "misses": 1, "false_alarms": 0}
    other = {"tolerance_s": 0.05, "hits": 0, "misses": 2, "false_alarms": 3}
    assert total([one, other]) == {
        "tolerance_s": 0.05, "hits": 3, "misses": 3, "false_alarms": 3, "precision": 0.5, "recall": 0.5,
    }  # fmt: skip
    nothing = total([{"tolerance_s": 0.05, "hits": 0, "misses": 0, "false_alarms": 0}])
    assert (nothing["precision"], nothing["recall"]) == (None, None)


# ---- from the command line, in Python, on the page ------------------------------------------------------------------


def test_a_search_is_counted_against_labels_everywhere(faltung: Faltung, calls: Path) -> None:  # noqa: F811
    with (calls / "day.txt").open("a") as file:
        file.write("4.5\t4.6\twren\n4.7\t4.8\ttit\n")
    words = ("match", "day.wav", "--template", "call.wav", "--truth", "day.txt", "--truth-label", "wren")
    done = faltung(*words, "--report", "page.html", "--run-report", "run.html")
    assert done.code == 0
    against = "against day.txt: 3 hits, 1 missed, 0 false alarms; precision 1.000, recall 0.750; starts within 50 ms"
    assert against in done.err
    page = (calls / "page.html").read_text()
    assert page.count(">hit</td>") == 3
    assert "<li>4.5000 s: wren</li>" in page
    assert "<dt>recall</dt><dd>0.750</dd>" in page

    told = faltung(*words, "--tolerance", "1 ms", "--json").json
    rates = {"tolerance_s": 0.001, "hits": 3, "misses": 1, "false_alarms": 0, "precision": 1.0, "recall": 0.75}
    missed = [{"start_s": 4.5, "text": "wren"}]
    assert told["truth"] == rates
    assert told["files"][0]["truth"] == {"labels": "day.txt", **rates, "missed": missed}

    result = search("day.wav", "call.wav", truth="day.txt", tolerance=0.001, truth_label="wren", threshold=0.7)
    assert (result.truth, result[0].truth["missed"]) == (rates, missed)
    assert search("day.wav", "call.wav").truth is None


def test_several_recordings_have_labels_each_or_a_table_with_their_names(faltung: Faltung, calls: Path) -> None:  # noqa: F811
    sf.write("night.wav", sf.read("day.wav")[0], FS, subtype="FLOAT")
    (calls / "night.txt").write_text("0.375\t0.4\twren\n")
    words = ("match", "day.wav", "night.wav", "--template", "call.wav", "--jobs", "2")
    done = faltung(*words, "--truth", "{stem}.txt")
    assert "against night.txt: 1 hit, 0 missed, 2 false alarms; precision 0.333, recall 1.000" in done.err
    assert "all recordings: 4 hits, 0 missed, 2 false alarms; precision 0.667, recall 1.000" in done.err
    faltung(*words, "-o", "all.csv")
    assert faltung(*words, "--truth", "all.csv", "--json").json["truth"]["hits"] == 6
    done = faltung(*words, "--truth", "day.txt")
    assert done.code == 2
    assert "day.txt: names no recording, and there are 2; put {stem} in its name" in done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["--truth", "none.txt"],
            "none.txt: there are no labels; name a file, with {stem} where each recording has its own",
        ),
        (["--truth", "day.wav"], "day.wav: no event file that can be read; known are ."),
        (["--truth", "day.txt", "--tolerance", "soon"], "tolerance: "),
        (
            ["--truth", "day.txt", "--tolerance", "3 samples"],
            "must be a time of 0 s or more, such as '50 ms', got '3 sam",
        ),
        (["--truth", "day.txt", "--truth-label", "tit"], "day.txt: no label is called 'tit'; they are 'wren'"),
        (["--truth", "day.txt", "-o", "day.txt", "--overwrite"], "day.txt"),
        (["--tolerance", "5 ms"], "say how labels are compared; give these as"),
    ],
)
def test_what_cannot_be_compared_is_refused(faltung: Faltung, calls: Path, words, said) -> None:  # noqa: F811
    before = (calls / "day.txt").read_bytes()
    done = faltung("match", "day.wav", "--template", "call.wav", *words)
    assert done.code == 2
    assert said in done.err
    assert (calls / "day.txt").read_bytes() == before


# ---- labels as templates --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["e.txt", "e.selections.txt", "e.TextGrid", "e.csv", "e.jsonl", "e.picks.csv", "e.eaf"]
)
def test_what_a_search_found_is_what_the_next_one_looks_for(faltung: Faltung, calls: Path, name) -> None:  # noqa: F811
    sf.write("one.wav", sf.read("day.wav")[0][:, 1], FS, subtype="FLOAT")
    assert faltung("match", "one.wav", "--template", "call.wav", "-o", name).code == 0
    told = faltung("match", "one.wav", "--template", f"@{name}", "--threshold", "0.7", "--truth", name, "--json").json
    assert told["truth"]["hits"] == 3
    (file,) = told["files"]
    slack = FS / 2000 if name == "e.eaf" else 0
    assert len(file["templates"]) == 3
    assert np.abs(np.subtract([event["start_frame"] for event in file["events"]], STARTS)).max() <= slack
    assert [round(event["score"], 9) for event in file["events"]] == [1.0] * 3


def test_labels_of_a_channel_are_cut_out_of_it(calls: Path) -> None:
    table = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tSpecies\n1\tSpectrogram 1\t2\t0.375\t0.425\twren\n"
    put(calls, "a.selections.txt", table)
    x, _ = sf.read("day.wav")
    (source,) = Match(template={"file": "day.wav", "labels": "a.selections.txt"}).template
    (template,) = load_templates([source], Format(FS, 2))
    assert (template.name, template.taps.tolist()) == ("wren", x[3_000:3_400, 1:].tolist())
    put(calls, "a.selections.txt", table.replace("\t2\t", "\t4\t"))
    with pytest.raises(SettingError, match=r"a\.selections\.txt: day\.wav has 2 channels, a label is of number 3"):
        load_templates([source], Format(FS, 2))


def test_points_need_a_length_and_labels_of_another_recording_are_left_out(calls: Path) -> None:
    put(calls, "p.csv", "start,file\n0.375,day.wav\n0.5,night.wav\n")
    whole = Match(template={"file": "day.wav", "labels": "p.csv", "length": "50 ms", "name": "knock"}).template
    assert [(one.name, len(one.taps)) for one in load_templates(whole, Format(FS, 2))] == [("knock", 400)]
    for given, said in (
        ({"labels": "p.csv"}, r"p\.csv: label 1 is no stretch of day\.wav; give a 'length' from each start"),
        ({"labels": "p.csv", "file": "call.wav"}, r"p\.csv: has no label of call\.wav"),
        ({"labels": "u.csv"}, r"u\.csv: label 1 tells its true time alone, and day\.wav tells no clock"),
        ({"labels": "day.wav"}, r"day\.wav: no event file that can be read"),
        ({"labels": "far.csv"}, r"day\.wav lasts 5 s \(40000 frames\); the slice is outside it: 9 s to 9\.5 s"),
    ):
        put(calls, "u.csv", "time\n2024-01-01T00:00:00Z\n")
        put(calls, "far.csv", "start,end\n9,9.5\n")
        with pytest.raises(SettingError, match=said):
            load_templates(Match(template={"file": "day.wav", **given}).template, Format(FS, 2))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"taps": [1, 2], "labels": "a.txt"}, "'labels' and 'source' are for parts of a 'file', not of 'taps'"),
        ({"file": "a.wav", "labels": "a.txt", "end": "1 s"}, "say where each template starts and ends; leave 'start'"),
    ],
)
def test_labels_go_with_a_file_and_without_times(given, said):
    with pytest.raises(SettingError, match=said):
        Pipeline([{"use": "match", "template": given}])


def test_a_picked_time_is_cut_where_the_clock_of_the_recording_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    x = coloured(8_000, 5)
    text = b"Recorded at 22:00:00 30/06/2024 (UTC) by AudioMoth\0"
    text += b"\0" * (len(text) % 2)
    body = b"INFO" + b"ICMT" + len(text).to_bytes(4, "little") + text
    sf.write("moth.wav", 0.1 * x, FS, subtype="FLOAT")
    data = Path("moth.wav").read_bytes() + b"LIST" + len(body).to_bytes(4, "little") + body
    Path("moth.wav").write_bytes(data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:])
    put(tmp_path, "p.csv", "phase_time,phase_type\n2024-06-30T22:00:00.5,P\n")
    (template,) = load_templates(
        Match(template={"file": "moth.wav", "labels": "p.csv", "length": "50 ms"}).template, Format(FS, 1)
    )
    assert (template.name, template.taps[:, 0].tolist()) == ("P", sf.read("moth.wav")[0][4_000:4_400].tolist())
    (file,) = search(
        "moth.wav", {"file": "moth.wav", "labels": "p.csv", "length": "50 ms"}, threshold=0.9, truth="p.csv"
    )
    assert file.searches[0][0].start_utc == "2024-06-30T22:00:00.500000Z"
    assert (file.truth["hits"], file.truth["misses"]) == (1, 0)


def test_a_label_says_what_recording_it_is_of():
    assert Label(0.0, 1.0, file="C:\\rec\\day.wav").is_of("/data/day.wav")
    assert not Label(0.0, 1.0, file="day2.wav").is_of("day.wav")
    assert Label(0.0, 1.0).is_of("any.wav")


def test_written_tables_keep_the_recording(tmp_path):
    write_events(tmp_path / "e.csv", [found((0, 10, "a"), file="rec/a.wav"), found((0, 10, "a"), file="rec/b.wav")])
    told = scored([found((0, 10, "a"))], "b.wav", (), tmp_path / "e.csv", 0.05, None)
    assert (len(told.hits), len(told.missed)) == (1, 0)
