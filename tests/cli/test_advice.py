"""What is asked about settings, what ``-s`` says to ``apply`` and ``match``, and one table of events for a folder."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import run
from pipeline.config.yaml_text import read_value
from pipeline.errors import UsageError

from .conftest import Done, write_noise

Faltung = Callable[..., Done]


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (["gain", "gain=-6"], "gain.gain: -6 is a factor, +15.6 dB and the polarity turned; did you mean '-6 dB'?"),
        (["gain", "gain=-1"], ""),
        (["gain", "gain=6"], ""),
        (["delay", "delay=250"], "delay.delay: 250 are seconds; did you mean '250 ms'?"),
        (["delay", "delay=2"], ""),
        (["echo", "taps=[{delay: 0.1, gain: -12}]"], "echo.taps[0].gain: -12 is a factor"),
        (["parallel", "branches=[[{use: gain, gain: -3}], []]"], "parallel.branches[0][0].gain: -3 is a factor"),
        (["resample", "fs=44.1"], "resample.fs: 44.1 are hertz; did you mean '44.1 kHz'?"),
    ],
)
def test_a_number_that_lacks_its_unit_is_asked_about(words: list[str], asked: str, faltung: Faltung) -> None:
    done = faltung("apply", "in.wav", "o.npy", *words)
    assert done.code == 0
    assert (asked in done.err) if asked else ("did you mean" not in done.err)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["echo", "250ms"], "delay=250ms"),
        (["echo", "250"], "delay='250 ms'"),
        (["delay", "250", "ms"], "delay='250 ms'"),
        (["fir", "lowpass", "1kHz", "transition=300Hz"], "kind=lowpass cutoff=1kHz"),
        (["resample", "44.1"], "fs=44.1"),
        (["resample", "16000"], "fs=16000"),
        (["gain", "0.5"], "gain=0.5"),
        (["reverb", "mono.wav"], "ir=mono.wav"),
        (["convolve", "./mono.wav"], "file=./mono.wav"),
    ],
)
def test_what_words_without_their_setting_mean_is_asked_and_can_be_followed(
    words: list[str], meant: str, faltung: Faltung, place: Path
) -> None:
    write_noise(place / "mono.wav", frames=100, channels=1)
    done = faltung("apply", "in.wav", "o.npy", *words)
    assert (done.code, done.err.split("did you mean ")[-1]) == (2, f"{meant}?\n")
    more = [word for word in words if "=" in word]
    assert faltung("apply", "in.wav", "o.npy", words[0], *shlex.split(meant), *more).code == 0


def test_words_behind_a_stage_that_there_is_not_are_told_of_the_stage(faltung: Faltung) -> None:
    assert (
        "unknown stage 'highpass'; did you mean fir kind=highpass"
        in faltung("apply", "in.wav", "o.npy", "highpass", "200").err
    )
    assert "'faltung stages echo' tells its settings" in faltung("apply", "in.wav", "o.npy", "echo", "taps").err
    said = faltung("apply", "in.wav", "o.npy", "echo", "--delay", "250ms").err
    assert "a setting has no dashes, such as echo delay='250 ms'" in said


def test_what_a_configuration_says_is_said_with_s_and_saved(faltung: Faltung, place: Path) -> None:
    (place / "t.csv").write_text("time,x\n" + "".join(f"{k / 10:g},{k}\n" for k in range(9) if k != 4))
    said = ("-s", "time_column=time", "-s", "gaps=interpolate")
    assert faltung("apply", "t.csv", "o.csv", "gain", "gain=2", *said, "--save", "deep.yaml").code == 0
    assert len((place / "o.csv").read_text().splitlines()) == 10
    saved = read_value((place / "deep.yaml").read_text())
    assert (saved["time_column"], saved["gaps"]) == ("time", "interpolate")
    assert faltung("run", "deep.yaml", "--overwrite").code == 0
    assert "leave -s input out" in faltung("apply", "t.csv", "p.csv", "gain", "gain=2", "-s", "input=x.csv").err


def test_a_date_and_a_time_in_two_columns_are_named_and_taken_as_they_are_named(faltung: Faltung, place: Path) -> None:
    rows = "".join(f"15.07.2024;23:59:{50 + k};{k}.5\n" for k in range(10))
    text = f"Datum;Uhrzeit;Temp C\n{rows}16.07.2024;00:00:00;-1.0\n"
    (place / "t.csv").write_text(text)
    refused = faltung("apply", "t.csv", "o.csv", "gain", "gain=1")
    assert (refused.code, "but a time; give -s 'time_column=[Datum, Uhrzeit]'" in refused.err) == (1, True)
    said = ("-s", "time_column=[Datum, Uhrzeit]")
    assert faltung("apply", "t.csv", "o.csv", "gain", "gain=1", *said, "--save", "two.yaml").code == 0
    assert (place / "o.csv").read_text() == text
    assert read_value((place / "two.yaml").read_text())["time_column"] == ["Datum", "Uhrzeit"]
    assert faltung("run", "two.yaml", "--overwrite").code == 0
    assert (place / "o.csv").read_text() == text
    none = faltung("run", "two.yaml", "--overwrite", "-s", "time_column=[]")
    assert (none.code, "time_column" in none.err) == (2, True)


def test_a_setting_among_the_inputs_is_told_in_the_words_of_where_it_was_given(faltung: Faltung, place: Path) -> None:
    with pytest.raises(UsageError, match=r"'jobs=2' does not exist \(.*\); if it is a setting, give jobs=2$"):
        run("echo.yaml", ["jobs=2"])
    with pytest.raises(UsageError, match=r"does not exist .*; if it is a setting, give min_distance: 1 s$"):
        run("echo.yaml", ["min-distance=1 s"])
    assert "; if it is a setting, give --jobs 2\n" in faltung("run", "echo.yaml", "jobs=2").err
    assert "; if it is a setting, give fs: 8kHz\n" in faltung("run", "echo.yaml", "fs=8kHz").err
    assert "; if it is a setting, give -s fs=8kHz\n" in faltung("match", "fs=8kHz", "-t", "in.wav").err
    assert faltung("run", "echo.yaml", "--jobs", "2").code == 0


def test_one_table_holds_what_is_found_in_a_folder(faltung: Faltung, place: Path) -> None:
    for name in ("a", "b"):
        write_noise(place / f"{name}.wav", channels=1, scale=0.5)
    done = faltung("match", "a.wav", "b.wav", "-t", "a.wav@0.01:0.05", "-o", "all.csv")
    assert (done.code, "written: all.csv, what was found in 2 files" in done.err) == (0, True)
    rows = (place / "all.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["file", "a.wav", "b.wav"]
    again = faltung("match", "a.wav", "b.wav", "-t", "a.wav@0.01:0.05", "-o", "all.csv")
    assert (again.code, "all.csv: exists already; give --overwrite" in again.err) == (2, True)
    (place / "b.wav").write_bytes(b"RIFF")
    failed = faltung("match", "a.wav", "b.wav", "-t", "a.wav@0.01:0.05", "-o", "some.csv")
    assert (failed.code, "what was found in 1 file" in failed.err) == (1, True)


def test_opus_is_opus(faltung: Faltung, place: Path) -> None:
    write_noise(place / "48.wav", fs=48_000, frames=9600)
    assert "OGG OPUS" in faltung("apply", "48.wav", "o.opus", "gain", "gain=1").out
    refused = faltung("apply", "48.wav", "p.opus", "gain", "gain=1", "--subtype", "VORBIS")
    assert (refused.code, ".opus does not hold VORBIS; it holds OPUS" in refused.err) == (2, True)


def test_a_run_and_a_baked_kernel_say_by_how_much_the_sound_is_late(faltung: Faltung, place: Path) -> None:
    words = ("fir", "kind=lowpass", "cutoff=1kHz", "transition=300Hz", ":", "delay", "delay=10 samples")
    done = faltung("apply", "in.wav", "o.wav", *words, "--save", "c.yaml")
    baked = faltung("bake", "c.yaml", "-o", "h.npy", "--json").json
    late = f"{baked['largest_at']:,} frames: its largest tap"
    assert late in done.out
    assert late in faltung("bake", "c.yaml", "-o", "h.wav").out
    assert baked["largest_at"] == (baked["taps"] - 11) // 2 + 10
