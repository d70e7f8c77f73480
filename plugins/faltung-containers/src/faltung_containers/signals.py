"""Signals as pandas, xarray, polars, torch and jax hold them, taken apart, and put together again from the output.

Known by their own protocol, never imported. What cannot come back as it was, because the output has other frames or
channels, is refused with words.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import numpy as np

from pipeline.engine.containers import Signal
from pipeline.engine.times import JITTER, Frames, rate_of, times_from
from pipeline.errors import SignalError
from pipeline.kernel import Array

__all__ = ["unpack"]

_TIMES = {"t", "time", "times", "timestamp", "timestamps", "date", "datetime", "seconds"}


def unpack(x: Any, library: str, *, gaps: bool) -> Signal:
    """Samples, rate and way back of a signal that a library holds; with ``gaps``, what it has no value for is NaN."""
    if library == "polars":
        return _polars(x, gaps=gaps)
    return {"pandas": _pandas, "xarray": _xarray, "torch": _torch, "jaxlib": _jax, "jax": _jax}[library](x)


def _require_channels(kinds: Iterable[tuple[Any, Any]], is_number: Callable[[Any], bool], fix: str, drop: str) -> None:
    for name, kind in kinds:
        if str(name).strip().lower() in _TIMES:
            by_name = f"the column {name!r} is a time by its name, and would be taken for a channel"
            raise SignalError(f"{by_name}; {fix.replace('NAME', repr(name))}")
        if not is_number(kind):
            wanted = fix if str(getattr(kind, "kind", "")) in ("m", "M") else drop
            raise SignalError(f"the column {name!r} is {kind}, no number; {wanted.replace('NAME', repr(name))}")


def _stay(count: int, given: int, frames: Frames, rate: float | None) -> bool:
    """Whether the frames of an output lie where those of its input do."""
    return count == given and not frames.start_s and (rate is None or abs(frames.fs - rate) <= JITTER * rate)


def _pandas(x: Any) -> Signal:
    pandas = sys.modules["pandas"]
    if not isinstance(x, pandas.Series | pandas.DataFrame):
        raise SignalError(f"a signal of pandas is a Series or a DataFrame, got {type(x).__name__}")
    types, kinds = pandas.api.types, list(x.dtypes.items()) if x.ndim == 2 else []
    index, times = x.index, None
    fix = "make it the index, x.set_index(NAME), or leave it out, x.drop(columns=NAME), and give fs"
    drop = "leave it out: x.drop(columns=NAME)"
    _require_channels(kinds, lambda kind: types.is_numeric_dtype(kind) and not types.is_bool_dtype(kind), fix, drop)
    if isinstance(index, pandas.PeriodIndex):
        raise SignalError("the index is made of periods; let each be its start: x.to_timestamp()")
    if isinstance(index, pandas.DatetimeIndex):
        times = (index.tz_convert(None) if index.tz else index).to_numpy()
    elif isinstance(index, pandas.TimedeltaIndex) or (
        str(index.name).strip().lower() in _TIMES and types.is_numeric_dtype(index.dtype)
    ):
        times = index.to_numpy()

    def index_of(count: int, frames: Frames) -> Any:
        if _stay(count, len(index), frames, rate):
            return index
        if times is not None and len(times):
            made = type(index)(times_from(times[0], frames, count), name=index.name)
            made = made.tz_localize("UTC").tz_convert(index.tz) if getattr(index, "tz", None) else made
            with suppress(ValueError, AttributeError):  # of another rate, or numbers
                made.freq = index.freq
            return made
        if isinstance(index, pandas.RangeIndex) and frames.start_s == 0:
            return pandas.RangeIndex(index.start, index.start + count * index.step, index.step, name=index.name)
        what = f"the output has {count} frames, the index {len(index)} that do not go on by themselves"
        raise SignalError(f"{what}; ask for as many values as went in: same=True, or mode='same'")

    def back(y: Array, frames: Frames) -> Any:
        if y.ndim == 1:
            made = pandas.Series(y, index=index_of(len(y), frames), name=getattr(x, "name", None))
        else:
            columns = x.columns if x.ndim == 2 and y.shape[1] == x.shape[1] else None
            made = pandas.DataFrame(y, index=index_of(len(y), frames), columns=columns)
        made = _with_na(made, [x.dtype] if x.ndim == 1 else list(x.dtypes), y)
        made.attrs = dict(x.attrs)
        return made

    even = "interpolate it first" if isinstance(times, np.ndarray) and times.dtype.kind not in "mM" else _EVEN
    rate = rate_of(times, "the index", ("sort it: x.sort_index()", "x[~x.index.duplicated()] leaves one", even))
    # whole numbers beside floats become floats, in extension types, too
    mixed = any(types.is_float_dtype(kind) for _, kind in kinds)
    samples = x.to_numpy(dtype=np.float64, na_value=np.nan) if mixed else x.to_numpy()
    return Signal(samples, rate, back)


def _with_na(made: Any, given: list[Any], y: Array) -> Any:
    """What came out, in types that have NA where those of the input's channels have it; a NaN is NA there."""
    for k, kind in enumerate(given if len(given) == np.prod(y.shape[1:]) else []):
        if getattr(kind, "na_value", None) is sys.modules["pandas"].NA:
            floats = f"{y.dtype.name}[pyarrow]" if "pyarrow" in str(kind) else y.dtype.name.capitalize()
            if made.ndim == 1:
                return made.astype(floats)
            made.isetitem(k, made.iloc[:, k].astype(floats))
    return made


