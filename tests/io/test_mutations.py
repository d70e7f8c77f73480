"""Files with broken headers: a signal of the declared length or an error in words, never a crash, never less."""

import subprocess
import sys
from pathlib import Path

import pytest

CONTAINERS = ["wav", "rf64", "w64", "flac", "aiff", "ogg", "npy", "npz", "csv"]


@pytest.mark.parametrize(("count", "seed"), [(150, 1), pytest.param(5000, 2, marks=pytest.mark.long)])
def test_a_mutated_header_gives_a_whole_signal_or_an_error_in_words(count, seed):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.io.mutate", str(count), str(seed), *CONTAINERS],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n") == [*CONTAINERS, "done", ""]
