"""Writing WAV: that others read it, that it is the same every time, RF64, pipes."""

import io
import os
import struct
import subprocess
import sys
import time

import numpy as np
import pytest
import scipy
import soundfile

from pipeline.errors import SignalError, UsageError, WriteError
from pipeline.io import OutputFormat, open_reader, open_writer, probe, read_signal, wav
from pipeline.io.wav import wav_header
from tests.io.helpers import names, noise, save

LINEAR = ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"]


def run(command, **options):
    return subprocess.run(command, check=True, capture_output=True, **options).stdout


@pytest.mark.parametrize("subtype", LINEAR)
@pytest.mark.parametrize("channels", [1, 2, 3, 6])
@pytest.mark.parametrize("extension", ["wav", "rf64"])
def test_libsndfile_and_scipy_read_what_is_written(tmp_path, subtype, channels, extension):
    path = tmp_path / f"x.{extension}"
    save(path, noise(301, channels), fs=12345, fmt=OutputFormat(subtype))
    x, info = read_signal(path)
    expected, fs = soundfile.read(path, always_2d=True)
    np.testing.assert_array_equal(x, expected)
    assert (info.fs, fs, info.subtype) == (12345.0, 12345, subtype)
    assert soundfile.info(path).subtype == subtype
    rate, stored = scipy.io.wavfile.read(path)
    assert (rate, stored.shape) == (12345, (301, channels) if channels > 1 else (301,))


@pytest.mark.parametrize("subtype", LINEAR)
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_ffmpeg_and_sox_read_what_is_written(tmp_path, subtype, channels):
    path = tmp_path / "x.wav"
    save(path, noise(301, channels), fmt=OutputFormat(subtype))
    x = read_signal(path)[0]
    raw = run(["ffmpeg", "-v", "error", "-i", path, "-f", "f64le", "-"])
    np.testing.assert_array_equal(np.frombuffer(raw, "<f8").reshape(-1, channels), x)
    raw = run(["sox", "-D", path, "-t", "f64", "-"])
    np.testing.assert_allclose(np.frombuffer(raw, "<f8").reshape(-1, channels), x, rtol=0, atol=2.0**-31)


@pytest.mark.parametrize("subtype", LINEAR)
@pytest.mark.parametrize("frames", [0, 1, 2])
@pytest.mark.parametrize("known", [True, False])
def test_the_riff_size_is_that_of_the_file_and_chunks_are_padded(tmp_path, subtype, frames, known):
    path = tmp_path / "x.wav"
    report = save(path, noise(frames, 1), fmt=OutputFormat(subtype), frames=frames if known else None)
    data = path.read_bytes()
    assert report.bytes == len(data)
    assert len(data) % 2 == 0
    assert struct.unpack("<I", data[4:8])[0] == len(data) - 8
    x, info = read_signal(path)
    assert x.shape == (frames, 1)
    assert info.frames == soundfile.info(path).frames == frames


def test_float_files_have_a_fact_chunk_and_no_peak_chunk(tmp_path):
    save(tmp_path / "x.wav", noise(77, 2), fmt=OutputFormat("FLOAT"))
    data = (tmp_path / "x.wav").read_bytes()
    at = data.index(b"fact")
    assert struct.unpack("<II", data[at + 4 : at + 12]) == (4, 77)
    assert b"PEAK" not in data


@pytest.mark.parametrize(
    ("name", "subtype"),
    [(f"x.{ext}", st) for ext in ("wav", "aiff", "w64") for st in ("PCM_16", "FLOAT")]
    + [("x.flac", "PCM_24"), ("x.ogg", "VORBIS"), ("x.opus", "OPUS"), ("x.mp3", "MPEG_LAYER_III"), ("y.wav", "ULAW")]
    + [("x.npz", None), ("x.npy", None), ("x.csv", None)],
)
def test_two_writes_of_one_signal_are_the_same_bytes(tmp_path, monkeypatch, name, subtype):
    files = []
    for _ in range(2):
        save(tmp_path / name, noise(5000, 2), fs=48000, fmt=OutputFormat(subtype))
        files.append((tmp_path / name).read_bytes())
        if len(files) == 1 and subtype == "FLOAT" and name == "x.aiff":
            time.sleep(1.01)  # its PEAK chunk counts seconds
        monkeypatch.setattr(time, "localtime", lambda *_: time.gmtime(0))
    assert files[0] == files[1]


