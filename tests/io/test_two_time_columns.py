"""Times that stand in several columns: joined for the rate, and written back column by column, text for text."""

import csv
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from pipeline import Pipeline
from pipeline.errors import ReadError
from pipeline.io import open_reader, probe, read_signal
from pipeline.stages.gain import Gain

X = [1.5, -2.0, 0.25, 3.0, 4.0, -1.0, 0.5, 8.0]


def rows(form, *, step=1.0, of=X, start=datetime(2024, 7, 15, 23, 59, 57)):
    """A row of a form for each value: ``%`` is of the time, ``{}`` the value."""
    return "".join(f"{(start + timedelta(seconds=k * step)).strftime(form).format(x)}\n" for k, x in enumerate(of))


TABLES = {
    "side by side": ("Date,Time,Temp\n" + rows("%Y-%m-%d,%H:%M:%S,{}"), ["Date", "Time"], {}),
    "apart": ("Date;Temp;Time\n" + rows("%d.%m.%Y;{};%H:%M:%S"), ["Date", "Time"], {}),
    "time before date": ("Time,Date,Temp\n" + rows("%H:%M:%S,%Y/%m/%d,{}"), ["Date", "Time"], {}),
    "blanks and no header": (rows("%Y-%m-%d %H:%M:%S {}"), [0, 1], {}),
    "half days": ("Date\tTime\tTemp\n" + rows("%m/%d/%Y\t%I:%M:%S %p\t{}"), ["Date", "Time"], {}),
    "months in words": ('Day,Clock,Temp\n' + rows('"%b %d, %Y",%H:%M:%S,{}'), ["Day", "Clock"], {}),
    "words in quotes": ('Day,Clock,Temp\n' + rows('"%d %b %Y",%H:%M:%S,{}'), [0, "Clock"], {}),
    "milliseconds": ("Date,Time,Temp\n" + rows("%Y-%m-%d,%H:%M:%S.%f,{}", step=0.004), ["Date", "Time"], {}),
    "a zone": ("Date,Time,Temp\n" + rows("%Y-%m-%d,%H:%M:%SZ,{}"), ["Date", "Time"], {}),
    "minutes": ("Date,Time,Temp\n" + rows("%d/%m/%Y,%H:%M,{}", step=60), ["Date", "Time"], {}),
    "units": ("Date,Time,Temp\n-,hh:mm:ss,°C\n" + rows("%Y-%m-%d,%H:%M:%S,{}"), ["Date", "Time"], {}),
    "year, day and hour": (
        "Year,Day,HHMM,Temp\n" + rows("%Y,%j,%H%M,{}", step=60),
        ["Year", "Day", "HHMM"],
        {"table": {"time_format": "%Y %j %H%M"}},
    ),
    "five columns": (
        "YY MM DD hh mm Temp\n" + rows("%Y %m %d %H %M {}", step=600),
        ["YY", "MM", "DD", "hh", "mm"],
        {"table": {"time_format": "%Y %m %d %H %M"}},
    ),
    "seconds of another clock": (
        "Date,Time,Temp\n" + rows("%y%m%d,%H%M%S,{}"),
        ["Date", "Time"],
        {"table": {"time_format": "%y%m%d %H%M%S"}},
    ),
}  # fmt: skip


def stamps(path, columns):
    """Cells of a written file in these columns, parted by hand."""
    return [[line.split(",")[k] for k in columns] for line in Path(path).read_text().splitlines()]


