"""Lengths that nobody declared, and recordings in a row: every frame is read, from a disk and from a pipe.

What is right is what libsndfile decodes of each recording alone, or the number of frames that was encoded.
"""

import shutil
import struct
import subprocess

import numpy as np
import pytest
import soundfile
from faltung_codecs import mpeg

from pipeline.errors import ReadError
from pipeline.io import OutputFormat, open_reader, read_signal
from tests.io.helpers import chunk, fmt, noise, open_descriptors, piped, riff, save

BITRATES = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]


def mpeg_frames(data):
    """The frames of MPEG-1 layer III at 44.1 kHz, one by one."""
    at = 0
    while data[at : at + 1] == b"\xff":
        length = 144000 * BITRATES[data[at + 2] >> 4] // 44100 + (data[at + 2] >> 1 & 1)
        yield data[at : at + length]
        at += length


@pytest.fixture(scope="module", params=["CONSTANT", "VARIABLE"])
def mp3(request, tmp_path_factory):
    """An MP3 with a tag, its bytes, and its frames without the one that holds the tag."""
    path = tmp_path_factory.mktemp("mp3") / "x.mp3"
    x = noise(60_000, 1) * np.r_[np.full(20_000, 1e-3), np.ones(40_000)][:, None]
    soundfile.write(path, x, 44100, format="MP3", bitrate_mode=request.param, compression_level=0.5)
    frames = list(mpeg_frames(path.read_bytes()))
    return path.read_bytes(), [frame for frame in frames if b"Xing" not in frame[:64] and b"Info" not in frame[:64]]


def put(tmp_path, data, name="x"):
    path = tmp_path / name
    path.write_bytes(data)
    return path


def read_signal_and_warnings(path):
    with open_reader(path) as reader:
        return reader.read(1 << 20), reader.warnings


def both(path):
    """What is read from the disk, which is what is read from a pipe."""
    before = open_descriptors()
    with open_reader(path) as reader:
        x = np.concatenate([reader.read(777), reader.read(1 << 20)])
        assert reader.info.frames == len(x)
        warnings = reader.warnings
    with piped(path.read_bytes()) as pipe:
        np.testing.assert_array_equal(read_signal(pipe)[0], x)
    assert open_descriptors() == before
    return x, warnings


ID3 = b"ID3\4\0\0\0\0\2\0" + bytes(256)
APE_HEAD = b"APETAGEX\xd0\7\0\0" + struct.pack("<III", 32, 0, 0xA0000000) + bytes(8)
APE_HEAD += APE_HEAD[:20] + struct.pack("<I", 0x80000000) + bytes(8)
ID3V1 = b"TAG" + b"t" * 125
APE = b"APETAGEX" + b"\xd0\7\0\0\x20\0\0\0\0\0\0\0\0\0\0\x80" + bytes(8)


def test_every_frame_of_an_mp3_without_a_tag_is_read(mp3, tmp_path):
    _, frames = mp3
    x, warnings = both(put(tmp_path, b"".join(frames)))
    assert len(x) == 1152 * len(frames)
    assert warnings == []


def test_what_an_mp3_without_a_tag_holds_is_what_one_with_a_tag_holds(mp3, tmp_path):
    whole, frames = mp3
    with_tag = read_signal(put(tmp_path, whole))[0]
    without = read_signal(put(tmp_path, b"".join(frames)))[0]
    assert len(with_tag) == 60_000
    delay = next(k for k in range(528, 3000) if np.array_equal(without[k + 5000 : k + 9000], with_tag[5000:9000]))
    np.testing.assert_array_equal(without[delay + 5000 :][:50_000], with_tag[5000:][:50_000])


@pytest.mark.parametrize(
    ("before", "behind", "words"),
    [
        (ID3, b"", None),
        (b"", ID3V1, None),
        (ID3, ID3V1, None),
        (b"", APE[:-8] + bytes(8), None),
        (APE_HEAD, b"", "titles before the first frame, at byte 64, are not carried"),
        (b"", bytes(50), "50 bytes at the end are no frame of MPEG audio"),
        (b"", b"junk at the end" * 300, "4500 bytes at the end are no frame"),
    ],
)
def test_titles_and_junk_around_mpeg_frames_are_no_frames(mp3, tmp_path, before, behind, words):
    _, frames = mp3
    x, warnings = both(put(tmp_path, before + b"".join(frames) + behind))
    assert len(x) == 1152 * len(frames)
    assert [words in said for said in warnings] == [True] * (words is not None)


