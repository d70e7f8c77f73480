"""Start times in the metadata of field recorders, against times worked out by hand; nothing is made up."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from faltung_recorders.clocks import guano_fields, recorder_clock

from pipeline import find_matches
from pipeline.io import open_reader, write_signal
from pipeline.io.clock import Clock, parse_moment
from pipeline.io.wav import wav_header

FS = 48_000


def chunk_bytes(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def comment(text: str) -> tuple[bytes, bytes]:
    return b"LIST", b"INFO" + chunk_bytes(b"ICMT", text.encode() + b"\0")


def bext(date: str, time: str, samples: int) -> tuple[bytes, bytes]:
    fields = b"".join(text.encode().ljust(size, b"\0") for text, size in (("", 320), (date, 10), (time, 8)))
    return b"bext", fields + struct.pack("<Q", samples) + bytes(256)


def recording(path, chunks=(), x=None, fs=FS, behind=()):
    x = np.zeros(100, np.int16) if x is None else x
    tail = b"".join(chunk_bytes(*one) for one in behind)
    data = bytearray(wav_header(fs, 1, "PCM_16", len(x), chunks=tuple(chunks)) + x.tobytes() + tail)
    data[4:8] = struct.pack("<I", len(data) - 8)
    path.write_bytes(data)
    return path


def clocks(path):
    with open_reader(path) as reader:
        return reader.info.clocks, reader.warnings


BY = "by AudioMoth 24E144085F256428 at gain setting 2 while battery state was 3.7V."


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        (f"Recorded at 22:15:00 30/06/2024 (UTC) {BY}", "2024-06-30T22:15:00.000000Z"),
        (f"Recorded at 22:15:00 30/06/2024 (UTC+1) {BY}", "2024-06-30T21:15:00.000000Z"),
        (f"Recorded at 22:15:00 30/06/2024 (UTC-3:30) {BY}", "2024-07-01T01:45:00.000000Z"),
        (f"Recorded at 00:15:00 01/07/2024 (UTC+5:45) {BY}", "2024-06-30T18:30:00.000000Z"),
        (f"Recorded at 22:15:00 30/06/2024 (UTC-0:30) {BY}", "2024-06-30T22:45:00.000000Z"),
        ("Recorded at 10:25:00 19/05/2018 (UTC) by AudioMoth 24 at medium gain", "2018-05-19T10:25:00.000000Z"),
        ("Recorded at 10:25:00.250 19/05/2018 (UTC) during deployment 0123456789ABCDEF", "2018-05-19T10:25:00.250000Z"),
        ('opso_metadata{"recording_start_time": "2020-02-29T10:25:00+00:00", "x": 1}', "2020-02-29T10:25:00.000000Z"),
        ("Recorded at 10:25:00 31/02/2018 (UTC) by AudioMoth", None),
        ("Recorded by hand at ten", None),
        ("opso_metadata{", None),
    ],
)  # fmt: skip
def test_a_comment_tells_the_start_in_its_zone(tmp_path, text, utc):
    found, _ = clocks(recording(tmp_path / "a.wav", [comment(text)]))
    assert [clock.utc(0) for clock in found] == ([] if utc is None else [utc])


@pytest.mark.parametrize("behind", [False, True], ids=["before", "behind"])
@pytest.mark.parametrize(
    ("line", "utc", "resolution"),
    [
        ("Timestamp:2024-06-30T22:00:00Z", "2024-06-30T22:00:00.000000Z", 1.0),
        ("Timestamp: 2024-06-30T22:00:00.5-03:30", "2024-07-01T01:30:00.500000Z", 0.1),
        ("Timestamp: 2024-06-30 22:00:00.1234567+0100", "2024-06-30T21:00:00.123456700Z", 1e-7),
        ("Timestamp: 2024-06-30T22:00:00", None, 1.0),
    ],
)
def test_guano_tells_the_start_before_the_audio_and_behind_it(tmp_path, behind, line, utc, resolution):
    guan = (b"guan", f"GUANO|Version:1.0\n{line}\nNote: two\\nlines".encode())
    path = recording(tmp_path / "a.wav", [] if behind else [guan], behind=[guan] if behind else [])
    ((clock,), _) = clocks(path)
    assert (clock.utc(0), clock.resolution, clock.source) == (utc, pytest.approx(resolution), "GUANO")
    assert clock.local(0).startswith("2024-06-30T22:00:00.")
    assert guano_fields(guan[1])["Note"] == "two\nlines"


def test_a_time_expanded_recording_has_true_times_and_says_what_its_seconds_are(tmp_path):
    guan = (b"guan", b"GUANO|Version:1.0\nTE:10\nTimestamp:2024-06-30T22:00:00Z")
    ((clock,), warnings) = clocks(recording(tmp_path / "a.wav", [guan], fs=44_100))
    assert clock.utc(441_000) == "2024-06-30T22:00:01.000000Z"
    assert any("10 times slower" in one for one in warnings)


@pytest.mark.parametrize("text", [b"2014-04-02 22:59:14-05:00", b"2014-04-02 22:59:14.000", b"2014-04-02 22:59:14"])
def test_wamd_tells_the_start_in_each_of_its_forms(text):
    raw = struct.pack("<HI", 0, 2) + b"\1\0" + struct.pack("<HI", 5, len(text)) + text
    clock, _ = recorder_clock([(b"wamd", raw)], (), FS)
    assert clock is not None
    assert clock.local(0)[:19] == "2014-04-02T22:59:14"
    assert clock.utc(0) == ("2014-04-03T03:59:14.000000Z" if text.endswith(b"-05:00") else None)


def test_bext_counts_samples_since_midnight_at_the_rate_of_the_file_and_tells_no_zone(tmp_path):
    ((clock,), _) = clocks(recording(tmp_path / "a.wav", [bext("2024-06-30", "10:00:00", 36_000 * FS + 12_000)]))
    assert (clock.local(0), clock.local(FS), clock.utc(0)) == (
        "2024-06-30T10:00:00.250000", "2024-06-30T10:00:01.250000", None,
    )  # fmt: skip
    assert "in no zone that is told" in str(clock)


def test_bext_without_a_date_tells_no_time_and_that_is_said(tmp_path):
    found, warnings = clocks(recording(tmp_path / "a.wav", [bext("", "", 12_000)]))
    assert found == ()
    assert any("no date" in one for one in warnings)


def test_two_starts_that_do_not_agree_are_named(tmp_path):
    guan = (b"guan", b"GUANO|Version:1.0\nTimestamp:2024-06-30T22:00:00Z")
    text = f"Recorded at 22:00:05 30/06/2024 (UTC) {BY}"
    ((clock,), warnings) = clocks(recording(tmp_path / "a.wav", [guan, comment(text)]))
    assert clock.source == "GUANO"
    assert any("are 5 s apart" in one for one in warnings)
    _, quiet = clocks(recording(tmp_path / "b.wav", [guan, comment(text.replace("00:05", "00:00"))]))
    assert quiet == []


def test_metadata_goes_along_and_moves_with_the_rate(tmp_path):
    guan = (b"guan", b"GUANO|Version:1.0\nSamplerate: 48000\nTimestamp:2024-06-30T22:00:00Z")
    path = recording(tmp_path / "a.wav", [guan, bext("2024-06-30", "", 96_000)])
    with open_reader(path) as reader:
        info = reader.info
    for fs, samples in ((48_000, 96_000), (24_000, 48_000)):
        out = tmp_path / f"{fs}.wav"
        write_signal(out, np.zeros((10, 1)), fs, source=info)
        with open_reader(out) as reader:
            chunks = dict(reader.info.chunks)
            assert reader.info.clocks[0].utc(0) == "2024-06-30T22:00:00.000000Z"
        assert int.from_bytes(chunks[b"bext"][338:346], "little") == samples
        assert guano_fields(chunks[b"guan"])["Samplerate"] == str(fs)


def test_an_event_has_its_true_time_and_without_a_clock_none_is_made_up(tmp_path):
    x = np.random.default_rng(3).integers(-9000, 9000, FS).astype(np.int16)
    call = (x[30_000:30_400] / 32768).tolist()
    told = recording(tmp_path / "a.wav", [comment(f"Recorded at 22:00:00 30/06/2024 (UTC+2) {BY}")], x)
    found = find_matches(told, call, threshold=0.99)
    (event,) = found
    assert (event.start_frame, event.start_utc) == (30_000, "2024-06-30T20:00:00.625000Z")
    assert (event.start_local, event.resolution_s) == ("2024-06-30T22:00:00.625000+02:00", 1.0)
    assert found.time == "starts at 2024-06-30T20:00:00.000000Z, by AudioMoth's comment, to 1 s"
    (event,) = find_matches(recording(tmp_path / "b.wav", [], x), call, threshold=0.99)
    assert (event.start_utc, event.start_local, event.resolution_s) == (None, None, None)


@pytest.mark.parametrize("text", ["2024-13-01T00:00:00", "2024-06-30", "", "today", "2024-06-30T25:00:00Z"])
def test_what_is_no_moment_is_none(text):
    assert parse_moment(text) is None


def test_a_piecewise_clock_tells_gap_and_drift_apart():
    pieces = [(1000 * i, i * 10_000_000_000 + i * 4_000_000 + (7 * 10**9 if i >= 5 else 0)) for i in range(10)]
    clock = Clock.of_pieces("10 records", 100.0, 1e-6, pieces)
    assert clock.drift_s == pytest.approx(0.032)
    ((frame, seconds),) = clock.gaps
    assert (frame, seconds) == (5000, pytest.approx(7.004))
    assert clock.ns(4999) == 4 * 10_004_000_000 + 9_990_000_000
