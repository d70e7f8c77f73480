"""Which format a file is, which one it becomes, what is carried over, and the real causes of failures."""

import contextlib
import doctest
import os
import tomllib
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline.errors import ReadError, SignalError, UsageError
from pipeline.io import (
    OutputFormat,
    Reader,
    ReaderKind,
    SignalInfo,
    Writer,
    WriterKind,
    extensions,
    is_table_name,
    kinds,
    open_reader,
    open_writer,
    probe,
    read_signal,
    register_reader,
    register_writer,
    write_signal,
)
from pipeline.io.source import READ_BY, explain_unknown, is_flac, is_mp3
from tests.io.helpers import chunk, fmt, names, noise, open_descriptors, riff, save


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("x.wav", b"", r"is empty \(0 bytes\)"),
        ("x.wav", b"hello, I am text\n", "is text, not WAV: it begins with 'hello, I am text'"),
        ("x.flac", "Grüße".encode(), "is text, not FLAC"),
        ("x.wav", bytes(44), "starts with zeros; the recorder or the copy never wrote it"),
        ("._a.wav", b"\x00\x05\x16\x07" + bytes(100), "is an AppleDouble file"),
        ("x.wav", b"version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer.*git lfs pull"),
        ("x.wav", b"caff" + bytes(20), "is a CAF file with no description.*; convert it"),
        ("x.wav", b".snd" + bytes(20), "is no readable AU file"),
        ("x.m4a", bytes(4) + b"ftypM4A " + bytes(20), "is an MP4/M4A file; convert it"),
        ("x.webm", b"\x1aE\xdf\xa3" + bytes(20), "Matroska"),
        ("x.gz", b"\x1f\x8b\x08" + bytes(20), "compressed with gzip"),
        ("x.avi", b"RIFF\x10\0\0\0AVI " + bytes(20), "is a RIFF file, but no WAVE audio"),
        ("x.bin", b"\xde\xad\xbe\xef" * 8, "is in no known format: it begins with the bytes de ad be ef"),
        ("x.wav", b"RIFF", "is a RIFF file, but no WAVE"),
        ("x.mp3", b"\xff\xff\xff\xff" * 8, "is in no known format"),
        ("x.voc", b"Creative Voice File\x1a\0" * 8, r"if other programs play it: ffmpeg -i IN.voc OUT.wav"),
        ("x.xi", b"\0\1\2\3" * 8, r"or: sox IN\.xi OUT\.wav$"),
        ("x.aac", b"\xff\xf1\x50\x40" * 8, r"if other programs play it: ffmpeg -i IN.aac OUT.wav, or:"),
        ("x.mov", bytes(4) + b"ftypqt  " + bytes(20), "ffmpeg -i IN.mov OUT.wav$"),
        ("x.raw", b"\xde\xad\xbe\xef" * 8, "samples without a header .*: sox -t raw .* IN.raw OUT.wav$"),
        ("x.mseed", b"\xde\xad\xbe\xef" * 8, "no known format.*; install .*: pip install faltung-seismic$"),
        ("x.hea", b"100 2 360 5\n", "is text, not HEA: it begins with '100 2 360 5'; .*pip install faltung-bio$"),
    ],
)
def test_what_is_no_signal_is_told_by_its_cause(tmp_path, name, data, words):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ReadError, match=words):
        probe(tmp_path / name)


@pytest.mark.parametrize("data", [b"\0\1\2\3", b"1 2\n3 4\n"], ids=["bytes", "what looks like text"])
def test_samples_of_a_record_are_told_by_their_header(tmp_path, data):
    (tmp_path / "100.dat").write_bytes(data)
    with contextlib.suppress(ReadError):
        probe(tmp_path / "100.dat", fs=1)  # a table, or samples alone
    (tmp_path / "100.hea").write_text("100 2 360 5\n")
    with pytest.raises(
        ReadError, match=r"samples of a WFDB record; give its header, .*100\.hea, which faltung-bio reads"
    ):
        probe(tmp_path / "100.dat", fs=1)


def test_packages_are_named_for_the_files_that_they_read():
    root = Path(__file__).parents[2] / "plugins"
    found = {}
    for project in root.glob("*/pyproject.toml"):
        points = tomllib.loads(project.read_text())["project"].get("entry-points", {}).get("faltung.readers", {})
        if points:
            found[project.parent.name] = {f".{name.partition('.')[2]}" for name in points}
    assert {name: {*extensions} for name, extensions in READ_BY.items()} == found


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing.wav", "missing.wav: no such file"),
        ("file/x.wav", "part of the path is a file"),
        (".", "is a directory, not a file"),
        ("loop.wav", "go round in a circle"),
        ("n" * 300, "name is too long"),
        ("nul\0.wav", "NUL byte"),
    ],
)
def test_what_cannot_be_opened_is_told_with_its_cause(tmp_path, name, words):
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "loop.wav").symlink_to("loop.wav")
    for path in (f"{tmp_path}/{name}", os.fsencode(f"{tmp_path}/{name}")):
        with pytest.raises(ReadError, match=words):
            probe(path)


