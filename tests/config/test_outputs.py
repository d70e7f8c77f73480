"""Inputs are found in an order that is always the same; outputs stay in their folder and never share a name."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config.inputs import STREAM, expand_inputs, input_root
from pipeline.config.outputs import NAMES, OutputTemplate, parse_template, plan_outputs
from pipeline.errors import UsageError


def output_path(template, source, base=None, root=None):
    return OutputTemplate(template, base, root).path(source)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("b.wav", "a.wav", "sub/c.wav", "sub/deep/d.wav", ".hidden.wav", ".git/e.wav", "sub/x.txt", "[1].wav"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return tmp_path


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        (["*.wav"], ["[1].wav", "a.wav", "b.wav"]),
        (["**/*.wav"], ["[1].wav", "a.wav", "b.wav", "sub/c.wav", "sub/deep/d.wav"]),
        (["sub/**"], ["sub/c.wav", "sub/deep/d.wav", "sub/x.txt"]),
        (["**/**/d.wav"], ["sub/deep/d.wav"]),
        (["*/c.wav"], ["sub/c.wav"]),
        (["*/*/*.wav"], ["sub/deep/d.wav"]),
        (["sub/../?.wav"], ["sub/../a.wav", "sub/../b.wav"]),
        ([".*.wav"], [".hidden.wav"]),
        (["[ab].wav"], ["a.wav", "b.wav"]),
        (["[1].wav"], ["[1].wav"]),
        (["b.wav", "*.wav"], ["b.wav", "[1].wav", "a.wav"]),
        (["-", "a.wav"], ["-", "a.wav"]),
        (["${FOLDER}/c.wav"], ["sub/c.wav"]),
    ],
)
def test_patterns_find_files_in_order(tree, monkeypatch, patterns, names):
    monkeypatch.setenv("FOLDER", "sub")
    assert expand_inputs(patterns, tree) == [STREAM if name == "-" else tree / name for name in names]
    monkeypatch.chdir(tree)
    assert expand_inputs(patterns) == [Path(name) for name in names]
    assert expand_inputs([str(tree / "sub" / "*.wav")], "/elsewhere") == [tree / "sub/c.wav"]


def test_the_folder_of_the_configuration_is_no_pattern(tmp_path):
    base = tmp_path / "[a]*"
    base.mkdir()
    (base / "x.wav").touch()
    assert expand_inputs(["*.wav"], base) == [base / "x.wav"]


def test_names_that_are_not_utf_8_survive(tmp_path):
    name = os.fsdecode(b"caf\xe9.wav")
    try:
        (tmp_path / name).touch()
    except OSError:
        pytest.skip("this file system takes no such names")
    (found,) = expand_inputs(["*.wav"], tmp_path)
    assert os.fsencode(found.name) == b"caf\xe9.wav"
    assert os.fsencode(output_path("out/{stem}-x.{ext}", found)) == b"out/caf\xe9-x.wav"


def test_links_to_folders_are_not_followed_without_end(tree):
    (tree / "sub" / "loop").symlink_to(tree)
    (tree / "loop").symlink_to(tree)
    started = time.process_time()
    assert len(expand_inputs(["**/*.wav"], tree)) == 5
    assert expand_inputs(["loop/a.wav"], tree) == [tree / "loop/a.wav"]
    assert expand_inputs(["l*/a.wav"], tree) == [tree / "loop/a.wav"]
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("none.wav", r"the input 'none\.wav' does not exist"),
        ("*.flac", r"the pattern '\*\.flac' matches no file"),
        ("none/*.wav", "matches no file"),
        ("a.wav/*", "matches no file"),
        ("s*", r"the pattern 's\*' matches no file"),
        ("sub", r"the input 'sub' is a folder; name its files, such as 'sub/\*\.wav'"),
        ("", "cannot be empty"),
        ("a\0b", "a NUL character"),
        ("${NOT_SET}/a.wav", "the environment variable 'NOT_SET' .* is not set"),
        ("~no.such.user/a.wav", "there is no user of that name in"),
        ("x" * 300, "cannot be looked for: File name too long|does not exist"),
        ("\ud800", "does not exist|cannot be looked for"),
    ],
)
def test_inputs_that_are_not_there_are_told(tree, pattern, message):
    with pytest.raises(UsageError, match=message):
        expand_inputs([pattern], tree)


def test_the_root_is_what_patterns_share_before_their_first_wildcard(tree):
    assert input_root(["**/*.wav"], tree) == tree
    assert input_root(["sub/**/*.wav", "sub/deep/d.wav"], tree) == tree / "sub"
    assert input_root(["sub/c.wav", "[1].wav"], tree) == tree
    assert input_root(["-"], tree) == tree


def test_each_name_of_a_template_is_filled_in():
    source = Path("/data/night/owl.1.wav")
    template = "out/{parent}/{relative}/{stem}_{name}_{ext}_{{x}}.wav"
    assert output_path(template, source, "/b", "/data") == Path("/b/out/night/night/owl.1_owl.1.wav_wav_{x}.wav")
    assert output_path("out/{relative}/{stem}.wav", source) == Path("out/owl.1.wav")
    assert output_path("/abs/{stem}.wav", source, "/b") == Path("/abs/owl.1.wav")
    assert output_path("{stem}.wav", STREAM, "/b") == Path("/b/stdin.wav")
    assert output_path("-", source, "/b") == STREAM


def test_a_variable_may_hold_braces_and_folders(monkeypatch):
    monkeypatch.setenv("OUT", "/a/{stem}/..")
    assert str(output_path("${OUT}/{stem}.wav", Path("x.wav"))) == "/a/{stem}/../x.wav"
    monkeypatch.delenv("OUT")
    with pytest.raises(UsageError, match=r"the environment variable 'OUT' .* is not set"):
        output_path("${OUT}/{stem}.wav", Path("x.wav"))


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{stme}.wav", r"unknown name '\{stme\}' in the output; did you mean '\{stem\}'\?"),
        ("{date}.wav", r"unknown name '\{date\}' in the output; known are \{stem\}, \{name\}"),
        ("{stem.__class__}", r"unknown name '\{stem\.__class__\}' in the output; did you mean '\{stem\}'"),
        ("{stem:>99999999}", r"unknown name '\{stem:>99999999\}' in the output; did you mean '\{stem\}'"),
        ("{stem!r}", "unknown name"),
        ("{stem[0]}", "unknown name"),
        ("{0}", "unknown name"),
        ("{}", "unknown name"),
        ("{ stem }", "unknown name"),
        ("a{b", r"a lone '\{' in 'a\{b'; write '\{\{' to mean it"),
        ("a}b", r"a lone '\}'"),
        ("{{stem}", r"a lone '\}'"),
        ("{" * 4095, r"a lone '\{' in '\{+\.\.\.'"),
        ("{" * 99_999, "an output has at most 4096 characters, got 99999"),
    ],
)
def test_a_template_knows_five_names_and_nothing_else(template, message):
    started = time.process_time()
    with pytest.raises(UsageError, match=message):
        output_path(template, Path("x.wav"))
    assert time.process_time() - started < 1  # unguarded it takes minutes; 0.1 s on an idle machine


@given(st.text(alphabet="{}$/.a:!stem[]0 ", max_size=30))
def test_any_template_is_refused_or_made_of_text_and_the_five_names(template):
    try:
        parts = parse_template(template)
    except UsageError:
        return
    assert all(part.text in NAMES for part in parts if part.kind == "name")
    plain = [part.text.replace("{", "{{").replace("}", "}}") for part in parts if part.kind == "text"]
    assert sum(map(len, plain)) + sum(len(p.text) + 2 * (p.kind == "name") for p in parts if p.kind != "text") == len(
        template
    )


@pytest.mark.parametrize(
    ("template", "source", "message"),
    [
        ("out/{stem}/x.wav", "...wav", "outside the output folder out"),
        ("out/{parent}/x", "/..wav", "outside the output folder|names no file"),
        ("out/{stem}/../../x.wav", "a.wav", "outside the output folder out"),
        ("out/{relative}/x.wav", "/elsewhere/a.wav", "outside the output folder out"),
        ("out/{ext}", "noext", "names no file for the input 'noext'; write 'out/{ext}/{stem}.wav'"),
        (".", "x.wav", r"names no file for the input 'x\.wav'; write '\./{stem}\.wav'"),
        ("out/", "a.wav", "names no file"),
        ("out/{stem}/", "a.wav", "names no file"),
        ("out/..", "a.wav", "names no file"),
        ("", "a.wav", "names no file"),
        ("out/\0{stem}", "a.wav", "a NUL character"),
        ("~no.such.user/{stem}", "a.wav", "a user that does not exist"),
    ],
)
def test_an_output_outside_its_folder_or_without_a_name_is_refused(template, source, message, tmp_path):
    if source == "/..wav":
        assert output_path(template, Path(source)) == Path("out/x")
        return
    with pytest.raises(UsageError, match=message):
        output_path(template, Path(source), root=tmp_path)


def test_an_output_that_a_link_leads_out_of_its_folder_is_refused(tmp_path):
    out, other = tmp_path / "out", tmp_path / "other"
    out.mkdir()
    other.mkdir()
    (out / "night").symlink_to(other)
    (out / "loop").symlink_to(out / "loop")
    (tmp_path / "link").symlink_to(out)
    with pytest.raises(UsageError, match="outside the output folder"):
        output_path("out/{parent}/{stem}.wav", Path("night/a.wav"), tmp_path)
    assert output_path("link/{stem}.wav", Path("a.wav"), tmp_path) == tmp_path / "link/a.wav"
    assert output_path("out/{parent}/x.wav", Path("loop/a.wav"), tmp_path) == tmp_path / "out/loop/x.wav"


NAME = st.text(alphabet=st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=12)


@given(
    st.lists(NAME, min_size=1, max_size=4), st.sampled_from(["{stem}", "{parent}/{name}", "{relative}/{stem}.{ext}"])
)
def test_whatever_an_input_is_called_its_output_lies_in_the_folder(names, template):
    source = Path("/in").joinpath(*names)
    try:
        path = output_path(f"out/{template}.wav", source, "/base", "/in")
    except UsageError:
        return
    assert Path(os.path.normpath(path)).is_relative_to("/base/out")


def test_outputs_are_planned_in_the_order_of_the_inputs():
    inputs = [Path("/in/b/x.wav"), Path("/in/a/x.wav")]
    assert plan_outputs(inputs, "o/{relative}/{stem}.flac", "/base") == [
        (inputs[0], Path("/base/o/b/x.flac")),
        (inputs[1], Path("/base/o/a/x.flac")),
    ]
    assert plan_outputs(inputs[:1], "o/{relative}/{stem}.flac", "/base", "/in") == [
        (inputs[0], Path("/base/o/b/x.flac"))
    ]
    assert plan_outputs([STREAM], "-") == [(STREAM, STREAM)]


@pytest.mark.parametrize(
    ("inputs", "template", "fix", "message"),
    [
        (["a/x.wav", "b/x.wav"], "out/{stem}.wav", "put {parent}/{name} in it", "a/x.wav, b/x.wav -> out/x.wav"),
        (["a.wav", "b.wav"], "out.wav", "put {stem} in it", "a.wav, b.wav -> out.wav"),
        (["a.wav", "a.flac"], "out/{stem}.wav", "put {name} in it", "a.wav, a.flac -> out/a.wav"),
        (["a/1/x.wav", "b/1/x.wav"], "out/{stem}.wav", "put {relative}/{name} in it", "b/1/x.wav -> out/x.wav"),
        (["a/x.wav", "a/y.wav", "b/x.wav"], "o.wav", "put {parent}/{name} in it", "b/x.wav -> o.wav"),
        (
            ["Owl.wav", "owl.wav"],
            "out/{stem}.wav",
            "rename one of them, or",
            "out/Owl.wav, out/owl.wav (one name where",
        ),
        (
            ["caf\u00e9.wav", "cafe\u0301.wav"],
            "out/{stem}.wav",
            "rename one of them, or",
            "(one name where case or comp",
        ),
        (
            ["stra\u00dfe.wav", "STRASSE.wav"],
            "out/{stem}.wav",
            "rename one of them, or",
            "(one name where case or comp",
        ),
    ],
)
def test_two_inputs_under_one_name_are_refused_with_a_fix_that_tells_them_apart(inputs, template, fix, message):
    paths = [Path(name) for name in inputs]
    with pytest.raises(UsageError, match=rf"(?s)one output; {re.escape(fix)}.*{re.escape(message)}"):
        plan_outputs(paths, template)
    for told in re.findall(r"put (.*) in it", fix):
        plan_outputs(paths, f"out/{told}.wav")


def test_of_many_collisions_the_first_are_told_and_the_rest_counted():
    inputs = [Path(folder, f"{i}.wav") for i in range(30) for folder in "ab"]
    with pytest.raises(UsageError, match=r"a/19\.wav, b/19\.wav -> out/19\.wav\n  and 10 more$"):
        plan_outputs(inputs, "out/{stem}.wav")
