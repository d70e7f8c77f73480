"""Sentences about an explanation's sounds, each chosen by what was measured on the samples themselves.

Convention: A is 04, convolved; B is 05, correlated. A sound begins and ends where it reaches 1/10,000 of its largest
sample; where either end is nearer than `APART_S`, nothing is said of it. Times are those of the recording.
"""

from __future__ import annotations

import numpy as np

from pipeline.engine.functional import correlate
from pipeline.kernel import Taps
from pipeline.text import duration

from .bilingual import Bilingual, say
from .listening import Listening
from .sounds import SoundSet, difference
from .subject import Subject

LEVEL = 1e-4
SAME = 1e-9
APART_S = 1e-3
ROOM_S = 0.05


def sentences(subject: Subject, listening: Listening, sounds: SoundSet) -> list[Bilingual]:
    """What can truly be said, the most important first."""
    by_name = {sound.name: sound.samples for sound in sounds.sounds}
    x, a, b = by_name["01_dry"], by_name["04_convolved"], by_name["05_correlated"]
    apart = difference(a, b)
    said = []
    if not (a.any() or b.any()):
        return [say("silent")]
    if apart <= SAME:
        said.append(say("same_one_tap" if np.count_nonzero(listening.h) == 1 else "same"))
    elif difference(a, -b) <= SAME:
        said.append(say("opposite"))
    else:
        percent = f"{100 * apart:.2g} %" if apart < 1 else f"{100 * apart:.0f} %"
        said.append(say("differ", percent=percent))
    if subject.searches:
        (right, at), (turned, there) = (likeness(subject.x, h) for h in (subject.h, subject.h[::-1]))
        if len(subject.h) > len(subject.x):
            return [*said, say("fits_nowhere")]
        times = {"right_at": _at(subject, at), "turned_at": _at(subject, there)}
        what = say(f"score_{subject.searches}")
        said.append(say("is_score", what=what, right=right, turned=turned, **times))
        return said
    letter, path = "b" if subject.correlates else "a", "_path" if len(subject.paths) > 1 else ""
    said.append(say(f"is_{letter}{path}"))

    def gap(frames: int) -> str | None:
        seconds = frames / listening.fs * listening.times
        return short_duration(seconds) if frames > APART_S * listening.fs else None

    moved = moved_by(listening, a, b)
    if moved is not None:
        return [*said, say("moved", time=moved)]
    (begin_x, end_x), (begin_a, end_a), (begin_b, _) = (_span(sound) for sound in (x, a, b))
    for key, frames in (
        ("early", begin_a - begin_b),
        ("late", begin_b - begin_a),
        ("ahead", min(begin_x - begin_a, listening.origin)),
        ("tail", min(end_a - end_x, len(listening.h) - 1 - listening.origin)),
    ):
        time = gap(frames)
        if time is not None and (key != "ahead" or listening.origin):
            said.append(say(key, time=time, origin=subject.origin))
    return said


def moved_by(listening: Listening, a: Taps, b: Taps) -> str | None:
    """The time by which B is A earlier, where it is nothing else: taps that read the same both ways, off time zero."""
    later = len(listening.h) - 1 - 2 * listening.origin
    if later <= 0 or difference(a, b) <= SAME or difference(a[later:], b[: len(b) - later]) > SAME:
        return None
    return short_duration(later / listening.fs * listening.times)


def is_room(subject: Subject) -> bool:
    """Whether the kernel answers as a room does: sound, after its cause, for longer than an ear needs to tell.

    A response that was resampled rings a little before time zero; so much no ear can tell from none.
    """
    lasts = (np.count_nonzero(subject.h) > 1) * (len(subject.h) - 1 - subject.origin) / subject.fs
    before = subject.h[: max(0, subject.origin - round(APART_S * subject.fs))]
    at_once = float((before**2).sum()) <= LEVEL * float((subject.h**2).sum())
    plain = not (subject.is_table or subject.searches or subject.correlates)
    return bool(plain and at_once and lasts > ROOM_S)


def _span(sound: Taps) -> tuple[int, int]:
    """The first and the last frame that can be heard."""
    heard = np.flatnonzero(np.abs(sound) >= LEVEL * np.abs(sound).max(initial=0.0))
    return int(heard[0]), int(heard[-1])


def _at(subject: Subject, frame: int) -> str:
    return duration((subject.start + frame) / subject.fs)


def short_duration(seconds: float) -> str:
    """A time as `pipeline.text.duration` has it, without zeros at its end: ``5 s``, ``0.58 s``."""
    text = duration(seconds)
    return f"{text[:-2].rstrip('0').rstrip('.')} s" if text.endswith(" s") and "." in text else text


def likeness(x: Taps, h: Taps) -> tuple[float, int]:
    """The largest of Pearson's r between ``h`` and any window of ``x``, and its frame; 0 where it fits into none."""
    if len(h) > len(x):
        return 0.0, 0
    t = (h - h.mean()) / (np.linalg.norm(h - h.mean()) or 1.0)
    ones = np.ones(len(h))
    around = x - x.mean()
    spread = correlate(around**2, ones, "valid") - correlate(around, ones, "valid") ** 2 / len(h)
    floor = 1e-9 * float((around**2).sum())
    scores = correlate(around, t, "valid") / np.sqrt(np.maximum(spread, floor or 1.0))
    return float(scores.max()), int(scores.argmax())
