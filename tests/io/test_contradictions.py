"""Headers that contradict each other or the bytes: each is refused in words, or read right with a warning.

The generator below makes one file for every way that we know; what is right was written down by hand, never read from
the file. A pipe gives what a disk gives, unless a row says that only a file can be looked through.
"""

import itertools
import math
import re
import struct

import numpy as np
import pytest

from pipeline.errors import ReadError
from pipeline.io import open_reader, read_signal, write_signal
from tests.io.helpers import chunk, fmt, piped, riff

CODES = np.random.default_rng(5).integers(-20000, 20000, 1000).astype("<i2")
PCM = CODES.tobytes()
DATA = chunk(b"data", PCM)
WHOLE = riff(fmt(), DATA)
LIST = chunk(b"LIST", b"INFO" + chunk(b"INAM", b"a title\0"))
BIG = CODES.astype(">i2").tobytes()


def fmt_of(tag=1, channels=1, fs=8000, rate=16000, block=2, bits=16, more=b""):
    return chunk(b"fmt ", struct.pack("<HHIIHH", tag, channels, fs, rate, block, bits) + more)


def extensible(valid, bits, block, tag=1, mask=4):
    tail = struct.pack("<HHIH", 22, valid, mask, tag) + bytes.fromhex("000000001000800000aa00389b71")
    return fmt_of(0xFFFE, 1, 8000, 8000 * block, block, bits, tail)


def rf64(ds64, *parts, count=None, size=None):
    size, count = sum(map(len, parts)) + 40 if size is None else size, ds64 // 2 if count is None else count
    return riff(chunk(b"ds64", struct.pack("<QQQI", size, ds64, count, 0)), *parts, magic=b"RF64", size=2**32 - 1)


