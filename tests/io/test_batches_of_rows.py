"""Many rows at once are what they are one by one: values, stamps, line numbers, errors."""

from decimal import Decimal
from itertools import islice

import numpy as np
import pytest

from pipeline.errors import FaltungError
from pipeline.io import csv_rows, open_reader, timecolumn
from pipeline.io.stampblocks import ticks_since
from pipeline.io.stamps import UNITS, Clock, parse_stamp

RANDOM = np.random.default_rng(11)
COUNTS = np.cumsum(RANDOM.integers(1, 2000, 60)).tolist()


def iso(count, separator="T", digits=3, zone=""):
    moment = np.datetime64("2023-12-31T23:59:58") + np.timedelta64(count, "ms")
    return str(np.datetime_as_string(moment, "ns"))[: 20 + digits if digits else 19].replace("T", separator) + zone


COLUMNS = [
    (list(map(str, COUNTS)), Clock()),
    ([f"{c / 1000:.3f}" for c in COUNTS], Clock()),
    ([f"{c / 1000 - 20:.3f}" for c in COUNTS], Clock()),
    ([f"{1_700_000_000 + c / 1000:.6f}" for c in COUNTS], Clock()),
    ([str(1_700_000_000_000 + c) for c in COUNTS], Clock(UNITS["ms"])),
    ([str((1_700_000_000_000 + c) * 1_000_000) for c in COUNTS], Clock(UNITS["ns"])),
    ([f"{c / 1000:.3f}".replace(".", ",") for c in COUNTS], Clock(comma=True)),
    ([f"{c / 1000:.3f}" for c in COUNTS], Clock(UNITS["d"])),
    ([iso(c) for c in COUNTS], Clock()),
    ([iso(c, " ", 0) for c in COUNTS], Clock()),
    ([iso(c, " ", 6, "Z") for c in COUNTS], Clock()),
    ([iso(c, "T", 9, "+05:30") for c in COUNTS], Clock()),
    ([iso(c, " ", 1, " UTC") for c in COUNTS], Clock()),
]


@pytest.mark.parametrize(("texts", "clock"), COLUMNS)
def test_ticks_of_many_stamps_are_those_of_each(texts, clock):
    first = parse_stamp(texts[0], clock)
    ticks, lines = ticks_since(first, texts, clock, 10**9)
    expected = [(parse_stamp(one, clock).seconds - first.seconds) * 10**9 for one in texts]
    assert list(map(Decimal, ticks.tolist())) == expected
    assert lines == "\n".join([*texts, ""])


@pytest.mark.parametrize(
    ("texts", "odd"),
    [
        (COLUMNS[1][0], "1e-3"),
        (COLUMNS[1][0], "1.50"),
        (COLUMNS[1][0], "1_0.500"),
        (COLUMNS[1][0], " 1.500"),
        (COLUMNS[1][0], "१.500"),
        (COLUMNS[0][0], "99999999999999999999"),
        (COLUMNS[0][0], ""),
        (COLUMNS[0][0], "9999999999"),
        (COLUMNS[8][0], "2024-02-30T00:00:00.000"),
        (COLUMNS[8][0], "2024-01-01T24:00:00.000"),
        (COLUMNS[8][0], "2024-01-01T00:60:00.000"),
        (COLUMNS[8][0], "2024-01-01T00:00:60.000"),
        (COLUMNS[8][0], "2024-01-01T00:00:00.00"),
        (COLUMNS[8][0], "2024-01-01 00:00:00.000"),
        (COLUMNS[8][0], "9999-01-01T00:00:00.000"),
        (COLUMNS[10][0], "2024-01-01 00:00:00.000000+01:00"),
    ],
)
def test_stamps_that_are_written_in_another_way_are_left_to_be_read_one_by_one(texts, odd):
    assert ticks_since(parse_stamp(texts[0]), [*texts, odd], Clock(), 10**9) is None


def rows(more=""):
    return "time,x,y\n" + "".join(f"{k / 10:.1f},{k}.25,{k * k}\n{more if k == 9 else ''}" for k in range(40))


TABLES = [
    (rows(), {}),
    (rows("# said\n\n"), {}),
    (rows(",,\n"), {}),
    (rows().replace("\n", ",\n"), {}),
    (rows().replace("time,", '"ti\nme",').replace("0.3,3.25", '"0.3","3.25"'), {"time_column": 0}),
    (rows().replace("0.5,5.25,25\n", ""), {"gaps": "interpolate"}),
    (rows().replace("5.25", "NA"), {"gaps": "interpolate"}),
    (rows().replace("5.25", "NaN"), {}),
    (rows().replace("5.25", "1_0"), {}),
    (rows().replace("5.25", "no"), {}),
    (rows().replace("0.9,", "0.9,1,"), {}),
    (rows().replace("0.9,", "noon,"), {}),
    (rows().replace("0.9,", "noon,").replace("2.5,25.25", "2.5"), {}),
    (rows().replace("2.5,", "noon,").replace("0.9,9.25", "0.9"), {}),
    (rows().replace("9.25", '"9.25'), {}),
    (rows('"a\nb",1,2\n'), {"columns": [1], "time_column": None, "fs": 10}),
    (rows('"a\nb",1,2\n').replace("11.25", "no"), {"columns": [1], "time_column": None, "fs": 10}),
    (rows().replace(",", " "), {}),
    (rows().replace(",", ";").replace(".", ","), {}),
    (rows().replace("\n", "\r\n"), {}),
    (rows().replace("\n", "\r"), {}),
]


@pytest.mark.parametrize(("text", "options"), TABLES)
@pytest.mark.parametrize("batch", [1, 3, 16])
def test_a_table_is_the_same_however_many_rows_are_read_at_once(monkeypatch, tmp_path, text, options, batch):
    path = tmp_path / "x.csv"
    path.write_text(text, newline="")

    def read(frames):
        try:
            with open_reader(path, **{"time_column": "time", **options}) as reader:
                x = np.concatenate([*reader.blocks(frames)])
                time = reader.info.time
                stamps = [] if time is None else list(islice(timecolumn.stamps_of(time, None), len(x) + 2))
                return x.tobytes(), x.flags.c_contiguous, stamps, reader.info, reader.warnings
        except FaltungError as error:
            return type(error), str(error)

    whole = read(1000)
    monkeypatch.setattr(csv_rows, "_BATCH", batch)
    monkeypatch.setattr(timecolumn, "ticks_since", lambda *_: None)
    assert read(7) == whole


@pytest.mark.parametrize("batch", [1, 3, 16])
def test_lines_are_counted_through_cells_of_several(monkeypatch, tmp_path, batch):
    monkeypatch.setattr(csv_rows, "_BATCH", batch)
    path = tmp_path / "x.csv"
    for more, line in (("", 13), ('"a\nb",1,2\n', 15), ('"a\r\nb",1,2\n# said\n\n', 17)):
        path.write_text(rows(more).replace("11.25", "no"), newline="")
        words = f"line {line}, column 'x' 'no' is no number"
        with pytest.raises(FaltungError, match=words), open_reader(path, fs=10, columns=[1]) as reader:
            reader.read(100)
