"""Taps from files: what they hold, and every way they can fail to be taps."""

import numpy as np
import pytest
import soundfile

from pipeline.errors import SettingError
from pipeline.stages.base import Format
from pipeline.stages.base.files import read_taps
from pipeline.stages.convolve import Convolve

from .helpers import MONO, noise

HOME = Format(8000.0, 1)


def test_npy_txt_and_wav_give_the_same_taps(tmp_path):
    h = np.round(noise(20) / 8, 3)
    np.save(tmp_path / "h.npy", h)
    np.savetxt(tmp_path / "h.txt", h)
    (tmp_path / "commas.txt").write_text(", ".join(map(str, h)))
    soundfile.write(tmp_path / "h.wav", h, 8000, subtype="DOUBLE")
    for name in ("h.npy", "h.txt", "commas.txt", "h.wav"):
        np.testing.assert_allclose(read_taps(tmp_path / name, HOME, "file"), h, rtol=0, atol=1e-15, err_msg=name)


def test_columns_are_channels(tmp_path):
    h = noise(20, 2)
    np.save(tmp_path / "h.npy", h)
    np.savetxt(tmp_path / "h.txt", h)
    soundfile.write(tmp_path / "h.wav", h / 8, 8000, subtype="DOUBLE")
    assert [read_taps(tmp_path / name, HOME, "file").shape for name in ("h.npy", "h.txt", "h.wav")] == [(20, 2)] * 3


def test_integers_are_numbers(tmp_path):
    np.save(tmp_path / "h.npy", np.array([1, 2, 300], np.int16))
    np.testing.assert_array_equal(read_taps(tmp_path / "h.npy", HOME, "file"), [1.0, 2.0, 300.0])


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("missing.npy", None, r"cannot read .*missing\.npy: No such file or directory"),
        ("missing.wav", None, r"cannot read .*missing\.wav: No such file or directory"),
        ("text.npy", b"hello", r"text\.npy"),
        ("empty.npy", b"", r"empty\.npy"),
        ("empty.txt", b"", r"empty\.txt: is empty \(0 bytes\)"),
        ("words.txt", b"1 2 three", r"words\.txt: .*three"),
        ("binary.txt", b"\xff\xfe", r"binary\.txt: "),
        ("text.wav", b"hello", r"text\.wav"),
    ],
)
def test_a_file_that_cannot_be_read_says_which_and_why(tmp_path, name, content, match):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SettingError, match=match) as error:
        Convolve(file=tmp_path / name).kernel(MONO)
    assert error.value.path == ("file",)


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "h.npy").mkdir()
    with pytest.raises(SettingError, match=r"^ir: cannot read .*h\.npy: Is a directory"):
        read_taps(tmp_path / "h.npy", HOME, "ir")


@pytest.mark.parametrize(
    ("array", "match"),
    [
        (np.array([1.0, np.nan]), "taps must be finite, got nan at index 1"),
        (np.array([1j]), "taps must be real numbers, got an array of complex128"),
        (np.zeros((2, 2, 2, 2)), r"taps must have shape .*, got \(2, 2, 2, 2\)"),
        (np.zeros(0), "a kernel needs at least one tap"),
    ],
)
def test_an_array_that_is_no_kernel_says_why(tmp_path, array, match):
    np.save(tmp_path / "h.npy", array)
    with pytest.raises(SettingError, match=rf"^ir: h\.npy: {match}"):
        read_taps(tmp_path / "h.npy", HOME, "ir")


def test_an_array_that_would_run_code_is_not_loaded(tmp_path):
    np.save(tmp_path / "h.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(SettingError, match="allow_pickle"):
        read_taps(tmp_path / "h.npy", HOME, "ir")


def test_another_rate_is_an_error_that_names_both(tmp_path):
    soundfile.write(tmp_path / "hall.wav", np.ones(10), 44100)
    match = r"^file: hall.wav is sampled at 44100 Hz, the input at 8000 Hz; convert it$"
    with pytest.raises(SettingError, match=match):
        Convolve(file=tmp_path / "hall.wav").kernel(MONO)


def test_a_response_that_is_cut_short_is_taken_where_the_signal_would_be(tmp_path):
    soundfile.write(tmp_path / "whole.wav", noise(100), 8000)
    (tmp_path / "h.wav").write_bytes((tmp_path / "whole.wav").read_bytes()[:-40])
    with pytest.raises(SettingError, match="declares 100 frames, has 80; set truncated: accept to take the 80 frames"):
        read_taps(tmp_path / "h.wav", HOME, "ir")
    home = Format(8000.0, 1, reading={"truncated": "accept"})
    whole = read_taps(tmp_path / "whole.wav", HOME, "ir")
    np.testing.assert_array_equal(read_taps(tmp_path / "h.wav", home, "ir"), whole[:80])
    assert home.doubts == ["h.wav: declares 100 frames, has 80; took the 80 frames"]