@pytest.mark.parametrize("name", TABLES)
def test_both_columns_come_back_as_they_were(tmp_path, name):
    text, columns, options = TABLES[name]
    (tmp_path / "x.csv").write_text(text, encoding="utf-8")
    Pipeline([Gain(gain=1)]).run_file(tmp_path / "x.csv", tmp_path / "y.csv", time_column=columns, **options)
    step = {"milliseconds": 0.004, "minutes": 60, "year, day and hour": 60, "five columns": 600}.get(name, 1)
    x, info = read_signal(tmp_path / "x.csv", time_column=columns, **options)
    assert info.fs == pytest.approx(1 / step)
    assert x[:, 0].tolist() == X
    delimiter = next(mark for mark in "\t;, " if mark in text)
    own = [row for row in csv.reader(text.splitlines(), delimiter=delimiter) if "°C" not in row]
    written = (tmp_path / "y.csv").read_text(encoding="utf-8").splitlines()
    assert list(csv.reader(written, delimiter=delimiter)) == own


def test_a_row_that_is_made_has_both_columns(tmp_path):
    text = "Time,Temp,Date\n" + rows("%H:%M:%S,{},%d.%m.%Y").replace("23:59:59,0.25,15.07.2024\n", "")
    (tmp_path / "x.csv").write_text(text)
    pipe = Pipeline([Gain(gain=1)], time_column=["Date", "Time"], gaps="interpolate")
    pipe.run_file(tmp_path / "x.csv", tmp_path / "y.csv")
    assert stamps(tmp_path / "y.csv", (0, 2))[2:5] == [
        ["23:59:58", "15.07.2024"],
        ["23:59:59", "15.07.2024"],
        ["00:00:00", "16.07.2024"],
    ]


def test_another_rate_and_rows_before_the_first_have_both_columns(tmp_path):
    (tmp_path / "x.csv").write_text("Date,Time,Temp\n" + rows("%Y-%m-%d,%H:%M:%S,{}"))
    Pipeline([{"use": "resample", "fs": 2}], time_column=["Date", "Time"]).run_file(
        tmp_path / "x.csv", tmp_path / "y.csv"
    )
    assert stamps(tmp_path / "y.csv", (0, 1))[1:4] == [
        ["2024-07-15", "23:59:57.000000"],
        ["2024-07-15", "23:59:57.500000"],
        ["2024-07-15", "23:59:58.000000"],
    ]
    smooth = [{"use": "smooth", "length": "3 samples", "phase": "zero"}]
    early = Pipeline(smooth, time_column=["Date", "Time"], pre_roll="keep")
    early.run_file(tmp_path / "x.csv", tmp_path / "z.csv")
    assert stamps(tmp_path / "z.csv", (0, 1))[1:3] == [["2024-07-15", "23:59:56"], ["2024-07-15", "23:59:57"]]


def test_a_parquet_holds_one_column_of_times(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    (tmp_path / "x.csv").write_text("Date,Temp,Time\n" + rows("%Y-%m-%d,{},%H:%M:%S"))
    Pipeline([Gain(gain=1)]).run_file(tmp_path / "x.csv", tmp_path / "y.parquet", time_column=["Date", "Time"])
    table = parquet.read_table(tmp_path / "y.parquet")
    assert table.column_names == ["Date Time", "Temp"]
    assert table["Date Time"][3].as_py() == datetime(2024, 7, 16)
    with pytest.raises(ReadError, match=r"time_column: is one column of a Parquet, got \['Date Time', 'Temp'\]"):
        probe(tmp_path / "y.parquet", time_column=["Date Time", "Temp"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("15,23:59:59", "15,"), r"line 4, column 'Time' '' is no part of a time as the first row has one"),
        (("2024-07-15,23:59:57", ",23:59:57"), r"line 2, column 'Date' '' is no part of a time"),
        (("23:59:58", "23:59:58 x"), r"line 3, column 'Time' '23:59:58 x' is no part of a time as the first row"),
        (("23:59:58", "noon"), r"line 3, column 'Date Time': '2024-07-15 noon' is no time"),
        (("2024-07-15,23:59:57,1.5", "2024-07-15"), "line 2 has 1 column, the first row has 3|has no column"),
        (("23:59:58", "23:59:59"), "line 4, column 'Date Time': the time does not go on"),
    ],
)
def test_what_is_no_date_and_time_is_told_by_its_line(tmp_path, change, words):
    (tmp_path / "x.csv").write_text(("Date,Time,Temp\n" + rows("%Y-%m-%d,%H:%M:%S,{}")).replace(*change, 1))
    with pytest.raises(ReadError, match=words):
        read_signal(tmp_path / "x.csv", time_column=["Date", "Time"])


