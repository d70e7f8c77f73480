"""`faltung apply`: a pipeline in words, its errors by the stage's word, and the configuration that `--save` writes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.config.yaml_text import read_value

from .conftest import Done, write_noise

Faltung = Callable[..., Done]


def test_stages_in_words_do_what_a_configuration_does(faltung: Faltung, place: Path) -> None:
    assert faltung("run", "echo.yaml", "-o", "a.wav", "-q").code == 0
    done = faltung("apply", "in.wav", "b.wav", "echo", "delay=10 ms", "gain=-6 dB")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("written          b.wav\n")
    assert (place / "a.wav").read_bytes() == (place / "b.wav").read_bytes()


@pytest.mark.parametrize("save", ["saved.yaml", "deep/er/saved.yaml"])
def test_a_saved_pipeline_runs_from_anywhere_to_the_same_bytes(
    save: str, faltung: Faltung, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_noise(place / "room.wav", frames=50, channels=1)
    (place / save).parent.mkdir(parents=True, exist_ok=True)
    words = ["echo", "delay=10 ms", "gain=-6.1 dB", ":", "reverb", "ir=room.wav", "mix=30%", "normalize=l1", ":"]
    words += ["parallel", "branches=[[], [{use: convolve, file: room.wav}]]"]
    options = ["--precision", "single", "--tail", "trim", "--subtype", "PCM_24"]
    assert faltung("apply", "in.wav", "out.wav", *words, *options, "--save", save).code == 0
    first = (place / "out.wav").read_bytes()
    monkeypatch.chdir("/")
    again = faltung("run", place / save, "--overwrite")
    assert (again.code, again.err) == (0, "")
    assert (place / "out.wav").read_bytes() == first
    text = (place / save).read_text("utf-8")
    assert "gain: -6.1 dB" in text
    assert str(place) not in text


@pytest.mark.parametrize(
    ("template", "saved"),
    [
        ("call.npy", "../call.npy"),
        ("{file: call.npy, name: a}", {"file": "../call.npy", "name": "a"}),
        ("[call.npy, {file: call.npy, name: a}]", ["../call.npy", {"file": "../call.npy", "name": "a"}]),
        ("[1, 2, 0]", [1, 2, 0]),
    ],
)
def test_templates_are_saved_as_seen_from_the_folder_of_the_file(
    template: str, saved: object, faltung: Faltung, place: Path
) -> None:
    np.save("call.npy", np.array([1.0, 2, 0, -1]))
    (place / "deep").mkdir()
    words = ["apply", "in.wav", "out.wav", "match", f"template={template}", "--save", "deep/a.yaml"]
    assert faltung(*words).code == 0
    assert read_value(Path("deep/a.yaml").read_text("utf-8"))["stages"][0]["template"] == saved
    before = Path("out.wav").read_bytes()
    assert faltung("run", "deep/a.yaml", "--overwrite").code == 0
    assert Path("out.wav").read_bytes() == before


def test_nothing_is_saved_over_a_file_or_for_a_run_that_failed(faltung: Faltung, place: Path) -> None:
    (place / "mine.yaml").write_text("mine", "utf-8")
    refused = faltung("apply", "in.wav", "b.wav", "gain", "gain=2", "--save", "mine.yaml")
    assert (refused.code, (place / "mine.yaml").read_text("utf-8")) == (2, "mine")
    assert not (place / "b.wav").exists()
    (place / "bad.wav").write_bytes(b"")
    assert faltung("apply", "bad.wav", "b.wav", "gain", "gain=2", "--save", "new.yaml").code == 1
    assert not (place / "new.yaml").exists()


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (["echo", "delya=1"], ["echo.delya: unknown setting of 'echo'; did you mean 'delay'?"]),
        (["echo", "delay=1", "gain=2x"], ["echo.gain: "]),
        (["gain", "gain=x", ":", "gain", "gain=y"], ["gain (stage 1).gain: ", "gain (stage 2).gain: "]),
        (["ecoh"], ["ecoh.use: unknown stage 'ecoh'; did you mean 'echo'?"]),
        (["gain", "gain=2", ":"], ["faltung: stage 2 is empty"]),
        (["gain", "2"], ["faltung: stage 1 (gain): '2' is no setting=value"]),
        (["reverb", "ir=room.wav"], ["reverb.ir: room.wav is sampled at 16000 Hz, the input at 8000 Hz"]),
        (["gain", "gain=2", "--precision", "triple"], ["precision: "]),
    ],
)
def test_errors_name_the_stage_by_its_word(words: list[str], lines: list[str], faltung: Faltung, place: Path) -> None:
    write_noise(place / "room.wav", fs=16_000)
    done = faltung("apply", "in.wav", "o.wav", *words)
    assert (done.code, done.out) == (2, "")
    told = done.err.splitlines()
    assert len(told) == len(lines)
    for got, expected in zip(told, lines, strict=True):
        assert got.startswith(expected)
    assert not (place / "o.wav").exists()


def test_an_output_that_exists_or_is_the_input_is_refused(faltung: Faltung, place: Path) -> None:
    shutil.copy("in.wav", "o.wav")
    assert "exists already" in faltung("apply", "in.wav", "o.wav", "gain", "gain=2").err
    assert "is an input" in faltung("apply", "in.wav", "in.wav", "gain", "gain=2", "--overwrite").err
