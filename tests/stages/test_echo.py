"""Echo: delayed copies, stated in one of four ways."""

import numpy as np
import pytest

from pipeline.errors import SettingError
from pipeline.stages.base import Format
from pipeline.stages.base.registry import stage_from_settings
from pipeline.stages.echo import Echo

from .helpers import MONO, noise, refused, run, taps


def test_repeats_are_powers_of_the_gain_at_multiples_of_the_delay():
    h = taps(Echo(delay="2 samples", gain=-0.5, repeats=3))
    np.testing.assert_array_equal(h, [1, 0, -0.5, 0, 0.25, 0, -0.125])


def test_one_repeat_of_minus_6_db_is_the_default():
    np.testing.assert_array_equal(taps(Echo(delay="1 sample")), [1, 10**-0.3])


def test_taps_say_every_copy_by_itself_and_add_up_where_they_meet():
    echo = Echo(
        taps=[{"delay": "3 samples", "gain": 0.5}, {"delay": 0, "gain": 0.25}, {"delay": "3 samples", "gain": 1}]
    )
    np.testing.assert_array_equal(taps(echo), [1.25, 0, 0, 1.5])


def test_an_echo_is_the_sum_of_its_copies():
    x = noise(40)
    y = run(Echo(delay="5 samples", gain=0.3, repeats=2), x)[:, 0]
    expected = np.zeros(50)
    for k in range(3):
        expected[5 * k : 5 * k + 40] += 0.3**k * x
    np.testing.assert_allclose(y, expected, rtol=0, atol=4 * np.finfo(float).eps)


def test_feedback_is_the_recursion_until_its_level():
    x = noise(300)
    y = run(Echo(delay="7 samples", feedback=-0.6), x)[:300, 0]
    recursive = x.copy()
    for n in range(7, 300):
        recursive[n] += -0.6 * recursive[n - 7]
    # what is cut off: at most 1e-6 / (1 - 0.6) of the loudest sample
    np.testing.assert_allclose(y, recursive, rtol=0, atol=2.5e-6 * np.abs(x).max())


@pytest.mark.parametrize(("level", "count"), [(None, 20), ("-60 dB", 10), ("-59.9 dB", 9), ("-66 dB", 11)])
def test_feedback_stops_with_the_last_repeat_at_or_above_the_level(level, count):
    echo = Echo(delay="1 sample", feedback="-6 dB", level=level)
    assert echo.kernel(MONO).length == count + 1
    assert f"cut after {count} repeats ({-6 * count} dB)" in echo.notes(MONO)[0]


def test_feedback_below_its_level_has_no_repeat():
    assert Echo(delay="1 sample", feedback=1e-9).kernel(MONO).length == 1
    assert Echo(delay="1 sample", feedback=0).kernel(MONO).length == 1


@pytest.mark.parametrize("fs", [8000.0, 44100.0])
@pytest.mark.parametrize("t60", [0.5, 2.0])
def test_t60_is_the_time_in_which_the_energy_falls_by_60_db(fs, t60):
    h = taps(Echo(delay="11 ms", t60=t60), Format(fs, 1))
    # Schroeder: the energy that is still to come, in dB, falls along a straight line
    rest = np.cumsum(h[::-1] ** 2)[::-1]
    times = np.flatnonzero(h)[: np.count_nonzero(h) // 2]
    slope = np.polyfit(times / fs, 10 * np.log10(rest[times]), 1)[0]
    assert -60 / slope == pytest.approx(t60, rel=1e-3)


def test_t60_with_repeats_only_sets_the_gain():
    h = taps(Echo(delay="80 samples", t60="1 s", repeats=2))  # 10 ms of 1 s: 0.6 dB
    np.testing.assert_allclose(h[[0, 80, 160]], [1, 10**-0.03, 10**-0.06], rtol=1e-14)
    assert len(h) == 161


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({"gain": 0.5, "feedback": 0.5}, ("gain", "feedback")),
        ({"gain": 0.5, "t60": 1}, ("gain", "t60")),
        ({"feedback": 0.5, "t60": 1}, ("feedback", "t60")),
        ({"feedback": 0.5, "repeats": 2}, ("feedback", "repeats")),
        ({"taps": [{"delay": 1, "gain": 1}]}, ("taps", "delay")),
        ({"repeats": 2, "t60": 1, "level": "-60 dB"}, ("repeats", "level")),
    ],
)
def test_two_ways_of_saying_it_are_a_contradiction_that_names_both(settings, names):
    with refused(f"'{names[0]}' and '{names[1]}' contradict each other", ""):
        Echo(delay="10 ms", **settings)


