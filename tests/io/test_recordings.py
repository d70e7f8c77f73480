"""Real recordings of other people's: every frame of every file, against what other readers said of it."""

import csv
import re

import numpy as np
import pytest
import soundfile

from pipeline.errors import ReadError
from pipeline.io import open_reader, probe, read_signal
from tests.io.helpers import RECORDINGS, needs_recordings

pytestmark = needs_recordings

SUFFIXES = {".wav", ".flac", ".ogg", ".aif"}
FILES = sorted(path for path in RECORDINGS.rglob("*") if path.suffix in SUFFIXES)
TRUNCATED = "scipy_test-44100Hz-le-1ch-4bytes-early-eof.wav"
WHOLE = TRUNCATED.replace("-early-eof", "")  # RIFF tells 12 bytes fewer than there are


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_recording_reads_as_libsndfile_reads_it(path):
    with open_reader(path, truncated="accept") as reader:
        x = np.concatenate([reader.read(9999) for _ in range(2 + soundfile.info(path).frames // 9999)])
        expected, fs = soundfile.read(path, always_2d=True)
        np.testing.assert_array_equal(x, expected)
        assert (reader.info.fs, reader.info.channels) == (fs, expected.shape[1])
        assert (reader.warnings == []) == (path.name not in (TRUNCATED, WHOLE))


@pytest.mark.parametrize("row", [pytest.param(0, id="all rows")])
def test_frames_and_encodings_are_those_of_the_other_readers(row):
    with (RECORDINGS / "formats" / "readers.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 10
    for line in rows:
        fs, channels, frames, _, subtype = re.match(
            r"(\d+) Hz, (\d+) ch, (\d+) frames, (\w+)/(\w+)", line["soundfile"]
        ).groups()
        info = probe(RECORDINGS / line["file"], truncated="accept")
        found = (info.fs, info.channels, info.frames, info.subtype)
        assert found == (float(fs), int(channels), int(frames), subtype), line


def test_the_recording_that_was_cut_short_is_told():
    with pytest.raises(ReadError, match="declares 4410 frames, has 236; set truncated: accept to take the 236 frames"):
        probe(RECORDINGS / "formats" / TRUNCATED)


def test_cue_points_behind_the_audio_are_found():
    info = probe(RECORDINGS / "music" / "flloop.wav")
    assert [name for name, _ in info.chunks] == [b"smpl", b"cue ", b"LIST", b"LIST"]
    assert info.dropped == ("tlst",)
    assert dict(info.tags)["software"].startswith("FL Studio")


SENSOR = RECORDINGS / "timeseries" / "sensor"
TEMPERATURE = SENSOR / "ambient_temperature_system_failure.csv"


def test_a_year_of_hourly_temperatures_has_gaps_that_are_told_by_line():
    with pytest.raises(ReadError, match=r"line 580, column 'timestamp': a gap of 7200 s where the step is 3600 s"):
        probe(TEMPERATURE, time_column="timestamp")


@pytest.mark.parametrize("gaps", ["interpolate", "nan"])
def test_the_gaps_of_hourly_temperatures_are_filled_to_an_even_grid(gaps):
    x, info = read_signal(TEMPERATURE, time_column="timestamp", gaps=gaps)
    with (SENSOR / "ambient_temperature_system_failure.gaps.csv").open(newline="") as file:
        missing = sum(round(float(row["step_s"]) / 3600) - 1 for row in csv.DictReader(file))
    rows = len(TEMPERATURE.read_text().splitlines()) - 1
    assert x.shape == (rows + missing, 1)
    assert info.fs == 1 / 3600
    assert info.names == ("value",)
    assert np.isnan(x).sum() == (missing if gaps == "nan" else 0)
    before, filled, after = x[577:580, 0]
    assert filled == pytest.approx((before + after) / 2, nan_ok=True) or gaps == "nan"


def test_an_accelerometer_of_100_hz_nominal_ran_at_99_64_hz_and_lost_one_sample():
    path = SENSOR / "ax3_accelerometer.csv"
    with pytest.raises(ReadError, match=r"line 23, column '0': a gap of 0\.02 s where the step is 0\.0100361 s"):
        probe(path, time_column=0)
    with open_reader(path, time_column=0, gaps="interpolate") as reader:
        assert reader.info.fs == 99.64  # 208 steps take 2.0875 s, that is from 99.635 to 99.645 Hz at 0.1 ms
        assert reader.info.t0 == 1551178506.0
        assert reader.read(1000).shape == (211, 3)
        assert reader.warnings == [
            "gaps: interpolate made 1 row; the longest stretch is 1 frame (0.0100361 s) before line 23"
        ]


def test_a_muscle_recording_keeps_every_byte_through_its_time_column(tmp_path):
    from tests.io.helpers import save

    path = RECORDINGS / "timeseries" / "motif" / "muscle_activation.csv"
    x, info = read_signal(path, time_column="Seconds")
    assert (info.fs, info.names, info.frames) == (5000.0, ("0",), 14950)
    save(tmp_path / "out.csv", x, fs=info.fs, source=info)
    assert (tmp_path / "out.csv").read_bytes() == path.read_bytes()


def test_a_table_with_labels_in_it_says_which_column_they_are_in():
    path = RECORDINGS / "timeseries" / "ecg" / "mitdb100.csv"
    with pytest.raises(ReadError, match=r"line 2, column 'label' '\+' is no number; choose others with columns:"):
        read_signal(path, fs=1)
    x, info = read_signal(path, fs=1, columns=["sample", "is_beat"])
    assert (x.shape, info.names) == ((2274, 2), ("sample", "is_beat"))
