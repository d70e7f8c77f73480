"""Tables: where the rate comes from, time columns, gaps, channels, and exact numbers."""

import io
import json
import os
import struct
import zipfile
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import FaltungError, ReadError, UsageError
from pipeline.io import OutputFormat, SignalInfo, TimeColumn, open_reader, open_writer, probe, read_signal
from pipeline.io.arrays import npy_header
from pipeline.io.stamps import format_stamp, parse_stamp
from tests.io.helpers import names, noise, piped, save

SHAPE = "a row is a frame, a column a channel"


@pytest.fixture
def table(tmp_path):
    def put(text, name="x.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return put


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a,b\n1,2\n3,4\n", ("a", "b")),
        ("1,2\n3,4", ()),
        ("a;b\n1;2\n3;4\n", ("a", "b")),
        ("a\tb\r\n1\t2\r\n3\t4\r\n", ("a", "b")),
        ("\ufeffa,b\n1,2\n3,4\n", ("a", "b")),
        ("# by a logger\n# since May\na,b\n1,2\n\n# a note\n3,4\n", ("a", "b")),
        ('"a","b"\n"1", 2\n3e0,+4.0\n', ("a", "b")),
    ],
)
def test_columns_are_channels_and_the_header_names_them(table, text, names):
    x, info = read_signal(table(text), fs=10)
    np.testing.assert_array_equal(x, [[1, 2], [3, 4]])
    assert (info.names, info.fs, info.frames, info.container, info.subtype) == (names, 10, 2, "CSV", None)
    with piped(text.encode()) as pipe:
        np.testing.assert_array_equal(read_signal(pipe, fs=10)[0], x)


@pytest.mark.parametrize("rows", [0, 1, 2, 5000])
def test_blocks_of_a_table_are_its_rows(table, rows):
    text = "v\n" + "".join(f"{k / 7!r}\n" for k in range(rows))
    with open_reader(table(text), fs=1, dtype=np.float32) as reader:
        blocks = [reader.read(1999) for _ in range(4)]
        assert reader.info.frames == rows
    np.testing.assert_array_equal(np.concatenate(blocks)[:, 0], (np.arange(rows) / 7).astype(np.float32))


def test_without_a_rate_a_table_is_an_error_and_never_44100_hz(table, tmp_path):
    with pytest.raises(
        ReadError,
        match=r"tells no sampling rate: give fs:, name its time column, such as time_column: t \(columns: t, v\)",
    ):
        probe(table("t,v\n0,1\n1,2\n"))
    with pytest.raises(ReadError, match=r"\(columns: 2, without a header\)"):
        probe(table("0,1\n1,2\n"))
    np.save(tmp_path / "x.npy", np.zeros(5))
    with pytest.raises(ReadError, match="tells no sampling rate: give fs:"):
        probe(tmp_path / "x.npy")


def test_a_sidecar_tells_the_rate_and_fs_goes_before_it(table, tmp_path):
    path = table("1\n2\n")
    (tmp_path / "x.json").write_text('{"fs": 0.25}')
    assert probe(path).fs == 0.25
    assert probe(path, fs=8).fs == 8
    np.save(tmp_path / "x.npy", np.zeros((3, 2)))
    (tmp_path / "x.json").write_text('{"fs": 100, "names": ["left", "right"]}')
    info = probe(tmp_path / "x.npy", columns=["right"])
    assert (info.fs, info.names) == (100.0, ("right",))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "x.json: is no JSON"),
        ('{"fs": 0}', "fs must be a number of hertz from 1e-30 to 1e30, got 0"),
        ('{"fs": "8 kHz"}', "fs must be a number of hertz from 1e-30 to 1e30, got '8 kHz'"),
        ('{"fs": true}', "got True"),
        ('{"fs": 1, "names": "a"}', "names must be a list of texts, got 'a'"),
        ("[" * 9999, "is no JSON"),
        ('{"fs": 1' + "0" * 5000 + "}", "fs must be a number of hertz from 1e-30 to 1e30, got inf"),
        ('{"rate": 8}', "tells no sampling rate"),
        ('{"rate": 8, "rate": 9}', "tells no sampling rate"),
        ('{"fs": 8, "fs": 9}', r"x\.json: tells 'fs' twice; leave one of them"),
        ('{"names": ["a"], "fs": 8, "names": ["b"]}', "tells 'names' twice"),
        ('{"fs": 8, "t0": [5]}', r"t0 must be a number of seconds or a time, got \[5\]"),
        ('{"fs": 8, "t0": "soon"}', "t0 must be a number of seconds or a time, got 'soon'"),
        ('{"fs": 8, "t0": NaN}', "got nan"),
        ('{"fs": 8, "t0": null}', "got None"),
    ],
)
def test_a_broken_sidecar_is_told(table, tmp_path, text, words):
    path = table("1\n2\n")
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(ReadError, match=words):
        probe(path)


def test_names_of_other_channels_and_a_time_that_no_output_has_are_named(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((3, 2)))
    (tmp_path / "x.json").write_text('{"fs": 8, "names": ["a", "b", "c"], "t0": "2026-01-01"}')
    np.savez(tmp_path / "y.npz", x=np.zeros((3, 2)), fs=8, names=["a"])
    for path, words in (("x.npy", "3 names for 2 channels; left out"), ("y.npz", "1 name for 2 channels; left out")):
        with open_reader(tmp_path / path) as reader:
            assert (reader.info.names, reader.warnings) == ((), [words])
    _, info = read_signal(tmp_path / "x.npy")
    assert save(tmp_path / "z.wav", noise(3, 2), fs=8, source=info).notes[-1] == "metadata not carried: t0"
    assert save(tmp_path / "z.csv", noise(3, 2), fs=8, source=info).notes[-1] == "metadata not carried: t0"


