"""Event files read: each as the program that it is of writes it, its traps among them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import Label, read_labels
from pipeline.errors import ReadError, UsageError

from ..plugin_kit import Distributions


@pytest.fixture
def dists(tmp_path, monkeypatch):
    made = Distributions(tmp_path, monkeypatch)
    yield made
    made.forget()


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# ---- Audacity -------------------------------------------------------------------------------------------------------


def test_audacity_labels_have_frequencies_in_a_second_line(tmp_path):
    path = put(
        tmp_path, "a.txt",
        "0.250000\t0.500000\twren\n\\\t1000.000000\t2000.500000\n1.5\t1.5\t\n2.000000\t3.000000\ta\tb\r\n\\\t-1.0\t900.0\r\n",
    )  # fmt: skip
    assert read_labels(path) == (
        Label(0.25, 0.5, "wren", low_hz=1000.0, high_hz=2000.5),
        Label(1.5, 1.5),
        Label(2.0, 3.0, "a\tb", high_hz=900.0),
    )


def test_an_audacity_label_may_have_a_start_alone_and_a_comma_for_the_point(tmp_path):
    assert read_labels(put(tmp_path, "a.txt", "0,25\twren\n0,5\t0,75\n")) == (
        Label(0.25, 0.25, "wren"),
        Label(0.5, 0.75),
    )


def test_a_text_that_is_no_label_names_its_line(tmp_path):
    path = put(tmp_path, "a.txt", "0.1\t0.2\tx\nchapter one\n")
    with pytest.raises(ReadError, match=r"a\.txt: line 2: a label is a start, an end and a name .* got 'chapter one'"):
        read_labels(path)


# ---- Raven ----------------------------------------------------------------------------------------------------------

RAVEN = (
    "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tSpecies\tNotes\r\n"
    "1\tWaveform 1\t1\t0.5\t0.75\t0\t24000\tWREN\tloud\r\n"
    "1\tSpectrogram 1\t1\t0.5\t0.75\t2000\t8000\tWREN\tloud\r\n"
    "2\tSpectrogram 1\t2\t1\t2\t1000\t9000\tTIT\t\r\n"
    "2\tWaveform 1\t2\t1\t2\t0\t24000\tTIT\t\r\n"
)


@pytest.mark.parametrize("name", ["a.selections.txt", "a.txt", "a.Table.1.Selections.TXT"])
def test_a_raven_selection_is_one_however_many_views_it_has(tmp_path, name):
    first, second = read_labels(put(tmp_path, name, RAVEN))
    assert first == Label(0.5, 0.75, "WREN", 0, 2000.0, 8000.0, more={"Species": "WREN", "Notes": "loud"})
    assert (second.channel, second.low_hz, second.high_hz, second.text) == (1, 1000.0, 9000.0, "TIT")


def test_a_raven_table_without_its_times_names_the_columns(tmp_path):
    path = put(tmp_path, "a.txt", "Selection\tBegin Time (s)\n1\t0.5\n")
    with pytest.raises(ReadError, match=r"has the columns 'Begin Time \(s\)' and 'End Time \(s\)', got \['Selection'"):
        read_labels(path)
    path = put(tmp_path, "a.txt", RAVEN.replace("0.75", "later"))
    with pytest.raises(ReadError, match=r"row 2: .* are numbers, got '0\.5', 'later'"):
        read_labels(path)


# ---- the door -------------------------------------------------------------------------------------------------------


def test_a_name_that_no_reader_is_for_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"a\.txd: no event file that can be read; known are .*did you mean \.txt\?"):
        read_labels(tmp_path / "a.txd")
    with pytest.raises(ReadError, match=r"none\.txt: No such file or directory"):
        read_labels(tmp_path / "none.txt")


TICKS = """
from pipeline.io.labels import EventReaderKind, Label

LABELS = EventReaderKind("ticks", (".ticks",), lambda path: [(Label(*map(float, path.read_text().split())))])
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2 3", ""),
        ("3 2", "label 1: starts at or before its end, in seconds, got 3 to 2"),
        ("nan 2", "label 1: starts at or before its end, in seconds, got nan to 2"),
        ("x", "the event reader 'acme.ticks' of acme-ticks failed: ValueError"),
    ],
)
def test_labels_are_read_by_a_plugin_and_looked_at(dists, tmp_path, text, said):
    dists.add("acme-ticks", TICKS, event_reader="acme.ticks = LABELS")
    path = put(tmp_path, "a.ticks", text)
    if not said:
        assert read_labels(path) == (Label(2.0, 3.0),)
        return
    with pytest.raises(ReadError, match=said):
        read_labels(path)


def test_what_a_reader_gives_has_to_be_labels_with_a_time(dists, tmp_path):
    dists.add("acme-ticks", TICKS.replace("Label(*", "tuple("), event_reader="acme.ticks = LABELS")
    with pytest.raises(ReadError, match="a reader of events gives labels, got tuple"):
        read_labels(put(tmp_path, "a.ticks", "2 3"))
    nothing = TICKS.replace("ticks", "tocks").replace("*map(float, path.read_text().split())", "None, None")
    dists.add("acme-tocks", nothing, event_reader="acme.tocks = LABELS")
    with pytest.raises(ReadError, match="a start and an end are needed, or the true time of the start"):
        read_labels(put(tmp_path, "a.tocks", "2 3"))
