"""faltung info: facts about a file from its header, for people and machines; what cannot be read ends in 1."""

from __future__ import annotations

import json
import os
import threading

import numpy as np
import pytest
import soundfile as sf

from ..io.test_recorders import BY, comment, recording
from .conftest import start


def test_it_says_what_a_recording_is_and_when_it_began(faltung, place):
    path = recording(place / "a.wav", [comment(f"Recorded at 22:15:00 30/06/2024 (UTC+1) {BY}")])
    out = faltung("info", path).out
    for line in (
        "WAV, PCM_16, read by faltung",
        "48000 Hz",
        "100 frames",
        "2024-06-30T21:15:00.000000Z (by AudioMoth's",
    ):
        assert line in out


def test_json_has_a_document_for_one_and_a_list_for_several(faltung, place):
    sf.write(place / "a.flac", np.zeros((50, 2)), 44_100)
    (place / "b.csv").write_text("time,v\n0,1\n0.5,2\n")
    one = faltung("info", "a.flac", "--json").json
    assert (one["signals"][0]["fs"], one["signals"][0]["frames"], one["signals"][0]["clocks"]) == (44_100.0, 50, [])
    both = faltung("info", "a.flac", "b.csv", "--json")
    assert [entry["file"] for entry in both.json] == ["a.flac", "b.csv"]


def test_texts_that_are_there_twice_are_both_told(faltung, place):
    one = (place / "in.wav").read_bytes()
    texts = b"INFO" + b"".join(b"IART" + (4).to_bytes(4, "little") + text for text in (b"one\0", b"two\0"))
    body = one[8:] + b"LIST" + len(texts).to_bytes(4, "little") + texts
    (place / "a.wav").write_bytes(b"RIFF" + len(body).to_bytes(4, "little") + body)
    assert "one; two" in faltung("info", "a.wav").out


def test_what_cannot_be_read_is_said_and_ends_in_1(faltung, place):
    (place / "x.wav").write_bytes(bytes(100))
    done = faltung("info", "x.wav", "missing.wav", "--json")
    assert ["error" in entry for entry in json.loads(done.out)] == [True, True]
    assert done.code == 1
    assert "cannot be read" in faltung("info", "x.wav").out


@pytest.mark.parametrize(
    "case", ["one", "joined", "of two rates", "texts behind", "no length", "cut short", "a table", "nothing"]
)
def test_a_pipe_is_told_as_the_file_with_its_bytes(faltung, place, case):
    one = (place / "in.wav").read_bytes()
    sf.write(place / "b.wav", np.zeros((70, 2)), 16_000)
    title = b"LIST" + (18).to_bytes(4, "little") + b"INFOINAM" + (6).to_bytes(4, "little") + b"title\0"
    data = {
        "one": one,
        "joined": one + one[:-8],
        "of two rates": one + (place / "b.wav").read_bytes(),
        "texts behind": one[:4] + (len(one) - 8 + len(title)).to_bytes(4, "little") + one[8:] + title,
        "no length": one[:40] + b"\xff" * 4 + one[44:],
        "cut short": one[:-400],
        "a table": b"time,v\n0,1\n0.5,2\n",
        "nothing": b"",
    }[case]
    (place / "disk").write_bytes(data)
    os.mkfifo(place / "pipe")
    for words in (["--json"], []):
        writing = threading.Thread(target=(place / "pipe").write_bytes, args=[data])
        writing.start()
        told = faltung("info", "pipe", *words)
        writing.join()
        disk = faltung("info", "disk", *words)
        assert (told.code, told.err) == (disk.code, disk.err)
        assert told.out.replace("pipe", "disk", 1) == disk.out
    assert case != "joined" or "2 recordings in a row" in disk.out
    assert case != "texts behind" or "title" in disk.out


def test_standard_input_is_told_to_its_end(place):
    one = (place / "in.wav").read_bytes()
    process = start("info", "-")
    out, err = process.communicate(one + one, timeout=60)
    assert (process.returncode, err) == (0, b"")
    assert b"2,000 frames" in out
    assert b"2 recordings in a row" in out
