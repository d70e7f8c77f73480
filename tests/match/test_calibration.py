"""On noise with no template in it, as many events come out as were asked for; of planted ones, so many are false."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from pipeline.match.found import events_of
from pipeline.stages.base.threshold import Threshold

from .helpers import chirp, coloured, search

SEEDS = 20
FRAMES = 50_000
M = 256
FS = 8000.0


@functools.cache
def searches():
    return [search(coloured(FRAMES, seed), chirp(M), FS) for seed in range(SEEDS)]


def totals_of_chance(n, count):
    """What `SEEDS` recordings of n exponential peaks and n such decoys give in all, with the threshold of each: the
    spread of the events and that of the threshold, which is an estimate. Written out apart from the package."""
    rng = np.random.default_rng(9)
    totals = np.zeros(2000, int)
    for trial in range(len(totals)):
        decoys = np.sort(rng.exponential(size=(SEEDS, n)))
        targets = rng.exponential(size=(SEEDS, n))
        k = min(50, max(20, n // 20))
        base = decoys[:, -k - 1]
        total = (decoys[:, -k:] - base[:, None]).sum(axis=1)
        tail = base + total * (((k + 1) / count) ** (1 / k) - 1)
        limit = decoys[:, -int(count)] if count >= 10 else np.maximum(tail, decoys[:, -10])
        totals[trial] = (targets >= limit[:, None]).sum()
    return totals


@pytest.mark.parametrize("count", [0.5, 2, 5, 10, 50])
def test_noise_gives_as_many_events_as_were_asked_for(count):
    hours = FRAMES / FS / 3600
    threshold = Threshold(false_alarms=f"{count / hours:.17g} per hour")
    found = [events_of(detection, threshold) for detection in searches()]
    total = sum(len(each.events) for each in found)
    low, high = np.quantile(totals_of_chance(found[0].decoys, count), [0.005, 0.995])
    assert low <= total <= high
    assert high < 2.5 * count * SEEDS, "an interval that says something"
    for each in found:
        assert each.false_alarms_per_hour == pytest.approx(count / hours, rel=0.35)


def test_what_each_event_says_of_chance_is_true_of_noise():
    # Noise gives as many events that say "at most E" as E says, at every E.
    says = [
        event.expected_false_alarms
        for detection in searches()
        for event in events_of(detection, Threshold(score=0)).events
    ]
    for count in (2, 5, 10, 50):
        low, high = np.quantile(totals_of_chance(len(searches()[0].decoys), count), [0.005, 0.995])
        assert low <= sum(expected <= count for expected in says) <= high


def planted(seed, events=60):
    """Coloured noise with a template in it, another such noise, at known places and many levels."""
    x, t, rng = coloured(60_000, 100 + seed, 0.5), coloured(M, 1000 + seed, 0.5), np.random.default_rng(seed)
    places = 2 * M + np.arange(events) * 950
    for place in places:
        x[place : place + M] += t * rng.uniform(0.1, 1)
    return x, t, places


def test_of_the_events_at_a_false_discovery_rate_no_more_are_false():
    q, false, found = 0.2, [], []
    for seed in range(2 * SEEDS):
        x, t, places = planted(seed)
        events = events_of(search(x, t, FS), Threshold(fdr=q)).events
        starts = np.array([event.start_frame for event in events])
        right = np.abs(starts[:, None] - places[None]).min(axis=1, initial=len(x)) <= 3
        false.append(1 - right.mean() if len(starts) else 0.0)
        found.append(right.sum())
    error = np.std(false) / np.sqrt(2 * SEEDS)
    assert np.mean(false) <= q + 2.33 * error
    assert np.mean(false) >= q / 3, "a rate that is used"
    assert np.mean(found) >= 30, "most of what is there is found"
