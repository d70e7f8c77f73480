"""Parquet, by the package beside the core: held against what pyarrow and pandas write and read, batches and groups."""

from __future__ import annotations

import decimal
import json
import tracemalloc
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from pipeline import Gain, Pipeline, Resample, Smooth, run
from pipeline.errors import ReadError, UsageError
from pipeline.io import open_reader, open_writer, read_signal, write_signal

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
pq = pytest.importorskip("pyarrow.parquet")

X = np.random.default_rng(1).standard_normal((1000, 2))
NS = np.datetime64("2026-01-01", "ns") + np.arange(1000) * np.timedelta64(10, "s")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def save(name: str, rows: slice | list[int] = slice(None), **columns: object) -> None:
    table = columns or {"when": pa.array(NS[rows]), "a": X[rows, 0], "b": X[rows, 1]}
    pq.write_table(pa.table(table), name, row_group_size=77)


def test_every_row_of_every_group_comes_in_blocks_of_any_size():
    save("x.parquet")
    for size in (1, 33, 77, 1000, 5000):
        with open_reader("x.parquet") as reader:
            assert np.array_equal(np.concatenate([*reader.blocks(size)]), X)
    info = reader.info
    assert (info.fs, info.frames, info.names, info.time.name) == (0.1, 1000, ("a", "b"), "when")
    with open_reader("x.parquet", dtype="float32", columns=["b"]) as reader:
        assert np.array_equal(reader.read(5000), X[:, 1:].astype(np.float32))


def test_row_groups_that_were_read_are_let_go_of():
    pq.write_table(
        pa.table({"x": np.random.default_rng(0).standard_normal(800_000)}), "x.parquet", row_group_size=100_000
    )
    tracemalloc.start()
    try:
        with open_reader("x.parquet", fs=1) as reader:
            for _ in reader.blocks(10_000):
                pass
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 8 * 800_000 / 2, "what was read of the file is kept"


def test_what_pandas_saved_as_index_is_time_or_nothing():
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    pd.DataFrame(X, columns=["a", "b"], index=pd.DatetimeIndex(NS, tz="Europe/Berlin")).to_parquet("x.parquet")
    with open_reader("x.parquet") as reader:
        assert (reader.info.fs, reader.info.names, reader.info.time.zone) == (0.1, ("a", "b"), "Z")
    pd.DataFrame({"y": X[:, 0]}, index=pd.Index(np.arange(1000) ** 2, name="shot")).to_parquet("x.parquet")
    with open_reader("x.parquet", fs=5) as reader:
        assert (reader.info.fs, reader.info.names) == (5, ("y",))


@pytest.mark.parametrize(
    ("times", "fs"),
    [
        (np.arange(9) * 0.25, 4.0),
        ([date(2026, 1, 1 + i) for i in range(9)], 1 / 86400),
        (np.datetime64("2026-01-01", "ms") + np.arange(9) * np.timedelta64(20, "ms"), 50.0),
        (np.datetime64("1900-01-01", "us") + np.arange(9) * np.timedelta64(1, "us"), 1e6),
    ],
)
def test_times_of_any_type_give_the_rate(times, fs):
    save("x.parquet", t=pa.array(times), y=np.arange(9))
    with open_reader("x.parquet", time_column="t") as reader:
        assert reader.info.fs == pytest.approx(fs, rel=1e-12)
        assert reader.read(99)[:, 0].tolist() == list(range(9))


def test_rows_and_values_that_are_missing_are_gaps():
    save("x.parquet", [*range(100), *range(105, 1000)])
    with pytest.raises(ReadError, match=r"column 'when': a gap of 60 s where the step is 10 s; set gaps:"):
        open_reader("x.parquet")
    with open_reader("x.parquet", gaps="nan") as reader:
        y = reader.read(5000)
    assert np.array_equal(np.isnan(y).any(axis=1).nonzero()[0], np.arange(100, 105))
    assert np.array_equal(y[105:], X[105:])
    save("x.parquet", v=pa.array([1.0, None, 3.0]), d=[decimal.Decimal("1.5"), decimal.Decimal(2), decimal.Decimal(0)])
    with open_reader("x.parquet", fs=1) as reader, pytest.raises(ReadError, match="row 2 of column 'v' is empty"):
        reader.read(9)
    with open_reader("x.parquet", fs=1, gaps="interpolate") as reader:
        assert reader.read(9).tolist() == [[1, 1.5], [2, 2], [3, 0]]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (
            {"y": pa.array([1.0, 2, None, None])},
            "column 'y' ends with row 2 of 4; series of different length are no one",
        ),
        ({"y": [[1.0, 2], [3.0]]}, r"column 'y' holds list<.*one series a row is no table"),
        ({"y": ["a", "b"]}, "column 'y' holds string, no numbers; choose others with columns:"),
        ({"y": [True, False]}, "column 'y' holds bool, no numbers"),
        ({"y": [1.0], "s": pa.array([1], pa.timestamp("s")), "t": pa.array([1], pa.timestamp("s"))}, "time_column: s"),
        ({"i": [1], "y": [1j.real]}, None),
    ],
)
def test_what_is_no_table_of_numbers_is_refused_in_words(columns, said):
    save("x.parquet", **columns)
    if said is None:
        with pytest.raises(
            ReadError, match=r"tells no sampling rate: give fs:, or name its time column \(columns: i, y\)"
        ):
            open_reader("x.parquet")
        return
    with pytest.raises(ReadError, match=said), open_reader("x.parquet", fs=1) as reader:
        reader.read(9)


