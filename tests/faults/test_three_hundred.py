"""A folder of 300 good, broken, odd and hostile files, two workers: the good are done, the bad named, nothing left."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from pipeline.io.signals import write_signal
from tests.cli.conftest import environment
from tests.faults.rows import FLOATS, RAW, chunk, coded, flipped, fmt, wav

ROOT = Path(__file__).parents[2]

RUN = """\
import resource, sys
from pipeline.cli import main
code = main()
of = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_CHILDREN,)]
lines = open("/proc/self/status").read().splitlines()
print("peak", *of, *(line.split()[1] for line in lines if line.startswith("VmHWM")))
sys.exit(code)
"""

NPY = b"\x93NUMPY\1\0\x76\0"

BROKEN = {
    "cut.wav": wav(fmt(), chunk(b"data", RAW, 2000)),
    "rf64.wav": wav(fmt(), chunk(b"data", RAW, 0xFFFFFFFF), form=b"RF64"),
    "empty.wav": b"",
    "notes.wav": b"These are notes, not sound.\n",
    "zeros.wav": bytes(4096),
    "mac.wav": b"\0\5\x16\7" + bytes(200),
    "lfs.wav": b"version https://git-lfs.github.com/spec/v1\n",
    "avi.wav": b"RIFF\x04\0\0\0AVI ",
    "nofmt.wav": wav(chunk(b"data", RAW)),
    "rate0.wav": wav(fmt(fs=0), chunk(b"data", RAW)),
    "none.wav": wav(fmt(channels=0), chunk(b"data", RAW)),
    "wide.wav": wav(fmt(channels=1025), chunk(b"data", bytes(2050))),
    "nan.wav": wav(fmt(bits=32, tag=3), chunk(b"data", FLOATS)),
    "flipped.flac": flipped(coded("FLAC"), 12_000),
    "cut.flac": coded("FLAC")[:20_000],
    "flipped.ogg": flipped(coded("OGG"), 3_000),
    "cut.ogg": coded("OGG")[:4_000],
    "damaged.npz": b"PK\3\4" + bytes(100),
    "norate.csv": b"a,b\n1,2\n",
    "ragged.csv": b"a,b\n1,2\n3\n",
    "declares.npy": NPY + b"{'descr': '<f8', 'fortran_order': False, 'shape': (10**12,), }".ljust(117) + b"\n",
    "pickle.npy": NPY + b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(117) + b"\n",
    "bomb.npz": b"PK\5\6" + bytes(18),
    "name\x1b[31m.wav": b"",
    "=1+1.wav": b"RIFF",
    "caf\udce9.wav": b"\0",
    "<script>alert(1)<'.wav": b"text",
}
"""Files that fail, each with a name for it; each stands there several times."""


def good(folder: Path) -> list[str]:
    rng, names = np.random.default_rng(1), []
    for i in range(150):
        suffix = (".wav", ".flac", ".aiff", ".w64", ".npz", ".ogg")[i % 6]
        names.append(f"good{i}{suffix}")
        write_signal(folder / names[-1], 0.3 * rng.uniform(-1, 1, (500 + i, 1 + i % 3)), (8000, 44100)[i % 2])
    (folder / "silent.wav").write_bytes(wav(fmt(), chunk(b"data", b"")))
    (folder / "one.wav").write_bytes(wav(fmt(), chunk(b"data", b"\1\2")))
    (folder / "partial.wav").write_bytes(wav(fmt(), chunk(b"data", RAW + b"\1")))
    (folder / "unfinished.wav").write_bytes(wav(fmt(), chunk(b"data", RAW, 0)))
    return [*names, "unfinished.wav", "silent.wav", "one.wav", "partial.wav"]


@pytest.mark.skipif(sys.platform != "linux", reason="peaks are read from /proc, workers are copies")
def test_every_good_file_is_done_every_bad_one_named_and_nothing_left(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    names = good(folder)
    bad = []
    while len(names) + len(bad) < 293:
        name, data = list(BROKEN.items())[len(bad) % len(BROKEN)]
        bad.append(f"{len(bad):03}{name}" if name[0] not in "=<" else f"{name[:-4]}{len(bad)}.wav")
        (folder / bad[-1]).write_bytes(data)
    (folder / "dangling.wav").symlink_to("gone.wav")
    (folder / "round.wav").symlink_to("round.wav")
    os.mkfifo(folder / "pipe.wav")
    os.mknod(folder / "socket.wav", 0o600 | stat.S_IFSOCK)
    (folder / "twice.wav").symlink_to(names[0])  # the same file by another name is a good one
    (folder / "far.wav").symlink_to("/dev/full")
    (folder / "sound.wav").mkdir()
    bad += ["dangling.wav", "round.wav", "pipe.wav", "socket.wav", "far.wav"]
    names.append("twice.wav")
    assert len(list(folder.iterdir())) == 300
    before = {path: hashlib.sha256(path.read_bytes()).digest() for path in folder.iterdir() if path.is_file()}
    (tmp_path / "c.yaml").write_text(
        "version: 1\ninput: 'in/*'\noutput: 'out/{name}'\nstages: [{use: gain, gain: -6 dB}, {use: delay, delay: 5}]\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", RUN, "run", "c.yaml", "--jobs", "2", "--report", "r.html"], cwd=tmp_path, check=False,
        capture_output=True, env=environment(PYTHONPATH=str(ROOT), COLUMNS="4000"), errors="surrogateescape",
    )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr[-3000:]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*names, ".faltung"}
    for name in names:
        data, _ = sf.read(tmp_path / "out" / name) if not name.endswith(".npz") else (np.ones(1), 0)
        assert len(data) or name == "silent.wav"
    kept = "".join(path.read_text("utf-8", "surrogateescape") for path in (tmp_path / "out/.faltung").rglob("*.jsonl"))
    for name in bad:  # where a name steers a terminal, by what is shown of it
        assert name.replace("\x1b", "\\x1b") in done.stderr or json.dumps(name)[1:-1] in kept, name
    assert {path: hashlib.sha256(path.read_bytes()).digest() for path in before} == before
    assert [path for path in tmp_path.rglob("*") if path.name.endswith((".part", ".tmp"))] == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.yaml", "in", "out", "r.html", "r.json"]
    peaks = next(line for line in done.stdout.splitlines() if line.startswith("peak")).split()[1:]
    assert max(map(int, peaks)) < 200_000, peaks
