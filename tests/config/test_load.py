"""A sound configuration becomes frozen settings that remember where each was written."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from pipeline.config import load_config, parse_config, validate_config
from pipeline.errors import ConfigError, SettingError
from pipeline.units import Duration

GOOD = """\
version: 1
x-anchors:
  soft: &soft {gain: 50%}
input: a.wav
stages:
  - use: test.echo
    delay: 250 ms
    <<: *soft
  - use: test.room
    ir: data/hall.wav
    mix: 30%
format: {subtype: pcm-24}
"""


def test_a_sound_configuration_becomes_settings(tmp_path):
    loaded = parse_config(GOOD, base=tmp_path)
    settings = loaded.settings
    assert settings.input == ("a.wav",)
    assert settings.output is None
    assert settings.format.subtype == "PCM_24"
    assert [stage.use for stage in settings.stages] == ["test.echo", "test.room"]
    assert settings.stages[0].delay == Duration(0.25)
    assert settings.stages[0].gain == 0.5
    assert settings.stages[1].ir == tmp_path / "data/hall.wav"
    assert settings.precision == "double"
    assert loaded.warnings == ()


def test_the_settings_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        parse_config(GOOD).settings.clip = "error"


def test_a_loaded_configuration_with_shipped_stages_pickles():
    loaded = parse_config("version: 1\nstages: [{use: gain, gain: 2}]", "f")
    assert pickle.loads(pickle.dumps(loaded)).settings == loaded.settings


def test_paths_are_seen_from_the_folder_of_the_file(tmp_path):
    (tmp_path / "sub").mkdir()
    file = tmp_path / "sub" / "a.yaml"
    file.write_text(GOOD, "utf-8")
    loaded = load_config(file)
    assert loaded.base == tmp_path / "sub"
    assert loaded.file == str(file)
    assert loaded.settings.stages[1].ir == tmp_path / "sub" / "data/hall.wav"
    assert load_config(file, base=tmp_path).settings.stages[1].ir == tmp_path / "data/hall.wav"


def test_a_file_that_cannot_be_read_is_told_with_the_reason(tmp_path):
    for path, reason in [
        (tmp_path / "none.yaml", "No such file or directory"),
        (tmp_path, "Is a directory"),
        (tmp_path / ("x" * 300), "File name too long"),
        ("a\0b", "embedded null byte"),
    ]:
        with pytest.raises(ConfigError, match=f"cannot be read: {reason}"):
            load_config(path)


def test_a_device_without_end_is_read_no_further_than_the_limit():
    if not Path("/dev/zero").exists():
        pytest.skip("needs a device without end")
    with pytest.raises(ConfigError, match="at most 262,144 yaml bytes"):
        load_config("/dev/zero")


def test_an_error_found_when_the_signal_is_known_gets_its_place():
    loaded = parse_config(GOOD, "f")
    for path, place in [
        (("stages", 1, "ir"), "f:10:9: stages[1].ir: no"),
        (("stages", 0, "gain"), "f:3:22: stages[0].gain: no"),
        (("stages", 0, "repeats"), "f:6:5: stages[0].repeats: no"),
        (("stages", 1), "f:9:5: stages[1]: no"),
        (("stages",), "f:6:3: stages: no"),
        (("precision",), "f:1:1: precision: no"),
        ((), "f:1:1: no"),
    ]:
        assert str(loaded.locate(SettingError("no", *path))) == place


def test_plain_data_is_validated_like_a_file_with_no_lines(tmp_path):
    data = {"version": 1, "stages": [{"use": "test.room", "ir": "a.wav"}]}
    assert validate_config(data, tmp_path).settings.stages[0].ir == tmp_path / "a.wav"
    with pytest.raises(ConfigError, match=r"^stages\[0\]\.mxi: unknown setting of 'test.room'; did you mean 'mix'\?$"):
        validate_config({"version": 1, "stages": [{"use": "test.room", "ir": "a.wav", "mxi": 3}]})
    assert data == {"version": 1, "stages": [{"use": "test.room", "ir": "a.wav"}]}
