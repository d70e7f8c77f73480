"""Command words become stages, and stages become a file that reads back the same."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import parse_config, parse_words, to_yaml
from pipeline.config.yaml_text import read_yaml
from pipeline.errors import UsageError


def test_words_become_stages():
    words = ["echo", "delay=250 ms", "repeats=4", ":", "smooth", "length=5 ms", "note=a=b", ":", "route", "to=mono"]
    assert parse_words(words) == [
        {"use": "echo", "delay": "250 ms", "repeats": 4},
        {"use": "smooth", "length": "5 ms", "note": "a=b"},
        {"use": "route", "to": "mono"},
    ]
    assert parse_words(["echo", "taps=[{delay: 1 s, gain: 0.5}]"]) == [
        {"use": "echo", "taps": [{"delay": "1 s", "gain": 0.5}]}
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "no stage is given; write one or more, such as: echo"),
        ([":"], "stage 1 is empty; between two ':' stands a stage"),
        (["echo", ":", ":", "gain"], "stage 2 is empty"),
        (["echo", ":"], "stage 2 is empty"),
        (["delay=1"], "stage 1 begins with 'delay=1'; behind IN and OUT comes the name of a stage"),
        (["echo", "smooth"], r"stage 1 \(echo\): 'smooth' is no setting=value; did you mean 'smooth' as a stage"),
        (["echo", "=3"], r"stage 1 \(echo\): '=3' is no setting=value$"),
        (["echo", "use=gain"], "the first word is its name already; leave 'use=gain' out"),
        (["echo", "delay=1", "delay=2"], "'delay' is given twice"),
        (["gain", ":", "echo", "taps=[1"], r"stage 2 \(echo\): 'taps=\[1': expected ',' or '\]'"),
        (["reverb", "ir=*.wav"], r"'ir=\*\.wav': '\*' begins an alias"),
        (["reverb", "ir=!!python/name:os.system"], "the tag !!python/name:os.system is not allowed"),
    ],
)
def test_words_that_are_no_pipeline_are_told_in_plain_words(words, message):
    with pytest.raises(UsageError, match=message):
        parse_words(words)


def test_a_file_is_written_as_people_write_it():
    data = {
        "stages": [{"use": "echo", "delay": "250 ms", "gain": "-6 dB"}, {"use": "smooth", "taps": [1, 0.5, 1e-05]}],
        "output": "{stem}.wav",
        "input": ["*.wav", PurePosixPath("no/yes.wav")],
        "odd": ["010", "true", "no", "a: b", "", None, False, "12:30", "-", "1e3", float("-inf"), 1e300],
    }
    assert to_yaml(data) == (
        "version: 1\n"
        "input:\n"
        "  - '*.wav'\n"
        "  - no/yes.wav\n"
        "output: '{stem}.wav'\n"
        "stages:\n"
        "  - use: echo\n"
        "    delay: 250 ms\n"
        "    gain: -6 dB\n"
        "  - use: smooth\n"
        "    taps:\n"
        "      - 1\n"
        "      - 0.5\n"
        "      - 1e-05\n"
        "odd:\n"
        "  - '010'\n"
        "  - 'true'\n"
        "  - no\n"
        "  - 'a: b'\n"
        "  - ''\n"
        "  - null\n"
        "  - false\n"
        "  - 12:30\n"
        "  - '-'\n"
        "  - '1e3'\n"
        "  - -.inf\n"
        "  - 1e+300\n"
    )


KEYS = st.text(max_size=12).filter(str.isprintable) | st.sampled_from(["<<", "=", "~", "no", "1", "null", "? a", "- b"])
SCALARS = st.none() | st.booleans() | st.integers(-(10**299), 10**299) | st.floats(allow_nan=False) | st.text()
SCALARS |= st.sampled_from(
    ["010", "1e3", "no", "~", ".inf", "0x1F", "*a", "{a}", "%", "a\n b\n", " a", "x: y", "\udc80", "\x85", "a\u2028b"]
)
TREES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4))


@given(st.dictionaries(KEYS.filter(lambda key: key != "version"), TREES, max_size=5))
def test_what_is_written_reads_back_the_same(data):
    document = read_yaml(to_yaml(data))
    assert document.problems == []
    assert document.data == {"version": 1, **data}
    assert repr(document.data) == repr({"version": 1, **data})  # the order too, and -0.0 is not 0


@pytest.mark.parametrize("text", ["\x85", "a\x85b", "a\u2028b", "\u2029 ", "a\n\x85", "\r", "\r\n", "\ufeff", "\t"])
def test_rare_ends_of_lines_are_written_so_that_they_are_read(text):
    assert read_yaml(to_yaml({"id": text})).data["id"] == text


def test_settings_are_written_without_what_is_left_at_its_default(tmp_path):
    text = "version: 1\ntail: trim\nstages:\n- {use: test.echo, delay: 480 samples, id: a}\n"
    text += "- {use: test.sum, branches: [[{use: test.room, ir: h.wav, mix: 30%}], []]}\ninput: [a.wav]\n"
    settings = parse_config(text, base=tmp_path).settings
    written = to_yaml(settings)
    assert parse_config(written).settings == settings
    assert written.startswith("version: 1\ninput:\n  - a.wav\n")
    assert "delay: 480 samples\n" in written
    assert "precision" not in written