@pytest.mark.parametrize("size", [256 + 3000, 10_000_000])
def test_titles_that_do_not_end_where_they_say_cost_no_more_than_they_cover(mp3, tmp_path, size):
    _, frames = mp3
    told = bytes(size >> shift & 127 for shift in (21, 14, 7, 0))
    x, warnings = both(put(tmp_path, ID3[:6] + told + ID3[10:] + b"".join(frames)))
    covered = 3000 if size < 10_000 else 0
    whole = [sum(map(len, frames[:k])) >= covered for k in range(len(frames))]
    assert len(x) == 1152 * sum(whole)
    assert "titles before the first frame, at byte" in warnings[-1]


def test_a_last_frame_that_is_cut_is_dropped_with_a_warning(mp3, tmp_path):
    _, frames = mp3
    x, warnings = both(put(tmp_path, b"".join(frames)[:-10]))
    assert len(x) == 1152 * (len(frames) - 1)
    assert "the last MPEG frame is cut" in warnings[0]


def test_an_mp3_whose_tag_counts_more_than_there_is_was_cut_short(mp3, tmp_path):
    whole, _ = mp3
    with pytest.raises(ReadError, match=r"declares 60000 frames, has \d+|cut short: decoding stopped"):
        read_signal(put(tmp_path, whole[: len(whole) // 2]))


def test_what_begins_in_the_middle_of_an_mp3_is_read(mp3, tmp_path):
    _, frames = mp3  # a recording of the radio: the first frame refers to bytes that are not there
    x, _ = both(put(tmp_path, b"".join(frames[10:])))
    assert len(x) == 1152 * (len(frames) - 10)
    y, warnings = read_signal_and_warnings(put(tmp_path, frames[9][100:] + b"".join(frames[10:]), "x.mp3"))
    np.testing.assert_array_equal(y, x)
    assert "are no frame of MPEG audio; passed over" in warnings[0]


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("between", [b"", ID3, ID3V1])
def test_mp3s_in_a_row_are_read_one_behind_the_other(mp3, tmp_path, count, between):
    whole, _ = mp3
    alone = read_signal(put(tmp_path, whole))[0]
    x, warnings = both(put(tmp_path, between.join([whole] * count)))
    np.testing.assert_array_equal(x, np.concatenate([alone] * count))
    assert warnings == [
        f"{count} recordings in a row, read one behind the other: {' + '.join(['60000'] * count)} frames"
    ]


def test_frames_behind_those_that_a_tag_counts_are_read(mp3, tmp_path):
    whole, frames = mp3
    x, warnings = both(put(tmp_path, whole + b"".join(frames)))
    assert len(x) == 60_000 + 1152 * len(frames)
    assert "2 recordings in a row" in warnings[0]


def test_mp3s_of_two_rates_in_a_row_are_refused(mp3, tmp_path):
    whole, _ = mp3
    soundfile.write(tmp_path / "y.mp3", noise(9000, 1), 48000, format="MP3")
    with pytest.raises(
        ReadError, match=r"is 2 recordings in a row, of different kinds: 44100 Hz .* 48000 Hz .*cut it up"
    ):
        read_signal(put(tmp_path, whole + (tmp_path / "y.mp3").read_bytes()))


def test_no_frame_and_a_single_one_are_told(mp3, tmp_path):
    _, frames = mp3
    with pytest.raises(ReadError, match="has no frame of MPEG audio in it"):
        read_signal(put(tmp_path, ID3 + bytes(3000)))
    with pytest.raises(ReadError, match=r"has one frame of MPEG audio alone|damaged or cut short"):
        read_signal(put(tmp_path, frames[0]))


def test_the_lengths_of_mpeg_frames_are_those_of_the_standard():
    for head, length, samples in (
        ("fffb9064", 417, 1152),  # layer III, 128 kbit/s, 44.1 kHz
        ("fffb9264", 418, 1152),  # the same, with a byte of padding
        ("fffdd404", 960, 1152),  # layer II, 320 kbit/s, 48 kHz
        ("fffd4404", 192, 1152),  # layer II, 64 kbit/s, 48 kHz
        ("ffff9404", 288, 384),  # layer I, 288 kbit/s, 48 kHz
        ("fff36464", 144, 576),  # MPEG-2 layer III, 48 kbit/s, 24 kHz
        ("ffe34864", 288, 576),  # MPEG-2.5 layer III, 32 kbit/s, 8 kHz
    ):
        frame = mpeg._frame(bytes.fromhex(head))
        assert frame is not None, head
        assert (frame.length, frame.samples) == (length, samples), head


@pytest.mark.parametrize(("subtype", "fs"), [("VORBIS", 44100), ("OPUS", 48000)])
@pytest.mark.parametrize("count", [2, 5])
def test_a_chain_of_oggs_is_read_one_behind_the_other(tmp_path, subtype, fs, count):
    parts = []
    for k in range(count):
        soundfile.write(tmp_path / "part", noise(20_001 + k, 2, seed=k), fs, format="OGG", subtype=subtype)
        parts.append((tmp_path / "part").read_bytes())
    expected = np.concatenate([soundfile.read(put(tmp_path, part))[0] for part in parts])
    x, warnings = both(put(tmp_path, b"".join(parts)))
    np.testing.assert_array_equal(x, expected)
    assert len(x) == sum(20_001 + k for k in range(count))
    assert warnings[0].startswith(f"{count} recordings in a row")


@pytest.fixture
def ogg(tmp_path):
    soundfile.write(tmp_path / "x.ogg", noise(100_000, 1), 44100)
    return (tmp_path / "x.ogg").read_bytes()


@pytest.mark.parametrize("where", [0.2, 0.5, 0.9, 0.999])
def test_one_bit_of_an_ogg_is_missed_by_its_checksum(ogg, tmp_path, where):
    data = bytearray(ogg)
    data[int(where * len(data))] ^= 1
    with pytest.raises(ReadError, match=r"checksum|no page|pages are missing"):
        read_signal(put(tmp_path, data))


@pytest.mark.parametrize("where", [0.3, 0.6, 0.95, 0.999])
def test_an_ogg_that_is_cut_short_is_told(ogg, tmp_path, where):
    with pytest.raises(ReadError, match=r"cut short.*set truncated: accept"):
        read_signal(put(tmp_path, ogg[: int(where * len(ogg))]))


def test_an_ogg_without_a_page_in_the_middle_is_told(ogg, tmp_path):
    third, fourth = [k for k in range(len(ogg)) if ogg[k : k + 4] == b"OggS"][2:4]
    with pytest.raises(ReadError, match="pages are missing before byte"):
        read_signal(put(tmp_path, ogg[:third] + ogg[fourth:]))


def with_crc(page):
    page, crc = bytearray(page), 0
    page[22:26] = bytes(4)
    for byte in page:
        crc ^= byte << 24
        for _ in range(8):
            crc = crc << 1 & 0xFFFFFFFF ^ (0x04C11DB7 if crc & 1 << 31 else 0)
    page[22:26] = crc.to_bytes(4, "little")
    return bytes(page)


def pages_of(data):
    starts = [k for k in range(len(data)) if data[k : k + 5] == b"OggS\0"]
    return [data[a:b] for a, b in zip(starts, [*starts[1:], len(data)], strict=True)]


def numbered(pages):
    """The pages as if they had been written in this order."""
    return b"".join(with_crc(page[:18] + struct.pack("<I", k) + page[22:]) for k, page in enumerate(pages))


def ends_at(page, frame):
    return with_crc(page[:6] + struct.pack("<q", frame) + page[14:])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda pages: [*pages[:-1], ends_at(pages[-1], 50)], r"ends at frame 50, the one before it at \d{5}"),
        (lambda pages: [*pages[:-1], ends_at(pages[-1], -1)], r"ends at frame -1, the one before it at"),
        (
            lambda pages: [*pages[:4], *pages[3:]],
            r"contradicts itself: the page at byte \d+ ends at frame (\d+), .* \1;",
        ),
    ],
)
def test_pages_of_an_ogg_that_go_back_in_time_are_told(ogg, tmp_path, change, words):
    data = numbered(change(pages_of(ogg)))
    with pytest.raises(ReadError, match=words):
        read_signal(put(tmp_path, data))
    with piped(data) as pipe, pytest.raises(ReadError, match=words):
        read_signal(pipe)
    assert len(read_signal(put(tmp_path, data), truncated="accept")[0]) > 0


