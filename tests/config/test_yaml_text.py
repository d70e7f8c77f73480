"""The YAML reader gives data or a `ConfigError` with line and column, whatever it is fed, and soon."""

from __future__ import annotations

import math
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config.yaml_text import read_value, read_yaml
from pipeline.errors import ConfigError
from pipeline.limits import MAX_YAML_BYTES

CORE = [
    ("", None),
    ("~", None),
    ("null", None),
    ("Null", None),
    ("nUll", "nUll"),
    ("true", True),
    ("TRUE", True),
    ("False", False),
    ("no", "no"),
    ("yes", "yes"),
    ("on", "on"),
    ("off", "off"),
    ("Y", "Y"),
    ("010", 10),
    ("-7", -7),
    ("+7", 7),
    ("0o17", 15),
    ("0x1F", 31),
    ("0b11", "0b11"),
    ("1_000", "1_000"),
    ("1e3", 1000.0),
    ("1e-3", 0.001),
    ("1.", 1.0),
    (".5", 0.5),
    ("-1.5E+2", -150.0),
    (".inf", math.inf),
    ("-.INF", -math.inf),
    ("12:30:45", "12:30:45"),
    ("1:30", "1:30"),
    ("2024-01-01", "2024-01-01"),
    ("-6 dB", "-6 dB"),
    ("30%", "30%"),
    ("=", "="),
    ("'010'", "010"),
    ('"true"', "true"),
    ("!!str 010", "010"),
    ("!!float 1", 1.0),
    ("1" * 300, int("1" * 300)),
]


@pytest.mark.parametrize(("text", "value"), CORE, ids=[text[:20] or "empty" for text, _ in CORE])
def test_scalars_have_the_types_of_yaml_1_2(text, value):
    data = read_yaml(f"a: {text}").data["a"]
    assert data == value
    assert type(data) is type(value)


def test_nan_is_a_number():
    assert math.isnan(read_yaml("a: .nan").data["a"])


def test_places_are_those_of_keys_and_values_counted_from_one():
    document = read_yaml("a: 1\nlist:\n  - x\n  - use: echo\n    gain:   2\n")
    assert document.data == {"a": 1, "list": ["x", {"use": "echo", "gain": 2}]}
    assert document.values[()] == (1, 1)
    assert document.values["a",] == (1, 4)
    assert document.keys["list",] == (2, 1)
    assert document.values["list", 0] == (3, 5)
    assert document.values["list", 1] == (4, 5)
    assert document.keys["list", 1, "gain"] == (5, 5)
    assert document.values["list", 1, "gain"] == (5, 13)


def test_an_alias_is_a_copy_with_the_place_of_what_it_stands_for():
    document = read_yaml("x-a: &a {p: [1]}\nb: *a\nc: *a\n")
    document.data["b"]["p"].append(2)
    assert document.data["c"] == {"p": [1]}
    assert document.values["c", "p"] == (1, 13)


def test_a_merge_brings_in_what_is_not_written_and_the_first_has_the_word():
    text = "x: &x {p: 1, q: 1}\ny: {q: 2, <<: *x}\nz: {<<: [*x, {p: 3, r: 4}]}\nw: {'<<': *x}\n"
    document = read_yaml(text)
    assert document.problems == []
    assert document.data["y"] == {"q": 2, "p": 1}
    assert document.data["z"] == {"p": 1, "q": 1, "r": 4}
    assert document.data["w"] == {"<<": {"p": 1, "q": 1}}
    assert document.keys["y", "p"] == (1, 8)


def test_bytes_and_a_byte_order_mark_are_read():
    assert read_yaml("\ufeffa: é".encode()).data == {"a": "é"}
    assert read_yaml("\ufeffa: 1").values["a",] == (1, 4)


