"""Settings read units, name their limit when they refuse, and take paths from the configuration's folder."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ValidationError

from pipeline.fields import Amplitude, Fraction, Hertz, InputFile, Seconds, Within, expand_variables, invalid
from pipeline.units import Duration


class Settings(BaseModel):
    delay: Annotated[Seconds, Within("1 ms", "10 s")] = Duration(1.0)
    length: Annotated[Seconds, Within("0 s", above=True)] = Duration(1.0)
    cutoff: Annotated[Hertz, Within("20 Hz", "4 kHz")] = 1000.0
    level: Annotated[Amplitude, Within("-300 dB", "-20 dB")] = 0.01
    mix: Fraction = 1.0
    repeats: Annotated[int, Within(1, 100)] = 1
    ir: InputFile = Path("x")


def test_settings_hold_numbers_and_durations():
    settings = Settings(delay="250 ms", cutoff="1 kHz", level="-40 dB", mix="30%", repeats=3)
    assert settings.delay == Duration(0.25)
    assert (settings.cutoff, settings.mix, settings.repeats) == (1000.0, 0.3, 3)
    assert settings.level == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("delay", "250 s", "must be at most 10 s, got 250 s"),
        ("delay", 0, "must be at least 1 ms, got 0 s"),
        ("delay", "-5 samples", "must be at least 1 ms, got -5 samples"),
        ("length", 0, "must be above 0 s, got 0 s"),
        ("cutoff", "5 kHz", r"must be at most 4 kHz, got 5000\.0"),
        ("cutoff", 19, r"must be at least 20 Hz, got 19\.0"),
        ("level", "0 dB", r"must be at most -20 dB, got 1\.0"),
        ("repeats", 0, "must be at least 1, got 0"),
        ("repeats", 101, "must be at most 100, got 101"),
        ("delay", "5 m", "'5 m' is ambiguous"),
        ("mix", 30, r"did you mean '30%'\?"),
        ("ir", 3, "must be a path, got 3"),
        ("ir", "", "must be a path, got ''"),
        ("ir", "a\0b", "a path cannot hold a NUL character"),
        ("ir", "${NOT_SET}/x", r"the environment variable 'NOT_SET' in '\$\{NOT_SET\}/x' is not set"),
        ("ir", "~no.such.user/x", "there is no user of that name in '~no.such.user/x'"),
    ],
)
def test_a_setting_out_of_range_is_refused_with_the_limit_and_the_value(setting, value, message):
    with pytest.raises(ValidationError, match=message):
        Settings(**{setting: value})


def test_samples_are_held_to_a_range_in_seconds_when_the_rate_is_known():
    limit = Within("1 ms", "10 s")
    assert limit.check(Duration(1e9, "samples"), None) is None
    assert limit.check(Duration(480_001.0, "samples"), 48_000) == "must be at most 10 s, got 480001 samples"
    assert limit.check(Duration(480_000.0, "samples"), 48_000) is None


def test_the_ends_of_a_range_belong_to_it_unless_said():
    assert Settings(delay="1 ms").delay == Duration(0.001)
    assert Settings(delay="10 s").delay == Duration(10.0)


def test_a_path_is_taken_from_the_folder_of_the_configuration(monkeypatch):
    monkeypatch.setenv("ROOMS", "rooms")
    read = lambda text, base: Settings.model_validate({"ir": text}, context={"base": base}).ir  # noqa: E731
    assert read("${ROOMS}/hall.wav", "/c") == Path("/c/rooms/hall.wav")
    assert read("/abs/hall.wav", "/c") == Path("/abs/hall.wav")
    assert Settings(ir="hall.wav").ir == Path("hall.wav")
    monkeypatch.setenv("HOME", "/home/me")
    assert read("~/hall.wav", "/c") == Path("/home/me/hall.wav")


def test_variables_are_replaced_once_and_soon(monkeypatch):
    monkeypatch.setenv("A", "${B}")
    assert expand_variables("x${A}y$A") == "x${B}y$A"
    assert expand_variables("${unclosed") == "${unclosed"
    started = time.process_time()
    expand_variables("${" * 100_000)
    assert time.process_time() - started < 1  # unguarded it takes minutes; 0.1 s on an idle machine


def test_an_error_reaches_the_user_as_it_stands_braces_and_all():
    assert invalid("no {stem} here").message() == "no {stem} here"


def test_settings_survive_json():
    settings = Settings(delay="480 samples", length="0.3 s", ir="a/b.wav")
    dumped: dict[str, Any] = json.loads(settings.model_dump_json())
    assert dumped["delay"] == "480 samples"
    assert Settings.model_validate(dumped) == settings


def test_the_schema_of_a_field_names_its_unit():
    properties = Settings.model_json_schema()["properties"]
    assert properties["delay"]["x-unit"].startswith("time: 's', 'ms'")
    assert properties["mix"]["type"] == ["number", "string"]
