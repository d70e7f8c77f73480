"""Finds the series of NWB 2: their rate or their timestamps, scale, and the time of the session that they count from.

A value is ``stored * conversion * channel_conversion + offset``, in the unit of the series.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import h5py
import numpy as np

from pipeline.errors import ReadError
from pipeline.io.base import ReadOptions
from pipeline.io.clock import Moment, parse_moment

from .cells import Cells, axis_of_time
from .chunks import lies_elsewhere, missing_chunks
from .signals import Signal
from .times import Piece, Timed
from .told import number_of, text_of
from .tree import clock_of, times_of

_NO_SIGNALS = ("SpikeEventSeries", "IntervalSeries", "AnnotationSeries", "ImageSeries", "IndexSeries")
_BEGINNINGS = ("timestamps_reference_time", "session_start_time")


def candidates(name: str, file: h5py.File, options: ReadOptions) -> dict[str, Callable[[], Signal]]:
    """The series of a file by path."""
    found: dict[str, Callable[[], Signal]] = {}

    def visit(path: str, node: h5py.HLObject) -> None:
        if not isinstance(node, h5py.Group) or text_of(node.attrs.get("neurodata_type", "")) in _NO_SIGNALS:
            return
        if not any(node.get(key, getlink=True) for key in ("timestamps", "starting_time") if key in node):
            return
        data = _inside(name, node, "data")
        if data is not None and data.dtype.kind in "iuf" and len(data.shape) in (1, 2) and 0 not in data.shape:
            found[path] = partial(_series, name, file, path, node, data, options)

    file.visititems(visit)
    return found


def _inside(name: str, group: h5py.Group, key: str) -> h5py.Dataset | None:
    """A member, or None; raises where its numbers lie in another file."""
    link = group.get(key, getlink=True)
    if link is None:
        return None
    node = None if isinstance(link, h5py.ExternalLink) else group[key]
    elsewhere = node is None or node.file.filename != group.file.filename
    if elsewhere or (isinstance(node, h5py.Dataset) and lies_elsewhere(node)):
        raise ReadError(
            name, f"{group.name}/{key} has its numbers in other files, which are not read; put them into one"
        )
    return node if isinstance(node, h5py.Dataset) else None


def _series(
    name: str, file: h5py.File, path: str, group: h5py.Group, data: h5py.Dataset, options: ReadOptions
) -> Signal:
    stamps = _inside(name, group, "timestamps")
    start = _inside(name, group, "starting_time")
    if stamps is not None and start is not None:
        raise ReadError(name, f"{path} has a starting_time and timestamps; only one of them can be right")
    electrodes = _inside(name, group, "electrodes")
    axis = axis_of_time(
        data.shape, (), [] if stamps is None else [stamps.shape[0]], 0 if electrodes is None else len(electrodes)
    )
    cells = Cells(name, data, axis, data.chunks)
    notes = []
    if axis and len(data.shape) > 1:
        notes.append(
            f"{path} has shape {data.shape}, channels first, where NWB has time first; the longer axis is time"
        )
    fs = None if start is None else number_of(start.attrs.get("rate"))
    if start is not None and (fs is None or not 0 < fs < float("inf")):
        raise ReadError(name, f"{path}: its starting_time must have a rate above 0 Hz, got {fs}")
    if options.fs is not None and fs is not None and fs != options.fs:
        raise ReadError(name, f"{path} is sampled at {fs:g} Hz, fs says {options.fs:g} Hz; leave fs out")
    if stamps is not None:
        if stamps.shape != (cells.rows_in_all,):
            raise ReadError(name, f"{path} has {cells.rows_in_all} rows and {stamps.shape} timestamps")
        timed = times_of(name, f"{path}/timestamps", stamps, Decimal(1)).gridded(options.fs)
    else:
        at = 0.0 if start is None else float(start[()])
        timed = Timed(fs or 1.0, (Piece(0, 0, cells.rows_in_all),), ((0, at),))
    told = _beginning(name, file)
    clock = None if told is None else clock_of(told[0], timed, told[1], Decimal(1))
    gain: Any = number_of(data.attrs.get("conversion", 1.0))
    factors = _inside(name, group, "channel_conversion")
    if factors is not None:
        if factors.shape != (cells.channels,):
            raise ReadError(name, f"{path} has {cells.channels} channels and {factors.shape} factors of conversion")
        gain = gain * np.asarray(factors[()], np.float64)
    offset = number_of(data.attrs.get("offset", 0.0)) or 0.0
    holes = tuple(cells.holes_of(missing_chunks(name, data)))
    fill = f"{data.fillvalue}"
    return Signal(path, cells, timed.fs, timed.pieces, holes, fill, gain, offset, None, clock, tuple(notes))


def _beginning(name: str, file: h5py.File) -> tuple[str, Moment] | None:
    for key in _BEGINNINGS:
        node = _inside(name, file, key)
        if node is not None and (told := parse_moment(text_of(node[()]))) is not None:
            return f"the NWB {key}", told
    return None