@pytest.mark.parametrize(("feedback", "got"), [("1.5 dB", "1.5 dB"), (1, "0 dB"), (-2, "6.021 dB")])
def test_a_feedback_that_does_not_decay_is_refused(feedback, got):
    with refused(f"must be below 0 dB for a feedback echo, got {got}", "feedback"):
        Echo(delay="10 ms", feedback=feedback)


def test_a_level_without_an_endless_echo_is_refused():
    with refused("it needs 'feedback' or 't60'", ""):
        Echo(delay="10 ms", level="-60 dB")


def test_an_echo_without_a_delay_is_refused():
    with refused("an echo needs 'delay', or 'taps'", ""):
        Echo(gain="-6 dB")


def test_bad_taps_say_which():
    with refused("needs at least one", "taps"):
        Echo(taps=[])
    with pytest.raises(SettingError) as error:
        Echo(taps=[{"delay": "1 ms", "gain": "loud"}])
    assert error.value.path == ("taps", 0, "gain")
    assert not error.value.others


def test_limits_are_named_with_the_value():
    with refused("must be at most 10 s, got 250 s", "delay"):
        Echo(delay=250)
    with refused("must be above 0 s, got 0 s", "delay"):
        Echo(delay=0)
    with refused("would take 1,000,000 repeats; at most 100,000 repeats", "repeats"):
        Echo(delay="1 ms", repeats=10**6).kernel(MONO)


def test_a_last_repeat_beyond_the_longest_kernel_is_refused_before_it_is_computed():
    with pytest.raises(
        SettingError, match=r"^repeats: the last echo comes after 800,000,000 frames .* 10,000,000 taps"
    ):
        Echo(delay="1 s", repeats=100_000).kernel(MONO)
    with pytest.raises(SettingError, match=r"^delay: the last echo comes after .* at most 10,000,000 taps"):
        Echo(delay="10 s", feedback="-0.1 dB").kernel(MONO)
    with pytest.raises(SettingError, match=r"^taps\[0\].delay: the last echo comes after 99,000,000 frames"):
        Echo(taps=[{"delay": "99000000 samples", "gain": 1}]).kernel(MONO)


def test_a_decay_so_slow_that_it_takes_too_many_repeats_is_refused():
    with pytest.raises(SettingError, match=r"^feedback: would take 13,815,503 repeats; at most 100,000"):
        Echo(delay="1 ms", feedback=1 - 1e-6).kernel(MONO)
    with pytest.raises(SettingError, match=r"^t60: would take .* repeats; at most 100,000"):
        Echo(delay="1 ms", t60="1000 h").kernel(MONO)
    with pytest.raises(SettingError, match=r"^t60: would take 100,001 repeats"):  # the gain rounds to 1
        Echo(delay="1 sample", t60="200000 h").kernel(Format(1e9, 1))


def test_a_gain_that_grows_without_bounds_is_refused():
    with pytest.raises(SettingError, match=r"^gain: repeated 1000 times grows to 6021 dB; at most 300 dB"):
        Echo(delay="1 ms", gain=2, repeats=1000).kernel(MONO)


def test_a_delay_under_half_a_frame_is_refused():
    with pytest.raises(SettingError, match=r"^delay: 1e-05 s is less than half a frame at 8000 Hz"):
        Echo(delay="10 us").kernel(MONO)


def test_the_rounding_of_every_tap_is_reported_and_that_of_t60_is_not():
    echo = Echo(taps=[{"delay": "1 ms", "gain": 1}, {"delay": "0.3 ms", "gain": 1}])
    assert echo.rounding_notes(MONO) == ["taps[1].delay: 0.0003 s is 2.4 frames, rounded to 2 (0.00025 s)"]
    assert Echo(delay="1 ms", t60="0.3 ms").rounding_notes(MONO) == []


def test_more_taps_than_a_limit_names_the_limit():
    taps = [{"delay": f"{n} samples", "gain": 0.1} for n in range(1, 100_002)]
    with pytest.raises(SettingError, match=r"taps: has 100,001 entries; at most [\d,]+ repeats .FALTUNG_LIMITS="):
        stage_from_settings({"use": "echo", "taps": taps})
