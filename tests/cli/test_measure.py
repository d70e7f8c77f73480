"""The commands sweep and measure: from one file to the other, to a room, to a page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import pipeline
from tests.measure.rooms import error_db, recorded, rooms

from .conftest import Done

Faltung = Callable[..., Done]
SWEEP = ("sweep", "-o", "sweep.wav", "--from", "60", "--to", "7k", "--length", "2s", "--fs", "16k", "--silence", "0.5s")
FS = 16_000


@pytest.fixture
def heard(faltung: Faltung, place: Path) -> np.ndarray:
    """A sweep made by the command, and its recording in a known room."""
    done = faltung(*(word.replace("7k", "7 kHz").replace("16k", "16 kHz") for word in SWEEP), "--repeats", "2")
    assert (done.code, done.err.startswith("play it, record all of it, then: faltung measure")) == (0, True)
    assert "2 of 2.000 s, 60 Hz to 7 kHz" in done.out
    h = rooms(0.3, FS, 1, 1, seed=3)
    x, _ = pipeline.read("sweep.wav")
    y, _ = recorded(x, h, FS, ppm=30, noise_db=-60)
    pipeline.write("take.wav", 0.5 * y, FS, subtype="PCM_24")
    return h


def test_from_sweep_to_room(faltung: Faltung, heard: np.ndarray, place: Path) -> None:
    done = faltung("measure", "take.wav", "--sweep", "sweep.wav", "-o", "room.wav", "--report", "room.html")
    assert done.code == 0
    for words in (
        "room.wav, room.html, room.json, room.csv",
        "+30.00 ppm",
        "the decay meets the noise",
        "mic 1",
        "T30",
    ):
        assert words in done.out
    room, info = pipeline.read("room.wav")
    assert (info.fs, info.subtype) == (FS, "FLOAT")
    assert error_db(2 * room, heard, FS, (180, 6000)) < -50
    done = faltung("apply", "in.wav", "out.wav", "reverb", "ir=room.wav", "resample=true")
    assert done.code == 0


def test_as_json(faltung: Faltung, heard: np.ndarray) -> None:
    done = faltung("measure", "take.wav", "--sweep", "sweep.wav", "--json", "--method", "inverse", "--length", "0.2s")
    assert done.code == 0
    assert (done.json["method"], done.json["cut_s"], done.json["output"]) == ("inverse", 0.2, None)
    done = faltung("sweep", "-o", "other.wav", "--json", "--channels", "left, right")
    assert done.json["channels"] == ["left", "right"]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("in.wav", "--sweep", "sweep.wav"), 2, "in.wav: rates differ: it has 8 kHz, the sweep 16 kHz"),
        (("take.wav", "--sweep", "take.wav"), 1, "take.wav: holds no settings of a sweep"),
        (("take.wav", "--sweep", "none.wav"), 1, "none.wav: "),
        (("take.wav", "--sweep", "sweep.wav", "--method", "magic"), 2, "method: must be 'division' or 'inverse'"),
        (("take.wav", "--sweep", "sweep.wav", "--length", "9s"), 2, "length: must be above 0 s and at most 0.5 s"),
        (("take.wav", "--sweep", "sweep.wav", "--speech", "in.wav"), 2, "--speech is heard in the page"),
        (("take.wav", "--sweep", "sweep.wav", "-o", "-", "--json"), 2, "both want standard output"),
        (("take.wav", "--sweep", "sweep.wav", "-o", "take.wav"), 2, "take.wav: the response is a recording"),
        (("take.wav", "--sweep", "sweep.wav", "-o", "sweep.wav", "--overwrite"), 2, "the response is the sweep; give"),
        (("take.wav", "--sweep", "sweep.wav", "-o", "sweep.npy", "--overwrite"), 2, "is the settings of the sweep"),
        (("take.wav", "--sweep", "sweep.wav", "-o", "a.npy", "--report", "a.html"), 2, "a.json: would be both the"),
        (("take.wav", "--sweep", "sweep.wav", "-o", "in.wav"), 2, "in.wav: exists already"),
        (
            ("take.wav", "--sweep", "sweep.wav", "-o", "room.wav", "--report", "sweep.html"),
            2,
            "sweep.json: the report's .json is the settings of the sweep; give it another name",
        ),
        (("take.wav", "--sweep", "sweep.wav", "--report", "in.html", "--speech", "in.csv"), 2, "is the speech"),
        (("take.wav", "--sweep", "sweep.wav", "--report", "my.html", "--overwrite"), 2, "my.csv: is another file"),
        (("take.wav", "--sweep", "sweep.wav", "--report", "room.pdf"), 2, "ends in .html"),
        (("silent.wav", "--sweep", "sweep.wav"), 1, "silent.wav: is silent; nothing was recorded"),
    ],
)
def test_what_is_wrong_is_said(
    faltung: Faltung, heard: np.ndarray, words: tuple[str, ...], code: int, message: str
) -> None:
    pipeline.write("silent.wav", np.zeros(10 * FS), FS)
    pipeline.write("in.csv", np.zeros(10), FS)
    Path("my.csv").write_text("mine\n", "utf-8")
    done = faltung("measure", *words)
    assert done.code == code
    assert not Path("room.wav").exists()
    assert message in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("name", "message"), [("s.csv", "a sweep is played, and a table is not"), ("t.wav", "t.json: is needed for the")]
)
def test_a_sweep_takes_no_place_of_what_is_none(faltung: Faltung, place: Path, name: str, message: str) -> None:
    (place / "t.json").write_text('{"fs": 8000}', "utf-8")
    done = faltung("sweep", "-o", name, "--overwrite")
    assert (done.code, (place / name).exists(), (place / "s.json").exists()) == (2, False, False)
    assert message in done.err
    assert (place / "t.json").read_text("utf-8") == '{"fs": 8000}'


def test_a_sweep_that_cannot_be_is_refused(faltung: Faltung, place: Path) -> None:
    done = faltung("sweep", "-o", "sweep.wav", "--to", "30 kHz")
    assert done.code == 2
    assert "to: must be at most 23.04 kHz at 48 kHz, got 30 kHz" in done.err
    assert not (place / "sweep.wav").exists()
