"""Formats that libsndfile decodes: every frame counted, faults told, nothing allocated on a header's word."""

import struct
import tracemalloc

import numpy as np
import pytest
import soundfile
from faltung_codecs.ogg import ogg_crc

from pipeline.errors import ReadError, UsageError, WriteError
from pipeline.io import OutputFormat, open_reader, open_writer, probe, read_signal, sndfile
from tests.io.helpers import noise, piped, save


@pytest.fixture
def flac(tmp_path):
    path = tmp_path / "x.flac"
    save(path, noise(50_000, 2), fmt=OutputFormat("PCM_16"))
    return path


def with_total(path, total):
    """The FLAC file with another number of frames in its STREAMINFO (the lower 36 bits of bytes 18 to 25)."""
    data = bytearray(path.read_bytes())
    word = struct.unpack(">Q", data[18:26])[0]
    data[18:26] = struct.pack(">Q", word >> 36 << 36 | total)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", ["x.flac", "x.aiff", "x.w64", "x.ogg", "x.mp3"])
@pytest.mark.parametrize("frames", [0, 1, 3000])
def test_what_is_read_is_what_libsndfile_reads_in_one_piece(tmp_path, name, frames):
    path = tmp_path / name
    if frames == 0 and name in ("x.flac", "x.mp3"):
        with pytest.raises(WriteError, match="cannot hold a signal of 0 frames; write WAV"):
            save(path, noise(0, 2))
        return
    save(path, noise(frames, 2))
    expected, fs = soundfile.read(path, always_2d=True)
    with open_reader(path) as reader:
        blocks = [reader.read(700) for _ in range(6)]
        np.testing.assert_array_equal(np.concatenate(blocks), expected)
        assert (reader.info.fs, reader.info.channels, reader.info.frames) == (fs, 2, frames)
    with piped(path.read_bytes()) as pipe:
        np.testing.assert_array_equal(read_signal(pipe)[0], expected)
    assert read_signal(path, dtype=np.float32)[0].dtype == np.float32


def test_the_content_decides_and_not_the_name(flac, tmp_path):
    renamed = tmp_path / "x.wav"
    flac.rename(renamed)
    assert probe(renamed).container == "FLAC"


@pytest.mark.parametrize("where", [0.3, 0.6, 0.95])
def test_a_flipped_bit_in_flac_is_an_error_and_accepted_up_to_there(flac, where):
    expected = read_signal(flac)[0]
    data = bytearray(flac.read_bytes())
    data[int(len(data) * where)] ^= 4
    flac.write_bytes(data)
    with pytest.raises(ReadError, match=r"damaged or cut short: decoding stopped after frame \d+"):
        read_signal(flac)
    with open_reader(flac, truncated="accept") as reader:
        x = reader.read(100_000)
        assert 0 < len(x) < 50_000
        np.testing.assert_array_equal(x, expected[: len(x)])
        assert "damaged or cut short" in reader.warnings[0]
        assert reader.read(10).shape == (0, 2)


def test_a_truncated_flac_is_an_error_and_accepted_up_to_there(flac):
    expected = read_signal(flac)[0]
    flac.write_bytes(flac.read_bytes()[:-40_000])
    with pytest.raises(ReadError, match=r"x\.flac: damaged or cut short"):
        read_signal(flac)
    x, _ = read_signal(flac, truncated="accept")
    np.testing.assert_array_equal(x, expected[: len(x)])


@pytest.mark.parametrize("total", [2**36 - 1, 2**35])
def test_a_flac_that_declares_absurd_lengths_allocates_nothing_and_is_an_error(flac, total):
    with_total(flac, total)
    tracemalloc.start()
    with open_reader(flac) as reader:
        assert reader.info.frames == total
        with pytest.raises(ReadError, match=f"declares {total} frames, has 50000"):
            reader.read(2**36)
    assert tracemalloc.get_traced_memory()[1] < 50e6
    tracemalloc.stop()


def test_a_flac_without_a_length_is_read_to_its_end_from_a_file_and_from_a_pipe(flac):
    expected = read_signal(flac)[0]
    with_total(flac, 0)
    x, info = read_signal(flac)
    np.testing.assert_array_equal(x, expected)
    assert info.frames is None
    with piped(flac.read_bytes()) as pipe:
        x, info = read_signal(pipe)
    np.testing.assert_array_equal(x, expected)
    assert info.frames is None
    flac.write_bytes(flac.read_bytes()[:-1000])
    with pytest.raises(ReadError, match=r"damaged or cut short: decoding stopped after frame \d+"):
        read_signal(flac)


