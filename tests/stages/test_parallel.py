"""Parallel: branches summed on the same time zero."""

import numpy as np
import pytest

from pipeline.errors import SettingError
from pipeline.stages.base import Format
from pipeline.stages.base.registry import stage_from_settings
from pipeline.stages.gain import Gain
from pipeline.stages.parallel import Parallel

from .helpers import MONO, STEREO, noise, refused, run, taps


def gain(value):
    return {"use": "gain", "gain": value}


def delay(samples):
    return {"use": "delay", "delay": f"{samples} samples"}


THERE_AND_BACK = [{"use": "resample", "fs": "16 kHz"}, {"use": "resample", "fs": "8 kHz"}]


def test_branches_add_and_an_empty_one_is_dry():
    np.testing.assert_array_equal(taps(Parallel(branches=[[], [gain(0.5), delay(3)]])), [1, 0, 0, 0.5])


def test_stages_within_a_branch_are_in_a_row():
    h = taps(Parallel(branches=[[delay(1), delay(2)], [gain(2), gain(3)]]))
    np.testing.assert_array_equal(h, [6, 0, 0, 1])


def test_a_dry_signal_beside_a_centred_filter_does_not_comb():
    smooth = {"use": "smooth", "length": "21 samples", "phase": "zero"}
    kernel = Parallel(branches=[[gain(0.5)], [smooth, gain(0.5)]]).kernel(MONO)
    assert kernel.origin == 10
    # symmetric about time zero: the phase is zero, and the gain nowhere below what the smoothing alone would do
    np.testing.assert_array_equal(kernel.taps, kernel.taps[::-1])
    n = np.arange(-10, 11)
    response = [kernel.taps @ np.cos(2 * np.pi * f * n) for f in np.linspace(0, 0.5, 400)]
    assert min(response) > 0.38  # a comb would have zeros; 1/2 - 1/2 * 0.22, the largest side lobe


def test_a_disabled_stage_is_skipped():
    branches = [[{**gain(5), "enabled": False}], [{"use": "reverse", "enabled": False}, gain(1)]]
    np.testing.assert_array_equal(taps(Parallel(branches=branches)), [2])


def test_a_sum_of_streams_is_aligned_to_the_longest_latency():
    x = np.convolve(noise(4000), np.hanning(32), "same")
    ahead = {"use": "convolve", "taps": [0] * 7 + [1], "origin": 7}  # nothing, but with a latency of 7
    stage = Parallel(branches=[THERE_AND_BACK, [ahead], []])
    assert stage.kernel(MONO) is None
    processor = stage.open(MONO)
    assert (processor.latency, processor.tail) == (7, 0)
    y = run(stage, x)[:, 0]
    assert len(y) == 4007
    np.testing.assert_allclose(y[307:3707], 3 * x[300:3700], rtol=0, atol=1e-5 * np.abs(x).max())


def test_branches_of_different_lengths_are_filled_with_silence():
    x = noise(100)
    stage = Parallel(branches=[THERE_AND_BACK, [delay(40)]])
    y = run(stage, x)[:, 0]
    assert len(y) == 140
    np.testing.assert_array_equal(y[100:], x[60:])


def test_nothing_in_nothing_out():
    for branches in ([[], [delay(3)]], [THERE_AND_BACK, [delay(3)]]):
        assert run(Parallel(branches=branches), np.zeros((0, 2))).shape == (0, 2)


def test_branches_may_route_if_all_end_with_the_same_channels():
    x = noise(50, 2)
    stage = Parallel(branches=[[{"use": "route", "to": "mono"}], [{"use": "route", "to": "right"}, gain(-1)]])
    np.testing.assert_allclose(run(stage, x)[:, 0], (x[:, 0] - x[:, 1]) / 2, rtol=0, atol=1e-15)


def test_branches_nest():
    stage = Parallel(branches=[[{"use": "parallel", "branches": [[], [delay(1)]]}], [delay(2)]])
    np.testing.assert_array_equal(taps(stage), [1, 1, 1])


def test_branches_that_end_with_other_channels_are_refused():
    stage = Parallel(branches=[[], [{"use": "route", "to": "mono"}]])
    match = r"^branches\[1\]: gives 1 channels at 8000 Hz, branches\[0\] gives 2 at 8000 Hz: they cannot be added"
    with pytest.raises(SettingError, match=match):
        stage.open(STEREO)
    with pytest.raises(SettingError, match=r"^branches\[1\]: gives 2 channels"):
        Parallel(branches=[[], [{"use": "route", "to": "stereo"}]]).kernel(MONO)


def test_branches_that_end_at_another_rate_are_refused():
    with pytest.raises(SettingError, match=r"^branches\[1\]: gives 1 channels at 8000 Hz, branches\[0\] .* 16000 Hz"):
        Parallel(branches=[THERE_AND_BACK[:1], []]).open(MONO)


@pytest.mark.parametrize("use", ["reverse", "normalize"])
def test_a_stage_that_needs_the_whole_signal_cannot_stand_in_a_branch(use):
    stage = Parallel(branches=[[gain(1), {"use": use}]])
    with pytest.raises(SettingError, match=rf"^branches\[0\]\[1\]: {use} needs the whole signal"):
        stage.open(MONO)


def test_an_error_inside_names_its_place():
    bad = {"use": "smooth", "length": "1 us"}
    for branches in ([[], [gain(1), bad]], [THERE_AND_BACK, [gain(1), bad]]):
        with pytest.raises(SettingError, match=r"^branches\[1\]\[1\]\.length: 1e-06 s is less than half a frame"):
            Parallel(branches=branches).open(MONO)
    huge = [{"use": "delay", "delay": "9000000 samples"}] * 2
    with pytest.raises(SettingError, match=r"^branches\[0\]\[1\]: a kernel has at most 10,000,000 taps"):
        Parallel(branches=[huge]).open(MONO)


def test_bad_settings_inside_are_found_with_their_place():
    with pytest.raises(SettingError) as error:
        Parallel(branches=[[], [{"use": "gain", "gain": "loud"}]])
    assert error.value.path == ("branches", 1, 0, "gain")
    assert not error.value.others
    with pytest.raises(SettingError, match="unknown stage 'gane'; did you mean 'gain'"):
        Parallel(branches=[[{"use": "gane"}]])
    with refused("needs at least one branch", "branches"):
        Parallel(branches=[])


def test_notes_of_the_stages_inside_are_told_with_their_place():
    stage = Parallel(branches=[[], [gain(1), {"use": "smooth", "length": "1.3 ms", "phase": "zero"}]])
    assert stage.notes(MONO) == ["branches[1][1]: length: 10 frames are even, made 11 so that there is a middle"]
    assert stage.rounding_notes(MONO)[0].startswith("branches[1][1].length: 0.0013 s is 10.4 frames, rounded to 10")


def test_stages_may_be_given_as_objects():
    stage = Parallel(branches=((Gain(gain=2),), ()))
    assert stage == stage_from_settings({"use": "parallel", "branches": [[gain(2)], []]})
    np.testing.assert_array_equal(taps(stage, Format(8000.0, 3)), [3])