def test_failures_leave_no_descriptor_open(tmp_path):
    (tmp_path / "x.wav").write_bytes(riff(fmt()))
    (tmp_path / "x.flac").write_bytes(b"fLaC" + bytes(50))
    (tmp_path / "x.npz").write_bytes(b"PK\3\4" + bytes(50))
    (tmp_path / "x.csv").write_bytes(b"1,2\n3")
    before = open_descriptors()
    for _ in range(5):
        for name in ("x.wav", "x.flac", "x.npz", "x.csv", "."):
            with pytest.raises(ReadError):
                probe(tmp_path / name)
        with pytest.raises(UsageError):
            open_writer(tmp_path / "x.ogg", fs=0.5, channels=1)
    assert open_descriptors() == before


@pytest.mark.parametrize("name", ["x.wav", "x.flac", "x.csv", "x.npy", "x.npz"])
def test_reading_and_writing_leave_no_descriptor_open(tmp_path, name):
    before = open_descriptors()
    save(tmp_path / name, noise(100, 2))
    read_signal(tmp_path / name)
    assert open_descriptors() == before


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"truncated": "yes"}, UsageError, "truncated: is 'error' or 'accept', got 'yes'"),
        ({"dtype": np.int16}, UsageError, "dtype: is float32 or float64, got int16"),
        ({"columns": [0]}, UsageError, "columns and time_column are for tables, this is WAV audio"),
        ({"fs": 48000}, ReadError, "is sampled at 44100 Hz, fs says 48000 Hz"),
    ],
)
def test_options_that_do_not_fit_are_told(tmp_path, options, error, words):
    save(tmp_path / "x.wav", noise(5))
    with pytest.raises(error, match=words):
        open_reader(tmp_path / "x.wav", **options)
    assert probe(tmp_path / "x.wav", fs=44100).fs == 44100.0


def test_a_file_longer_than_the_limit_is_not_loaded_whole(tmp_path):
    save(tmp_path / "x.wav", noise(1000))
    with pytest.raises(ReadError, match="longer than the 999 frames that are loaded at once"):
        read_signal(tmp_path / "x.wav", max_frames=999)
    assert len(read_signal(tmp_path / "x.wav", max_frames=1000)[0]) == 1000


@pytest.mark.parametrize(
    ("name", "hint"), [("x.wva", "did you mean .wav?"), ("x.m4a", "format: .aif"), ("x", "no ext")]
)
def test_an_unknown_extension_lists_the_known_ones(tmp_path, name, hint):
    with pytest.raises(UsageError) as caught:
        open_writer(tmp_path / name, fs=8000, channels=1)
    assert hint in str(caught.value)
    assert ".flac" in str(caught.value)
    assert names(tmp_path) == []


def source(container, subtype, **more):
    return SignalInfo(44100.0, 1, 10, container, subtype, **more)


@pytest.mark.parametrize(
    ("name", "given", "chosen"),
    [
        ("x.wav", source("WAV", "PCM_24"), "PCM_24"),
        ("x.wav", source("FLAC", "PCM_16"), "PCM_16"),
        ("x.wav", source("FLAC", "PCM_S8"), "PCM_U8"),
        ("x.wav", source("MP3", "MPEG_LAYER_III"), "FLOAT"),
        ("x.wav", source("OGG", "VORBIS"), "FLOAT"),
        ("x.wav", source("CSV", None), "FLOAT"),
        ("x.wav", None, "FLOAT"),
        ("x.flac", source("WAV", "FLOAT"), "PCM_24"),
        ("x.flac", source("WAV", "PCM_32"), "PCM_24"),
        ("x.flac", source("WAV", "ULAW"), "PCM_16"),
        ("x.flac", None, "PCM_24"),
        ("x.ogg", source("WAV", "PCM_16"), "VORBIS"),
        ("x.ogg", source("OGG", "OPUS"), "OPUS"),
        ("x.mp3", source("WAV", "DOUBLE"), "MPEG_LAYER_III"),
        ("x.aiff", source("WAV", "PCM_U8"), "PCM_U8"),
        ("x.w64", source("WAV", "IMA_ADPCM"), "PCM_16"),
        ("x.rf64", source("WAV", "ALAW"), "PCM_16"),
    ],
)
def test_the_encoding_is_that_of_the_source_or_the_nearest_with_a_note(tmp_path, name, given, chosen):
    fs = 48000 if chosen == "OPUS" else 44100
    with open_writer(tmp_path / name, fs=fs, channels=1, source=given) as writer:
        writer.write(noise(10, 1))
        report = writer.commit()
    assert report.subtype == chosen == soundfile.info(tmp_path / name).subtype
    if given is not None and given.subtype != chosen:
        was = given.subtype or "the numbers of a CSV table"
        assert report.notes[0] == f"{report.container} does not hold {was}: written as {chosen}"
    else:
        assert report.notes == ()


