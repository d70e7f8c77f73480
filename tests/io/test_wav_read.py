"""Reading WAV: what headers declare, what files have, and the encodings."""

import os
import struct
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from pipeline.errors import ReadError
from pipeline.io import OutputFormat, open_reader, probe, read_signal
from tests.io.helpers import chunk, fmt, noise, piped, riff, save

PCM = np.arange(1, 101, dtype="<i2").tobytes()
DATA = chunk(b"data", PCM)


def put(tmp_path, data, name="x.wav"):
    path = tmp_path / name
    path.write_bytes(data)
    return path


def read(path, **options):
    with open_reader(path, **options) as reader:
        return reader.read(1 << 20)[:, 0] * 32768, reader.warnings


def test_a_plain_file_is_read_in_blocks_of_any_size(tmp_path):
    path = put(tmp_path, riff(fmt(), DATA))
    with open_reader(path) as reader:
        assert (reader.info.fs, reader.info.channels, reader.info.frames) == (8000.0, 1, 100)
        assert (reader.info.container, reader.info.subtype) == ("WAV", "PCM_16")
        blocks = [reader.read(n) for n in (1, 0, 33, 60, 60, 60)]
        assert [b.shape for b in blocks] == [(1, 1), (0, 1), (33, 1), (60, 1), (6, 1), (0, 1)]
        np.testing.assert_array_equal(np.concatenate(blocks)[:, 0] * 32768, np.arange(1, 101))
        assert reader.warnings == []


@pytest.mark.parametrize("frames", [0, 1])
def test_zero_and_one_frame_are_signals(tmp_path, frames):
    x, info = read_signal(put(tmp_path, riff(fmt(), chunk(b"data", PCM[: 2 * frames]))))
    assert x.shape == (frames, 1)
    assert info.frames == frames


def test_zero_frames_with_chunks_behind_them_are_a_signal(tmp_path):
    x, info = read_signal(put(tmp_path, riff(fmt(), chunk(b"data", b""), chunk(b"bext", b"b" * 602))))
    assert x.shape == (0, 1)
    assert [name for name, _ in info.chunks] == [b"bext"]


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize(
    ("container", "endian"), [("WAV", "LITTLE"), ("WAV", "BIG"), ("WAVEX", "LITTLE"), ("RF64", "LITTLE")]
)
def test_every_encoding_reads_as_libsndfile_reads_it(tmp_path, subtype, container, endian):
    path = tmp_path / "x.wav"
    soundfile.write(path, noise(257, 3), 48000, subtype, endian, container)
    x, info = read_signal(path)
    expected, fs = soundfile.read(path, always_2d=True)
    np.testing.assert_array_equal(x, expected)
    assert (info.fs, info.subtype, info.frames) == (fs, subtype, 257)
    with piped(path.read_bytes()) as pipe:
        np.testing.assert_array_equal(read_signal(pipe)[0], expected)


@pytest.mark.parametrize(("bits", "block", "subtype"), [(12, 2, "PCM_16"), (20, 3, "PCM_24"), (24, 4, "PCM_32")])
def test_bits_that_do_not_fill_their_bytes_lie_in_the_upper_ones(tmp_path, bits, block, subtype):
    raw = (np.array([1, -1, 1000], "<i8") << (8 * block - bits)).view(np.uint8).reshape(3, 8)[:, :block].tobytes()
    x, info = read_signal(put(tmp_path, riff(fmt(bits=bits, block=block), chunk(b"data", raw))))
    assert info.subtype == subtype
    np.testing.assert_array_equal(x[:, 0] * 2 ** (bits - 1), [1, -1, 1000])


@pytest.mark.parametrize("subtype", ["ULAW", "ALAW", "IMA_ADPCM", "MS_ADPCM"])
def test_compressed_wav_is_left_to_libsndfile(tmp_path, subtype):
    path = tmp_path / "x.wav"
    soundfile.write(path, noise(4000, 1), 8000, subtype)
    x, info = read_signal(path)
    np.testing.assert_array_equal(x, soundfile.read(path, always_2d=True)[0])
    assert info.subtype == subtype
    whole = path.read_bytes()
    put(tmp_path, path.read_bytes()[:-500])
    with pytest.raises(ReadError, match=r"declares \d+ (frames|blocks), has \d+; set truncated: accept"):
        read_signal(path)
    there = read_signal(path, truncated="accept")[0]
    np.testing.assert_array_equal(there, x[: len(there)])  # and nothing made up for what is missing of a block
    assert len(x) - 1600 < len(there) < len(x)
    with piped(whole) as pipe:
        np.testing.assert_array_equal(read_signal(pipe)[0], x)