def test_a_stream_beside_the_first_of_an_ogg_is_told(ogg, tmp_path):
    others = [with_crc(page[:14] + b"else" + page[18:]) for page in pages_of(ogg)]
    x, warnings = both(put(tmp_path, b"".join(page for two in zip(pages_of(ogg), others, strict=True) for page in two)))
    assert len(x) == 100_000
    assert warnings == ["another stream stands beside the first, from byte 58 on; not read"]


def test_a_link_of_a_chain_that_has_headers_alone_is_left_out_where_that_is_accepted(tmp_path):
    save(tmp_path / "x.opus", noise(60_000, 1), fs=48_000)
    data = (tmp_path / "x.opus").read_bytes()
    cut = data + data[: data.index(b"OpusTags") + 400]
    with pytest.raises(ReadError, match="cut short or damaged; from byte"):
        read_signal(put(tmp_path, cut))
    x, _ = read_signal(put(tmp_path, cut), truncated="accept")
    np.testing.assert_array_equal(x, read_signal(tmp_path / "x.opus")[0])
    with pytest.raises(ReadError, match="has no page with audio; cut short or damaged"):
        read_signal(put(tmp_path, cut[len(data) :]), truncated="accept")


def test_an_opus_that_does_not_tell_the_rate_it_was_made_from_is_read_at_its_own(tmp_path):
    save(tmp_path / "x.opus", noise(60_000, 1), fs=48_000)
    first, *rest = pages_of((tmp_path / "x.opus").read_bytes())
    path = put(tmp_path, with_crc(first[:40] + bytes(4) + first[44:]) + b"".join(rest))
    x, info = read_signal(path)  # libsndfile alone gives 8 kHz
    assert info.fs == 48_000
    np.testing.assert_array_equal(x, read_signal(tmp_path / "x.opus")[0])