@pytest.mark.parametrize("fs", [[8, 9], "8 kHz", 8 + 1j, True])
def test_the_rate_of_an_npz_is_one_number(tmp_path, fs):
    np.savez(tmp_path / "x.npz", x=np.zeros(3), fs=fs)
    with pytest.raises(ReadError, match=r"is no readable NPZ: its fs: must be one number of hertz, got"):
        probe(tmp_path / "x.npz")


def test_names_of_an_npz_in_bytes_are_texts(tmp_path):
    np.savez(tmp_path / "x.npz", x=np.zeros((3, 2)), fs=8, names=[b"a", b"b"])
    assert probe(tmp_path / "x.npz").names == ("a", "b")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_npz_with_an_array_twice_is_refused(tmp_path):
    np.savez(tmp_path / "x.npz", x=np.zeros(3), fs=8)
    with zipfile.ZipFile(tmp_path / "x.npz", "a") as archive:
        archive.writestr("x.npy", archive.read("x.npy"))
    with pytest.raises(ReadError, match=r"x\.npz: is no readable NPZ: its list of arrays: has one twice"):
        probe(tmp_path / "x.npz")


def test_a_name_that_leaves_no_room_for_that_of_a_sidecar_has_none(table):
    with pytest.raises(ReadError, match="tells no sampling rate"):
        read_signal(table("a\n1\n2\n3\n", f"{'x' * 251}.csv"))


@pytest.mark.parametrize("name", ["t.csv", "t.npy"])
@pytest.mark.parametrize("target", ["gone.json", "t.csv/in-a-file.json"])
def test_a_sidecar_that_is_a_link_to_nothing_is_told(table, tmp_path, name, target):
    path = table("a\n1\n2\n3\n")
    if name == "t.npy":
        np.save(path := tmp_path / name, noise(10))
    path.with_suffix(".json").symlink_to(target)
    with pytest.raises(ReadError, match=r"\.json: would tell the rate, and is a link to what is not there; mend"):
        read_signal(path)
    path.with_suffix(".json").unlink()
    with pytest.raises(ReadError, match="tells no sampling rate"):
        read_signal(path)


@pytest.mark.parametrize(
    ("times", "fs", "t0"),
    [
        (["0", "1", "2", "3"], 1.0, 0.0),
        (["1551178506.01", "1551178506.02", "1551178506.03"], 100.0, 1551178506.01),
        (["-0.5", "-0.4", "-0.3"], 10.0, -0.5),
        (["2024-01-01T00:00:00Z", "2024-01-01T00:01:00Z"], 1 / 60, 1704067200.0),
        (["2024-01-01 00:00:00.000", "2024-01-01 00:00:00.002"], 500.0, 1704067200.0),
        (["2024-02-28", "2024-02-29", "2024-03-01"], 1 / 86400, 1709078400.0),
        (["2024-03-31T01:00:00+01:00", "2024-03-31T03:00:00+02:00"], 1 / 3600, 1711846800.0),
    ],
)
def test_a_time_column_tells_the_rate_and_the_start(table, times, fs, t0):
    path = table("t,v\n" + "".join(f"{t},{k}\n" for k, t in enumerate(times)))
    x, info = read_signal(path, time_column="t")
    np.testing.assert_array_equal(x[:, 0], np.arange(len(times)))
    assert (info.fs, info.t0, info.names) == (fs, t0, ("v",))


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ("0 1 2 3.03 4", "line 5, column 't': a step of 1.03 s where the step is 1 s: over 1 % of jitter"),
        ("0 1 2 4 5", "line 5, column 't': a gap of 2 s where the step is 1 s; set gaps: interpolate or nan"),
        ("0 1 2 1 2", "line 5, column 't': the time does not go on"),
        ("0 1 1 2 3", "line 4, column 't': the time does not go on"),
        ("0 1 x 2", "line 4, column 't': 'x' is no time"),
        ("0 1 nan 2", "line 4, column 't': 'nan' is no time"),
        ("5", "1 rows tell no rate; give fs:"),
        ("", "0 rows tell no rate; give fs:"),
    ],
)
def test_a_time_column_that_is_not_even_is_told_by_its_line(table, times, words):
    path = table("t,v\n" + "".join(f"{t},0\n" for t in times.split()))
    with pytest.raises(ReadError, match=words):
        read_signal(path, time_column="t")


@pytest.mark.parametrize("step", ["0.9901", "1.0099"])
def test_jitter_up_to_one_percent_is_even(table, step):
    path = table("t,v\n" + "".join(f"{Decimal(k) + (k >= 3) * (Decimal(step) - 1)},0\n" for k in range(6)))
    assert probe(path, time_column="t").fs == 1.0


