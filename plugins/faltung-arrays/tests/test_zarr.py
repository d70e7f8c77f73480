"""Zarr 2 and 3 as the reference implementation and xarray write them, against the numbers that went in."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import zarr
from faltung_arrays import ZARR

from pipeline import find_matches
from pipeline.config.inputs import expand_inputs
from pipeline.errors import ReadError, UsageError
from pipeline.io import open_reader
from pipeline.testing import check_reader


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(-5000, 5000, shape)


def store(path, x, told=(), *, version=3, **how):
    array = zarr.create_array(path, shape=x.shape, dtype=x.dtype, zarr_format=version, **how)
    array[...] = x
    array.attrs.update(dict(told))
    return path


def read(path, step=1000, **how):
    with open_reader(path, **how) as reader:
        return np.concatenate(list(reader.blocks(step))), reader.info, reader.warnings


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("dtype", ["<i2", ">i2", "<f4", ">f8", "u1", "?"])
def test_contract(tmp_path, version, dtype):
    x = noise(300, 2).astype(dtype)
    how = {"chunks": (70, 1), "fill_value": None if version == 2 else 3, "config": {"write_empty_chunks": True}}
    path = store(tmp_path / "a.zarr", x, {"fs": 250}, version=version, **how)
    check_reader(ZARR, path / ("zarr.json" if version == 3 else ".zarray"), x.astype(float), 250.0)
    np.testing.assert_array_equal(read(path, 33)[0], x)


@pytest.mark.parametrize("how", [{}, {"shards": (210, 2)}, {"order": "F", "version": 2}, {"compressors": None},
                                 {"chunk_key_encoding": {"name": "v2", "separator": "."}},
                                 {"chunk_key_encoding": {"name": "v2", "separator": "/"}, "version": 2}])  # fmt: skip
@pytest.mark.parametrize("step", [1, 17, 5000])
def test_chunks_however_they_are_laid_out_and_called(tmp_path, how, step):
    x = noise(1000, 2)
    path = store(tmp_path / "a.zarr", x, {"fs": 10}, chunks=(70, 1), **how)
    np.testing.assert_array_equal(read(path, step)[0], x)
    with open_reader(path) as reader:
        reader.skip(501)
        np.testing.assert_array_equal(reader.read(step), x[501 : 501 + step])


@pytest.mark.parametrize("how", [{}, {"version": 2}, {"shards": (300, 2)}])
def test_chunks_that_are_not_there_are_no_silence(tmp_path, how):
    x = np.ones((1000, 2))
    x[400:500], x[700:900, 1] = 0, 0
    path = store(tmp_path / "a.zarr", x, {"fs": 10}, chunks=(100, 1), **how)
    problem = r"x: 100 frames from frame 400 on were never stored: they read as 0.*; set gaps: nan where nothing was"
    with pytest.raises(ReadError, match=problem.replace("x:", "a:")):
        open_reader(path)
    got, _, warnings = read(path, 33, gaps="nan")
    np.testing.assert_array_equal(got, np.where(x == 0, np.nan, x))
    assert warnings == ["a: 3 holes, 400 frames in all"]
    got, _, warnings = read(path, truncated="accept")
    np.testing.assert_array_equal(got, x)
    assert "took 0.0 for silence" in warnings[0]


def test_a_fill_value_that_is_nan_is_told_as_a_hole_too(tmp_path):
    x = np.where(np.arange(1000) // 100 == 4, np.nan, 1.0)
    path = store(tmp_path / "a.zarr", x, {"fs": 10}, chunks=(100,), fill_value=np.nan)
    with pytest.raises(ReadError, match="a: 100 frames from frame 400 on were never stored: they read as nan"):
        open_reader(path)
    np.testing.assert_array_equal(read(path, gaps="nan")[0][:, 0], x)


def test_silence_that_is_stored_is_silence(tmp_path):
    x = np.ones((1000, 2))
    x[400:500] = 0
    path = store(tmp_path / "a.zarr", x, {"fs": 10}, chunks=(100, 1), config={"write_empty_chunks": True})
    np.testing.assert_array_equal(read(path)[0], x)


def test_a_shard_whose_index_stands_first(tmp_path):
    from zarr.codecs import BytesCodec, ShardingCodec

    x = np.ones(1000)
    x[300:400] = 0
    codec = ShardingCodec(chunk_shape=(100,), codecs=[BytesCodec()], index_location="start")
    array = zarr.create(x.shape, store=tmp_path / "a.zarr", chunks=(500,), dtype="f8", codecs=[codec], zarr_format=3)
    array[:], array.attrs["fs"] = x, 10
    np.testing.assert_array_equal(np.isnan(read(tmp_path / "a.zarr", gaps="nan")[0][:, 0]), x == 0)


def test_a_store_that_was_made_longer_than_what_was_recorded_ends_in_a_hole(tmp_path):
    array = zarr.create_array(tmp_path / "a.zarr", shape=(1000,), chunks=(64,), dtype="i2")
    array[:640], array.attrs["fs"] = 7, 10
    got, _, _ = read(tmp_path / "a.zarr", gaps="nan")
    assert (int(np.isnan(got).sum()), bool(np.isnan(got[640:]).all())) == (360, True)
    with pytest.raises(ReadError, match="a: a hole at its beginning or end; set gaps: nan"):
        open_reader(tmp_path / "a.zarr", gaps="interpolate")


@pytest.mark.parametrize("version", [2, 3])
def test_groups_with_rates_dimensions_and_times(tmp_path, version):
    x, slow = noise(2, 400), noise(80, seed=1)
    group = zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=version)
    dims = (lambda *names: {"dimension_names": names}) if version == 3 else (lambda *_: {})
    a = group.create_array("deep/wave", data=x, **dims("channel", "time"))
    group.create_array("deep/time", data=np.arange(400) / 50)
    group.create_array("slow", data=slow).attrs["sampling_rate"] = 1 / 3
    if version == 2:
        a.attrs["_ARRAY_DIMENSIONS"] = ["channel", "time"]
    group.attrs["start_time"] = "2024-03-01T12:00:00.000+02:00"
    with pytest.raises(ReadError, match="holds 2 signals, deep/wave, slow; choose with source:"):
        open_reader(tmp_path / "a.zarr")
    got, info, warnings = read(tmp_path / "a.zarr", source=["wave"])
    np.testing.assert_array_equal(got, x.T)
    assert (info.fs, info.clocks[0].utc(50), warnings) == (50.0, "2024-03-01T10:00:01.000000Z", [])
    assert read(tmp_path / "a.zarr", source=["slow"])[1].fs == 1 / 3


@pytest.mark.filterwarnings("ignore:Consolidated metadata")
@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("fs", [44_100, 48_000, 192_000, 99.5])
def test_what_xarray_wrote(tmp_path, version, fs):
    xarray = pytest.importorskip("xarray", reason="xarray is not installed")
    ns = np.datetime64("2024-03-01T12:00:00.25", "ns") + np.rint(np.arange(5000) * 1e9 / fs).astype("m8[ns]")
    x = noise(5000, 2) / 7.0
    x[77, 1] = np.nan
    data = xarray.DataArray(x, dims=("time", "channel"), coords={"time": ns}, name="sound").to_dataset()
    data.to_zarr(tmp_path / "a.zarr", zarr_format=version)
    got, info, _ = read(tmp_path / "a.zarr")
    with xarray.open_zarr(tmp_path / "a.zarr") as independent:
        np.testing.assert_array_equal(got, independent["sound"].values)
        times = independent["time"].values.astype("i8")
    assert info.fs == fs
    for frame in (0, 1, 2500, 4999):
        assert abs(info.clocks[0].ns(frame) - int(times[frame])) <= 1
    assert info.clocks[0].utc(0).startswith("2024-03-01T12:00:00.250")


def test_metadata_that_were_consolidated_before_the_array_grew_are_not_believed(tmp_path):
    group = zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=2)
    array = group.create_array("x", data=noise(500), chunks=(100,))
    array.attrs["fs"] = 10
    zarr.consolidate_metadata(tmp_path / "a.zarr")
    array.append(noise(500, seed=1))
    assert zarr.open_group(tmp_path / "a.zarr", mode="r")["x"].shape == (500,)
    assert len(read(tmp_path / "a.zarr")[0]) == 1000


def test_folders_are_inputs_of_a_run_and_of_patterns(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store("night/a.zarr", noise(99), {"fs": 10})
    store("night/b.zarr", noise(99), {"fs": 10})
    (tmp_path / "night" / "empty.zarr").mkdir()
    assert [str(path) for path in expand_inputs(["night/*.zarr"])] == ["night/a.zarr", "night/b.zarr"]
    assert [str(path) for path in expand_inputs(["**/*.zarr", "night/a.zarr/"])] == ["night/a.zarr", "night/b.zarr"]
    with pytest.raises(UsageError, match=r"the input 'night/empty\.zarr' is a folder"):
        expand_inputs(["night/empty.zarr"])
    with pytest.raises(ReadError, match="is a directory, not a file; give a pattern"):
        open_reader("night/empty.zarr")


def test_a_call_behind_a_hole_is_found_at_its_time(tmp_path):
    x, call = noise(3000).astype("f8"), np.sin(np.arange(40.0) ** 1.5)
    x[2000:2040] = 20_000 * call
    path = store(tmp_path / "a.zarr", x, {"fs": 100, "start_time": "2024-03-01T00:00:00.0Z"}, chunks=(250,))
    (tmp_path / "a.zarr" / "c" / "3").unlink()
    (found,) = find_matches(path, call.tolist(), threshold=0.95, gaps="nan")
    assert (found.start_frame, found.start_utc) == (2000, "2024-03-01T00:00:20.000000Z")


def test_a_chunk_that_is_cut_or_damaged_is_an_error_of_the_file(tmp_path):
    path = store(tmp_path / "a.zarr", noise(1000), {"fs": 10}, chunks=(100,))
    chunk = path / "c" / "7"
    whole = chunk.read_bytes()
    for broken in (b"", whole[:-1], whole[: len(whole) // 2], b"\xff" * len(whole)):
        chunk.write_bytes(broken)
        with open_reader(path) as reader, pytest.raises(ReadError, match="damaged, or no ZARR that is whole") as told:
            reader.read(1000)
        assert not told.value.of_plugin
    shutil.rmtree(path / "c")
    with pytest.raises(ReadError, match="1,000 frames from frame 0 on were never stored"):
        open_reader(path)


@pytest.mark.parametrize("where", [{"filters": [{"id": "pickle"}]}, {"compressor": {"id": "pickle"}}, {"dtype": "|O"}])
def test_nothing_pickled_is_read(tmp_path, where):
    path = store(tmp_path / "a.zarr", noise(99), {"fs": 10}, version=2)
    told = json.loads((path / ".zarray").read_text())
    (path / ".zarray").write_text(json.dumps({**told, **where, "filters": [{"id": "pickle"}]}))
    with pytest.raises(ReadError, match=r"No Zarr data type found|holds no array of real numbers"):
        open_reader(path)


def test_more_chunks_than_can_be_looked_for_are_refused(tmp_path):
    zarr.create_array(tmp_path / "a.zarr", shape=(10**12,), chunks=(10,), dtype="i2").attrs["fs"] = 10
    with pytest.raises(ReadError, match=r"shape \(1000000000000,\) is in 100,000,000,000 chunks; store it in larger"):
        open_reader(tmp_path / "a.zarr")
