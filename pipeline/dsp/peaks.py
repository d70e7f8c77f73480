"""Picks the peaks of score tracks that come in pieces, as if all of them were there at once.

A candidate is a local maximum of the score, taken with the sign that is looked for; of a plateau its first frame.
The best candidate is accepted, those nearer to it than ``min_distance`` frames are out, then the best of those left,
and so on: greedy. Of equal scores the earliest goes first, then that of the lowest template. A score of exactly 0 is
none: it is no candidate, and beside it no parabola is laid.

Of the frames before H, those from H - D on (D the distance) may yet be beaten by what follows. Candidates are taken
in the order of their scores; one among these frames is undecided, and so is each lower one that is nearer than D to an
undecided one. Undecided frames therefore always are the last ones: they wait, the others are settled for good.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..kernel import Array
from .detection import Peaks

Polarity = Literal["positive", "negative", "both"]

MOST = 1 << 20
"""Peaks that are kept of a track; the lowest are dropped, which cannot change the others."""


class Picker:
    """Picks from the tracks of templates that compete with each other: (templates, n) at a time.

    Parameters
    ----------
    min_distance
        two peaks are at least so many frames apart, 1 or more.
    polarity
        ``positive``: scores above 0; ``negative``: below 0; ``both``.
    floor
        candidates with a lower |score| are left out from the start.
    most
        peaks that are kept: the highest.
    """

    def __init__(
        self, min_distance: int, polarity: Polarity = "positive", floor: float = 0.0, most: int = MOST
    ) -> None:
        self._distance, self._polarity, self._floor, self._most = min_distance, polarity, floor, most
        self._scores: Array = np.zeros((0, 0))  # (templates, n), from _start on: what waits, and the frame before it
        self._new = self._scores  # those that follow, not joined to them: to copy all takes as long as to look at it
        self._start = 0
        self._height: Array = np.zeros(0)  # of the best candidate at each frame from _start on; 0: there is none
        self._whose: npt.NDArray[np.int32] = np.zeros(0, np.int32)
        self._found = array("q"), array("i"), array("d"), array("d")  # frame, template, score, offset
        self.dropped = False
        """Whether there were more than ``most``."""

    def process(self, scores: Array) -> None:
        """Take in the scores of the next frames."""
        if scores.shape[1]:
            self._scores, self._new = self._scores if len(self._scores) else scores[:, :0], scores
            self._find_candidates(ended=False)
            self._settle(len(self._height) - self._distance)

    def flush(self) -> Peaks:
        """The peaks, in the order of their frames; of channel 0."""
        if len(self._scores):
            self._find_candidates(ended=True)
            self._settle(len(self._height))
        if len(self._found[0]) > self._most:
            self._thin()
        frame, template, score, offset = (
            np.array(column, dtype) for column, dtype in zip(self._found, ("i8", "i4", "f8", "f8"), strict=True)
        )
        order = np.argsort(frame)
        return Peaks(frame[order], template[order], np.zeros_like(template), score[order], offset[order])

    def _find_candidates(self, *, ended: bool) -> None:
        """Find the candidates among the frames whose successor is known."""
        first = len(self._height)
        before = max(0, first - 1)  # frame 0 has none before it, and rises
        frames = self._scores.shape[1] + self._new.shape[1] - (0 if ended else 1)
        found = []
        for known, new in zip(self._scores, self._new, strict=True):
            track = _oriented(np.concatenate([known[before:], new]), self._polarity)
            tops = _local_maxima(track, self._floor, rising=first == 0)
            tops[: first - before] = False
            at = np.flatnonzero(tops)
            at, open_end = _without_steps(track, at, ended=ended)
            if open_end is not None:
                frames = min(frames, before + open_end)
            found.append((at + before, track[at]))
        height, whose = np.zeros(frames), np.zeros(frames, np.int32)
        height[:first], whose[:first] = self._height, self._whose
        for template, (at, heights) in enumerate(found):
            count = np.searchsorted(at, frames)
            at, heights = at[:count], heights[:count]
            better = heights > height[at]
            height[at[better]], whose[at[better]] = heights[better], template
        self._height, self._whose = height, whose

    def _settle(self, limit: int) -> None:
        """Accept what can be: of the columns up to ``limit``, and of those that nothing undecided is near to."""
        height, width = self._height, self._distance
        end = len(height)  # what is behind waits
        heap = _highest(height, width)
        while heap:
            key, i = heappop(heap)
            if i >= end or height[i] != -key:
                continue
            if i > limit:
                end, limit = i, min(limit, i - width)
                _push(heap, height, i - i % width, i)
                continue
            self._accept(i)
            a, b = max(0, i - width + 1), min(i + width, len(height))
            height[a:b] = 0
            _push(heap, height, a - a % width, a)
            _push(heap, height, b, min(b - b % width + width, end))
        keep = max(0, end - 1)
        waited = self._scores.shape[1]
        self._scores = np.concatenate([self._scores[:, keep:], self._new[:, max(0, keep - waited) :]], axis=1)
        self._new = self._scores[:, :0]
        self._height, self._whose = height[keep:], self._whose[keep:]
        self._start += keep

    def _accept(self, i: int) -> None:
        template = int(self._whose[i])
        left, score, right = (self._score(template, k) for k in (i - 1, i, i + 1))
        curve = left - 2 * score + right
        offset = 0.5 * (left - right) / curve if left and right and curve else 0.0
        frames, templates, scores, offsets = self._found
        frames.append(self._start + i)
        templates.append(template)
        scores.append(score)
        offsets.append(offset)
        if len(self._found[0]) > 2 * self._most:
            self._thin()

    def _score(self, template: int, i: int) -> float:
        """Score of frame ``_start + i``; 0 where it is not known."""
        waited = self._scores.shape[1]
        if i < waited:
            return float(self._scores[template, i]) if i >= 0 else 0.0
        return float(self._new[template, i - waited]) if i < waited + self._new.shape[1] else 0.0

    def _thin(self) -> None:
        self.dropped = True
        frames, templates, scores, offsets = map(np.array, self._found)
        kept = np.lexsort((frames, -np.abs(scores)))[: self._most]
        self._found = (
            array("q", frames[kept].tolist()),
            array("i", templates[kept].tolist()),
            array("d", scores[kept].tolist()),
            array("d", offsets[kept].tolist()),
        )


def _oriented(scores: Array, polarity: Polarity) -> Array:
    if polarity == "both":
        return np.abs(scores)
    return -scores if polarity == "negative" else scores


def _local_maxima(track: Array, floor: float, *, rising: bool) -> npt.NDArray[np.bool_]:
    """Rises to at least ``floor`` that no rise follows; ``rising`` is whether the first frame is one."""
    tops: npt.NDArray[np.bool_] = track >= floor if floor > 0 else track > 0
    if tops.any():  # of most tracks no score is that high
        rises = np.empty(len(track) + 1, np.bool_)
        np.greater(track[1:], track[:-1], out=rises[1:-1])
        rises[0], rises[-1] = rising, False
        tops &= rises[:-1] & ~rises[1:]
    return tops


def needed(scores: Array, polarity: Polarity, floor: float) -> npt.NDArray[np.intp]:
    """Which scores of a piece (n,) a `Picker` needs to find the same peaks where all others of the piece are 0.

    These are the candidates, each with its neighbours; at the front all to the first fall and at the back all from the
    last rise on, as what is beside the piece decides whether there are candidates among them.
    """
    track = _oriented(scores, polarity)
    steps = np.diff(track)
    falls, rises = np.flatnonzero(steps < 0), np.flatnonzero(steps > 0)
    at, _ = _without_steps(track, np.flatnonzero(_local_maxima(track, floor, rising=False)), ended=True)
    kept = np.zeros(len(track), np.bool_)
    for near in (-1, 0, 1):
        kept[np.clip(at + near, 0, len(track) - 1)] = True
    kept[: falls[0] + 2 if len(falls) else None] = True
    kept[rises[-1] if len(rises) else 0 :] = True
    return np.flatnonzero(kept & (scores != 0))


def _without_steps(track: Array, at: npt.NDArray[np.intp], *, ended: bool) -> tuple[npt.NDArray[np.intp], int | None]:
    """Rises that are not followed by a rise, without those that a plateau and then a rise follow.

    A plateau whose end is not known yet makes all from its first frame on unknown: that frame is given too.
    """
    level = np.flatnonzero(track[at] == track[np.minimum(at + 1, len(track) - 1)])  # the last frame's end is open too
    if not len(level):
        return at, None
    changes = np.flatnonzero(track[1:] != track[:-1])  # k: frame k + 1 differs from k
    ends = np.searchsorted(changes, at[level])
    known = ends < len(changes)
    after = changes[np.minimum(ends, max(0, len(changes) - 1))] + 1 if len(changes) else np.zeros_like(ends)
    wrong = known & (track[after] > track[at[level]])
    unknown = level[~known]
    open_end = int(at[unknown[0]]) if len(unknown) and not ended else None
    return np.delete(at, level[wrong]), open_end


def _highest(height: Array, width: int) -> list[tuple[float, int]]:
    """The first of the highest candidates in each run of ``width`` columns, as a heap: of these one is the next."""
    whole = len(height) // width * width
    at = height[:whole].reshape(-1, width).argmax(axis=1) + np.arange(0, whole, width)
    heap = [(-float(height[i]), int(i)) for i in at[height[at] > 0]]
    _push(heap, height, whole, len(height))
    heapify(heap)
    return heap


def _push(heap: list[tuple[float, int]], height: Array, start: int, stop: int) -> None:
    """Put the highest candidate of some columns on the heap, if there is one."""
    if start < stop:
        i = start + int(height[start:stop].argmax())
        if height[i] > 0:
            heappush(heap, (-float(height[i]), i))


def joined(parts: Sequence[tuple[Peaks, int, int]]) -> Peaks:
    """Peaks of several pickers as one, each with the first of its templates and with its channel."""
    frame = np.concatenate([p.frame for p, _, _ in parts])
    template = np.concatenate([p.template + np.int32(t) for p, t, _ in parts])
    channel = np.concatenate([np.full_like(p.channel, c) for p, _, c in parts])
    score, offset = (np.concatenate([getattr(p, name) for p, _, _ in parts]) for name in ("score", "offset"))
    order = np.lexsort((channel, template, frame))
    return Peaks(frame[order], template[order], channel[order], score[order], offset[order])
