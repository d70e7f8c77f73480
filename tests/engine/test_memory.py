"""The peak of memory that a plan predicts, against what a process of its own was measured to take."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

RUN = """\
import os, sys, threading, time
from pathlib import Path
from pipeline.cli import main

def peak_of(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)

peaks = [0]
def watch():
    while True:
        try:
            for task in os.listdir(f"/proc/{os.getpid()}/task"):
                peaks.extend(map(peak_of, Path(f"/proc/{os.getpid()}/task/{task}/children").read_text().split()))
        except OSError:
            pass
        time.sleep(0.02)

threading.Thread(target=watch, daemon=True).start()
code = main(sys.argv[1:])
print(code, max(peaks), peak_of("self"))
"""
"""A process knows its own peak, and is asked while it lives; what `wait4` tells is no less than that of its parent."""

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
    (tmp_path / "c.yaml").write_text(f"version: 1\nthreads: 2\ninput: in.wav\n{output}\n{more}stages: [{stages}]\n")
    hold_prediction(tmp_path)


def hold_prediction(folder: Path, workers: int = 0) -> None:
    """Plan c.yaml, run it, and compare with the peak of the process, or with that of the largest of its workers."""
    planned, done = (
        subprocess.run(
            [sys.executable, *words, "c.yaml"], cwd=folder, check=True, capture_output=True, text=True,
            env={"PATH": "", "PYTHONPATH": str(Path(__file__).parents[2])},
        ).stdout for words in (("-m", "pipeline.cli", "plan", "--json"), ("-c", RUN, "run", "-q"))
    )  # fmt: skip
    code, of_workers, peak = map(int, done.split()[-3:])
    peak = of_workers if workers else peak
    predicted = json.loads(planned)["plans"][0]["memory_bytes"]
    assert code == 0
    assert 0.7 < predicted / (peak * 1024) < 1.3, f"predicted {predicted:,}, measured {peak * 1024:,}"


def sound(name: str, frames: int, channels: int = 1, fs: int = 48_000, subtype: str = "PCM_16") -> None:
    rng = np.random.default_rng(1)
    with sf.SoundFile(name, "w", fs, channels, subtype) as file:
        for begin in range(0, frames, 1 << 16):
            file.write(0.1 * rng.uniform(-1, 1, (min(1 << 16, frames - begin), channels)))


def response(taps: int, channels: int = 1) -> None:
    sf.write("ir.wav", 0.01 * np.random.default_rng(2).uniform(-1, 1, (taps, channels)), 48_000, "FLOAT")


def table(rows: int, columns: int) -> None:
    line = ",".join(f"{one:.5f}" for one in np.random.default_rng(1).uniform(-1, 1, columns))
    with Path("in.csv").open("w") as file:
        file.write("t," + ",".join(f"c{i}" for i in range(columns)) + "\n")
        file.writelines(f"{i / 100:.2f},{line}\n" for i in range(rows))


def copies(number: int) -> None:
    sound("0.wav", 3_000_000, 2)
    for i in range(1, number):
        shutil.copy("0.wav", f"{i}.wav")


GAIN = "stages: [{use: gain, gain: 1}]"
TABLE = "input: in.csv\ntime_column: t\n"
OTHERS: dict[str, tuple[Callable[[], object], int, str]] = {
    "a tenth of a second": (lambda: sound("in.wav", 4800), 20, f"input: in.wav\noutput: o.wav\n{GAIN}"),
    "a table of 300 rows": (lambda: table(300, 4), 20, f"{TABLE}output: o.csv\n{GAIN}"),
    "one column of 1,500": (lambda: table(600, 1500), 20, f"{TABLE}columns: [7]\noutput: o.csv\n{GAIN}"),
    "a resampled second": (lambda: sound("in.wav", 48_000, 2), 20,
        "input: in.wav\noutput: o.wav\nstages: [{use: resample, fs: 96 kHz}]"),
    "a second through a hall": (lambda: sound("in.wav", 48_000, 2), 100_000,
        f"input: in.wav\noutput: o.wav\nstages: [{CONVOLVE}]"),
    "a long file": (lambda: sound("in.wav", 10_000_000, 2), 100_000,
        f"input: in.wav\noutput: o.wav\nstages: [{CONVOLVE}]"),
    "a long normalised file": (lambda: sound("in.wav", 10_000_000, 2), 20,
        "input: in.wav\noutput: o.wav\nstages: [{use: normalize}]"),
    "5 million taps": (lambda: sound("in.wav", 2_000_000), 5_000_000,
        f"input: in.wav\noutput: o.wav\nstages: [{CONVOLVE}]"),
    "an endless echo": (lambda: sound("in.wav", 2_000_000), 20,
        "input: in.wav\noutput: o.wav\nstages: [{use: echo, delay: 1 s, feedback: 0.9}]"),
    "true stereo": (lambda: (sound("in.wav", 2_000_000, 2), response(200_000, 4)), 0,
        "input: in.wav\noutput: o.wav\nstages: [{use: reverb, ir: ir.wav, layout: true_stereo}]"),
    "FLAC in double precision": (lambda: sound("in.flac", 4_000_000, 2, subtype="PCM_24"), 100_000,
        f"input: in.flac\noutput: o.flac\nprecision: double\nstages: [{CONVOLVE}]"),
    "more threads than processors": (lambda: sound("in.wav", 8_000_000, 2), 100_000,
        f"input: in.wav\noutput: o.wav\nthreads: 8\nstages: [{CONVOLVE}]"),
    "sixteen threads for 8 channels": (lambda: sound("in.wav", 2_000_000, 8), 100_000,
        f"input: in.wav\noutput: o.wav\nthreads: 16\nstages: [{CONVOLVE}]"),
    "60 channels of 5,000 frames": (lambda: sound("in.wav", 5000, 60), 100_000,
        f"input: in.wav\noutput: o.wav\nstages: [{CONVOLVE}]"),
    "a hop of a million frames": (lambda: sound("in.wav", 4_000_000, 2), 20_000,
        f"input: in.wav\noutput: o.wav\nhop: 1000000\nstages: [{CONVOLVE}]"),
    "a search with a noise floor": (lambda: sound("in.wav", 8_000_000), 20_000,
        "input: in.wav\nevents: e.csv\nstages: [{use: match, template: ir.wav, threshold: {mad: 8}}]"),
    "a table of 300,000 rows": (lambda: table(300_000, 4), 20, f"{TABLE}output: o.csv\n{GAIN}"),
    "a table of a single block": (lambda: table(60_000, 20), 20, f"{TABLE}output: o.csv\n{GAIN}"),
    "a table of 60 columns": (lambda: table(20_000, 60), 20, f"{TABLE}output: o.csv\n{GAIN}"),
    "Parquet": (lambda: table(300_000, 4), 20, f"{TABLE}output: o.parquet\n{GAIN}"),
    "Parquet of 300 rows": (lambda: table(300, 4), 20, f"{TABLE}output: o.parquet\n{GAIN}"),
    "two files at a time": (lambda: copies(4), 100_000,
        f"input: '[0-9].wav'\noutput: o/{{name}}\nbatch: {{jobs: 2}}\nstages: [{CONVOLVE}]"),
}  # fmt: skip
SHORT = list(OTHERS)[:4]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peaks are read from /proc")
@pytest.mark.parametrize("name", [*SHORT, *(pytest.param(one, marks=LONG) for one in OTHERS if one not in SHORT)])
def test_a_plan_predicts_the_peak_of_any_kind_of_run(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make, taps, text = OTHERS[name]
    if taps:
        response(taps)
    make()
    threads = "" if "threads" in text else "threads: 2\n"
    (tmp_path / "c.yaml").write_text(f"version: 1\n{threads}{text}\n")
    hold_prediction(tmp_path, workers=2 * ("jobs" in text))