def test_a_given_rate_takes_uneven_rows_but_not_another_median(table):
    path = table("t,v\n" + "".join(f"{t},0\n" for t in (0, 33, 67.5, 100, 133)))
    with pytest.raises(ReadError, match="over 1 % of jitter; resample the series to an even grid, or give fs:"):
        probe(path, time_column="t")
    assert probe(path, time_column="t", fs=0.0301).frames == 5
    with pytest.raises(ReadError, match=r"its median step is 33 s, fs says 0\.0333333 s; set time_unit: ms"):
        probe(path, time_column="t", fs=30)
    with pytest.raises(
        ReadError, match=r"its median step is 33 s, fs says 7 s; is it in seconds\? if it counts rows, leave"
    ):
        probe(path, time_column="t", fs=1 / 7)


def test_gaps_are_filled_when_asked(table):
    path = table("t,a,b\n0,0,1\n1,1,1\n4,7,-2\n5,8,0\n")
    x, info = read_signal(path, time_column="t", gaps="interpolate")
    np.testing.assert_allclose(x, [[0, 1], [1, 1], [3, 0], [5, -1], [7, -2], [8, 0]], rtol=1e-15, atol=1e-15)
    assert info.frames == 6
    x, _ = read_signal(path, time_column="t", gaps="nan")
    np.testing.assert_array_equal(np.isnan(x).all(axis=1), [False, False, True, True, False, False])
    with pytest.raises(ReadError, match=r"a gap of 3 s where the step is 1 s; set gaps"):
        probe(path, time_column="t")


def test_a_gap_that_is_not_whole_steps_cannot_be_filled(table):
    with pytest.raises(ReadError, match="not of whole steps; resample the series first"):
        probe(table("t,v\n0,0\n1,0\n2,0\n4.5,0\n5.5,0\n"), time_column="t", gaps="nan")


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ({"gaps": "fill"}, "gaps: is error, interpolate, nan, split, got 'fill'"),
        ({"max_gap": "a while"}, "max_gap: cannot read 'a while' as a time"),
        ({"table": {"delimeter": ";"}}, "delimeter.*did you mean 'delimiter'"),
        ({"table": {"zone": "Europe/Berlinn"}}, "must be a time zone such as Europe/Berlin or UTC"),
        ({"table": {"time_format": "%Q"}}, "must be a form such as"),
        ({"table": {"encoding": "utf-9"}}, "must be an encoding such as utf-8, cp1252 or utf-16, got 'utf-9'"),
        ({"table": {"delimiter": ", "}}, "must be one character such as ';', or tab, or blanks"),
        ({"time_unit": "weeks"}, "time_unit: is s, ms, us, ns, min, h, d, got 'weeks'"),
    ],
)
def test_other_ways_of_reading_are_refused(table, option, words):
    with pytest.raises(FaltungError, match=words):
        probe(table("t,v\n0,0\n1,0\n"), time_column="t", **option)


@pytest.mark.parametrize(
    ("columns", "expected"), [(["b"], [[2], [5]]), ([2, 0], [[3, 1], [6, 4]]), (["c", 0], [[3, 1], [6, 4]])]
)
def test_columns_are_chosen_by_name_and_by_position(table, columns, expected):
    np.testing.assert_array_equal(read_signal(table("a,b,c\n1,2,3\n4,5,6\n"), fs=1, columns=columns)[0], expected)


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("alpha,b\n1,2\n", {"columns": ["alhpa"]}, "has no column 'alhpa': it has 2.*did you mean 'alpha'"),
        ("a,b\n1,2\n", {"columns": [2]}, r"has no column 2: it has 2 \(positions 0 to 1; 'a', 'b'\)"),
        ("a,b\n1,2\n", {"columns": [-1]}, "has no column -1"),
        ("1,2\n", {"columns": ["a"]}, r"has no column 'a': it has 2 \(positions 0 to 1; no header\)"),
        ("a,a\n1,2\n", {"columns": ["a"]}, "has 2 columns 'a'; give the position"),
        ("a\n1\n", {"columns": []}, "0 columns chosen"),
        ("t\n1\n", {"time_column": "t"}, "0 columns chosen"),
        (",".join("1" * 65) + "\n", {}, "65 columns chosen as channels; 1 to 64"),
        ("a,b\n1,2\n3\n", {}, "line 3 has 1 column, the first row has 2; " + SHAPE),
        ("a,b\n1,2\n3,\n", {}, "line 3, column 'b' is empty"),
        ("a;b\n1;2.5\n3;4,5\n", {}, "line 2, column 'b' '2.5' is no number; others have a decimal comma"),
        ("a;b\n1;2\n" * 20_000 + "3;4,5\n", {}, "line 3, column 'a' 'a' is no number"),
        (
            "a;b\n" + "1;2\n" * 20_000 + "3;4,5\n",
            {},
            "line 20002, column 'b' '4,5' is no number; a point is needed, not",
        ),
        ("a,b\n1,2\n3,1_000\n", {}, "line 3, column 'b' '1_000' is no number"),
        ("a,b,c\n1,2,3\n4,5\n", {}, "line 3 has 2 columns, the first row has 3; " + SHAPE),
        (
            "1,2\n3,x\n",
            {},
            "line 2, column 1 'x' is no number; choose others with columns: .0. ." + SHAPE + "., or table: ",
        ),
        ('a,b\n1,"2\n', {}, "line 2: a quote that is opened in line 2 is never closed; close it"),
        ('a,b\n1,2\n3,"4\n' + "5,6\n" * 40_000, {}, "line 3: a quote that is opened in line 3 is never closed"),
        ('a,b\n1,2\n3,"4\n5,"6"\n', {}, "line 3: a quote that is opened in line 3 is never closed"),
        ("a\n" + "9" * 140_000 + "\n", {}, "line 2: a cell of over 131,072 characters, which no number has"),
        ("# only a note\n", {}, "has no rows"),
        ("a\n1\n", {"fs": 0}, "fs: must be above 0 Hz, got 0"),
    ],
)
def test_what_is_wrong_with_a_table_is_told_with_line_and_column(table, text, options, words):
    with pytest.raises((ReadError, UsageError), match=words):
        read_signal(table(text), **{"fs": None if "time_column" in options else 1, **options})