_EVEN = "make its steps even first: x.resample('STEP').mean().interpolate()"


def _xarray(x: Any) -> Signal:
    xarray = sys.modules["xarray"]
    if not isinstance(x, xarray.DataArray):
        raise SignalError(f"a signal of xarray is a DataArray, got {type(x).__name__}; take one, x[name]")
    if x.ndim not in (1, 2):
        stacked = f"stack the others: x.stack(channel={x.dims[1:]})" if x.ndim else "it has no frames"
        raise SignalError(f"a signal has the dimensions of frames and channels, got {x.dims}; {stacked}")
    named = [dim for dim in x.dims if str(dim).lower() in _TIMES]
    named = named or [dim for dim in x.dims if dim in x.coords and x.coords[dim].dtype.kind in "mM"]
    if x.ndim == 2 and len(named) != 1:
        fix = f"rename it: x.rename({{{x.dims[0]!r}: 'time'}})"
        raise SignalError(f"which dimension is the time cannot be told from {x.dims}; {fix}")
    dim = named[0] if named else x.dims[0]
    times = x.coords[dim].to_numpy() if dim in x.coords else None
    unit = str(x.coords[dim].attrs.get("units", "s")) if times is not None and times.dtype.kind in "iuf" else "s"
    if times is not None and (times.dtype.kind not in "iufmM" or unit not in ("s", "second", "seconds")):
        got = f"in {unit!r}" if unit != "s" else f"made of {type(times.flat[0]).__name__}"
        fix = f"x.assign_coords({{{dim!r}: ...}}) with datetime64, timedelta64 or seconds"
        raise SignalError(f"the coordinate {dim!r} is {got}, which is not read as a time; {fix}")
    order = (dim, *(other for other in x.dims if other != dim))
    turned = x.transpose(*order)

    def back(y: Array, frames: Frames) -> Any:
        alike = y.ndim == 1 or (turned.ndim == 2 and y.shape[1] == turned.shape[1])
        kept = _stay(len(y), len(turned), frames, rate)
        along = [name for name, coord in x.coords.items() if dim in coord.dims and name != dim]
        if along and not kept:
            what = f"the coordinate {along[0]!r} goes along the frames, of which the output has others"
            raise SignalError(f"{what}; leave it out, x.drop_vars({along[0]!r}), or ask for same=True")
        lost = [name for name, coord in x.coords.items() if not alike and coord.dims and set(coord.dims) != {dim}]
        lost += [dim] if times is not None and not kept else []
        made = xarray.DataArray(
            y, dims=order[: y.ndim], coords=turned.drop_vars(lost).coords, attrs=x.attrs, name=x.name
        )
        if times is not None and not kept:
            made = made.assign_coords({dim: (dim, times_from(times[0], frames, len(y)), x.coords[dim].attrs)})
        return made.transpose(*x.dims) if y.ndim == x.ndim else made

    even = (
        f"x.interp({dim}=...)" if times is not None and times.dtype.kind in "iuf" else _EVEN_OF.replace("DIM", str(dim))
    )
    fixes = (f"sort it: x.sortby({dim!r})", f"x.drop_duplicates({dim!r}) leaves one", even)
    rate = rate_of(times, f"the coordinate {dim!r}", fixes)
    return Signal(turned.to_numpy(), rate, back)


_EVEN_OF = "make its steps even first: x.resample(DIM='STEP').mean().interpolate_na('DIM')"