@pytest.mark.parametrize(("subtype", "blocks"), [("ULAW", 0), ("IMA_ADPCM", 1), ("MS_ADPCM", 1)])
def test_the_frames_that_a_fact_chunk_tells_are_held_against_those_of_a_codec(tmp_path, subtype, blocks):
    path = tmp_path / "x.wav"
    soundfile.write(path, noise(4000, 1), 8000, subtype)
    data, there = path.read_bytes(), len(read_signal(path)[0])
    at = data.index(b"fact") + 8
    for count, odd in ((there - 100 * blocks, False), (there - 1000, True), (there + 1, True)):
        put(tmp_path, data[:at] + struct.pack("<I", count) + data[at + 4 :])
        x, warnings = read(path)
        assert len(x) == there
        assert warnings == [f"its fact chunk declares {count} frames, the data chunk {there}; took these"] * odd


def test_gsm_has_no_block_that_is_not_there(tmp_path):
    path = tmp_path / "x.wav"
    soundfile.write(path, noise(4000, 1), 8000, "GSM610")
    x, info = read_signal(path)  # libsndfile reads 4480 frames: 13 blocks, and noise
    assert (len(x), info.frames) == (4160, 4160)
    np.testing.assert_array_equal(x, soundfile.read(path, always_2d=True)[0][:4160])


def test_a_data_chunk_larger_than_the_file_is_an_error_unless_accepted(tmp_path):
    path = put(tmp_path, riff(fmt(), DATA)[:-50])
    with pytest.raises(ReadError, match=r"declares 100 frames, has 75; set truncated: accept to take the 75 frames"):
        probe(path)
    x, warnings = read(path, truncated="accept")
    np.testing.assert_array_equal(x, np.arange(1, 76))
    assert warnings == ["declares 100 frames, has 75; took the 75 frames"]


def test_a_size_of_zero_with_audio_behind_it_takes_the_length_from_the_file(tmp_path):
    x, warnings = read(put(tmp_path, riff(fmt(), b"data" + bytes(4) + PCM, size=0)))
    np.testing.assert_array_equal(x, np.arange(1, 101))
    assert "the header does not tell the length" in warnings[0]


def test_a_44_byte_stub_is_an_unfinished_header(tmp_path):
    path = put(tmp_path, riff(fmt(), chunk(b"data", b""), size=0))
    assert path.stat().st_size == 44
    with pytest.raises(ReadError, match="the recorder stopped before its first sound"):
        probe(path)
    assert read(path, truncated="accept")[0].shape == (0,)


@pytest.mark.parametrize(
    "size", [0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFC, 0xFFFFFFDB, 0x80000000, 0x7FFFFFFF, 0x7FFFFFDB, 0x7FFFF000, 0x7FFF0000]
)
def test_a_size_that_says_unknown_takes_the_length_from_the_file(tmp_path, size):
    x, warnings = read(put(tmp_path, riff(fmt(), chunk(b"data", PCM, size))))
    np.testing.assert_array_equal(x, np.arange(1, 101))
    assert "the header does not tell the length" in warnings[0]


def test_audio_behind_a_data_size_that_is_too_small_is_an_error_unless_accepted(tmp_path):
    path = put(tmp_path, riff(fmt(), chunk(b"data", PCM, 50)))
    with pytest.raises(ReadError, match=r"declares 25 frames, and 150 bytes behind them are no chunk.*all 100 frames"):
        probe(path)
    x, warnings = read(path, truncated="accept")
    np.testing.assert_array_equal(x, np.arange(1, 101))
    assert "may be too small" in warnings[0]


@pytest.mark.parametrize("tail", [b"\1\2\3", bytes(400), b"TAG" + b"t" * 125], ids=["three bytes", "zeros", "ID3v1"])
def test_a_tail_that_is_surely_no_audio_is_ignored_with_a_warning(tmp_path, tail):
    x, warnings = read(put(tmp_path, riff(fmt(), DATA) + tail))
    np.testing.assert_array_equal(x, np.arange(1, 101))
    assert warnings == [f"{len(tail)} bytes behind the audio are no chunk; ignored"]


@pytest.mark.parametrize("padded", [True, False])
def test_an_odd_data_chunk_may_lack_its_pad_byte(tmp_path, padded):
    data = chunk(b"data", b"\x80\x90\xa0")
    path = put(tmp_path, riff(fmt(bits=8), data if padded else data[:-1], chunk(b"LIST", b"INFOICMT\3\0\0\0hi\0\0")))
    x, info = read_signal(path)
    np.testing.assert_array_equal(x[:, 0] * 128, [0, 16, 32])
    assert info.tags == (("comment", "hi"),)


