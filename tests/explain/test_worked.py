"""The worked example is what one gets with pencil and paper; other examples agree with numpy."""

import numpy as np
import pytest
from faltung_explain.drawing import diverging
from faltung_explain.example import PRESETS, WORKED, Example, sum_text, value_text
from hypothesis import given
from hypothesis import strategies as st

from pipeline.drawing import COLOURS

small = st.lists(st.integers(-9, 9), min_size=1, max_size=9)


def at(example, values, n):
    return values[n + len(example.h) - 1]


def test_convolution_of_the_worked_example_is_the_one_done_by_hand():
    assert WORKED.y[2:10].tolist() == [0, 12, 10, 13, 5, 2, 0, 0]


def test_correlation_of_the_worked_example_is_the_one_done_by_hand():
    assert WORKED.r[1:6].tolist() == [3, 7, 16, 8, 8]


def test_both_sum_to_42():
    assert (WORKED.y.sum(), WORKED.r.sum(), WORKED.x.sum() * WORKED.h.sum()) == (42, 42, 42)


def test_both_have_the_same_magnitude_spectrum():
    np.testing.assert_allclose(np.abs(np.fft.fft(WORKED.y)), np.abs(np.fft.fft(WORKED.r)), atol=1e-12)


def test_the_newest_sample_meets_tap_0():
    met = [(term.k, term.i, term.tap, term.sample) for term in WORKED.terms(3, "convolve")]
    assert met == [(2, 1, 1, 3), (1, 2, 2, 1), (0, 3, 4, 2)]


def test_correlation_meets_samples_to_come():
    assert [(term.k, term.i) for term in WORKED.terms(3, "correlate")] == [(0, 3), (1, 4), (2, 5)]


def test_the_sum_is_written_as_on_paper():
    assert sum_text(WORKED, 3, "convolve") == "3 + 2 + 8 = 13"
    assert sum_text(WORKED, 1, "correlate") == "12 + 2 + 2 = 16"
    assert sum_text(Example.of([0, 5], [1, -2]), 1, "convolve") == "0 + 5 = 5"
    assert sum_text(Example.of([1, 0], [1, -2]), 1, "convolve") == "−2 + 0 = −2"  # noqa: RUF001


def test_a_row_of_the_table_is_h_forward_and_a_column_is_h_backwards():
    table = WORKED.launches("convolve")
    assert table[1, 3:6].tolist() == [12, 6, 3]
    assert table[1:4, 5].tolist() == [3, 2, 8]


def test_a_row_of_correlation_is_h_backwards_and_ends_at_its_sample():
    assert WORKED.launches("correlate")[1, 1:4].tolist() == [3, 6, 12]


@given(small, small)
def test_columns_sum_to_the_outputs_and_the_outputs_are_those_of_numpy(x, h):
    example = Example.of(x, h)
    m = len(h)
    np.testing.assert_allclose(example.y[m - 1 :], np.convolve(x, h), atol=1e-9)
    np.testing.assert_allclose(example.r[: len(x) + m - 1], np.correlate(x, h, "full"), atol=1e-9)
    for kind in ("convolve", "correlate"):
        np.testing.assert_allclose(example.launches(kind).sum(axis=0), example.output(kind), atol=1e-9)
        sums = [sum(term.product for term in example.terms(int(n), kind)) for n in example.n]
        np.testing.assert_allclose(sums, example.output(kind), atol=1e-9)


@pytest.mark.parametrize(
    ("value", "text"),
    [(7, "7"), (0.25, "0.25"), (-1.5, "−1.5"), (0, "0"), (-0.0, "0"), (100, "100"), (1.789, "1.79"), (1e-4, "1e−04")],  # noqa: RUF001
)
def test_numbers_are_short(value, text):
    assert value_text(value) == text


def test_most_presets_can_show_the_flip():
    hidden = {name for name, (h, _) in PRESETS.items() if np.array_equal(h, h[::-1])}
    assert hidden == {"symmetric"}


def test_colours_diverge_around_white_and_nothing_is_clamped():
    assert diverging(0, 5) == "#ffffff"
    shades = [diverging(v, 5.0) for v in np.linspace(-5, 5, 21)]
    assert len(set(shades)) == 21
    assert diverging(1, 0) == "#ffffff" or diverging(0, 0) == "#ffffff"


def test_no_two_quantities_share_a_colour():
    assert len({COLOURS[name] for name in ("x", "h", "product", "y", "r", "negative")}) == 6


def test_one_column_of_the_worked_example_holds_all_three_taps_in_reverse():
    terms = [(term.sample, term.tap, term.product) for term in WORKED.terms(3, "convolve")]
    assert terms == [(3, 1, 3), (1, 2, 2), (2, 4, 8)]


@given(small, small, st.integers(0, 8))
def test_an_origin_moves_the_span_of_both_outputs_and_leaves_their_order(x, h, origin):
    origin = min(origin, len(h) - 1)
    at_0, moved = Example.of(x, h), Example.of(x, h, origin=origin)
    np.testing.assert_allclose(np.roll(at_0.y, -origin), moved.y, atol=1e-9)
    np.testing.assert_allclose(np.roll(at_0.r, origin), moved.r, atol=1e-9)
    for kind in ("convolve", "correlate"):
        sums = [sum(term.product for term in moved.terms(int(n), kind)) for n in moved.n]
        np.testing.assert_allclose(sums, moved.output(kind), atol=1e-9)


def test_about_their_middle_symmetric_taps_hide_the_flip_and_antisymmetric_ones_turn_the_sign():
    for name, sign in (("symmetric", 1), ("difference", -1)):
        taps, origin = PRESETS[name]
        example = Example.of(WORKED.x, taps, origin=origin)
        assert example.r.tolist() == (sign * example.y).tolist()