@pytest.mark.parametrize("gap", [",", '"",""', "NaT,NaT", "NaN,", " , "])
@pytest.mark.parametrize("header", ["", "x,y\n", "a note\n\nx,y\n"])
@pytest.mark.parametrize("many", [1, 2])
def test_first_rows_of_missing_values_are_rows(table, header, gap, many):
    text = header + f"{gap}\n" * many + "1.5,2.5\n3.5,4.5\n"
    for mark, written in ((",", text), ("tab", text.replace(",", "\t"))):
        path = table(written)
        with open_reader(path, fs=1, gaps="nan", table={"delimiter": mark}) as reader:
            assert reader.info.names == (("x", "y") if header else ())
            x = reader.read(99)
        np.testing.assert_array_equal(x, [[np.nan] * 2] * many + [[1.5, 2.5], [3.5, 4.5]])
        with pytest.raises(ReadError, match=f"line {1 + header.count(chr(10))}, .* a missing value"):
            read_signal(path, fs=1, table={"delimiter": mark})


def test_separators_above_a_header_are_no_row(table):
    with open_reader(table("a note,\n,\nx,y\n1.5,2.5\n"), fs=1) as reader:
        assert reader.info.names == ("x", "y")
        np.testing.assert_array_equal(reader.read(9), [[1.5, 2.5]])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Dear reader\nhow are you\n", "line 2 is 'how are you'"),
        ("Dear, dear reader\n\nhow are you, today?\n", "line 3 is 'how are you, today.'"),
        ("A licence of one line\n", "line 1 is 'A licence of one line'"),
        ("a\n" + "word " * 20, "line 2 is '" + r"word word word word word word word wo\.\.\.'$"),
    ],
)
def test_a_text_without_numbers_is_told_so_before_its_rate_is_asked_for(table, text, words):
    with pytest.raises(ReadError, match="is text, but no table of numbers: " + words):
        probe(table(text, "x.txt"))


def test_a_text_without_numbers_is_no_table_at_any_rate(table):
    with pytest.raises(ReadError, match="is text, but no table of numbers: line 2 is 'how are you'"):
        read_signal(table("Dear reader\nhow are you\n", "x.txt"), fs=8000)


def test_a_row_of_numbers_written_otherwise_is_no_prose(table):
    np.testing.assert_array_equal(read_signal(table("a;b\n1,5;2,5\n"), fs=1)[0], [[1.5, 2.5]])
    with pytest.raises(ReadError, match="'a' '1_000' is no number"):
        read_signal(table("a\n1_000\n"), fs=1)
    assert np.isnan(read_signal(table("a,b\nnan,nan\n1,2\n"), fs=1)[0][0]).all()


def test_a_list_in_a_cell_is_no_decimal_comma(table):
    cell = str([[4790, 5090]] * 9)
    with pytest.raises(
        ReadError, match=r"'b' '\[\[4790, 5090\], .{20,30}\.\.\.' is no number; choose others with columns:"
    ):
        read_signal(table(f'a;b\n1;"{cell}"\n'), fs=1)


def test_a_table_that_changes_while_it_is_read_is_an_error(table):
    path = table("v\n" + "1\n" * 100)
    with open_reader(path, fs=1) as reader:
        path.write_text("v\n1\n")
        with pytest.raises(ReadError, match="had 100 rows, then 1: it changed"):
            reader.read(100)


