"""Peaks are those of a plain greedy search over the whole track, however it is cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dsp.peaks import Picker, joined


def oriented(scores, polarity):
    return {"positive": scores, "negative": -scores, "both": np.abs(scores)}[polarity]


def greedy(scores, distance, polarity="positive", floor=0.0):
    """All (frame, template) in the order of height, each against those accepted before it."""
    candidates = []
    for template, row in enumerate(oriented(np.asarray(scores, float), polarity)):
        for k, value in enumerate(row):
            after = k
            while after < len(row) and row[after] == value:
                after += 1
            top = (k == 0 or row[k - 1] < value) and (after == len(row) or row[after] < value)
            if top and value > 0 and value >= floor:
                candidates.append((-value, k, template))
    accepted = []
    for _, k, template in sorted(candidates):
        if all(abs(k - other) >= distance for other, _ in accepted):
            accepted.append((k, template))
    return sorted(accepted)


def picked(scores, distance, cuts=(), **settings):
    scores = np.asarray(scores, float)
    picker = Picker(distance, **settings)
    for part in np.split(scores, sorted(cuts), axis=1):
        picker.process(part)
    return picker.flush()


def pairs(peaks):
    return list(zip(peaks.frame.tolist(), peaks.template.tolist(), strict=True))


@settings(max_examples=4 * settings().max_examples)
@given(st.data())
def test_peaks_are_those_of_the_greedy_search_however_the_track_is_cut(data):
    templates, frames = data.draw(st.integers(1, 3)), data.draw(st.integers(0, 60))
    levels = data.draw(st.sampled_from([2, 4, 100]))  # few: ties and plateaus
    row = st.lists(st.integers(-levels, levels), min_size=frames, max_size=frames)
    scores = np.array([data.draw(row) for _ in range(templates)], float).reshape(templates, frames) / levels
    distance = data.draw(st.integers(1, 12))
    polarity = data.draw(st.sampled_from(["positive", "negative", "both"]))
    floor = data.draw(st.sampled_from([0.0, 0.5]))
    cuts = data.draw(st.lists(st.integers(0, frames), max_size=6))
    found = picked(scores, distance, cuts, polarity=polarity, floor=floor)
    assert pairs(found) == greedy(scores, distance, polarity, floor)
    np.testing.assert_array_equal(found.score, [scores[t, k] for k, t in pairs(found)])


@pytest.mark.parametrize("distance", [1, 7, 100, 3000])
@pytest.mark.parametrize("block", [37, 1000, 4096])
def test_peaks_of_long_noise_are_those_of_the_greedy_search(distance, block):
    scores = np.random.default_rng(1).standard_normal((2, 10_000))
    expected = greedy(scores[:, :4000], distance)
    found = pairs(picked(scores[:, :4000], distance, range(block, 4000, block)))
    assert found == expected
    assert pairs(picked(scores, distance, range(block, 10_000, block))) == pairs(picked(scores, distance))


def test_at_the_distance_both_stay_and_nearer_only_the_higher():
    scores = np.zeros((1, 30))
    scores[0, [5, 10, 14]] = 1, 0.9, 0.8
    assert pairs(picked(scores, 5)) == [(5, 0), (10, 0)]
    assert pairs(picked(scores, 6)) == [(5, 0), (14, 0)]


def test_a_chain_of_rising_peaks_waits_for_its_end():
    scores = np.zeros((1, 2000))
    scores[0, ::4] = np.linspace(0.1, 0.9, 500)
    assert pairs(picked(scores, 6, range(0, 2000, 50))) == greedy(scores, 6)


@pytest.mark.parametrize(
    ("values", "offset"), [([1, 3, 1], 0), ([1, 3, 2], 1 / 6), ([1, 3, 3, 1], 0.5), ([0, 3, 2], 0)]
)
def test_a_parabola_says_where_between_the_frames_the_peak_is(values, offset):
    for sign, polarity in ((1, "positive"), (-1, "negative"), (-1, "both")):
        found = picked(sign * np.array([values], float), 9, [1, 2], polarity=polarity)
        assert found.offset.tolist() == pytest.approx([offset])


def test_at_the_borders_of_a_track_there_is_no_parabola():
    assert picked([[3, 1, 0, 2, 3.0]], 2, [2]).offset.tolist() == [0, 0]


def test_the_highest_are_kept_when_there_are_too_many():
    scores = np.zeros((1, 100))
    scores[0, ::5] = np.arange(1, 21)
    picker = Picker(2, most=3)
    picker.process(scores)
    assert picker.flush().frame.tolist() == [85, 90, 95]
    assert picker.dropped
    picker = Picker(2, most=20)
    picker.process(scores)
    assert len(picker.flush()) == 20
    assert not picker.dropped


def test_of_both_signs_the_largest_are_kept_and_of_equal_ones_the_first():
    scores = np.zeros((1, 60))
    scores[0, ::10] = [3, -9, 5, -5, 8, -1]
    picker = Picker(2, "both", most=3)
    picker.process(scores)
    assert picker.flush().frame.tolist() == [10, 20, 40]


def test_what_waits_does_not_grow_with_the_track():
    picker = Picker(50)
    rng = np.random.default_rng(0)
    for _ in range(50):
        picker.process(rng.standard_normal((1, 2000)))
        assert picker._scores.shape[1] < 1000


def test_tracks_are_joined_in_the_order_of_frames_then_templates_then_channels():
    a, b = picked([[0, 1, 0, 0, 1, 0.0]], 1), picked([[0, 1, 0, 2, 0, 0.0]], 1)
    found = joined([(a, 1, 0), (b, 0, 1), (b, 0, 0)])
    rows = list(zip(found.frame.tolist(), found.template.tolist(), found.channel.tolist(), strict=True))
    assert rows == [(1, 0, 0), (1, 0, 1), (1, 1, 0), (3, 0, 0), (3, 0, 1), (4, 1, 0)]