def test_the_report_says_what_was_written(tmp_path):
    x = np.zeros((20, 2))
    x[7, 1] = -1.5
    report = save(tmp_path / "x.wav", x, fs=8000, fmt=OutputFormat("PCM_16"))
    assert report.path == str(tmp_path / "x.wav")
    assert (report.container, report.subtype, report.frames, report.fs, report.channels) == (
        "WAV",
        "PCM_16",
        20,
        8000.0,
        2,
    )
    assert (report.peak, report.clipped, report.first_clip) == (1.5, 1, (7, 1))
    assert report.bytes == (tmp_path / "x.wav").stat().st_size == 44 + 36 + 80


CUE = chunk(b"cue ", b"\1\0\0\0" * 2 + bytes(20))
BEXT = chunk(b"bext", b"b" * 602)
INFO = chunk(b"LIST", b"INFO" + chunk(b"INAM", b"A song\0") + chunk(b"IART", b"Someone\0") + chunk(b"IENG", b"Eng\0"))
ADTL = chunk(b"LIST", b"adtl" + chunk(b"labl", b"\1\0\0\0hit\0"))


@pytest.fixture
def tagged(tmp_path):
    path = tmp_path / "in.wav"
    path.write_bytes(riff(BEXT, fmt(), INFO, chunk(b"data", bytes(20)), CUE, ADTL, chunk(b"zzzz", b"?")))
    return read_signal(path)


def test_known_chunks_are_carried_from_wav_to_wav(tagged, tmp_path):
    x, info = tagged
    assert info.tags == (("title", "A song"), ("artist", "Someone"), ("ieng", "Eng"))
    report = save(tmp_path / "out.wav", x, fs=8000, source=info)
    data = (tmp_path / "out.wav").read_bytes()
    for part in (CUE, BEXT, INFO, ADTL):
        assert part in data
    assert report.notes == ("metadata not carried: zzzz",)
    again = probe(tmp_path / "out.wav")
    assert sorted(again.chunks) == sorted(info.chunks)
    assert soundfile.SoundFile(tmp_path / "out.wav").title == "A song"


def test_positions_and_titles_are_carried_to_another_rate(tagged, tmp_path):
    x, info = tagged
    report = save(tmp_path / "out.wav", x, fs=16000, source=info)
    assert report.notes == ("metadata not carried: zzzz",)
    assert probe(tmp_path / "out.wav").tags == info.tags


@pytest.mark.parametrize("name", ["out.flac", "out.aiff", "out.ogg"])
def test_titles_are_carried_to_other_containers_and_back(tagged, tmp_path, name):
    x, info = tagged
    report = save(tmp_path / name, x, fs=8000, source=info)
    marks = "" if name == "out.aiff" else " cue, LIST,"
    assert report.notes[-1] == f"metadata not carried: bext,{marks} zzzz"
    there = probe(tmp_path / name)
    assert dict(there.tags)["title"] == "A song"
    save(tmp_path / "back.wav", x, fs=8000, source=there)
    assert dict(probe(tmp_path / "back.wav").tags)["artist"] == "Someone"


@pytest.mark.parametrize("name", ["out.w64", "out.csv", "out.npy", "out.npz"])
def test_titles_that_are_lost_are_named(tagged, tmp_path, name):
    x, info = tagged
    report = save(tmp_path / name, x, fs=8000, source=info)
    assert report.notes[-1] == "metadata not carried: title, artist, ieng, bext, cue, LIST, zzzz"


def test_loudspeaker_positions_are_kept_while_the_channels_are_the_same(tmp_path):
    info = source("WAV", "PCM_16", channel_mask=0x200)
    for channels, mask in ((1, 0x200), (2, 0)):
        save(tmp_path / "x.wav", noise(5, channels), source=info)
        assert probe(tmp_path / "x.wav").channel_mask == mask


class OneFrame(Reader):
    def __init__(self, opened, options):
        super().__init__(SignalInfo(1.0, 1, 1, "ONE", "PCM_16"), options.dtype)
        self.opened = opened

    def _read_piece(self, frames):
        return np.ones((min(frames, 1 - self._done), 1))

    def close(self):
        self.opened.close()


