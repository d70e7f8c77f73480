"""Times of a signal in memory: the rate that they tell, and those of an output's frames in the same unit.

They are numpy's: datetime64 or timedelta64 of any unit, or seconds as numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import SignalError
from ..kernel import Array

JITTER = 0.01
"""Of a step, by which steps in time may differ."""

_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_ALMOST = 1e-12  # of a step: so near to whole nanoseconds that the rate was meant so
_FAR_S = 9e9  # from 1970, in seconds: beyond this numpy counts no nanoseconds


@dataclass(frozen=True)
class Frames:
    """Frames of an output beside those of its input: how many, at which rate, and where the first lies."""

    fs: float
    start_s: float
    """Time of the first frame, counted from that of the input's first."""


def rate_of(times: Any, what: str, fixes: tuple[str, str, str]) -> float | None:
    """Rate in Hz of times, from their median step; None of fewer than two.

    ``fixes`` are calls that sort times, leave one row of those at the same time, and give steps of ``STEP``.

    Raises
    ------
    SignalError
        times that are missing, go back, occur twice or are not regular.
    """
    if times is None or len(times) < 2:
        return None
    seconds: Array = (times - times[0]) / np.timedelta64(1, "s") if times.dtype.kind in "mM" else times - times[0]
    if not np.isfinite(seconds).all():
        row = int(np.flatnonzero(np.isnat(times) if times.dtype.kind in "mM" else ~np.isfinite(times))[0])
        raise SignalError(f"{what} has no time in row {row}; leave such rows out first")
    steps = np.diff(seconds)
    for wrong, how, fix in (
        (steps < 0, "goes back at", fixes[0]),
        (steps == 0, "tells twice the time of", fixes[1]),
    ):
        if wrong.any():
            raise SignalError(f"{what} {how} row {int(np.flatnonzero(wrong)[0]) + 1}; {fix}")
    step = float(np.median(steps))
    off = np.flatnonzero(np.abs(steps - step) > JITTER * step)
    if len(off):
        found = f"a step of {steps[off[0]]:.6g} s, the median is {step:.6g} s"
        fix = fixes[2].replace("STEP", f"{step * 1e3:.0f}ms" if step >= 1e-3 else f"{step * 1e9:.0f}ns")
        raise SignalError(f"{what} is not regular at row {int(off[0]) + 1}: {found}; {fix}")
    # n - 1 steps span the whole, which is known more finely than one of them
    span = (len(seconds) - 1) / float(seconds[-1] - seconds[0])
    return round(span) if abs(span - round(span)) < 1e-6 * span else span


def times_from(first: Any, frames: Frames, count: int) -> Array:
    """Times of an output's frames, from the time of the input's first; in its unit, or a finer one that holds them."""
    kind = np.asarray(first).dtype.kind
    if kind not in "mM":
        return first + (np.arange(count) / frames.fs + frames.start_s)  # type: ignore[no-any-return]
    step, start = 1e9 / frames.fs, round(frames.start_s * 1e9)
    whole = abs(step - round(step)) <= _ALMOST * step
    offsets = start + (np.arange(count) * round(step) if whole else np.rint(np.arange(count) * step).astype(np.int64))
    own = _PER_SECOND.get(np.datetime_data(first.dtype)[0], 1)
    far = kind == "M" and abs(first.astype("M8[s]").astype(np.int64) + offsets[-1:].sum() / 1e9) > _FAR_S
    finer = [unit for unit, per in _PER_SECOND.items() if per >= own and not (far and unit == "ns")]
    unit = next((unit for unit in finer if not (offsets % (10**9 // _PER_SECOND[unit])).any()), finer[-1])
    return first.astype(f"{kind}8[{unit}]") + (offsets // (10**9 // _PER_SECOND[unit])).astype(f"m8[{unit}]")  # type: ignore[no-any-return]