@pytest.mark.parametrize("cut", [lambda d: d[:500], lambda d: d[:4], lambda d: b"PAR1" + bytes(60) + b"PAR1"])
def test_damaged_files_are_told(cut):
    save("x.parquet")
    data = Path("x.parquet").read_bytes()
    Path("x.parquet").write_bytes(cut(data))
    with pytest.raises(ReadError, match=r"x\.parquet: is no readable Parquet"):
        open_reader("x.parquet")


def test_what_is_written_is_read_back_and_its_bytes_do_not_depend_on_the_blocks():
    big = np.random.default_rng(2).standard_normal((300_000, 1))
    write_signal("x.parquet", big, 100.0)
    file = pq.ParquetFile("x.parquet")
    assert [file.metadata.row_group(i).num_rows for i in range(3)] == [131_072, 131_072, 37_856]
    assert json.loads(file.schema_arrow.metadata[b"faltung"]) == {"fs": 100.0}
    assert np.array_equal(pq.read_table("x.parquet")["ch0"].to_numpy(), big[:, 0])
    samples, info = read_signal("x.parquet")
    assert (info.fs, np.array_equal(samples.reshape(-1, 1), big)) == (100.0, True)
    with open_writer("y.parquet", fs=100.0, channels=1) as writer:
        for start in range(0, len(big), 9_999):
            writer.write(big[start : start + 9_999])
        writer.commit()
    assert Path("x.parquet").read_bytes() == Path("y.parquet").read_bytes()


def test_the_times_go_through_a_chain_and_on_behind_the_last_row():
    save("x.parquet")
    Pipeline([Smooth(length="5 samples")]).run_file("x.parquet", "y.parquet")
    out = pq.read_table("y.parquet")
    assert out.column_names == ["when", "a", "b"]
    assert np.array_equal(out["when"].to_numpy()[:1000], NS)
    assert out["when"].to_numpy()[-1] == NS[-1] + np.timedelta64(40, "s")
    assert np.allclose(out["a"].to_numpy(), np.convolve(X[:, 0], np.full(5, 0.2)))


def test_a_csv_becomes_parquet_and_comes_back(place):
    rows = "".join(f"2026-01-01T00:00:{i:02d}.5+02:00,{i}\n" for i in range(20))
    Path("a.csv").write_text("t,y\n" + rows)
    Path("a.yaml").write_text("version: 1\ntime_column: t\nstages: [{use: gain, gain: 1}]\n")
    assert not run("a.yaml", ["a.csv"], "a.parquet").failed
    table = pq.read_table("a.parquet")
    assert table["t"].to_numpy()[0] == np.datetime64("2025-12-31T22:00:00.5")
    assert table["y"].to_pylist() == list(range(20))
    Path("far.csv").write_text("t,y\n" + rows.replace("2026", "3026").replace("+02:00", ""))
    (failed,) = run("a.yaml", ["far.csv"], "far.parquet").failed
    assert "far.parquet: PARQUET cannot hold it" in str(failed.facts["error"])
    assert sorted(path.name for path in place.iterdir()) == ["a.csv", "a.parquet", "a.yaml", "far.csv"]


def test_what_it_cannot_be_is_refused_before_any_work():
    from pipeline.io import OutputFormat

    with pytest.raises(UsageError, match="PARQUET holds FLOAT and DOUBLE, got PCM_16"):
        open_writer("x.parquet", fs=1, channels=1, fmt=OutputFormat(subtype="PCM_16"))
    write_signal("x.parquet", X, 2.0)
    with pytest.raises(UsageError, match="exists already"):
        open_writer("x.parquet", fs=1, channels=1)


def test_one_wrong_bit_in_a_page_is_found_by_its_checksum(tmp_path):
    path, x = tmp_path / "x.parquet", np.random.default_rng(3).uniform(size=(64, 1))
    write_signal(path, x, 10)
    data = bytearray(path.read_bytes())
    data[data.index(x[30].tobytes())] ^= 1
    path.write_bytes(data)
    with pytest.raises(ReadError, match=r"x\.parquet: is no readable Parquet: .*CRC checksum"):
        read_signal(path)


def through(table, *stages, **reading):
    """The table behind a chain, and what comes out."""
    pq.write_table(table, "x.parquet") if isinstance(table, pa.Table) else table.to_parquet("x.parquet")
    Pipeline(stages or [Smooth(length="3 samples")], edges="zero").run_file(
        "x.parquet", "y.parquet", overwrite=True, **reading
    )
    return pq.read_table("y.parquet")


