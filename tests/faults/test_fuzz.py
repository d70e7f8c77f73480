"""A short form of the mutations of `tests.faults.fuzz`, and a longer one that is marked ``long``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.fuzz import SUFFIXES, trial


@pytest.mark.parametrize("count", [40, pytest.param(2000, marks=pytest.mark.long)])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_mutated_file_is_read_or_refused_in_words(suffix: str, count: int, tmp_path: Path) -> None:
    read, refused = trial(suffix, count, 7, tmp_path)
    assert (read + refused, refused > 0) == (count, True)