TWO = r": 400 \+ 600 frames"
REFUSED = {
    "16 bits in 4 bytes, told by the byte rate": (riff(fmt_of(block=4), DATA), "contradicts itself: 16 bits, 1 chan"),
    "16 bits in 4 bytes": (riff(fmt_of(rate=32000, block=4), DATA), "contradicts itself: 16 bits"),
    "8 bits in 2 bytes": (riff(fmt_of(bits=8), DATA), "contradicts itself: 8 bits"),
    "24 bits in 2 bytes": (riff(fmt_of(bits=24), DATA), "contradicts itself: 24 bits"),
    "24 bits in 4 bytes, not by the byte rate": (riff(fmt_of(block=4, bits=24), DATA), "contradicts itself: 24 bits"),
    "0 bits": (riff(fmt_of(bits=0), DATA), "contradicts itself: 0 bits"),
    "no block": (riff(fmt_of(block=0), DATA), "contradicts itself"),
    "2 channels in a block of one": (riff(fmt_of(channels=2), DATA), "contradicts itself"),
    "3 channels in 4 bytes": (riff(fmt_of(channels=3, block=4), DATA), "contradicts itself"),
    "float of 16 bits": (riff(fmt_of(tag=3), DATA), "holds floating point of 16 bits, which is not read; convert it"),
    "a codec that nobody knows": (riff(fmt_of(tag=0x1234), DATA), r"a codec that is not read \(format tag 0x1234\)"),
    "two fmt chunks": (riff(fmt(), fmt(channels=2), DATA), "two fmt chunks that differ stand before the audio"),
    "two data chunks": (riff(fmt(), DATA, DATA), "has a second data chunk of 2000 bytes at byte 2044"),
    "an empty data chunk first": (riff(fmt(), chunk(b"data", b""), DATA), "a second data chunk of 2000 bytes"),
    "no fmt chunk": (riff(DATA), "no fmt chunk before its audio"),
    "fmt behind the audio": (riff(DATA, fmt()), "no fmt chunk before its audio"),
    "data longer than the file": (riff(fmt(), chunk(b"data", PCM, 4000)), "declares 2000 frames, has 1000"),
    "blocks of a codec longer than the file": (
        riff(fmt_of(17, 1, 8000, 4000, 256, 4, struct.pack("<HH", 2, 505)), chunk(b"data", bytes(1024), 2560)),
        "declares 10 blocks, has 4"),
    "data shorter than the audio": (riff(fmt(), chunk(b"data", PCM, 1000)), "1000 bytes behind them are no chunk"),
    "a stub": (riff(fmt(), chunk(b"data", b""), size=0), "recorder stopped before its first sound"),
    "ds64 against data": (rf64(1000, fmt(), DATA), "ds64 declares 1000 bytes of audio, the data chunk 2000"),
    "ds64 too large": (rf64(4000, fmt(), chunk(b"data", PCM, 2**32 - 1)), "declares 2000 frames, has 1000"),
    "recordings of two rates": (WHOLE + riff(fmt(fs=9000), DATA), "of different kinds: 8000 Hz.*9000 Hz"),
    "recordings of one and two channels": (WHOLE + riff(fmt(channels=2), DATA), "different kinds: .* 2 channels"),
}  # fmt: skip
READ = {
    "a byte rate of another rate": (riff(fmt_of(rate=8000), DATA), "says 8000 bytes a second, 8000 Hz .* make 16000"),
    "no byte rate": (riff(fmt_of(rate=0), DATA), "says 0 bytes a second"),
    "RIFF ends in the audio": (riff(fmt(), DATA, size=500), "RIFF declares 508 bytes, the file has 2044"),
    "RIFF ends behind the file": (riff(fmt(), DATA, size=9000), "RIFF declares 9008 bytes, the file has 2044"),
    "RIFF counts its own head": (riff(fmt(), DATA, size=2044), "RIFF declares 2052 bytes"),
    "fact against data": (riff(fmt(), chunk(b"fact", struct.pack("<I", 900)), DATA), "fact chunk declares 900 frames"),
    "24 valid bits in 16": (riff(extensible(24, 16, 2), DATA), "says 24 valid bits of 16; took 16"),
    "loudspeakers without a channel": (riff(extensible(16, 16, 2, mask=0x3F), DATA), "6 loudspeakers for 1 channels"),
    "ds64 counts other frames": (rf64(2000, fmt(), DATA, count=900), "its ds64 chunk declares 900 frames, the data"),
    "ds64 ends behind the file": (rf64(2000, fmt(), DATA, size=9000), "RIFF declares 9008 bytes, the file has 2080"),
    "size 0": (riff(fmt(), b"data" + bytes(4) + PCM), "does not tell the length"),
    "ds64 of zeros": (rf64(0, fmt(), chunk(b"data", PCM, 2**32 - 1)), "does not tell the length"),
    "another fmt behind the audio": (riff(fmt(), DATA, fmt(fs=9000)), "another fmt chunk stands behind the audio"),
    "a chunk that is cut short behind": (riff(fmt(), DATA, LIST)[:-9], "chunk b'LIST' behind the audio is cut short"),
    "zeros behind": (WHOLE + bytes(100), "100 bytes behind the audio are no chunk"),
    "a cut last frame": (riff(fmt(), chunk(b"data", PCM + b"\1")), "the last frame is cut: 1 of 2 bytes"),
    "two recordings": (riff(fmt(), chunk(b"data", PCM[:800])) + riff(fmt(), chunk(b"data", PCM[800:])), TWO),
    "two, three bytes between": (
        riff(fmt(), chunk(b"data", PCM[:800])) + bytes(3) + riff(fmt(), chunk(b"data", PCM[800:])), TWO),
    "two, silence between": (
        riff(fmt(), chunk(b"data", PCM[:800])) + bytes(3000) + riff(fmt(), chunk(b"data", PCM[800:])), TWO),
    "three recordings": (
        b"".join(riff(fmt(), chunk(b"data", part)) for part in (PCM[:10], PCM[10:800], PCM[800:])), r": 5 \+ 395 "),
    "two without a length": (
        b"".join(riff(fmt(), chunk(b"data", part, 2**32 - 1)) for part in (PCM[:800], PCM[800:])), TWO),
}  # fmt: skip
for size in (0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFDB, 0x80000000, 0x80000024, 0x7FFFFFFF, 0x7FFFF000, 0x7FFF0000):
    READ[f"size {size:#x}"] = (riff(fmt(), chunk(b"data", PCM, size), size=2**32 - 1), "does not tell the length")
