"""Triggered AudioMoth recordings, coded here by hand: every sample stands where it was recorded."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from pipeline import find_matches
from pipeline.errors import ReadError
from pipeline.io import open_reader, read_signal

from .test_recorders import BY, comment, recording

HEAD = 44 + 8 + 4 + 8
TEXT = f"Recorded at 22:00:00 30/06/2024 (UTC) {BY}"


def quiet(blocks: int) -> np.ndarray:
    bits = [1 if blocks >> i & 1 else -1 for i in range(32)]
    return np.array(bits + [0] * 224, np.int16)


def lead() -> int:
    """Samples from the first of the audio to the next multiple of 512 bytes of the file."""
    body = len(TEXT) + 1 + (len(TEXT) + 1) % 2
    return (-(44 + 8 + 4 + 8 + body) % 512) // 2


def triggered(path, runs, fs=8000, seed=1):
    """A file of (blocks of sound, blocks of quiet behind them); also the samples that it stands for."""
    rng = np.random.default_rng(seed)
    stored, true = [], []
    first = rng.integers(-9000, 9000, lead()).astype(np.int16)
    stored.append(first), true.append(first)
    for sound, silent in runs:
        x = rng.integers(-9000, 9000, sound * 256).astype(np.int16)
        stored.append(x), true.append(x)
        if silent:
            stored.append(quiet(silent)), true.append(np.zeros(silent * 256, np.int16))
    recording(path, [comment(TEXT)], np.concatenate(stored), fs)
    return np.concatenate(true)[:, None] / 32768


RUNS = [
    [(3, 5)], [(0, 4), (2, 0)], [(2, 7), (0, 9), (1, 0)], [(1, 1), (1, 1000), (3, 2)], [(4, 0)], [(0, 3)],
    [(5, 65_537), (1, 0)],
]  # fmt: skip


@pytest.mark.parametrize("runs", RUNS)
@pytest.mark.parametrize("step", [1 << 20, 1000, 77])
def test_quiet_is_as_long_as_it_was_however_it_is_read(tmp_path, runs, step):
    expected = triggered(tmp_path / "20240630_220000T.WAV", runs)
    with open_reader(tmp_path / "20240630_220000T.WAV") as reader:
        assert reader.info.frames == len(expected)
        got = np.concatenate(list(reader.blocks(step)))
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("skip", [0, 1, 200, 700, 1500, 5000, 10**9])
def test_skipping_comes_to_the_same_place(tmp_path, skip):
    expected = triggered(tmp_path / "aT.WAV", [(2, 7), (1, 3), (2, 0)])
    with open_reader(tmp_path / "aT.WAV") as reader:
        reader.skip(skip)
        np.testing.assert_array_equal(reader.read(len(expected) + 1), expected[skip:])


def test_a_call_behind_quiet_is_found_when_it_was_heard(tmp_path):
    expected = triggered(tmp_path / "aT.WAV", [(2, 600), (4, 0)])
    at = len(expected) - 800
    found = find_matches(tmp_path / "aT.WAV", expected[at : at + 300, 0].tolist(), threshold=0.99)
    assert [event.start_frame for event in found] == [at]
    assert found[0].start_utc == f"2024-06-30T22:00:{at / 8000:09.6f}Z"


def test_it_is_said_and_may_be_left_as_stored_without_a_clock(tmp_path):
    expected = triggered(tmp_path / "aT.WAV", [(2, 600), (4, 0)])
    with open_reader(tmp_path / "aT.WAV") as reader:
        assert "19.200 s of quiet, coded in 1 block, is silence again" in reader.warnings[-1]
    with open_reader(tmp_path / "aT.WAV", triggered="as_stored") as reader:
        assert reader.info.frames == len(expected) - 599 * 256
        assert reader.info.clocks == ()
        assert "its times are not true" in reader.warnings[-1]


def test_a_recording_without_coded_quiet_and_one_by_another_recorder_are_as_they_are(tmp_path):
    x = np.concatenate([np.zeros(lead(), np.int16), quiet(9), np.ones(256, np.int16)])
    recording(tmp_path / "a.wav", [comment(TEXT.replace("AudioMoth", "SomeBirds"))], x)
    assert len(read_signal(tmp_path / "a.wav")[0]) == len(x)
    shifted = np.concatenate([np.zeros(1, np.int16), x])
    recording(tmp_path / "bT.WAV", [comment(TEXT)], shifted)
    assert len(read_signal(tmp_path / "bT.WAV")[0]) == len(shifted)


def test_quiet_of_years_is_refused(tmp_path):
    recording(tmp_path / "aT.WAV", [comment(TEXT)], np.concatenate([np.zeros(lead(), np.int16), quiet(2**32 - 1)]))
    with pytest.raises(ReadError, match=r"coded quiet comes to .*; set triggered: as_stored"):
        open_reader(tmp_path / "aT.WAV")


def test_a_pipe_gives_the_same(tmp_path):
    expected = triggered(tmp_path / "aT.WAV", [(2, 600), (4, 3)])
    code = "import sys; from pipeline.io import read_signal; sys.stdout.write(str(abs(read_signal('-')[0]).sum()))"
    with (tmp_path / "aT.WAV").open("rb") as file, subprocess.Popen(["cat"], stdin=file, stdout=subprocess.PIPE) as cat:
        out = subprocess.run([sys.executable, "-c", code], stdin=cat.stdout, capture_output=True, text=True, check=True)
    assert float(out.stdout) == pytest.approx(abs(expected).sum(), rel=1e-12)
