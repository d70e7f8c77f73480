"""Delay: one tap at D."""

import numpy as np
import pytest

from pipeline import Pipeline
from pipeline.stages.base import Format
from pipeline.stages.delay import Delay

from .helpers import MONO, noise, refused, run


@pytest.mark.parametrize(("delay", "frames"), [("0 s", 0), ("1 sample", 1), ("1 ms", 8), (0.25, 2000)])
def test_the_signal_comes_later_and_nothing_of_it_is_lost(delay, frames):
    x = noise(50, 2)
    y = run(Delay(delay=delay), x)
    np.testing.assert_array_equal(y, np.concatenate([np.zeros((frames, 2)), x]))


def test_a_time_between_two_frames_goes_to_the_nearest_and_is_reported():
    stage = Delay(delay="0.3 ms")  # 2.4 frames
    assert stage.kernel(MONO).length == 3
    assert stage.rounding_notes(MONO) == ["delay: 0.0003 s is 2.4 frames, rounded to 2 (0.00025 s)"]


def test_a_negative_delay_is_refused():
    with refused("must be at least 0 s, got -1 s", "delay"):
        Delay(delay=-1)


def test_a_delay_over_the_limit_names_it():
    with refused("must be at most 1 h, got 7200 s", "delay"):
        Delay(delay="2 h")


def test_a_delay_of_more_frames_than_a_kernel_has_costs_no_taps():
    fmt = Format(48000.0, 1)
    assert Delay(delay="1 h").kernel(fmt) is None
    processor = Delay(delay="1 h").open(fmt)
    first, second = np.array([[1.0], [2.0]]), np.array([[3.0]])
    silence = processor.process(first)
    assert (len(silence), silence.strides[0], silence.any()) == (172_800_000, 0, False)
    assert [processor.process(second).tolist(), processor.flush().tolist()] == [first.tolist(), second.tolist()]
    assert (processor.latency, processor.tail) == (0, 172_800_000)


@pytest.mark.parametrize(("tail", "length"), [("keep", 11_000_300), ("trim", 300)])
def test_a_long_delay_in_a_chain_is_that_of_the_signal_moved(tail, length):
    x = np.arange(1.0, 301.0)[:, None]
    stages = [{"use": "gain", "gain": 2}, {"use": "delay", "delay": "11000000 samples"}]
    y = Pipeline(stages, tail=tail)(x, fs=48_000)
    assert len(y) == length
    assert not y[:11_000_000].any()
    assert np.array_equal(y[11_000_000:], 2 * x[: max(0, length - 11_000_000)])
