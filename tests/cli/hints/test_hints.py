"""Every advice of every message is followed, literally, in the command that gave it, and leads somewhere good."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.cli.hints import _SETTING as SETTING
from pipeline.cli.hints import in_words
from pipeline.cli.process import in_options
from pipeline.config.model import Configuration
from pipeline.io.dialect import TableSettings
from pipeline.stages.base.registry import available_stages, stage_class
from tests.cli.conftest import Done
from tests.cli.hints.advice import SIGNALS, TABLES
from tests.cli.hints.rows import Row, make_files, run_line
from tests.cli.hints.source import advice, texts
from tests.cli.hints.stages import STAGES
from tests.cli.hints.words import WORDS

Faltung = Callable[..., Done]

ROWS = (*TABLES, *SIGNALS, *STAGES, *WORDS)

ELSEWHERE = {
    "a cluster, in tests of batches": ("dask", "work: a cluster reads", "work: jobs= are processes"),
    "another process at work": ("manifest: another run was", "changes", "running: was changed while"),
    "the installation": ("transforms", "events: a data frame", "writers: Parquet needs", "plugins: install"),
    "a terminal": ("run_view: standard output is a terminal", "run_view: standard input is a terminal"),
    "a disk that is full": ("spool", "source: {} (set TMPDIR"),
    "a store": ("remote",),
    "files of recorders and of plugins": (
        "labels: ; did you mean",
        "errors: choose with source:", "triggered", "riff: which is not read; convert", "registry: call it 'acme.",
        "ogg: that libsndfile does not", "source: holds samples of a WFDB record", "source: ; install what reads",
        "new_plugin", "kinds: give its files another", "source: in a pipe; give a file", "timegrid: but not even",
    ),
    "a pipe in a batch, and more than 4 GiB": (
        "shards", "wav", "sndfile: {}: {} cannot hold over", "sndfile: grew over 4 GiB",
    ),
    "a link in the output's folder": ("outputs: give another output folder",),
    "samples that libsndfile takes, and then does not": ("sndfile: cannot be encoded",),
    "a million events, and scores that are infinite": ("search: more than", "search: numbers grew too large"),
    "said to programs, about their arrays and calls": (
        "containers", "detectors", "files: bytes", "files: commit()", "files: forgotten", "files: blocks of",
        "files: compare the size", "files: nothing has the name", "files: a name that is taken",
        "outputs: names no file for the input {}; add",
        "score_bank",
        "command_line: write one or more",
        "functional",
        "stream: a signal is made",
        "ports", "plan: edges: {}, as of same", "times: {} has no time",
        "library",
        "search: a search of a whole",
        "work: check= must",
        "source: is a directory", "writers: put {stem}",
    ),
    "links, pipes, long gaps and open quotes, with their own tests": (
        "inputs: {}; mend the link",
        "templates: {} is a pipe",
        "csv_rows: a quote that is opened",
        "gaps: gaps: interpolate draws",
        "gaps: the limit is {} s",
        "timecolumn: {}; is it one?",
    ),
    "explanations of a run, with their own tests": ("outputs: {}: is no explanation",),
    "sidecars of what is baked, with their own tests": ("tables: would tell {} Hz",),
    "sidecars and arrays that contradict themselves, with their own tests": (
        "tables: tells {} twice", "arrays: bytes stand behind its array",
    ),
    "no advice": (
        "manifest: pipe",
        "options: keep what",
        "options: Say what",
        "plans: whole",
        "search_page: lower",
        "hints",
        "match_view: start",
        "registry: resample",
    ),
}  # fmt: skip
"""Advice that no command in a folder can be made to give, by why: its module, or module and beginning."""


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.module}: {row.fragment}")
def test_advice_leads_somewhere_good(row: Row, faltung: Faltung, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_files(place)
    _write(place, row.files)
    if row.before.startswith("mkdir "):
        (place / row.before[6:]).mkdir()
    elif row.before.startswith("link "):
        (place / row.before[5:]).symlink_to("gone")
    elif row.before:
        assert faltung(*run_line(row.before)).code == 0
    if row.spoiled:
        (place / row.spoiled).write_bytes((place / row.spoiled).read_bytes() + b"nonsense\n")
    said = _done(row.said, row, faltung, monkeypatch)
    for piece in filter(str.strip, row.fragment.split("{}")):
        words = in_words(in_options(piece), row.said.split()[0])
        assert piece in said.err or words.strip().partition("=")[0] in said.err or "{use:" in row.fragment, said.err
    _write(place, row.mended)
    if row.spoiled:
        (place / row.spoiled).write_bytes((place / row.spoiled).read_bytes().removesuffix(b"nonsense\n"))
    followed = _done(row.followed, row, faltung, monkeypatch)
    assert followed.code == 0, followed.err
    assert not all(piece in followed.err for piece in filter(str.strip, row.fragment.split("{}"))), "the same again"


def _write(place: Path, files: dict[str, str | bytes]) -> None:
    for name, data in files.items():
        (place / name).write_bytes(data if isinstance(data, bytes) else data.encode())


def _done(words: str, row: Row, faltung: Faltung, monkeypatch: pytest.MonkeyPatch) -> Done:
    if not row.stdin:
        return faltung(*run_line(words))
    before = os.dup(0)
    with Path(row.stdin).open("rb") as file:
        os.dup2(file.fileno(), 0)
        monkeypatch.setattr("sys.stdin", file)
        try:
            return faltung(*run_line(words))
        finally:
            os.dup2(before, 0)
            os.close(before)


def test_all_advice_of_the_source_is_followed_here_or_said_why_not() -> None:
    elsewhere = [one.partition(": ") for group in ELSEWHERE.values() for one in group]
    found = list(dict.fromkeys(advice()))
    left = [
        f"{module}: {text}"
        for module, text in found
        if not any(row.module == module and row.fragment in text for row in ROWS)
        and not any(module == name and begin in text for name, _, begin in elsewhere)
    ]
    assert left == []
    assert len(found) > 190


def test_a_message_that_names_no_setting_is_told_as_it_stands() -> None:
    """``starts with zeros: the recorder`` is no setting: ``with zeros=the`` would be told."""
    names = {name for model in (Configuration, TableSettings) for name in model.model_fields} | {"stages"}
    names |= {name for stage in available_stages() for name in stage_class(stage.name).model_fields}
    wrong = [text for _, text in texts() for found in SETTING.finditer(text) if found[3] and found[2] not in names]
    assert wrong == []
