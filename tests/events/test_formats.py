"""Event files written and read back, by us and by libraries of the fields; each with the traps of its format."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline import Label, read_labels, search
from pipeline.errors import ReadError
from pipeline.io.labels import event_reader_of
from pipeline.match.events import Event, Events
from pipeline.match.writers import events_writer_of, write_events
from pipeline.plugins import for_extension, installed
from pipeline.testing import check_event_reader, check_events_writer
from tests.events.test_reading import put

FS = 44_100.0
ODD = 'é "ku ku" 鳥'


def found(*spans, band=None, file="day.wav", utc=None):
    """A search with events of these frames and names."""
    events = tuple(
        Event(
            file, name, 0, start / FS, stop / FS, start, (stop - 1) / FS, 0.5, "positive", 0.25, "ok", None,
            start_utc=utc, resolution_s=None if utc is None else 1.0,
        )
        for start, stop, name in spans
    )  # fmt: skip
    counts = {"candidates": len(events), "decoys": None, "false_alarms_per_hour": None}
    return Events(
        file=file, fs=FS, frames=441_000, templates=(), events=events, thresholds=np.zeros((1, 1)), how="none",
        unscored=(), band=band or (0.0, FS / 2), **counts,
    )  # fmt: skip


SPANS = ((1, 4_411, "wren"), (3_000, 5_000, "wren"), (100_001, 140_003, ODD), (5_000, 9_000, "wren"))
EXACT = sorted((start / FS, stop / FS) for start, stop, _ in SPANS)


def times(labels):
    return sorted((label.start_s, label.end_s) for label in labels)


@pytest.mark.parametrize(
    "name", ["e.txt", "e.selections.txt", "e.TextGrid", "e.birdnet.results.csv", "e.picks.csv", "e.csv", "e.jsonl"]
)
def test_what_is_written_is_read_again_at_the_same_times(tmp_path, name):
    write_events(tmp_path / name, [found(*SPANS)])
    labels = read_labels(tmp_path / name)
    assert times(labels) == EXACT
    assert sorted({label.text.removesuffix(" 0.5") for label in labels}) == ["wren", ODD]


def test_elan_holds_whole_milliseconds(tmp_path):
    write_events(tmp_path / "e.eaf", [found(*SPANS, (10, 12, "tick"))])
    labels = read_labels(tmp_path / "e.eaf")
    assert times(labels) == sorted(
        (round(a, 3), max(round(b, 3), round(a, 3) + 0.001)) for a, b in [*EXACT, (10 / FS, 12 / FS)]
    )
    assert {(label.file, label.text) for label in labels} == {
        ("day.wav", f"{name} 0.5") for name in ("wren", ODD, "tick")
    }


def counted(name):
    def count(data):
        path = Path(name)
        path.write_bytes(data)
        return len(read_labels(path))

    return count


@pytest.mark.parametrize(
    "extension", [".txt", ".selections.txt", ".textgrid", ".eaf", ".picks.csv", ".birdnet.results.csv"]
)
def test_each_writer_keeps_the_contract(tmp_path, monkeypatch, extension):
    monkeypatch.chdir(tmp_path)
    (kind,) = (events_writer_of(one) for one in installed("event writer").values() if one.extension == extension)
    check_events_writer(kind, counted(f"e{extension}"))


TEMPLATES = [
    Label(0.25, 0.5, "wren", more={"template": "wren"}),
    Label(1.0, 1.5, "owl", more={"template": "owl"}),
]
TICKS = {
    "a.txt": ("0.25\t0.5\twren\n1\t1\towl\n", [Label(0.25, 0.5, "wren"), Label(1.0, 1.0, "owl")]),
    "a.selections.txt": (
        "Selection\tBegin Time (s)\tEnd Time (s)\tSpecies\n1\t0.25\t0.5\twren\n2\t1\t1.5\towl\n",
        [
            Label(0.25, 0.5, "wren", more={"Species": "wren"}),
            Label(1.0, 1.5, "owl", more={"Species": "owl"}),
        ],
    ),
    "a.csv": ("start_s,end_s,template\n0.25,0.5,wren\n1,1.5,owl\n", TEMPLATES),
    "a.jsonl": (
        '{"start_s": 0.25, "end_s": 0.5, "template": "wren"}\n{"start_s": 1.0, "end_s": 1.5, "template": "owl"}\n',
        TEMPLATES,
    ),
}
"""Event files, and what each holds."""


@pytest.mark.parametrize("name", TICKS)
def test_each_reader_keeps_the_contract(tmp_path, name):
    text, labels = TICKS[name]
    (plugin,) = for_extension("event reader", name)
    check_event_reader(event_reader_of(plugin), put(tmp_path, name, text), labels)


@pytest.mark.parametrize("extension", [".textgrid", ".eaf"])
def test_a_reader_keeps_the_contract_with_what_its_writer_wrote(tmp_path, extension):
    path = tmp_path / f"e{extension}"
    write_events(path, [found((0, 4_410, "call"), (8_820, 22_050, ODD))])
    (plugin,) = for_extension("event reader", path.name)
    check_event_reader(event_reader_of(plugin), path, read_labels(path))


# ---- Audacity -------------------------------------------------------------------------------------------------------


BIO = Path(__file__).parents[3] / "shared" / "data" / "bio"


@pytest.mark.skipif(not (BIO / "spinetail.txt").exists(), reason="needs the recordings in shared/data")
def test_labels_that_were_made_in_audacity_are_all_read_and_all_found_again():
    labels = read_labels(BIO / "spinetail.txt")
    assert len(labels) == 18
    assert labels[0] == Label(0.101385, 0.36752, "SP", low_hz=6441.064453, high_hz=12296.577148)
    recording = BIO / "spinetail.wav"
    template = {"file": str(recording), "labels": str(BIO / "spinetail.txt")}
    (file,) = search(recording, template, threshold=0.6, truth=BIO / "spinetail.txt")
    assert (file.truth["hits"], file.truth["misses"], file.truth["false_alarms"]) == (18, 0, 0)


def test_audacity_has_frequencies_where_less_than_all_was_compared(tmp_path):
    write_events(tmp_path / "all.txt", [found((0, 441, "a"))])
    write_events(tmp_path / "band.txt", [found((0, 441, "a"), band=(1000.0, 2500.5))])
    assert (tmp_path / "all.txt").read_bytes() == b"0.0\t0.01\ta 0.5\n"
    assert (tmp_path / "band.txt").read_bytes() == b"0.0\t0.01\ta 0.5\n\\\t1000.0\t2500.5\n"
    assert read_labels(tmp_path / "band.txt") == (Label(0.0, 0.01, "a 0.5", low_hz=1000.0, high_hz=2500.5),)


# ---- Raven ----------------------------------------------------------------------------------------------------------


def test_a_raven_selection_of_several_files_opened_as_one_is_timed_in_its_own(tmp_path):
    table = (
        "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tBegin File\tFile Offset (s)\n"
        "1\tSpectrogram 1\t1\t61.5\t62.0\tb.wav\t1.5\n"
    )
    (label,) = read_labels(put(tmp_path, "a.txt", table))
    assert (label.start_s, label.end_s, label.file) == (1.5, 2.0, "b.wav")


# ---- Praat ----------------------------------------------------------------------------------------------------------


def test_a_textgrid_is_ascii_where_it_can_be_and_else_utf16(tmp_path):
    write_events(tmp_path / "a.TextGrid", [found((0, 441, "wren"))])
    write_events(tmp_path / "b.TextGrid", [found((0, 441, ODD))])
    assert (tmp_path / "a.TextGrid").read_bytes().startswith(b'File type = "ooTextFile"\nObject class = "TextGrid"\n')
    assert (tmp_path / "b.TextGrid").read_bytes().startswith(b"\xfe\xff\x00F\x00i")


def test_events_that_overlap_have_tiers_of_their_own(tmp_path):
    write_events(tmp_path / "e.TextGrid", [found(*SPANS)])
    assert [(round(one.start_s, 3), one.more["Tier"]) for one in read_labels(tmp_path / "e.TextGrid")] == [
        (0.0, "wren"), (0.068, "wren (2)"), (0.113, "wren"), (2.268, ODD),
    ]  # fmt: skip


def test_praat_reads_what_we_write(tmp_path):
    parselmouth = pytest.importorskip("parselmouth", reason="needs praat-parselmouth")
    path = tmp_path / "e.TextGrid"
    write_events(path, [found(*SPANS)])
    grid = parselmouth.read(str(path))
    call = parselmouth.praat.call
    intervals = []
    for tier in range(1, call(grid, "Get number of tiers") + 1):
        for place in range(1, call(grid, "Get number of intervals", tier) + 1):
            text = call(grid, "Get label of interval", tier, place)
            ends = [call(grid, f"Get {end} time of interval", tier, place) for end in ("start", "end")]
            intervals += [(*ends, text)] if text else []
    assert sorted(one[:2] for one in intervals) == EXACT
    assert {one[2] for one in intervals} == {"wren 0.5", f"{ODD} 0.5"}


@pytest.mark.parametrize("save", ["Save as text file", "Save as short text file"])
@pytest.mark.parametrize("word", ["ascii", "é", "鳥"])
def test_what_praat_writes_is_read(tmp_path, save, word):
    parselmouth = pytest.importorskip("parselmouth", reason="needs praat-parselmouth")
    call, path = parselmouth.praat.call, tmp_path / "e.TextGrid"
    grid = call("Create TextGrid", 0, 2.5, "wörter !", "!")
    call(grid, "Insert boundary", 1, 0.1)
    call(grid, "Insert boundary", 1, 1 / 3)
    call(grid, "Set interval text", 1, 2, f'say ""hi"" 12 ! <exists> {word}')
    call(grid, "Insert point", 2, 1.25, f'"{word}"')
    call(grid, save, str(path))
    assert path.read_bytes()[:2] == b"\xfe\xff"  # the name of a tier has an accent
    texts = [call(grid, "Get label of interval", 1, 2), call(grid, "Get label of point", 2, 1)]
    assert read_labels(path) == (
        Label(0.1, 1 / 3, texts[0], more={"Tier": "wörter"}),
        Label(1.25, 1.25, texts[1], more={"Tier": "!"}),
    )


def test_praatio_gives_the_same_labels(tmp_path):  # and fails on an exponent
    textgrid = pytest.importorskip("praatio.textgrid", reason="needs praatio")
    path = tmp_path / "e.TextGrid"
    write_events(path, [found(*SPANS)])
    grid = textgrid.openTextgrid(str(path), includeEmptyIntervals=False)
    entries = [(one.start, one.end, one.label) for tier in grid.tiers for one in tier.entries]
    assert sorted(entries) == sorted((one.start_s, one.end_s, one.text) for one in read_labels(path))


LONG = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 2
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "IntervalTier"
        name = "a"
        xmin = 0
        xmax = 2
        intervals: size = 2
        intervals [1]:
            xmin = 0
            xmax = 0.5
            text = ""
        intervals [2]:
            xmin = 0.5
            xmax = 2
            text = "two
lines"
    item [2]:
        class = "TextTier"
        name = "b"
        xmin = 0
        xmax = 2
        points: size = 1
        points [1]:
            number = 1
            mark = "say ""hi\"""
"""
SHORT = """File type = "ooTextFile"
"TextGrid"

0
2
<exists>
2
"IntervalTier"
"a"
0
2
2
0
0.5
""
0.5
2
"two
lines"
"TextTier"
"b"
0
2
1
1
"say ""hi\"""
"""