def test_a_signal_over_4_gib_becomes_rf64_by_itself(tmp_path, monkeypatch):
    monkeypatch.setattr(wav, "RIFF_LIMIT", 5000)
    small, large = noise(1000, 2), noise(2000, 2)
    assert save(tmp_path / "small.wav", small, fmt=OutputFormat("PCM_16")).container == "WAV"
    assert soundfile.info(tmp_path / "small.wav").format == "WAV"
    for frames in (None, 2000):
        report = save(tmp_path / "large.wav", large, frames=frames, fmt=OutputFormat("PCM_16"))
        assert report.container == "RF64"
        assert report.notes == ("over 4 GiB: written as RF64",)
        x, info = read_signal(tmp_path / "large.wav")
        assert info.container == soundfile.info(tmp_path / "large.wav").format == "RF64"
        np.testing.assert_array_equal(x, soundfile.read(tmp_path / "large.wav")[0])


def test_more_than_4_gib_that_were_not_announced_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(wav, "RIFF_LIMIT", 5000)
    with open_writer(tmp_path / "x.wav", fs=8000, channels=1, frames=10) as writer:
        writer.write(noise(10, 1))
        with pytest.raises(WriteError, match="grew over 4 GiB; 10 frames were announced"):
            writer.write(noise(2000, 1))
    assert names(tmp_path) == []


@pytest.mark.parametrize("frames", [1_400_000_000, 3_000_000_001])
def test_the_header_of_a_file_over_4_gib_is_read_by_us_and_by_libsndfile(tmp_path, frames):
    path = tmp_path / "sparse.wav"
    header = wav_header(48000, 1, "PCM_24", frames, room=True)
    path.write_bytes(header)
    os.truncate(path, len(header) + 3 * frames + frames % 2)
    info = probe(path)
    assert (info.container, info.frames) == ("WAV" if frames < 1_431_000_000 else "RF64", frames)
    assert soundfile.info(path).frames == frames


