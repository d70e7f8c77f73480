"""Rates from whole columns of times, whatever the clock counts in; gaps, summer time; stamps kept as written."""

import csv
import errno
import tracemalloc
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from pipeline import Pipeline
from pipeline.errors import DiskFullError, ReadError, UsageError
from pipeline.io import open_reader, probe, read_signal
from pipeline.io.stamps import parse_stamp
from tests.io.helpers import RECORDINGS, needs_recordings, save


@pytest.fixture
def table(tmp_path):
    def put(stamps):
        path = tmp_path / "x.csv"
        path.write_text("t,v\n" + "".join(f"{stamp},{k}\n" for k, stamp in enumerate(stamps)))
        return path

    return put


def stamps_of(path):
    with path.open(newline="") as file:
        return [row[0] for row in csv.reader(file)][1:]


def rounded(fs, places, rows, rounding=lambda x: x // 1, lost=()):
    """Stamps of an even grid on a clock with so many decimals, some rows left out."""
    unit = 10**places
    ticks = (
        int(rounding((Fraction(k) / Fraction(fs) + Fraction("1234.5678")) * unit)) for k in range(rows) if k not in lost
    )
    return [f"{tick / unit:.{places}f}" for tick in ticks]


@pytest.mark.parametrize("rounding", [lambda x: x // 1, round], ids=["cut", "rounded"])
@pytest.mark.parametrize(
    ("fs", "places"),
    [("80", 3), ("360", 3), ("960", 3), ("97.3", 3), ("97.3", 5), ("128", 3), ("31.25", 2), ("30", 3), ("29.97", 6),
     ("1.5", 0), ("20", 0), ("44100", 6), ("333", 3), ("0.7", 0), ("2048", 3)],
)  # fmt: skip
def test_the_rate_is_that_of_the_whole_column_whatever_the_clock_counts_in(table, fs, places, rounding):
    path = table(rounded(fs, places, 2500, rounding))
    x, info = read_signal(path, time_column="t")
    assert (info.fs, len(x)) == (float(fs), 2500)
    assert read_signal(path, time_column="t", fs=float(fs))[0].shape == (2500, 1)


@pytest.mark.parametrize(("fs", "places"), [("80", 3), ("360", 3), ("100", 2), ("1", 0), ("100", 3), ("50", 3)])
@pytest.mark.parametrize("known", [False, True])
def test_rows_that_are_missing_on_a_coarse_clock_are_found_one_by_one(table, fs, places, known):
    path = table(rounded(fs, places, 2500, lost={500, 501, 502, 1700}))
    x, info = read_signal(path, time_column="t", gaps="nan", **({"fs": float(fs)} if known else {}))
    assert info.fs == float(fs)
    assert np.flatnonzero(np.isnan(x[:, 0])).tolist() == [500, 501, 502, 1700]


def test_a_clock_too_coarse_to_place_missing_rows_is_told(table):
    path = table(rounded("960", 3, 2500, lost={500, 501, 502, 1700}))
    with pytest.raises(
        ReadError, match=r"its clock counts in 0\.001 s, too coarse to tell where rows are missing; give fs:"
    ):
        read_signal(path, time_column="t", gaps="interpolate")
    assert read_signal(path, time_column="t", gaps="interpolate", fs=960)[1].fs == 960


def test_one_stamp_that_is_far_off_is_refused(table):
    with pytest.raises(
        ReadError,
        match=r"line 5, column 't': a gap of 1e\+09 s: .* over the limit of 1,000,000 .* set gaps: split to make none",
    ):
        read_signal(table([0, 1, 2, 10**9 + 2]), time_column="t", gaps="interpolate")
    with pytest.raises(ReadError, match=r"line 5, column 't': '1e15' lies 1e\+15 s from the first time"):
        read_signal(table(["0", "1", "2", "1e15"]), time_column="t", gaps="nan")


@pytest.mark.parametrize(
    ("gaps", "far", "max_gap", "words"),
    [
        ("interpolate", 1.0, None, "1 s: .* over the limit of 1,000,000 .* set gaps: split to make none$"),
        ("interpolate", 1.0, "10 s", "999,999,99. rows in a row .*: gaps: interpolate draws over .* set gaps: split"),
        ("nan", 1.0, None, "1 s: .* over the limit of 1,000,000 .* or max_gap: 1s to make them"),
        ("nan", 4e3, "10000 s", "1,099,511,627,776 frames .FALTUNG_LIMITS=.*; .* set gaps: split to make none$"),
    ],
)
def test_a_stamp_that_is_far_off_is_refused_before_a_row_is_made(table, monkeypatch, gaps, far, max_gap, words):
    monkeypatch.setattr("pipeline.io.gaps.repeat", None)
    path = table(["0", "1e-9", "2e-9", "3e-9", f"{far:.9f}"])
    with pytest.raises(ReadError, match=words):
        read_signal(path, time_column="t", gaps=gaps, max_gap=max_gap)


def test_rows_that_are_made_are_not_held(table):
    path = table(["0", "1e-9", "2e-9", "3e-9", "1"])
    with open_reader(path, time_column="t", gaps="nan", max_gap="1 s") as reader:
        assert reader.info.frames > 999_999_000
        tracemalloc.start()
        try:
            x = reader.read(1000)
            assert tracemalloc.get_traced_memory()[1] < 1 << 22
        finally:
            tracemalloc.stop()
    assert np.isnan(x[4:]).all()
    assert len(x) == 1000


def test_advice_on_a_time_that_is_far_off_is_a_setting(table):
    with pytest.raises(ReadError, match=r"is it one\? set time_unit: for another unit"):
        read_signal(table(["0", "1", "2", "1e15"]), time_column="t", gaps="nan")


def local(start, rows, zone, step):
    first = datetime.fromisoformat(start).astimezone(UTC)
    moments = (first + timedelta(seconds=step * k) for k in range(rows))
    return [f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}" for moment in moments]


@pytest.mark.parametrize(
    ("start", "zone", "step", "words"),
    [
        ("2024-03-30T20:00+01:00", "Europe/Berlin", 600, "put forward by 60 minutes, as in"),
        ("2024-10-26T20:00+02:00", "Europe/Berlin", 600, "put back by 60 minutes, as in"),
        ("2024-03-30T00:00+01:00", "Europe/Berlin", 3600, "put forward by 60 minutes"),
        ("2024-10-26T00:00+02:00", "Europe/Berlin", 3600, "put back by 60 minutes"),
        ("2024-03-09T20:00-05:00", "America/New_York", 600, "put forward by 60 minutes"),
        ("2024-11-02T20:00-04:00", "America/New_York", 600, "put back by 60 minutes"),
        ("2024-03-30T00:00+01:00", "Europe/Berlin", 7200, "put forward by 60 minutes"),
        ("2024-10-20T00:00+02:00", "Europe/Berlin", 86400, "put back by 60 minutes"),
        ("2024-09-07T20:00-04:00", "America/Santiago", 600, "put forward by 60 minutes"),
        ("2024-04-06T20:00-03:00", "America/Santiago", 600, "put back by 60 minutes"),
        ("2024-10-31T20:00+03:00", "Africa/Cairo", 600, "put back by 60 minutes"),
        ("2021-03-21T20:00+03:30", "Asia/Tehran", 600, "put forward by 60 minutes"),
        ("2024-04-06T20:00+11:00", "Australia/LHI", 600, "put back by 30 minutes"),
    ],
)
def test_a_clock_that_is_put_forward_or_back_makes_no_rows_and_loses_none(table, start, zone, step, words):
    stamps = local(start, 80, zone, step)
    path = table(stamps)
    for gaps in ("error", "interpolate", "nan"):
        with pytest.raises(ReadError, match=rf"{words}.*table: \{{zone: {zone}\}}"):
            read_signal(path, time_column="t", gaps=gaps)
    x, info = read_signal(path, time_column="t", table={"zone": zone})
    assert (info.fs, len(x)) == (1 / step, 80)
    save(path.with_name("y.csv"), x, fs=info.fs, source=info)
    assert stamps_of(path.with_name("y.csv")) == stamps


def test_a_clock_that_is_put_back_in_another_zone_than_was_said_is_told(table):
    path = table(local("2024-10-26T20:00+02:00", 80, "Europe/Berlin", 600))
    with pytest.raises(
        ReadError, match=r"as in Europe/Berlin and not in America/New_York; table: \{zone: Europe/Berlin\}"
    ):
        read_signal(path, time_column="t", table={"zone": "America/New_York"})


@pytest.mark.parametrize(
    ("stamps", "words"),
    [
        (
            ["2024-10-27 02:50:00", "2024-10-27 02:51:00", "2024-10-27 02:46:00"],
            "'2024-10-27 02:46:00'.; sort the rows",
        ),
        (["0.1", "0.2", "0.3", "0.3", "0.4"], r"\('0.3', then '0.3'\); leave one of the two out"),
        (["02:58:00", "02:59:00", "02:00:00", "02:01:00"], "sort the rows"),
    ],
)
def test_a_time_that_does_not_go_on_is_told_by_its_stamps(table, stamps, words):
    with pytest.raises(ReadError, match=words):
        read_signal(table(stamps), time_column="t")


@pytest.mark.parametrize(
    ("stamps", "words"),
    [
        ([20 * k for k in range(50)], ["its numbers are taken as seconds, 0.05 Hz; set time_unit: ms or another"]),
        ([f"{45000 + k / 86400:.8f}" for k in range(50)], ["taken as seconds, 86400 Hz; set time_unit: d or another"]),
        ([60 * k for k in range(50)], []),
        ([f"{k / 50:.2f}" for k in range(50)], []),
        (list(range(50)), []),
    ],
)
def test_numbers_that_are_hardly_seconds_are_doubted(table, stamps, words):
    path = table(stamps)
    with open_reader(path, time_column="t") as reader:
        assert len(reader.warnings) == len(words)
        assert all(said in told for said, told in zip(words, reader.warnings, strict=True))
    with open_reader(path, time_column="t", time_unit="s") as reader:
        assert reader.warnings == []


def test_an_hour_that_is_missing_on_a_clock_in_utc_is_a_gap(table):
    path = table(local("2024-03-30T20:00+01:00", 80, "Europe/Berlin", 600))
    assert len(read_signal(path, time_column="t", table={"zone": "UTC"}, gaps="nan")[0]) == 86


SMOOTH = [{"use": "smooth", "length": "3 samples", "phase": "zero"}]


@pytest.mark.parametrize(
    "stamps",
    [
        rounded("80", 3, 300),
        [f"{k / 360!r}" for k in range(300)],
        [f"15.7.2024 9:{k // 60:02d}:{k % 60:02d}" for k in range(300)],
        [f"{k // 60 + 1}:{k % 60:02d}:00 PM" for k in range(300)],
        [1_700_000_000_000 + 20 * k for k in range(300)],
        [f"{k}e-2" for k in range(300)],
        [f"'{k // 21600}:{k / 360 % 60:06.3f}'" for k in range(300)],
        [f"{k // 60}:{k % 60:02d}:00" for k in range(23 * 60, 26 * 60)],
        [f"{23 + k // 3600} days 00:{k // 60 % 60:02d}:{k % 60:02d}" for k in range(300)],
        [f"15-Jul-2024 10:00:{k // 10:02d}.{k % 10}00" for k in range(300)],
        [f"Mon Jul 15 10:{k // 60:02d}:{k % 60:02d} 2024" for k in range(300)],
        [f"2024-07-15 10:{k // 60:02d}:{k % 60:02d} UTC" for k in range(300)],
    ],
)
def test_stamps_of_an_output_are_the_texts_of_the_input(table, tmp_path, stamps):
    path = table(stamps)
    Pipeline(SMOOTH, edges="hold", time_column="t").run_file(path, tmp_path / "y.csv")
    assert stamps_of(tmp_path / "y.csv") == list(map(str, stamps))
    with open_reader(path, time_column="t") as reader:
        x = reader.read(300)
    expected = np.convolve(np.pad(x[:, 0], 1, "edge"), [1 / 3] * 3, "valid")
    y = np.loadtxt(tmp_path / "y.csv", delimiter=",", skiprows=1, usecols=1)
    np.testing.assert_allclose(y, expected, rtol=1e-12)


@pytest.mark.parametrize("fs", [100.0361, 99.951, 59.9401])
@pytest.mark.parametrize("round_by", [round, lambda x, _: int(x * 1000) / 1000])
def test_a_rate_fits_every_stamp_of_its_column(table, fs, round_by):
    times = [round_by(k / fs, 3) for k in range(3000)]
    found = probe(table([f"{t:.3f}" for t in times]), time_column="t").fs
    off = np.array(times) - np.arange(3000) / found
    assert np.ptp(off) < 1.11e-3 + 1e-4


@pytest.mark.parametrize(
    ("stamps", "made"),
    [
        (["0.00", "0.01", "0.04", "0.05"], ["0.02", "0.03", "0.06", "0.07"]),
        (
            ["15.07.2024 10:00", "15.07.2024 10:01", "15.07.2024 10:03"],
            ["15.07.2024 10:02", "15.07.2024 10:04", "15.07.2024 10:05"],
        ),
        (["11:59:58 AM", "11:59:59 AM", "12:00:01 PM"], ["12:00:00 PM", "12:00:02 PM", "12:00:03 PM"]),
        (["1700000000000", "1700000000020", "1700000000060"], ["1700000000040", "1700000000080", "1700000000100"]),
    ],
)
def test_stamps_of_rows_that_are_made_are_in_the_form_of_the_others(table, tmp_path, stamps, made):
    echo = [{"use": "fir", "taps": [1, 0, 1]}]
    pipe = Pipeline(echo, time_column="t", gaps="interpolate")
    pipe.run_file(table(stamps), tmp_path / "y.csv")
    written = stamps_of(tmp_path / "y.csv")
    assert [one for one in written if one not in stamps] == made
    assert [one for one in written if one in stamps] == stamps


def test_split_runs_each_part_from_rest_and_keeps_every_stamp(table, tmp_path):
    stamps = [0, 1, 2, 5, 6, 9.5, 10.5, 11.5]
    pipe = Pipeline([{"use": "fir", "taps": [1, 1, 1]}], time_column="t", gaps="split", tail="trim")
    report = pipe.run_file(table(stamps), tmp_path / "y.csv")
    y = np.loadtxt(tmp_path / "y.csv", delimiter=",", skiprows=1)
    assert stamps_of(tmp_path / "y.csv") == list(map(str, stamps))
    assert y[:, 1].tolist() == [0, 1, 3, 3, 7, 5, 11, 18]  # running sums of 0..7, begun anew at 3 and 5
    assert any("gaps: split runs 3 parts, each from rest" in one for one in report.warnings)


@pytest.mark.parametrize(
    ("stage", "options", "words"),
    [
        ({"use": "resample", "fs": 2}, {}, "a stage that changes the rate; set gaps: interpolate"),
        ({"use": "match", "template": [0, 1, 0]}, {}, "a stage that finds; set gaps: nan and nonfinite: propagate"),
        ({"use": "gain", "gain": 1}, {"pre_roll": "keep"}, "pre_roll: keep, which is for one signal; leave it out"),
    ],
)
def test_what_has_no_meaning_in_parts_is_refused(table, tmp_path, stage, options, words):
    pipe = Pipeline([stage], time_column="t", gaps="split", **options)
    with pytest.raises(UsageError, match="gaps: split cannot be with " + words):
        pipe.run_file(table([0, 1, 2, 5, 6]), tmp_path / "y.csv")


@needs_recordings
@pytest.mark.parametrize(
    ("name", "column", "options"),
    [
        ("sensor/ax3_accelerometer.csv", 0, {"gaps": "split"}),
        ("sensor/ambient_temperature_system_failure.csv", "timestamp", {"gaps": "split"}),
        ("motif/muscle_activation.csv", "Seconds", {}),
        ("ecg/mitdb100.csv", "start_s", {"columns": ["is_beat"], "fs": 1.26, "gaps": "split"}),
    ],
)
def test_every_stamp_of_a_real_table_comes_back_text_for_text(tmp_path, name, column, options):
    source = RECORDINGS / "timeseries" / name
    pipe = Pipeline(SMOOTH, edges="hold", time_column=column, **options)
    pipe.run_file(source, tmp_path / "y.csv")
    lines = [[line.split(",")[0] for line in path.read_text().splitlines()] for path in (source, tmp_path / "y.csv")]
    assert lines[0] == lines[1]


def test_a_full_temporary_folder_is_told_as_a_full_disk_is(table, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr("pipeline.io.timecolumn.write_all", full)
    with pytest.raises(DiskFullError, match=r"x\.csv, its times in a temporary file: No space left on device"):
        read_signal(table([0, 1, 2]), time_column="t")


def test_an_output_of_another_rate_has_stamps_of_its_own_and_one_with_pre_roll_those_before(table, tmp_path):
    path = table([0, 1, 2, 3])
    Pipeline([{"use": "resample", "fs": 2}], time_column="t").run_file(path, tmp_path / "y.csv")
    assert stamps_of(tmp_path / "y.csv")[:3] == ["0.0", "0.5", "1.0"]
    early = Pipeline(SMOOTH, time_column="t", pre_roll="keep")
    early.run_file(path, tmp_path / "z.csv")
    assert stamps_of(tmp_path / "z.csv") == ["-1", "0", "1", "2", "3", "4"]


STAMPS = """2024-03-01T10:00:05 2024-03-01_10:00:05.25 2024-03-01T10:00:05.123456 2024-03-01T10+01:00
2024-03-01T10-01:30 2024-W05-1T10:00:05 2024-03-01T10:00:60 2024-03-01T10:00:05. 2024-03-01T10.00:05
1969-07-28T18,12:39.493 2024-02-30T10:00:05
2024-03-01T25:00:05 2024-03-01T10:00:05.1234567 2024-03-01T10:00:05Z 0001-01-01T00:00:00"""


@pytest.mark.parametrize("text", STAMPS.split())
def test_a_stamp_is_read_alike_whether_its_minute_is_known_or_not(text, monkeypatch):
    twice = parse_stamp(text), parse_stamp(text)
    monkeypatch.setattr("pipeline.io.stamps._minute", lambda _: None)
    assert (parse_stamp(text),) * 2 == twice


@pytest.mark.parametrize(
    ("stamps", "made"),
    [
        (["'0:59.500'", "'0:59.750'", "'1:00.250'"], "1:00.000"),
        (["23:58:00", "23:59:00", "24:00:00", "24:02:00"], "24:01:00"),
        (["1 days 23:59:58", "1 days 23:59:59", "2 days 00:00:01"], "2 days 00:00:00"),
        (["1-Jul-2024 10:00:00.250", "1-Jul-2024 10:00:00.500", "1-Jul-2024 10:00:01.000"], "01-Jul-2024 10:00:00.750"),
        (["Jul 15 2024 10:00:01", "Jul 15 2024 10:00:02", "Jul 15 2024 10:00:04"], "Jul 15 2024 10:00:03"),
        (["2024-07-15 10:00:01 UTC", "2024-07-15 10:00:02 UTC", "2024-07-15 10:00:04 UTC"], "2024-07-15 10:00:03 UTC"),
    ],
)
def test_a_stamp_that_is_made_has_the_form_of_the_others(table, tmp_path, stamps, made):
    Pipeline(SMOOTH, edges="hold", time_column="t", gaps="interpolate").run_file(table(stamps), tmp_path / "y.csv")
    assert stamps_of(tmp_path / "y.csv") == [*stamps[:-1], made, stamps[-1]]


@pytest.mark.parametrize(
    ("stamps", "second"),
    [
        (["15.07.2024 10:00:00", "15.07.2024 10:00:01", "15.07.2024 10:00:02"], "15.07.2024 10:00:00.500000"),
        (["15.07.2024 10:00", "15.07.2024 10:01", "15.07.2024 10:02"], "15.07.2024 10:00:30.000000"),
        (["15.07.2024", "16.07.2024", "17.07.2024"], "15.07.2024 12:00:00.000000"),
        (["10:00:00.5", "10:00:01.0", "10:00:01.5"], "10:00:00.750000"),
        (["0:00.5", "0:01.0", "0:01.5"], "0:00.750000"),
    ],
)
def test_stamps_of_a_higher_rate_do_not_fall_together(table, tmp_path, stamps, second):
    path = table(stamps)
    fs = probe(path, time_column="t").fs
    resample = {"use": "resample", "fs": 2 * fs}
    Pipeline([resample], time_column="t").run_file(path, tmp_path / "y.csv")
    assert stamps_of(tmp_path / "y.csv")[1] == second


@pytest.mark.parametrize(
    ("stamps", "last"),
    [
        (
            ["2026-01-01T00:00:00", "2026-01-01T00:00:00.250000", "2026-01-01T00:00:00.500000"],
            "2026-01-01T00:00:01.500000",
        ),
        (["2026-01-01", "2026-01-01 12:00", "2026-01-02"], "2026-01-04 00:00"),
    ],
)
def test_stamps_behind_the_end_show_as_much_as_the_longest_of_the_input(tmp_path, stamps, last):
    """A first stamp on a whole second has no decimals where `isoformat` wrote it; what is made has them."""
    (tmp_path / "a.csv").write_text("t,y\n" + "".join(f"{stamp},1\n" for stamp in stamps))
    Pipeline([{"use": "delay", "delay": "4 samples"}], time_column="t").run_file(tmp_path / "a.csv", tmp_path / "b.csv")
    rows = (tmp_path / "b.csv").read_text().splitlines()[1:]
    assert [row.partition(",")[0] for row in (*rows[:3], rows[-1])] == [*stamps, last]
    assert len({row.partition(",")[0] for row in rows}) == 7
