"""The short form of `tests.soak.s3_server`: an S3 server on loopback, and connections to it that are cut."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest

from tests.cli.conftest import PATIENCE, ROOT, environment

MISSING = [name for name in ("moto", "flask", "s3fs") if find_spec(name) is None]


@pytest.mark.skipif(bool(MISSING), reason="moto or s3fs is not installed: pip install 'faltung[store-tests]'")
@pytest.mark.parametrize("cuts", [6, pytest.param(24, marks=pytest.mark.long)])
def test_connections_that_are_cut_never_leave_an_output_that_is_not_whole(cuts: int) -> None:
    line = [sys.executable, "-m", "tests.soak.s3_server", "--cuts", str(cuts)]
    done = subprocess.run(
        line, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False, timeout=4 * PATIENCE
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert "failed in words" in done.stdout.splitlines()[-1]