def test_a_flac_that_goes_on_behind_its_length_is_an_error_unless_accepted(flac):
    expected = read_signal(flac)[0]
    with_total(flac, 30_000)
    with pytest.raises(ReadError, match="declares 30000 frames, and the stream goes on behind them; set truncated"):
        read_signal(flac)
    np.testing.assert_array_equal(read_signal(flac, truncated="accept")[0], expected[:30_000])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("x.aiff", r"declares 80000 frames, has \d+; set truncated"),
        ("x.w64", r"declares 80000 frames, has \d+; set truncated"),
        ("x.ogg", r"cut short or damaged; from byte \d+ on \d+ bytes are no page; set truncated"),
        ("x.mp3", r"(declares 80000 frames, has \d+|cut short: decoding stopped after frame \d+).*; set truncated"),
    ],
)
def test_a_truncated_file_is_an_error_and_accepted_up_to_there(tmp_path, name, words):
    path = tmp_path / name
    save(path, noise(80_000, 1))
    expected = read_signal(path)[0]
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    with pytest.raises(ReadError, match=words):
        read_signal(path)
    x, _ = read_signal(path, truncated="accept")
    assert 20_000 < len(x) < 79_000
    if name != "x.mp3":  # a cut MP3 ends in a damaged frame
        np.testing.assert_array_equal(x, expected[: len(x)])


def test_a_broken_header_is_told(flac):
    flac.write_bytes(b"fLaC" + bytes(100))
    with pytest.raises(ReadError, match="is no readable FLAC file"):
        probe(flac)


def test_what_libsndfile_alone_refuses_is_refused_before_the_old_file_is_touched(tmp_path):
    (tmp_path / "x.wav").write_bytes(b"old")
    with pytest.raises(UsageError, match=r"WAV/IMA_ADPCM with 3 channels at 44100 Hz"):
        save(tmp_path / "x.wav", noise(5, 3), fmt=OutputFormat("IMA_ADPCM"))
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("x.wav", b"old")]


def test_more_channels_than_the_limit_are_an_error(tmp_path):
    soundfile.write(tmp_path / "x.aiff", np.zeros((5, 65)), 8000)
    with pytest.raises(ReadError, match="declares 65 channels; 1 to 64 can be read"):
        probe(tmp_path / "x.aiff")


def test_the_checksum_of_ogg_is_that_of_a_page_by_libogg(tmp_path):
    soundfile.write(tmp_path / "x.ogg", noise(3000, 1), 44100)
    data = bytearray((tmp_path / "x.ogg").read_bytes())
    page = data[: 27 + data[26] + sum(data[27 : 27 + data[26]])]
    stored = struct.unpack("<I", page[22:26])[0]
    page[22:26] = bytes(4)
    assert ogg_crc(bytes(page)) == stored


def naive_crc(page):
    crc = 0
    for byte in page:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ 0x04C11DB7 if crc & 0x80000000 else crc << 1) & 0xFFFFFFFF
    return crc


@pytest.mark.parametrize("page", [b"", b"\0", b"OggS", bytes(range(256))])
def test_the_checksum_of_ogg_is_that_of_its_polynomial(page):
    assert ogg_crc(page) == naive_crc(page)


def test_an_ogg_with_a_fixed_serial_decodes_as_before_and_differs_by_name(tmp_path):
    x = noise(30_000, 2)
    for name in ("a.ogg", "b.ogg"):
        save(tmp_path / name, x)
    a, b = (read_signal(tmp_path / name)[0] for name in ("a.ogg", "b.ogg"))
    np.testing.assert_array_equal(a, b)
    assert len(a) == len(x)
    assert (tmp_path / "a.ogg").read_bytes()[14:18] != (tmp_path / "b.ogg").read_bytes()[14:18]


