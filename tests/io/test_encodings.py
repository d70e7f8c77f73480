"""The table of encodings says of each what a file that is written in it has."""

from typing import get_args

import numpy as np
import pytest
import soundfile

from pipeline.errors import SignalError
from pipeline.io import open_writer, read_signal, write_signal
from pipeline.io.base import OutputFormat
from pipeline.io.encodings import (
    AUDIO_CONTAINERS,
    ENCODINGS,
    Subtype,
    bytes_per_sample,
    can_hold,
    integer_bits,
    is_linear,
    linear_subtype,
)
from pipeline.io.formats import container_and_subtype

EXTENSION = {"AIFF": ".aiff", "RF64": ".rf64", "W64": ".w64", "WAV": ".wav"}
UNPACKED = [(name, subtype) for name, held in AUDIO_CONTAINERS.items() if not held.packed for subtype in held.subtypes]


def test_every_encoding_of_a_container_is_in_the_table_and_can_be_asked_for():
    held = {subtype for container in AUDIO_CONTAINERS.values() for subtype in container.subtypes}
    assert held == set(get_args(Subtype))
    assert held <= set(ENCODINGS)


@pytest.mark.parametrize(("container", "subtype"), UNPACKED)
def test_samples_take_the_bytes_that_are_predicted(tmp_path, container, subtype):
    sizes = [
        write_signal(tmp_path / f"{frames}{EXTENSION[container]}", np.zeros((frames, 2)), 8000, subtype=subtype).bytes
        for frames in (4000, 8000)
    ]
    predicted = bytes_per_sample(container, subtype)
    assert predicted is None or sizes[1] - sizes[0] == 8000 * predicted
    assert (predicted is None) == subtype.endswith("ADPCM")


@pytest.mark.parametrize(
    ("name", "subtype", "size"), [("x.npy", None, 8), ("x.npy", "FLOAT", 4), ("x.npz", "DOUBLE", 8)]
)
def test_numbers_of_an_array_take_the_bytes_that_are_predicted(tmp_path, name, subtype, size):
    container, _ = container_and_subtype(name, None, subtype)
    sizes = [
        write_signal(tmp_path / f"{frames}{name}", np.zeros(frames), 8000, subtype=subtype).bytes
        for frames in (1000, 3000)
    ]
    assert sizes[1] - sizes[0] == 2000 * size
    assert bytes_per_sample(container, subtype) == size


@pytest.mark.parametrize(
    ("container", "subtype"), [("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("CSV", None), ("WAV", "GSM610")]
)
def test_what_is_packed_or_text_has_no_size_of_a_sample(container, subtype):
    assert bytes_per_sample(container, subtype) is None


@pytest.mark.parametrize("subtype", [name for name in ENCODINGS if integer_bits(name)])
def test_an_integer_has_the_step_that_its_bits_say(tmp_path, subtype):
    name = "x.aiff" if subtype == "PCM_S8" else "x.wav"
    step = 2.0 ** (1 - integer_bits(subtype))
    write_signal(tmp_path / name, [step, 1 - step, -1.0], 8000, subtype=subtype)
    assert read_signal(tmp_path / name)[0][:, 0].tolist() == [step, 1 - step, -1.0]


@pytest.mark.parametrize(("container", "subtype"), UNPACKED)
def test_only_what_clips_has_a_full_scale(tmp_path, container, subtype):
    fmt = OutputFormat(subtype)
    with open_writer(tmp_path / f"x{EXTENSION[container]}", fs=8000, channels=1, fmt=fmt) as writer:
        assert (writer.full_scale is None) == (ENCODINGS[subtype].dtype in ("f4", "f8"))


@pytest.mark.parametrize(("name", "subtype"), [("x.ogg", "VORBIS"), ("x.opus", "OPUS")])
@pytest.mark.parametrize("level", [60.0, 1e3, 1e6, 1e300])
def test_what_a_codec_makes_noise_or_silence_of_is_limited_and_counted(tmp_path, name, subtype, level):
    """libvorbis gives noise of a tone of 1e3, and zeros from 1e20 on; libopus zeros from 1e4."""
    tone = np.sin(2 * np.pi * 300 * np.arange(16_000) / 48_000)
    x = np.where(np.arange(16_000) < 8000, level, 0.5) * tone
    written = write_signal(tmp_path / name, x, 48_000, subtype=subtype)
    assert written.clipped == np.count_nonzero(np.abs(x) > 64)
    heard = read_signal(tmp_path / name)[0][:, 0]
    for part in (slice(1000, 7000), slice(10_000, 15_000)):
        assert np.corrcoef(heard[part], tone[part])[0, 1] > 0.85
    with pytest.raises(SignalError, match="frame 0, channel 0 is inf: it has no code"):
        write_signal(tmp_path / f"inf{name}", np.full(9, np.inf), 48_000, subtype=subtype)
    with pytest.raises(SignalError, match=r"is \+1e\+30: over full scale; lower the gain or write FLOAT"):
        write_signal(tmp_path / f"e{name}", np.full(9, 1e30), 48_000, subtype=subtype, clip="error")


def test_a_wav_header_tells_plain_numbers_by_their_size():
    integers = [linear_subtype(size, floating=False) for size in range(1, 9)]
    floats = [linear_subtype(size, floating=True) for size in range(1, 9)]
    assert integers == ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", None, None, None, None]
    assert floats == [None, None, None, "FLOAT", None, None, None, "DOUBLE"]


def test_a_question_about_an_encoding_that_is_not_known_has_an_answer():
    assert [is_linear(name) for name in ("PCM_S8", "ULAW", "no such")] == [True, False, False]
    assert [integer_bits(name) for name in ("PCM_S8", "ULAW", "no such", None)] == [8, None, None, None]
    assert [can_hold(name, "DOUBLE") for name in ("WAV", "FLAC", "CSV")] == [True, False, False]


@pytest.mark.parametrize("frames", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("container", "subtype"), [each for each in UNPACKED if not each[1].endswith("ADPCM")])
def test_a_file_has_the_frames_that_were_written_where_their_bytes_are_odd_too(
    tmp_path, container, subtype, channels, frames
):
    name = tmp_path / f"x{EXTENSION[container]}"
    write_signal(name, np.full((frames, channels), 0.5), 8000, subtype=subtype)
    x, info = read_signal(name)
    assert (info.frames, x.shape) == (frames, (frames, channels))
    assert len(soundfile.read(name)[0]) == frames
