"""Event files: every format read back by another reader, whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import random
import subprocess
import sys
from dataclasses import asdict, replace

import numpy as np
import pytest

from pipeline.errors import UsageError, WriteError
from pipeline.match import writers
from pipeline.match.events import Event, Events
from pipeline.match.writers import COLUMNS, event_format, write_events

FORMATS = ("e.csv", "e.jsonl", "e.parquet", "e.txt", "e.selections.txt")
ODD = ["plain", 'with "quotes", commas', "tab\tin it", "two\nlines", "cr\rcr", "x\r\ny", "größe ∑", "", " ", "\u2028"]
NOT_UTF8 = os.fsdecode(b"caf\xe9.wav")


def event(**settings):
    given = Event(
        file="a.wav",
        template="wren",
        channel=1,
        start_s=0.1,
        end_s=0.30000000000000004,
        start_frame=2**53 + 1,
        peak_s=1e-5,
        score=-1 / 3,
        polarity="negative",
        offset=-1e-17,
        status="ok",
        expected_false_alarms=None,
    )
    return replace(given, **settings)


def search(*events, fs=48000.0, band=(0.0, 24000.0)):
    return Events(
        file="a.wav",
        fs=fs,
        frames=10,
        templates=("wren",),
        events=events,
        thresholds=np.zeros((1, 1)),
        how="",
        candidates=len(events),
        decoys=None,
        false_alarms_per_hour=None,
        unscored=(),
        band=band,
    )


def random_events(n=200):
    rng = random.Random(0)

    def number():
        return math.ldexp(rng.uniform(-1, 1), rng.randint(-60, 40))

    return [
        event(
            file=rng.choice(ODD),
            template=rng.choice(ODD),
            channel=rng.randrange(64),
            start_frame=rng.randrange(2**63),
            start_s=abs(number()),
            score=number(),
            offset=number(),
            expected_false_alarms=rng.choice([None, 0.0, abs(number()), 5e-324]),
        )
        for _ in range(n)
    ]


def written(tmp_path, name, *searches, **options):
    size = write_events(tmp_path / name, searches, **options)
    data = (tmp_path / name).read_bytes()
    assert size == len(data)
    assert [path.name for path in tmp_path.iterdir()] == [name], "nothing beside it"
    return data


def from_text(row):
    """An event from texts, as any reader of tables gives them."""
    kinds = {"channel": int, "start_frame": int, "start_s": float, "end_s": float, "peak_s": float, "score": float}
    kinds |= {"offset": float, "expected_false_alarms": lambda text: None if text == "" else float(text)}
    kinds |= {"start_utc": lambda text: text or None, "start_local": lambda text: text or None}
    kinds |= {"resolution_s": kinds["expected_false_alarms"], "recorder": kinds["start_utc"]}
    return Event(**{name: kinds.get(name, str)(text) for name, text in row.items()})


def test_csv_reads_back_to_the_same_events(tmp_path):
    events = random_events()
    data = written(tmp_path, "e.csv", search(*events[:50]), search(*events[50:]))
    rows = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
    assert list(rows[0]) == list(COLUMNS)
    assert [from_text(row) for row in rows] == events


def test_csv_lines_end_in_one_character_and_names_that_are_no_utf8_survive(tmp_path):
    data = written(tmp_path, "e.csv", search(event(file=NOT_UTF8)))
    assert data == (
        b"file,template,channel,start_s,end_s,start_frame,peak_s,score,polarity,offset,status,expected_false_alarms,"
        b"start_utc,start_local,resolution_s,recorder\n"
        b"caf\xe9.wav,wren,1,0.1,0.30000000000000004,9007199254740993,1e-05,-0.3333333333333333,negative,-1e-17,ok,,,,,\n"
    )


def test_json_lines_read_back_to_the_same_events(tmp_path):
    events = [*random_events(), event(file=NOT_UTF8)]
    lines = written(tmp_path, "e.jsonl", search(*events)).decode().split("\n")
    assert lines.pop() == ""
    assert [Event(**json.loads(line)) for line in lines] == events
    assert list(json.loads(lines[0])) == list(COLUMNS)


def test_parquet_reads_back_to_the_same_events(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    events = random_events()
    table = parquet.read_table(io.BytesIO(written(tmp_path, "e.parquet", search(*events))))
    assert [Event(**row) for row in table.to_pylist()] == events
    kinds = [str(field.type) for field in table.schema]
    assert dict(zip(table.column_names, kinds, strict=True)) == {
        "file": "string", "template": "string", "channel": "int64", "start_s": "double", "end_s": "double",
        "start_frame": "int64", "peak_s": "double", "score": "double", "polarity": "string", "offset": "double",
        "status": "string", "expected_false_alarms": "double", "start_utc": "string", "start_local": "string",
        "resolution_s": "double", "recorder": "string",
    }  # fmt: skip


def test_parquet_escapes_a_name_that_is_no_utf8(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(io.BytesIO(written(tmp_path, "e.parquet", search(event(file=NOT_UTF8)))))
    assert table.to_pylist()[0]["file"] == "caf\\udce9.wav"


def test_audacity_labels_are_start_end_and_label(tmp_path):
    data = written(tmp_path, "e.txt", search(event(start_s=1e-5, end_s=2.0, template="a\tb\nc", score=0.98765)))
    assert data == b"0.00001\t2.0\ta b c 0.9877\n"


def test_a_raven_selection_table_has_its_columns_then_ours(tmp_path):
    given = event(file="rec/" + NOT_UTF8, template="a\tb", expected_false_alarms=1e-7)
    lines = written(tmp_path, "e.Table.1.selections.txt", search(given, event(channel=0))).split(b"\n")
    assert lines.pop() == b""
    rows = [line.split(b"\t") for line in lines]
    assert [len(row) for row in rows] == [20] * 3
    first = dict(zip(rows[0], rows[1], strict=True))
    assert list(first.items()) == [
        (b"Selection", b"1"),
        (b"View", b"Waveform 1"),
        (b"Channel", b"2"),
        (b"Begin Time (s)", b"0.1"),
        (b"End Time (s)", b"0.30000000000000004"),
        (b"Low Freq (Hz)", b"0.0"),
        (b"High Freq (Hz)", b"24000.0"),
        (b"Begin File", b"caf\xe9.wav"),
        (b"Template", b"a b"),
        (b"Score", b"-0.3333333333333333"),
        (b"Polarity", b"negative"),
        (b"Start Frame", b"9007199254740993"),
        (b"Offset (frames)", b"-0.00000000000000001"),
        (b"Known At (s)", b"0.00001"),
        (b"Status", b"ok"),
        (b"Expected False Alarms", b"0.0000001"),
        (b"Begin UTC", b""),
        (b"Begin Clock", b""),
        (b"Clock Resolution (s)", b""),
        (b"Recorder", b""),
    ]
    assert rows[2][:3] == [b"2", b"Waveform 1", b"1"]
    assert rows[2][-1] == b""


def test_tabbed_formats_keep_one_event_a_line_whatever_its_name(tmp_path):
    for name in ("e.txt", "e.raven.txt"):
        data = written(tmp_path, name, search(*[event(template=odd) for odd in ODD]))
        lines = data.decode().splitlines()
        assert len(lines) == len(ODD) + (name != "e.txt")
        assert len({line.count("\t") for line in lines}) == 1
        (tmp_path / name).unlink()


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("searches", [(), (search(),)])
def test_no_events_are_a_valid_file(tmp_path, name, searches):
    data = written(tmp_path, name, *searches)
    if name == "e.parquet":
        parquet = pytest.importorskip("pyarrow.parquet")
        table = parquet.read_table(io.BytesIO(data))
        assert (table.num_rows, table.column_names) == (0, list(COLUMNS))
    else:
        assert data.decode().count("\n") == (name in ("e.csv", "e.selections.txt"))


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_events_are_the_same_bytes(tmp_path, name):
    first = written(tmp_path, name, search(event()))
    assert written(tmp_path, name, search(event()), overwrite=True) == first


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.csv", "CSV"),
        ("a.CSV", "CSV"),
        ("a.b.jsonl", "JSON lines"),
        ("a.parquet", "Parquet"),
        ("a.txt", "Audacity labels"),
        ("a.selection.txt", "Audacity labels"),
        ("selections.txt", "Audacity labels"),
        ("a.raven.txt", "Raven selection tables"),
        ("a.selections.txt", "Raven selection tables"),
        ("a.Table.1.Selections.TXT", "Raven selection tables"),
        ("-", "CSV"),
    ],
)
def test_the_name_decides_the_format(name, kind):
    assert event_format(name) == kind


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("a.json", r"a\.json: unknown extension '\.json' of an event file; known are .*did you mean \.jsonl\?"),
        (
            "a",
            r"a: no extension of an event file; known are \.csv, \.jsonl, \.parquet, \.eaf, .*\.txt; write",
        ),
        ("a.wav", r"a\.wav: unknown extension '\.wav'"),
    ],
)
def test_a_name_without_a_format_is_refused(tmp_path, name, match):
    with pytest.raises(UsageError, match=match):
        write_events(tmp_path / name, [search(event())])
    assert list(tmp_path.iterdir()) == []


def test_parquet_without_pyarrow_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setattr(writers, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"e\.parquet: Parquet needs pyarrow; .*pip install 'faltung\[tables\]'"):
        write_events(tmp_path / "e.parquet", [search(event())])


@pytest.mark.parametrize("name", ["e.txt", "e.raven.txt"])
def test_times_of_several_recordings_do_not_share_a_file_that_has_one(tmp_path, name):
    with pytest.raises(UsageError, match=r"hold the events of one recording, got 2; put \{stem\} in the name"):
        write_events(tmp_path / name, [search(event()), replace(search(), file="b.wav")])
    assert list(tmp_path.iterdir()) == []
    write_events(tmp_path / name, [search(event()), search()])  # of two stages


@pytest.mark.parametrize("name", FORMATS)
def test_what_stands_under_the_name_is_not_touched_unless_told(tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(UsageError, match="exists already; give overwrite=True, or give another name"):
        write_events(tmp_path / name, [search(event())])
    assert (tmp_path / name).read_text() == "mine"
    assert b"mine" not in written(tmp_path, name, search(event()), overwrite=True)


def test_a_write_that_fails_leaves_nothing(tmp_path, monkeypatch):
    (tmp_path / "e.csv").write_text("mine")

    def full(fd):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WriteError, match=r"e\.csv: No space left on device"):
        write_events(tmp_path / "e.csv", [search(event())], overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["e.csv"]
    assert (tmp_path / "e.csv").read_text() == "mine"
    with pytest.raises(WriteError, match="the folder does not exist"):
        write_events(tmp_path / "no" / "e.csv", [search(event())])


def test_a_write_that_is_refused_by_the_system_leaves_nothing_hidden(tmp_path, monkeypatch):
    def full(fd, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(WriteError, match=r"e\.csv: No space left on device"):
        write_events(tmp_path / "e.csv", [search(event())])
    assert list(tmp_path.iterdir()) == []


def test_standard_output_takes_csv():
    program = "from pipeline.match.writers import write_events; write_events('-', [])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == ",".join(COLUMNS) + "\n"


def test_the_columns_are_those_of_an_event():
    assert list(asdict(event())) == list(COLUMNS)