@pytest.mark.parametrize("subtype", ["PCM_S8", "PCM_16", "PCM_24"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_samples_that_do_not_have_the_checksum_of_a_flac_are_refused_at_its_end(subtype, dtype, tmp_path):
    path = tmp_path / "x.flac"
    x = np.random.default_rng(3).uniform(-1, 1, (9001, 2))
    soundfile.write(path, x, 8000, subtype=subtype)
    with open_reader(path, dtype=dtype) as reader:
        assert sum(map(len, reader.blocks(1000))) == 9001
        assert reader.warnings == []
    good = bytearray(path.read_bytes())
    path.write_bytes(good[:26] + bytes([good[26] ^ 1]) + good[27:])
    with open_reader(path, dtype=dtype) as reader:
        reader.read(9000)
        with pytest.raises(ReadError, match=r"x\.flac: damaged: its samples do not have the MD5 checksum .* accept to"):
            reader.read(1)
    with open_reader(path, dtype=dtype, truncated="accept") as reader:
        assert sum(map(len, reader.blocks(1000))) == 9001
        (warning,) = reader.warnings
        assert warning.endswith("that its header tells; took them as they were decoded")
    path.write_bytes(good[:26] + bytes(16) + good[42:])
    assert len(read_signal(path)[0]) == 9001, "a checksum of nothing but zeros is none"


def test_a_flac_whose_samples_were_changed_with_all_checksums_of_its_frames_is_seen(tmp_path):
    """Another recording of the same length under the first one's header: every frame is whole."""
    for name, seed in (("a", 1), ("b", 2)):
        soundfile.write(tmp_path / f"{name}.flac", np.random.default_rng(seed).uniform(-1, 1, 5000), 8000)
    a, b = ((tmp_path / f"{name}.flac").read_bytes() for name in "ab")
    (tmp_path / "c.flac").write_bytes(a[:42] + b[42:])
    with pytest.raises(ReadError, match=r"c\.flac: damaged: its samples do not have the MD5"):
        read_signal(tmp_path / "c.flac")


def frames_of(data):
    """Header and frames of a FLAC of fewer than 128 frames, by their numbers in order."""
    starts, at = [], 42
    while (at := data.find(b"\xff\xf8", at + 1)) > 0:
        if data[at + 4] == len(starts):
            starts.append(at)
    return [data[a:b] for a, b in zip([0, *starts], [*starts, len(data)], strict=True)]


def without_checksum(data):
    return data[:26] + bytes(16) + data[42:]


@pytest.mark.parametrize("order", ["0134", "012234", "02134", "01243", "1134"])
@pytest.mark.parametrize("length", [True, False])
def test_frames_of_a_flac_that_are_missing_or_in_another_order_are_told_without_a_checksum(tmp_path, order, length):
    soundfile.write(tmp_path / "x.flac", noise(20_000, 1), 8000)
    head, *frames = frames_of((tmp_path / "x.flac").read_bytes())
    assert len(frames) == 5
    whole = without_checksum(head if length else head[:22] + bytes(4) + head[26:])
    path = tmp_path / "y.flac"
    path.write_bytes(whole + b"".join(frames))
    assert len(read_signal(path)[0]) == 20_000
    path.write_bytes(whole + b"".join(frames[int(k)] for k in order))
    with pytest.raises(
        ReadError, match=r"frames before byte \d+ are missing, or not in their order; set truncated: acc"
    ):
        read_signal(path)
    with open_reader(path, truncated="accept") as reader:
        assert "took what is there" in reader.warnings[0]


def test_a_rate_behind_the_head_of_a_frame_is_held_against_the_header(tmp_path):
    for fs in (7777, 99_990, 12_000):  # told in Hz, in tens of them, in kHz
        soundfile.write(tmp_path / "x.flac", noise(9000, 1), fs)
        data = (tmp_path / "x.flac").read_bytes()
        assert read_signal(tmp_path / "x.flac")[1].fs == fs
        told = (int.from_bytes(data[18:26], "big") + (1 << 44)).to_bytes(8, "big")
        (tmp_path / "y.flac").write_bytes(data[:18] + told + data[26:])
        with pytest.raises(ReadError, match=rf"its header says {fs + 1} Hz, .*, its first frame {fs} Hz"):
            read_signal(tmp_path / "y.flac")


def test_aiff_refuses_over_4_gib_before_anything_is_written(tmp_path, monkeypatch):
    path, pcm = tmp_path / "x.aiff", OutputFormat("PCM_16")
    path.write_bytes(b"what stood there before")
    with pytest.raises(UsageError, match=r"x\.aiff: AIFF cannot hold over 4 GiB; write WAV \(RF64\), W64 or FLAC"):
        open_writer(path, fs=8000, channels=1, frames=1 << 31, fmt=pcm, overwrite=True)
    monkeypatch.setitem(sndfile._MOST_BYTES, "AIFF", 2000)
    with (
        open_writer(path, fs=8000, channels=1, frames=None, fmt=pcm, overwrite=True) as writer,
        pytest.raises(WriteError, match="grew over 4 GiB, which AIFF cannot hold; write WAV"),
    ):
        writer.write(np.zeros((1001, 1)))
    assert path.read_bytes() == b"what stood there before"
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