SILENT = {
    "24 bits in 4 bytes": riff(fmt_of(1, 1, 8000, 32000, 4, 24), chunk(b"data", (CODES.astype("<i4") << 16).tobytes())),
    "20 bits in 4 bytes, extensible": riff(
        extensible(20, 32, 4), chunk(b"data", (CODES.astype("<i4") << 16).tobytes())
    ),
    "16 bits, extensible": riff(extensible(16, 16, 2), DATA),
    "no valid bits, no loudspeaker": riff(extensible(0, 16, 2, mask=0), DATA),
    "all loudspeakers": riff(extensible(16, 16, 2, mask=2**31), DATA),
    "RF64": rf64(2000, fmt(), DATA),
    "RF64 that counts samples by an old fact chunk": rf64(
        2000, fmt(), chunk(b"fact", struct.pack("<I", 2**32 - 1)), chunk(b"data", PCM, 2**32 - 1), count=0
    ),
    "an odd chunk without its pad byte": riff(fmt(), b"note\5\0\0\0hello", DATA),
    "the same fmt twice": riff(fmt(), fmt(), DATA),
    "fact that counts samples": riff(fmt(), chunk(b"fact", struct.pack("<I", 1000)), DATA),
}


def put(tmp_path, data):
    path = tmp_path / "x"
    path.write_bytes(data)
    return path


def read(path, **options):
    with open_reader(path, **options) as reader:
        return reader.read(1 << 20)[:, 0] * 32768, reader.warnings, reader.info


@pytest.mark.parametrize("name", REFUSED)
def test_a_contradiction_is_refused_in_words(tmp_path, name):
    data, words = REFUSED[name]
    with pytest.raises(ReadError, match=words):
        read(put(tmp_path, data))


@pytest.mark.parametrize("name", READ)
def test_a_contradiction_is_read_right_with_a_warning(tmp_path, name):
    data, words = READ[name]
    x, warnings, info = read(put(tmp_path, data))
    np.testing.assert_array_equal(x, CODES)
    assert (info.fs, info.frames) == (8000, 1000)
    assert any(re.search(words, said) for said in warnings), warnings


@pytest.mark.parametrize("name", SILENT)
def test_what_is_no_contradiction_is_read_without_a_word(tmp_path, name):
    x, warnings, _ = read(put(tmp_path, SILENT[name]))
    np.testing.assert_array_equal(x, CODES)
    assert warnings == []


@pytest.mark.parametrize("name", [*REFUSED, *READ, *SILENT])
def test_a_pipe_never_gives_other_samples_than_a_disk(tmp_path, name):
    data = SILENT[name] if name in SILENT else {**REFUSED, **READ}[name][0]
    with piped(data) as pipe:
        try:
            x = read(pipe)[0]
        except ReadError as error:
            x, said = None, str(error)
    if x is None:
        assert name in REFUSED, said
    elif name in REFUSED:  # a pipe is read to where its header says; what stands behind is for a file
        assert name == "a stub", name
    else:
        np.testing.assert_array_equal(x, CODES)


@pytest.mark.parametrize("size", [len(PCM + LIST), len(PCM) + 8, 2**32 - 1])
def test_chunks_that_a_data_size_counts_are_no_audio(tmp_path, size):
    data = riff(fmt(), chunk(b"data", PCM + LIST, size))
    x, warnings, info = read(put(tmp_path, data))
    np.testing.assert_array_equal(x, CODES)
    assert info.tags == (("title", "a title"),)
    counted = min(size, len(PCM + LIST)) - len(PCM)
    words = f"its data size counts {counted} bytes of chunks that stand behind the audio"
    assert warnings == [f"{words}; took the audio before them"]
    if counted == len(LIST):
        with piped(data) as pipe, pytest.raises(ReadError, match=f"{words}, which can be left out of a file, not of a"):
            read(pipe)
        with piped(data) as pipe:
            x, warnings, _ = read(pipe, truncated="accept")
        assert len(x) == 1000 + len(LIST) // 2
        assert "not of a pipe; took them as audio" in warnings[-1]


