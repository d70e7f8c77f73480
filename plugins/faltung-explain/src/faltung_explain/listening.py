"""Signal and kernel short enough to be listened to, with what had to be done to them for it.

Convention: a kernel is never cut. One with few taps costs nothing however long it lasts, so only its times are
shortened where they would bore; one with many taps is played faster, signal and kernel alike, until it fits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.errors import FaltungError
from pipeline.kernel import Taps

from .bilingual import Bilingual, say
from .subject import Subject

MAX_FS = 24_000
MIN_FS = 3_000
TABLE_FS = 8_000
HEARD_S = 8.0
ECHO_S = 12.0  # sparse kernels that last longer have their times shortened to this
MOST_TAPS = 160_000
BUDGET = 340_000
"""Samples of signal and kernel together: what a page under 1.2 MB can hold."""
SPARSE = 16  # taps of which fewer than one in so many is not zero


@dataclass(frozen=True, eq=False)
class Listening:
    """Signal and kernel at a rate that can be played; what was done to them."""

    x: Taps
    h: Taps
    fs: int
    notes: tuple[Bilingual, ...]
    origin: int = 0
    times: float = 1.0
    """How many times as fast as it was they are played."""
    start_s: float = 0.0
    """Where in the recording it begins."""
    warning: Bilingual | None = None
    """Said first: what is heard is not what was asked for."""

    @property
    def sparse(self) -> bool:
        """Whether the kernel is few taps, far apart."""
        return is_sparse(self.h)


def is_sparse(h: Taps) -> bool:
    """Whether a kernel is few taps, far apart."""
    return bool(np.count_nonzero(h) * SPARSE <= len(h))


def for_listening(subject: Subject) -> Listening:
    """Some seconds from the onset, at most 24 kHz, and the whole kernel."""
    notes: list[Bilingual] = []
    warning, times = None, 1.0
    x, h, origin, fs = subject.x, subject.h, subject.origin, subject.fs
    if fs < MIN_FS or not float(fs).is_integer():
        fs, times = TABLE_FS, TABLE_FS / fs
        notes.append(say("faster", fs=fs, times=times_text(times)))
    elif fs > MAX_FS:
        part = -(-int(fs) // MAX_FS)
        lower = fs / part if (fs / part).is_integer() else MAX_FS
        (h, origin), made = _at_rate(subject, lower)
        x = _resampled(x, fs, lower)
        notes.append(say("made_lower" if made else "resampled", lower=lower, fs=fs))
        fs = lower
    rate, span = int(fs), len(h) - 1
    if is_sparse(h) and span > ECHO_S * rate:
        share = ECHO_S * rate / span
        taps = np.zeros(round(span * share) + 1)
        np.add.at(taps, np.rint(np.flatnonzero(h) * share).astype(int), h[h != 0])
        warning = say("shortened", seconds=span / rate * times, heard=ECHO_S * times, times=1 / share)
        h, origin = taps, round(origin * share)
    elif not is_sparse(h) and len(h) > MOST_TAPS:
        share = MOST_TAPS / len(h)
        x, h, origin = _resampled(x, 1, share), _resampled(h, 1, share) / share, round(origin * share)
        notes = [note for note in notes if times == 1.0]  # one speed is said, not two
        times /= share
        warning = say("faster", fs=rate, times=times_text(times))
    frames = min(len(x), round(HEARD_S * rate), BUDGET - (0 if is_sparse(h) else len(h)))
    start = max(0, min(onset(x) - rate // 50, len(x) - frames))
    at = subject.start / subject.fs + start / rate * times
    if frames < len(x):
        notes.append(say("stretch", seconds=frames / rate * times, start=at))
    cut = x[start : start + frames].copy()
    fade = min(rate // 100, frames // 4)
    if fade and frames < len(x):
        cut[-fade:] *= np.linspace(1, 0, fade)
    return Listening(cut, h, rate, tuple(notes), origin, times, at, warning)


def times_text(times: float) -> str:
    """How many times as fast, in four digits and never as a power of ten."""
    return f"{times:,.0f}" if times >= 1000 else f"{times:.4g}"


def onset(x: Taps) -> int:
    """The first frame that reaches a tenth of the largest magnitude."""
    return int(np.argmax(np.abs(x) >= 0.1 * np.abs(x).max()))


def _at_rate(subject: Subject, fs: float) -> tuple[tuple[Taps, int], bool]:
    """Kernel and origin at a lower rate, and whether the stage made them itself (else they were resampled)."""
    if subject.kernel_at is not None:
        try:
            return subject.kernel_at(fs), True
        except FaltungError:
            pass  # a file at one rate only: resampled below
    part, ratio = max(1, round(subject.fs / fs)), subject.fs / fs
    before = -subject.origin % part  # zeros, so that time zero falls on a tap again
    taps = _resampled(np.pad(subject.h, (before, before + part)), subject.fs, fs) * ratio
    origin = min(round((subject.origin + before) / ratio), len(taps) - 1)
    for sign in (1, -1):
        if len(subject.h) == 2 * subject.origin + 1 and np.array_equal(subject.h, sign * subject.h[::-1]):
            taps = taps[: 2 * origin + 1]  # about time zero, and so it stays, to the last bit
            taps = (taps + sign * taps[::-1]) / 2
    return (taps, origin), False


def _resampled(samples: Taps, fs: float, lower: float) -> Taps:
    import soxr

    made: Taps = soxr.resample(samples, fs, lower, quality="HQ")
    return made if len(made) else samples[:1]
