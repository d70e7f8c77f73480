"""What may not be read, or changes while it is read, fails alone with its cause; a dry run foresees the first."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import environment, write_noise

ROOT = Path(__file__).parents[2]
BATCH = (
    "version: 1\ninput: 'in/**/*.wav'\noutput: 'out/{relative}/{name}'\nstages: [{use: smooth, length: 5001 samples}]\n"
)
COMMAND = (sys.executable, "-m", "pipeline.cli", "run", "c.yaml")
BOUND = "-dac_override,-dac_read_search"


@pytest.mark.skipif(sys.platform != "linux", reason="root loses the right to read all by setpriv")
def test_what_may_not_be_read_fails_alone_and_is_foreseen(tmp_path: Path) -> None:
    before: tuple[str, ...] = ()
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root may read all, and there is no setpriv")
        before = ("setpriv", f"--bounding-set={BOUND}", f"--inh-caps={BOUND}")
    (tmp_path / "in/shut").mkdir(parents=True)
    (tmp_path / "in/open").mkdir()
    for name in ("in/a.wav", "in/unread.wav", "in/shut/s.wav", "in/open/o.wav"):
        write_noise(tmp_path / name)
    (tmp_path / "in/unread.wav").chmod(0)
    (tmp_path / "in/shut").chmod(0)
    (tmp_path / "c.yaml").write_text(BATCH)
    for more in (("--dry-run",), ("--jobs", "2")):
        done = subprocess.run(
            [*before, *COMMAND, *more], cwd=tmp_path, check=False, capture_output=True, text=True,
            env={**environment(PYTHONPATH=str(ROOT), COLUMNS="400"), "PATH": os.environ["PATH"]},
        )  # fmt: skip
        assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
        assert "in/shut: the folder cannot be read: permission denied" in done.stderr
        assert "in/unread.wav: permission denied" in done.stderr
    (tmp_path / "in/shut").chmod(0o700)
    assert sorted(path.name for path in (tmp_path / "out").rglob("*.wav")) == ["a.wav", "o.wav"]
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.skipif(sys.platform != "linux", reason="workers are copies on Linux alone")
def test_a_file_that_is_changed_while_it_is_read_fails_alone(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    write_noise(tmp_path / "in/big.wav", frames=6_000_000)
    for i in range(4):
        write_noise(tmp_path / f"in/g{i}.wav")
    (tmp_path / "c.yaml").write_text(BATCH)
    with subprocess.Popen(
        [*COMMAND, "--jobs", "2"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=environment(PYTHONPATH=str(ROOT), COLUMNS="400"),
    ) as process:  # fmt: skip
        until = time.monotonic() + 60
        while not list(tmp_path.glob("out/.*big*")) and time.monotonic() < until:
            time.sleep(0.002)
        with (tmp_path / "in/big.wav").open("r+b") as file:
            file.seek(9_000_000)
            file.write(b"\1" * 1000)
        said = process.communicate(timeout=120)[0]
    assert process.returncode == 1, said
    assert "in/big.wav: was changed while it was read; run it again" in said
    assert sorted(path.name for path in (tmp_path / "out").glob("*.wav")) == [f"g{i}.wav" for i in range(4)]
    assert not list(tmp_path.rglob("*.part"))
