"""Reads impulse responses from SOFA (AES69): one measurement, its receivers (and emitters) as channels.

Axes go by the convention of the file, not by guess: FIR is (M, R, N), FIR-E (M, R, N, E), the old FIRE (M, R, E, N).
``Data.Delay``, in samples, is applied: each channel begins so many frames later, rounded to whole ones, which is said.
"""

from __future__ import annotations

import os
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from pipeline.errors import ReadError
from pipeline.io import Reader, SignalInfo
from pipeline.io.base import Block, ReadOptions
from pipeline.io.formats import refuse_table
from pipeline.io.source import Source
from pipeline.limits import MAX_CHANNELS

_AXES = {"FIR": "MRN", "FIR-E": "MRNE", "FIRE": "MREN"}
_LONGEST = 1 << 24


class SofaReader(Reader):
    """The response of one measurement, chosen by its position (``30,0,1.2``) or its number (``#4``)."""

    def __init__(self, source: Source, options: ReadOptions) -> None:
        source = source.spooled()
        self._done_at = 0
        with os.fdopen(os.dup(source.fd), "rb") as file:
            try:
                with h5py.File(file, "r") as sofa:
                    taps, fs, names, notes = _measurement(sofa, source.name, options.source)
            except (OSError, KeyError, RuntimeError) as error:
                raise ReadError(source.name, f"is no SOFA file that is whole: {error}") from error
        self._taps = taps
        refuse_table(options, source.name, "SOFA", fs)
        super().__init__(SignalInfo(fs, taps.shape[1], len(taps), "SOFA", None, names=names), options.dtype)
        self.warnings = notes
        source.close()

    def _read_piece(self, frames: int) -> Block:
        return self._taps[self._done : self._done + frames].astype(self._dtype)

    def skip(self, frames: int) -> None:
        self._done = min(self._done + frames, len(self._taps))

    def close(self) -> None:
        pass


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _measurement(
    sofa: h5py.File, name: str, chosen: Any
) -> tuple[npt.NDArray[np.float64], float, tuple[str, ...], list[str]]:
    kind = _text(sofa.attrs.get("DataType", ""))
    if kind not in _AXES:
        what = f"data of type {kind!r}" if kind else "no data type: it is HDF5, and no SOFA"
        raise ReadError(name, f"holds {what}; impulse responses are {', '.join(_AXES)}")
    rate = sofa["Data.SamplingRate"]
    units = _text(rate.attrs.get("Units", "hertz")).lower()
    if units not in ("hertz", "hz"):
        raise ReadError(name, f"its sampling rate is in {units!r}, hertz is expected")
    fs = float(np.ravel(rate[()])[0])
    data = sofa["Data.IR"]
    if data.ndim != len(_AXES[kind]):
        raise ReadError(name, f"{kind} has axes {_AXES[kind]}, its Data.IR has shape {data.shape}")
    m = _number(sofa, name, data.shape[0], chosen)
    row = np.asarray(data[m], np.float64)  # (R, N), (R, N, E) or (R, E, N)
    if kind == "FIR-E":
        row = row.transpose(0, 2, 1)
    taps = row.reshape(-1, row.shape[-1])
    channels = [f"R{r + 1}" for r in range(row.shape[0])]
    if row.ndim == 3:
        channels = [f"{one}E{e + 1}" for one in channels for e in range(row.shape[1])]
    if len(taps) > MAX_CHANNELS:
        raise ReadError(name, f"has {len(taps)} responses a measurement; at most {MAX_CHANNELS} channels can be read")
    delays = _delays(sofa, name, m, data.shape[0], row.shape[:-1])
    whole = np.rint(delays).astype(int)
    notes = []
    if delays.any():
        shown = ", ".join(f"{one:g}" for one in delays[:8])
        rounded = ", rounded to whole frames" if (whole != delays).any() else ""
        notes.append(f"the delays of the file are applied: {shown} frames{rounded}")
    out = np.zeros((taps.shape[1] + int(whole.max(initial=0)), len(taps)))
    for c, (response, delay) in enumerate(zip(taps, whole.tolist(), strict=True)):
        out[delay : delay + len(response), c] = response
    return out, fs, tuple(channels), notes


def _number(sofa: h5py.File, name: str, count: int, chosen: Any) -> int:
    """Number of the measurement that is meant."""
    positions = _positions(sofa, count)
    if not chosen:
        if count == 1:
            return 0
        raise ReadError.several(name, positions)
    (wanted,) = chosen if len(chosen) == 1 else (",".join(chosen),)
    if wanted.startswith("#") and wanted[1:].isdigit() and int(wanted[1:]) < count:
        return int(wanted[1:])
    if wanted in positions:
        return positions.index(wanted)
    first = ", ".join(positions[:8])
    raise ReadError(
        name, f"source: there is no measurement {wanted!r} among {count}; there are {first}, or #0 to #{count - 1}"
    )


def _positions(sofa: h5py.File, count: int) -> list[str]:
    """Where the source stood in each, in the file's own coordinates; where that does not tell them apart, with #."""
    rows = np.zeros((count, 0))
    for variable in ("SourcePosition", "ListenerPosition"):
        found = np.asarray(sofa[variable][()], float) if variable in sofa else rows
        if len(found) == count:
            rows = found
            break
    names = [",".join(f"{value:.6g}" for value in row) for row in rows]
    twice = len(set(names)) < len(names) or not rows.shape[1]
    return [f"#{i}" for i in range(count)] if twice else names


def _delays(sofa: h5py.File, name: str, m: int, count: int, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    if "Data.Delay" not in sofa:
        return np.zeros(int(np.prod(shape)))
    delay = np.asarray(sofa["Data.Delay"][()], np.float64)
    delay = delay[m if len(delay) == count else 0]
    delays = np.broadcast_to(delay.reshape(delay.shape + (1,) * (len(shape) - delay.ndim)), shape).reshape(-1)
    if not np.isfinite(delays).all() or delays.min(initial=0) < -0.5 or delays.max(initial=0) > _LONGEST:
        raise ReadError(name, f"its delays must be 0 to {_LONGEST:,} samples, got {delays.min():g} to {delays.max():g}")
    return np.asarray(delays, np.float64)
