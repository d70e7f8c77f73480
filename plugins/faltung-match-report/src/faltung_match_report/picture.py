"""The numbers of a search's picture: outlines of signal and scores, the best and the worst event on the template.

Everything is bounded, whatever the length of the recording: outlines have `STRETCHES` stretches, and of the recording
itself only two windows are read again; all of it once more where spectrograms were compared. A column of those is drawn
around the middle of its window, where what it tells of was heard; of columns and bins that share a place in the picture
the highest is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from pipeline.dsp.envelope import Envelope
from pipeline.dsp.spectrogram import Grid, Spectrogram, spectrogram
from pipeline.io import open_reader
from pipeline.job import Job, Report
from pipeline.kernel import Array, Taps
from pipeline.match.events import Event, Events
from pipeline.stages.base import Format
from pipeline.stages.base.templates import load_templates
from pipeline.stages.match import Match

STRETCHES = 2048
"""Stretches of the outlines: more than the picture has columns."""

_SEEN = 800  # frames of an event that are drawn; of more, an oscillation has no room
_BLOCK = 1 << 16
_COLUMNS, _BINS = 2048, 256  # that are drawn at most: more than the picture has dots


@dataclass(frozen=True, eq=False)
class Levels:
    """Levels in dB with their place in a picture."""

    values: Taps
    """(columns, bins); NaN where none is known."""
    span: tuple[float, float]
    """From the left edge to the right one, in s."""
    band: tuple[float, float]
    """From the lower edge to the upper one, in Hz."""


@dataclass(frozen=True, eq=False)
class Patches:
    """The patch of an event and that of its template."""

    event: Event
    window: Levels
    template: Levels


@dataclass(frozen=True, eq=False)
class Overlay:
    """An event and the template laid over it: ``gain * template + offset``, the nearest in least squares.

    Of a long template it is the stretch around its largest sample, where single oscillations can be seen.
    """

    event: Event
    start_s: float
    """Time of the first frame of the stretch."""
    window: Taps
    fitted: Taps
    gain: float


@dataclass(frozen=True, eq=False)
class Picture:
    """Every number of the picture of one search."""

    events: Events
    polarity: str
    waveform: Taps
    """Lowest and highest sample of each stretch, (stretches, 2); NaN where it has none, as in a gap."""
    waveform_step_s: float
    scores: Taps
    """The same of the scores of all templates and channels; NaN where no window has one."""
    scores_step_s: float
    turned: Taps
    """Lowest and highest score of the reversed templates, which a flip would look for, as `scores`."""
    decoys: Taps
    """Where the reversed templates score highest, |score| in each stretch: (n, 2), in s and as a score."""
    best: Overlay | Patches | None
    worst: Overlay | Patches | None
    """None where there are no two events."""
    levels: Levels | None = None
    """Spectrogram of the recording, where those were compared."""


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
    fmt = Format(fs, report.info.channels, reading=job.reading)
    taps = {t.name: t.taps for t in load_templates(stage.template, fmt)}
    grid = stage.grid(fmt)
    levels = None
    if grid is not None:
        levels = levels_of(_blocks(job, source), search.frames, fmt.channels, grid, fs)

    def seen(event: Event, window: Array) -> Overlay | Patches:
        x, t = _column(window, event), _column(taps[event.template], event)
        if grid is None:
            return _overlay(event, x, t, fs)
        return Patches(event, _patch_of(x, grid, fs, event.start_s), _patch_of(t, grid, fs))

    pair = [seen(event, window) for event, window in zip(shown, windows, strict=True)]
    decoys = np.zeros((0, 2))
    if detection.decoys is not None:
        decoys = _highest(detection.decoys.frame, np.abs(detection.decoys.score), scores.width, fs)
    stretches = -(-max(0, search.frames - min(detection.lengths) + 1) // scores.width)  # where a window begins
    return Picture(
        search,
        stage.polarity,
        waveform.outline(np.nan),
        waveform.width / report.info.fs,
        _scored(scores.outline()[:stretches], search, scores.width),
        scores.width / fs,
        _scored(_turned(stage, _blocks(job, source), fmt)[:stretches], search, scores.width),
        decoys,
        pair[0] if pair else None,
        pair[1] if len(pair) > 1 else None,
        levels,
    )


def _turned(stage: Match, blocks: Iterable[Array], fmt: Format) -> Taps:
    """The outline of the scores of the reversed templates."""
    processor, outline = stage.turned(fmt).open(fmt), Envelope(STRETCHES)
    late = processor.latency
    outputs = (processor.process(block.astype(fmt.dtype)) for block in blocks)
    for out in chain(outputs, (flush() for flush in (processor.flush,))):
        outline.add(out[late:])
        late = max(0, late - len(out))
    return outline.outline()


def _scored(outline: Taps, search: Events, width: int) -> Taps:
    """An outline of scores, NaN in the stretches of ``width`` frames in which no window has a score."""
    starts = np.arange(len(outline)) * width / search.fs
    for part in search.unscored:
        outline[(part.start_s <= starts) & (starts + width / search.fs <= part.end_s)] = np.nan
    return outline


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
    done = 0
    for block in _blocks(job, source):
        for (start, length), found in zip(places, parts, strict=True):
            found.append(block[max(start - done, 0) : max(start + length - done, 0)].copy())  # not all of the block
        done += len(block)
        if done >= end:
            break
    return [np.concatenate(found) for found in parts]


def _blocks(job: Job, source: str | Path) -> Iterator[Array]:
    with open_reader(source, **job.reading) as reader:
        yield from reader.blocks(_BLOCK)


def _column(frames: Array, event: Event) -> Taps:
    """The channel of an event; that of a template for all channels is its only one."""
    return np.asarray(frames[:, min(event.channel, frames.shape[1] - 1)], np.float64)


def _overlay(event: Event, x: Taps, t: Taps, fs: float) -> Overlay:
    centred = t - t.mean()
    gain = float(centred @ (x - x.mean()) / (centred @ centred))
    first = max(0, min(int(np.abs(centred).argmax()) - _SEEN // 4, len(t) - _SEEN))
    seen = slice(first, first + _SEEN)
    return Overlay(event, event.start_s + first / fs, x[seen], (gain * centred + x.mean())[seen], gain)


def levels_of(blocks: Iterable[Array], frames: int, channels: int, grid: Grid, fs: float) -> Levels:
    """The spectrogram of a recording in blocks, the highest of its channels."""
    columns = grid.columns(frames)
    wide, high = max(1, -(-columns // _COLUMNS)), -(-grid.bins // _BINS)
    values = np.full((-(-columns // wide), -(-grid.bins // high)), np.nan)
    stream, done = Spectrogram(grid, channels), 0

    def put(found: Array) -> None:
        nonlocal done
        if not len(found):
            return
        levels = np.fmax.reduce(found.reshape(len(found), channels, grid.bins), axis=1)
        levels = np.fmax.reduceat(levels, np.arange(0, grid.bins, high), axis=1)
        edges = np.arange(done - done % wide, done + len(found), wide) - done
        levels = np.fmax.reduceat(levels, np.maximum(edges, 0), axis=0)
        here = slice(done // wide, done // wide + len(levels))
        values[here] = np.fmax(values[here], levels)
        done += len(found)

    for block in blocks:
        for found in stream.process(block):
            put(found)
    for found in stream.flush():
        put(found)
    return _placed(values, grid, fs, 0.0, wide, high)


def _patch_of(taps: Array, grid: Grid, fs: float, start_s: float = 0.0) -> Levels:
    """The spectrogram of one channel that begins at ``start_s``."""
    return _placed(spectrogram(taps[:, None], grid), grid, fs, start_s)


def _placed(values: Taps, grid: Grid, fs: float, start_s: float, wide: int = 1, high: int = 1) -> Levels:
    left, low = start_s + (grid.window - grid.hop) / 2 / fs, (grid.first - 0.5) * fs / grid.window
    right, top = left + len(values) * wide * grid.hop / fs, low + values.shape[1] * high * fs / grid.window
    return Levels(values, (left, right), (low, top))
