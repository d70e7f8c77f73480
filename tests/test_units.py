"""Values with units are read as people write them, written back the same, and refused where they are ambiguous."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import units
from pipeline.errors import UnitError
from pipeline.units import Duration, parse_duration, parse_fraction, parse_frequency, parse_gain

PARSERS = [parse_duration, parse_frequency, parse_gain, parse_fraction]


@pytest.mark.parametrize(
    ("value", "duration"),
    [
        ("250 ms", Duration(0.25)),
        ("250ms", Duration(0.25)),
        ("  250   ms ", Duration(0.25)),
        ("0.25 s", Duration(0.25)),
        (".25 s", Duration(0.25)),
        ("25e-2 s", Duration(0.25)),
        ("0.25", Duration(0.25)),
        (0.25, Duration(0.25)),
        (2, Duration(2.0)),
        ("100 us", Duration(1e-4)),
        ("100 \u00b5s", Duration(1e-4)),
        ("100 \u03bcs", Duration(1e-4)),
        ("2 min", Duration(120.0)),
        ("1.5 h", Duration(5400.0)),
        ("-3 ms", Duration(-0.003)),
        ("11025 samples", Duration(11025.0, "samples")),
        ("1 sample", Duration(1.0, "samples")),
        ("7 frames", Duration(7.0, "samples")),
        (Duration(3.0, "samples"), Duration(3.0, "samples")),
    ],
)
def test_a_time_is_read(value, duration):
    assert parse_duration(value) == duration


@pytest.mark.parametrize(
    ("value", "hertz"),
    [("440 Hz", 440.0), ("4 kHz", 4000.0), ("1.5 MHz", 1.5e6), ("100 mHz", 0.1), ("440", 440.0), (0.1, 0.1)],
)
def test_a_frequency_is_read(value, hertz):
    assert parse_frequency(value) == hertz


@pytest.mark.parametrize(
    ("value", "factor"),
    [
        ("0 dB", 1.0),
        ("-6 dB", 10 ** (-6 / 20)),
        ("20 db", 10.0),
        ("50%", 0.5),
        ("-0.5", -0.5),
        (2, 2.0),
        ("-1e9 dB", 0.0),
    ],
)
def test_a_gain_is_read_as_a_linear_factor(value, factor):
    assert parse_gain(value) == pytest.approx(factor, rel=1e-15)


@pytest.mark.parametrize(("value", "fraction"), [("30%", 0.3), ("0%", 0.0), ("100 %", 1.0), (0.3, 0.3), ("1", 1.0)])
def test_a_fraction_is_read(value, fraction):
    assert parse_fraction(value) == fraction


@pytest.mark.parametrize(
    ("parse", "value", "message"),
    [
        (parse_duration, "5 m", "'5 m' is ambiguous: write 'ms' for milliseconds or 'min' for minutes"),
        (
            parse_duration,
            "5 S",
            "unknown unit 'S' of a time in '5 S'; did you mean '5 s'",
        ),
        (parse_duration, "5 Hz", "unknown unit 'Hz' of a time"),
        (parse_duration, "1,5 s", "unknown unit ',5 s' of a time"),
        (parse_duration, "1 m 30 s", "unknown unit 'm 30 s' of a time"),
        (parse_duration, "1.5 samples", "samples come whole, got '1.5 samples'; write a time such as '0.5 ms'"),
        (parse_duration, "1e16 samples", "at most 9007199254740992 samples, got '1e16 samples'"),
        (parse_duration, "1e308 h", r"a time must be at most 1e\+09 s, got '1e308 h'"),
        (parse_duration, -1e10, r"a time must be at most 1e\+09 s"),
        (parse_duration, "ms", "cannot read 'ms' as a time"),
        (parse_duration, "", "cannot read '' as a time"),
        (parse_duration, "nan", "cannot read 'nan' as a time"),
        (parse_duration, "\u0663 s", "cannot read '\u0663 s' as a time"),
        (parse_duration, True, "cannot read True as a time"),
        (parse_duration, None, "cannot read None as a time"),
        (parse_duration, [1], r"cannot read \[1\] as a time"),
        (parse_duration, math.inf, "a time must be finite, got inf"),
        (parse_duration, "1e999 s", "a time must be finite, got '1e999 s'"),
        (parse_duration, 10**400, "a time must be finite, got an integer of more than 300 digits"),
        (parse_frequency, "4 khz", r"unknown unit 'khz' of a frequency in '4 khz'; did you mean '4 kHz'\?"),
        (
            parse_frequency,
            "4 k",
            "unknown unit 'k' of a frequency in '4 k'; did you mean '4 kHz'",
        ),
        (parse_frequency, "1e308 MHz", "a frequency must be finite, got '1e308 MHz'"),
        (parse_gain, "-6 decibel", "unknown unit 'decibel' of a gain in '-6 decibel'; did you mean '-6 dB'"),
        (parse_gain, "1001 dB", "a gain must be at most 1000 dB, got '1001 dB'"),
        (parse_fraction, 30, r"a fraction must be from 0 to 1 \(0% to 100%\), got 30; did you mean '30%'\?"),
        (parse_fraction, "130%", r"a fraction must be from 0 to 1 \(0% to 100%\), got '130%'$"),
        (parse_fraction, -0.1, r"got -0\.1$"),
        (parse_fraction, "-6 dB", "unknown unit 'dB' of a fraction"),
    ],
)
def test_what_is_ambiguous_or_out_of_range_is_refused_with_a_fix(parse, value, message):
    with pytest.raises(UnitError, match=message):
        parse(value)


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize("value", ["1s" + " " * 250_000 + "y", "1" * 250_000 + "a\nb", "x" * 101])
def test_a_long_text_is_refused_soon(parse, value):
    started = time.process_time()
    with pytest.raises(UnitError, match=f"cannot read a text of {len(value)} characters as a"):
        parse(value)
    assert time.process_time() - started < 1  # unguarded it takes minutes; 0.1 s on an idle machine


@given(st.floats(-1e9, 1e9) | st.integers(-(10**9), 10**9))
def test_a_time_in_seconds_reads_back_the_same(value):
    duration = parse_duration(value)
    assert parse_duration(str(duration)) == duration


@given(st.integers(-(2**53), 2**53))
def test_a_time_in_samples_reads_back_the_same(value):
    duration = parse_duration(f"{value} samples")
    assert duration == Duration(float(value), "samples")
    assert parse_duration(str(duration)) == duration


@given(st.integers(0, 10**7))
def test_milliseconds_are_as_exact_as_seconds(value):
    assert parse_duration(f"{value} ms").value == value / 1000


@given(st.integers(0, 10**9), st.sampled_from([8000.0, 44100.0, 48000.0, 0.1]))
def test_whole_frames_survive_the_way_through_seconds(frames, fs):
    assert Duration(frames / fs).frames(fs) == frames
    assert Duration(float(frames), "samples").frames(fs) == frames


@pytest.mark.parametrize(("exact", "frames"), [(0.4, 0), (0.5, 1), (1.5, 2), (2.5, 3), (-0.5, 0), (-0.6, -1)])
def test_frames_are_the_nearest_and_halves_go_up(exact, frames):
    assert Duration(exact).frames(1.0) == frames


def test_samples_become_seconds_when_the_rate_is_known():
    assert Duration(480.0, "samples").seconds(48_000) == 0.01
    assert Duration(0.01).exact_frames(48_000) == 480


UNITS = st.sampled_from(
    ["", " ", "ms", " s", " samples", "Hz", " kHz", " dB", "%", "m", "\u00b5s", "dBFS", "\n", "e5", "."]
)


@given(st.one_of(st.text(), st.builds("{}{}".format, st.floats() | st.integers() | st.text(max_size=3), UNITS)))
def test_any_text_gives_a_finite_number_or_a_unit_error(value):
    for parse in PARSERS:
        try:
            result = parse(value)
        except UnitError:
            continue
        number = result.value if isinstance(result, Duration) else result
        assert math.isfinite(number)


@pytest.mark.parametrize("text", ["250 ms", "10.03 ms", "2 samples", "1.5 s", "0.001 ms", "3600 s"])
def test_a_time_is_written_as_it_is_read(text):
    assert units.write_duration(units.parse_duration(text)) == text


@pytest.mark.parametrize("text", ["4 kHz", "44.1 kHz", "440 Hz", "0.1 Hz"])
def test_a_frequency_is_written_as_it_is_read(text):
    assert units.write_frequency(units.parse_frequency(text)) == text


@given(st.floats(0, 1e9), st.floats(-1e6, 1e6), st.floats(1e-9, 1e9), st.floats(0, 1))
def test_what_is_written_is_read_back_to_the_same_value(seconds, gain, hertz, fraction):
    assert units.parse_duration(units.write_duration(units.Duration(seconds))) == units.Duration(seconds)
    assert units.parse_gain(units.write_gain(gain)) == gain
    assert units.parse_frequency(units.write_frequency(hertz)) == hertz
    assert units.parse_fraction(units.write_fraction(fraction)) == fraction
