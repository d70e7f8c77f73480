"""Signals as other libraries hold them: taken apart into samples and a rate, and put together again from the output.

Known by their own protocol, never imported: pandas, xarray, polars, torch, jax, numpy's masked arrays. What cannot come
back as it was, because the output has other frames or channels, is refused with words.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import SignalError
from ..kernel import Array
from ..stages.base import check_format

_TIMES = {"t", "time", "times", "timestamp", "timestamps", "date", "datetime", "seconds"}
_JITTER = 0.01
"""Of a step, by which steps in time may differ."""


@dataclass(frozen=True)
class Frames:
    """Frames of an output beside those of its input: how many, at which rate, and where the first lies."""

    fs: float
    start_s: float
    """Time of the first frame, counted from that of the input's first."""


Back = Callable[[Array, Frames], Any]


@dataclass(frozen=True)
class Signal:
    """Samples ``(frames,)`` or ``(frames, channels)`` out of something, and the way back into it."""

    samples: Array
    fs: float | None
    """Rate in Hz, where it is known."""
    back: Back


def unpack(x: Any, fs: float | None, *, gaps: bool = False) -> Signal:
    """Samples, rate and way back of a signal, whatever holds it.

    Parameters
    ----------
    x
        an array, or what another library holds a signal in.
    fs
        its rate; of one that has its own, the same or None.
    gaps
        a mask becomes NaN, and NaN a mask again; else a mask is refused.

    Raises
    ------
    SignalError
        a mask, a time that is irregular or read as data, rates that differ, no rate.
    """
    library = type(x).__module__.partition(".")[0]
    unpackers = {"pandas": _pandas, "xarray": _xarray, "polars": _polars, "torch": _torch, "jaxlib": _jax, "jax": _jax}
    if isinstance(x, np.ma.MaskedArray):
        signal = _masked(x, gaps=gaps)
    elif library in unpackers and library in sys.modules:
        signal = unpackers[library](x)
    else:
        signal = Signal(x, None, lambda y, _: y)
    if signal.fs is None or fs is None:
        known = fs if signal.fs is None else signal.fs
        return Signal(signal.samples, known, signal.back)
    check_format(fs, 1)
    if abs(fs - signal.fs) > _JITTER * signal.fs:
        raise SignalError(f"the time of the signal says {signal.fs:g} Hz, fs says {fs:g} Hz; leave fs out")
    return Signal(signal.samples, fs, signal.back)


def _masked(x: Any, *, gaps: bool) -> Signal:
    if np.ma.getmaskarray(x).any():
        if not gaps:
            frame = int(np.argwhere(np.ma.getmaskarray(x).reshape(len(x), -1).any(axis=1))[0][0])
            raise SignalError(f"frame {frame} is masked; fill it (x.filled(0)), or set nonfinite: propagate for a gap")
        x = x.filled(np.nan)
    return Signal(np.asarray(x), None, lambda y, _: np.ma.masked_invalid(y))


# ---- times ----------------------------------------------------------------------------------------------------------


def _rate_of(times: Any, what: str) -> float | None:
    """Rate of times, datetime64 or seconds, from their median step; None of fewer than two."""
    if times is None or len(times) < 2:
        return None
    dated = times.dtype.kind == "M"
    seconds: Array = (times - times[0]) / np.timedelta64(1, "ns") / 1e9 if dated else times.astype(float) - times[0]
    steps = np.diff(seconds)
    step = float(np.median(steps))
    off = np.flatnonzero(~(np.abs(steps - step) <= _JITTER * abs(step)))
    if step <= 0 or len(off):
        at = int(off[0]) + 1 if len(off) else 1
        found = f"a step of {steps[at - 1]:.6g} s, the median is {step:.6g} s"
        raise SignalError(f"{what} is not regular at row {at}: {found}; resample it to even steps first")
    # n - 1 steps span the whole, which is known more finely than one of them
    span = (len(seconds) - 1) / float(seconds[-1] - seconds[0])
    return round(span) if abs(span - round(span)) < 1e-6 * span else span


def _times_from(first: Any, frames: Frames, count: int) -> Array:
    """Times of an output's frames, from the time of the input's first."""
    offsets = np.arange(count) / frames.fs + frames.start_s
    if np.asarray(first).dtype.kind != "M":
        return first + offsets  # type: ignore[no-any-return]
    times: Array = first.astype("M8[ns]") + np.round(offsets * 1e9).astype("m8[ns]")
    return times


def _require_channels(kinds: Iterable[tuple[Any, Any]], is_number: Callable[[Any], bool], fix: str) -> None:
    for name, kind in kinds:
        if str(name).strip().lower() in _TIMES:
            raise SignalError(f"the column {name!r} is a time by its name, and would be taken for a channel; {fix}")
        if not is_number(kind):
            raise SignalError(f"the column {name!r} is {kind}, no number; {fix}")


# ---- libraries ------------------------------------------------------------------------------------------------------


