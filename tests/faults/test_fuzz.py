"""A short form of the mutations of `tests.faults.fuzz`, and a longer one that is marked ``long``."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import ReadError
from pipeline.io import read_signal
from tests.faults import fuzz_texts
from tests.faults.fuzz import SUFFIXES, WALKS, seed_of, trial
from tests.faults.walk import differs


@pytest.mark.parametrize("count", [40, pytest.param(4600, marks=pytest.mark.long)])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_mutated_file_is_read_as_its_bytes_say_or_refused_in_words(suffix: str, count: int, tmp_path: Path) -> None:
    found = trial(suffix, count, 7, tmp_path)
    assert (found.total(), found["refused"] > 0) == (count, True)


@pytest.mark.parametrize("count", [60, pytest.param(4000, marks=pytest.mark.long)])
@pytest.mark.parametrize("what", fuzz_texts.KINDS)
def test_a_mutated_text_is_understood_or_refused_in_words(what: str, count: int) -> None:
    found = fuzz_texts.trial(what, count, 7)
    assert (found.total(), found["read"] > 0, found["refused"] > 0) == (count, True, True)


@pytest.mark.parametrize("suffix", sorted(set(SUFFIXES) - {".parquet", ".mp3", ".csv", ".ogg"}))
def test_the_walk_sees_one_other_sample(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(seed_of(suffix, tmp_path))
    x, info = read_signal(path, fs=8000 if suffix == ".npy" else None)
    assert differs(WALKS[suffix](path.read_bytes()), info.fs, x) == ""
    x[37, 1] += 2.0**-15
    assert differs(WALKS[suffix](path.read_bytes()), info.fs, x)
    assert differs(WALKS[suffix](path.read_bytes()), info.fs, x[:-1])


@pytest.mark.parametrize("suffix", [".flac", ".mp3"])
def test_a_file_of_no_declared_length_is_not_read_as_empty(suffix: str, tmp_path: Path) -> None:
    data = bytearray(seed_of(suffix, tmp_path))
    if suffix == ".flac":  # the head of its first frame, the length, and what stands behind
        data[21:26] = bytes([data[21] & 0xF0, 0, 0, 0, 0])
        start = data.index(b"\xff\xf8", 42)
        data[start:] = b"\0" * (len(data) - start)
    else:
        data[data.index(b"Xing") + 8 :] = bytes(800)
    path = tmp_path / f"a{suffix}"
    path.write_bytes(data)
    with pytest.raises(ReadError, match=rf"a\{suffix}: "):
        read_signal(path)


def test_a_flac_of_no_frames_is_empty(tmp_path: Path) -> None:
    data = bytearray(seed_of(".flac", tmp_path))
    data[21:26] = bytes([data[21] & 0xF0, 0, 0, 0, 0])
    path = tmp_path / "a.flac"
    path.write_bytes(data[: data.index(b"\xff\xf8", 42)])
    with pytest.raises(ReadError, match=r"a\.flac: damaged: its samples do not have the MD5"):
        read_signal(path)
    path.write_bytes(data[:26] + bytes(16) + data[42 : data.index(b"\xff\xf8", 42)])
    assert read_signal(path)[0].shape == (0, 2)
