"""`faltung bake`: the chain as one impulse response that does what the chain does."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from pipeline import Pipeline

from .conftest import Done, write_noise

Faltung = Callable[..., Done]

CHAIN = """\
version: 1
input: in.wav
stages:
  - {use: echo, delay: 10 ms, gain: -6 dB}
  - {use: smooth, window: hann, length: 2 ms, phase: zero}
"""


@pytest.fixture
def kernel(place: Path) -> np.ndarray:
    (place / "chain.yaml").write_text(CHAIN, "utf-8")
    return Pipeline.from_yaml("chain.yaml").kernel(8000.0, 2).taps


@pytest.mark.parametrize(("subtype", "eps"), [(None, 0.0), ("FLOAT", 1e-7), ("PCM_24", 2.0**-23)])
def test_a_wav_holds_the_taps(subtype: str | None, eps: float, faltung: Faltung, kernel: np.ndarray) -> None:
    done = faltung("bake", "chain.yaml", "-o", "ir.wav", *(["--subtype", subtype] if subtype else []))
    assert (done.code, done.err) == (0, "")
    taps, fs = sf.read("ir.wav")
    assert (fs, sf.info("ir.wav").subtype) == (8000, subtype or "DOUBLE")
    assert np.abs(taps - kernel).max() <= eps


def test_a_kernel_that_needs_the_future_says_how_late_it_makes_a_signal(faltung: Faltung, kernel: np.ndarray) -> None:
    done = faltung("bake", "chain.yaml", "-o", "ir.wav")
    late = next(line for line in done.out.splitlines() if line.startswith("delays by"))
    assert late.split(maxsplit=2)[2].startswith("8 frames, 1 ms: the kernel needs that much of the future")
    assert faltung("bake", "chain.yaml", "-o", "b.npy", "--json").json["late_frames"] == 8


def test_npy_and_txt_hold_every_digit_and_can_be_read_by_a_stage(faltung: Faltung, kernel: np.ndarray) -> None:
    assert faltung("bake", "chain.yaml", "-o", "ir.npy", "-q") == Done(0, "", "")
    assert faltung("bake", "chain.yaml", "-o", "ir.txt", "-q") == Done(0, "", "")
    np.testing.assert_array_equal(np.load("ir.npy", allow_pickle=False), kernel)
    assert [float(line) for line in Path("ir.txt").read_text("utf-8").splitlines()] == kernel.tolist()
    for name in ("ir.npy", "ir.txt"):
        stage = Pipeline([{"use": "convolve", "file": name, "origin": 8}])
        np.testing.assert_array_equal(stage.kernel(8000.0, 2).taps, kernel)


def test_taps_over_full_scale_are_no_whole_numbers(faltung: Faltung, place: Path) -> None:
    (place / "loud.yaml").write_text("version: 1\nstages:\n  - {use: convolve, taps: [0.5, 2]}\n", "utf-8")
    done = faltung("bake", "loud.yaml", "-o", "ir.wav", "--fs", "8000", "--subtype", "PCM_24")
    assert done.code == 1
    assert done.err == "faltung: ir.wav: frame 1, channel 0 is +2: over full scale; lower the gain or write FLOAT\n"
    assert faltung("bake", "loud.yaml", "-o", "ir.wav", "--fs", "8000", "--subtype", "FLOAT", "-q").code == 0
    Path("ir.wav").unlink()
    (place / "loud.yaml").write_text("version: 1\nstages:\n  - {use: convolve, taps: [0.5, 1e200]}\n", "utf-8")
    done = faltung("bake", "loud.yaml", "-o", "ir.wav", "--fs", "8000", "--subtype", "FLOAT")
    assert "faltung: ir.wav: frame 1, channel 0 is 1e+200: over the range of FLOAT; lower the gain" in done.err
    (place / "loud.yaml").write_text("version: 1\nstages:\n  - {use: convolve, taps: [0.5, 2]}\n", "utf-8")
    assert not list(place.glob("*ir.wav*"))
    assert faltung("bake", "loud.yaml", "-o", "ir.wav", "--fs", "8000").code == 0
    assert sf.read("ir.wav")[0].tolist() == [0.5, 2]


@pytest.mark.parametrize("name", ["ir.npy", "ir.txt", "ir.wav", "ir.csv"])
def test_a_name_that_is_taken_is_refused_unless_told(faltung: Faltung, kernel: np.ndarray, name: str) -> None:
    Path(name).write_text("mine")
    done = faltung("bake", "chain.yaml", "-o", name)
    assert (done.code, Path(name).read_text()) == (2, "mine")
    assert f"{name}: exists already; give --overwrite, or give another name" in done.err
    assert faltung("bake", "chain.yaml", "-o", name, "--overwrite").code == 0
    assert Path(name).read_bytes() != b"mine"


def test_a_kernel_that_routes_has_its_paths_as_channels_by_input_then_output(faltung: Faltung, place: Path) -> None:
    (place / "route.yaml").write_text("version: 1\nstages:\n  - {use: route, matrix: [[1, 2], [3, 4]]}\n", "utf-8")
    done = faltung("bake", "route.yaml", "-o", "ir.wav", "--fs", "8000", "--channels", "2")
    assert "paths, input then output: LL LR RL RR" in " ".join(done.out.split())
    np.testing.assert_array_equal(sf.read("ir.wav")[0], [[1, 3, 2, 4]])  # a row of the matrix is an output


def test_a_stage_that_is_no_kernel_is_named_with_its_line(faltung: Faltung, place: Path) -> None:
    (place / "n.yaml").write_text("version: 1\ninput: in.wav\nstages:\n  - use: normalize\n", "utf-8")
    done = faltung("bake", "n.yaml", "-o", "ir.wav")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("n.yaml:4:5: stages[0]: 'normalize' is not one kernel")
    assert not (place / "ir.wav").exists()


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["-o", "ir.xyz"], "unknown extension '.xyz'"),
        (["-o", "ir.npy", "--subtype", "FLOAT"], "--subtype is for audio files"),
        (["-o", "in.wav"], "in.wav: the output is an input"),
        ([], "Missing option '-o'"),
        (["-o", "ir.wav", "--fs", "8000.5"], "a fractional rate"),
    ],
)
def test_what_cannot_be_written_is_refused(
    args: list[str], words: str, faltung: Faltung, kernel: np.ndarray, place: Path
) -> None:
    before = (place / "in.wav").read_bytes()
    done = faltung("bake", "chain.yaml", *args)
    assert done.code == 2
    assert words in done.err
    assert (place / "in.wav").read_bytes() == before


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="compares with ffmpeg")
def test_ffmpeg_convolves_with_a_baked_file_to_the_same_signal(faltung: Faltung, place: Path) -> None:
    write_noise(place / "in.wav", channels=1)
    (place / "echo2.yaml").write_text(CHAIN.replace(", phase: zero", ""), "utf-8")
    assert faltung("bake", "echo2.yaml", "-o", "ir.wav").code == 0
    assert faltung("run", "echo2.yaml", "-o", "ours.wav", "-s", "tail=trim", "-s", "format.subtype=FLOAT").code == 0
    listed = subprocess.run(["ffmpeg", "-h", "filter=afir"], capture_output=True, text=True, check=True).stdout
    as_it_is = "irnorm=-1" if "irnorm" in listed else "gtype=none"  # no normalising: its name changed in version 7
    graph = f"[0][1]afir={as_it_is}"
    theirs = ["ffmpeg", "-v", "error", "-i", "in.wav", "-i", "ir.wav", "-lavfi", graph, "-c:a", "pcm_f32le", "t.wav"]
    subprocess.run(theirs, check=True, stdin=subprocess.DEVNULL)
    ours, _ = sf.read("ours.wav")
    other, _ = sf.read("t.wav")
    frames = min(len(ours), len(other))
    assert frames > 900
    ours, other = ours[:frames], other[:frames]
    gain = (ours * other).sum() / (ours**2).sum()  # some versions of ffmpeg double, whatever the response
    assert round(gain, 4) in (1, 2)
    assert np.abs(other - gain * ours).max() < 1e-6
