"""Tables as loggers write them: separators, decimal marks, comments, headers, units, dates, encodings, gaps."""

import re

import numpy as np
import pytest

from pipeline.errors import ReadError
from pipeline.io import open_reader, probe

TIMES = [k / 10 for k in range(40)]
X = np.array([k * k % 17 for k in range(40)], float)
ROWS = "".join(f"{t:.1f},{x:.0f}\n" for t, x in zip(TIMES, X, strict=True))


def stamped(stamp):
    return "time,temp\n" + "".join(f"{stamp(k)},{x:.0f}\n" for k, x in enumerate(X))


@pytest.fixture
def read(tmp_path):
    def go(text, **options):
        path = tmp_path / "x.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        with open_reader(path, **{"time_column": "time", **options}) as reader:
            return np.concatenate([*reader.blocks(1000)])[:, 0], reader.info, reader.warnings

    return go


@pytest.mark.parametrize(
    "text",
    [
        "time,temp\ns,degC\n" + ROWS,
        "time,temp\n[s],[°C]\n" + ROWS,
        "Logger,X1\ntime,temp\ns,degC\n" + ROWS,
        "; logger\n; rate: 10 Hz\ntime,temp\n" + ROWS,
        "% logger\ntime,temp\n" + ROWS,
        "// logger\ntime,temp\n" + ROWS,
        "Device: X1\nSerial: 123\n\ntime,temp\n" + ROWS,
        "Device,X1\nSerial,123\n\ntime,temp\n" + ROWS,
        "sep=;\ntime;temp\n" + ROWS.replace(",", ";"),
        "time,temp,\n" + ROWS.replace("\n", ",\n"),
        "time,temp\n" + ROWS.replace("\n", ",\n"),
        "time temp\n" + ROWS.replace(",", "   "),
        "  time temp\n" + "".join(f"   {row}\n" for row in ROWS.replace(",", "  ").splitlines()),
        "time|temp\n" + ROWS.replace(",", "|"),
        "time;temp\n" + ROWS.replace(",", ";").replace(".", ","),
        "time temp\n" + ROWS.replace(",", " ").replace(".", ","),
        '"time","temp"\n' + "".join(f'"{t:.1f}","{x:.0f}"\n'.replace(".", ",") for t, x in zip(TIMES, X, strict=True)),
        "time,temp\r" + ROWS.replace("\n", "\r"),
        "'time','temp'\n's','mV'\n" + ROWS,
        "'time','temp'\n'hh:mm:ss.mmm','mV'\n" + "".join(f"'0:{row[:3]:0>4}00',{row[4:]}\n" for row in ROWS.split()),
        "time,temp\nseconds,Deg C\n" + ROWS,
        '"TOA5","x","1"\n"time","temp"\n"TS","Deg"\n"","Avg"\n' + ROWS,
        "Plot Title: x\n#,time,temp,Stopped\n" + "".join(f"{k},{row},\n" for k, row in enumerate(ROWS.split())),
        "***End_of_Header***\t\ntime\ttemp\tComment\n" + ROWS.replace(",", "\t").replace("\n", "\t\n"),
        "# made by a program\n# time,temp\n" + ROWS,
        "# time temp\n" + ROWS.replace(",", " "),
        '"time" "temp"\n' + "".join(f"{k} {row}\n" for k, row in enumerate(ROWS.replace(",", " ").splitlines())),
        "time,temp\n" + ROWS + ",\n,\n",
        ("time\ttemp\n" + ROWS.replace(",", "\t")).encode("utf-16-le"),
        ("time\ttemp\n" + ROWS.replace(",", "\t")).encode("utf-16-be"),
    ],
)
def test_a_table_is_read_whatever_its_dialect(read, text):
    x, info, _ = read(text, columns=["temp"])
    np.testing.assert_array_equal(x, X)
    assert (info.fs, info.names) == (10.0, ("temp",))


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16", "utf-8-sig"])
def test_a_text_in_another_encoding_is_read_and_told(read, encoding):
    x, info, warnings = read(("time,T (°C)\n" + ROWS).encode(encoding))
    np.testing.assert_array_equal(x, X)
    assert info.names == ("T (°C)",)
    assert (encoding == "latin-1") == any("is not UTF-8; read as Windows-1252" in one for one in warnings)


def test_lines_above_a_table_that_are_no_comments_are_told(read):
    _, _, warnings = read("Device: X1\nSerial: 123\n\ntime,temp\n" + ROWS)
    assert warnings == ["2 lines above the table passed over, from 'Device: X1' on"]