@pytest.mark.parametrize("text", [LONG, SHORT])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "latin-1"])
def test_a_textgrid_is_read_in_both_forms_and_every_encoding(tmp_path, text, encoding):
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    path = put(tmp_path, "a.TextGrid", mark + text.replace("hi", "hé").encode(encoding))
    assert read_labels(path) == (
        Label(0.5, 2.0, "two\nlines", more={"Tier": "a"}),
        Label(1.0, 1.0, 'say "hé"', more={"Tier": "b"}),
    )


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"ooBinaryFile\x08TextGrid", "is a binary TextGrid; save it as a text file in Praat"),
        (LONG.replace("TextGrid", "Pitch 1").encode(), "begins as no TextGrid does, with .*Pitch 1"),
        (LONG[:-60].encode(), "ends, or goes astray, inside of a tier"),
        (SHORT.replace('"TextTier"', '"PitchTier"').encode(), "ends, or goes astray, inside of a tier"),
        (b"\xfe\xff\x00", "is no UTF-16, as its first bytes say"),
    ],
)
def test_what_is_no_textgrid_is_refused(tmp_path, data, said):
    with pytest.raises(ReadError, match=said):
        read_labels(put(tmp_path, "a.TextGrid", data))


# ---- ELAN -----------------------------------------------------------------------------------------------------------

