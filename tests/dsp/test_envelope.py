"""The outline of a signal: that of each stretch, however the signal was cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dsp.envelope import Envelope


def outline(x, width):
    """Lowest and highest of each stretch of ``width`` frames, one by one."""
    return [[float(x[k : k + width].min()), float(x[k : k + width].max())] for k in range(0, len(x), width)]


@pytest.mark.parametrize(
    ("frames", "width"), [(1, 1), (64, 1), (65, 2), (128, 2), (129, 4), (1000, 16), (100_001, 2048)]
)
def test_each_pair_is_that_of_its_stretch(frames, width):
    x = np.random.default_rng(frames).uniform(-0.3, 0.5, (frames, 2))
    envelope = Envelope()
    envelope.add(x)
    assert (envelope.frames, envelope.width) == (frames, width)
    largest = np.abs(x).max()
    assert envelope.pairs() == [
        [round(low / largest * 127), round(high / largest * 127)] for low, high in outline(x, width)
    ]
    assert len(envelope.pairs()) <= 64


@given(st.integers(0, 3000), st.lists(st.integers(0, 3000), max_size=12), st.sampled_from([np.float32, np.float64]))
def test_no_cut_changes_it(frames, cuts, dtype):
    x = np.random.default_rng(frames).standard_normal((frames, 3)).astype(dtype)
    whole, cut = Envelope(), Envelope()
    whole.add(x)
    for block in np.split(x, sorted(min(c, frames) for c in cuts)):
        cut.add(np.asfortranarray(block))
    assert (cut.pairs(), cut.width, cut.frames) == (whole.pairs(), whole.width, frames)


def test_what_is_not_finite_does_not_count():
    x = np.array([[1.0], [np.nan], [-2.0], [np.inf], [np.nan], [-np.inf]])
    envelope = Envelope(stretches=4)
    envelope.add(x)
    assert envelope.pairs() == [[64, 64], [-127, -127], [0, 0]]


@pytest.mark.parametrize("x", [np.zeros((0, 2)), np.zeros((200, 1)), np.full((200, 1), np.nan)])
def test_silence_and_nothing(x):
    envelope = Envelope()
    envelope.add(x)
    assert envelope.pairs() == [[0, 0]] * (50 if len(x) else 0)