@settings(max_examples=50)
@given(
    st.lists(st.floats(allow_nan=False) | st.floats(width=32, allow_nan=False).map(np.float32), min_size=1, max_size=20)
)
def test_numbers_survive_a_csv_exactly(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("csv") / "x.csv"
    x = np.array(values, np.float64)[:, None]
    save(path, x, fs=0.1)
    y, info = read_signal(path)
    np.testing.assert_array_equal(y, x)
    assert np.signbit(y).tolist() == np.signbit(x).tolist()
    assert info.fs == 0.1


@pytest.mark.parametrize("name", ["x.csv", "x.npy", "x.npz"])
@pytest.mark.parametrize("frames", [0, 1, 1000])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_table_reads_back_as_it_was_written(tmp_path, name, frames, channels):
    x = noise(frames, channels)
    source = SignalInfo(3.5, channels, frames, "CSV", None, names=tuple("abc"[:channels]))
    report = save(tmp_path / name, x, fs=1 / 3, source=source, cuts=(frames // 3, frames // 2))
    y, info = read_signal(tmp_path / name)
    np.testing.assert_array_equal(y, x)
    assert (info.fs, info.names, info.frames) == (1 / 3, source.names, frames)
    assert (report.container, report.frames, report.bytes) == (info.container, frames, (tmp_path / name).stat().st_size)


def test_numpy_itself_reads_what_is_written(tmp_path):
    for channels, shape in ((1, (7,)), (2, (7, 2))):
        x = noise(7, channels)
        save(tmp_path / "x.npy", x)
        np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), x.reshape(shape))
        save(tmp_path / "x.npz", x, fmt=OutputFormat("FLOAT"))
        with np.load(tmp_path / "x.npz") as arrays:
            np.testing.assert_array_equal(arrays["x"], x.reshape(shape).astype(np.float32))
            assert arrays["x"].dtype == np.float32
            assert arrays["fs"] == 44100
            assert arrays["names"].tolist() == [f"ch{i}" for i in range(channels)]


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f8", "i1", "i2", ">i4", "u2", "i8", "?"])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", [(1,), (5,), (0,), (6, 2), (1, 2), (0, 3)])
def test_arrays_of_any_real_dtype_are_read_unscaled(tmp_path, dtype, order, shape):
    x = np.asarray(np.arange(np.prod(shape)).reshape(shape) % 2, dtype, order)
    np.save(tmp_path / "x.npy", x)
    with open_reader(tmp_path / "x.npy", fs=2) as reader:
        y = np.concatenate([reader.read(4) for _ in range(3)])
    np.testing.assert_array_equal(y, x.reshape(len(x), *shape[1:] or (1,)).astype(float))
    with piped((tmp_path / "x.npy").read_bytes()) as pipe:
        np.testing.assert_array_equal(read_signal(pipe, fs=2)[0], y)


@pytest.mark.parametrize(
    ("array", "options", "words"),
    [
        (np.zeros(3, complex), {}, "holds complex128: take its real part or its magnitude"),
        (np.array(["a"]), {}, "holds <U1: a signal is real numbers"),
        (np.array([object()]), {}, "holds object: a signal is real numbers"),
        (np.zeros(()), {}, r"has shape \(\); a signal is"),
        (np.zeros((2, 2, 2)), {}, r"has shape \(2, 2, 2\)"),
        (np.zeros((3, 0)), {}, r"has shape \(3, 0\)"),
        (
            np.zeros((2, 500)),
            {},
            r"so 500 channels; 1 to 64 can be read .*. Is it \(channels, frames\)\? Save its transpose",
        ),
        (np.zeros(3), {"columns": [1]}, "has no column 1"),
        (np.zeros(3), {"fs": -1}, "must be above 0 Hz, got -1"),
        (np.zeros(3), {"time_column": "t"}, "time_column is for CSV; give fs: for NPY"),
    ],
)
def test_what_is_no_signal_in_an_array_is_told(tmp_path, array, options, words):
    np.save(tmp_path / "x.npy", array, allow_pickle=True)
    with pytest.raises((ReadError, UsageError), match=words):
        read_signal(tmp_path / "x.npy", **{"fs": 1, **options})


def test_a_truncated_array_is_an_error_unless_accepted(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.arange(100.0).reshape(50, 2))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ReadError, match="declares 50 frames, has 43; set truncated: accept to take the 43 frames"):
        probe(path, fs=1)
    with open_reader(path, fs=1, truncated="accept") as reader:
        np.testing.assert_array_equal(reader.read(99), np.arange(86.0).reshape(43, 2))
        assert reader.warnings == ["declares 50 frames, has 43; took the 43 frames"]


@pytest.mark.parametrize("frames", [0, 30])
def test_numbers_behind_an_array_are_told_and_ignored_where_that_is_accepted(tmp_path, frames):
    path, x = tmp_path / "x.npy", np.arange(100.0).reshape(50, 2)
    np.save(path, x)
    path.write_bytes(path.read_bytes().replace(b"(50, 2)", f"({frames:2}, 2)".encode()))
    told = f"declares {frames} frames, and {(50 - frames) * 16} bytes stand behind them"
    with pytest.raises(ReadError, match=f"{told}; set truncated: accept to ignore these"):
        probe(path, fs=1)
    with open_reader(path, fs=1, truncated="accept") as reader:
        np.testing.assert_array_equal(reader.read(99), x[:frames])
        assert reader.warnings == [f"{told}; took the {frames} frames"]


def test_an_array_cut_off_that_stands_by_columns_is_told_to_be_saved_anew(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.asfortranarray(np.arange(100.0).reshape(50, 2)))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ReadError, match="has 43; it is stored column by column; save it anew"):
        probe(path, fs=1, truncated="accept")


class _Runs:
    """An object whose pickle makes a folder where it is read."""

    def __init__(self, folder):
        self.folder = str(folder)

    def __reduce__(self):
        return os.mkdir, (self.folder,)


@pytest.mark.parametrize("name", ["fs", "names", "x"])
def test_nothing_in_an_archive_is_unpickled(tmp_path, name):
    arrays = {"x": np.zeros(3), "fs": 8.0, name: np.array([_Runs(tmp_path / "ran")], object)}
    np.savez(tmp_path / "x.npz", **arrays)
    with pytest.raises(ReadError, match=r"x\.npz: is no readable NPZ|x\.npz: holds object: a signal is real numbers"):
        read_signal(tmp_path / "x.npz")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["fs", "names"])
