"""Definitions are put in place of their uses, and errors still point at where they are written."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pipeline.config import parse_config
from pipeline.config.define import expand_definitions
from pipeline.errors import SettingError

from .helpers import told

DEFINE = "define:\n  room: {use: test.room, ir: a.wav, mix: 30%}\nversion: 1"


def test_a_definition_is_put_in_place_of_its_uses_and_what_stands_beside_has_the_word():
    text = f"{DEFINE}\nstages:\n  - use: room\n  - {{use: room, mix: 50%, id: wet}}\n"
    text += "  - {use: test.sum, branches: [[{use: room}]]}"
    stages = parse_config(text, base="b").settings.stages
    assert [stage.use for stage in stages] == ["test.room", "test.room", "test.sum"]
    assert [stages[0].mix, stages[1].mix, stages[2].branches[0][0].mix] == [0.3, 0.5, 0.3]
    assert [stages[0].id, stages[1].id] == [None, "wet"]
    assert stages[0].ir == Path("b/a.wav")


def test_a_mistake_in_a_definition_is_told_once_where_it_is_written():
    top = "define:\n  room: {use: test.room, ir: a.wav, mxi: 30%}\nversion: 1"
    text = "  - use: room\n  - use: room\n  - {use: room, mix: 7}"
    assert told(text, top) == [
        "f:2:37: define.room.mxi: unknown setting of 'test.room'; did you mean 'mix'?",
        "f:7:22: stages[2].mix: a fraction must be from 0 to 1 (0% to 100%), got 7; did you mean '7%'?",
    ]
    assert told("  - use: room", top.replace("test.room", "test.rom")) == [
        "f:2:15: define.room.use: unknown stage 'test.rom'; did you mean 'test.room'?"
    ]


def test_what_a_definition_lacks_is_missing_where_it_is_used():
    top = "define:\n  slap: {use: test.echo, delay: 1, taps: [{delay: 1}, {delay: 1, gian: 2}]}\nversion: 1"
    (line,) = told("  - {use: slap}", top)
    assert line.startswith("f:2:66: define.slap.taps[1].gian: unknown setting of ")
    top = "define:\n  room: {use: test.room, mix: 30%}\nversion: 1"
    assert told("  - {use: room, ir: a}\n  - use: room", top) == ["f:6:5: stages[1].ir: missing; 'test.room' needs it"]


def test_an_error_found_later_in_a_definition_gets_the_place_of_the_definition():
    loaded = parse_config(f"{DEFINE}\nstages: [{{use: room, mix: 0}}]", "f")
    assert str(loaded.locate(SettingError("no", "stages", 0, "ir"))) == "f:2:30: define.room.ir: no"
    assert str(loaded.locate(SettingError("no", "stages", 0, "mix"))) == "f:4:27: stages[0].mix: no"


def test_a_definition_never_used_is_a_warning():
    loaded = parse_config(f"{DEFINE}\nstages: [{{use: test.echo, delay: 1}}]", "f")
    assert [str(warning) for warning in loaded.warnings] == ["f:2:3: define.room: is never used"]


@pytest.mark.parametrize(
    ("define", "message"),
    [
        ("3", "f:1:9: define: must map names to stages, got 3"),
        ("{gain: {use: test.room}}", "f:1:10: define.gain: 'gain' is an installed stage; take another name"),
        ("{test.echo: {use: test.room}}", "f:1:10: define.test.echo: 'test.echo' is an installed stage"),
        ("{a: 3}", "f:1:13: define.a: a definition is a mapping with 'use:' and settings"),
        ("{a: {mix: 3}}", "f:1:13: define.a: a definition is a mapping with 'use:' and settings"),
        ("{a: {use: a}}", "f:1:19: define.a.use: a definition is made of installed stages, and 'a' is a definition"),
        ("{a: {use: b}, b: {use: test.room}}", "f:1:19: define.a.use: a definition is made of installed stages"),
        (
            "{a: {use: test.sum, branches: [[{use: a}, {use: a}]]}}",
            "f:1:47: define.a.branches[0][0].use: a definition is made of installed stages, and 'a' is a definition",
        ),
    ],
)
def test_a_definition_that_cannot_be_is_told(define, message):
    lines = told("  - {use: a}" if "a: {" in define else "  - {use: test.room, ir: a}", f"define: {define}\nversion: 1")
    assert lines[0].startswith(message)


def test_a_misspelt_definition_is_suggested():
    assert told("  - {use: rom}", DEFINE) == [
        "f:5:11: stages[0].use: unknown stage 'rom'; did you mean 'room' of define?"
    ]


def test_definitions_used_over_and_over_are_counted():
    big = [{"use": "test.sum", "branches": [[{"use": "gain", "gain": 1}] * 500]}]
    started = time.process_time()
    expanded = expand_definitions([{"use": "big"}] * 2000, {"big": big[0]})
    assert time.process_time() - started < 1
    assert "more than 10,000 settings" in expanded.problems[0].message


def test_two_stages_with_one_id_are_told():
    text = "  - {use: test.room, ir: a, id: hall}\n  - {use: test.sum, branches: [[{use: gain, gain: 1, id: hall}]]}"
    assert told(text) == ["f:4:58: stages[1].branches[0][0].id: two stages have the id 'hall'; give each its own"]