def test_unknown_chunks_behind_the_audio_are_chunks(tmp_path):
    x, info = read_signal(put(tmp_path, riff(fmt(), DATA, chunk(b"zzzz", b"12345"), chunk(b"yyyy", b""))))
    assert len(x) == 100
    assert info.dropped == ("zzzz", "yyyy")


def test_a_partial_last_frame_is_dropped_with_a_warning(tmp_path):
    path = put(tmp_path, riff(fmt(), chunk(b"data", PCM[:7])))
    x, warnings = read(path)
    np.testing.assert_array_equal(x, [1, 2, 3])
    assert warnings == ["the last frame is cut: 1 of 2 bytes; dropped"]
    with piped(riff(fmt(), chunk(b"data", PCM[:7], 0xFFFFFFFF))[:-1]) as pipe:
        x, warnings = read(pipe)
        np.testing.assert_array_equal(x, [1, 2, 3])
        assert warnings == ["the last frame is cut: 1 of 2 bytes; dropped"]


def ds64(data_bytes):
    return chunk(b"ds64", struct.pack("<QQQI", data_bytes + 80, data_bytes, data_bytes // 2, 0))


def rf64(*chunks):
    return riff(*chunks, magic=b"RF64", size=0xFFFFFFFF)


def test_rf64_takes_its_length_from_ds64(tmp_path):
    path = put(tmp_path, rf64(ds64(200), fmt(), chunk(b"data", PCM, 0xFFFFFFFF)))
    assert probe(path).container == "RF64"
    np.testing.assert_array_equal(read(path)[0], np.arange(1, 101))


@pytest.mark.parametrize(
    ("chunks", "words"),
    [
        ((fmt(), chunk(b"data", PCM, 0xFFFFFFFF)), "RF64 file without a ds64 chunk"),
        ((ds64(2000), fmt(), chunk(b"data", PCM, 0xFFFFFFFF)), "declares 1000 frames, has 100"),
    ],
    ids=["no ds64", "ds64 too large"],
)
def test_rf64_with_a_broken_ds64_is_an_error_unless_accepted(tmp_path, chunks, words):
    path = put(tmp_path, rf64(*chunks))
    with pytest.raises(ReadError, match=words):
        probe(path)
    np.testing.assert_array_equal(read(path, truncated="accept")[0], np.arange(1, 101))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (riff(DATA), "no fmt chunk before its audio"),
        (riff(fmt()), "has no data chunk"),
        (riff(chunk(b"fmt ", b"\1\0"), DATA), "its fmt chunk has 2 bytes"),
        (riff(fmt(channels=0, block=2), DATA), "declares 0 channels"),
        (riff(fmt(channels=1025), DATA), "declares 1025 channels; 1 to 64"),
        (riff(fmt(fs=0), DATA), "a sampling rate of 0 Hz"),
        (riff(fmt(fs=2**31), DATA), "a sampling rate of 2147483648 Hz"),
        (riff(fmt(channels=2, block=3), DATA), "contradicts itself: 16 bits, 2 channels, 3 bytes a frame"),
        (riff(fmt(bits=64, tag=1), DATA), "holds PCM of 64 bits, which is not read; convert it"),
        (riff(fmt(), chunk(b"LIST", b"INFO", 5000), DATA), "chunk b'LIST' at byte 36 declares 5000 bytes"),
        (riff(fmt(), *[chunk(b"junk", b"")] * 1100, DATA), "more than 1000 chunks"),
    ],
)
def test_a_broken_header_is_told_in_words(tmp_path, data, words):
    with pytest.raises(ReadError, match=words):
        probe(put(tmp_path, data))


def test_a_file_that_shrinks_while_it_is_read_is_an_error(tmp_path):
    path = put(tmp_path, riff(fmt(), DATA))
    with open_reader(path) as reader:
        reader.read(10)
        os.truncate(path, 100)
        with pytest.raises(ReadError, match=r"declares 100 frames, ended after \d+: cut short while read"):
            reader.read(90)


