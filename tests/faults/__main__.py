"""``python -m tests.faults`` prints the table: the input, what was said, the exit code, what stood on disk."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from pipeline.text import shorten
from tests.faults.rows import OLD, ROWS, left_behind, prepared, tried


def table() -> int:
    """Print every row; how many are not as they must be."""
    wrong = 0
    for row in ROWS:
        with tempfile.TemporaryDirectory() as folder, prepared(row, Path(folder)):
            code, said = tried(row)
            stood = "the old file" if Path("out.wav").read_bytes() == OLD else "a new file"
            left = left_behind(Path(folder))
        good = code == row.code and row.said in said and not left
        wrong += not good
        lines = [line for line in said.splitlines() if row.said in line] or said.splitlines() or [""]
        print(f"{'' if good else 'WRONG '}{row.name} | {shorten(lines[0].strip(), 110)} | {code} | {stood}{left or ''}")
    print(f"{len(ROWS)} rows, {wrong} wrong")
    return wrong


if __name__ == "__main__":
    sys.exit(table() > 0)
