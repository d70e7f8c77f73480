"""No option of any command, with any name of what its run reads, changes a byte of that."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.sacred import COMMANDS, commands, search


def test_every_command_that_there_is_is_tried() -> None:
    assert commands().keys() == COMMANDS.keys()


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("brief", [True, pytest.param(False, marks=pytest.mark.long)])
def test_what_a_command_reads_stays_as_it_is(name: str, brief: bool, tmp_path: Path) -> None:
    trial = search([name], tmp_path, brief=brief)
    assert trial.changed == []
    assert trial.tries > 0