BROKEN = [
    ("a: *.wav", 1, 4, r"'\*' begins an alias; .* such as '\*\.wav'"),
    ("a: &", 1, 4, "'&' begins an anchor"),
    ("a: {stem}.wav", 1, 10, "does not continue what stands above"),
    ("a: b: c", 1, 5, "a ':' cannot stand here"),
    ("a:\n\t- b", 2, 1, "a tab cannot indent"),
    ("b: 1\na: 'x\n", 2, 4, "this quote is never closed"),
    ('a: "C:\\work"', 1, 8, "a backslash begins an escape; use single quotes"),
    ('a: "\\U99999999"', 1, 1, "a number in a directive or an escape is too large"),
    ("a: @x", 1, 4, "'@' cannot begin a value; .* needs quotes"),
    ("a: %x", 1, 4, "'%' cannot begin a value"),
    ("a: [1, 2", 1, 4, r"expected ',' or '\]' in the list that begins here"),
    ("a: {b: 1", 1, 4, "expected ',' or '}' in the mapping"),
    ("a: 1\nb\nc: 2", 2, 1, "expected ':' after this"),
    ("- a\nb: 1", 2, 1, "does not continue what stands above"),
    ("a: - b", 1, 4, "a list entry cannot stand here"),
    ("a: ? b", 1, 4, r"a '\?' cannot stand here"),
    ("a: |x\n b", 1, 4, r"after '\|' or '>'"),
    ("a: *q", 1, 4, "no anchor &q stands above"),
    ("a: &b 1\nc: &b 2", 2, 4, "the anchor &b is written twice"),
    ("!e!f a", 1, 1, "no tag can be read here"),
    ("a: 1\n---\nb: 2", 2, 1, "a configuration is one document"),
    ("%YAML 3.0\n---\na: 1", 1, 1, "'%' begins a directive"),
    ("%YAML " + "9" * 5000 + ".1\n---\na: 1", 1, 1, "a number in a directive or an escape is too large"),
    ("a: [,]", 1, 5, "a value is missing here"),
    ("a: \x00", 1, 4, r"the character U\+0000 cannot stand in a YAML text"),
    ("b: 1\na: \ud800", 2, 4, r"the character U\+D800"),
    (b"b: 1\na: \xff", 2, 4, "not UTF-8: the byte 0xff"),
    (b"b: 1\na: \xc3\xa9 \xff", 2, 6, "not UTF-8: the byte 0xff"),
    ("a: &a [*a]", 1, 4, "an alias inside the very thing it stands for"),
    ("a: &a {b: {<<: *a}}", 1, 4, "an alias inside the very thing it stands for"),
]


@pytest.mark.parametrize(("text", "line", "column", "message"), BROKEN, ids=[str(row[0])[:25] for row in BROKEN])
def test_broken_text_is_told_in_plain_words_with_its_place(text, line, column, message):
    with pytest.raises(ConfigError, match=message) as caught:
        read_yaml(text, "a.yaml")
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.column) == ("a.yaml", line, column)


NO_TAG = " is not allowed; a configuration is plain data"
ODD = [
    ("a: 1\nb: 2\na: 3", "f:3:1: a: written twice, first in line 1; keep one of the two"),
    ("a: 1\n<<: {}\n<<: {}", "f:3:1: <<: written twice, first in line 2; keep one of the two"),
    ("a:\n  1: x", "f:2:3: a: a key must be a text; write '1', with quotes"),
    ("true: x", "f:1:1: a key must be a text; write 'true', with quotes"),
    ("? [1]\n: x", "f:1:3: a key must be a text"),
    ('"\\x1b[31m": 1', r"f:1:1: a key cannot hold control characters, got '\x1b[31m'"),
    ("<<: 1", "f:1:5: <<: '<<' takes a mapping or a list of mappings, such as '*name'"),
    ("a: !!python/object:os.system {}", "f:1:4: a: the tag !!python/object:os.system" + NO_TAG),
    ("a: !!python/name:os.system", "f:1:4: a: the tag !!python/name:os.system" + NO_TAG),
    ("a: [!include x.yaml]", "f:1:5: a[0]: the tag !include" + NO_TAG),
    ("a: !!set {b}", "f:1:4: a: the tag !!set" + NO_TAG),
    ("a: !!map [1]", "f:1:4: a: the tag !!map" + NO_TAG),
    ("a: !!int x", "f:1:4: a: 'x' is not what its tag !!int says"),
    ("a: 1e999", "f:1:4: a: 1e999 is too large for a number; the largest is 1.8e308"),
    ("a: " + "1" * 5001, "f:1:4: a: a number has at most 300 digits, got 5001"),
    ("a: 0x" + "1" * 5001, "f:1:4: a: a number has at most 300 digits, got 5003"),
]


@pytest.mark.parametrize(("text", "told"), ODD, ids=[row[0][:25] for row in ODD])
def test_a_wrong_key_or_value_is_noted_and_reading_goes_on(text, told):
    document = read_yaml(text + "\nlast: 1" if text[0] != "<" else text, "f")
    assert [str(problem) for problem in document.problems] == [told]
    assert document.broken
    assert text[0] == "<" or document.data["last"] == 1


def test_a_mistake_in_an_anchor_is_told_once():
    assert len(read_yaml("x: &x {a: 1, a: 2}\ny: *x\nz: {<<: *x}").problems) == 1


