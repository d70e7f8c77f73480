"""A signal that is searched in parts: merged, they are what one search finds, bit for bit."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest

from pipeline.dsp.patch_search import PatchSearch
from pipeline.dsp.peaks import Picker, needed
from pipeline.dsp.search import Search, SearchSettings
from pipeline.dsp.spectrogram import Grid
from pipeline.errors import SignalError

RNG = np.random.default_rng(11)
TEMPLATES = [RNG.standard_normal((300, 1)), RNG.standard_normal((50, 2)), RNG.standard_normal((7, 1))]
GRAIN = Search(TEMPLATES, "abc", 8000.0, 2).grain
FRAMES = 3 * GRAIN + 4_321
GRID = Grid(64, 16, 2, 30, 1e-3)


def signal():
    """Noise with the templates in it, silence over borders, gaps, and stretches that score alike, bit for bit."""
    x = 0.3 * RNG.standard_normal((FRAMES, 2))
    for border in range(GRAIN, FRAMES, GRAIN):
        for near in (-310, -1, 0, 40):
            x[border + near : border + near + 50] += TEMPLATES[1]
    x[GRAIN - 900 : GRAIN + 900, 0] = 0
    x[2 * GRAIN - 20, 1] = np.nan
    x[3 * GRAIN - 900 : 3 * GRAIN + 900] = np.tile([[1.0], [-1.0]], (900, 2))  # ties without end
    return x


X = signal()


def compared(found, expected):
    assert (found.frames, found.lengths, found.hop) == (expected.frames, expected.lengths, expected.hop)
    for part in ("peaks", "decoys", "regions"):
        ours, theirs = getattr(found, part), getattr(expected, part)
        for name, column in vars(theirs).items() if theirs is not None else ():
            np.testing.assert_array_equal(getattr(ours, name), column)
    if expected.median is not None:
        np.testing.assert_array_equal(found.median, expected.median)


def in_parts(make, x, cuts, executor=None, blocks=50_000):
    """What is merged from parts that went through pickle, as from another process."""
    whole, parts = make(), []
    ends = [*cuts[1:], len(x)]
    for a, b in zip(cuts, ends, strict=True):
        search = make(first_frame=a, executor=executor)
        seen = x[a : min(b + search.latency, len(x))]
        for start in range(0, len(seen), blocks):
            list(search.process(seen[start : start + blocks]))
        parts.append(pickle.loads(pickle.dumps(search.part(ended=b == len(x)))))
    return whole.merged(parts)


def in_one(make, x):
    search = make()
    list(search.process(x))
    list(search.flush())
    return search.detection()


SETTINGS = [
    {"decoys": True, "median": True, "min_distance": 200},
    {"polarity": "negative", "floor": 0.6, "min_distance": 1},
    {"polarity": "both", "compete": False, "min_distance": 4_000},
    {"mode": "mean", "floor": 0.3, "min_distance": 100},
    {"mode": "sum", "polarity": "both", "median": True, "min_distance": 150},
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_parts_of_waveforms(settings):
    def make(**more):
        return Search(TEMPLATES, "abc", 8000.0, 2, SearchSettings(**settings), **more)

    expected = in_one(make, X)
    assert len(expected.peaks) > 20
    with ThreadPoolExecutor(2) as executor:
        compared(in_parts(make, X, [0, 2 * GRAIN], executor), expected)
    compared(in_parts(make, X, list(range(0, FRAMES, GRAIN))), expected)


@pytest.mark.parametrize("settings", SETTINGS[:4])
def test_parts_of_spectrograms(settings):
    templates = [RNG.standard_normal((700, 1)), RNG.standard_normal((300, 2))]

    def make(**more):
        return PatchSearch(templates, "ab", 8000.0, 2, GRID, SearchSettings(**settings), **more)

    grain = make().grain
    x = 0.3 * RNG.standard_normal((2 * grain + 999, 2))
    for border in (grain, 2 * grain):
        x[border - 320 : border + 380] += templates[0]
        x[border - 4_300 : border - 4_000] += templates[1]
    x[grain - 5_000 : grain - 2_000] = 0
    x[2 * grain - 3_000 : 2 * grain + 500] = 0
    expected = in_one(make, x)
    for cuts in ([0, grain], [0, grain, 2 * grain], [0, 2 * grain]):
        compared(in_parts(make, x, cuts), expected)


@pytest.mark.parametrize("last", [299, 300, 301, 998])
def test_the_last_part_may_be_of_any_length(last):
    def make(**more):
        return Search(TEMPLATES, "abc", 8000.0, 2, SearchSettings(floor=0.6), **more)

    x = X[: GRAIN + last]
    compared(in_parts(make, x, [0, GRAIN]), in_one(make, x))


def test_a_part_that_ends_off_the_grid_is_refused():
    search = Search(TEMPLATES, "abc", 8000.0, 2, first_frame=0)
    search.process(X[: GRAIN + 298])
    with pytest.raises(
        ValueError, match=f"not the last needs a multiple of {GRAIN} frames and 299 more, got {GRAIN + 298}"
    ):
        search.part(ended=False)


def test_a_part_keeps_little():
    search = Search(TEMPLATES[:1], "a", 8000.0, 1, SearchSettings(floor=0.5), first_frame=0)
    list(search.process(RNG.standard_normal((2 * GRAIN, 1))))
    assert sum(len(at) for at, _ in search.part(ended=True).kept) < 100


@pytest.mark.parametrize(
    "make",
    [
        lambda **k: Search(TEMPLATES[:1], "a", 8e3, 1, **k),
        lambda **k: PatchSearch(TEMPLATES[:1], "a", 8e3, 1, GRID, **k),
    ],
)
def test_a_part_begins_on_the_grid(make):
    grain = make().grain
    with pytest.raises(ValueError, match=r"must begin at a multiple of \d+ frames, got \d+"):
        make(first_frame=grain - 1)
    with pytest.raises(ValueError, match="a search of a whole signal has no part; give it first_frame"):
        make().part(ended=True)


@pytest.mark.parametrize("polarity", ["positive", "negative", "both"])
@pytest.mark.parametrize("levels", [2, 3, 5, 1000])
def test_the_scores_that_are_needed_give_the_same_peaks_in_any_pieces(polarity, levels):
    """Small integers make plateaus, steps and ties everywhere."""
    for seed in range(60):
        rng = np.random.default_rng([seed, levels])
        track = rng.integers(-levels, levels + 1, 40).astype(float)
        cuts = [0, *sorted(rng.integers(0, 41, 3).tolist()), 40]
        floor, distance = float(rng.integers(0, 3)), int(rng.integers(1, 6))
        sparse = np.zeros(40)
        for a, b in pairwise(cuts):
            at = a + needed(track[a:b], polarity, floor)
            sparse[at] = track[at]
        found = []
        for scores in (track, sparse):
            picker = Picker(distance, polarity, floor)
            picker.process(scores[None])
            found.append(picker.flush())
        for name, column in vars(found[0]).items():
            np.testing.assert_array_equal(getattr(found[1], name), column)


def test_scores_that_grow_too_large_are_no_events_and_no_silence():
    search = Search([1e300 * TEMPLATES[2]], "a", 8000.0, 1, SearchSettings(score="correlation"))
    with pytest.raises(SignalError, match="behind frame 0 are not finite: numbers grew too large; set score: ncc"):
        [*search.process(1e300 * X[:500, :1]), *search.flush()]