def test_no_audio_behind_a_size_of_0_in_a_pipe_is_none(tmp_path):
    with piped(riff(fmt(), chunk(b"data", b""), LIST)) as pipe:
        x, warnings, _ = read(pipe)
    assert (len(x), warnings) == (0, ["metadata not carried: LIST"])


def test_chunks_behind_the_audio_of_a_pipe_are_named_since_they_come_too_late_to_be_kept():
    info = b"LIST" + struct.pack("<I", 14) + b"INFOINAM" + struct.pack("<I", 2) + b"a\0"
    behind = info + chunk(b"bext", bytes(602)) + chunk(b"abcd", b"ef") + chunk(b"PEAK", bytes(16))
    with piped(riff(fmt(), DATA, behind)) as pipe:
        x, warnings, _ = read(pipe)
    np.testing.assert_array_equal(x, CODES)
    assert warnings == ["metadata not carried: LIST, bext, abcd"]


@pytest.mark.long  # some ten seconds to look for another header in 4 GiB
def test_a_size_that_began_again_at_4_gib_is_read_to_the_end(tmp_path):
    path = tmp_path / "x.wav"
    frames = (1 << 32) // 4 + 1000  # 4-byte samples: 4000 bytes over 4 GiB
    head = riff(fmt(bits=32), chunk(b"data", b"", 4000))
    with path.open("wb") as file:
        file.write(head)
        file.truncate(len(head) + 4 * frames)
    with open_reader(path) as reader:
        assert reader.info.frames == frames
        assert "starts again at 4 GiB" in reader.warnings[0]


def extended(fs):
    mantissa, exponent = math.frexp(fs)
    return struct.pack(">HQ", exponent + 16382 + 32768 * (fs < 0), int(abs(mantissa) * 2**64))


@pytest.mark.parametrize("container", ["AIFF", "AU"])
def test_a_length_that_is_not_told_goes_on_above_4_gib(tmp_path, monkeypatch, container):
    monkeypatch.setattr("pipeline.io.joined._BEGINS", {})  # that of another recording is looked for in all of it
    head, path = (
        aiff(2**31 - 1, size=2**32 - 1, audio=b"") if container == "AIFF" else au(2**32 - 1, b""),
        tmp_path / "x",
    )
    with path.open("wb") as file:
        file.write(head)
        file.seek(len(head) + 2**32)
        file.write(BIG)
    with open_reader(path) as reader:
        assert reader.info.frames == 2**31 + 1000
        assert any("does not tell the length" in said for said in reader.warnings)
        if container == "AIFF":  # libsndfile, which reads the other to its end, would have to read it all
            reader.skip(2**31)
            np.testing.assert_array_equal(reader.read(2000)[:, 0] * 32768, CODES)


def aiff(frames=1000, bits=16, fs=8000.0, size=None, form=None, extra=b"", audio=BIG):
    comm = chunk(b"COMM", struct.pack(">hIh", 1, frames, bits) + extended(fs), order=">")
    ssnd = b"SSND" + struct.pack(">I", 8 + len(audio) if size is None else size) + bytes(8) + audio + extra
    body = b"AIFF" + comm + ssnd
    return b"FORM" + struct.pack(">I", len(body) if form is None else form) + body


W64 = bytes.fromhex("f3acd3118cd100c04f8edb8a")


