"""HDF5 and NWB made here by h5py, against the samples and times that went in."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from faltung_arrays import HDF5, NWB

from pipeline import find_matches
from pipeline.errors import ReadError, UsageError
from pipeline.io import open_reader
from pipeline.testing import check_reader

START = "2024-03-01T13:00:00.250000+01:00"


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(-5000, 5000, shape)


def h5(path, attrs=(), **arrays):
    """A file of arrays; a value may be (array, attributes) or (array, attributes, how to store it)."""
    with h5py.File(path, "w") as file:
        file.attrs.update(dict(attrs))
        for name, value in arrays.items():
            array, told, how = (*value, {}, {})[:3] if isinstance(value, tuple) else (value, {}, {})
            file.create_dataset(name, data=array, **how).attrs.update(told)
    return path


def nwb(path, x, rate=None, stamps=None, start=0.0, kind="ElectricalSeries", told=(), factors=None, electrodes=None,
        reference=None, session=START, how=(), place="acquisition/raw"):  # fmt: skip
    with h5py.File(path, "a") as file:
        file.attrs["nwb_version"] = "2.7.0"
        for key, text in (("session_start_time", session), ("timestamps_reference_time", reference)):
            if text and key not in file:
                file[key] = text
        group = file.create_group(place)
        group.attrs["neurodata_type"] = kind
        data = group.create_dataset("data", data=x, **dict(how))
        data.attrs.update({"conversion": 1.0, "offset": 0.0, "unit": "volts", **dict(told)})
        if rate is not None:
            group["starting_time"] = float(start)
            group["starting_time"].attrs["rate"] = rate
        if stamps is not None:
            group["timestamps"] = stamps
        if factors is not None:
            group["channel_conversion"] = np.asarray(factors)
        if electrodes is not None:
            group["electrodes"] = np.arange(electrodes)
    return path


def read(path, step=1000, **how):
    with open_reader(path, **how) as reader:
        blocks = list(reader.blocks(step))
        return np.concatenate(blocks), reader.info, reader.warnings


@pytest.mark.parametrize("dtype", ["<i2", ">i2", "<f4", ">f8", "u1", "i8", "?"])
@pytest.mark.parametrize("how", [{}, {"chunks": (7, 1), "compression": "gzip", "shuffle": True}])
def test_contract(tmp_path, dtype, how):
    x = noise(300, 2).astype(dtype)
    check_reader(HDF5, h5(tmp_path / "a.h5", x=(x, {"fs": 250}, how)), x.astype(float), 250.0)


def test_contract_of_nwb(tmp_path):
    x = noise(300, 3).astype("<i2")
    path = nwb(tmp_path / "a.nwb", x, 30_000.0, told={"conversion": 2.0**-10, "offset": 0.5}, how={"chunks": (64, 3)})
    check_reader(NWB, path, x * 2.0**-10 + 0.5, 30_000.0)


@pytest.mark.parametrize("step", [1, 13, 99, 100_000])
def test_blocks_of_any_size_and_places_give_the_same_across_windows(tmp_path, step, monkeypatch):
    from faltung_arrays import cells

    monkeypatch.setattr(cells, "_WINDOW_ROWS", 50)
    x = noise(1000, 2)
    path = h5(tmp_path / "a.h5", x=(x, {"fs": 10}, {"chunks": (17, 1), "compression": "gzip"}))
    np.testing.assert_array_equal(read(path, step)[0], x)
    with open_reader(path) as reader:
        reader.skip(777)
        np.testing.assert_array_equal(reader.read(step), x[777 : 777 + step])


@pytest.mark.parametrize(
    ("told", "fs"),
    [({"sampling_rate": 1 / 3}, 1 / 3), ({"Fs": np.float32(0.1)}, 0.1), ({"samplerate": "44100"}, 44100.0),
     ({"sfreq": np.array([99.98765])}, 99.98765)],
)  # fmt: skip
def test_the_rate_is_what_an_attribute_says_of_the_array_its_group_or_the_file(tmp_path, told, fs):
    x = noise(100)
    assert read(h5(tmp_path / "a.h5", x=(x, told)))[1].fs == fs
    assert read(h5(tmp_path / "b.h5", attrs=told, **{"take/one/x": x}))[1].fs == fs
    path = h5(tmp_path / "c.h5", **{"take/one/x": x, f"take/{next(iter(told))}": np.float64(fs)})
    assert read(path)[1].fs == fs


def test_a_rate_that_none_can_be_or_that_nobody_tells_or_that_is_told_twice(tmp_path):
    with pytest.raises(ReadError, match=r"x: fs: the sampling rate must be above 0 Hz, got 0"):
        open_reader(h5(tmp_path / "a.h5", x=(noise(9), {"fs": 0})))
    path = h5(tmp_path / "b.h5", x=noise(9))
    with pytest.raises(ReadError, match=r"x tells no sampling rate: give fs:, or store an attribute"):
        open_reader(path)
    assert read(path, fs=12.5)[1].fs == 12.5
    with pytest.raises(ReadError, match=r"x is sampled at 10 Hz, fs says 20 Hz; leave fs out"):
        open_reader(h5(tmp_path / "c.h5", x=(noise(9), {"fs": 10})), fs=20)


def test_several_arrays_are_several_signals_by_path_or_last_name(tmp_path):
    a, b, c = noise(50), noise(50, seed=1), noise(20, 2, seed=2)
    path = h5(tmp_path / "a.h5", **{"one/x": (a, {"fs": 10}), "two/x": (b, {"fs": 10}), "two/slow": (c, {"fs": 0.5})})
    with pytest.raises(ReadError, match="holds 3 signals, one/x, two/slow, two/x; choose with source:") as told:
        open_reader(path)
    assert told.value.signals == ("one/x", "two/slow", "two/x")
    got, info, _ = read(path, source=["slow"])
    assert (info.fs, info.names, got.tolist()) == (0.5, ("two/slow[0]", "two/slow[1]"), c.tolist())
    got, info, _ = read(path, source=["two/x", "/one/x"])
    assert (info.names, got.T.tolist()) == (("two/x", "one/x"), [b.tolist(), a.tolist()])
    with pytest.raises(ReadError, match=r"source: 'x' is 2 signals; there are one/x, two/slow, two/x"):
        open_reader(path, source=["x"])
    with pytest.raises(ReadError, match=r"source: there is no 'y'; there are one/x"):
        open_reader(path, source=["y"])
    differ = r"signals chosen differ: one/x has 50 frames at 10 Hz, two/slow has 20 frames at 0.5 Hz; choose one"
    with pytest.raises(ReadError, match=differ):
        open_reader(path, source=["one/x", "slow"])


def test_what_is_no_signal_is_not_listed(tmp_path):
    x = noise(50)
    arrays = {
        "x": (x, {"fs": 10}),
        "text": np.array([b"a", b"b"]),
        "c": np.ones(9, complex),
        "cube": np.ones((3, 3, 3)),
    }
    path = h5(tmp_path / "a.h5", **arrays, pairs=np.zeros(5, "i4,f8"), time=np.arange(50) / 10, empty=np.zeros(0))
    np.testing.assert_array_equal(read(path)[0][:, 0], x)
    with pytest.raises(ReadError, match="holds no array of real numbers with one or two axes"):
        open_reader(h5(tmp_path / "b.h5", c=np.ones(9, complex)))


@pytest.mark.parametrize("shape", [(3, 200), (1, 3, 200)])
def test_channels_first_are_turned_and_that_is_said(tmp_path, shape):
    x = noise(*shape)
    got, _, warnings = read(h5(tmp_path / "a.h5", x=(x, {"fs": 10})))
    np.testing.assert_array_equal(got, x.reshape(3, 200).T)
    assert warnings == [f"x has shape {shape}; its longer axis is taken for time"]


def test_of_many_channels_some_are_chosen_in_the_order_that_is_asked(tmp_path):
    x = noise(500, 384)
    path = h5(tmp_path / "a.h5", x=(x, {"fs": 10}, {"chunks": (50, 96), "compression": "gzip"}))
    with pytest.raises(ReadError, match=r"x has shape \(500, 384\), so 384 channels; choose with columns:, at most 64"):
        open_reader(path)
    got, info, _ = read(path, 7, columns=[383, "x[17]", 2])
    np.testing.assert_array_equal(got, x[:, [383, 17, 2]])
    assert info.names == ("x[383]", "x[17]", "x[2]")
    with pytest.raises(ReadError, match=r"has no column 384: it has 384"):
        open_reader(path, columns=[384])
    with pytest.raises(UsageError, match="time_column is for CSV; the times of HDF5 are found"):
        open_reader(path, columns=[1], time_column="t")
    factors = np.arange(1.0, 5.0)
    path = nwb(tmp_path / "a.nwb", noise(50, 4), 10.0, factors=factors)
    np.testing.assert_array_equal(read(path, columns=[3, 1])[0], (noise(50, 4) * factors)[:, [3, 1]])
    two = h5(tmp_path / "b.h5", x=(noise(50), {"fs": 10}), y=(noise(50), {"fs": 10}))
    with pytest.raises(UsageError, match="columns: chooses channels of one signal, source: has several"):
        open_reader(two, source=["x", "y"], columns=[0])


# ---- times ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fs", [44_100, 192_000, 99.98765, 1 / 3, 0.1, 30_000.03])
@pytest.mark.parametrize("begin", [0.0, 1.7e9])
def test_the_rate_of_times_is_the_plainest_that_they_can_mean(tmp_path, fs, begin):
    t = begin + np.arange(200_000) / fs
    info = read(h5(tmp_path / "a.h5", x=noise(len(t)), time=t))[1]
    assert info.fs == pytest.approx(fs, rel=1e-9)
    if fs == 44_100:
        assert info.fs == fs


def test_times_with_a_gap_that_do_not_go_on_or_that_jitter(tmp_path):
    x, t = noise(300), np.arange(300) / 10
    gap = np.where(np.arange(300) < 200, t, t + 5.03)
    path = h5(tmp_path / "a.h5", x=x, time=gap, attrs={"start_time": "2024-03-01T00:00:00.000Z"})
    with pytest.raises(ReadError, match=r"x: a gap of 50 frames before frame 250; set gaps: interpolate or nan"):
        open_reader(path)
    got, info, warnings = read(path, 7, gaps="nan")
    assert np.isnan(got[200:250]).all()
    np.testing.assert_array_equal(np.delete(got[:, 0], np.s_[200:250]), x)
    assert info.clocks[0].utc(250) == "2024-03-01T00:00:25.030000Z"
    assert warnings == ["x: 1 gap, 50 frames in all"]
    line = read(path, 7, gaps="interpolate")[0][200:250, 0]
    np.testing.assert_allclose(line, np.interp(np.arange(200, 250), [199, 250], [x[199], x[200]]), atol=1e-9)
    with pytest.raises(ReadError, match=r"time does not go on at row 7: a step of 0 s"):
        open_reader(h5(tmp_path / "b.h5", x=x, time=np.where(np.arange(300) == 7, t[6], t)))
    uneven = np.where(np.arange(300) == 7, t + 0.03, t)
    path = h5(tmp_path / "c.h5", x=x, time=uneven, attrs={"start_time": "2024-03-01T00:00:00Z"})
    with pytest.raises(ReadError, match=r"time has a step of 0.13 s before row 7 .*: over 1 % of jitter; give fs:"):
        open_reader(path)
    assert read(path, fs=10)[1].clocks[0].utc(7) == "2024-03-01T00:00:00.730000Z"
    with pytest.raises(ReadError, match=r"time has steps of 0.1 s, the rate told is 20 Hz, steps of 0.05 s"):
        open_reader(path, fs=20)


def test_a_clock_that_drifts_is_kept_piecewise(tmp_path):
    n = 100_000
    t = np.cumsum(0.01 * (1 + 4e-4 * np.sin(np.arange(n) / 9000)))
    path = h5(tmp_path / "a.h5", x=noise(n), time=t, attrs={"start_time": "2024-03-01T00:00:00.000000Z"})
    clock = read(path)[1].clocks[0]
    for frame in (0, 1, 12_345, 54_321, n - 1):
        assert clock.ns(frame) - clock.ns(0) == pytest.approx((t[frame] - t[0]) * 1e9, abs=0.06e7)
    assert len(clock.frames) < 1000


def test_coordinates_of_netcdf_count_from_a_date_in_nanoseconds_exactly(tmp_path):
    n, fs = 100_000, 44_100
    ns = np.array([round(i * 10**9 / fs) for i in range(n)], "i8") + 123_456_789
    with h5py.File(tmp_path / "a.nc", "w") as file:
        file["time"] = ns
        file["time"].attrs["units"] = "nanoseconds since 2024-03-01 12:00:00"
        file["time"].make_scale("time")
        file["wave"] = noise(2, n)
        file["wave"].dims[1].attach_scale(file["time"])
        file["wave"].attrs.update({"scale_factor": 0.5, "add_offset": 3.0, "_FillValue": 17})
    got, info, warnings = read(tmp_path / "a.nc")
    x = noise(2, n).T * 1.0
    x[x == 17] = np.nan
    np.testing.assert_array_equal(got, x * 0.5 + 3)
    assert (info.fs, info.clocks[0].utc(0), warnings) == (44_100.0, "2024-03-01T12:00:00.123456789Z", [])
    assert info.clocks[0].ns(99_999) - info.clocks[0].ns(0) == pytest.approx(ns[-1] - ns[0], abs=1)


# ---- holes ----------------------------------------------------------------------------------------------------------


def test_chunks_that_were_never_written_are_no_silence(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        x = file.create_dataset("x", (1000, 2), "i2", chunks=(100, 1))
        x.attrs["fs"] = 10
        x[:300], x[500:600, 1], x[700:] = 5, 6, 0
    with pytest.raises(ReadError, match=r"x: 200 frames from frame 300 on were never stored: they read as 0; set gaps"):
        open_reader(tmp_path / "a.h5")
    got, _, warnings = read(tmp_path / "a.h5", 33, gaps="nan")
    assert np.flatnonzero(np.isnan(got[:, 0])).tolist() == [*range(300, 700)]
    assert np.flatnonzero(np.isnan(got[:, 1])).tolist() == [*range(300, 500), *range(600, 700)]
    assert (got[700:] == 0).all()
    assert warnings == ["x: 3 holes, 700 frames in all"]
    line = read(tmp_path / "a.h5", 33, gaps="interpolate")[0]
    np.testing.assert_allclose(line[300:700, 0], 5 - 5 * np.arange(1, 401) / 401, atol=1e-12)
    got, _, warnings = read(tmp_path / "a.h5", truncated="accept")
    assert (got[300:700, 0] == 0).all()
    assert "took 0 for silence" in warnings[0]
    assert not np.isnan(read(tmp_path / "a.h5", gaps="nan", columns=[1])[0][500:600]).any()
    with pytest.raises(ReadError, match=r"x: 200 frames are missing before frame 500, more than max_gap: 10 s"):
        open_reader(tmp_path / "a.h5", gaps="interpolate", max_gap="10 s")


def test_a_gap_beside_a_hole_has_no_value_to_draw_a_line_from(tmp_path):
    t = np.arange(300) / 10 + np.where(np.arange(300) < 200, 0, 5)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["time"] = t
        x = file.create_dataset("x", (300,), "f8", chunks=(50,))
        x[:150], x[200:] = 1.0, 3.0
    got, _, warnings = read(tmp_path / "a.h5", gaps="interpolate")
    assert np.isnan(got[150:250]).all()
    assert not np.isnan(np.delete(got, np.s_[150:250])).any()
    assert warnings == ["x: 1 gap, 50 frames in all", "x: 1 hole, 50 frames in all"]


def test_chunks_that_are_too_large_to_stream_are_refused(tmp_path, monkeypatch):
    from faltung_arrays import cells

    monkeypatch.setattr(cells, "_MOST_BYTES", 1 << 20)
    path = h5(tmp_path / "a.h5", x=(noise(1 << 18), {"fs": 10}, {"chunks": (1 << 18,)}))
    with pytest.raises(ReadError, match="its chunks are 2 MiB a read; store it in smaller ones"):
        open_reader(path)


# ---- other files, other formats, damage ----------------------------------------------------------------------------


def test_nothing_in_another_file_is_read(tmp_path):
    h5(tmp_path / "b.h5", x=(noise(50), {"fs": 10}))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = h5py.ExternalLink("b.h5", "/x")
    with pytest.raises(ReadError, match="holds no array of real numbers"):
        open_reader(tmp_path / "a.h5")
    layout = h5py.VirtualLayout((50,), "i8")
    layout[:] = h5py.VirtualSource("b.h5", "x", (50,))
    with h5py.File(tmp_path / "c.h5", "w") as file:
        file.create_virtual_dataset("v", layout)
    with h5py.File(tmp_path / "d.h5", "w") as file:
        file.create_dataset("e", (50,), "i1", external=[(str(tmp_path / "raw"), 0, 50)])
    for name, one in (("c.h5", "v"), ("d.h5", "e")):
        with pytest.raises(ReadError, match=f"{one} has its numbers in other files, which are not read"):
            open_reader(tmp_path / name)
    nwb(tmp_path / "n.nwb", noise(50), 10.0)
    with h5py.File(tmp_path / "n.nwb", "a") as file:
        del file["acquisition/raw/data"]
        file["acquisition/raw/data"] = h5py.ExternalLink("b.h5", "/x")
    with pytest.raises(ReadError, match="data has its numbers in other files"):
        open_reader(tmp_path / "n.nwb")


def test_damage_anywhere_is_an_error_of_the_file_or_does_no_harm(tmp_path):
    data = h5(tmp_path / "a.h5", x=(noise(300, 2), {"fs": 10}, {"chunks": (50, 1), "compression": "gzip"})).read_bytes()
    draw = np.random.default_rng(5)
    failed = foreign = 0
    for _ in range(150):
        raw = bytearray(data)
        for at in draw.integers(0, len(raw), 3):
            raw[at] ^= 1 << int(draw.integers(8))
        (tmp_path / "b.h5").write_bytes(raw)
        try:
            read(tmp_path / "b.h5")
        except ReadError as error:
            failed += 1
            foreign += error.of_plugin
    assert (failed > 20, foreign) == (True, 0)


def test_sofa_is_told_where_it_belongs(tmp_path):
    with pytest.raises(ReadError, match="is SOFA, impulse responses: install faltung-room"):
        open_reader(h5(tmp_path / "a.h5", attrs={"Conventions": "SOFA"}, x=noise(9)))


# ---- NWB ------------------------------------------------------------------------------------------------------------


def test_series_of_nwb_by_name_scaled_and_at_the_time_of_the_session(tmp_path):
    x, slow = noise(500, 2).astype("i2"), noise(50).astype("f4")
    told = {"conversion": 1.95e-7, "offset": 0.5}
    path = nwb(tmp_path / "a.nwb", x, 30_000.0, start=2.5, told=told, factors=[1.0, 2.0], electrodes=2)
    nwb(path, slow, 1000 / 3, kind="TimeSeries", place="processing/ecephys/LFP/lfp")
    nwb(path, noise(9, 4), stamps=np.arange(9.0), kind="SpikeEventSeries", place="acquisition/spikes")
    with pytest.raises(ReadError, match="holds 2 signals, acquisition/raw, processing/ecephys/LFP/lfp; choose with"):
        open_reader(path)
    got, info, _ = read(path, source=["raw"])
    np.testing.assert_allclose(got, x * 1.95e-7 * np.array([1.0, 2.0]) + 0.5, rtol=1e-15)
    assert (info.fs, info.clocks[0].local(0)) == (30_000.0, "2024-03-01T13:00:02.750000+01:00")
    assert info.clocks[0].utc(30) == "2024-03-01T12:00:02.751000Z"
    assert read(path, source=["lfp"])[1].fs == 1000 / 3


def test_the_reference_of_timestamps_comes_before_the_session(tmp_path):
    stamps = 100.0 + np.arange(50) / 20
    path = nwb(tmp_path / "a.nwb", noise(50), stamps=stamps, reference="2024-03-01T00:00:00.000+00:00")
    _, info, _ = read(path)
    assert (info.fs, info.clocks[0].utc(0)) == (20.0, "2024-03-01T00:01:40.000000Z")
    assert info.clocks[0].source == "the NWB timestamps_reference_time"


def test_timestamps_with_gaps_keep_their_times_and_a_call_behind_them_is_told_at_its_own(tmp_path):
    x, call = noise(3000).astype("f8"), np.sin(np.arange(40.0) ** 1.5)
    x[2000:2040] = 20_000 * call
    stamps = np.arange(3000) / 100 + np.where(np.arange(3000) < 1500, 0, 7.777)
    path = nwb(tmp_path / "a.nwb", x, stamps=stamps, session="2024-03-01T00:00:00.000Z")
    with pytest.raises(ReadError, match=r"a gap of 778 frames before frame 2278; set gaps"):
        open_reader(path)
    (found,) = find_matches(path, call.tolist(), threshold=0.95, gaps="nan")
    assert (found.start_frame, found.start_utc) == (2778, "2024-03-01T00:00:27.777000Z")


def test_channels_first_by_the_electrodes_even_where_the_recording_is_short(tmp_path):
    x = noise(8, 300)
    got, _, warnings = read(nwb(tmp_path / "a.nwb", x, 10.0))
    np.testing.assert_array_equal(got, x.T)
    assert "channels first, where NWB has time first" in warnings[0]
    got, _, warnings = read(nwb(tmp_path / "b.nwb", noise(3, 8), 10.0, electrodes=8))
    assert (got.shape, warnings) == ((3, 8), [])


def test_series_that_contradict_themselves(tmp_path):
    x = noise(50)
    with pytest.raises(ReadError, match="raw has a starting_time and timestamps; only one of them can be right"):
        open_reader(nwb(tmp_path / "a.nwb", x, 10.0, np.arange(50.0)))
    with pytest.raises(ReadError, match="its starting_time must have a rate above 0 Hz, got 0"):
        open_reader(nwb(tmp_path / "b.nwb", x, 0.0))
    with pytest.raises(ReadError, match=r"raw has 50 rows and \(49,\) timestamps"):
        open_reader(nwb(tmp_path / "c.nwb", x, stamps=np.arange(49.0)))
    with pytest.raises(ReadError, match=r"has 2 channels and \(3,\) factors of conversion"):
        open_reader(nwb(tmp_path / "d.nwb", noise(50, 2), 10.0, factors=[1.0, 2.0, 3.0]))
    with pytest.raises(ReadError, match="holds no series with a rate or with timestamps"):
        open_reader(nwb(tmp_path / "e.nwb", x))