def test_bytes_behind_an_ogg_are_ignored_with_a_warning(ogg, tmp_path):
    x, warnings = both(put(tmp_path, ogg + ID3V1))
    assert len(x) == 100_000
    assert warnings == [f"128 bytes from byte {len(ogg)} on are no page of Ogg; ignored"]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_flacs_in_a_row_are_read_one_behind_the_other(tmp_path, count):
    parts = [noise(30_000 + k, 2, seed=k) for k in range(count)]
    data = b""
    for part in parts:
        save(tmp_path / "part.flac", part, fmt=OutputFormat("PCM_24"))
        data += (tmp_path / "part.flac").read_bytes()
    x, warnings = both(put(tmp_path, data))
    np.testing.assert_allclose(x, np.concatenate(parts), rtol=0, atol=2.0**-23)
    assert len(warnings) == (count > 1)


def test_a_flac_behind_a_long_tag_is_a_flac(tmp_path):
    x = noise(5000, 1)
    save(tmp_path / "x.flac", x, fmt=OutputFormat("PCM_16"))
    tag = b"ID3\4\0\0\0\0\x40\0" + bytes(8192)
    y, info = read_signal(put(tmp_path, tag + (tmp_path / "x.flac").read_bytes()))
    assert info.container == "FLAC"
    np.testing.assert_array_equal(y, read_signal(tmp_path / "x.flac")[0])


def wav(x, declared=None, tail=b"", magic=b"RIFF", fs=8000):
    """A WAV of 24 bits, or of as many bytes as it declares, with chunks behind its audio."""
    raw = np.round(x * 2**23).astype("<i4").view("u1").reshape(len(x), -1, 4)[:, :, :3].tobytes()
    ds64 = [chunk(b"ds64", struct.pack("<QQQI", 0, len(raw), len(x), 0))] * (magic == b"RF64")
    declared = 0xFFFFFFFF if ds64 else declared
    return riff(*ds64, fmt(x.shape[1], fs, 24), chunk(b"data", raw, declared), tail, magic=magic)


LIST = chunk(b"LIST", b"INFOICMT" + struct.pack("<I", 4) + b"odd\0")
ROWS = {  # what stands between two recordings, and how each is written
    "as they are": {},
    "with chunks behind the audio": {"tail": LIST},
    "as ffmpeg writes them to a pipe": {"declared": 0xFFFFFFFF},
    "as arecord writes them": {"declared": 0x80000000},
    "never finished": {"declared": 0},
    "as RF64": {"magic": b"RF64"},
}


