"""Spectrograms for the picture of a search: that of the recording at a size that can be drawn, and patches of events.

A column is drawn around the middle of its window, where what it tells of was heard; of columns and bins that share a
place in the picture the highest is shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..dsp.spectrogram import Grid, Spectrogram, spectrogram
from ..kernel import Array, Taps
from ..match.events import Event

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


def patch_of(taps: Array, grid: Grid, fs: float, start_s: float = 0.0) -> Levels:
    """The spectrogram of one channel that begins at ``start_s``."""
    return _placed(spectrogram(taps[:, None], grid), grid, fs, start_s)


def _placed(values: Taps, grid: Grid, fs: float, start_s: float, wide: int = 1, high: int = 1) -> Levels:
    left, low = start_s + (grid.window - grid.hop) / 2 / fs, (grid.first - 0.5) * fs / grid.window
    right, top = left + len(values) * wide * grid.hop / fs, low + values.shape[1] * high * fs / grid.window
    return Levels(values, (left, right), (low, top))
