"""A pipeline called with no frames gives none, with the shape that a signal of some frames would give."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline import Pipeline

STAGES = [
    [],
    [{"use": "echo", "delay": "10 ms"}],
    [{"use": "convolve", "taps": [1, 2, 3]}, {"use": "reverse"}],
    [{"use": "match", "template": [0, 1, 2]}],
]


@pytest.mark.parametrize("stages", STAGES)
@pytest.mark.parametrize("shape", [(0,), (0, 1), (0, 2)])
def test_no_frames_give_no_frames(stages, shape):
    assert Pipeline(stages)(np.zeros(shape), 8000.0).shape == shape