@pytest.mark.parametrize("between", [b"", b"\0\0\0", b"R", b"RIFFWAVE"])
@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("row", ROWS)
def test_wavs_in_a_row_are_read_one_behind_the_other_from_a_disk_and_in_a_pipe(tmp_path, row, count, between):
    open_end = ROWS[row].get("declared") is not None
    if between and (count == 1 or open_end):
        pytest.skip("what stands between is audio where no length is told")
    parts = [noise(3001 + k, 1, seed=k) for k in range(count)]
    whole = between.join(wav(part, **ROWS[row]) for part in parts)
    codes = np.round(np.concatenate(parts) * 2**23) / 2**23
    kept = codes if not open_end else None
    with open_reader(put(tmp_path, whole)) as reader:
        x, said = reader.read(1 << 20), reader.warnings
    for size in (1 << 20, 1, 7):
        before = open_descriptors()
        with piped(whole) as pipe, open_reader(pipe) as reader:
            blocks = list(reader.blocks(size))
            np.testing.assert_array_equal(np.concatenate(blocks), x)
            assert reader.info.frames in (len(x), None)
            in_a_row = f"{count} recordings in a row, read one behind the other"
            assert [in_a_row in words for words in reader.warnings].count(True) == (count > 1)
            assert {words for words in said if "in a row" in words} <= set(reader.warnings)
        assert open_descriptors() == before
    if kept is not None:
        np.testing.assert_array_equal(x, kept)


@pytest.mark.parametrize("second", ["PCM_U8", "ULAW", "MS_ADPCM", "FLOAT"])
def test_a_recording_in_another_encoding_is_read_behind_one_in_a_pipe(tmp_path, second):
    soundfile.write(tmp_path / "b", noise(5000, 1), 8000, format="WAV", subtype=second)
    whole = wav(noise(3000, 1)) + (tmp_path / "b").read_bytes()
    x, _ = both(put(tmp_path, whole))
    np.testing.assert_array_equal(x[3000:], read_signal(tmp_path / "b")[0])


@pytest.mark.parametrize("declared", [None, 0xFFFFFFFF])
def test_wavs_of_two_rates_in_a_row_are_refused_in_the_same_words_in_a_pipe(tmp_path, declared):
    whole = wav(noise(3000, 1), declared) + wav(noise(100, 1), fs=44100)
    words = "is 2 recordings in a row, of different kinds: 8000 Hz with 1 channels, then 44100 Hz .*cut it up"
    with pytest.raises(ReadError, match=words):
        read_signal(put(tmp_path, whole))
    with piped(whole) as pipe, pytest.raises(ReadError, match=words):
        read_signal(pipe)


def test_a_data_size_that_is_too_small_is_told_in_the_same_words_in_a_pipe(tmp_path):
    x = noise(3000, 1)
    whole = wav(x, declared=3 * 1000)
    words = "declares 1000 frames, and 6000 bytes behind them are no chunk: the data size may be too small"
    for name in (put(tmp_path, whole), None):
        with piped(whole) as pipe, pytest.raises(ReadError, match=words):
            read_signal(name or pipe)
        with piped(whole) as pipe, open_reader(name or pipe, truncated="accept") as reader:
            assert len(reader.read(1 << 20)) == 3000
            assert words in reader.warnings[0]


def test_what_a_pipe_lacks_is_told_with_a_way_out_that_works(tmp_path):
    whole = wav(noise(3000, 1))[:-300]
    with (
        piped(whole) as pipe,
        pytest.raises(ReadError, match="declares 3000 frames, ended after 2900; set truncated: accept"),
    ):
        read_signal(pipe)
    with piped(whole) as pipe, open_reader(pipe, truncated="accept") as reader:
        np.testing.assert_array_equal(
            reader.read(1 << 20), read_signal(put(tmp_path, wav(noise(3000, 1)[:2900])))[0][:2900]
        )


