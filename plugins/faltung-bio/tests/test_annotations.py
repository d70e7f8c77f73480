"""WFDB annotations written and read: frames and texts to the letter, and the package wfdb beside them."""

from __future__ import annotations

import struct
import warnings
from pathlib import Path

import numpy as np
import pytest
from faltung_bio import ATR_WRITER
from faltung_bio.annotations import MNEMONICS
from records import noise, record

from pipeline import find_matches
from pipeline.errors import ReadError
from pipeline.io.labels import read_labels
from pipeline.match.writers import write_events
from pipeline.testing import check_events_writer

SHARED = Path(__file__).parents[4] / "shared/data/timeseries/ecg"


def word(code, value=0):
    return struct.pack("<H", code << 10 | value)


def aux(text):
    return word(63, len(text)) + text.encode("latin-1") + bytes(len(text) % 2)


def test_contract():
    check_events_writer(ATR_WRITER, lambda data: data.count(struct.pack("<H", 60 << 10 | 90)))


def searched(tmp_path, name="N"):
    x = noise("16", 9000, 2)
    call = x[50:110, 0].copy()
    for place in (1200, 1900, 8000):
        x[place : place + 60, 1] = call
    path = record(tmp_path / "a", x, gain="1(0)/uV")
    np.savetxt(tmp_path / f"{name}.csv", call, header="x", comments="")
    return path, find_matches(path, str(tmp_path / f"{name}.csv"), threshold=0.99)


@pytest.mark.parametrize("name", ["N", "V", "wren 7"])
def test_events_come_back_as_labels_on_their_frames(tmp_path, name):
    path, found = searched(tmp_path, name)
    write_events(tmp_path / "a.atr", [found])
    labels = read_labels(tmp_path / "a.atr")
    assert [(one.start_s, one.channel, one.text) for one in labels] == [
        (0.5, 0, name), (12.0, 1, name), (19.0, 1, name), (80.0, 1, name),
    ]  # fmt: skip
    assert all(one.more["num"] == "100" for one in labels)
    path.unlink()  # the file tells its own rate
    assert read_labels(tmp_path / "a.atr") == labels


def test_searches_at_several_rates_are_written_at_the_highest(tmp_path):
    x = np.random.default_rng(1).normal(size=3000)
    slow, fast = find_matches(x, x[300:330], fs=50.0), find_matches(x, x[700:730], fs=128 / 3)
    write_events(tmp_path / "a.atr", [fast, slow])
    assert [one.start_s for one in read_labels(tmp_path / "a.atr")] == [6.0, round(700 * 150 / 128) / 50]


@pytest.mark.parametrize("name", ["N", "wren 7"])
def test_wfdb_reads_what_is_written(tmp_path, name):
    wfdb = pytest.importorskip("wfdb", reason="the package wfdb is not installed")
    write_events(tmp_path / "a.atr", [searched(tmp_path, name)[1]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        told = wfdb.rdann(str(tmp_path / "a"), "atr")
    assert told.sample.tolist() == [50, 1200, 1900, 8000]
    assert (told.fs, told.chan.tolist()) == (100.0, [0, 1, 1, 1])
    assert set(told.symbol if name == "N" else told.aux_note) == {name}


@pytest.mark.skipif(not SHARED.is_dir(), reason="the recordings beside the project are not there")
def test_the_beats_of_a_real_record_are_those_that_wfdb_reads():
    wfdb = pytest.importorskip("wfdb", reason="the package wfdb is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        told = wfdb.rdann(str(SHARED / "100"), "atr")
    labels = read_labels(SHARED / "100.atr")
    assert [round(one.start_s * 360) for one in labels] == told.sample.tolist()
    assert [one.text for one in labels] == told.symbol
    assert labels[0].more["aux"] == "(N"
    assert len(labels) == 2274


def test_mnemonics_are_those_of_wfdb():
    annotation = pytest.importorskip("wfdb.io.annotation", reason="the package wfdb is not installed")
    theirs = {one.label_store: one.symbol for one in annotation.ann_labels if one.symbol.strip()}
    assert theirs == MNEMONICS


@pytest.mark.parametrize("frame", [0, 1, 1023, 1024, 65_535, 65_536, 70_000, 1 << 20])
def test_frames_far_apart(tmp_path, frame):
    far = word(59) + struct.pack("<HH", frame >> 16, frame & 0xFFFF) + word(1) if frame > 1023 else word(1, frame)
    back = word(59) + struct.pack("<i", -5)[2:] + struct.pack("<i", -5)[:2] + word(5)
    (tmp_path / "a.atr").write_bytes(word(22) + aux("## time resolution: 62.4725") + far + back + bytes(2))
    labels = read_labels(tmp_path / "a.atr")
    assert sorted((one.text, round(one.start_s * 62.4725)) for one in labels) == [("N", frame), ("V", frame - 5)]


def test_channel_and_number_stay_and_subtype_and_text_do_not(tmp_path):
    first = word(1, 10) + word(61, 0xFF) + word(62, 3) + word(60, 0xFE) + aux("odd")
    (tmp_path / "a.atr").write_bytes(word(22) + aux("## time resolution: 100") + first + word(5, 10) + bytes(2))
    one, two = read_labels(tmp_path / "a.atr")
    assert (one.channel, dict(one.more)) == (3, {"sub": "-1", "num": "-2", "aux": "odd"})
    assert (two.channel, dict(two.more)) == (3, {"num": "-2"})


def test_codes_of_a_file_of_its_own_have_its_mnemonics(tmp_path):
    own = b"".join(
        word(22) + aux(text) for text in ("## annotation type definitions", "42 z apnea", "## end of definitions")
    )
    (tmp_path / "a.atr").write_bytes(
        word(22) + aux("## time resolution: 100") + own + word(42, 50) + word(43, 1) + bytes(2)
    )
    assert [(one.start_s, one.text) for one in read_labels(tmp_path / "a.atr")] == [(0.5, "z"), (0.51, "[43]")]


def test_a_file_without_a_rate_has_that_of_the_header_beside_it(tmp_path):
    (tmp_path / "a.qrs").write_bytes(word(1, 50) + word(1, 100) + bytes(2))
    with pytest.raises(ReadError, match=r"counts frames, and tells no rate; put a\.hea, the header of its record"):
        read_labels(tmp_path / "a.qrs")
    record(tmp_path / "a", noise("16", 200, 1))
    assert [one.start_s for one in read_labels(tmp_path / "a.qrs")] == [0.5, 1.5]


@pytest.mark.parametrize("raw", [b"", word(1, 50), word(1, 50) + word(59), word(1, 5) + word(63, 9) + b"ab"])
def test_a_file_that_is_cut_is_an_error(tmp_path, raw):
    (tmp_path / "a.atr").write_bytes(raw)
    with pytest.raises(ReadError, match="ends with a word of 0, and this one without: it is cut"):
        read_labels(tmp_path / "a.atr")
