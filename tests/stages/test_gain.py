"""Gain: one tap."""

import numpy as np
import pytest

from pipeline.stages.gain import Gain

from .helpers import noise, refused, run


@pytest.mark.parametrize(("gain", "factor"), [("-6 dB", 10**-0.3), ("50%", 0.5), (2, 2.0), (-1, -1.0), (0, 0.0)])
def test_every_sample_is_multiplied(gain, factor):
    x = noise(100, 2)
    y = run(Gain(gain=gain), x)
    np.testing.assert_array_equal(y, x * factor)


def test_a_gain_needs_no_future_and_leaves_no_tail():
    kernel = Gain(gain=0.5).kernel(None)
    assert (kernel.length, kernel.latency, kernel.tail) == (1, 0, 0)


def test_a_gain_without_its_unit_is_refused():
    with refused("unknown unit 'db/s' of a gain", "gain"):
        Gain(gain="3 db/s")


def test_the_gain_must_be_stated():
    with refused("missing; 'gain' needs it", "gain"):
        Gain()