def w64(size=None, extra=b"", block=2, rate=16000, audio=PCM, fmt=None, total=None):
    fmt = struct.pack("<HHIIHH", 1, 1, 8000, rate, block, 16) if fmt is None else fmt
    body = b"wave" + W64 + b"fmt " + W64 + struct.pack("<Q", 24 + len(fmt)) + fmt
    body += b"data" + W64 + struct.pack("<Q", 24 + len(audio) if size is None else size) + audio + extra
    total = 24 + len(body) if total is None else total
    return bytes.fromhex("726966662e91cf11a5d628db04c10000") + struct.pack("<Q", total) + body


def au(size=2000, audio=BIG, extra=b""):
    return b".snd" + struct.pack(">5I", 24, size, 3, 8000, 1) + audio + extra


def caf(size=2004, audio=BIG, extra=b""):
    desc = chunk64(b"desc", struct.pack(">d4sIIIII", 8000.0, b"lpcm", 0, 2, 1, 1, 16))
    return b"caff\0\1\0\0" + desc + b"data" + struct.pack(">qI", size, 0) + audio + extra


def chunk64(name, body):
    return name + struct.pack(">q", len(body)) + body


def nist(count=1000, extra=b""):
    words = f"NIST_1A\n   1024\nsample_count -i {count}\nsample_n_bytes -i 2\nchannel_count -i 1\n"
    return (
        (words + "sample_byte_format -s2 01\nsample_rate -i 8000\nsample_coding -s3 pcm\nend_head\n")
        .encode()
        .ljust(1024)
        + PCM
        + extra
    )