@pytest.mark.parametrize(
    ("text", "table"),
    [
        ("time,temp\n9,9\n7,7\ntime,temp\n" + ROWS, {"skip": 3}),
        ("REM x\ntime,temp\n" + ROWS.replace("1.0,", "REM y\n1.0,", 1), {"comment": "REM"}),
        ("time;temp\n" + ROWS.replace(",", ";"), {"delimiter": ";", "decimal": "."}),
    ],
)
def test_a_form_that_cannot_be_seen_may_be_said(read, text, table):
    np.testing.assert_array_equal(read(text, table=table)[0], X)


@pytest.mark.parametrize(
    ("stamp", "fs", "table"),
    [
        (lambda k: f"15.07.2024 10:00:{k:02d}", 1, {}),
        (lambda k: f"15/07/2024 10:00:{k:02d}", 1, {}),
        (lambda k: f"07/15/2024 10:00:{k:02d}", 1, {}),
        (lambda k: f"2024/07/15 10:00:{k:02d}", 1, {}),
        (lambda k: f"07/15/24 11:59:{k + 25} AM" if k < 35 else f"07/15/24 12:00:{k - 35:02d} PM", 1, {}),
        (lambda k: f"10:00:{k:02d}", 1, {}),
        (lambda k: f"23:59:{k + 30}" if k < 30 else f"00:00:{k - 30:02d}", 1, {}),
        (lambda k: f"10:00:{k / 4:06.3f}", 4, {}),
        (lambda k: f"2024-07-15T10:00:00.{125 * k:09d}", 8e6, {}),
        (lambda k: f"2024-07-15 {k + 1:02d}:00" if k < 24 else f"2024-07-16 {k - 23:02d}:00", 1 / 3600, {}),
        (lambda k: f"{15 + k // 24}.07.2024 {k % 24 + 1}:00:00", 1 / 3600, {}),
        (lambda k: f"2024-07-{30 + k // 24}T{k % 24 + 1:02d}:00Z", 1 / 3600, {}),
        (lambda k: f"{k % 24 + 1:02d}:00", 1 / 3600, {}),
        (lambda k: f"{k - 20}".replace("-", "\u2212"), 1, {}),
        (lambda k: f"{k}.0D+00", 1, {}),
        (lambda k: f"Jul 15 2024 10:00:{k:02d}", 1, {"time_format": "%b %d %Y %H:%M:%S"}),
        (lambda k: f"07/08/2024 10:00:{k:02d}", 1, {"time_format": "%d/%m/%Y %H:%M:%S"}),
    ],
)
def test_dates_and_clock_times_are_times(read, stamp, fs, table):
    x, info, _ = read(stamped(stamp), table=table)
    np.testing.assert_array_equal(x, X)
    assert info.fs == fs


def test_a_date_that_may_be_two_is_refused(read):
    with pytest.raises(
        ReadError, match=r"'07/08/2024 10:00:00' may be a day and a month or .*; set table: .time_format:"
    ):
        read(stamped(lambda k: f"07/08/2024 10:00:{k:02d}"))


@pytest.mark.parametrize(
    ("header", "stamp", "option"),
    [
        ("time", lambda k: 1_700_000_000_000 + 20 * k, {}),
        ("time", lambda k: 1_700_000_000_000_000 + 20_000 * k, {}),
        ("time", lambda k: 1_700_000_000_000_000_000 + 20_000_000 * k, {}),
        ("time", lambda k: f"{1_700_000_000 + 0.02 * k:.2f}", {}),
        ("time", lambda k: 20 * k, {"time_unit": "ms"}),
        ("time_ms", lambda k: 20 * k, {}),
        ("Time (us)", lambda k: 20_000 * k, {}),
        ("time [ns]", lambda k: 20_000_000 * k, {}),
        ("time\nms", lambda k: 20 * k, {}),
    ],
)
def test_the_unit_of_times_is_said_or_told_by_the_header_or_by_an_epoch_of_our_days(read, header, stamp, option):
    text = stamped(stamp)
    name, _, unit = header.partition("\n")
    text = text.replace("time,temp", f"{name},temp" + (f"\n{unit},degC" if unit else ""))
    x, info, warnings = read(text, time_column=name, **option)
    np.testing.assert_array_equal(x, X)
    assert info.fs == 50.0
    told = any("its numbers are" in one and "set time_unit: for others" in one for one in warnings)
    assert told == (not option and "." not in text)