def test_a_small_array_that_declares_a_billion_numbers_is_refused_before_it_is_allocated(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        for member, shape in {"x": "(3,)", "fs": "()", name: "(1000000000,)"}.items():
            head = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
            archive.writestr(f"{member}.npy", b"\x93NUMPY\1\0\x76\0" + head + struct.pack("<3d", 8, 8, 8))
    with pytest.raises(ReadError, match=rf"is no readable NPZ: {name}\.npy: declares the shape \(1000000000,\)"):
        read_signal(tmp_path / "x.npz")


@pytest.mark.parametrize("frames", [0, 30])
def test_an_array_in_an_archive_is_read_to_its_end_and_its_checksum(tmp_path, frames):
    path = tmp_path / "x.npz"
    np.savez(path, x=np.arange(100.0).reshape(50, 2), fs=8)
    path.write_bytes(path.read_bytes().replace(b"(50, 2)", f"({frames:2}, 2)".encode()))
    with pytest.raises(ReadError, match=r"x\.npz: .*damaged or cut short; save it again"):
        read_signal(path)
    whole = io.BytesIO()
    np.save(whole, np.arange(100.0).reshape(50, 2))
    with zipfile.ZipFile(path, "w") as archive:  # its checksums are right
        archive.writestr("x.npy", whole.getvalue().replace(b"(50, 2)", f"({frames:2}, 2)".encode()))
    with pytest.raises(ReadError, match=f"damaged: declares {frames} frames, and more bytes behind them"):
        read_signal(path, fs=8)


def test_a_header_that_is_not_utf8_is_read_as_latin_1_however_little_follows(tmp_path):
    for rows in (b"", b"\n", b"\n1"):
        (tmp_path / "a.csv").write_bytes(b"Temp\xe9!" + rows)
        with open_reader(tmp_path / "a.csv", fs=1) as reader:
            assert reader.info.names == ("Tempé!",)
            assert "read as Windows-1252" in reader.warnings[0]


def test_more_columns_than_can_be_read_are_refused_before_each_is_looked_at(tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.io.arrays.find_column", None)
    (tmp_path / "x.npy").write_bytes(npy_header("<f8", 4, 2**62) + bytes(40))
    with pytest.raises(ReadError, match=r"so 4611686018427387904 channels; 1 to 64 can be read"):
        read_signal(tmp_path / "x.npy", fs=8000)


@pytest.mark.parametrize(
    "data", [b"\x93NUMPY", b"\x93NUMPY\x09\x00" + bytes(90), b"\x93NUMPY\x01\x00\x10\x00" + b"{" * 16]
)
def test_a_broken_array_header_is_told(tmp_path, data):
    (tmp_path / "x.npy").write_bytes(data)
    with pytest.raises(ReadError, match="is no readable NumPy array"):
        probe(tmp_path / "x.npy", fs=1)


def test_a_length_below_0_and_a_version_to_come_are_told(tmp_path):
    whole = npy_header("<f8", 5, 1) + bytes(40)
    for data, words in (
        (npy_header("<f8", -5, 1) + bytes(40), r"has shape \(-5,\); a signal is"),
        (whole[:6] + b"\x09\x00" + whole[8:], r"version 9\.0 of the format is not known"),
    ):
        (tmp_path / "x.npy").write_bytes(data)
        with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
            archive.writestr("x.npy", data)
        for name in ("x.npy", "x.npz"):
            with pytest.raises(ReadError, match=words):
                probe(tmp_path / name, fs=1)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"a": np.zeros(3), "b": np.zeros(3)}, "holds the arrays a, b; name that of the signal x"),
        ({"fs": np.array(8.0)}, "holds the arrays none"),
        ({"x": np.zeros(3)}, "tells no sampling rate"),
        ({"x": np.zeros(3), "fs": np.array([1.0, 2.0])}, "is no readable NPZ"),
        ({"x": np.zeros(3), "fs": np.array("fast")}, "is no readable NPZ"),
        ({"x": np.zeros(3), "fs": np.zeros(9000)}, "is no readable NPZ: fs.npy: has 72128 bytes"),
        ({"x": np.zeros((3, 2), order="F"), "fs": np.array(1)}, "stored column by column inside a zip"),
        ({"x": np.zeros(3), "fs": np.array(float("inf"))}, "must be above 0 Hz, got inf"),
    ],
)
def test_what_is_wrong_with_an_npz_is_told(tmp_path, arrays, words):
    np.savez(tmp_path / "x.npz", **arrays)
    with pytest.raises(ReadError, match=words):
        probe(tmp_path / "x.npz")