def _pandas(x: Any) -> Signal:
    pandas = sys.modules["pandas"]
    if not isinstance(x, pandas.Series | pandas.DataFrame):
        raise SignalError(f"a signal of pandas is a Series or a DataFrame, got {type(x).__name__}")
    if x.ndim == 2:
        fix = "make it the index (x.set_index), or drop it and give fs"
        _require_channels(x.dtypes.items(), pandas.api.types.is_numeric_dtype, fix)
    index, times = x.index, None
    if isinstance(index, pandas.DatetimeIndex):
        if index.hasnans:
            raise SignalError("the index holds a time that is missing; drop those rows first")
        times = (index.tz_convert(None) if index.tz else index).to_numpy()

    def index_of(count: int, frames: Frames) -> Any:
        if count == len(index) and frames.start_s == 0:
            return index
        if times is not None and len(times):
            made = pandas.DatetimeIndex(_times_from(times[0], frames, count), name=index.name)
            return made.tz_localize("UTC").tz_convert(index.tz) if index.tz else made
        if isinstance(index, pandas.RangeIndex) and frames.start_s == 0:
            return pandas.RangeIndex(index.start, index.start + count * index.step, index.step, name=index.name)
        what = f"the output has {count} frames, the index {len(index)} that do not go on by themselves"
        raise SignalError(f"{what}; ask for as many values as went in: same=True, or mode='same'")

    def back(y: Array, frames: Frames) -> Any:
        if y.ndim == 1:
            return pandas.Series(y, index=index_of(len(y), frames), name=getattr(x, "name", None))
        columns = x.columns if x.ndim == 2 and y.shape[1] == x.shape[1] else None
        return pandas.DataFrame(y, index=index_of(len(y), frames), columns=columns)

    return Signal(x.to_numpy(), _rate_of(times, "the index"), back)


def _xarray(x: Any) -> Signal:
    xarray = sys.modules["xarray"]
    if not isinstance(x, xarray.DataArray):
        raise SignalError(f"a signal of xarray is a DataArray, got {type(x).__name__}; take one: x[name]")
    if x.ndim not in (1, 2):
        raise SignalError(f"a signal has the dimensions of frames and channels, got {x.dims}")
    named = [dim for dim in x.dims if str(dim).lower() in _TIMES]
    if x.ndim == 2 and len(named) != 1:
        raise SignalError(f"which dimension is the time cannot be told from {x.dims}; rename it to 'time'")
    dim = named[0] if named else x.dims[0]
    times = x.coords[dim].to_numpy() if dim in x.coords else None
    order = (dim, *(other for other in x.dims if other != dim))

    def back(y: Array, frames: Frames) -> Any:
        alike = y.ndim == 1 or y.shape[1] == x.transpose(*order).shape[1]
        coords = {
            name: coord
            for name, coord in x.coords.items()
            if (dim not in coord.dims or (len(y) == x.sizes[dim] and not frames.start_s)) and (alike or not coord.dims)
        }
        if times is not None and dim not in coords:
            coords[dim] = (dim, _times_from(times[0], frames, len(y)), x.coords[dim].attrs)
        made = xarray.DataArray(y, dims=order[: y.ndim], coords=coords, attrs=x.attrs, name=x.name)
        return made.transpose(*x.dims) if y.ndim == x.ndim else made

    return Signal(x.transpose(*order).to_numpy(), _rate_of(times, f"the coordinate {dim!r}"), back)


def _polars(x: Any) -> Signal:
    polars = sys.modules["polars"]
    if isinstance(x, polars.Series):
        return Signal(x.to_numpy(), None, lambda y, _: polars.Series(x.name, y) if y.ndim == 1 else polars.DataFrame(y))
    if not isinstance(x, polars.DataFrame):
        raise SignalError(f"a signal of polars is a Series or a DataFrame, got {type(x).__name__}; collect it first")
    dated = [name for name, kind in x.schema.items() if kind.is_temporal()]
    channels = [name for name in x.columns if name not in dated]
    if len(dated) > 1:
        raise SignalError(f"the columns {', '.join(dated)} are times; leave one")
    fix = "cast it to a Datetime, or drop it and give fs"
    _require_channels(((name, x.schema[name]) for name in channels), lambda kind: kind.is_numeric(), fix)
    for name in channels:
        if x[name].null_count():
            raise SignalError(f"the column {name!r} has values that are missing; fill them (fill_null) first")
    times = x[dated[0]].cast(polars.Datetime("ns")).to_numpy() if dated else None

    def back(y: Array, frames: Frames) -> Any:
        columns = y[:, None] if y.ndim == 1 else y
        names = channels if columns.shape[1] == len(channels) else [f"{i}" for i in range(columns.shape[1])]
        made = polars.DataFrame({name: columns[:, i] for i, name in enumerate(names)})
        if times is None:
            return made
        kept = len(y) == len(x) and not frames.start_s
        column = x[dated[0]] if kept else polars.Series(dated[0], _times_from(times[0], frames, len(y)))
        return made.insert_column(min(x.columns.index(dated[0]), made.width), column.cast(x.schema[dated[0]]))

    return Signal(x.select(channels).to_numpy(), _rate_of(times, f"the column {dated[0]!r}" if dated else ""), back)


def _torch(x: Any) -> Signal:
    torch = sys.modules["torch"]
    if x.requires_grad:
        raise SignalError("a tensor that wants a gradient would lose it here; give x.detach()")
    if not x.dtype.is_floating_point:
        raise SignalError(f"a signal is made of floating-point samples, got {x.dtype}; convert first: x.float()")
    samples = x.cpu().to(torch.float64).numpy()
    return Signal(samples, None, lambda y, _: torch.from_numpy(np.ascontiguousarray(y)).to(x.device, x.dtype))


def _jax(x: Any) -> Signal:
    numpy, jax = sys.modules["jax.numpy"], sys.modules["jax"]
    device = next(iter(x.devices()))
    samples = np.asarray(x)
    samples = samples if samples.dtype in (np.float32, np.float64) else np.asarray(x.astype(numpy.float32))
    return Signal(samples, None, lambda y, _: jax.device_put(numpy.asarray(y, dtype=x.dtype), device))