def _polars(x: Any, *, gaps: bool = False) -> Signal:
    polars = sys.modules["polars"]
    if not isinstance(x, polars.DataFrame | polars.Series):
        kind = type(x).__name__
        raise SignalError(f"a signal of polars is a Series or a DataFrame, got {kind}; collect it first: x.collect()")
    table = x.to_frame() if isinstance(x, polars.Series) else x
    dated = [name for name, kind in table.schema.items() if kind.is_temporal() and table is x]
    channels = [name for name in table.columns if name not in dated]
    _require_numbers(table.select(channels), named=table is x)
    if len(dated) > 1:
        raise SignalError(f"the columns {', '.join(dated)} are times; leave one: x.drop({dated[1]!r})")
    if dated and table.schema[dated[0]] == polars.Time:
        fix = f"combine it with a date (dt.combine), or leave it out, x.drop({dated[0]!r}), and give fs"
        raise SignalError(f"the column {dated[0]!r} is a time of day, which ends at midnight; {fix}")
    missing = [name for name in channels if table[name].null_count()]
    if missing and not gaps:
        fix = "fill them (x.fill_null(0)), or set nonfinite: propagate for gaps"
        raise SignalError(f"the column {missing[0]!r} has values that are missing; {fix}")
    times: Any = table[dated[0]].to_numpy() if dated else None
    if times is not None and times.dtype == "M8[D]":
        times = times.astype("M8[ms]")

    def column_of(count: int, frames: Frames) -> Any:
        column, kind = table[dated[0]], table.schema[dated[0]]
        if _stay(count, len(table), frames, rate):
            return column
        stamps = times_from(times[0], frames, count) if len(times) else times[:0]
        made = polars.Series(dated[0], stamps)
        if getattr(kind, "time_zone", None):
            return made.dt.replace_time_zone("UTC").dt.convert_time_zone(kind.time_zone)
        return made.cast(kind) if kind == polars.Date and (stamps == stamps.astype("M8[D]")).all() else made

    def back(y: Array, frames: Frames) -> Any:
        columns = y[:, None] if y.ndim == 1 else y
        names = channels if columns.shape[1] == len(channels) else [f"{i}" for i in range(columns.shape[1])]
        made = polars.DataFrame({name: columns[:, i] for i, name in enumerate(names)})
        made = made.fill_nan(None) if missing else made
        if table is not x:
            return made.to_series() if y.ndim == 1 else made
        if times is None:
            return made
        return made.insert_column(min(x.columns.index(dated[0]), made.width), column_of(len(y), frames))

    by = repr(dated[0]) if dated else ""
    even = f"make its steps even first: x.upsample({by}, every='STEP').interpolate()"
    fixes = (f"sort it: x.sort({by})", f"x.unique({by}, maintain_order=True) leaves one", even)
    rate = rate_of(times, f"the column {by}", fixes)
    floats = all(table.schema[name].is_float() for name in channels)
    samples = (table.select(channels) if floats else table.select(channels).cast(polars.Float64)).to_numpy()
    return Signal(samples if table is x else samples[:, 0], rate, back)


def _require_numbers(table: Any, *, named: bool) -> None:
    """Raise `SignalError` where columns of polars are no channels; they have names, unless they are a Series."""
    kinds = list(table.schema.items())
    if not kinds:
        raise SignalError("a signal has at least 1 channel, got none: no column is a number")
    fix = "cast it to a Datetime or a Duration, or leave it out, x.drop(NAME), and give fs"
    drop = "leave it out: x.drop(NAME); a time in words is read by str.to_datetime()"
    _require_channels(kinds if named else (), lambda kind: kind.is_numeric(), fix, drop)
    if not any(kind.is_float() for _, kind in kinds):
        cast = f"x.cast({{{kinds[0][0]!r}: pl.Float64}})" if named else "x.cast(pl.Float64)"
        how = f"convert first: {cast}" if kinds[0][1].is_numeric() else "it holds no numbers"
        raise SignalError(f"a signal is made of floating-point samples, got {kinds[0][1]}; {how}")


def _torch(x: Any) -> Signal:
    torch = sys.modules["torch"]
    if x.requires_grad:
        raise SignalError("a tensor that wants a gradient would lose it here; give x.detach()")
    if not x.dtype.is_floating_point:
        fix = "take x.real, x.imag or x.abs()" if x.dtype.is_complex else "convert first: x.float()"
        raise SignalError(f"a signal is made of floating-point samples, got {x.dtype}; {fix}")
    if x.layout is not torch.strided or x.device.type == "meta":
        fix = "it has no values" if x.device.type == "meta" else "give x.to_dense()"
        raise SignalError(f"a signal is a dense tensor, got one on {x.device} in {x.layout}; {fix}")
    samples = x.cpu().to(torch.float64).numpy()
    return Signal(samples, None, lambda y, _: torch.from_numpy(np.ascontiguousarray(y)).to(x.device, x.dtype))


def _jax(x: Any) -> Signal:
    numpy, jax = sys.modules["jax.numpy"], sys.modules["jax"]
    if isinstance(x, jax.core.Tracer):
        fix = "call it outside, or take its kernel, pipe.kernel(fs), and jnp.convolve(x, h.taps)"
        raise SignalError(f"a signal has values, which one inside of jit, grad or vmap has not; {fix}")
    if not numpy.issubdtype(x.dtype, numpy.floating):
        fix = "take x.real, x.imag or abs(x)" if x.dtype.kind == "c" else "convert first: x.astype(float)"
        raise SignalError(f"a signal is made of floating-point samples, got {x.dtype}; {fix}")
    device = next(iter(x.devices()))
    samples = np.asarray(x)
    samples = samples if samples.dtype in (np.float32, np.float64) else np.asarray(x.astype(numpy.float32))
    return Signal(samples, None, lambda y, _: jax.device_put(numpy.asarray(y, dtype=x.dtype), device))