class Nowhere(Writer):
    def _write(self, block):
        pass

    def _finish(self):
        return self._report("ONE", None, 0)


def test_what_stands_behind_a_url_is_no_extension():
    words = explain_unknown(b"\0\1\2\3" * 8, "memory://b/x.voc?sig=secret&x=1#more")
    assert words.endswith("ffmpeg -i IN.voc OUT.wav, or: sox IN.voc OUT.wav")


def test_another_distribution_can_add_a_format(tmp_path, monkeypatch):
    monkeypatch.setattr(kinds, "_readers", list(kinds._readers))
    monkeypatch.setattr(kinds, "_writers", dict(kinds._writers))
    register_reader(ReaderKind("ONE", lambda head: head == b"one", OneFrame))
    register_writer(WriterKind("ONE", (".one",), Nowhere))
    assert ".one" in extensions()
    (tmp_path / "x.one").write_bytes(b"one")
    np.testing.assert_array_equal(read_signal(tmp_path / "x.one")[0], [[1.0]])
    assert save(tmp_path / "y.one", noise(9)).frames == 9
    with pytest.raises(UsageError, match=r"\.wav is written as WAV already"):
        register_writer(WriterKind("ONE", (".wav",), Nowhere))


def test_an_mp3_is_known_by_its_tag_or_its_frame_header_but_a_tagged_flac_is_not():
    assert is_mp3(b"ID3\4" + bytes(20))
    assert is_mp3(b"\xff\xfb\x90\x44")
    assert not is_mp3(b"ID3\4" + bytes(20) + b"fLaC")
    assert is_flac(b"ID3\4" + bytes(20) + b"fLaC")
    assert not is_mp3(b"\xff")
    assert not is_mp3(b"\xff\xeb\x90\x44")


@pytest.mark.parametrize("function", [read_signal, write_signal])
def test_the_examples_of_whole_signals_hold(function, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"read_signal": read_signal, "write_signal": write_signal}
    example = doctest.DocTestParser().get_doctest(function.__doc__, names, function.__name__, None, None)
    assert example.examples
    assert doctest.DocTestRunner().run(example).failed == 0


@pytest.mark.parametrize("shape", [(0,), (1,), (5,), (5, 1), (5, 2), (70_000, 2)])
@pytest.mark.parametrize("name", ["x.wav", "x.npy", "x.npz", "x.w64"])
def test_a_whole_signal_is_written_as_it_is_read(tmp_path, name, shape):
    x = np.random.default_rng(5).uniform(-1, 1, shape)
    report = write_signal(tmp_path / name, x, 8000, subtype="DOUBLE")
    y, info = read_signal(tmp_path / name)
    assert (report.frames, info.fs, y.shape) == (len(x), 8000.0, (len(x), shape[-1] if len(shape) == 2 else 1))
    np.testing.assert_array_equal(y, x.reshape(y.shape))


@pytest.mark.parametrize(
    ("x", "error", "match"),
    [
        (np.zeros((2, 4800)), UsageError, r"shape \(2, 4800\) has 4800 channels, .* Is it \(channels, frames\)\?"),
        (np.zeros(9, np.int16), SignalError, "got int16; divide integers by their full scale"),
        (np.zeros((2, 2, 2)), SignalError, r"\(frames,\) or \(frames, channels\), got float64 \(2, 2, 2\)"),
        (["a"], SignalError, "a signal is numbers"),
    ],
)
def test_what_is_no_whole_signal_is_refused_and_leaves_nothing(tmp_path, x, error, match):
    with pytest.raises(error, match=match):
        write_signal(tmp_path / "x.wav", x, 48_000)
    assert list(tmp_path.iterdir()) == []


def test_a_table_takes_integers_as_they_are(tmp_path):
    write_signal(tmp_path / "x.csv", [[1, 2], [3, 4]], 2.5)
    x, info = read_signal(tmp_path / "x.csv")
    assert (x.tolist(), info.fs) == ([[1.0, 2.0], [3.0, 4.0]], 2.5)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("x.csv", True), ("X.TSV", True), ("a.txt", True), ("a.npz", True), ("a.wav", False), ("-", False)],
)
def test_tables_are_told_by_their_names(name, expected):
    assert is_table_name(name) is expected


@pytest.mark.parametrize("data", [b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\n", b"\r", b"\xff\xfe\n\0"])
@pytest.mark.parametrize("suffix", [".wav", ".npy", ".flac"])
def test_a_text_of_no_words_is_refused_by_its_name(tmp_path, data, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(data)
    with pytest.raises(ReadError, match=rf"a\{suffix}: "):
        open_reader(path, fs=8)