def test_a_rate_that_says_another_unit_names_it(read):
    with pytest.raises(ReadError, match=r"its median step is 20 s, fs says 0\.02 s; set time_unit: ms"):
        read(stamped(lambda k: 20 * k), fs=50)


@pytest.mark.parametrize("cell", ["", "NA", "N/A", "null", "None", "-", "--", "#N/A", "?", "NaN"])
def test_a_missing_value_is_a_gap_as_a_missing_row_is_one(read, cell):
    text = "time,temp\n" + ROWS.replace("0.5,8", f"0.5,{cell}").replace("0.6,2", f"0.6,{cell}")
    x, _, _ = read(text, gaps="nan")
    np.testing.assert_array_equal(x, np.where(np.isin(np.arange(40), [5, 6]), np.nan, X))
    x, _, warnings = read(text, gaps="interpolate")
    line = X[4] + (X[7] - X[4]) * np.arange(4) / 3
    np.testing.assert_allclose(x, np.concatenate([X[:4], line, X[8:]]), rtol=1e-15)
    assert warnings == [
        "gaps: interpolate made 2 missing values; the longest stretch is 2 frames (0.2 s) before line 9"
    ]
    if cell != "NaN":  # which is a number, and what nonfinite: is for
        with pytest.raises(ReadError, match=r"line 7, column 'temp' .*a missing value; set gaps: interpolate or nan"):
            read(text)


def test_missing_values_at_the_ends_are_held_and_a_column_without_any_is_refused(read):
    x, _, _ = read("time,temp\n0,NA\n1,5\n2,6\n3,\n", gaps="interpolate")
    assert x.tolist() == [5, 5, 6, 6]
    with pytest.raises(ReadError, match="a column has no value at all; leave it out with columns:"):
        read("time,temp\n0,\n1,\n2,\n", gaps="interpolate")


def test_a_value_that_stands_for_a_missing_one_may_be_said(read):
    text = "time,temp\n0,1\n1,-999.0\n2,OFL\n3,4\n"
    x, _, _ = read(text, gaps="interpolate", table={"missing": [-999, "OFL"]})
    np.testing.assert_allclose(x, [1, 2, 3, 4], rtol=1e-15)


@pytest.mark.parametrize(("limit", "fits"), [("2 s", True), ("2 samples", True), ("1 s", False), ("0 s", False)])
def test_gaps_of_rows_and_of_values_are_filled_up_to_a_limit(read, limit, fits):
    for text, words in (
        ("time,temp\n0,0\n1,1\n2,2\n5,5\n6,6\n", "line 5, .*: 2 rows are missing, more than max_gap"),
        (
            "time,temp\n0,0\n1,1\n2,2\n3,\n4,\n5,5\n6,6\n",
            "2 values in a row are missing before line 7, 2 s: the limit is",
        ),
    ):
        if fits:
            np.testing.assert_allclose(read(text, gaps="interpolate", max_gap=limit)[0], np.arange(7), rtol=1e-15)
        else:
            with pytest.raises(ReadError, match=words):
                read(text, gaps="interpolate", max_gap=limit)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("time;temp\n0;1,008\n1;2,009\n", r"'1,008' has a decimal comma, or one between thousands"),
        ("t,v\n2022-09-01T00:00:00,1\n2022-09-01T00:00:01,2\n", "is no number, but a time; set time_column: t"),
        ("time,v\n0,1\n1,2\n", "name its time column, such as time_column: time"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused_with_what_to_set(tmp_path, text, words):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(ReadError, match=words):
        probe(tmp_path / "x.csv")


@pytest.mark.parametrize("first", ["nan,1.5", ",1.5", "inf,1.5", "-nan,1.5", "NA,1.5"])
def test_a_first_row_with_a_gap_is_no_header(tmp_path, first):
    (tmp_path / "x.csv").write_text(f"{first}\n2,3\n4,5\n")
    with open_reader(tmp_path / "x.csv", fs=10, gaps="nan") as reader:
        assert (reader.info.frames, reader.info.names) == (3, ())
        np.testing.assert_array_equal(reader.read(9)[:, 1], [1.5, 3, 5])


@pytest.mark.parametrize(
    "cell", ["", "NA", "missing", "<NA>", "n.a.", r"\N", ".", "null", "-", "#DIV/0!", "#N/A", "-1.#IND", "-nan(ind)"]
)
def test_a_value_that_is_missing_is_known_however_it_is_written(read, cell):
    text = "time,temp\n" + ROWS.replace(",9\n", f",{cell}\n", 1)
    assert read(text, gaps="interpolate")[2][0].startswith("gaps: interpolate made 1 missing value;")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("x\n1\n\u22122\n3\n", [1, -2, 3]),
        ("\u22121\n\u22122\n", [-1, -2]),
        ("x;y\n\u22121,5;1\n\u22122,5;2\n", [-1.5, -2.5]),
        ("x\n1e\u22123\n2e\u22123\n", [1e-3, 2e-3]),
        ("x\n\u22121'234.5\n1'234.5\n", [-1234.5, 1234.5]),
        ("x\n1.0D+00\n2.5d-01\n3.D2\n-.5D0\n", [1, 0.25, 300, -0.5]),
        ("1.0D+00 1\n2.5D-01 2\n", [1, 0.25]),
    ],
)
def test_true_minus_signs_and_exponents_of_fortran_are_numbers(read, text, values):
    np.testing.assert_array_equal(read(text, time_column=None, fs=1)[0], values)


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ('"Temp\n(\xb0C)",b', ("Temp (\xb0C)", "b")),
        ('b,"Temp\r\n(\xb0C)\r\n[raw]"', ("b", "Temp (\xb0C) [raw]")),
        ('"a\n\nb","c\nd"', ("a b", "c d")),
        ('5" pipe\nlogger "A"\na,b', ("a", "b")),
    ],
)
def test_a_name_of_several_lines_is_one_name_and_costs_no_row(read, header, names):
    x, info, _ = read(f"{header}\n1,2\n3,4\n5,6\n", time_column=None, fs=1)
    assert (info.names, x.tolist()) == (names, [1, 3, 5])


