"""Every row of the table of faults: exit code, words, the old file's bytes, and nothing left behind."""

from __future__ import annotations

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


def test_there_are_at_least_the_45_rows() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS) >= 45
