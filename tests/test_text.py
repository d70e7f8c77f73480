"""Numbers as people read them, names that steer no terminal, the nearest name, values and lists cut short."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import text
from pipeline.io.names import shown_path


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (1 / 48_000, "20.8 µs"),
        (0.000_999_9, "1 ms"),
        (0.005, "5 ms"),
        (0.0125, "12.5 ms"),
        (0.1, "0.100 s"),
        (0.099_96, "0.100 s"),
        (59.9996, "60.000 s"),
        (600, "0:10:00.0"),
        (3723.5, "1:02:03.5"),
        (3599.96, "1:00:00.0"),
        (-0.25, "-0.250 s"),
    ],
)
def test_a_duration_has_the_unit_that_suits_it(seconds: float, expected: str) -> None:
    assert text.duration(seconds) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(-0.001, "0.00"), (0.004, "0.00"), (-0.0, "0.00"), (0.02, "+0.02"), (-0.3, "-0.30"), (-0.005, "-0.01")],
)
def test_a_number_that_rounds_to_nothing_has_no_sign(value: float, expected: str) -> None:
    assert text.signed(value) == expected


@pytest.mark.parametrize(
    ("fs", "expected"), [(0.1, "1235"), (1, "1235"), (10, "1234.6"), (360, "1234.568"), (48_000, "1234.56789")]
)
def test_the_time_of_a_frame_has_the_decimals_that_tell_frames_apart(fs: float, expected: str) -> None:
    assert text.frame_time(1234.56789, fs) == expected
    assert text.frame_time(7 / fs, fs) != text.frame_time(8 / fs, fs)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (9949, "9.9 kB"),
        (9999, "10 kB"),
        (999_499, "999 kB"),
        (999_999, "1.0 MB"),
        (4_400_000_000, "4.4 GB"),
        (10**15, "1000 TB"),
    ],
)
def test_a_size_is_in_powers_of_ten(number: int, expected: str) -> None:
    assert text.size(number) == expected


def test_counts_rates_and_levels() -> None:
    assert [text.count(n, "tap") for n in (0, 1, 48_001)] == ["0 taps", "1 tap", "48,001 taps"]
    assert text.count(2, "pass") == "2 passes"
    assert [text.hertz(fs) for fs in (0.1, 360, 1000, 44_100)] == ["0.1 Hz", "360 Hz", "1 kHz", "44.1 kHz"]
    assert [text.decibels(x) for x in (1, 0.5, 0)] == ["0.00", "-6.02", "-inf"]
    assert [text.times(x) for x in (0.123, 3.44, 12.6, 12_345)] == ["0.12", "3.4", "13", "12,345"]


def test_a_path_is_shown_short_and_never_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a")
    assert shown_path(tmp_path / "a/x.wav") == "x.wav"
    assert shown_path("b/../x.wav") == "x.wav"
    assert shown_path("-") == "-"
    (tmp_path / "elsewhere/deep").mkdir(parents=True)
    (tmp_path / "a/link").symlink_to(tmp_path / "elsewhere/deep")
    assert shown_path("link/../x.wav") == "link/../x.wav"  # which is elsewhere/x.wav


@pytest.mark.parametrize(("name", "shown"), [("a\x1b[2Jb", r"a\x1b[2Jb"), ("a\nb", r"a\nb"), ("\udcff", r"\udcff")])
def test_a_name_is_shown_on_one_line_and_can_always_be_encoded(name: str, shown: str) -> None:
    assert text.one_line(name) == shown


def test_the_nearest_name_is_found_or_none() -> None:
    assert text.nearest("gian", ["gain", "delay"]) == "gain"
    assert text.nearest("zzz", ["gain", "delay"]) is None
    assert text.nearest("g" * 10_000, ["gain"]) is None


def test_a_long_value_and_a_long_list_are_cut_short() -> None:
    assert text.shorten("abcdefgh", 8) == "abcdefgh"
    assert text.shorten("abcdefghi", 8) == "abcde..."
    assert text.first_few(["a", "b"], 2) == ["a", "b"]
    assert text.first_few(["a", "b", "c", "d"], 2, "; --json tells all", "  ") == [
        "  a",
        "  b",
        "  and 2 more; --json tells all",
    ]
