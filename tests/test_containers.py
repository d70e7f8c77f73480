"""Signals held by pandas, xarray, polars, torch, jax and masked arrays come back as what they are, or are refused."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.ndimage

from pipeline import Delay, Gain, Kernel, Pipeline, Resample, Smooth, convolve, correlate
from pipeline.errors import SignalError

ECHO = Pipeline([Delay(delay="2 samples")])
SMOOTH = Pipeline([Smooth(length="5 samples", phase="zero")])
NOISE = np.random.default_rng(1).standard_normal((40, 2))


# ---- as many values as went in ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("edges", "mode"), [("hold", "nearest"), ("reflect", "reflect")])
@pytest.mark.parametrize("frames", [1, 2, 3, 4, 5, 6, 40])
@pytest.mark.parametrize("length", [1, 3, 5, 9, 81])
def test_same_gives_what_scipy_gives_with_those_edges(edges, mode, frames, length):
    pipe = Pipeline([Smooth(length=f"{length} samples", phase="zero")], edges=edges)
    expected = scipy.ndimage.uniform_filter1d(NOISE[:frames], length, axis=0, mode=mode)
    np.testing.assert_allclose(pipe(NOISE[:frames], fs=10, same=True), expected, atol=1e-12)
    for step in (1, 7):
        cut = list(pipe.stream([NOISE[i : min(i + step, frames)] for i in range(0, frames, step)], fs=10))
        np.testing.assert_array_equal(np.concatenate(cut), pipe(NOISE[:frames], fs=10))


@pytest.mark.parametrize("options", [{}, {"tail": "keep"}, {"tail": "trim"}, {"edges": "reflect"}])
def test_same_never_changes_the_number_of_values(options):
    for frames in (0, 1, 876):
        assert len(Pipeline([Smooth(length="7 samples")], **options)(np.ones(frames), fs=1, same=True)) == frames


# ---- masks -----------------------------------------------------------------------------------------------------------


def test_a_mask_is_a_gap_where_gaps_are_let_through_and_else_refused():
    x = np.ma.masked_equal([1.0, 2, 3, 4, 5, 6], 3)
    with pytest.raises(SignalError, match=r"frame 2 is masked; fill it .*, or set nonfinite: propagate for a gap"):
        ECHO(x, fs=1)
    y = Pipeline([Smooth(length="2 samples")], nonfinite="propagate", tail="trim")(x, fs=1)
    assert y.mask.tolist() == [False, False, True, True, False, False]
    assert y.filled(0).tolist() == [0.5, 1.5, 0, 0, 4.5, 5.5]
    whole = np.ma.masked_array([1.0, 2], mask=False)
    assert ECHO(whole, fs=1).tolist() == [0, 0, 1, 2]


# ---- pandas ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin", "America/New_York"])
def test_a_series_with_times_keeps_them_and_goes_on_in_them(zone):
    pd = pytest.importorskip("pandas")
    index = pd.date_range("2026-03-29 00:30", periods=40, freq="10min", tz=zone, name="when")  # a change of clocks
    x = pd.Series(NOISE[:, 0], index, name="level")
    same = SMOOTH(x, same=True)
    assert same.index.equals(index)
    assert (same.name, same.index.name) == ("level", "when")
    y = ECHO(x)
    assert y.index.equals(pd.date_range(index[0], periods=42, freq="10min"))
    assert y.index.name == "when"
    assert y.to_numpy()[2:].tolist() == NOISE[:, 0].tolist()


def test_a_frame_keeps_its_columns_and_another_rate_gives_other_times():
    pd = pytest.importorskip("pandas")
    x = pd.DataFrame(NOISE, pd.date_range("2026-01-01", periods=40, freq="100ms"), columns=["left", "right"])
    assert list(SMOOTH(x, same=True).columns) == ["left", "right"]
    y = Pipeline([Resample(fs="5 Hz")], tail="trim")(x)
    assert list(y.index[:3]) == list(pd.date_range("2026-01-01", periods=3, freq="200ms"))


@pytest.mark.parametrize("kind", ["range", "labels"])
def test_an_index_that_is_no_time_goes_on_if_it_can(kind):
    pd = pytest.importorskip("pandas")
    index = pd.RangeIndex(10, 50) if kind == "range" else pd.Index([f"a{i}" for i in range(40)])
    x = pd.Series(NOISE[:, 0], index)
    assert SMOOTH(x, fs=10, same=True).index.equals(index)
    if kind == "range":
        assert list(ECHO(x, fs=10).index[[0, -1]]) == [10, 51]
    else:
        with pytest.raises(SignalError, match=r"the output has 42 frames, the index 40 .* ask for .* same=True"):
            ECHO(x, fs=10)
    with pytest.raises(SignalError, match="a sampling rate is a number above 0, in Hz, got None; give fs"):
        ECHO(x)


def test_times_that_are_not_regular_and_columns_that_are_no_channels_are_refused():
    pd = pytest.importorskip("pandas")
    times = pd.date_range("2026-01-01", periods=40, freq="1s")
    with pytest.raises(SignalError, match=r"the index is not regular at row 7: a step of 2 s, the median is 1 s"):
        ECHO(pd.Series(NOISE[:39, 0], times.delete(7)))
    with pytest.raises(SignalError, match=r"the index goes back at row 1; sort it: x\.sort_index\(\)"):
        ECHO(pd.Series(NOISE[:, 0], times[::-1]))
    with pytest.raises(SignalError, match="the time of the signal says 1 Hz, fs says 2 Hz; leave fs out"):
        ECHO(pd.Series(NOISE[:, 0], times), fs=2)
    with pytest.raises(SignalError, match="the index has no time in row 1"):
        ECHO(pd.Series(NOISE[:2, 0], pd.DatetimeIndex(["2026-01-01", None])))
    for name in ("time", "t", "Timestamp", "date", " seconds "):
        with pytest.raises(SignalError, match=r"is a time by its name, and would be .* a channel; make it"):
            ECHO(pd.DataFrame({name: NOISE[:, 0], "y": NOISE[:, 1]}), fs=1)
    with pytest.raises(SignalError, match=r"the column 'when' is datetime64.*, no number; make it the index"):
        ECHO(pd.DataFrame({"when": times, "y": NOISE[:, 1]}), fs=1)
    with pytest.raises(SignalError, match="a signal of pandas is a Series or a DataFrame, got Index"):
        ECHO(pd.Index([1.0, 2]), fs=1)


# ---- xarray ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dims", [("time", "station"), ("station", "time")])
def test_an_array_with_dimensions_keeps_them_its_coordinates_and_attributes(dims):
    xr = pytest.importorskip("xarray")
    coords = {
        "time": np.datetime64("2026-01-01", "ns") + np.arange(40) * np.timedelta64(500, "ms"),
        "station": ["A", "B"],
    }
    data = NOISE if dims[0] == "time" else NOISE.T
    x = xr.DataArray(data, coords, dims, name="level", attrs={"units": "m"})
    y = SMOOTH(x, same=True)
    assert (y.dims, y.name, y.attrs) == (dims, "level", {"units": "m"})
    assert y.coords["time"].equals(x.coords["time"])
    assert y.coords["station"].equals(x.coords["station"])
    np.testing.assert_allclose(
        y.transpose("time", "station"), scipy.ndimage.uniform_filter1d(NOISE, 5, axis=0, mode="nearest"), atol=1e-12
    )
    longer = ECHO(x)
    assert longer.sizes == {"time": 42, "station": 2}
    assert longer.coords["time"].to_numpy()[-1] == coords["time"][0] + np.timedelta64(20_500, "ms")


def test_numbers_of_seconds_are_times_of_xarray_and_what_is_no_time_is_refused():
    xr = pytest.importorskip("xarray")
    x = xr.DataArray(NOISE[:, 0], {"t": 5 + np.arange(40) / 4}, ("t",))
    assert ECHO(x).coords["t"].to_numpy()[[0, -1]].tolist() == [5, 15.25]
    with pytest.raises(SignalError, match=r"which dimension is the time cannot be told from \('x', 'y'\)"):
        ECHO(xr.DataArray(NOISE, dims=("x", "y")), fs=1)
    with pytest.raises(SignalError, match="the coordinate 't' is not regular at row 1"):
        ECHO(xr.DataArray([1.0, 2, 3, 4], {"t": [0, 1.5, 2.5, 3.5]}, ("t",)))
    with pytest.raises(SignalError, match="a signal of xarray is a DataArray, got Dataset"):
        ECHO(xr.Dataset({"a": x}))


# ---- polars ----------------------------------------------------------------------------------------------------------


def test_a_column_of_times_gives_the_rate_and_comes_back():
    pl = pytest.importorskip("polars")
    times = np.datetime64("2026-01-01", "us") + np.arange(40) * np.timedelta64(250, "ms")
    x = pl.DataFrame({"a": NOISE[:, 0], "when": times, "b": NOISE[:, 1]})
    y = SMOOTH(x, same=True)
    assert (y.columns, y.schema) == (x.columns, x.schema)
    assert y["when"].equals(x["when"])
    longer = ECHO(x)
    assert longer["when"].to_numpy()[-1] == times[0] + np.timedelta64(10_250, "ms")
    assert longer["b"].to_numpy()[2:].tolist() == NOISE[:, 1].tolist()
    series = ECHO(pl.Series("x", NOISE[:, 0]), fs=4)
    assert (series.name, len(series)) == ("x", 42)


def test_what_would_be_smoothed_as_data_is_refused():
    pl = pytest.importorskip("polars")
    for name in ("time", "t", "Date"):
        with pytest.raises(
            SignalError, match=r"is a time by its name.*; cast it to a Datetime or a Duration, or leave it out, x\.drop"
        ):
            ECHO(pl.DataFrame({name: NOISE[:, 0], "y": NOISE[:, 1]}), fs=1)
    with pytest.raises(
        SignalError, match=r"the column 'name' is String, no number; leave it out: x\.drop\('name'\); a time in"
    ):
        ECHO(pl.DataFrame({"y": [1.0, 2], "name": ["a", "b"]}), fs=1)
    with pytest.raises(SignalError, match="the column 'y' has values that are missing; fill them"):
        ECHO(pl.DataFrame({"y": [1.0, None]}), fs=1)
    with pytest.raises(SignalError, match="got LazyFrame; collect it first"):
        ECHO(pl.LazyFrame({"y": [1.0]}), fs=1)


# ---- torch and jax ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["float16", "bfloat16", "float32", "float64"])
def test_a_tensor_keeps_its_type(kind):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    x = torch.ones(5, dtype=getattr(torch, kind))
    y = Pipeline([Gain(gain=0.5)])(x, fs=1)
    assert (y.dtype, y.device, y.tolist()) == (x.dtype, x.device, [0.5] * 5)
    with pytest.raises(SignalError, match=r"wants a gradient would lose it here; give x\.detach\(\)"):
        ECHO(torch.ones(5, requires_grad=True), fs=1)
    with pytest.raises(SignalError, match=r"floating-point samples, got torch\.int64; convert first"):
        ECHO(torch.ones(5, dtype=torch.int64), fs=1)


def test_weights_for_conv1d_convolve_in_torch():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    h = np.array([1.0, 2, -1])
    weights = torch.from_numpy(Kernel(h).for_conv1d().copy())
    x = torch.from_numpy(NOISE[:, 0].copy())[None, None]
    np.testing.assert_allclose(torch.conv1d(x, weights, padding=2)[0, 0], np.convolve(NOISE[:, 0], h), atol=1e-12)


def test_an_array_of_jax_comes_back_as_one():
    jax = pytest.importorskip("jax", reason="jax is not installed")
    x = jax.numpy.ones(5, dtype="float32")
    y = Pipeline([Gain(gain=0.5)])(x, fs=1)
    assert (type(y), y.dtype, y.tolist()) == (type(x), x.dtype, [0.5] * 5)


# ---- a configuration -------------------------------------------------------------------------------------------------


def test_from_yaml_keeps_the_rate_the_format_and_how_files_are_read(tmp_path):
    import soundfile as sf

    (tmp_path / "c.yaml").write_text(
        "version: 1\nfs: 100\ncolumns: [b]\nformat: {subtype: PCM_24}\nclip: scale\nstages: [{use: gain, gain: 3}]\n"
    )
    (tmp_path / "x.csv").write_text("a,b\n9,0.5\n9,-0.25\n")
    pipe = Pipeline.from_yaml(tmp_path / "c.yaml")
    pipe.run_file(tmp_path / "x.csv", tmp_path / "y.wav")
    assert sf.info(tmp_path / "y.wav").subtype == "PCM_24"
    got = sf.read(tmp_path / "y.wav")[0]
    np.testing.assert_allclose(got[1] / got[0], -0.5, atol=1e-5)
    assert np.abs(got).max() <= 1
    assert pipe(np.ones(3)).tolist() == [3, 3, 3]
    assert pipe[:1](np.ones(3)).tolist() == [3, 3, 3]


def test_convolve_and_correlate_give_back_what_they_took():
    pd = pytest.importorskip("pandas")
    x = pd.Series(NOISE[:, 0], pd.date_range("2026-01-01", periods=len(NOISE), freq="s", tz="Asia/Tokyo"), name="q")
    h = [4.0, 2, 1]
    for function, by_numpy, lag in ((convolve, np.convolve(x, h), 0), (correlate, np.convolve(x, h[::-1]), 2)):
        full, same, valid = (function(x, h, mode) for mode in ("full", "same", "valid"))
        assert np.allclose(full, by_numpy)
        assert full.index[lag] == x.index[0]
        assert (same.index.equals(x.index), same.name) == (True, "q")
        assert np.allclose(same, by_numpy[1:-1])
        assert valid.equals(full[2:-2])  # the same values at the same times
        assert valid.index.equals(x.index[2 - lag : len(x) - lag])
    with pytest.raises(SignalError, match="frame 0 is masked"):
        convolve(np.ma.masked_greater(NOISE, -9), h)
    pl = pytest.importorskip("polars")
    assert convolve(pl.Series("q", NOISE[:, 0]), h).to_list() == convolve(NOISE[:, 0], h).tolist()
