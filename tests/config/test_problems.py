"""Everything wrong with a configuration is told at once, each where it is written, in plain words."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.config import parse_config, to_yaml
from pipeline.config.model import Configuration
from pipeline.errors import ConfigError, Problem

from .helpers import told

FIVE = """\
# five mistakes
version: 1
precison: single
x-soft: &soft
  gain: -6 dBB
stages:
  - use: test.echo
    dealy: 250 ms
    delay: 300 ms
    repeats: 0
  - use: test.echo
    delay:   1 s
    <<: *soft
  - use: test.room
    mix: 30%
"""

FIVE_TOLD = """\
configs/five.yaml:3:1: precison: unknown setting; did you mean 'precision'?
configs/five.yaml:5:9: stages[1].gain: unknown unit 'dBB' of a gain in '-6 dBB'; write a linear factor as a number, \
or a unit such as '-6 dB' or '50%'
configs/five.yaml:8:5: stages[0].dealy: unknown setting of 'test.echo'; did you mean 'delay'?
configs/five.yaml:10:14: stages[0].repeats: must be at least 1, got 0
configs/five.yaml:14:5: stages[2].ir: missing; 'test.room' needs it"""


def test_five_mistakes_are_five_lines_each_with_its_place():
    with pytest.raises(ConfigError) as caught:
        parse_config(FIVE, file="configs/five.yaml")
    assert str(caught.value) == FIVE_TOLD


SETTINGS = [
    ("use: test.echo, delay: 5 m", "f:3:29: stages[0].delay: '5 m' is ambiguous: write 'ms' for milliseconds or 'min'"),
    ("use: test.echo, delay: 250 s", "f:3:29: stages[0].delay: must be at most 10 s, got 250 s"),
    ("use: test.echo, delay: ", "f:3:28: stages[0].delay: has no value; give it one or leave the line out"),
    ("use: test.echo, delay: 1, repeats: 101", "f:3:41: stages[0].repeats: must be at most 100, got 101"),
    ("use: test.echo, delay: 1, repeats: 1.5", "f:3:41: stages[0].repeats: must be a whole number, got 1.5"),
    ("use: test.echo, delay: 1, repeats: x", "f:3:41: stages[0].repeats: must be a whole number, got 'x'"),
    ("use: test.echo, delay: 1, enabled: x", "f:3:41: stages[0].enabled: must be true or false, got 'x'"),
    ("use: test.echo, delay: 1, enabled: [1]", "f:3:41: stages[0].enabled: must be true or false, got [1]"),
    ("use: test.echo, delay: 1, id: 3", "f:3:36: stages[0].id: must be a text, got 3"),
    ("use: test.echo, delay: 1, id: a b", "f:3:36: stages[0].id: must be letters, digits, '_' and '-', a letter first"),
    (
        "use: test.echo, delay: 1, window: han",
        "f:3:40: stages[0].window: must be 'hann' or 'gaussian', got 'han'; did you mean 'hann'?",
    ),
    ("use: test.echo, delay: 1, window: true", "f:3:40: stages[0].window: must be 'hann' or 'gaussian', got true"),
    ("use: test.echo, delay: 1, gain: 2", "f:3:38: stages[0].gain: must be below 0 dB"),
    ("use: test.echo, delay: 1, taps: 3", "f:3:38: stages[0].taps: must be a list, got 3"),
    (
        "use: test.echo, delay: 1, taps: [3]",
        "f:3:39: stages[0].taps[0]: must be a mapping of settings to values, got 3",
    ),
    ("use: test.echo, delay: 1, taps: [{}]", "f:3:39: stages[0].taps[0].delay: missing; 'taps' needs it"),
    (
        "use: test.echo, delay: 1, taps: [{delay: 1, gian: 3}]",
        "f:3:50: stages[0].taps[0].gian: unknown setting of 'taps'; did you mean 'gain'?",
    ),
    (
        "use: test.echo, delay: 1, foo: 3",
        "f:3:32: stages[0].foo: unknown setting of 'test.echo'; known are delay, enabled, gain, id, pause,",
    ),
    ("use: test.ecko, delay: 1", "f:3:11: stages[0].use: unknown stage 'test.ecko'; did you mean 'test.echo'?"),
    ("use: 3", "f:3:5: stages[0]: a stage needs 'use:' with the name of a stage, got 3"),
    ("delay: 3", "f:3:5: stages[0]: a stage needs 'use:' with the name of a stage"),
    ("use: test.room, ir: 3", "f:3:26: stages[0].ir: must be a path, got 3"),
    (
        'use: test.room, ir: "${NOT_SET}/a"',
        "f:3:26: stages[0].ir: the environment variable 'NOT_SET' in '${NOT_SET}/a'",
    ),
    ('use: test.room, ir: "a\\0b"', "f:3:26: stages[0].ir: a path cannot hold a NUL character"),
    ("use: test.room, ir: ~no.such.user/a", "f:3:26: stages[0].ir: there is no user of that name"),
    ("use: test.room, ir: a, mix: 30", "f:3:34: stages[0].mix: a fraction must be from 0 to 1 (0% to 100%), got 30;"),
    ("use: test.room, ir: a, shape: x", "f:3:36: stages[0].shape: cannot read 'x' as a gain;"),
    ("use: test.room, ir: a, shape: [1, x]", "f:3:40: stages[0].shape[1]: cannot read 'x' as a gain;"),
    (
        "use: test.sum, branches: [[{use: test.echo, dealy: 1, delay: 1}]]",
        "f:3:50: stages[0].branches[0][0].dealy: unknown setting of 'test.echo'; did you mean 'delay'?",
    ),
    (
        "use: test.sum, branches: [[], [{use: tset.echo}]]",
        "f:3:43: stages[0].branches[1][0].use: unknown stage 'tset.echo'; did you mean 'test.echo'?",
    ),
    ("use: test.sum, branches: [a]", "f:3:32: stages[0].branches[0]: must be a list, got 'a'"),
    ("use: test.sum, branches: [[a]]", "f:3:33: stages[0].branches[0][0]: a stage is a mapping with 'use:' and its"),
]


@pytest.mark.parametrize(("stage", "message"), SETTINGS, ids=[row[0] for row in SETTINGS])
def test_a_wrong_setting_is_told_in_plain_words(stage, message):
    (line,) = told(f"  - {{{stage}}}")
    assert line.startswith(message)
    assert not any(word in line for word in ("pydantic", "https://", "Value error", "Input should", "type="))


TOP = [
    ("stages: [{use: test.room, ir: a}]", ["f:1:1: version: missing; write version: 1"]),
    ("version: 2\nstages: [{use: test.room, ir: a}]", ["f:1:10: version: must be 1, got 2"]),
    ("version: 1", ["f:1:1: stages: missing; a configuration has at least one stage, such as '- use: gain'"]),
    ("version: 1\nstages: []", ["f:2:9: stages: needs at least 1 entry, got 0"]),
    ("version: 1\nstages: {}", ["f:2:9: stages: must be a list, got {}"]),
    ("version: 1\nstages:", ["f:2:8: stages: has no value; give it one or leave the line out"]),
    ("version: 1\nstages: [echo, ~]", ["f:2:10: stages[0]: a stage is a mapping with 'use:' and its"]),
    ("", ["f:1:1: the configuration is empty; it begins with 'version: 1' and has 'stages:'"]),
    ("# nothing", ["f:1:1: the configuration is empty"]),
    ("- a", ["f:1:1: the configuration holds no settings"]),
    ("!!python/object:a.b {}", ["f:1:1: the tag !!python/object:a.b is", "f:1:1: the configuration is empty"]),
    (
        "version: 1\nstages: [{use: test.room, ir: a}]\nformat: {subtype: PCM24, dither: 3, x: 1}",
        [
            "f:3:19: format.subtype: must be 'PCM_16', 'PCM_24'",
            "f:3:34: format.dither: must be 'none' or 'tpdf', got 3",
            "f:3:37: format.x: unknown setting of 'format'; known are dither, subtype",
        ],
    ),
    (
        "version: 1\nstages: [{use: test.room, ir: a}]\ninput: [a, 3]\noutput: {stem}\nhop: 8\nfs: 0 Hz\njobs: 1",
        [
            "f:3:8: input: must be a path, a pattern, or a list of them, got ['a', 3]",
            "f:4:9: output: must be a path such as 'out/{stem}.wav', got {'stem': None}; a text with '{' at its",
            "f:5:6: hop: must be at least 16, got 8",
            "f:6:5: fs: must be above 0, got 0",
            "f:7:1: jobs: unknown setting;",
        ],
    ),
    ('version: 1\nstages: [{use: test.room, ir: a}]\ninput: "a\\0"', ["f:3:8: input: a path cannot hold a NUL"]),
    (
        "version: 1\nstages: [{use: test.room, ir: a}]\noutput: out/{stme}.wav",
        ["f:3:9: output: unknown name '{stme}' in the output; did you mean '{stem}'?"],
    ),
    (
        "version: 1\nstages: [{use: test.room, ir: a, mix: 7}]\nclip: a\nclip: b",
        ["f:2:39: stages[0].mix: a fraction must", "f:4:1: clip: written twice, first in line 3; keep one of the two"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "messages"), TOP, ids=[row[0][:40] for row in TOP])
def test_a_wrong_top_level_is_told_in_plain_words(text, messages):
    with pytest.raises(ConfigError) as caught:
        parse_config(text, "f")
    lines = str(caught.value).splitlines()
    if "echo, ~" in text:
        messages = [*messages, "f:2:16: stages[1]: has no value"]
    assert [line[: len(message)] for line, message in zip(lines, messages, strict=True)] == messages


def test_a_value_that_is_pages_long_is_not_repeated_whole():
    (line,) = told(f"  - {{use: test.echo, delay: {[1] * 3000}}}")
    assert line.startswith("f:3:29: stages[0].delay: cannot read [1, 1,")
    assert line.endswith("'2 min' or '11025 samples'")
    assert len(line) < 520


def test_thousands_of_mistakes_are_told_soon():
    stage = "  - {use: test.room, ir: a, mxi: 1, mix: 7}\n"
    started = time.process_time()
    assert len(told(stage * 900)) == 1800
    assert time.process_time() - started < 5


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(["1 s", "-6 dB", "9%"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["use", "delay", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = st.sampled_from(["test.echo", "test.room", "test.sum", "room", "gain", "echo", "fir", "convolve", "parallel"])
KEYS = st.sampled_from(
    ["delay", "gain", "taps", "ir", "shape", "branches", "cutoff", "kind", "id", "enabled", "file", "x"]
)
STAGES = st.builds(lambda use, rest: {"use": use, **rest}, NAMES, st.dictionaries(KEYS, VALUES, max_size=4))
TOPS = st.dictionaries(
    st.sampled_from([*sorted(Configuration.model_fields), "define", "x-y", "foo"]), VALUES, max_size=3
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TOPS, st.lists(STAGES, max_size=3), st.dictionaries(st.sampled_from(["room", "gain"]), STAGES))
def test_any_settings_hold_or_are_told_each_with_a_place(top, stages, define):
    text = to_yaml({"stages": stages, "define": define, **top})
    problems: tuple[Problem, ...] = ()
    try:
        parse_config(text, "f")
    except ConfigError as error:
        problems = error.problems
    assert all(problem.line > 0 and problem.column > 0 for problem in problems)
    assert list(problems) == sorted(problems, key=lambda problem: (problem.line, problem.column))
