"""Echo, smoothing and a hall on real recordings, against sums in long double that share no code with the package."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
ENDINGS = {".wav", ".flac", ".ogg"}
RECORDINGS = sorted(
    path for folder in ("speech", "music", "ir") for path in (SHARED / folder).rglob("*") if path.suffix in ENDINGS
)
EPS = float(np.finfo(np.float64).eps)

CONFIG = """
version: 1
stages:
  - {use: echo, delay: 250 ms, gain: -6 dB, repeats: 4}
  - {use: smooth, window: hann, length: 2 ms}
  - {use: reverb, ir: hall-left.wav, resample: true, normalize: none}  # one channel: recordings here have 1, 2 and 4
format: {subtype: DOUBLE}
"""


def echo_taps(fs: float) -> dict[int, float]:
    delay = int(np.floor(0.25 * fs + 0.5))
    return {k * delay: 10 ** (-6 * k / 20) for k in range(5)}


def hann(fs: float) -> np.ndarray:
    m = int(np.floor(0.002 * fs + 0.5))
    w = np.sin(np.pi * np.arange(1, m + 1) / (m + 1)) ** 2
    return w / w.sum()


def hall_left() -> tuple[np.ndarray, int]:
    """One channel of the hall behind a tenth of a second of silence: resampled, nothing of it rings before frame 0."""
    samples, fs = soundfile.read(ROOT / "data" / "hall.wav")
    return np.r_[np.zeros(fs // 10), samples[:, 0]], fs


def oracle(x: np.ndarray, fs: float, frames: np.ndarray) -> tuple[np.ndarray, float, int]:
    """The output at some frames by long-double sums, a bound on the error there, and the number of all frames."""
    echoes, window = echo_taps(fs), hann(fs)
    hall, hall_fs = hall_left()
    if hall_fs != fs:
        hall = soxr.resample(hall, hall_fs, fs, quality="VHQ") * (hall_fs / fs)
    x = x.astype(np.longdouble)
    length = len(x) + max(echoes)
    y = np.zeros((length, x.shape[1]), np.longdouble)
    for time, gain in echoes.items():
        y[time : time + len(x)] += gain * x
    z = np.stack([np.convolve(channel, window.astype(np.longdouble)) for channel in y.T], axis=1)
    total = len(z) + len(hall) - 1
    out = np.zeros((len(frames), x.shape[1]), np.longdouble)
    for row, n in enumerate(frames):
        k = np.arange(max(0, n - len(z) + 1), min(len(hall), n + 1))
        out[row] = (hall[k, None] * z[n - k]).sum(axis=0)
    taps = max(echoes) + len(window) + len(hall) - 2
    norms = [np.sqrt(sum(g * g for g in echoes.values())), np.linalg.norm(window), np.linalg.norm(hall)]
    gains = [sum(echoes.values()), 1.0]  # each stage's rounding is carried on by those behind it
    bound = 0.5 * EPS * np.log2(taps) * np.linalg.norm(x.astype(float)) * np.prod(norms) * np.prod(gains) * 3
    return out, bound, total


def shortest_of_each_kind() -> list[Path]:
    """One recording for each ending, rate, number of channels and encoding."""
    kinds: dict[tuple[object, ...], tuple[int, Path]] = {}
    for path in RECORDINGS:
        info = soundfile.info(path)
        kind = (path.suffix, info.samplerate, info.channels, info.subtype)
        kinds[kind] = min((info.frames, path), kinds.get(kind, (info.frames, path)))
    return [path for _, path in kinds.values()]


@pytest.mark.skipif(not RECORDINGS, reason="needs the recordings of ../shared/data")
@pytest.mark.parametrize("which", ["one of each kind", pytest.param("all", marks=pytest.mark.long)])
def test_every_recording_through_echo_smoothing_and_hall_equals_the_sums(which: str, tmp_path: Path) -> None:
    config = tmp_path / "chain.yaml"
    config.write_text(CONFIG, "utf-8")
    soundfile.write(tmp_path / "hall-left.wav", *hall_left(), subtype="DOUBLE")
    recordings = RECORDINGS if which == "all" else shortest_of_each_kind()
    assert len(recordings) >= 10
    names = {path: f"{i:03d}" for i, path in enumerate(recordings)}
    for path, name in names.items():
        (tmp_path / f"{name}{path.suffix}").symlink_to(path)
    run = [sys.executable, "-m", "pipeline.cli", "run", str(config), "-q", "-o", str(tmp_path / "out" / "{stem}.wav")]
    links = [str(tmp_path / f"{name}{path.suffix}") for path, name in names.items()]
    done = subprocess.run([*run, *links], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    rng = np.random.default_rng(0)
    for path, name in names.items():
        x, fs = soundfile.read(path, always_2d=True)
        y, fs_out = soundfile.read(tmp_path / "out" / f"{name}.wav", always_2d=True)
        edges = np.r_[0:5, len(y) - 5 : len(y)]
        frames = np.unique(np.r_[edges, rng.integers(0, len(y), 60)])
        expected, bound, total = oracle(x, fs, frames)
        assert (fs_out, y.shape) == (fs, (total, x.shape[1])), path.name
        error = float(np.abs(y[frames] - expected).max())
        assert error <= bound, (path.name, error, bound)


@pytest.mark.skipif(not RECORDINGS, reason="needs the recordings of ../shared/data")
def test_the_recordings_of_every_kind_are_there() -> None:
    assert len(RECORDINGS) >= 55
    assert {path.suffix for path in RECORDINGS} == ENDINGS


REASONS = {
    ".md": "is text, but no table of numbers",
    ".txt": "is text, but no table of numbers|line 1, column 2 'SP' is no number",
    ".hea": "install what reads such files: pip install faltung-bio",
    ".csv": "is no number(; choose others with|, but a time; set time_)|tells no sampling rate:|is text, but no table",
    ".atr": "is in no known format: it begins with the bytes",
    ".dat": "holds samples of a WFDB record; give its header",
    ".wav": "declares 4410 frames, has 236; set truncated: accept to take the 236 frames",
}


@pytest.mark.skipif(not RECORDINGS, reason="needs the recordings of ../shared/data")
def test_a_batch_of_every_file_does_the_audio_and_names_the_rest_with_reasons(tmp_path: Path) -> None:
    """Audio of every format and rate, tables, licences and binary data in one batch, through one hall."""
    config = tmp_path / "all.yaml"
    config.write_text(
        f"version: 1\ninput: {SHARED}/**/*\noutput: out/{{relative}}/{{name}}.wav\nbatch: {{jobs: 2}}\n"
        "stages: [{use: reverb, ir: hall-left.wav, resample: true}]\n",
        "utf-8",
    )
    soundfile.write(tmp_path / "hall-left.wav", *hall_left(), subtype="DOUBLE")
    files = {path for path in SHARED.rglob("*") if path.is_file()}
    audio = {path for path in files if path.suffix in ENDINGS | {".aif"} and "early-eof" not in path.name}
    run = [sys.executable, "-m", "pipeline.cli", "run", str(config), "--json"]
    done = subprocess.run(run, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 1, done.stderr
    told = {Path(file["input"]): file for file in json.loads(done.stdout)["files"]}
    assert told.keys() == files
    assert {path for path, file in told.items() if "error" not in file} == audio
    for path in files - audio:
        error = told[path]["error"]
        assert re.search(REASONS[path.suffix], error), error
        assert path.name in error
        assert len(error) < len(str(path)) + 160, error
    written = {path.relative_to(tmp_path / "out") for path in (tmp_path / "out").rglob("*.wav")}
    assert written == {path.relative_to(SHARED).with_name(f"{path.name}.wav") for path in audio}
    assert f"{len(files - audio)} of {len(files)} files failed" in done.stderr
    for path in audio:
        assert told[path]["frames"] > told[path]["frames_in"], path