def test_an_npz_may_be_compressed_and_damage_in_it_is_told(tmp_path):
    x = noise(40_000, 1)
    np.savez_compressed(tmp_path / "x.npz", signal=x, fs=12.5)
    y, info = read_signal(tmp_path / "x.npz")
    np.testing.assert_array_equal(y, x)
    assert info.fs == 12.5
    data = bytearray((tmp_path / "x.npz").read_bytes())
    data[len(data) // 2] ^= 255
    (tmp_path / "x.npz").write_bytes(data)
    with pytest.raises(ReadError, match="damaged after frame"):
        read_signal(tmp_path / "x.npz")
    (tmp_path / "x.npz").write_bytes(data[:-30])
    with pytest.raises(ReadError, match="is no readable NPZ"):
        read_signal(tmp_path / "x.npz")


def test_an_npz_that_declares_more_than_it_has_is_told(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        np.save(tmp_path / "x.npy", np.zeros(100))
        archive.writestr("x.npy", (tmp_path / "x.npy").read_bytes()[:-80])
    with pytest.raises(ReadError, match="declares 100 frames, has 90"):
        read_signal(tmp_path / "x.npz", fs=1)


@pytest.mark.parametrize(
    "times",
    [
        ["2013-07-04 00:00:00", "2013-07-04 01:00:00", "2013-07-04 02:00:00"],
        ["2013-07-04T23:59:59.990Z", "2013-07-05T00:00:00.000Z", "2013-07-05T00:00:00.010Z"],
        ["2024-02-28", "2024-02-29", "2024-03-01"],
        ["2024-02-28T10:59+05:30", "2024-02-28T11:00+05:30", "2024-02-28T11:01+05:30"],
        ["10.00", "10.25", "10.50"],
        ["0.0", "0.0002", "0.0004"],
        ["7", "8", "9"],
    ],
)
@pytest.mark.parametrize("position", [0, 1])
def test_a_time_column_is_written_back_in_its_form_and_place(table, tmp_path, times, position):
    rows = [["t", "v"]] + [[t, "0.5"] for t in times]
    text = "".join(",".join(row[::-1] if position else row) + "\n" for row in rows)
    x, info = read_signal(table(text), time_column="t")
    save(tmp_path / "y.csv", x, fs=info.fs, source=info)
    assert (tmp_path / "y.csv").read_text() == text
    assert not (tmp_path / "y.json").exists()


def test_times_of_another_rate_are_written_as_finely_as_they_need(table, tmp_path):
    x, info = read_signal(table("t,v\n2024-01-01 00:00:00,0\n2024-01-01 00:00:01,1\n"), time_column="t")
    save(tmp_path / "y.csv", np.repeat(x, 2, axis=0), fs=2.0, source=info)
    assert (tmp_path / "y.csv").read_text().splitlines()[2].startswith("2024-01-01 00:00:00.500000,")
    assert probe(tmp_path / "y.csv", time_column="t").fs == 2.0
    x, info = read_signal(table("t,v\n0,0\n1,1\n"), time_column="t")
    save(tmp_path / "y.csv", x, fs=3.0, source=info)
    assert (tmp_path / "y.csv").read_text().splitlines()[2] == "0.333333333,1.0"


@given(st.integers(-(10**6), 10**6), st.sampled_from(["0.001", "1", "60", "3600"]))
def test_a_stamp_written_and_read_is_the_same_time(frame, step):
    for iso in (True, False):
        column = TimeColumn("t", 0, Decimal("1600000000.123"), Decimal(step), iso, 3, "T", 23, "Z" if iso else "")
        stamp = parse_stamp(format_stamp(column, frame))
        assert stamp.seconds == column.start + frame * column.step
        assert stamp.iso == iso


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("1", 0), ("1.5", 1), ("-2.50", 2), ("+3.", 0), (".25", 2), ("1e3", 0), ("1.5e-3", 4), ("1_000.25", 2),
        ("123e-5", 5), ("1E-05", 5), (" 7.0 ", 1), ("0012", 0),
    ],
)  # fmt: skip
def test_a_number_as_time_has_its_value_and_the_digits_of_its_text(text, digits):
    stamp = parse_stamp(text)
    assert (stamp.seconds, stamp.clock, stamp.iso, stamp.digits) == (Decimal(text), Decimal(text), False, digits)


@pytest.mark.parametrize("text", ["", "nan", "inf", "-Infinity", "sNaN1", "12-3", "1234-", "2024-13-01", "1.2.3", "x"])
def test_what_is_no_time_is_none(text):
    assert parse_stamp(text) is None


def test_steps_that_alternate_within_their_rounding_are_one_step_each(table):
    times = [f"{round(n / 3, 6)}" for n in range(40)]
    info = probe(table("t,v\n" + "".join(f"{t},1\n" for t in times)), time_column="t")
    assert info.frames == 40
    assert info.fs == 3
    del times[5:8], times[20]
    x, info = read_signal(table("t,v\n" + "".join(f"{t},{t}\n" for t in times)), time_column="t", gaps="interpolate")
    assert (info.frames, len(x)) == (40, 40)
    np.testing.assert_allclose(x[:, 0], np.arange(40) / 3, atol=2e-6)


def test_names_that_no_longer_fit_are_not_kept(table, tmp_path):
    x, info = read_signal(table("a,b\n1,2\n"), fs=1)
    save(tmp_path / "y.csv", x[:, :1], fs=1, source=info)
    assert (tmp_path / "y.csv").read_text() == "ch0\n1.0\n"


def test_a_table_without_a_header_stays_without(table, tmp_path):
    x, info = read_signal(table("1;2\n3;4\n"), fs=1)
    save(tmp_path / "y.csv", x, fs=1, source=info)
    assert (tmp_path / "y.csv").read_text() == "1.0;2.0\n3.0;4.0\n"


def test_the_rate_of_an_output_goes_into_a_sidecar(tmp_path):
    source = SignalInfo(8.0, 1, 9, "CSV", None, ("v",), TimeColumn("t", 0, Decimal(5), Decimal("0.125")))
    report = save(tmp_path / "x.npy", noise(9, 1), fs=8.0, source=source)
    assert json.loads((tmp_path / "x.json").read_text()) == {"fs": 8.0, "names": ["v"], "t0": "5.0"}
    assert report.notes == ("NPY has no time column: t not carried",)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_no_sidecar_and_is_not_waited_for(table, tmp_path):
    path = table("1\n2\n")
    os.mkfifo(tmp_path / "x.json")
    with pytest.raises(ReadError, match=r"x\.json: would tell the rate, and is a pipe, a socket or a device"):
        probe(path)
    with pytest.raises(UsageError, match=r"x\.json: is needed for the rate of .*, and is another file"):
        open_writer(tmp_path / "x.npy", fs=1, channels=1, overwrite=True)


