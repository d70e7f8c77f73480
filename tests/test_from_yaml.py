"""`Pipeline.from_yaml` keeps whatever a configuration says, key by key, and a program that uses it has types."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pipeline.job
from pipeline import Pipeline
from pipeline.config.load import load_config
from pipeline.config.model import Configuration
from pipeline.engine.options import Options
from pipeline.io.formats import READING

ASIDE = {"version", "input", "output", "events", "batch", "explain", "report"}
"""Where the files of a run are, and what is made of many: `run` is for these."""

SAID: dict[str, Any] = {
    "stages": "[{use: delay, delay: 3 samples}, {use: smooth, id: soft, length: 5 ms}]",
    "precision": "single",
    "tail": "trim",
    "pre_roll": "keep",
    "edges": "reflect",
    "fuse": "false",
    "nonfinite": "propagate",
    "hop": "64",
    "threads": "3",
    "format": "{subtype: PCM_24, dither: tpdf}",
    "clip": "scale",
    "truncated": "accept",
    "fs": "100 Hz",
    "columns": "[b, 0]",
    "time_column": "when",
    "time_unit": "ms",
    "gaps": "interpolate",
    "max_gap": "10 s",
    "table": '{delimiter: ";", missing: [-999]}',
    "source": "IU.ANMO",
    "triggered": "as_stored",
}
PLAIN = "version: 1\ninput: in.wav\noutput: out.wav\n"
STAGES = "stages: [{use: gain, gain: 0.5}]\n"


def written(folder: Path, key: str = "") -> Path:
    path = folder / f"{key or 'plain'}.yaml"
    path.write_text(PLAIN + (f"{key}: {SAID[key]}\n" if key else "") + (STAGES if key != "stages" else ""), "utf-8")
    return path


def test_every_key_of_a_configuration_is_known_here():
    assert set(SAID) | ASIDE == set(Configuration.model_fields)


@pytest.mark.parametrize("key", SAID)
def test_a_key_reaches_the_run_of_a_file_and_of_an_array_as_that_of_the_command(key, tmp_path, monkeypatch):
    jobs: list[pipeline.job.Job] = []
    monkeypatch.setattr(pipeline.job, "run_job", lambda job, *_, **__: jobs.append(job))
    settings, plain = (load_config(written(tmp_path, which)).settings for which in (key, ""))
    pipe = Pipeline.from_yaml(written(tmp_path, key))
    for each in (pipe, pipe[:]):
        each.run_file("in.wav", "out.wav")
        assert jobs.pop() == pipeline.job.Job.of(settings) != pipeline.job.Job.of(plain)
        assert each.options == Options.of(settings)
        assert {name: value for name, value in each.reading.items() if name == key} == (
            {key: getattr(settings, key)} if key in READING else {}
        )
    if key != "edges":  # which same=True sets, where nothing is said of them
        assert pipe.plan(fs=1000).options == Options.of(settings)
    if key != "nonfinite":
        with pytest.raises(ValueError, match="set nonfinite: propagate"):
            pipe(np.array([1.0, np.nan] * 20), fs=None if key == "fs" else 1000)


def test_an_override_and_what_a_call_says_come_before_the_file(tmp_path, monkeypatch):
    jobs: list[pipeline.job.Job] = []
    monkeypatch.setattr(pipeline.job, "run_job", lambda job, *_, **__: jobs.append(job))
    pipe = Pipeline.from_yaml(written(tmp_path, "gaps"), ["stages.0.gain=2", "tail=trim"])
    assert (pipe[0].gain, pipe.options.tail) == (2, "trim")  # type: ignore[attr-defined]
    pipe.run_file("in.csv", "out.csv", gaps="nan", time_column="t")
    assert (jobs[0].reading["gaps"], jobs[0].reading["time_column"]) == ("nan", "t")


def test_how_files_are_read_holds_for_those_of_stages_too_whatever_is_asked(tmp_path):
    """Taps with a decimal comma; `same=True` is another pipeline inside, which once forgot it."""
    (tmp_path / "h.csv").write_text("0,5\n0,25\n", "utf-8")
    text = f'table: {{decimal: ",", delimiter: ";"}}\nstages: [{{use: convolve, file: {tmp_path / "h.csv"}}}]\n'
    (tmp_path / "c.yaml").write_text("version: 1\n" + text, "utf-8")
    pipe = Pipeline.from_yaml(tmp_path / "c.yaml")
    assert pipe([4.0, 0, 0], fs=1).tolist() == [2, 1, 0, 0]
    assert pipe([4.0, 0, 0], fs=1, same=True).tolist() == [3, 1, 0]


PROGRAM = '''
from __future__ import annotations
import numpy as np
import numpy.typing as npt
from pipeline import Echo, Format, Kernel, KernelStage, Pipeline, Seconds, Smooth
from pipeline import convolve, find_matches, read, run, stage

@stage("user.comb")
class Comb(KernelStage):
    """Adds one copy of the signal: y[n] = x[n] + x[n-D]."""

    delay: Seconds

    def kernel(self, fmt: Format) -> Kernel:
        return Kernel.sparse({0: 1.0, fmt.frames(self.delay): 1.0})

def main(x: npt.NDArray[np.float64]) -> float:
    pipe = Pipeline([Echo(delay="250 ms", gain="-6 dB"), Smooth(length="5 ms"), Comb(delay="1 ms")])
    y = pipe(x, 8000, same=True)
    taps: npt.NDArray[np.float64] = pipe.kernel(8000).taps
    frames: int = pipe.run_file("a.wav", "b.wav", overwrite=True).frames_in
    samples, info = read("a.wav")
    starts: list[float] = [event.start_s for event in find_matches("a.wav", samples[:99, 0])]
    failed = run("c.yaml", overwrite=True).failed
    stages = len(Pipeline.from_yaml("c.yaml"))
    return float(convolve(y, taps)[0]) + frames + info.fs + len(starts) + len(failed) + stages
'''


@pytest.mark.long  # mypy reads numpy and all of pipeline for it; lint holds the latter
def test_a_program_of_a_user_passes_mypy_strict_and_what_is_wrong_in_it_is_found(tmp_path):
    pytest.importorskip("mypy", reason="mypy is not installed")
    for name, text in (("right", PROGRAM), ("wrong", PROGRAM.replace("frames: int", "frames: str"))):
        (tmp_path / f"{name}.py").write_text(text, "utf-8")
        call = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), f"{name}.py"]
        done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == (name == "wrong"), done.stdout
        assert ('variable has type "str"' in done.stdout) == (name == "wrong"), done.stdout