@pytest.mark.parametrize("name", ["x.wav", "x.rf64", "x.w64", "x.aiff", "x.au", "x.caf", "x.ogg", "x.flac"])
@pytest.mark.parametrize("tags", [ID3, ID3 + ID3])
def test_titles_before_the_header_of_another_container_cost_no_frame(tmp_path, name, tags):
    if name in ("x.au", "x.caf"):  # read alone
        soundfile.write(tmp_path / name, noise(3001, 1), 8000, subtype="FLOAT")
    else:
        save(tmp_path / name, noise(3001, 1))
    x, warnings = both(put(tmp_path, tags + (tmp_path / name).read_bytes()))
    np.testing.assert_array_equal(x, read_signal(tmp_path / name)[0])
    assert name == "x.flac" or f"{len(tags)} bytes of titles stand before its" in warnings[-1]


needs_flac = pytest.mark.skipif(shutil.which("flac") is None, reason="flac is not installed")


@needs_flac
@pytest.mark.parametrize("count", [1, 2])
def test_flac_in_ogg_is_read_as_the_flac_that_it_is(tmp_path, count):
    x = noise(50_000, 2)
    save(tmp_path / "x.wav", x, fmt=OutputFormat("PCM_16"))
    subprocess.run(["flac", "-s", "--ogg", "-f", "-o", tmp_path / "x.oga", tmp_path / "x.wav"], check=True)
    y, _ = both(put(tmp_path, (tmp_path / "x.oga").read_bytes() * count))
    np.testing.assert_array_equal(y, np.concatenate([read_signal(tmp_path / "x.wav")[0]] * count))


def test_an_ogg_of_another_codec_is_refused_with_the_way_out(tmp_path):
    save(tmp_path / "x.ogg", noise(5000, 1), fmt=OutputFormat("VORBIS"))
    data = (tmp_path / "x.ogg").read_bytes()
    end = data.index(b"OggS", 4)
    first = with_crc(data[:end].replace(b"\1vorbis", b"Speex  "))
    (tmp_path / "x.spx").write_bytes(first + data[end:])
    with pytest.raises(
        ReadError, match=r"with Speex that libsndfile does not decode; convert it, .*: ffmpeg -i IN.ogg OUT"
    ):
        read_signal(tmp_path / "x.spx")


def test_a_flac_of_32_bits_is_refused_with_the_way_out(tmp_path):
    save(tmp_path / "x.flac", noise(5000, 1), fmt=OutputFormat("PCM_16"))
    data = bytearray((tmp_path / "x.flac").read_bytes())
    word = int.from_bytes(data[18:26], "big")
    data[18:26] = (word & ~(31 << 36) | 31 << 36).to_bytes(8, "big")
    data[data.index(b"\xff\xf8") + 3] &= 0xF1  # the first frame leaves its bits to the header
    with pytest.raises(ReadError, match="has 32 bits a sample, which libsndfile does not decode; unpack it: flac -d"):
        read_signal(put(tmp_path, data))


@pytest.mark.parametrize(("every"), [pytest.param(9, marks=pytest.mark.long)])
def test_what_encoders_write_is_read_as_other_decoders_read_it(tmp_path, every):
    from tests.soak.encoders import sweep

    if shutil.which("ffmpeg") is None or shutil.which("sox") is None:
        pytest.skip("ffmpeg and sox are not installed")
    found = {row["result"] for row in sweep(tmp_path, every)}
    assert "both" in found
    assert not [result for result in found if result.startswith("PIPE")]


def test_four_bytes_like_a_frame_of_no_told_bitrate_are_junk(mp3, tmp_path):
    frames = b"".join(mp3[1])
    path = tmp_path / "a.mp3"
    path.write_bytes(frames)
    plain, _ = read_signal(path)
    path.write_bytes(b"\xff\xfb\x00\x19" + bytes(29) + frames)
    with open_reader(path) as reader:
        assert len(reader.read(1 << 20)) == len(plain)
        assert "33 bytes before byte 33 are no frame of MPEG audio; passed over" in reader.warnings


@pytest.mark.parametrize("junk", [bytes(3000), bytes(3000) + ID3, b"\xff" * 999])
def test_an_mp3_with_a_tag_is_read_behind_whatever_stands_before_it(mp3, tmp_path, junk):
    whole, _ = mp3
    x, _ = both(put(tmp_path, whole))
    y, warnings = read_signal_and_warnings(put(tmp_path, junk + whole, "x.mp3"))
    np.testing.assert_array_equal(y, x)
    assert "are no frame of MPEG audio; passed over" in warnings[0]
