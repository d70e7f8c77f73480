"""What a process of the command settles before numpy is loaded: one thread of linear algebra, unless told otherwise."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pipeline.batch.local import LocalExecutor
from tests.batch.tasks import variable

from .conftest import environment

VARIABLE = "OPENBLAS_NUM_THREADS"
CODE = f"""\
import os, sys
from pipeline.cli import main
assert not {{"numpy", "scipy"}} & set(sys.modules)
main(["--version"])
print(os.environ["{VARIABLE}"])
"""


@pytest.mark.parametrize(("given", "settled"), [({}, "1"), ({VARIABLE: "3"}, "3")])
def test_the_command_keeps_linear_algebra_to_one_thread(
    given: dict[str, str], settled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    line = [sys.executable, "-c", CODE]
    done = subprocess.run(line, capture_output=True, text=True, check=True, env=environment(**given))
    assert done.stdout.splitlines()[-1] == settled


def test_so_do_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with LocalExecutor(1) as executor:
        assert executor.submit(variable, VARIABLE).result(120) == "1"
