"""`faltung match`, and `faltung run` with events: what is written, what is said, what is refused."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from pipeline import find_matches
from pipeline.text import frame_time, signed
from tests.match.helpers import chirp, coloured

from .conftest import Done

Faltung = Callable[..., Done]
FS, M, STARTS = 8000, 400, (3_000, 12_345, 30_000)

RUN = """\
version: 1
input: [day.wav, night.wav]
events: ["out/{stem}.csv", "out/{stem}.txt"]
stages:
  - {use: match, template: call.wav, threshold: 0.6}
"""


@pytest.fixture
def calls(place: Path) -> Path:
    """``day.wav`` with three calls, ``night.wav`` with none, ``call.wav``."""
    x = coloured(40_000, 1)
    for start in STARTS:
        x[start : start + M] += 20 * chirp(M)
    sf.write("day.wav", 0.02 * x, FS, subtype="FLOAT")
    sf.write("night.wav", 0.02 * coloured(40_000, 2), FS, subtype="FLOAT")
    sf.write("call.wav", chirp(M), FS, subtype="FLOAT")
    (place / "run.yaml").write_text(RUN)
    return place


def frames(path: str) -> list[int]:
    with Path(path).open(newline="") as file:
        return [int(row["start_frame"]) for row in csv.DictReader(file)]


# ---- match ----------------------------------------------------------------------------------------------------------


def test_events_are_a_table_on_standard_output_and_words_beside_it(faltung: Faltung, calls: Path) -> None:
    done = faltung("match", "day.wav", "--template", "call.wav")
    assert done.code == 0
    head, *rows = [line.split() for line in done.out.splitlines()]
    assert head == ["start,", "s", "template", "channel", "score", "offset"]
    found = find_matches("day.wav", "call.wav")
    assert [(row[0], row[1]) for row in rows] == [(frame_time(event.start_s, FS), "call") for event in found.events]
    assert [row[4] for row in rows] == [signed(event.offset) for event in found.events]
    assert not {"-0.00", "+0.00"} & {row[4] for row in rows}
    assert [round(float(row[0]) * FS) for row in rows] == list(STARTS)
    assert done.err == "threshold: score of at least 0.7, as set.\n3 events of 3 candidates\n"


def test_every_option_reaches_the_search(faltung: Faltung, calls: Path) -> None:
    done = faltung(
        "match", "day.wav", "-t", "call.wav", "--threshold", "500 per minute", "--score", "matched_filter",
        "--polarity", "both", "--min-distance", "20 ms", "--channels", "sum", "--domain", "waveform", "--json",
    )  # fmt: skip
    (file,) = done.json["files"]
    settings = {"score": "matched_filter", "polarity": "both", "min_distance": "20 ms", "channels": "sum"}
    found = find_matches("day.wav", "call.wav", threshold="500 per minute", **settings)
    assert [event["start_frame"] for event in file["events"]] == [event.start_frame for event in found.events]
    assert file["thresholds"] == found.thresholds.tolist()
    assert (file["how"], file["decoys"], file["candidates"]) == (found.how, found.decoys, found.candidates)
    assert {event["polarity"] for event in file["events"]} == {"positive", "negative"}
    assert done.err == ""


@pytest.mark.parametrize(
    "words",
    ["1.543125:1.593125", "12345 samples:12745 samples", "day.wav@1543.125 ms : 1593.125ms", "12345 samples:1.593125"],
)
def test_a_slice_is_found_where_it_was_cut_from(words: str, faltung: Faltung, calls: Path) -> None:
    events = faltung("match", "day.wav", "--template", words, "--json").json["files"][0]["events"]
    assert max((event["score"], event["start_frame"]) for event in events) == (pytest.approx(1, abs=1e-12), STARTS[1])


def test_a_file_whose_name_looks_like_a_slice_is_that_file(faltung: Faltung, calls: Path) -> None:
    Path("call.wav").rename("a@1:2.wav")
    assert faltung("match", "day.wav", "--template", "a@1:2.wav", "-q").code == 0


def test_a_folder_and_templates_that_are_given_again(faltung: Faltung, calls: Path) -> None:
    (calls / "both").mkdir()
    for name in ("a", "b"):
        sf.write(f"both/{name}.wav", chirp(M if name == "a" else 300), FS, subtype="FLOAT")
    (file,) = faltung("match", "day.wav", "-t", "both", "-t", "call.wav", "--json").json["files"]
    assert file["templates"] == ["a", "b", "call"]


def test_more_than_40_events_are_told_in_number(faltung: Faltung, calls: Path) -> None:
    done = faltung("match", "day.wav", "-t", "call.wav", "--threshold", "0.01", "--min-distance", "10 ms")
    assert len(done.out.splitlines()) == 41
    assert " more; -o FILE or --json has all\n" in done.err


def test_files_and_the_configuration_that_does_the_same(faltung: Faltung, calls: Path) -> None:
    (calls / "conf").mkdir()
    arguments = ["day.wav", "-t", "call.wav", "-t", "0.1:0.2", "--threshold", "mad 8", "-q"]
    files = ["-o", "out/{stem}.csv", "-o", "out/{stem}.jsonl"]
    assert faltung("match", *arguments, *files, "--save", "conf/calls.yaml") == Done(0, "", "")
    first = Path("out/day.csv").read_bytes()
    assert set(STARTS) < set(frames("out/day.csv"))
    assert len(Path("out/day.jsonl").read_text().splitlines()) == len(frames("out/day.csv"))
    assert faltung("run", "conf/calls.yaml", "-q").code == 2  # they exist
    assert faltung("run", "conf/calls.yaml", "-q", "--overwrite") == Done(0, "", "")
    again = Path("out/day.csv").read_bytes()
    assert again.replace(b"conf/../", b"").replace(str(calls).encode() + b"/", b"") == first


def test_a_page_and_its_picture(faltung: Faltung, calls: Path) -> None:
    done = faltung("match", "day.wav", "-t", "call.wav", "--report", "out/calls.html")
    assert "written: out/calls.html, out/calls.png\n" in done.err
    assert b"3 events in" in Path("out/calls.html").read_bytes()
    assert Path("out/calls.png").read_bytes().startswith(b"\x89PNG")


def test_a_spectrogram_is_set_in_words_saved_and_told_by_its_band(faltung: Faltung, calls: Path) -> None:
    Path("conf").mkdir()
    words = "window=16ms, hop=4ms,low=500 Hz,high=3kHz,floor=-70dB"
    arguments = [
        "--spectrogram",
        words,
        "--threshold",
        "0.6",
        "-o",
        "out/{stem}.selections.txt",
        "-o",
        "out/{stem}.csv",
    ]
    done = faltung("match", "day.wav", "-t", "call.wav", *arguments, "--report", "day.html", "--save", "conf/a.yaml")
    assert done.code == 0
    found = frames("out/day.csv")
    assert all(frame % 32 == 0 for frame in found)
    assert all(min(abs(frame - start) for frame in found) <= 16 for start in STARTS)
    with Path("out/day.selections.txt").open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert len(rows) == len(found)
    assert {(row["Low Freq (Hz)"], row["High Freq (Hz)"]) for row in rows} == {("500.0", "3000.0")}
    first = Path("out/day.selections.txt").read_bytes()
    assert faltung("run", "conf/a.yaml", "-q", "--overwrite") == Done(0, "", "")
    assert Path("out/day.selections.txt").read_bytes() == first


def test_events_on_standard_output_are_a_csv_and_nothing_else(faltung: Faltung, calls: Path) -> None:
    done = faltung("match", "day.wav", "-t", "call.wav", "-o", "-")
    assert [int(row["start_frame"]) for row in csv.DictReader(done.out.splitlines())] == list(STARTS)
    assert "3 events" in done.err


def test_of_several_recordings_one_that_fails_does_not_keep_the_others(faltung: Faltung, calls: Path) -> None:
    sf.write("other.wav", np.zeros(100), 16_000)
    done = faltung("match", "*day.wav", "other.wav", "night.wav", "-t", "call.wav", "-o", "{stem}.csv")
    assert done.code == 1
    assert "faltung: other.wav: --template: call.wav is sampled at 8000 Hz, the input at 16000 Hz" in done.err
    assert (frames("day.csv"), frames("night.csv"), Path("other.csv").exists()) == (list(STARTS), [], False)


def test_windows_without_a_score_are_told(faltung: Faltung, calls: Path) -> None:
    x, _ = sf.read("day.wav")
    x[20_000:24_000], x[26_000] = 0.0, np.nan
    flat, gap = f"{(4000 - M + 1) / FS:.3f} s, flat", f"{M / FS * 1000:.3g} ms, gap"
    for channels in (1, 2):  # the most of any: two channels with one hole lack no more than one
        sf.write("day.wav", np.stack([x] * channels, axis=1), FS, subtype="FLOAT")
        done = faltung("match", "day.wav", "-t", "call.wav", "--report", "day.html", "--overwrite")
        assert f"without a score: {flat}\n" in done.err
        assert f"without a score: {gap}\n" in done.err
        page = Path("day.html").read_text("utf-8")
        assert [f"<dt>without a score</dt><dd>{words}</dd>" in page for words in (flat, gap)] == [True, True]


def test_a_template_longer_than_the_recording_is_told(faltung: Faltung, calls: Path) -> None:
    sf.write("short.wav", np.zeros(100), FS)
    done = faltung("match", "short.wav", "-t", "call.wav", "-o", "short.csv")
    assert (done.code, done.out) == (0, "")
    assert "warning: short.wav: the template 'call' has 400 frames, the recording 100: it cannot be found" in done.err
    assert frames("short.csv") == []


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["-t", "1.2:x"], "faltung: --template 1.2:x: cannot read 'x' as a time; write seconds as a number"),
        (["-t", "0:01.2:3"], "faltung: --template 0:01.2:3: there is no such file, and it is no slice; write START"),
        (["-t", "2:1"], "faltung: --template 2:1: a slice starts at 0 or later and ends after it starts"),
        (["-t", "1:5 m"], "faltung: --template 1:5 m: '5 m' is ambiguous: write 'ms'"),
        (["-t", "4.9:9"], "--template: day.wav lasts 5 s (40000 frames); the slice is outside it: 4.9 s to 9 s"),
        (["-t", "no.wav"], "--template: cannot read no.wav: No such file or directory"),
        (["-t", "no.wav@1:2"], "--template: cannot read no.wav: No such file or directory"),
        (["-t", "call.wav", "--threshold", "loud"], "--threshold: must be a number, or one of 'score: 0.7'"),
        (["-t", "call.wav", "--threshold", "fdr 5"], "--threshold: a fraction must be from 0 to 1"),
        (["-t", "call.wav", "--polarity", "up"], "--polarity: must be 'positive', 'negative' or 'both', got 'up'"),
        (["-t", "call.wav", "--min-distance", "5 m"], "--min-distance: '5 m' is ambiguous"),
        (["-t", "call.wav", "--spectrogram", "low"], "faltung: --spectrogram: write setting=value, parted by commas"),
        (["-t", "call.wav", "--spectrogram", "low=1,low=2"], "faltung: --spectrogram: a setting is given twice"),
        (["-t", "call.wav", "--spectrogram", "low=5 kHz"], "--spectrogram: no bin lies from 5000 to 4000 Hz"),
        (["-t", "call.wav", "--spectrogram", "hop=x"], "--spectrogram.hop: cannot read 'x'"),
        (["-t", "call.wav", "--spectrogram", "hop=1ms", "--domain", "waveform"], "'spectrogram' belongs to domain"),
        (["-t", "bell.wav", "--threshold", "fdr 5%"], "--threshold: the template 'bell' is nearly its own reversal"),
        (["-t", "call.wav", "-o", "e.cvs"], "faltung: e.cvs: unknown extension '.cvs' of an event file"),
        (["-t", "call.wav", "-o", "taken.csv"], "faltung: taken.csv: exists already"),
        (["-t", "call.wav", "-o", "e.csv", "-o", "e.csv"], "faltung: e.csv: two outputs would have this name"),
        (["-t", "call.wav", "--report", "call.wav"], "faltung: call.wav: a report is a page; call it .html"),
        (["-t", "call.wav", "--save", "taken.csv"], "faltung: taken.csv: exists already"),
        (["-t", "link.csv", "-o", "link.csv", "--overwrite"], "faltung: link.csv: the output is an input"),
        (["-t", "call.wav", "-o", "-", "--json"], "faltung: -o - and --json both want standard output"),
        (["night.wav", "-t", "1:2"], "faltung: --template 1:2: a slice of which recording? Write FILE@1:2"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_one_line(
    arguments: list[str], reason: str, faltung: Faltung, calls: Path
) -> None:
    Path("taken.csv").write_text("mine")
    Path("link.csv").symlink_to("call.wav")
    sf.write("bell.wav", np.hanning(M), FS, subtype="FLOAT")
    before = {path: path.stat().st_mtime_ns for path in calls.iterdir()}
    done = faltung("match", "day.wav", *arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(reason), done.err
    assert len(done.err.splitlines()) == 1
    assert {path: path.stat().st_mtime_ns for path in calls.iterdir()} == before


# ---- run ------------------------------------------------------------------------------------------------------------


def test_a_batch_writes_events_and_goes_on_from_its_manifest(faltung: Faltung, calls: Path) -> None:
    done = faltung("run", "run.yaml", "--report", "run.html")
    assert (done.code, frames("out/day.csv"), frames("out/night.csv")) == (0, list(STARTS), [])
    rows = [line.split()[:3] for line in done.out.splitlines()[1:3]]
    assert rows == [["out/day.csv,", "out/day.txt", "3"], ["out/night.csv,", "out/night.txt", "0"]]
    report = json.loads(Path("run.json").read_text())
    assert report["totals"]["events"] == 3
    assert [len(file["outputs"]) for file in report["files"]] == [2, 2]
    assert all(output["blake2b"] for file in report["files"] for output in file["outputs"])
    assert faltung("run", "run.yaml").err == "2 files unchanged, done before\n"
    Path("out/night.txt").unlink()
    assert "night.wav: output missing" in faltung("run", "run.yaml", "--dry-run").err
    assert faltung("run", "run.yaml").code == 0
    assert Path("out/night.txt").exists()


def test_an_event_file_that_was_edited_is_not_replaced_unasked(faltung: Faltung, calls: Path) -> None:
    faltung("run", "run.yaml", "-q")
    Path("out/day.txt").write_text("mine")
    done = faltung("run", "run.yaml")
    assert (done.code, Path("out/day.txt").read_text()) == (2, "mine")
    assert "out/day.txt: was edited since it was written" in done.err


def test_two_jobs_write_the_same_bytes_as_one(faltung: Faltung, calls: Path) -> None:
    faltung("run", "run.yaml", "-q")
    alone = {path.name: path.read_bytes() for path in Path("out").glob("[dn]*")}
    assert faltung("run", "run.yaml", "-q", "--force", "--jobs", "2").code == 0
    assert {path.name: path.read_bytes() for path in Path("out").glob("[dn]*")} == alone


def test_one_file_has_its_track_and_its_events(faltung: Faltung, calls: Path) -> None:
    data = faltung("run", "run.yaml", "day.wav", "-o", "track.wav", "--json").json
    (file,) = data["files"]
    assert (file["events"], file["output"], len(file["event_files"])) == (3, "track.wav", 2)
    assert sf.info("track.wav").frames == 40_000
    done = faltung("run", "run.yaml", "day.wav", "--overwrite")
    assert "events   3" in done.out


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ("out/{stem}.cvs", "unknown extension '.cvs' of an event file"),
        ("out/all.txt", "several inputs would be written to one output"),
        ("'{stem}.wav'", "unknown extension '.wav' of an event file"),
        ("['out/{stem}.csv', 'out/{stem}.csv']", "two outputs would have this name"),
        ("['out/{stem}.csv']\noutput: 'out/{stem}.csv'", "two outputs would have this name"),
    ],
)
def test_events_that_cannot_be_written_end_a_run_before_it_begins(
    events: str, reason: str, faltung: Faltung, calls: Path
) -> None:
    Path("run.yaml").write_text(RUN.replace('["out/{stem}.csv", "out/{stem}.txt"]', events))
    done = faltung("run", "run.yaml")
    assert done.code == 2
    assert reason in done.err
    assert not Path("out").exists()


def test_a_plan_and_a_dry_run_name_the_event_files(faltung: Faltung, calls: Path) -> None:
    for command in (("plan", "run.yaml"), ("run", "run.yaml", "--dry-run")):
        done = faltung(*command)
        lines = [" ".join(line.split()) for line in done.out.splitlines()][-6:]
        assert lines[:3] == ["day.wav 40,000 5.000 s WAV FLOAT", "→ out/day.csv CSV", "→ out/day.txt Audacity labels"]
        assert lines[4] == "→ out/night.csv CSV"
        files = faltung(*command, "--json").json["files"]
        assert [(file["output"], len(file["event_files"])) for file in files] == [(None, 2)] * 2
    lines = [line.split()[:2] for line in faltung("plan", "run.yaml", "day.wav", "-o", "track.wav").out.splitlines()]
    assert lines[-3:] == [["→", "out/day.csv"], ["→", "out/day.txt"], ["→", "track.wav"]]
    assert not Path("out").exists()


def test_without_output_and_events_there_is_nothing_to_write(faltung: Faltung, calls: Path) -> None:
    Path("run.yaml").write_text(RUN.replace("events", "x-events"))
    done = faltung("run", "run.yaml")
    assert done == Done(
        2, "", "faltung: no output; give -o OUT, or set output: in the configuration, or events: for a search\n"
    )


def test_settings_of_a_search_are_told_as_its_options(faltung: Faltung, calls: Path) -> None:
    done = faltung("match", "day.wav", "--template", "call.wav", "--tolerance", "10 ms")
    assert done.code == 2
    assert done.err == "faltung: --tolerance and --truth-label say how labels are compared; give these as --truth\n"