def test_where_there_is_one_column_no_other_is_to_be_chosen(read):
    with pytest.raises(ReadError, match=r"line 3, column 'x' 'bad' is no number; mend it \(a row is a frame"):
        read("x\n1\nbad\n", time_column=None, fs=1)


BROKEN = "stands above the first row of numbers and looks like a row, but for"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("time,x\n0.0,OL\n0.1,1\n0.2,2\n0.3,3\n", rf"line 2 {BROKEN} 'OL': mend it, or table: \{{missing: \['OL'\]\}}"),
        ("0.0,OL\n0.1,1\n0.2,2\n", rf"line 1 {BROKEN} 'OL': mend it, .*, table: \{{skip: 0\}} that the line is"),
        ("2024-07-15 10:00:00,OL\n2024-07-15 10:00:01,1\n2024-07-15 10:00:02,1\n", rf"line 1 {BROKEN} 'OL'"),
        ("x\n<0.5\n1\n2\n", rf"line 2 {BROKEN} '<0.5'"),
        ("x\n0x1F\n1\n2\n", rf"line 2 {BROKEN} '0x1F'"),
        ("x\n3D2\n1\n2\n", rf"line 2 {BROKEN} '3D2'"),
        ("x\n0.5D4773\n1\n2\n", rf"line 2 {BROKEN} '0.5D4773'"),
        ("x\n\u200b1\n1\n2\n", rf"line 2 {BROKEN}"),
        ("x,y\n5 mV,6 mV\n1,2\n2,3\n", rf"line 2 {BROKEN} '5 mV'"),
    ],
)
def test_a_first_row_with_a_cell_that_is_no_number_is_not_lost(read, text, words):
    with pytest.raises(ReadError, match=words):
        read(text, time_column="time" if "time" in text else None, fs=10)


def test_what_is_said_of_a_first_row_is_done(read):
    text = "time,x\n0.0,OL\n0.1,1\n0.2,2\n"
    np.testing.assert_array_equal(read(text, table={"missing": ["OL"]}, gaps="nan")[0], [np.nan, 1, 2])
    x, info, _ = read(text, table={"skip": 1}, time_column=None, fs=1, columns=[1])
    assert (info.names, x.tolist()) == (("OL",), [1, 2])
    np.testing.assert_array_equal(
        read("x\nOL\n1\n2\n", table={"missing": ["OL"]}, gaps="nan", time_column=None, fs=1)[0], [np.nan, 1, 2]
    )


