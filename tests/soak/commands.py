"""Commands that write files, in a folder with what they read: a run, a search, an explanation, a measured room."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import soundfile as sf

from tests.soak.common import CONFIG, ROOT

FS = 8000

COMMANDS = {
    "run": "run batch.yaml -o OUT/{stem}.wav --report OUT/r.html --overwrite",
    "batch": "run batch.yaml -o OUT/{stem}.flac --report OUT/r.html --jobs 2 --overwrite",
    "run events": "run events.yaml -s events=OUT/{stem}.csv --overwrite",
    "apply": "apply in/0.wav OUT/a.flac gain gain=0.5 --overwrite",
    "apply npz": "apply in/0.wav OUT/a.npz gain gain=0.5 --overwrite",
    "match": "match in/0.wav -t call.wav --threshold 0.5 -o OUT/m.csv --report OUT/m.html --overwrite",
    "match --save": "match in/0.wav -t call.wav --threshold 0.5 --save OUT/m.yaml --overwrite",
    "explain": "explain batch.yaml -o OUT/explain --overwrite",
    "plan": "plan batch.yaml",
    "bake": "bake batch.yaml -o OUT/b.wav --fs 8000 --overwrite",
    "schema": "schema -o OUT/s.json --overwrite",
    "sweep": "sweep -o OUT/sweep.wav --length 0.5s --silence 0.2s --overwrite",
    "measure": "measure take.wav --sweep sweep.wav -o OUT/room.wav --report OUT/room.html --overwrite",
    "new-plugin": "new-plugin acme.comb -o OUT/plugin",
}
"""Command lines; OUT is the folder that they write into."""


EVENTS = """\
version: 1
input: in/*.wav
events: ["unset/{stem}.csv"]
stages: [{use: match, template: call.wav, threshold: 0.5}]
"""


def prepare(folder: Path) -> None:
    """Write what the commands read."""
    (folder / "in").mkdir(parents=True)
    rng = np.random.default_rng(5)
    sf.write(folder / "room.wav", 0.1 * rng.standard_normal(300), FS, subtype="FLOAT")
    sf.write(folder / "call.wav", rng.uniform(-0.2, 0.2, 400), FS, subtype="PCM_16")
    for i in range(2):
        sf.write(folder / f"in/{i}.wav", rng.uniform(-0.2, 0.2, 40_000), FS, subtype="PCM_16")
    (folder / "batch.yaml").write_text(CONFIG, "utf-8")
    (folder / "events.yaml").write_text(EVENTS, "utf-8")
    for line in ("sweep -o sweep.wav --length 1s --silence 0.3s -q", "apply sweep.wav take.wav gain gain=0.1 -q"):
        assert start(folder, line).wait(300) == 0


def start(
    folder: Path,
    line: str,
    program: tuple[str, ...] = ("-m", "pipeline.cli"),
    more: Mapping[str, str] = MappingProxyType({}),
    **options: Any,
) -> Any:
    """A command, begun in the folder, with ``more`` in its environment; its words in ``stderr`` where asked for."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    env = {**os.environ, "PYTHONPATH": path, "MPLBACKEND": "Agg", **more}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([sys.executable, *program, *line.split()], cwd=folder, env=env, **{**quiet, **options})


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its content, the manifest of a run left out."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and ".faltung" not in path.parts]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