def test_a_pipe_gets_a_wav_that_ffmpeg_and_sox_and_we_read():
    program = (
        "import sys, numpy as np\nfrom pipeline.io import open_writer, OutputFormat\n"
        "w = open_writer('-', fs=8000, channels=2, fmt=OutputFormat('PCM_24'))\n"
        "x = np.arange(-500, 500).reshape(-1, 2) / 2**23\nw.write(x[:7]); w.write(x[7:]); r = w.commit()\n"
        "print(r.path, r.bytes, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    data = done.stdout
    assert done.stderr.decode().split() == ["-", str(len(data))]
    assert struct.unpack("<I", data[4:8]) == (0xFFFFFFFF,)
    expected = np.arange(-500, 500).reshape(-1, 2) / 2**23
    raw = run(["ffmpeg", "-v", "error", "-i", "-", "-f", "f64le", "-"], input=data)
    np.testing.assert_array_equal(np.frombuffer(raw, "<f8").reshape(-1, 2), expected)
    raw = run(["sox", "-V1", "-D", "--ignore-length", "-t", "wav", "-", "-t", "f64", "-"], input=data)
    np.testing.assert_array_equal(np.frombuffer(raw, "<f8").reshape(-1, 2), expected)
    done = subprocess.run(
        [sys.executable, "-c", "from pipeline.io import read_signal; print(read_signal('-')[0].sum().hex())"],
        input=data, capture_output=True, check=True,
    )  # fmt: skip
    assert done.stdout.decode().strip() == expected.sum().hex()


@pytest.mark.parametrize(("announced", "fault"), [(9, ""), (8, "8 frames were announced, 9 written")])
def test_a_pipe_gets_the_sizes_that_were_announced(announced, fault):
    program = (
        "import sys, numpy as np\nfrom pipeline.io import open_writer, OutputFormat\n"
        f"w = open_writer('-', fs=8000, channels=2, frames={announced}, fmt=OutputFormat('PCM_24'))\n"
        "w.write(np.zeros((9, 2))); w.commit()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=False)
    size = struct.unpack("<I", done.stdout[4:8])[0]
    if fault:
        assert fault in done.stderr.decode()
    else:
        assert size == len(done.stdout) - 8
        assert soundfile.info(io.BytesIO(done.stdout)).frames == 9


def test_standard_output_redirected_to_a_file_gets_its_sizes_filled_in(tmp_path):
    program = (
        "import numpy as np\nfrom pipeline.io import open_writer\n"
        "w = open_writer('-', fs=8000, channels=1)\nw.write(np.zeros((5, 1))); w.commit()"
    )
    with (tmp_path / "x.wav").open("wb") as file:
        subprocess.run([sys.executable, "-c", program], stdout=file, check=True)
    data = (tmp_path / "x.wav").read_bytes()
    assert struct.unpack("<I", data[4:8])[0] == len(data) - 8
    assert read_signal(tmp_path / "x.wav")[0].shape == (5, 1)


def test_standard_output_appended_to_a_file_is_a_stream(tmp_path):
    program = (
        "import numpy as np\nfrom pipeline.io import open_writer\n"
        "w = open_writer('-', fs=8000, channels=1)\nw.write(np.zeros((5, 1))); w.commit()"
    )
    with (tmp_path / "x.wav").open("ab") as file:
        subprocess.run([sys.executable, "-c", program], stdout=file, check=True)
    with open_reader(tmp_path / "x.wav") as reader:
        assert reader.read(10).shape == (5, 1)
        assert "the header does not tell the length" in reader.warnings[0]


def pipe_program(path, **options):
    arguments = ", ".join(f"{name}={value}" for name, value in options.items())
    return (
        "import numpy as np\nfrom pipeline.io import open_writer, OutputFormat\n"
        f"w = open_writer({path!r}, fs=8000, channels=1, {arguments})\n"
        "for _ in range(100): w.write(np.zeros((10000, 1)))\nw.commit()"
    )


def test_a_reader_that_goes_away_is_a_broken_pipe():
    process = subprocess.Popen(
        [sys.executable, "-c", pipe_program("-")], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr.read().decode().splitlines()[-1].startswith("BrokenPipeError")
    process.stderr.close()
    assert process.wait() == 1


@pytest.mark.parametrize(
    ("path", "options", "words"),
    [
        ("/dev/stdout", {"frames": 2**31}, "RF64 .a WAV over 4 GiB. needs its length filled in"),
        ("/dev/stdout", {"fmt": "OutputFormat('ULAW')"}, "WAV/ULAW needs a file; a pipe takes PCM or FLOAT WAV only"),
    ],
)
def test_what_needs_seeking_is_refused_on_a_pipe(path, options, words):
    done = subprocess.run([sys.executable, "-c", pipe_program(path, **options)], capture_output=True)
    assert done.stdout == b""
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(done.stderr.decode())


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("x.wav", {"fs": 44100.5}, r"a fractional rate \(44100.5 Hz\) is never sent through WAV; write .npy or .csv"),
        ("x.flac", {"fs": 1 / 3600}, "a fractional rate"),
        ("x.wav", {"fs": 2**31}, "WAV holds 1 to 2147483647 Hz"),
        ("x.flac", {"fs": 700000}, "FLAC holds 1 to 655350 Hz"),
        ("x.mp3", {"fs": 96000}, "MPEG_LAYER_III holds 8000, 11025.*resample first"),
        ("x.ogg", {"fs": 44100, "fmt": OutputFormat("OPUS")}, "OPUS holds 8000, 12000"),
        ("x.wav", {"fs": 0}, "the sampling rate must be above 0 Hz, got 0 Hz"),
        ("x.wav", {"fs": float("nan")}, "must be above 0 Hz, got nan Hz"),
        ("x.wav", {"fs": float("inf")}, "a fractional rate"),
        ("x.wav", {"channels": 65}, "WAV holds 1 to 64 channels, got 65"),
        ("x.flac", {"channels": 9}, "FLAC holds 1 to 8 channels, got 9"),
        ("x.mp3", {"channels": 3}, "MP3 holds 1 to 2 channels, got 3"),
        ("x.wav", {"channels": 0}, "at least 1 channel, got 0"),
        ("x.wav", {"fmt": OutputFormat("VORBIS")}, "WAV does not hold VORBIS; it holds PCM_16"),
        ("x.flac", {"fmt": OutputFormat("FLOAT")}, "FLAC does not hold FLOAT; it holds PCM_16, PCM_24"),
    ],
)
def test_what_a_container_cannot_hold_is_refused_before_anything_is_touched(tmp_path, name, options, words):
    (tmp_path / name).write_bytes(b"old")
    with pytest.raises(UsageError, match=words):
        open_writer(tmp_path / name, **{"fs": 8000, "channels": 1, "overwrite": True, **options})
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [(name, b"old")]


def test_a_block_of_another_shape_is_an_error_and_forgets_the_file(tmp_path):
    for block in (np.zeros((5, 1)), np.zeros(5)):
        with open_writer(tmp_path / "x.wav", fs=8000, channels=2) as writer, pytest.raises(SignalError, match=r"shape"):
            writer.write(block)
        assert names(tmp_path) == []


def test_a_writer_is_of_no_use_after_commit_or_abort(tmp_path):
    writer = open_writer(tmp_path / "x.wav", fs=8000, channels=1)
    writer.write(np.zeros((3, 1)))
    writer.commit()
    writer.abort()
    with pytest.raises(ValueError, match="written to after commit"):
        writer.write(np.zeros((3, 1)))
    with pytest.raises(ValueError, match="committed after commit"):
        writer.commit()
    assert names(tmp_path) == ["x.wav"]