OTHERS = {
    "AIFF, COMM over SSND": (aiff(2000), "COMM says 2000 frames of 2 bytes, SSND holds 2000 bytes"),
    "AIFF, COMM under SSND": (aiff(900), "COMM says 900 frames of 2 bytes, SSND holds 2000 bytes"),
    "AIFF of 24 bits": (aiff(bits=24), "COMM says 1000 frames of 3 bytes"),
    "AIFF, SSND short": (aiff(size=408), "COMM says 1000 frames of 2 bytes, SSND holds 400 bytes"),
    "AIFF cut": (aiff()[:-500], "declares 1000 frames, has 750"),
    "AIFF at a rate of 0": (aiff()[:28] + bytes(10) + aiff()[38:], "declares a sampling rate of 0 Hz"),
    "W64 of a codec, cut": (
        w64(fmt=struct.pack("<HHIIHHHH4x", 17, 1, 8000, 4000, 256, 4, 2, 505), audio=bytes(2560))[:-500],
        "declares 2560 bytes, has 2060"),
    "W64 cut": (w64()[:-500], "declares 1000 frames, has 750"),
    "W64, data short": (w64(824), "declares 400 frames, and 1200 bytes behind them are no chunk: the data size may"),
    "AU, data short": (au(800), "declares 400 frames, and 1200 bytes behind them are no chunk"),
    "CAF, data short": (caf(804), "declares 400 frames, and 1200 bytes behind them are no chunk"),
    "NIST, count short": (nist(400), "declares 400 frames, and 1200 bytes behind them are no chunk"),
    "AIFF, all of it short": (aiff(400, audio=BIG[:800]) + BIG[800:], "declares 400 frames, and 1200 bytes behind"),
    "W64, block of 4": (w64(block=4), "contradicts itself: 16 bits, 1 channels, 4 bytes a frame"),
    "AU, data short before what looks like text": (
        au(800, audio=BIG[:800] + b"fine" + BIG[804:]), "declares 400 frames, and 1200 bytes behind them are no chunk"),
    "AIFF, short before what looks like text": (
        aiff(400, audio=BIG[:800]) + b"fine" + BIG[804:], "declares 400 frames, and 1200 bytes behind them are no"),
    "AU cut": (au()[:-500], "declares 1000 frames, has 750"),
    "CAF cut": (caf()[:-500], "declares 1000 frames, has 750"),
    "NIST cut": (nist()[:-500], "declares 1000 frames, has 750"),
    "NIST without a count": (nist().replace(b"sample_count", b"sample_cxxxt"), "does not tell its rate, or how many"),
    "NIST, shortened": (nist().replace(b"-s3 pcm\n", b"-s9 pcm,short"), "NIST file with pcm,short"),
    "NIST, no order of bytes": (nist().replace(b"s2 01", b"s2 11"), "samples of 2 bytes in the order '11'"),
    "NIST at no rate": (nist().replace(b"-i 8000", b"-r nan "), "declares a sampling rate of nan Hz"),
    "AIFF at a negative rate": (aiff(fs=-8000.0), "declares a sampling rate of -8000 Hz"),
    "W64 at a rate of 0": (w64(fmt=fmt_of(fs=0)[8:]), "declares a sampling rate of 0 Hz"),
    "CAF with a codec": (caf().replace(b"lpcm", b"aac "), "a CAF file with aac that libsndfile does not decode"),
}  # fmt: skip
OTHERS_READ = {
    "AIFF of 0 frames and more": (aiff(0, size=8), "does not tell the length"),
    "AIFF by sox to a pipe": (aiff(0x3F800000, size=0x7F000008, form=0x7F000050), "does not tell the length"),
    "AIFF by ffmpeg to a pipe": (aiff(0, size=0, form=0), "does not tell the length"),
    "two AIFF": (aiff(400, audio=BIG[:800]) + aiff(600, audio=BIG[800:]), r"400 \+ 600 frames"),
    "W64 by ffmpeg to a pipe": (w64(2**63 - 1), "does not tell the length"),
    "W64 of size 0": (w64(0), "does not tell the length"),
    "W64, byte rate": (w64(rate=8000), "says 8000 bytes a second"),
    "two W64": (w64(audio=PCM[:800]) + w64(audio=PCM[800:]), r"400 \+ 600 frames"),
    "AU of unknown size": (au(2**32 - 1), "does not tell the length"),
    "W64, 24 valid bits in 16": (w64(fmt=extensible(24, 16, 2)[8:]), "says 24 valid bits of 16"),
    "W64, loudspeakers without a channel": (
        w64(fmt=extensible(16, 16, 2, mask=3)[8:]),
        "2 loudspeakers for 1 channels",
    ),
    "W64 that ends in its audio": (w64(total=500), "its header declares 500 bytes, the file has 2104"),
    "AIFF that ends in its audio": (aiff(form=492), "its header declares 500 bytes, the file has 2054"),
    "AIFF that ends behind the file": (aiff(form=9000), "its header declares 9008 bytes, the file has 2054"),
    "AU, ID3 behind": (au(extra=b"TAG" + bytes(125)), "128 bytes behind the audio are no chunk; ignored"),
    "two AU": (au(800, BIG[:800]) + au(1200, BIG[800:]), r"400 \+ 600 frames"),
    "CAF of unknown size": (caf(-1), "does not tell the length"),
    "two CAF": (caf(804, BIG[:800]) + caf(1204, BIG[800:]), r"400 \+ 600 frames"),
}
OTHERS_SILENT = {
    "AIFF": aiff(), "W64": w64(), "AU": au(), "CAF": caf(), "NIST": nist(),
    "AIFF with a chunk behind": aiff(extra=chunk(b"NAME", b"title", order=">")),
    "W64 of 24 bits in 4 bytes": w64(
        fmt=fmt_of(1, 1, 8000, 32000, 4, 24)[8:], audio=(CODES.astype("<i4") << 16).tobytes()
    ),
    "W64 with a chunk behind": w64(extra=b"list" + W64 + struct.pack("<Q", 40) + b"sixteen bytes ok"),
    "CAF with a chunk behind": caf(extra=chunk64(b"info", bytes(4))),
}  # fmt: skip


@pytest.mark.parametrize("data", [w64(824), au(800), caf(804), nist(400), aiff(400, audio=BIG[:800]) + BIG[800:]])
def test_audio_behind_a_size_that_is_too_small_is_taken_where_accepted(tmp_path, data):
    x, warnings, _ = read(put(tmp_path, data), truncated="accept")
    np.testing.assert_array_equal(x, np.frombuffer(PCM, "<i2"))
    assert any("may be too small; took all 1000 frames to the end" in one for one in warnings)