def test_a_file_that_grows_while_it_is_read_is_a_warning(tmp_path):
    path = put(tmp_path, riff(fmt(), DATA))
    with open_reader(path) as reader:
        with path.open("ab") as file:
            file.write(b"more")
        assert len(reader.read(1000)) == 100
        assert reader.warnings == ["the file gained 4 bytes while it was read; they are not in the result"]


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 200, 0x7FFFF000])
def test_a_pipe_may_leave_its_sizes_open(size):
    with piped(riff(fmt(), chunk(b"data", PCM, size))) as pipe, open_reader(pipe) as reader:
        assert reader.info.frames == (100 if size == 200 else None)
        np.testing.assert_array_equal(reader.read(64)[:, 0] * 32768, np.arange(1, 65))
        np.testing.assert_array_equal(reader.read(64)[:, 0] * 32768, np.arange(65, 101))
        assert reader.read(64).shape == (0, 1)


def test_a_pipe_that_ends_before_its_declared_length_is_an_error():
    with piped(riff(fmt(), DATA)[:-20]) as pipe, pytest.raises(ReadError, match="declares 100 frames, ended after 90"):
        read_signal(pipe)


def test_rf64_on_a_pipe_keeps_its_first_frames():
    with piped(rf64(ds64(0), fmt(), chunk(b"data", PCM, 0xFFFFFFFF))) as pipe:
        np.testing.assert_array_equal(read(pipe)[0], np.arange(1, 101))


def run(command, data=b""):
    return subprocess.run(command, check=True, capture_output=True, input=data).stdout


@pytest.mark.parametrize("codec", ["pcm_u8", "pcm_s24le", "pcm_f32le"])
def test_what_ffmpeg_pipes_is_what_it_writes_to_a_file(tmp_path, codec):
    x = noise(3000, 3)
    save(tmp_path / "x.wav", x, fmt=OutputFormat("DOUBLE"))
    command = ["ffmpeg", "-v", "error", "-i", tmp_path / "x.wav", "-c:a", codec, "-f", "wav"]
    data = run([*command, "-"])
    assert b"LIST" in data[:200]
    run([*command, tmp_path / "y.wav"])
    with piped(data) as pipe:
        y, info = read_signal(pipe)
    np.testing.assert_array_equal(y, read_signal(tmp_path / "y.wav")[0])
    assert (info.frames, len(y)) == (None, 3000)


@pytest.mark.parametrize("bits", [8, 16, 24])
def test_what_sox_pipes_is_what_it_writes_to_a_file(tmp_path, bits):
    raw = (noise(3000, 2) * 2**31).astype("<i4").tobytes()
    command = ["sox", "-D", "-V1", "-t", "s32", "-r", "8000", "-c", "2", "-", "-b", str(bits), "-t", "wav"]
    with piped(run([*command, "-"], raw)) as pipe:  # from a pipe to a pipe: sox cannot know the length
        y, info = read_signal(pipe)
    run([*command, tmp_path / "y.wav"], raw)
    np.testing.assert_array_equal(y, read_signal(tmp_path / "y.wav")[0])
    assert info.frames is None


@pytest.mark.parametrize("container", ["wav", "flac"])
def test_standard_input_is_read_from_a_pipe_and_from_a_redirected_file(tmp_path, container):
    path = tmp_path / f"x.{container}"
    save(path, noise(5000, 2))
    program = "from pipeline.io import read_signal; x, i = read_signal('-'); print(len(x), i.container, x.sum().hex())"
    expected, info = read_signal(path)
    wanted = f"{len(expected)} {info.container} {expected.sum().hex()}"
    with path.open("rb") as file:
        redirected = subprocess.run([sys.executable, "-c", program], stdin=file, capture_output=True, text=True)
    through_pipe = subprocess.run([sys.executable, "-c", program], input=path.read_bytes(), capture_output=True)
    assert redirected.stdout.strip() == wanted, redirected.stderr
    assert through_pipe.stdout.decode().strip() == wanted, through_pipe.stderr


def test_a_closed_standard_input_is_told(tmp_path):
    program = "from pipeline.io import probe; probe('-')"
    done = subprocess.run(["sh", "-c", f'"{sys.executable}" -c "{program}" <&-'], capture_output=True, text=True)
    assert "standard input: is closed" in done.stderr


@pytest.mark.parametrize("cut", range(0, 110, 3))
def test_a_pipe_that_ends_inside_the_header_is_told(cut):
    data = rf64(ds64(200), fmt(), chunk(b"LIST", b"INFO"), chunk(b"data", PCM, 0xFFFFFFFF))
    with piped(data[:cut]) as pipe, pytest.raises(ReadError):
        read_signal(pipe)


def test_a_second_format_chunk_is_not_believed(tmp_path):
    x, warnings = read(put(tmp_path, riff(fmt(), DATA, fmt(channels=2))))
    np.testing.assert_array_equal(x, np.arange(1, 101))
    assert warnings == ["another fmt chunk stands behind the audio; it is not believed"]
