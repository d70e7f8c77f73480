"""EDF and BDF written by hand and by edfio, against the samples and times that went in."""

from __future__ import annotations

import numpy as np
import pytest
from faltung_bio import EDF

from pipeline.errors import ReadError, UsageError
from pipeline.io import open_reader
from pipeline.testing import check_reader


def edf(path, digits, onsets=None, duration="1", start="30.06.24", clock="22.00.30", records=None, bdf=False,
        limits=("-100", "100", "-1000", "1000"), labels=None):  # fmt: skip
    """``digits`` is a list of arrays (records, samples); ``onsets`` makes it EDF+."""
    count = len(digits[0]) if digits else len(onsets)
    rows = [(labels[i] if labels else f"S{i + 1}", d.shape[1], *limits) for i, d in enumerate(digits)]
    if onsets is not None:
        rows.append(("EDF Annotations", 20, "-1", "1", "-32768", "32767"))
    n = len(rows)
    said = count if records is None else records
    head = (b"\xffBIOSEMI" if bdf else b"0       ") + b" " * 160
    fields = [(start, 8), (clock, 8), (256 * (1 + n), 8), ("", 44), (said, 8), (duration, 8), (n, 4)]
    head += b"".join(str(text).encode("latin-1").ljust(width) for text, width in fields)
    columns = [(0, 16), (None, 80), ("uV", 8), (2, 8), (3, 8), (4, 8), (5, 8), (None, 80), (1, 8), (None, 32)]
    for key, width in columns:
        for row in rows:
            head += str("" if key is None else key if isinstance(key, str) else row[key]).encode("latin-1").ljust(width)
    body = bytearray()
    for r in range(count):
        for d in digits:
            values = d[r].astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3] if bdf else d[r].astype("<i2")
            body += values.tobytes()
        if onsets is not None:
            body += f"+{onsets[r]}\x14\x14".encode().ljust(40, b"\0")
    path.write_bytes(head + body)
    return path


def noise(*shape):
    return np.random.default_rng(sum(shape)).integers(-900, 900, shape)


def read(path, **how):
    with open_reader(path, **how) as reader:
        return reader.read(1 << 20), reader.info, reader.warnings


@pytest.mark.parametrize("bdf", [False, True])
def test_contract(tmp_path, bdf):
    digits = [noise(5, 60), noise(5, 60)[::-1]]
    expected = np.stack([d.reshape(-1) for d in digits], 1) * 0.1
    path = edf(tmp_path / "a.edf", digits, bdf=bdf)
    check_reader(EDF, path, read(path)[0], 60.0)
    np.testing.assert_allclose(read(path)[0], expected, atol=1e-12)


@pytest.mark.filterwarnings("ignore:Creating EDF")
def test_samples_and_start_are_those_that_edfio_wrote(tmp_path):
    from datetime import date, time

    edfio = pytest.importorskip("edfio")
    x = np.random.default_rng(1).uniform(-90, 90, (2, 512))
    signals = [edfio.EdfSignal(row, 128, label=f"C{i}", physical_range=(-100, 100)) for i, row in enumerate(x)]
    recording = edfio.Recording(startdate=date(2024, 6, 30))
    edfio.Edf(signals, recording=recording, starttime=time(22, 0, 30, 250_000)).write(tmp_path / "a.edf")
    got, info, _ = read(tmp_path / "a.edf")
    independent = np.stack([signal.data for signal in edfio.read_edf(tmp_path / "a.edf").signals], 1)
    np.testing.assert_allclose(got, independent, atol=1e-9)
    assert info.clocks[0].local(0) == "2024-06-30T22:00:30.250000"
    assert info.clocks[0].utc(0) is None


@pytest.mark.parametrize("onset", ["12", "12.5", "1000.25"])
def test_a_file_with_gaps_is_cut_where_its_records_say(tmp_path, onset):
    path = edf(tmp_path / "a.edf", [noise(3, 20)], onsets=["0", "1", onset])
    with pytest.raises(ReadError, match=r"a gap of \d+ frames before frame 40 \(record 2\); set gaps: nan"):
        open_reader(path)
    got, info, _ = read(path, gaps="nan")
    at = round(float(onset) * 20)
    assert (len(got), np.isnan(got[40:at]).all(), np.isnan(got[at:]).any()) == (at + 20, True, False)
    assert info.clocks[0].ns(at) - info.clocks[0].ns(0) == round(float(onset) * 1e9)


def test_several_rates_are_several_signals_and_none_is_resampled(tmp_path):
    digits = [noise(3, 20), noise(3, 5)]
    path = edf(tmp_path / "a.edf", digits)
    with pytest.raises(ReadError, match="holds 2 signals, S1, S2; choose with source:"):
        open_reader(path)
    got, info, _ = read(path, source=["S2"])
    np.testing.assert_allclose(got[:, 0], digits[1].reshape(-1) * 0.1, atol=1e-12)
    assert info.fs == 5.0
    with pytest.raises(ReadError, match="source: there is no 'S3'; there are S1, S2"):
        open_reader(path, source=["S3"])