def test_taps_beside_such_a_table_need_no_times(tmp_path):
    (tmp_path / "x.csv").write_text("Date,Time,Temp\n" + rows("%Y-%m-%d,%H:%M:%S,{}"))
    (tmp_path / "h.txt").write_text("1\n0.5\n")
    pipe = Pipeline([{"use": "fir", "taps": str(tmp_path / "h.txt")}], time_column=["Date", "Time"], tail="trim")
    pipe.run_file(tmp_path / "x.csv", tmp_path / "y.csv")
    values = [float(value) for (value,) in stamps(tmp_path / "y.csv", (2,))[1:]]
    np.testing.assert_allclose(values, np.convolve(X, [1, 0.5])[: len(X)], atol=1e-15)


@pytest.mark.parametrize(
    ("form", "step"),
    [("%Y%m%d", 86400), ("%Y%m%d%H", 3600), ("%Y%m%d%H%M", 60), ("%Y%m%d%H%M%S", 1), ("%Y%m%dT%H%M%S", 1),
     ("%Y%m%dT%H%MZ", 60), ("%Y%m%dT%H%M%S+02:00", 1)],
)  # fmt: skip
def test_dates_without_marks_are_dates_and_what_is_made_between_them_too(tmp_path, form, step):
    text = "date,v\n" + rows(form + ",{}", step=step)
    lines = text.splitlines()
    (tmp_path / "x.csv").write_text("\n".join([*lines[:5], *lines[6:]]))  # midnight lies before the fifth row
    pipe = Pipeline([Gain(gain=1)], time_column="date", gaps="interpolate")
    pipe.run_file(tmp_path / "x.csv", tmp_path / "y.csv")
    assert [line.split(",")[0] for line in (tmp_path / "y.csv").read_text().splitlines()] == [
        line.split(",")[0] for line in lines
    ]
    with open_reader(tmp_path / "x.csv", time_column="date", gaps="nan") as reader:
        assert reader.info.fs == pytest.approx(1 / step)
        told = "column 'date': its numbers are dates, as 20240715"
        assert any(told in note for note in reader.warnings) == (form.isalpha() or "T" not in form)


def test_numbers_that_are_no_dates_or_have_a_unit_stay_numbers(tmp_path):
    (tmp_path / "x.csv").write_text("t,v\n" + "".join(f"{20240101 + k},{k}\n" for k in range(9)))
    with open_reader(tmp_path / "x.csv", time_column="t", time_unit="ms") as reader:
        assert (reader.info.fs, reader.warnings) == (1000, [])
    assert probe(tmp_path / "x.csv", time_column="t").fs == pytest.approx(1 / 86400)
    (tmp_path / "y.csv").write_text("t,v\n" + "".join(f"{20240101 + k},{k}\n" for k in range(90)))
    assert probe(tmp_path / "y.csv", time_column="t").fs == 1  # a month has no 32nd
    (tmp_path / "z.csv").write_text("t,v\n" + "".join(f"{1721087990 + k / 100:.6f},{k}\n" for k in range(9)))
    with open_reader(tmp_path / "z.csv", time_column="t") as reader:
        assert (reader.info.fs, reader.warnings) == (100, [])  # an epoch of our time is doubted no more
    (tmp_path / "j.csv").write_text("t,v\n" + "".join(f"{2460507 + k / 24:.6f},{k}\n" for k in range(9)))
    with open_reader(tmp_path / "j.csv", time_column="t") as reader:
        assert "its numbers are taken as seconds, 24 Hz; set time_unit: d" in reader.warnings[-1]
