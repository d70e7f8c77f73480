"""A disk that is full under a report, a picture or a table: exit 3, and nothing half-written beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import DiskFullError
from pipeline.io.sink import AtomicFile
from tests.cli.conftest import Done, faltung, place, write_noise  # noqa: F401  (fixtures)

COMMANDS = {
    "match -o": ["match", "in.wav", "-t", "call.wav", "--threshold", "0.5", "-o", "full.csv"],
    "match --report": ["match", "in.wav", "-t", "call.wav", "--threshold", "0.5", "--report", "full.html"],
    "bake": ["bake", "echo.yaml", "-o", "full.wav", "--fs", "8000"],
    "schema": ["schema", "-o", "full.json"],
    "apply": ["apply", "in.wav", "full.wav", "gain", "gain=1"],
    "run --report": ["run", "echo.yaml", "in.wav", "-o", "o.wav", "--report", "full.html"],
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("after", [0, 1])
def test_a_full_disk_ends_a_command_by_3_and_leaves_nothing_half_written(
    command: str,
    after: int,
    faltung: Callable[..., Done],  # noqa: F811
    place: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_noise(place / "call.wav", frames=200)
    write, written = AtomicFile.write, []

    def full(self: AtomicFile, data: bytes) -> int:
        if "full" in self.name:
            written.append(self.name)
            if len(written) > after:
                write(self, data[:10])
                raise DiskFullError(self.name, "No space left on device")
        return write(self, data)

    monkeypatch.setattr(AtomicFile, "write", full)
    done = faltung(*COMMANDS[command])
    if len(written) <= after:  # it writes all at once
        pytest.skip("writes once")
    assert (done.code, "Traceback" in done.err) == (3, False), done.err
    assert "full." in done.err
    assert [path.name for path in place.rglob("*") if path.name.endswith(".part") or path.name == "full.html"] == []