@pytest.mark.parametrize("header", ["time,1,2", "0,1,label", "OL,1.5,2", "2 m,10 m,50 m", "s,2024-07-15,2024-07-16"])
def test_a_header_with_numbers_is_one_and_is_told(read, header):
    _, info, notes = read(f"{header}\n0,5,6\n1,6,7\n", time_column=None, fs=1)
    assert (info.frames, info.names) == (2, tuple(header.split(",")))
    assert notes == [f"line 1 is taken for a header and no row, though it holds numbers: {', '.join(info.names)!r}"]


@pytest.mark.parametrize(
    "last", ["Total,15", "EOF", "# end of file", "End of file", "Sum,", "--- end ---", "(40 rows)"]
)
def test_a_last_line_of_words_may_be_passed_over(read, last):
    text = stamped(lambda k: k) + last + "\n"
    if last.startswith("#"):
        assert read(text)[1].frames == 40
        return
    word = last.split(",")[0].split()[0]
    if not word.startswith("-"):
        fix = re.escape(f'table: {{comment: "{word}"}} passes over lines that begin so')
        with pytest.raises(ReadError, match=rf"line 42.*{fix}"):
            read(text)
    assert read(text, table={"comment": word})[1].frames == 40


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x\n1\n2\0\n3\n", "text that holds NUL characters, the first at byte 5; .* take them out: tr -d"),
        (
            "x\n" + "1\n" * 9000 + "\0" * 50,
            r"line 9002, column 'x' holds NUL characters, which a recorder or a copy leaves",
        ),
        ("x\n1\n".encode("utf-32"), "a text in UTF-32; convert it: iconv -f UTF-32 -t UTF-8 IN.csv > OUT.csv"),
        ("x\n1\n".encode("utf-32-be").join([b"\0\0\xfe\xff", b""]), "a text in UTF-32; convert it"),
    ],
)
def test_a_text_of_other_characters_is_told(read, text, words):
    with pytest.raises(ReadError, match=words):
        read(text, time_column=None, fs=1)


@pytest.mark.parametrize(("zone", "then", "has"), [("+02:00", "", "no"), ("Z", "", "no"), ("", "Z", "a")])
def test_a_row_whose_time_loses_its_zone_is_no_gap(read, zone, then, has):
    text = stamped(lambda k: f"2024-07-15T10:00:{k:02d}{zone if k < 30 else then}")
    fix = "write the same in all rows"
    with pytest.raises(ReadError, match=rf"line 32, .* has {has} time zone, the first time has .*; {fix}"):
        read(text, gaps="nan")


@pytest.mark.parametrize("sign", ["\f", "\x85", "\u2028", "\u2029"])
@pytest.mark.parametrize("text", ["a{}b,c\n1,2\n3,4\n5,6\n", "# a{}remark\na,c\n1,2\n3,4\n5,6\n"])
def test_what_ends_no_line_costs_no_row(read, text, sign):
    assert read(text.format(sign), time_column=None, fs=1)[0].tolist() == [1, 3, 5]


def test_a_word_among_numbers_may_be_said_to_be_a_missing_value(read):
    text = "time,temp\n" + ROWS.replace(",9\n", ",ERR\n", 1)
    with pytest.raises(ReadError, match=r"'ERR' is no number; .*, or table: \{missing: \['ERR'\]\} says that it is a"):
        read(text)
    assert np.isnan(read(text, gaps="nan", table={"missing": ["ERR"]})[0]).sum() == 1
    with pytest.raises(ReadError, match=r"'walk' is no number; choose others with columns: \[1\] \([^)]*\)$"):
        read("time,temp,act\n" + ROWS.replace("\n", ",walk\n"), columns=[2])


@pytest.mark.parametrize("cell", ["#N/A", "#DIV/0!"])
def test_a_missing_value_that_begins_as_a_comment_does_is_no_comment(read, cell):
    text = f"v,w\n1,2\n# a remark\n{cell},3\n4,5\n"
    x, info, _ = read(text, gaps="nan", time_column=None, fs=1)
    assert info.frames == 3
    np.testing.assert_array_equal(x, [1, np.nan, 4])
    with pytest.raises(ReadError, match=rf"line 4, column 'v' '{cell}': a missing value; set gaps: interpolate or nan"):
        read(text, time_column=None, fs=1)
    x, info, _ = read(f"# a remark\nmean\n{cell}\n{cell}\n1.5\n", gaps="nan", time_column=None, fs=1)
    np.testing.assert_array_equal(x, [np.nan, np.nan, 1.5])
    assert info.names == ("mean",)