NINE = "abcdefghi"
HOSTILE = {
    "alias bomb": "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in pairwise(NINE)),
    "merge bomb": "a: &a {x: 1}\n"
    + "".join(f"{b}: &{b} {{<<: [{','.join(['*' + a] * 9)}]}}\n" for a, b in pairwise(NINE)),
    "merge of empties": "a: &a {}\n"
    + "".join(f"{b}: &{b} {{<<: [{','.join(['*' + a] * 99)}]}}\n" for a, b in pairwise(NINE)),
    "flow lists": "[" * 100_000,
    "flow mappings": "{a: " * 50_000,
    "block lists": "- " * 100_000,
    "block mappings": "\n".join(" " * i + "a:" for i in range(600)),
    "complex keys": "? " * 100_000,
    "merge chain": "? &x0 {a: 1}\n: 0\n"
    + "".join(f"? &x{i} {{<<: *x{i - 1}}}\n: 0\n" for i in range(1, 300))
    + "z: *x299",
    "nested by aliases": "a: &a [[[[[[[[[[x]]]]]]]]]]\nb: &b [[[[[[[[[[*a]]]]]]]]]]\nc: [[[[[[[[[[[[[*b]]]]]]]]]]]]]",
    "big file": "#" * (MAX_YAML_BYTES + 1),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_would_take_time_or_memory_is_refused_at_once(text):
    started = time.process_time()
    with pytest.raises(
        ConfigError, match=r"too much for a configuration: (more than 10,000|nested)|at most 262,144 yaml"
    ):
        read_yaml(text)
    assert time.process_time() - started < 1  # unguarded it takes minutes; 0.1 s on an idle machine


def test_more_entries_than_allowed_are_refused_where_the_limit_is_passed():
    with pytest.raises(ConfigError, match=r"f:10000:3: .*more than 10,000 keys and values"):
        read_yaml("- 1\n" * 20_000, "f")


def test_the_deepest_nesting_allowed_is_32():
    assert str(read_yaml("[" * 32 + "]" * 32).data) == "[" * 32 + "]" * 32
    with pytest.raises(ConfigError, match="nested more than 32 deep"):
        read_yaml("[" * 33 + "]" * 33)


PIECES = [
    "a",
    "b: ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "\n",
    "\n  ",
    "&x ",
    "*x",
    "<<: ",
    "'",
    '"',
    "!!int ",
    "!t ",
    "? ",
]
PIECES += ["|", ">", "\t", "#", "%YAML 1.2", "---", "...", "1e3", "010", "\\", "\\U", "~", "null", "\u2028", "é", ":"]
FRAGMENTS = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)


@given(st.one_of(st.text(), st.binary(), FRAGMENTS))
def test_any_text_gives_plain_data_or_a_config_error(text):
    started = time.process_time()
    try:
        document = read_yaml(text, "f")
    except ConfigError as error:
        problems = error.problems
    else:
        problems = tuple(document.problems)
        assert_plain(document.data)
        assert () in document.values or document.data is None
    assert all(problem.line > 0 and problem.column > 0 for problem in problems)
    assert time.process_time() - started < 1


def assert_plain(data):
    assert type(data) in (dict, list, str, int, float, bool, type(None))
    if isinstance(data, dict):
        assert all(type(key) is str for key in data)
        data = list(data.values())
    for item in data if isinstance(data, list) else []:
        assert_plain(item)


@pytest.mark.parametrize(
    ("text", "value"),
    [("300 ms", "300 ms"), ("20%", "20%"), ("", None), ("[1, a]", [1, "a"]), ("{a: 1e3}", {"a": 1e3})],
)
def test_a_value_on_its_own_is_read_like_one_in_a_file(text, value):
    assert read_value(text) == value


@pytest.mark.parametrize("name", ["caf\udce9.wav", "\udc80\udcff", "a: [\udce9"])
def test_names_that_are_not_utf_8_are_values_and_stand_in_lists_and_mappings(name: str) -> None:
    assert read_value(name) == name
    quoted = name.replace("'", "''")
    assert read_value(f"[{{file: '{quoted}', gain: 2}}, '{quoted}', 1.5]") == [{"file": name, "gain": 2}, name, 1.5]


@pytest.mark.parametrize("text", ["[1", "{a: 1, a: 2}", "!t x", "*.wav"])
def test_a_value_that_cannot_be_read_names_its_source_and_no_line(text):
    with pytest.raises(ConfigError, match=r"^-s x: ") as caught:
        read_value(text, "-s x")
    assert all(problem.line == 0 for problem in caught.value.problems)
