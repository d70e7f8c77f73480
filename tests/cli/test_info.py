"""faltung info: facts about a file from its header, for people and machines; what cannot be read ends in 1."""

from __future__ import annotations

import json

import numpy as np
import soundfile as sf

from ..io.test_recorders import BY, comment, recording


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


def test_what_cannot_be_read_is_said_and_ends_in_1(faltung, place):
    (place / "x.wav").write_bytes(bytes(100))
    done = faltung("info", "x.wav", "missing.wav", "--json")
    assert ["error" in entry for entry in json.loads(done.out)] == [True, True]
    assert done.code == 1
    assert "cannot be read" in faltung("info", "x.wav").out