@pytest.mark.parametrize("name", OTHERS)
def test_contradictions_of_other_containers_are_refused_in_words(tmp_path, name):
    data, words = OTHERS[name]
    path = put(tmp_path, data)
    with pytest.raises(ReadError, match=words):
        read(path)
    with piped(data) as pipe, pytest.raises(ReadError, match=words):
        read(pipe)


@pytest.mark.parametrize("name", [*OTHERS_READ, *OTHERS_SILENT])
def test_other_containers_are_read_right_with_a_warning_where_they_contradict_themselves(tmp_path, name):
    data, words = OTHERS_READ[name] if name in OTHERS_READ else (OTHERS_SILENT[name], "")
    x, warnings, info = read(put(tmp_path, data))
    np.testing.assert_array_equal(x, CODES)
    assert (info.fs, info.channels, info.frames) == (8000, 1, 1000)
    if words:
        assert any(re.search(words, said) for said in warnings), warnings
    else:
        assert warnings == []
    with piped(data) as pipe:
        np.testing.assert_array_equal(read(pipe)[0], CODES)


def test_the_rate_of_a_nist_file_is_not_rounded(tmp_path):
    assert read(put(tmp_path, nist().replace(b"-i 8000\n", b"-r 8000.5\n")))[2].fs == 8000.5


@pytest.mark.parametrize("fs", [22254.545454545456, 1e-9, 0.1, 44100.5, 1e12])
def test_the_rate_of_an_aiff_is_not_rounded(tmp_path, fs):
    assert read(put(tmp_path, aiff(fs=fs)))[2].fs == fs


@pytest.mark.parametrize(("bits", "block"), list(itertools.product((1, 8, 12, 16, 20, 24, 32, 64), (1, 2, 3, 4, 8))))
def test_bits_and_bytes_that_agree_are_read_and_no_others(tmp_path, bits, block):
    size = (bits + 7) // 8
    agrees = size == block or (block == 4 and 17 <= bits <= 32)
    path = put(tmp_path, riff(fmt_of(1, 1, 8000, 8000 * block, block, bits), DATA))
    if agrees and block < 8:
        assert read(path)[2].frames == len(PCM) // block
    else:
        with pytest.raises(ReadError, match=r"contradicts itself|holds PCM of 64 bits"):
            read(path)


def test_floats_in_an_extensible_w64_are_no_integers(tmp_path):
    floats = (CODES / 32768).astype("<f4").tobytes()
    # libsndfile takes them for PCM_32
    x, warnings, info = read(put(tmp_path, w64(fmt=extensible(32, 32, 4, tag=3)[8:], audio=floats)))
    np.testing.assert_array_equal(x, CODES)
    assert (info.subtype, warnings, info.channel_mask) == ("FLOAT", [], 4)


@pytest.mark.parametrize("tag", [6, 7])
def test_a_wav_of_u_law_with_frames_of_another_length_contradicts_itself(tag, tmp_path):
    path = tmp_path / "a.wav"
    write_signal(path, np.zeros((40, 2)), 8000, subtype="FLOAT")
    data = bytearray(path.read_bytes())
    data[20] = tag
    path.write_bytes(data)
    with pytest.raises(
        ReadError, match=r"a\.wav: its fmt chunk contradicts itself: 32 bits, 2 channels, 8 bytes a frame"
    ):
        read_signal(path)


def test_a_w64_of_u_law_with_frames_of_another_length_contradicts_itself(tmp_path):
    write_signal(tmp_path / "x.w64", np.zeros((400, 2)), 8000, subtype="FLOAT")
    data = bytearray((tmp_path / "x.w64").read_bytes())
    assert data[64:66] == b"\3\0"
    data[64] = 7
    (tmp_path / "x.w64").write_bytes(data)
    with pytest.raises(ReadError, match=r"x\.w64: its fmt chunk contradicts itself: 32 bits, 2 channels"):
        read_signal(tmp_path / "x.w64")
