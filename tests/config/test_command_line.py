"""Overrides change single settings, and their errors name them instead of a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config import parse_config
from pipeline.config.inputs import STREAM, expand_inputs
from pipeline.config.outputs import OutputTemplate
from pipeline.errors import ConfigError, SettingError
from pipeline.units import Duration

from .helpers import told


def output_path(template, source, base=None, root=None):
    return OutputTemplate(template, base, root).path(source)


HALL = "version: 1\nstages:\n  - {use: test.echo, delay: 1}\n  - {use: test.room, id: hall, ir: a.wav}\n"


def test_overrides_change_settings_by_position_by_id_and_at_the_top():
    overrides = ["stages.0.delay=300 ms", "hall.mix=20%", "precision=single", "format.subtype=PCM_24", "tail = trim"]
    settings = parse_config(HALL, overrides=overrides).settings
    assert settings.stages[0].delay == Duration(0.3)
    assert settings.stages[1].mix == 0.2
    assert (settings.precision, settings.format.subtype, settings.tail) == ("single", "PCM_24", "trim")


def test_an_override_reaches_into_branches_lists_and_definitions():
    text = "version: 1\ndefine: {room: {use: test.room, id: hall, ir: a}}\nstages:\n  - {use: room}\n"
    text += "  - {use: test.sum, branches: [[], [{use: test.echo, id: slap, delay: 1, taps: [{delay: 1}]}]]}"
    stages = parse_config(
        text, overrides=["slap.taps.0.gain=0.25", "hall.mix=0", "stages.0.shape=[1, 2]"]
    ).settings.stages
    assert stages[1].branches[1][0].taps[0].gain == 0.25
    assert stages[0].mix == 0
    assert stages[0].shape == (1.0, 2.0)


def test_an_id_is_that_of_a_stage_before_that_of_a_definition():
    top = "version: 1\ndefine: {room: {use: test.room, id: hall, ir: b.wav}}\n"
    settings = parse_config(top + HALL.partition("\n")[2], overrides=["hall.mix=20%"]).settings
    assert settings.stages[1].mix == 0.2


def test_paths_of_overrides_are_seen_from_the_working_folder(tmp_path, monkeypatch):
    folder = tmp_path / "[a]{b}"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "x.wav").touch()
    overrides = ["hall.ir=x.wav", "input=[x.wav, '*.wav', -]", "output=out/{stem}.wav"]
    settings = parse_config(HALL, base="/elsewhere", overrides=overrides).settings
    assert settings.stages[1].ir == folder / "x.wav"
    assert expand_inputs(settings.input, "/elsewhere") == [folder / "x.wav", STREAM]
    assert output_path(settings.output, Path("x.wav"), "/elsewhere") == folder / "out/x.wav"


WRONG_OVERRIDES = [
    ("hall.mix", "-s hall.mix: an override is setting=value, such as 'stages.0.delay=300 ms'"),
    ("hall..mix=1", "-s hall..mix=1: an override is setting=value"),
    ("=1", "-s =1: an override is setting=value"),
    ("hal.mix=1", "-s hal.mix=1: there is no setting and no stage with the id 'hal'; did you mean 'hall'?"),
    (
        "precison=single",
        "-s precison=single: there is no setting and no stage with the id 'precison'; did you mean 'prec",
    ),
    ("qqq=1", "-s qqq=1: there is no setting and no stage with the id 'qqq'; known are hall, precision"),
    ("hall=1", "-s hall=1: 'hall' is a stage; say which of its settings, such as 'hall.enabled=false'"),
    ("stages.7.mix=1", "-s stages.7.mix=1: stages has no entry '7'; its positions are 0 to 1"),
    ("stages.-1.mix=1", "-s stages.-1.mix=1: stages has no entry '-1'"),
    ("stages.x.mix=1", "-s stages.x.mix=1: stages has no entry 'x'"),
    ("hall.ir.x=1", "-s hall.ir.x=1: stages[1].ir is 'a.wav', with no settings of its own"),
    ("hall.mix=[1", "-s hall.mix=[1: expected ',' or ']' in the list"),
    ("hall.mix=!!python/name:os.system", "-s hall.mix=!!python/name:os.system: the tag !!python/name:os.system is not"),
    (
        "hall.mix=7",
        "-s hall.mix=7: stages[1].mix: a fraction must be from 0 to 1 (0% to 100%), got 7; did you mean '7%'?",
    ),
    ("hall.mxi=7", "-s hall.mxi=7: stages[1].mxi: unknown setting of 'test.room'; did you mean 'mix'?"),
    ("stages.0.use=tset.echo", "-s stages.0.use=tset.echo: stages[0].use: unknown stage 'tset.echo'; did you mean"),
    ("stages=3", "-s stages=3: stages: must be a list, got 3"),
    ("format.ditter=tpdf", "-s format.ditter=tpdf: format.ditter: unknown setting of 'format'; did you mean 'dither'?"),
]


@pytest.mark.parametrize(("override", "message"), WRONG_OVERRIDES, ids=[row[0] for row in WRONG_OVERRIDES])
def test_a_wrong_override_is_named_instead_of_a_line(override, message):
    with pytest.raises(ConfigError) as caught:
        parse_config(HALL, "f", overrides=[override])
    (line,) = str(caught.value).splitlines()
    assert line[: len(message)] == message


def test_the_command_line_comes_after_the_file():
    lines = told("  - {use: test.room, ir: a, mxi: 1}", overrides=("precision=x", "tail=y"))
    assert [line.split(": ")[0] for line in lines] == ["f:3:29", "-s precision=x", "-s tail=y"]


def test_an_error_found_later_in_an_overridden_setting_names_the_override():
    loaded = parse_config(HALL, "f", overrides=["hall.mix=20%"])
    assert str(loaded.locate(SettingError("no", "stages", 1, "mix"))) == "-s hall.mix=20%: stages[1].mix: no"
    assert str(loaded.locate(SettingError("no", "stages", 1, "ir"))) == "f:4:36: stages[1].ir: no"
