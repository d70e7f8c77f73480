"""A folder with a batch in it, ways to start and to watch it, and what must hold when it has come to its end."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf

from pipeline.config.load import load_config
from pipeline.job import Job, run_job

ROOT = Path(__file__).resolve().parents[2]

CONFIG = """\
version: 1
input: in/*.wav
output: out/{stem}.wav
stages:
  - {use: reverb, ir: room.wav, mix: 30%}
  - {use: echo, delay: 3 ms, gain: -6 dB}
"""

_RECORD = 900  # bytes that an item takes in the manifest, roughly


@dataclass
class Place:
    """A configuration with its inputs, and what each comes to when it is done by itself, for comparison."""

    folder: Path
    files: int
    frames: int = 400
    reference: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.folder / "in").mkdir(parents=True)
        (self.folder / "batch.yaml").write_text(CONFIG, "utf-8")
        rng = np.random.default_rng(5)
        sf.write(self.folder / "room.wav", 0.1 * rng.standard_normal(300), 8000, subtype="FLOAT")
        for i in range(self.files):
            sf.write(self.folder / f"in/{i:05d}.wav", rng.uniform(-0.2, 0.2, self.frames), 8000, subtype="PCM_16")
        job = Job.of(load_config(self.folder / "batch.yaml").settings)
        (self.folder / "reference").mkdir()
        for source in sorted((self.folder / "in").iterdir()):
            run_job(job, source, self.folder / "reference" / source.name)
        self.reference = self.tree("reference")
        assert len(self.reference) == self.files

    def start(
        self, *args: str, program: Sequence[str] = ("-m", "pipeline.cli"), **options: Any
    ) -> subprocess.Popen[bytes]:
        """`faltung run` in a process group of its own, marked so that what it starts can be found."""
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        env = {**os.environ, "PYTHONPATH": path, "FALTUNG_SOAK": str(self.folder)}
        line = [sys.executable, *program, "run", "batch.yaml", "-q", *args]
        return subprocess.Popen(line, cwd=self.folder, env=env, start_new_session=True, **options)

    def tree(self, name: str = "out") -> dict[str, str]:
        """Every file below a folder with a hash of its content, without the manifest's own folder."""
        top = self.folder / name
        files = [path for path in sorted(top.rglob("*")) if path.is_file() and ".faltung" not in path.parts]
        return {path.relative_to(top).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    def manifest(self) -> Path | None:
        """The manifest of the outputs, as soon as there is one."""
        return next(iter((self.folder / "out/.faltung").glob("*.jsonl")), None)

    def size(self) -> int:
        """Bytes of the manifest."""
        manifest = self.manifest()
        return 0 if manifest is None else manifest.stat().st_size

    def wait_for_items(self, process: subprocess.Popen[bytes], items: float) -> bool:
        """Wait until so many more items were done; False if the process has ended before."""
        until = self.size() + items * _RECORD
        while process.poll() is None:
            if self.size() > until:
                return True
            time.sleep(0.002)
        return False

    def processes(self) -> list[int]:
        """Processes alive that the batch started."""
        mark = f"FALTUNG_SOAK={self.folder}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                try:
                    state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
                    if mark in (entry / "environ").read_bytes().split(b"\0") and state != "Z":
                        found.append(int(entry.name))
                except OSError:
                    continue
        return found

    def workers(self) -> list[int]:
        """Those of them that do files: copies of the copy of the command."""
        found = {pid: _parent(pid) for pid in self.processes()}
        return [pid for pid, parent in found.items() if found.get(parent) in found]

    def assert_no_orphans(self) -> None:
        deadline = time.monotonic() + 60
        while left := self.processes():
            assert time.monotonic() < deadline, f"processes {left} are left"
            time.sleep(0.02)

    def assert_whole(self) -> None:
        """What a batch that has come to its end looks like, whatever happened on the way."""
        self.assert_no_orphans()
        assert self.tree() == self.reference
        manifest = self.manifest()
        assert manifest is not None
        records = [json.loads(line) for line in manifest.read_text().splitlines()]
        items = [(record["item"], record["status"]) for record in records if "item" in record]
        done = [item for item, status in items if status == "done"]
        assert len(done) == len(set(done)) == self.files
        assert set(dict(items).values()) == {"done"}  # the last record of each

    def assert_nothing_half(self) -> None:
        """No output that is not whole."""
        tree = self.tree()
        assert {name: tree[name] for name in tree if not name.endswith(".part")}.items() <= self.reference.items()


def _parent(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    except OSError:
        return None


def main(trial: Callable[..., None], **defaults: int) -> None:
    """Run a trial as a command, with an option for each number, once for each seed."""
    parser = argparse.ArgumentParser(description=trial.__doc__)
    for name, value in {**defaults, "seeds": 1}.items():
        parser.add_argument(f"--{name}", type=int, default=value, help=f"{value} unless given")
    numbers = vars(parser.parse_args())
    for seed in range(numbers.pop("seeds")):
        with tempfile.TemporaryDirectory() as folder:
            began = time.monotonic()
            trial(Path(folder) / "place", rng=random.Random(seed), **numbers)
            print(f"seed {seed}: held, {time.monotonic() - began:.1f} s", flush=True)