EAF = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2024-01-01T00:00:00+00:00" FORMAT="3.0" VERSION="3.0">
 <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">
  <MEDIA_DESCRIPTOR MEDIA_URL="file:///a/film.mp4" MIME_TYPE="video/mp4"/>
  <MEDIA_DESCRIPTOR MEDIA_URL="file:///a/my%20day.wav" MIME_TYPE="audio/x-wav" TIME_ORIGIN="500"/>
 </HEADER>
 <TIME_ORDER>
  <TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="1000"/><TIME_SLOT TIME_SLOT_ID="ts2"/>
  <TIME_SLOT TIME_SLOT_ID="ts3"/><TIME_SLOT TIME_SLOT_ID="ts4" TIME_VALUE="2500"/>
 </TIME_ORDER>
 <TIER LINGUISTIC_TYPE_REF="t" TIER_ID="words">
  <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
   <ANNOTATION_VALUE>one</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
  <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts2" TIME_SLOT_REF2="ts3">
   <ANNOTATION_VALUE>two</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
  <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a3" TIME_SLOT_REF1="ts3" TIME_SLOT_REF2="ts4">
   <ANNOTATION_VALUE>three</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
 </TIER>
 <TIER LINGUISTIC_TYPE_REF="t" TIER_ID="gloss" PARENT_REF="words">
  <ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a4" ANNOTATION_REF="a2">
   <ANNOTATION_VALUE>zwei</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>
  <ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a5" ANNOTATION_REF="a5">
   <ANNOTATION_VALUE>round</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>
 </TIER>