SECONDS = np.datetime64("2026-01-01", "us") + np.arange(6) * np.timedelta64(1, "s")
SIX = np.arange(6.0)


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
def test_times_come_out_in_the_type_and_zone_that_they_had(unit, zone):
    kind = pa.timestamp(unit, zone)
    table = pa.table({"at": pa.array(SECONDS).cast(pa.timestamp(unit)).cast(kind), "y": SIX})
    out = through(table)
    assert (out.schema.field("at").type, out.num_rows) == (kind, 8)
    assert out["at"][:6].to_pylist() == table["at"].to_pylist()
    finer = through(table, Resample(fs=3))
    assert finer.schema.field("at").type == pa.timestamp("ns", zone)  # a third of a second
    assert len(set(finer["at"].to_pylist())) == finer.num_rows


def test_stamps_with_decimals_of_the_second_keep_their_type_whatever_the_year():
    for start in ("2026-01-01", "3000-01-01", "1900-01-01"):
        at = np.datetime64(start, "us") + np.arange(6) * np.timedelta64(10, "ms")
        out = through(pa.table({"at": at, "y": SIX}))
        assert out.schema.field("at").type == pa.timestamp("us")
        assert np.array_equal(
            out["at"].to_numpy(), np.datetime64(start, "us") + np.arange(8) * np.timedelta64(10, "ms")
        )
    Path("a.csv").write_text("t,y\n" + "".join(f"2026-01-01T00:00:00.{i}00000000+02:00,1\n" for i in range(6)))
    Pipeline([Gain(gain=2)]).run_file("a.csv", "z.parquet", time_column="t")
    assert pq.read_table("z.parquet")["t"][1].as_py().isoformat() == "2025-12-31T22:00:00.100000+00:00"


def test_elapsed_times_and_dates_give_the_rate_unnamed():
    elapsed = SECONDS - SECONDS[0]
    out = through(pa.table({"since": elapsed, "y": SIX}))
    assert out["since"].to_numpy()[-1] == np.timedelta64(7, "s")
    assert out.schema.field("since").type == pa.duration("us")
    finer = through(pa.table({"since": pa.array(elapsed).cast(pa.duration("s")), "y": SIX}), Resample(fs=3))
    assert finer["since"].to_numpy()[1] == np.timedelta64(333_333_333, "ns")
    save("x.parquet", on=pa.array([date(2026, 1, 1 + i) for i in range(6)]), y=SIX)
    assert open_reader("x.parquet").info.fs == 1 / 86_400


def test_an_index_of_pandas_comes_back_as_one():
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    for index in (
        pd.DatetimeIndex(SECONDS, name="when"),
        pd.DatetimeIndex(SECONDS, tz="Asia/Tokyo"),
        pd.TimedeltaIndex(SECONDS - SECONDS[0]),
    ):
        through(pd.DataFrame({"a": SIX, "b": range(6)}, index))
        back = pd.read_parquet("y.parquet")
        assert (list(back.columns), back.index.name, type(back.index)) == (["a", "b"], index.name, type(index))
        assert back.index[:6].equals(index)
        assert len(back) == 8
    through(pd.DataFrame({"when": SECONDS, "a": SIX}))
    assert list(pd.read_parquet("y.parquet").columns) == ["when", "a"]


def test_what_a_file_says_of_itself_and_of_its_columns_goes_along():
    schema = pa.schema([pa.field("y", pa.float64(), metadata={"unit": "m"})], metadata={"site": "Hut 3"})
    out = through(pa.table({"y": SIX}, schema=schema), fs=1).schema
    assert (out.metadata[b"site"], out.field("y").metadata) == (b"Hut 3", {b"unit": b"m"})
    assert json.loads(out.metadata[b"faltung"]) == {"fs": 1.0}


@pytest.mark.parametrize("stamps", [[f"10:00:{i:02d}" for i in range(6)], [f"15.07.2024 10:{i:02d}" for i in range(6)]])
def test_clocks_and_dates_as_people_write_them_are_texts_as_they_were(stamps):
    Path("a.csv").write_text("t,y\n" + "".join(f"{stamp},1\n" for stamp in stamps))
    Pipeline([Gain(gain=2)]).run_file("a.csv", "y.parquet", time_column="t")
    assert pq.read_table("y.parquet")["t"].to_pylist() == stamps


def test_the_fix_for_columns_of_times_is_one_that_works():
    two = {"s": SECONDS, "t": SECONDS, "y": SIX}
    with pytest.raises(ReadError, match=r"column 's' holds .*; set time_column: s"):
        through(pa.table(two))
    with pytest.raises(ReadError, match=r"column 't' holds .*, no numbers; choose others with columns:"):
        through(pa.table(two), time_column="s")
    assert through(pa.table(two), time_column="s", columns=["y"]).column_names == ["s", "y"]
    with pytest.raises(ReadError, match="has two columns 'y', which cannot be told apart; rename one"):
        through(pa.table([SECONDS, SIX, SIX], names=["t", "y", "y"]))
