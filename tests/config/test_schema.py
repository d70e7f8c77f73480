"""The schema accepts every configuration that holds, and its defaults and units are those of the code."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import get_args

import jsonschema
import pytest
from faltung_schema.schema import json_schema, schema_text

from pipeline.config.model import Configuration, Subtype
from pipeline.config.yaml_text import read_yaml
from pipeline.stages.base.registry import available_stages, stage_class

GALLERY = sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))


@cache
def validator() -> jsonschema.Draft7Validator:
    """Made once, with the stages of these tests, which are registered in each of them alike."""
    return jsonschema.Draft7Validator(json_schema())


def errors(text: str) -> list[str]:
    return sorted(error.message for error in validator().iter_errors(read_yaml(text).data))


def test_the_schema_is_draft_7():
    jsonschema.Draft7Validator.check_schema(json_schema())
    text = schema_text()
    assert "$defs" not in text
    assert "prefixItems" not in text
    assert text.endswith("}\n")
    assert text == schema_text()
    assert list(json.loads(text)) == sorted(json.loads(text))


def test_every_stage_has_a_definition_with_its_name_settings_and_units():
    definitions = json_schema()["definitions"]
    for source in available_stages():
        schema = definitions[source.name]
        cls = stage_class(source.name)
        assert set(schema["properties"]) == {"use", *cls.model_fields}
        assert schema["properties"]["use"]["const"] == source.name
        required = {name for name, field in cls.model_fields.items() if field.is_required()}
        assert set(schema["required"]) == {"use", *required}
        assert schema["additionalProperties"] is False
    echo = definitions["test.echo"]["properties"]
    assert echo["delay"]["description"].startswith("How much later: `250 ms`.\n\nUnit: time: 's', 'ms'")
    assert echo["pause"]["default"] == "20 ms"
    assert echo["window"]["enum"] == ["hann", "gaussian"]
    assert definitions["test.sum"]["properties"]["branches"]["items"]["items"] == {"$ref": "#/definitions/stage"}


def test_every_top_level_setting_is_described_with_its_default():
    properties = json_schema()["properties"]
    assert set(properties) == {*Configuration.model_fields, "define"}
    assert all(schema["description"] for schema in properties.values())
    assert properties["precision"]["default"] == "double"


@pytest.mark.parametrize("path", GALLERY, ids=lambda path: path.stem)
def test_the_gallery_holds_to_the_schema(path):
    assert errors(path.read_text("utf-8")) == []


VALID = """\
version: 1
x-soft: &soft {gain: -6 dB}
define:
  room: {use: test.room, mix: 30%}
stages:
  - {use: test.echo, delay: 250 ms, <<: *soft}
  - {use: room, ir: a.wav}
  - {use: test.sum, branches: [[{use: room, ir: b.wav}], []]}
  - {use: test.echo, delay: 0.1, taps: [{delay: 1 s}]}
format: {dither: tpdf}
"""


def test_anchors_definitions_and_branches_hold_to_the_schema():
    assert errors(VALID) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("version: 1", "version: 2", "1 was expected"),
        ("version: 1", "vresion: 1", "'version' is a required property"),
        ("delay: 250 ms", "dealy: 250 ms", "'delay' is a required property"),
        ("delay: 250 ms", "delay: [1]", "[1] is not of type 'number', 'string'"),
        ("mix: 30%", "mxi: 30%", "'mxi' was unexpected"),
        ("[{use: room, ir: b.wav}]", "[{use: test.room}]", "'ir' is a required property"),
        ("{dither: tpdf}", "{dither: tpd}", "'tpd' is not one of"),
        ("use: room, ir: a.wav", "ir: a.wav", "'use' is a required property"),
    ],
)
def test_what_does_not_hold_is_told_of_the_stage_that_is_named(old, new, message):
    assert any(message in error for error in errors(VALID.replace(old, new, 1)))


def test_the_encodings_are_those_that_can_be_written():
    from pipeline.io.encodings import AUDIO_CONTAINERS

    assert set(get_args(Subtype)) == {name for held in AUDIO_CONTAINERS.values() for name in held.subtypes}


def test_the_ways_with_gaps_are_those_that_can_be_read():
    from pipeline.io.csv_reader import GAPS

    assert set(get_args(Configuration.model_fields["gaps"].annotation)) == set(GAPS)
