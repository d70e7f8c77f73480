"""An array of (channels, frames), as other libraries hold audio, is refused with a guess; what may be meant is not."""

import numpy as np
import pytest

from pipeline import Pipeline, convolve, correlate, find_matches, from_channels_first, match_scores
from pipeline.errors import SignalError

PIPE = Pipeline([{"use": "delay", "delay": "1 samples"}])
TURNED = r"got \(2, 4800\): more channels than frames; is it \(channels, frames\)\? use from_channels_first"

TAKERS = {
    "pipeline": lambda x: PIPE(x, fs=48_000),
    "stream": lambda x: list(PIPE.stream([x], fs=48_000)),
    "convolve": lambda x: convolve(x, [1.0, 0.5]),
    "correlate": lambda x: correlate(x, [1.0, 0.5]),
    "find_matches": lambda x: find_matches(x, [1.0, 3.0, 2.0]),
    "match_scores": lambda x: match_scores(x, [1.0, 3.0, 2.0]),
}
every_taker = pytest.mark.parametrize("take", TAKERS.values(), ids=TAKERS)


@every_taker
def test_channels_first_is_refused_with_the_guess(take):
    with pytest.raises(SignalError, match=TURNED):
        take(np.zeros((2, 4_800)))


@every_taker
@pytest.mark.parametrize("shape", [(4_800, 2), (0, 2), (1, 2), (1, 8), (0, 8), (100, 100), (4_800, 128)])
def test_what_may_be_a_signal_is_taken(take, shape):
    take(np.random.default_rng(1).standard_normal(shape))


def test_a_block_of_a_stream_may_be_short():
    assert sum(len(block) for block in PIPE.stream([np.zeros((1, 64)), np.zeros((0, 64))], fs=48_000)) == 2
    with pytest.raises(SignalError, match=r"got \(64, 65\)"):
        list(PIPE.stream([np.zeros((64, 65))], fs=48_000))


def test_nine_channels_of_fewer_frames_are_the_first_refused():
    assert convolve(np.zeros((9, 9)), [1.0]).shape == (9, 9)
    with pytest.raises(SignalError, match=r"got \(8, 9\)"):
        convolve(np.zeros((8, 9)), [1.0])


def test_an_axis_that_is_named_is_believed():
    assert convolve(np.zeros((2, 4_800)), [1.0, 0.5], axis=1).shape == (2, 4_801)


def test_from_channels_first_mends_it():
    assert PIPE(from_channels_first(np.zeros((2, 4_800))), fs=48_000).shape == (4_801, 2)
