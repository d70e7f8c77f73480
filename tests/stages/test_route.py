"""Route: one row of gains for each channel that comes out."""

import numpy as np
import pytest

from pipeline.errors import SettingError
from pipeline.stages.base import Format
from pipeline.stages.route import Route

from .helpers import MONO, STEREO, noise, refused, run


def test_a_row_makes_an_output_from_the_inputs():
    y = run(Route(matrix=[[1, 2], [3, 4], ["-6 dB", 0]]), [[1, 0], [0, 1]])
    np.testing.assert_array_equal(y, [[1, 3, 10**-0.3], [2, 4, 0]])


def test_a_matrix_is_a_matrix_product():
    x, a = noise(30, 3), noise(2, 3, seed=1)
    np.testing.assert_allclose(run(Route(matrix=a.tolist()), x), x @ a.T, rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("to", "x", "y"),
    [
        ("mono", [[1, 3], [0, 2]], [[2], [1]]),
        ("mono", [[1, 3, 8, 0]], [[3]]),
        ("mono", [[5]], [[5]]),
        ("swap", [[1, 3], [0, 2]], [[3, 1], [2, 0]]),
        ("stereo", [[1], [2]], [[1, 1], [2, 2]]),
        ("left", [[1, 3]], [[1]]),
        ("right", [[1, 3]], [[3]]),
    ],
)
def test_names_for_the_usual_ones(to, x, y):
    np.testing.assert_array_equal(run(Route(to=to), x), y)


def test_swapping_twice_is_nothing():
    x = noise(20, 2)
    np.testing.assert_array_equal(run(Route(to="swap"), run(Route(to="swap"), x)), x)


@pytest.mark.parametrize(
    ("to", "channels", "takes"), [("swap", 1, 2), ("swap", 3, 2), ("stereo", 2, 1), ("left", 1, 2), ("right", 4, 2)]
)
def test_a_signal_with_other_channels_is_refused(to, channels, takes):
    with pytest.raises(SettingError, match=rf"^to: {to} takes .*: {takes}, the signal has {channels}$"):
        Route(to=to).kernel(Format(8000.0, channels))


def test_a_matrix_for_other_channels_is_refused():
    with pytest.raises(SettingError, match=r"^matrix: a row has as many gains as .*: 2, the signal has 1$"):
        Route(matrix=[[1, 0]]).kernel(MONO)
    with pytest.raises(SettingError, match=r"^matrix: .*: 1, the signal has 2$"):
        Route(matrix=[[1], [1]]).kernel(STEREO)


def test_bad_settings_say_what_and_why():
    with refused("state the routing once: 'matrix' or 'to'", ""):
        Route()
    with refused("state the routing once", ""):
        Route(matrix=[[1]], to="mono")
    with refused("every row must have one gain a channel: row 0 has 2, row 1 1", "matrix"):
        Route(matrix=[[1, 2], [3]])
    with refused("needs at least one row", "matrix"):
        Route(matrix=[])
    with refused("needs at least one row with at least one gain", "matrix"):
        Route(matrix=[[]])
    with refused("cannot read 'loud' as a gain", "matrix"):
        Route(matrix=[["loud"]])
