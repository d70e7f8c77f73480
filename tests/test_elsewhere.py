"""Where a system lacks what Linux has, all can be imported, and runs, batches, resume, locks and limits work.

The system is Linux without it: every process that is started here loses it before its first line. So this shows that
nothing that is missing is used, not that another system is as its documents say.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

ROOT = Path(__file__).parents[1]

WITHOUT = """\
import os, signal, socket, subprocess, sys
import fcntl

class msvcrt:
    LK_NBLCK = 2
    @staticmethod
    def locking(fd, mode, count):
        import struct
        at = os.lseek(fd, 0, os.SEEK_CUR)
        kind = real.F_WRLCK if real.fcntl(fd, real.F_GETFL) & os.O_RDWR else real.F_RDLCK
        lock = struct.pack("hhqqi", kind, os.SEEK_SET, at, count, 0)
        real.fcntl(fd, 37, lock)  # F_OFD_SETLK: as on Windows, a lock is that of an open file

real = fcntl
sys.modules["fcntl"] = None
if os.environ["LOCKS"] == "msvcrt":
    sys.modules["msvcrt"] = msvcrt
for name in (
    "fork", "forkpty", "register_at_fork", "posix_spawn", "posix_spawnp", "pread", "preadv", "pwrite", "pwritev",
    "posix_fadvise", "posix_fallocate", "sched_getaffinity", "sched_setaffinity", "O_NOFOLLOW", "getuid", "geteuid",
):
    vars(os).pop(name, None)
for name in ("SIGHUP", "SIGALRM", "SIGKILL", "setitimer", "ITIMER_REAL", "alarm", "pthread_sigmask", "valid_signals"):
    vars(signal).pop(name, None)
for name in ("send_fds", "recv_fds"):
    vars(socket).pop(name, None)
"""

BATCH = """\
version: 1
input: in/*.wav
output: out/{stem}.wav
stages:
  - {use: echo, delay: 10 ms, gain: -6 dB}
  - {use: reverb, ir: hall.wav, normalize: none}
batch: {timeout: 1 min}
"""

IMPORT_ALL = """\
import importlib, pkgutil, pipeline
for module in pkgutil.walk_packages(pipeline.__path__, "pipeline."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""

LOCKED = """\
from pathlib import Path
from pipeline.batch.manifest import Manifest
with Manifest(next(Path("out/.faltung").glob("*.jsonl"))) as manifest:
    manifest.begin({"pid": 1, "started": "now", "recipe": {}})
    print("held", flush=True)
    input()
"""

LIMITED = """\
import os
from pipeline.batch.local import LocalExecutor, WorkerLostError
from tests.batch.tasks import ends_with, parent_after, sleep, square
with LocalExecutor(2, timeout_s=1.0) as executor:
    assert executor.submit(parent_after, 0.0).result() == os.getpid()
    late, lost, done = executor.submit(sleep, 3600.0), executor.submit(ends_with, 7), executor.submit(square, 3)
    assert done.result() == 9
    assert "took longer than 1 s (batch.timeout)" in str(late.exception())
    assert "ended (exit code 7) three times" in str(lost.exception())
executor = LocalExecutor(1)
future = executor.submit(sleep, 3600.0)
while not future.running():
    pass
executor.__exit__(KeyboardInterrupt, None, None)
"""


@pytest.fixture(params=["msvcrt", "none"], scope="module")
def elsewhere(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of processes on another system, with the locks of Windows or with none."""
    if sys.platform != "linux":
        pytest.skip("takes from Linux what others lack")
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "sitecustomize.py").write_text(WITHOUT, "utf-8")
    path = os.pathsep.join([str(folder), str(ROOT)])
    return {**os.environ, "PYTHONPATH": path, "LOCKS": request.param, "OPENBLAS_NUM_THREADS": "1"}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    rng = np.random.default_rng(3)
    (tmp_path / "in").mkdir()
    for name in "abcde":
        sf.write(tmp_path / f"in/{name}.wav", rng.uniform(-0.5, 0.5, 1000), 8000, subtype="PCM_16")
    sf.write(tmp_path / "hall.wav", rng.uniform(-0.1, 0.1, 3000), 8000, subtype="FLOAT")
    (tmp_path / "batch.yaml").write_text(BATCH, "utf-8")
    return tmp_path


def python(place: Path, env: dict[str, str], *args: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, *args]
    return subprocess.run(line, cwd=place, env=env, capture_output=True, text=True, timeout=300, check=False)


def faltung(place: Path, env: dict[str, str], *args: str) -> subprocess.CompletedProcess[str]:
    return python(place, env, "-m", "pipeline.cli", *args)


def test_every_module_can_be_imported(place: Path, elsewhere: dict[str, str]) -> None:
    done = python(place, elsewhere, "-c", IMPORT_ALL)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_file_comes_out_as_here(place: Path, elsewhere: dict[str, str]) -> None:
    for name, env in (("here", dict(os.environ, PYTHONPATH=str(ROOT))), ("there", elsewhere)):
        done = faltung(place, env, "run", "batch.yaml", "in/a.wav", "-o", f"{name}/a.wav", "-q")
        assert (done.returncode, done.stderr) == (0, "")
        done = faltung(place, env, "apply", "in/a.wav", f"{name}/a.flac", "echo", "delay=10 ms", "gain=-6 dB", "-q")
        assert (done.returncode, done.stderr) == (0, "")
    for output in ("a.wav", "a.flac"):
        assert (place / "here" / output).read_bytes() == (place / "there" / output).read_bytes()


def test_a_batch_goes_on_where_it_stopped_and_two_runs_of_it_lock_each_other_out(
    place: Path, elsewhere: dict[str, str]
) -> None:
    done = faltung(place, elsewhere, "run", "batch.yaml", "--jobs", "2", "-q")
    assert (done.returncode, done.stderr) == (0, "")
    done = faltung(place, elsewhere, "run", "batch.yaml", "--jobs", "2")
    assert (done.returncode, done.stderr) == (0, "5 files unchanged, done before\n")
    (place / "out/b.wav").unlink()
    hidden = place / "out/.b.wav.01234567.part"
    hidden.touch()
    line = [sys.executable, "-c", LOCKED]
    with subprocess.Popen(line, cwd=place, env=elsewhere, stdin=-1, stdout=-1, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        refused = faltung(place, elsewhere, "run", "batch.yaml", "--jobs", "2")
        holder.communicate("\n")
    has_locks = elsewhere["LOCKS"] == "msvcrt"
    assert (refused.returncode == 2) == has_locks
    assert ("another run is at work on it (process 1, since now)" in refused.stderr) == has_locks
    done = faltung(place, elsewhere, "run", "batch.yaml", "--jobs", "2", "-q")
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(path.name for path in (place / "out").glob("*.wav")) == [f"{name}.wav" for name in "abcde"]
    assert hidden.exists() != has_locks, "without locks a hidden file may be that of a writer alive"


def test_workers_have_their_limits_and_end(place: Path, elsewhere: dict[str, str]) -> None:
    done = python(place, elsewhere, "-c", LIMITED)
    assert (done.returncode, done.stderr) == (0, "")
