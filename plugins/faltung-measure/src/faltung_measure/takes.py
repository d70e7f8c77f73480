"""A recording as takes: the sweeps of each source cut out on the player's clock, the spoilt ones left out, averaged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.errors import SignalError
from pipeline.kernel import Array
from pipeline.text import decibels, hertz

from .clock import Clock, on_players_clock, read_clock
from .pilots import Pilots, find_pilots
from .sweeps import Sweep

__all__ = ["Take", "clipped", "hum", "take_of"]

OUTLINE = 1200
_BLOCK_S = 0.05  # repeats are compared in blocks: a door that slams is short
_SPOILT_DB = 10.0  # a repeat whose worst block differs by so much more than the others' is left out
_SCATTER = 1e-6  # of the energy of a block: what repeats may differ by anyway
_MISSING = 0.05  # of the energy of the others
_FULL_SCALE = 1 - 2**-15
_FLAT = 0.1  # part of a sine above half its peak that lies within 0.1 % of it is 0.043; more is a flat top
_HUM_DB = 20.0


@dataclass(frozen=True)
class Take:
    """One recording, understood."""

    name: str
    sweeps: tuple[Array, ...]
    """Averaged sweep and silence of each source, ``(period, mics)``."""
    pilots: Pilots
    clock: Clock
    left_out: tuple[str, ...]
    """Repeats that were left out, and why."""
    warnings: tuple[str, ...]
    outline: Array
    """Largest magnitude in each of `OUTLINE` equal stretches of the recording, for its picture."""
    seconds: float
    """Length of the recording."""
    late_frames: int
    """Frames by which the sweeps stand later in the recording than in the sweep file."""
    peak: float


def take_of(x: Array, sweep: Sweep, name: str) -> Take:
    """The take of a recording ``(frames, mics)`` at the sweep's rate; raises `SignalError` with what is wrong."""
    pilots = find_pilots(x, sweep, name)
    clock = read_clock(x, pilots, sweep, name)
    start = max(0, pilots.first - round(0.5 * sweep.fs))
    on_clock = on_players_clock(x[start:], sweep.fs, clock.ppm)
    first = round((pilots.first - start) / (1 + clock.ppm * 1e-6))
    kept, left_out = [], []
    names = sweep.channels if len(sweep.channels) > 1 else ("",)
    for source, starts in zip(names, sweep.starts, strict=True):
        places = [first + at - sweep.pilot_starts[0] for at in starts]
        repeats = [_filled(on_clock[at : at + sweep.period], sweep.period) for at in places]
        originals = [x[round(start + at * (1 + clock.ppm * 1e-6)) :][: sweep.period] for at in places]
        good, why = _whole(repeats, originals, sweep)
        label = f"{source} sweep" if source else "sweep"
        left_out += [f"{label} {i + 1} of {len(repeats)}: {reason}" for i, reason in why.items()]
        if not good:
            reasons = "; ".join(sorted(set(why.values())))
            raise SignalError(f"{name}: no {label} can be used: {reasons}")
        kept.append(np.mean([repeats[i] for i in good], axis=0))
    quiet = x[: max(0, pilots.first - round(0.05 * sweep.fs))][-round(10 * sweep.fs) :]
    warnings = [] if (found := hum(quiet, sweep.fs)) is None else [_hum_words(*found, kept[0])]
    loudest = np.abs(x).max(axis=1)
    outline = np.array([part.max() for part in np.array_split(loudest, min(OUTLINE, len(x)))])
    return Take(
        name, tuple(kept), pilots, clock, tuple(left_out), tuple(warnings), outline, len(x) / sweep.fs,
        pilots.first - sweep.pilot_starts[0], float(loudest.max()),
    )  # fmt: skip


def _filled(piece: Array, length: int) -> Array:
    return np.pad(piece, ((0, length - len(piece)), (0, 0)))


def _whole(repeats: list[Array], originals: list[Array], sweep: Sweep) -> tuple[list[int], dict[int, str]]:
    """Which repeats are good, and why the others are not."""
    why: dict[int, str] = {}
    for i, piece in enumerate(originals):
        if over := clipped(piece):
            why[i] = f"recording clipped, {over:,} samples; turn the microphone down"
    energies = np.array([float((piece**2).sum()) for piece in repeats])
    for quiet in np.flatnonzero(energies < _MISSING * np.median(energies)):
        why[int(quiet)] = "it is missing, or far quieter than the others"
    good = [i for i in range(len(repeats)) if i not in why]
    if len(good) >= 3:
        middle = np.median([repeats[i] for i in good], axis=0)
        block = round(_BLOCK_S * sweep.fs)
        whole = sweep.period // block * block
        off = np.array([((repeats[i] - middle) ** 2)[:whole].sum(axis=1).reshape(-1, block).sum(axis=1) for i in good])
        usual = np.median(off, axis=0) + np.median(off) + _SCATTER * energies.max() / whole * block
        worst = 10 * np.log10(np.maximum((off / usual).max(axis=1), 1e-12))
        for i, excess in zip(list(good), worst, strict=True):
            # the usual scatter of a few repeats is wide: only what stands out of them all counts
            if excess > _SPOILT_DB + 10 and excess > np.median(worst) + _SPOILT_DB:
                why[i] = f"it was disturbed: it differs from the others by {excess:.0f} dB more than they do"
    return [i for i in range(len(repeats)) if i not in why], why


def clipped(x: Array) -> int:
    """Samples at full scale; or on a flat top below it, where a signal lies at its own peak more than a sine does."""
    size = np.abs(x)
    at_full = int((size >= _FULL_SCALE).sum())
    if at_full and float(size.max()) <= 1:  # floating point goes over full scale unharmed
        return at_full
    for column in size.T:
        peak = float(column.max(initial=0.0))
        top = int((column > 0.999 * peak).sum())
        if peak > 0 and top > 50 and top > _FLAT * int((column > 0.5 * peak).sum()):
            return top
    return 0


def hum(quiet: Array, fs: float) -> tuple[float, float] | None:
    """Frequency and amplitude of mains hum, 50 or 60 Hz with harmonics, in a recording of nothing; None without."""
    if len(quiet) < 0.4 * fs:
        return None
    window = np.hanning(len(quiet))
    power = (np.abs(np.fft.rfft(quiet * window[:, None], axis=0)) ** 2).mean(axis=1) / window.sum() ** 2 * 4
    f = np.fft.rfftfreq(len(quiet), 1 / fs)
    best = None
    for mains in (50.0, 60.0):
        lines = 0.0
        out = 0
        for k in (1, 2, 3, 4, 5):
            near = np.abs(f - k * mains)
            on, around = power[near < 3], power[(near > 8) & (near < 22)]
            if len(on) and len(around) and on.max() > 10 ** (_HUM_DB / 10) * np.median(around):
                out += 1
                lines += float(on.max())
        if out >= 2 and (best is None or lines > best[1] ** 2):
            best = mains, float(np.sqrt(lines))
    return best


def _hum_words(mains: float, amplitude: float, sweep: Array) -> str:
    under = amplitude / max(float(np.abs(sweep).max()), 1e-12)
    return f"mains hum at {hertz(mains)}, {decibels(under)} dB against the sweep's peak; check cables and earthing"