</ANNOTATION_DOCUMENT>
"""


def test_elan_slots_without_a_time_lie_between_and_the_medium_begins_elsewhere(tmp_path):
    labels = read_labels(put(tmp_path, "a.eaf", EAF))
    assert [(one.start_s, one.end_s, one.text, one.file) for one in labels] == [
        (1.5, 2.0, "one", "my day.wav"),
        (2.0, 2.5, "two", "my day.wav"),
        (2.0, 2.5, "zwei", "my day.wav"),
        (2.5, 3.0, "three", "my day.wav"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("</TIER>", "", "is no XML from line 25 on; save it again in ELAN"),
        ("ANNOTATION_DOCUMENT", "CORPUS", "is no annotation document of ELAN's, but <CORPUS>"),
        ('TIME_VALUE="1000"', 'TIME_VALUE="1.5"', r"its times are whole milliseconds, got '1\.5'"),
        ("milliseconds", "PAL-frames", "counts time in frames of a video"),
        ("<ANNOTATION_DOCUMENT", "<!DOCTYPE x [<!ENTITY y 'z'>]>\n<ANNOTATION_DOCUMENT", "has a document type"),
    ],
)
def test_what_is_no_elan_file_is_refused(tmp_path, old, new, said):
    with pytest.raises(ReadError, match=said):
        read_labels(put(tmp_path, "a.eaf", EAF.replace(old, new)))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-be", "utf-16-le"])
def test_a_document_type_is_refused_in_any_encoding(tmp_path, encoding):
    text = EAF.partition("?>")[2].strip() if EAF.startswith("<?xml") else EAF
    (tmp_path / "plain.eaf").write_bytes(f"\ufeff{text}".encode("utf-16-le"))
    assert read_labels(tmp_path / "plain.eaf")
    (tmp_path / "a.eaf").write_bytes(f"\ufeff<!DOCTYPE x>\n{text}".encode(encoding))
    with pytest.raises(ReadError, match="has a document type, which ELAN writes in none"):
        read_labels(tmp_path / "a.eaf")


def test_pympi_reads_what_we_write_and_the_other_way(tmp_path):
    elan = pytest.importorskip("pympi.Elan", reason="needs pympi-ling")
    ours, theirs = tmp_path / "ours.eaf", tmp_path / "theirs.eaf"
    write_events(ours, [found(*SPANS)])
    document = elan.Eaf(str(ours))
    rows = [row for tier in document.get_tier_names() for row in document.get_annotation_data_for_tier(tier)]
    expected = [(round(a * 1000), round(b * 1000)) for a, b in EXACT]
    assert sorted(row[:2] for row in rows) == expected
    assert {row[2] for row in rows} == {"wren 0.5", f"{ODD} 0.5"}
    document.to_file(str(theirs))
    assert times(read_labels(theirs)) == times(read_labels(ours))


# ---- tables ---------------------------------------------------------------------------------------------------------


def test_a_pick_list_has_times_where_they_are_known_and_none_else(tmp_path):
    path = tmp_path / "e.picks.csv"
    write_events(
        path, [found((441, 882, "P"), utc="2024-06-30T22:00:00.010000Z", file="NET.STA.mseed"), found((0, 441, "S"))]
    )
    first, second = csv.DictReader(io.StringIO(path.read_text()))
    assert (first["phase_time"], first["time_resolution_s"], first["phase_type"], first["station_id"]) == (
        "2024-06-30T22:00:00.010000", "1.0", "P", "NET.STA",
    )  # fmt: skip
    assert (second["phase_time"], second["time_resolution_s"], second["phase_index"]) == ("", "", "0")
    assert [(one.start_s, one.start_utc) for one in read_labels(path)] == [
        (0.0, None),
        (0.01, "2024-06-30T22:00:00.010000Z"),
    ]


def test_picks_of_others_have_a_time_alone(tmp_path):
    text = "station_id,phase_time,phase_score,phase_type\n"
    text += "X.Y,2019-07-04T17:02:00.004,0.9,P\nX.Y,2019-07-04T17:02:09Z,0.8,S\n"
    first, second = read_labels(put(tmp_path, "a.csv", text))
    assert first == Label(
        None, None, "P", start_utc="2019-07-04T17:02:00.004Z",
        more={"station_id": "X.Y", "phase_time": "2019-07-04T17:02:00.004", "phase_score": "0.9", "phase_type": "P"},
    )  # fmt: skip
    assert second.start_utc == "2019-07-04T17:02:09Z"


def test_birdnet_tables_are_read_and_names_have_both_parts(tmp_path):
    text = (
        "Start (s),End (s),Scientific name,Common name,Confidence\r\n3.0,6.0,Turdus merula,Eurasian Blackbird,0.7\r\n"
    )
    (label,) = read_labels(put(tmp_path, "day.BirdNET.results.csv", text))
    assert (label.start_s, label.end_s, label.text, label.more["Confidence"]) == (3.0, 6.0, "Eurasian Blackbird", "0.7")
    write_events(tmp_path / "e.BirdNET.results.csv", [found((0, 441, "Turdus merula_Eurasian Blackbird"))])
    assert (tmp_path / "e.BirdNET.results.csv").read_text() == (
        "Start (s),End (s),Scientific name,Common name,Confidence,File\n"
        "0.0,0.01,Turdus merula,Eurasian Blackbird,0.5,day.wav\n"
    )


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "name,rank\nx,1\n", "an event table has columns of a start and an end in seconds .*, got name, rank"),
        ("a.csv", "", "got none"),
        ("a.csv", "start_s,end_s\nsoon,2\n", r"line 2: needs a start in seconds or a time such as .*'start_s': 'soon'"),
        ("a.jsonl", '{"start_s": 1}\nx\n', "line 2: is no JSON"),
        ("a.jsonl", "[1]\n", r"line 1: an event is an object, got '\[1\]'"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path, name, text, said):
    with pytest.raises(ReadError, match=said):
        read_labels(put(tmp_path, name, text))


def test_jsonl_of_ours_keeps_everything(tmp_path):
    search = found((441, 882, "a"))
    write_events(tmp_path / "e.jsonl", [replace(search, events=(replace(search.events[0], channel=3),))])
    (label,) = read_labels(tmp_path / "e.jsonl")
    assert (label.channel, label.file, label.text) == (3, "day.wav", "a")
    assert label.more["start_frame"] == str(json.loads((tmp_path / "e.jsonl").read_text())["start_frame"])
