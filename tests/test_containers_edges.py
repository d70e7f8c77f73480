"""Signals as they really come: odd times, types and axes of each library give what one expects, or a fix that works."""

from __future__ import annotations

import re

import numpy as np
import pytest

from pipeline import Delay, Gain, Pipeline, Resample, Route, Smooth, convolve
from pipeline.errors import SettingError, SignalError

ECHO = Pipeline([Delay(delay="2 samples")])
SMOOTH = Pipeline([Smooth(length="3 samples", phase="zero")])
GAPS = Pipeline([Smooth(length="3 samples", phase="zero")], nonfinite="propagate")
X = np.arange(6.0)


def seconds(count: int = 6, unit: str = "us") -> np.ndarray:
    return np.datetime64("2026-01-01", unit) + (np.arange(count) * np.timedelta64(1, "s")).astype(f"m8[{unit}]")


def fixed(x, fs=None, **names):
    """What the fix of the refusal makes of ``x``: the call in the error, done."""
    with pytest.raises(SignalError) as refused:
        SMOOTH(x, fs)
    found = re.search(r"(x(?:\.\w+\(|\[).*?[)\]])(?=[,;]| leaves|$)", str(refused.value).partition("; ")[2])
    assert found, refused.value
    return eval(found[1], {"x": x, **names}), str(refused.value)


# ---- pandas ----------------------------------------------------------------------------------------------------------


def test_the_fix_for_times_of_pandas_is_one_that_works():
    pd = pytest.importorskip("pandas")
    index = pd.DatetimeIndex(seconds())
    for rows, told in (
        ([5, 4, 3, 2, 1, 0], "goes back at row 1; sort it"),
        ([0, 2, 1, 3, 4, 5], "goes back at row 2; sort it"),
        ([0, 1, 2, 2, 3, 4], "tells twice the time of row 3; "),
        ([0, 1, 2, 4, 5], "is not regular at row 3: a step of 2 s, the median is 1 s; "),
    ):
        mended, message = fixed(pd.Series(X[: len(rows)], index[rows]))
        assert told in message
        assert len(SMOOTH(mended, same=True)) == len(mended) in (5, 6)
    assert str(fixed(pd.DataFrame({"a": X, "when": index}))[0].index.name) == "when"
    assert list(fixed(pd.DataFrame({"a": X, "b": list("abcdef")}, index))[0].columns) == ["a"]
    assert list(fixed(pd.DataFrame({"a": X, "b": [True] * 6}, index))[0].columns) == ["a"]
    assert SMOOTH(fixed(pd.DataFrame({"a": X, "time": X / 10}))[0]).index.name == "time"
    assert len(SMOOTH(fixed(pd.Series(X, pd.period_range("2026-01-01", periods=6, freq="s")))[0])) == 7
    with pytest.raises(SignalError, match="the index has no time in row 2; leave such rows out first"):
        SMOOTH(pd.Series(X, [*index[:2], pd.NaT, *index[3:]]))
    for kind in ("int64", "Int64", "bool", object):
        mended, _ = fixed(pd.Series([1, 0, 1], dtype=kind), 1)
        assert mended.dtype == float


def test_an_index_goes_on_in_its_own_kind_unit_zone_and_frequency():
    pd = pytest.importorskip("pandas")
    elapsed = pd.timedelta_range("0s", periods=6, freq="10ms", name="since")
    y = ECHO(pd.Series(X, elapsed))
    assert y.index.equals(pd.timedelta_range("0s", periods=8, freq="10ms"))
    assert (y.index.freq, y.index.name) == (elapsed.freq, "since")
    for unit in ("s", "ms", "us", "ns"):
        times = pd.date_range("2026-01-01", periods=6, freq="1s", unit=unit)
        assert ECHO(pd.Series(X, times)).index.dtype == times.dtype
        assert ECHO(pd.Series(X, times)).index.freq == times.freq
    far = pd.date_range("3000-01-01", periods=6, freq="h", unit="s")
    assert str(ECHO(pd.Series(X, far)).index[-1]) == "3000-01-01 07:00:00"
    finer = Pipeline([Resample(fs=2.5)], tail="trim")(pd.Series(X, pd.DatetimeIndex(seconds(6, "s"))))
    assert str(finer.index[1]) == "2026-01-01 00:00:00.400000"
    thirds = Pipeline([Resample(fs=3)])(pd.Series(X, pd.date_range("3000-01-01", periods=6, freq="s", unit="us")))
    assert str(thirds.index[1]) == "3000-01-01 00:00:00.333333"  # numpy counts no nanoseconds then
    long = pd.date_range("2026-01-01", periods=200_000, freq="49s")  # whose rate is no double: no nanosecond astray
    assert ECHO(pd.Series(np.ones(200_000), long)).index.equals(
        pd.date_range("2026-01-01", periods=200_002, freq="49s")
    )


