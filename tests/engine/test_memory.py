"""The peak of memory that a plan predicts, against what a process of its own was measured to take."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

RUN = """\
import sys
from pipeline.cli import main
code = main(sys.argv[1:])
lines = open("/proc/self/status").read().splitlines()
print(code, *(line.split()[1] for line in lines if line.startswith("VmHWM")))
"""
"""A process knows its own peak; what `wait4` tells is no less than that of the process it was copied from."""

LONG = [pytest.mark.long]
CONVOLVE = "{use: convolve, file: ir.wav}"

CASES = [
    (1, 44_100, "{use: gain, gain: -6 dB}", ""),
    (2, 48_000, CONVOLVE, ""),
    (2, 48_000, "{use: normalize}", ""),
    (16, 8_000, "{use: resample, fs: 11025 Hz}", ""),
    *(
        pytest.param(*case, marks=LONG)
        for case in [
            (1, 48_000, CONVOLVE, "precision: single\n"),
            (1, 48_000, "{use: fir, kind: lowpass, cutoff: 1 kHz, transition: 100 Hz}", ""),
            (2, 48_000, "{use: echo, delay: 250 ms, gain: -6 dB}", ""),
            (2, 48_000, "{use: reverb, ir: ir.wav, mix: 0.5}, {use: normalize, rms: -20 dB}", ""),
            (2, 48_000, "{use: parallel, branches: [[{use: gain, gain: 1}], [" + CONVOLVE + "]]}", ""),
            (1, 8_000, "{use: resample, fs: 192 kHz}", ""),
            (1, 8_000, "{use: route, matrix: [[1], [1], [1], [1], [1], [1], [1], [1]]}", ""),
            (16, 48_000, "{use: reverse}", ""),
            (64, 8_000, "{use: gain, gain: 1}", ""),
            (2, 48_000, "{use: gain, gain: 20 dB}", "clip: scale\n"),
            (1, 48_000, "{use: match, template: ir.wav, threshold: 0.9}", ""),
            (8, 48_000, "{use: match, template: ir.wav, threshold: 0.9}", ""),
        ]
    ),
]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peaks are read from /proc")
@pytest.mark.parametrize(("channels", "fs", "stages", "more"), CASES)
def test_a_plan_predicts_the_peak_of_memory(channels: int, fs: int, stages: str, more: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    with sf.SoundFile(tmp_path / "in.wav", "w", fs, channels, "PCM_16") as file:
        for _ in range(40):
            file.write(0.1 * rng.uniform(-1, 1, (1 << 16, channels)))
    sf.write(tmp_path / "ir.wav", 0.01 * rng.uniform(-1, 1, 100_000), 48_000, "FLOAT")
    output = "events: e.csv" if "match" in stages else "output: o.wav"
    text = f"version: 1\nthreads: 2\ninput: in.wav\n{output}\n{more}stages: [{stages}]\n"
    (tmp_path / "c.yaml").write_text(text)
    planned, done = (
        subprocess.run(
            [sys.executable, *words, "c.yaml"], cwd=tmp_path, check=True, capture_output=True, text=True,
            env={"PATH": "", "PYTHONPATH": str(Path(__file__).parents[2])},
        ).stdout for words in (("-m", "pipeline.cli", "plan", "--json"), ("-c", RUN, "run", "-q"))
    )  # fmt: skip
    code, peak = map(int, done.split()[-2:])
    predicted = json.loads(planned)["plans"][0]["memory_bytes"]
    assert code == 0
    assert 0.7 < predicted / (peak * 1024) < 1.3, f"predicted {predicted:,}, measured {peak * 1024:,}"