def test_a_table_with_times_is_not_put_beside_a_sidecar_that_tells_another_rate(tmp_path):
    source = SignalInfo(8.0, 1, 9, "CSV", None, ("v",), TimeColumn("t", 0, Decimal(5), Decimal("0.125")))
    (tmp_path / "x.json").write_text('{"fs": 3}')
    with pytest.raises(UsageError, match=r"x\.json: would tell 3 Hz of .*x\.csv, which has 8 Hz; remove it, or give"):
        save(tmp_path / "x.csv", noise(9, 1), fs=8.0, source=source)
    assert names(tmp_path) == ["x.json"]
    (tmp_path / "x.json").write_text('{"fs": 8}')
    save(tmp_path / "x.csv", noise(9, 1), fs=8.0, source=source)
    assert names(tmp_path) == ["x.csv", "x.json"]


@pytest.mark.parametrize("name", ["x.csv", "x.npy"])
def test_a_json_file_that_is_no_sidecar_is_not_replaced(tmp_path, name):
    for text in ('{"events": []}', "not even JSON"):
        (tmp_path / "x.json").write_text(text)
        with pytest.raises(UsageError, match=r"x.json: is needed for the rate of .*, and is another file"):
            open_writer(tmp_path / name, fs=1, channels=1, overwrite=True)
        assert names(tmp_path) == ["x.json"]
    (tmp_path / "x.json").write_text('{"fs": 3}')
    with pytest.raises(UsageError, match=r"x\.json: exists already"):
        open_writer(tmp_path / name, fs=1, channels=1)
    save(tmp_path / name, noise(5, 1), fs=1)
    assert probe(tmp_path / name).fs == 1


@pytest.mark.parametrize(
    ("path", "fmt", "words"),
    [
        ("x.csv", OutputFormat("PCM_16"), "a CSV has no subtype, got PCM_16"),
        ("x.npy", OutputFormat("PCM_16"), "NPY holds FLOAT and DOUBLE, got PCM_16"),
        ("x.npz", OutputFormat("PCM_16"), "NPZ holds FLOAT and DOUBLE, got PCM_16"),
    ],
)
def test_encodings_that_tables_do_not_have_are_refused(tmp_path, path, fmt, words):
    with pytest.raises(UsageError, match=words):
        open_writer(tmp_path / path, fs=1, channels=1, fmt=fmt)
    assert names(tmp_path) == []


def test_a_table_goes_to_a_stream_as_csv_and_arrays_do_not(tmp_path):
    fifo = tmp_path / "out"
    os.mkfifo(fifo)
    reading = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    source = SignalInfo(1.0, 1, 2, "NPY", None, ("v",))
    with open_writer(fifo, fs=1, channels=1, source=source) as writer:
        writer.write(np.array([[1.5], [np.nan]]))
        report = writer.commit()
    assert os.read(reading, 1000) == b"v\n1.5\nNaN\n"
    os.close(reading)
    assert report.container == "CSV"
    fifo.rename(tmp_path / "out.npy")
    with pytest.raises(UsageError, match="NPY needs a file; a pipe takes WAV or CSV"):
        open_writer(tmp_path / "out.npy", fs=1, channels=1)


def test_numbers_that_are_not_finite_are_spelled_as_in_most_places_and_read_back(tmp_path):
    values = np.array([[np.nan, 1.5], [np.inf, -np.inf], [-0.0, 2.0]])
    with open_writer(tmp_path / "o.csv", fs=10, channels=2) as writer:
        writer.write(values)
        writer.commit()
    assert (tmp_path / "o.csv").read_text().splitlines()[1:] == ["NaN,1.5", "Inf,-Inf", "-0.0,2.0"]
    with open_reader(tmp_path / "o.csv", gaps="nan") as reader:
        assert np.array_equal(np.concatenate(list(reader.blocks(9))), values, equal_nan=True)


@pytest.mark.parametrize(
    "absurd", ["176721e99925600", "-1e99999999", "1e-99999999", "1E+1000", "9" * 4000, "0e99999999"]
)
@pytest.mark.parametrize("row", [0, 1, 2])
@pytest.mark.parametrize("header", ["Time", "t (ms)"])
def test_a_time_of_an_absurd_exponent_is_refused_by_its_line(table, absurd, row, header):
    times = ["0", "1", "2"]
    times[row] = absurd
    path = table(f"{header},a\n" + "".join(f"{time},1\n" for time in times))
    with pytest.raises(ReadError, match=rf"x\.csv: .*line {row + 2}"):
        read_signal(path, time_column=0)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["a,b\n1,2\n3,4\n", "((("])
def test_a_utf16_table_cut_off_in_a_character_is_told_so(table, encoding, text):
    path = table(text.encode(encoding)[:-1])
    with pytest.raises(ReadError, match=r"x\.csv: .*in the middle of a character of utf-16"):
        read_signal(path, fs=8)