def test_what_else_a_frame_of_pandas_holds_comes_along():
    pd = pytest.importorskip("pandas")
    index = pd.DatetimeIndex(seconds())
    series = pd.Series(X, index)
    series.attrs["unit"] = "m"
    assert SMOOTH(series, same=True).attrs == {"unit": "m"}
    mixed = pd.DataFrame({"a": X, "b": range(6), "c": pd.array([1, 2, 3, 4, 5, 6], dtype="Int64")}, index)
    assert np.allclose(SMOOTH(mixed, same=True)["c"], SMOOTH(X + 1, fs=1, same=True))
    missing = pd.DataFrame({"a": X, "c": pd.array([1, None, 3, 4, 5, 6], dtype="Int64")}, index)
    with pytest.raises(SignalError, match="the input holds nan at frame 1, channel 1; set nonfinite: propagate"):
        SMOOTH(missing)
    assert GAPS(missing, same=True).isna().sum().tolist() == [0, 3]
    levels = pd.DataFrame(np.c_[X, X], index, pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")]))
    assert SMOOTH(levels, same=True).columns.equals(levels.columns)
    child = type("Child", (pd.DataFrame,), {"__module__": "elsewhere"})({"a": X}, index)
    assert SMOOTH(child, same=True).index.equals(index)
    for empty in (pd.Series([], index[:0], dtype=float), pd.DataFrame({"a": []}, index[:0])):
        assert SMOOTH(empty, fs=1).shape == empty.shape


@pytest.mark.parametrize("kind", ["Float64", "Float32", "double[pyarrow]"])
def test_a_type_of_pandas_that_has_na_comes_back_with_na_where_a_gap_reaches(kind):
    pd = pytest.importorskip("pandas")
    if "pyarrow" in kind:
        pytest.importorskip("pyarrow")
    wanted = {"Float64": "Float64", "Float32": "Float64", "double[pyarrow]": "double[pyarrow]"}[kind]
    series = pd.Series([1, None, 3, 4, 5, 6], dtype=kind, name="level")
    with pytest.raises(SignalError, match=r"the input holds nan at frame 1.*; set nonfinite: propagate"):
        SMOOTH(series, fs=1)
    y = GAPS(series, fs=1, same=True)
    assert (y.dtype, y.name) == (wanted, "level")
    assert y.isna().tolist() == [True, True, True, False, False, False]
    assert y[0] is pd.NA
    plain = GAPS(series.astype("float64"), fs=1, same=True)
    assert plain.dtype == np.float64
    assert y.astype("float64").equals(plain)
    infinite = Pipeline([Gain(gain=2)], nonfinite="propagate")(pd.Series([1.0, np.inf], dtype=kind), fs=1)
    assert infinite.tolist() == [2.0, np.inf]  # which is a value


def test_each_column_of_pandas_comes_back_in_a_type_that_holds_what_its_own_held():
    pd = pytest.importorskip("pandas")
    whole = pd.array([1, None, 3, 4, 5, 6], dtype="Int64")
    frame = pd.DataFrame(
        {"a": X, "b": whole, "c": pd.array(X, dtype="Float64"), "d": range(6)}, pd.DatetimeIndex(seconds())
    )
    frame.columns = ["a", "b", "a", "d"]  # two of a name
    y = GAPS(frame, same=True)
    assert [str(one) for one in y.dtypes] == ["float64", "Float64", "Float64", "float64"]
    assert list(y.columns) == ["a", "b", "a", "d"]
    assert y.isna().sum().tolist() == [0, 3, 0, 0]
    mono = Pipeline([Route(matrix=[[1, 1]])])  # whose channel is none of theirs
    assert [str(one) for one in mono(frame.iloc[:, [2, 2]]).dtypes] == ["float64"]
    sparse = pd.Series(pd.arrays.SparseArray(X))
    assert SMOOTH(sparse, fs=1, same=True).dtype == np.float64


# ---- xarray ----------------------------------------------------------------------------------------------------------


def test_the_fix_for_what_xarray_holds_is_one_that_works():
    xr = pytest.importorskip("xarray")
    for rows, told in (
        ([5, 4, 3, 2, 1, 0], "goes back at row 1; sort it"),
        ([0, 1, 2, 2, 3, 4], "tells twice the time of row 3; "),
        ([0, 1, 2, 4, 5], "is not regular at row 3"),
    ):
        mended, message = fixed(xr.DataArray(X[: len(rows)], {"time": seconds()[rows]}, ("time",)))
        assert told in message
        assert SMOOTH(mended, same=True).sizes == mended.sizes
    cube = xr.DataArray(np.ones((6, 2, 3)), {"time": seconds()}, ("time", "y", "x"))
    flat, _ = fixed(cube)
    assert SMOOTH(flat, same=True).unstack().sizes == {"time": 6, "y": 2, "x": 3}
    renamed, _ = fixed(xr.DataArray(np.ones((6, 2)), dims=("sample", "channel")), 1)
    assert SMOOTH(renamed, fs=1, same=True).dims == ("time", "channel")
    along = xr.DataArray(X, {"time": seconds(), "quality": ("time", range(6))}, ("time",))
    assert "quality" in SMOOTH(along, same=True).coords
    with pytest.raises(SignalError, match=r"the coordinate 'quality' goes along the frames.*x\.drop_vars\('quality'\)"):
        ECHO(along)
    assert ECHO(along.drop_vars("quality")).sizes == {"time": 8}
    with pytest.raises(SignalError, match=r"the coordinate 'time' is in 'ms', which is not read as a time; x\.assign"):
        ECHO(xr.DataArray(X, {"time": ("time", X, {"units": "ms"})}, ("time",)))
    since = xr.DataArray(X, {"time": seconds() - seconds()[0]}, ("time",))
    assert ECHO(since).coords["time"].to_numpy()[-1] == np.timedelta64(7, "s")
    named = xr.DataArray(np.ones((6, 2)), {"obs": seconds()}, ("obs", "channel"))  # a time by its type
    assert SMOOTH(named, same=True).dims == ("obs", "channel")


def test_an_array_that_dask_holds_is_computed():
    xr = pytest.importorskip("xarray")
    pytest.importorskip("dask.array", reason="dask is not installed")
    x = xr.DataArray(np.c_[X, X], {"time": seconds()}, ("time", "channel")).chunk({"time": 2})
    np.testing.assert_array_equal(SMOOTH(x, same=True), SMOOTH(x.compute(), same=True))


# ---- polars ----------------------------------------------------------------------------------------------------------


def test_the_fix_for_what_polars_holds_is_one_that_works():
    pl = pytest.importorskip("polars")
    for rows, told in (
        ([5, 4, 3, 2, 1, 0], "goes back at row 1; sort it"),
        ([0, 1, 2, 2, 3, 4], "tells twice the time of row 3; "),
        ([0, 1, 2, 4, 5], "is not regular at row 3"),
    ):
        mended, message = fixed(pl.DataFrame({"at": seconds()[rows], "a": X[: len(rows)]}))
        assert told in message
        assert SMOOTH(mended, same=True)["at"].equals(mended["at"])
    assert fixed(pl.DataFrame({"at": seconds(), "a": X, "name": list("abcdef")}))[0].columns == ["at", "a"]
    assert fixed(pl.DataFrame({"at": seconds(), "a": range(6)}), pl=pl)[0].schema["a"] == pl.Float64
    assert fixed(pl.Series("a", [1, 2, 3]), 1, pl=pl)[0].dtype == pl.Float64
    assert fixed(pl.LazyFrame({"at": seconds(), "a": X}))[0].shape == (6, 2)
    with pytest.raises(SignalError, match=r"the column 'at' is a time of day, which ends at midnight; combine it"):
        SMOOTH(pl.DataFrame({"at": pl.Series(seconds()).dt.time(), "a": X}))
    with pytest.raises(SignalError, match=r"the column 'at' has no time in row 5"):
        SMOOTH(pl.DataFrame({"at": [*seconds()[:5].tolist(), None], "a": X}))
    with pytest.raises(SignalError, match="a signal has at least 1 channel, got none: no column is a number"):
        SMOOTH(pl.DataFrame({"at": seconds()}))


def test_times_of_polars_go_on_in_their_own_kind_or_a_finer_one():
    pl = pytest.importorskip("polars")
    since = pl.DataFrame({"at": seconds() - seconds()[0], "a": X})
    assert ECHO(since).schema == since.schema
    assert ECHO(since)["at"][-1].total_seconds() == 7
    for unit in ("ms", "us", "ns"):
        table = pl.DataFrame({"at": pl.Series(seconds()).cast(pl.Datetime(unit, "Europe/Berlin")), "a": X})
        assert ECHO(table).schema == table.schema
    days = pl.DataFrame({"at": pl.Series(seconds()[0] + np.arange(6) * np.timedelta64(1, "D")).cast(pl.Date), "a": X})
    assert (ECHO(days).schema, str(ECHO(days)["at"][-1])) == (days.schema, "2026-01-08")
    halves = Pipeline([Resample(fs=2 / 86_400)])(days)
    assert str(halves["at"][1]) == "2026-01-01 12:00:00"  # which a Date would not hold


def test_nulls_of_polars_are_gaps_where_gaps_are_let_through():
    pl = pytest.importorskip("polars")
    table = pl.DataFrame({"at": seconds(), "a": [0.0, None, 2, 3, 4, 5], "b": X})
    with pytest.raises(
        SignalError, match=r"the column 'a' has values that are missing; fill them .*, or set nonfinite"
    ):
        SMOOTH(table)
    assert GAPS(table, same=True).null_count().row(0) == (0, 3, 0)
    assert GAPS(table["a"], fs=1, same=True).null_count() == 3


# ---- arrays and tensors ----------------------------------------------------------------------------------------------


def test_arrays_of_any_layout_give_the_same_and_none_is_touched():
    base = np.random.default_rng(1).standard_normal((60, 3))
    expected = SMOOTH(base, fs=1)
    frozen = base.copy()
    frozen.flags.writeable = False
    wider = np.zeros((120, 6))
    wider[::2, ::2] = base
    for same in (np.asfortranarray(base), frozen, wider[::2, ::2], base[::-1].copy()[::-1], base.astype(">f8")):
        np.testing.assert_array_equal(SMOOTH(same, fs=1), expected)
    for shape in ((0,), (0, 2)):
        assert SMOOTH(np.ones(shape), fs=1).shape == shape
    for value, told in (
        (np.float64(1), r"must have shape \(frames,\) or \(frames, channels\), got \(\)"),
        (np.array([1j]), r"got complex128; take x\.real, x\.imag or abs\(x\)"),
        ("abc", "got <U3; it holds no numbers"),
        (np.array([True]), r"got bool; convert first: x\.astype\(float\)"),
        (np.ma.array([1, 2], mask=[0, 1]), r"got int64; convert first"),
    ):
        with pytest.raises(SignalError, match=told):
            GAPS(value, fs=1)
    assert GAPS(np.ma.array(X, mask=X == 2, fill_value=-9), fs=1, same=True).fill_value == -9


def test_same_is_for_kernels_and_says_so():
    with pytest.raises(SettingError, match=r"as of same=True, is for kernels, 'normalize' is none; run it by itself"):
        Pipeline([Smooth(length=3), {"use": "normalize"}])(X, fs=1, same=True)


def test_a_tensor_of_torch_that_is_no_signal_is_refused_with_the_fix():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    for x, told in (
        (torch.ones(4, dtype=torch.complex64), r"take x\.real, x\.imag or x\.abs\(\)"),
        (torch.ones(4).to_sparse(), r"give x\.to_dense\(\)"),
        (torch.ones(4, device="meta"), "it has no values"),
    ):
        with pytest.raises(SignalError, match=told):
            SMOOTH(x, fs=1)
    strided = torch.arange(12.0).reshape(6, 2).T.contiguous().T[::2]
    np.testing.assert_array_equal(SMOOTH(strided.double(), fs=1), SMOOTH(strided.double().numpy(), fs=1))
    kept = convolve(torch.arange(6.0), [1.0, 1.0], mode="same")
    assert (kept.dtype, kept.tolist()) == (torch.float32, [0, 1, 3, 5, 7, 9])


def test_whole_numbers_of_jax_and_what_is_traced_are_refused():
    jax = pytest.importorskip("jax", reason="jax is not installed")
    with pytest.raises(SignalError, match=r"got int32; convert first: x\.astype\(float\)"):
        SMOOTH(jax.numpy.arange(6), fs=1)
    for change in (jax.jit, jax.grad, jax.vmap):
        with pytest.raises(SignalError, match=r"inside of jit, grad or vmap has not; call it outside"):
            change(lambda x: SMOOTH(x, fs=1, same=True).sum())(jax.numpy.ones((2, 6)))
    y = Pipeline([Gain(gain=0.5)])(jax.numpy.ones(3, dtype="bfloat16"), fs=1)
    assert (str(y.dtype), y.tolist()) == ("bfloat16", [0.5] * 3)
