"""The numbers of a search's picture: outlines of signal and scores, and the best and the worst event on the template.

Everything is bounded, whatever the length of the recording: outlines have `STRETCHES` stretches, and of the recording
itself only two windows are read again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..dsp.envelope import Envelope
from ..io import open_reader
from ..job import Job, Report
from ..kernel import Array, Taps
from ..match.events import Event, Events
from ..stages.base import Format
from ..stages.match import Match
from ..stages.templates import load_templates

__all__ = ["STRETCHES", "Overlay", "Picture", "picture_of"]

STRETCHES = 2048
"""Of the outlines: more than the picture has columns."""

_SEEN = 800  # frames of an event that are drawn; of more, an oscillation has no room
_BLOCK = 1 << 16


@dataclass(frozen=True, eq=False)
class Overlay:
    """An event and the template laid over it: ``gain * template + offset``, the nearest in least squares.

    Of a long template it is the stretch around its largest sample, where single oscillations can be seen.
    """

    event: Event
    start_s: float
    """Of the first frame of the stretch."""
    window: Taps
    fitted: Taps
    gain: float


@dataclass(frozen=True, eq=False)
class Picture:
    """Every number of the picture of one search."""

    events: Events
    polarity: str
    waveform: Taps
    """Lowest and highest sample of each stretch, (stretches, 2)."""
    waveform_step_s: float
    scores: Taps
    """The same of the scores of all templates and channels."""
    scores_step_s: float
    decoys: Taps
    """Where the reversed templates score highest, |score| in each stretch: (n, 2), in s and as a score."""
    best: Overlay | None
    worst: Overlay | None
    """None where there are no two events."""


def picture_of(job: Job, source: str | Path, report: Report, waveform: Envelope, scores: Envelope) -> Picture:
    """The picture of a job that is one ``match`` stage, after it was run.

    ``waveform`` and ``scores`` are the outlines of the input and of the output that `run_job` gathered; the
    recording is opened again for the windows of two events.
    """
    (search,), ((_, detection),) = report.events, report.found
    fs = search.fs
    stage = job.stages[0]
    if not isinstance(stage, Match):
        raise TypeError("a picture is that of a single match stage")
    ranked = sorted(search.events, key=lambda event: -abs(event.score))
    shown = [ranked[0], ranked[-1]][: len(ranked)] if ranked else []
    lengths = dict(zip(detection.templates, detection.lengths, strict=True))
    windows = _windows(job, source, [(event.start_frame, lengths[event.template]) for event in shown])
    taps = {t.name: t.taps for t in load_templates(stage.template, Format(fs, report.info.channels))}
    overlays = [_overlay(event, window, taps[event.template], fs) for event, window in zip(shown, windows, strict=True)]
    decoys = np.zeros((0, 2))
    if detection.decoys is not None:
        decoys = _highest(detection.decoys.frame, np.abs(detection.decoys.score), scores.width, fs)
    return Picture(
        search,
        stage.polarity,
        waveform.outline(),
        waveform.width / report.info.fs,
        scores.outline(),
        scores.width / fs,
        decoys,
        overlays[0] if overlays else None,
        overlays[1] if len(overlays) > 1 else None,
    )


def _highest(frames: Array, sizes: Taps, width: int, fs: float) -> Taps:
    """The highest of each stretch of ``width`` frames that has one, with its place in s."""
    order = np.lexsort((-sizes, frames // width))
    _, first = np.unique(frames[order] // width, return_index=True)
    kept = order[first]
    return np.stack([frames[kept] / fs, sizes[kept]], axis=1)


def _windows(job: Job, source: str | Path, places: Sequence[tuple[int, int]]) -> list[Array]:
    """The frames of each window, ``(start, length)``, in one go through the recording: (length, channels) each."""
    parts: list[list[Array]] = [[] for _ in places]
    end = max((start + length for start, length in places), default=0)
    with open_reader(source, **job.reading) as reader:
        done = 0
        while done < end and len(block := reader.read(_BLOCK)):
            for (start, length), found in zip(places, parts, strict=True):
                found.append(block[max(start - done, 0) : max(start + length - done, 0)].copy())  # not all of the block
            done += len(block)
    return [np.concatenate(found) for found in parts]


def _overlay(event: Event, window: Array, taps: Taps, fs: float) -> Overlay:
    x = np.asarray(window[:, event.channel], np.float64)
    t = taps[:, min(event.channel, taps.shape[1] - 1)]
    centred = t - t.mean()
    gain = float(centred @ (x - x.mean()) / (centred @ centred))
    first = max(0, min(int(np.abs(centred).argmax()) - _SEEN // 4, len(t) - _SEEN))
    seen = slice(first, first + _SEEN)
    return Overlay(event, event.start_s + first / fs, x[seen], (gain * centred + x.mean())[seen], gain)
