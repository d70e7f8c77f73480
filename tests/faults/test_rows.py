"""Every row of the table of faults: exit code, words, the old file's bytes, and nothing left behind."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.rows import OLD, ROWS, Row, left_behind, prepared, tried


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_fault_ends_as_it_must(row: Row, tmp_path: Path) -> None:
    with prepared(row, tmp_path):
        before = Path(row.output).read_bytes()
        code, said = tried(row)
        assert (code, "Traceback" in said) == (row.code, False), said
        assert row.said in said
        if code or row.output != "out.wav" or "out.wav" not in row.words:
            assert Path(row.output).read_bytes() == before or (code == 0 and "run" in row.words)
        else:
            assert Path("out.wav").read_bytes() != OLD
    assert left_behind(tmp_path) == []


ADVICE = re.compile(r"give (-s) (\w+=\w+)|set (\w+): (\w+)(?=\n|$)|put ({.*}) in it")


def followed(row: Row, advice: re.Match[str]) -> Row:
    """The row's command with the fix that its message gave, as it stands there."""
    option, word, setting, value, names = advice.groups()
    if option:
        return replace(row, words=(*row.words, option, word))
    if names:
        return replace(row, words=tuple(one.replace("{name}", names) for one in row.words))
    text = re.sub(rf"^{setting}: .*\n", "", row.files["c.yaml"].decode(), flags=re.MULTILINE)
    return replace(row, files={**row.files, "c.yaml": f"{text}{setting}: {value}\n".encode()})


def test_a_fix_that_a_message_gives_works_in_the_command_that_printed_it(tmp_path: Path) -> None:
    """Such fixes as can be followed word by word; those in words alone have a row each in tests/cli/hints."""
    tried_names = []
    for i, row in enumerate(one for one in ROWS if one.code):
        with prepared(row, tmp_path / f"{i}a"):
            advice = ADVICE.search(tried(row)[1])
        if advice is None:
            continue
        tried_names.append(row.name)
        mended = followed(row, advice)
        with prepared(mended, tmp_path / f"{i}b"):
            code, said = tried(mended)
        assert (code, advice[0] in said) == (0, False), f"{row.name}: {advice[0]}\n{said}"
    assert len(tried_names) >= 8, tried_names


def test_there_are_at_least_the_45_rows() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS) >= 45