@pytest.mark.parametrize(("duration", "fs"), [("0.5", 40.0), ("0.012345", 20 / 0.012345), ("30", 20 / 30)])
def test_the_rate_is_samples_by_duration(tmp_path, duration, fs):
    assert read(edf(tmp_path / "a.edf", [noise(3, 20)], duration=duration))[1].fs == pytest.approx(fs, rel=1e-15)


@pytest.mark.parametrize(
    ("samples", "duration", "fs", "told"),
    [(10, "0.333333", 30.0, "records of 0.333333 s are those of 30 Hz, rounded to the field; took 30 Hz"),
     (7, "3", 7 / 3, ""), (128, "3", 128 / 3, ""), (10, "0.333", 10 / 0.333, ""), (1, "0.012345", 1 / 0.012345, ""),
     (1, "0.003906", 256.0, "those of 256 Hz")],
)  # fmt: skip
def test_a_rate_is_exact_and_rounded_only_where_its_field_was(tmp_path, samples, duration, fs, told):
    _, info, warnings = read(edf(tmp_path / "a.edf", [noise(5, samples)], duration=duration))
    assert info.fs == fs
    assert any(told in one for one in warnings) if told else warnings == []


def test_records_of_seven_samples_in_three_seconds_are_placed_and_timed_without_a_float(tmp_path):
    digits = noise(40_000, 7)
    onsets = [str(3 * i + (3000 if i >= 20_000 else 0)) for i in range(40_000)]
    got, info, _ = read(edf(tmp_path / "a.edf", [digits], onsets=onsets, duration="3"), gaps="nan")
    assert (info.fs, info.frames) == (7 / 3, 287_000)
    np.testing.assert_allclose(got[147_000:, 0], digits[20_000:].reshape(-1) * 0.1, atol=1e-9)
    assert np.isnan(got[140_000:147_000]).all()
    begin = info.clocks[0].ns(0)
    assert [info.clocks[0].ns(7 * i) - begin for i in (1, 19_999, 21_000, 40_999)] == [
        3 * i * 10**9 for i in (1, 19_999, 21_000, 40_999)
    ]


def test_signals_of_one_label_are_counted(tmp_path):
    digits = [noise(3, 20), noise(3, 5), noise(3, 20)]
    path = edf(tmp_path / "a.edf", digits, labels=["EEG", "SpO2", "EEG"])
    with pytest.raises(ReadError, match="holds 3 signals, EEG#0, SpO2, EEG#1; choose with source:"):
        open_reader(path)
    np.testing.assert_allclose(read(path, source=["EEG#1"])[0][:, 0], digits[2].reshape(-1) * 0.1, atol=1e-12)


@pytest.mark.parametrize(("first", "resolution"), [("0", 1.0), ("0.25", 0.01), ("0.394531", 1e-6)])
def test_the_clock_is_known_to_the_digits_of_the_first_record(tmp_path, first, resolution):
    onsets = [first, str(float(first) + 1)]
    clock = read(edf(tmp_path / "a.edf", [noise(2, 20)], onsets=onsets))[1].clocks[0]
    assert clock.resolution == pytest.approx(resolution)
    assert clock.local(0) == f"2024-06-30T22:00:30.{float(first) * 1e6:06.0f}"


@pytest.mark.parametrize(
    ("limits", "gain", "offset"),
    [(("100", "-100", "-1000", "1000"), -0.1, 0), (("0", "100", "1000", "-1000"), -0.05, 50),
     (("5", "5", "-1000", "1000"), 1, 0), (("-0,5", "0,5", "-1000", "1000"), 5e-4, 0), (("0", "1", "0", "10"), 0.1, 0)],
)  # fmt: skip
def test_limits_inverted_equal_with_a_comma_or_passed_over(tmp_path, limits, gain, offset):
    digits = noise(3, 20)
    got, _, _ = read(edf(tmp_path / "a.edf", [digits], limits=limits))
    np.testing.assert_allclose(got[:, 0], digits.reshape(-1) * gain + offset, atol=1e-9)


def test_records_that_were_never_counted_and_files_that_are_cut(tmp_path):
    digits = noise(4, 20)
    got, _, warnings = read(edf(tmp_path / "a.edf", [digits], records=-1))
    assert len(got) == 80
    assert any("never filled in" in one for one in warnings)
    path = edf(tmp_path / "b.edf", [digits], records=6)
    with pytest.raises(ReadError, match="declares 6 records, has 4"):
        open_reader(path)
    assert len(read(path, truncated="accept")[0]) == 80


def test_years_of_two_digits_and_the_status_channel(tmp_path):
    _, info, _ = read(edf(tmp_path / "a.edf", [noise(2, 9), noise(2, 9)], start="01.01.84", labels=["C1", "Status"]))
    assert info.clocks[0].local(0)[:10] == "2084-01-01"
    assert info.names == ("C1",)


def test_what_only_a_table_can_be_asked_is_refused_and_never_passed_over(tmp_path):
    path = edf(tmp_path / "a.edf", [noise(2, 7)], duration="3")
    assert read(path, fs=7 / 3)[1].fs == 7 / 3
    with pytest.raises(ReadError, match=r"is sampled at 2\.33333 Hz, fs says 100 Hz; leave fs out"):
        open_reader(path, fs=100.0)
    with pytest.raises(UsageError, match="columns and time_column are for tables, this is EDF"):
        open_reader(path, columns=["S1"])
