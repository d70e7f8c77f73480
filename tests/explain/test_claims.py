"""Each claim's experiment, against values computed by hand and programs that share nothing with it."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import scipy
from faltung_explain.bilingual import LANGUAGES
from faltung_explain.claims import VERDICTS
from faltung_explain.claims.images import HOOK, LINE, formula, laid, launched, turned, variants
from faltung_explain.claims.learning import TORCH_CONV1D, TRUE_KERNEL, learn, lesson
from faltung_explain.claims.report import run_claims
from faltung_explain.claims.signals import (
    Placed,
    apart,
    convolved,
    correlated,
    first_change,
    reads,
    recursion,
    riemann,
)


@pytest.fixture(scope="module")
def claims():
    return {result.key: result for result in run_claims()}


def test_every_claim_has_its_verdict(claims):
    assert {key: result.verdict for key, result in claims.items()} == {
        "continuous": "right",
        "both_axes": "right",
        "index_formula": "sloppy",
        "pattern": "wrong",
        "past": "right",
        "future": "wrong",
        "gradient": "backwards",
        "similarity": "wrong",
        "commutes": "right",
        "frameworks": "right",
        "learnt": "depends",
        "indispensable": "sloppy",
        "symmetry": "wrong",
        "definition": "circular",
    }
    assert {result.verdict for result in claims.values()} == set(VERDICTS)


def test_every_text_is_there_in_both_languages_and_has_no_number_missing(claims):
    for result in claims.values():
        for text in (result.claim, result.nuance, result.finding, result.alt):
            for language in LANGUAGES:
                said = text[language]
                assert said
                assert "nan" not in said.split()
                assert "{" not in said
        assert any("\u4e00" <= c <= "\u9fff" for c in result.finding["zh"])
        assert not any("\u4e00" <= c <= "\u9fff" for c in result.finding["en"])
        json.dumps(result.to_dict(), allow_nan=False)


# ---- the definition ------------------------------------------------------------------------------------------------


def test_riemann_sums_of_a_box_by_hand():
    found = riemann(4)  # f[0..3] = 1, dt = 1/4: 1, 2, 3, 4, 3, 2, 1 quarters
    np.testing.assert_allclose(found["boxes"], np.array([1, 2, 3, 4, 3, 2, 1, 0, 0, 0, 0, 0]) / 4)
    assert found["error_boxes"] == pytest.approx(0.25)
    assert found["peak_without_dt"] == 4.0


@pytest.mark.parametrize("steps", [4, 16, 64])
def test_the_limit_of_the_sums_is_what_quadrature_gives(steps):
    from scipy.integrate import quad

    found = riemann(steps)
    for i in range(0, len(found["t"]), steps // 2):
        t = found["t"][i]
        limit = quad(lambda tau, t=t: math.exp(-(t - tau)) if t >= tau else 0.0, 0, 1, points=[min(t, 1.0)])[0]
        assert found["limit_decays"][i] == pytest.approx(limit, abs=1e-6)
        without = quad(lambda tau, t=t: math.exp(-(t + tau)), 0, 1)[0]
        assert found["unflipped"][i] == pytest.approx(without, abs=1 / steps)


def test_the_error_shrinks_with_the_step_and_without_the_flip_it_does_not(claims):
    numbers = claims["continuous"].numbers
    for errors in (numbers["error_box_box"], numbers["error_box_decay"]):
        np.testing.assert_allclose(errors, numbers["dt"], rtol=1e-9)  # a left sum is one step ahead
    assert min(numbers["error_without_flip"]) > 1 - 1 / math.e
    assert numbers["peak_without_dt"] == pytest.approx([4, 8, 16, 32, 64])


def test_a_recursion_is_made_of_launches_that_are_met_backwards(claims):
    assert recursion(np.array([1.0, 0, 0, 0])).tolist() == [1, 0.5, 0.25, 0.125]
    x = np.random.default_rng(0).standard_normal(50)
    np.testing.assert_allclose(recursion(x), scipy.signal.lfilter([1], [1, -0.5], x))
    numbers = claims["definition"].numbers
    assert (numbers["n"], numbers["samples"], numbers["taps"]) == (3, [1, 2, 3], [2, 1, 0])
    assert [3 - k for k in numbers["samples"]] == numbers["taps"]
    assert numbers["y"][3] == 3 / 4 + 1 / 2 + 2
    assert numbers["launches_minus_output"] == 0


# ---- in the plane --------------------------------------------------------------------------------------------------


def test_launches_and_laying_are_those_of_scipy():
    rng = np.random.default_rng(2)
    x, k = rng.integers(-9, 9, (7, 6)).astype(float), rng.integers(-9, 9, (3, 2)).astype(float)
    np.testing.assert_array_equal(launched(x, k), scipy.signal.convolve2d(x, k))
    np.testing.assert_array_equal(laid(x, k), scipy.signal.correlate2d(x, k, "valid"))
    assert launched(np.eye(1), HOOK).tolist() == HOOK.tolist()
    assert turned(HOOK).tolist() == [[1, 0, 0], [2, 0, 0], [3, 4, 5]]


def test_only_the_hook_turned_by_180_degrees_convolves_and_a_line_hides_it(claims):
    x = np.random.default_rng(4).integers(0, 9, (9, 9)).astype(float)
    convolution, padded = scipy.signal.convolve2d(x, HOOK), np.pad(x, 2)
    equal = {
        name: np.array_equal(scipy.signal.correlate2d(padded, v, "valid"), convolution)
        for name, v in variants(HOOK).items()
    }
    assert equal == {"as it is": False, "rows": False, "columns": False, "both": True, "transposed": False}
    numbers = claims["both_axes"].numbers
    assert {name for name, error in numbers["hook"].items() if error == 0} == {"both"}
    assert {name for name, error in numbers["line"].items() if error == 0} == {"as it is", "both", "transposed"}
    assert np.array_equal(turned(LINE), LINE)


def test_the_formula_with_r_is_convolution_advanced_by_r_for_the_r_that_fits_alone(claims):
    x = np.random.default_rng(4).integers(0, 9, (9, 9)).astype(float)
    whole = scipy.signal.convolve2d(x, HOOK)
    fits = {r: np.array_equal(formula(x, HOOK, r), whole[r : r + 7, r : r + 7]) for r in range(5)}
    assert fits == {0: False, 1: False, 2: True, 3: False, 4: False}
    assert claims["index_formula"].numbers["fits"] == [2]


def test_the_kernel_that_matches_a_gradient_points_the_same_way(claims):
    numbers = claims["gradient"].numbers
    assert numbers["peaks"] == {"as it is": numbers["patch_at"], "turned": numbers["twin_at"]}
    ramp = np.add.outer(np.arange(4.0), np.arange(4.0))
    energy = ((ramp - 3) ** 2).sum()  # 4 * 2 * (2.25 + 0.25) * 2 = 40: rows and columns, each -1.5 .. 1.5
    assert energy == 40
    assert numbers["ramp"] == {"as it is": 40, "turned": -40}
    s = claims["gradient"].series
    np.testing.assert_allclose(s["score"], scipy.signal.correlate2d(s["image"], s["slope"], "valid"), atol=1e-9)
    by_convolution = scipy.signal.convolve2d(s["image"], s["slope"], "valid")  # its own flip finds the twin
    assert list(np.unravel_index(by_convolution.argmax(), by_convolution.shape)) == numbers["twin_at"]


# ---- matching and symmetry -----------------------------------------------------------------------------------------


def test_correlation_finds_the_chirp_and_convolution_the_backwards_one(claims):
    result = claims["pattern"]
    numbers, s = result.numbers, result.series
    assert numbers["found_at"] == {"correlation": numbers["pattern_at"], "convolution": numbers["reversed_at"]}
    np.testing.assert_allclose(s["correlation"], np.correlate(s["x"], s["template"], "valid"), atol=1e-12)
    np.testing.assert_allclose(s["convolution"], np.convolve(s["x"], s["template"], "valid"), atol=1e-12)
    for here, there, way in (("pattern", "reversed", "correlation"), ("reversed", "pattern", "convolution")):
        around = {}
        for what in (here, there):  # the largest that overlaps the place, not the one frame that flatters
            start = numbers[f"{what}_at"]
            around[what] = max(s[way][n] for n in range(start - 79, start + 80) if 0 <= n < len(s[way]))
            assert numbers["scores"][way][what] == around[what]
        assert around[here] > 1.8 * around[there]
    t = s["template"]
    assert 1 - np.abs(np.convolve(t, t)).max() / (t**2).sum() > 0.2  # the chirp is not its own reversal


def test_symmetric_kernels_hide_the_flip_and_antisymmetric_ones_turn_its_sign(claims):
    numbers = claims["symmetry"].numbers
    assert numbers["largest_difference"] == {"[1, 2, 1]": 0, "[1, 0, -1]": 6, "[4, 2, 1]": 9}
    assert numbers["largest_sum"]["[1, 0, -1]"] == 0
    assert claims["symmetry"].series["[4, 2, 1] y"][:8].tolist() == [0, 12, 10, 13, 5, 2, 0, 0]
    assert claims["symmetry"].series["[4, 2, 1] r"][1:6].tolist() == [3, 7, 16, 8, 8]


def test_common_image_kernels_are_symmetric_and_a_delta_tells(claims):
    numbers = claims["indispensable"].numbers
    difference = numbers["relative_difference"]
    assert {name for name, d in difference.items() if d == 0} == {"box", "Gauss", "Laplace"}
    assert difference["Sobel"] == 2
    assert min(difference["smear"], difference["hook"]) > 0.1
    assert numbers["delta_by_convolution"][1][1:4] == [5, 4, 3]
    delta = np.zeros((5, 5))
    delta[2, 2] = 1
    np.testing.assert_array_equal(numbers["delta_by_convolution"], scipy.ndimage.convolve(delta, HOOK))
    np.testing.assert_array_equal(
        claims["indispensable"].series["by_correlation"], scipy.ndimage.correlate(delta, HOOK)
    )


# ---- past and future -----------------------------------------------------------------------------------------------


def test_a_change_from_frame_6_changes_convolution_from_6_and_correlation_from_4(claims):
    numbers = claims["past"].numbers
    assert (numbers["changed_from"], numbers["convolution_changes_from"], numbers["correlation_changes_from"]) == (
        6,
        6,
        4,
    )
    # 5, 6, 7 ... are added from frame 6: y by 4*5, 4*6 + 2*5, 4*7 + 2*6 + 5; r[4] by h[2]*5, r[5] by 2*5 + 6
    assert numbers["change_of_convolution"][:9] == [0, 0, 0, 0, 0, 0, 20, 34, 45]
    assert numbers["change_of_correlation"][:6] == [0, 0, 0, 0, 5, 16]


def test_the_first_change_is_found_for_any_reach():
    x = np.zeros(20)
    for ahead in range(4):
        kernel = np.ones(ahead + 1)
        start, _ = first_change(lambda x, k=kernel, a=ahead: np.convolve(x, k)[a : a + 20], x, 10)
        assert start == 10 - ahead


def test_convolution_reads_the_past_and_correlation_the_future(claims):
    assert claims["future"].numbers == {
        "convolution": {"from": -2, "to": 0},
        "correlation": {"from": 0, "to": 2},
        "convolution_centred": {"from": -1, "to": 1},
        "correlation_centred": {"from": -1, "to": 1},
    }
    np.testing.assert_array_equal(
        claims["future"].series["convolution"], scipy.linalg.toeplitz([4, 2, 1] + 5 * [0], [4] + 7 * [0])
    )
    np.testing.assert_array_equal(claims["future"].series["correlation"], claims["future"].series["convolution"].T)
    np.testing.assert_array_equal(reads(lambda x: 2 * x, 3), 2 * np.eye(3))


# ---- the algebra ---------------------------------------------------------------------------------------------------


def test_grouping_and_order_by_hand(claims):
    numbers = claims["commutes"].numbers
    for key in (
        "convolution_order",
        "convolution_grouping",
        "correlation_order_reversed",
        "correlation_grouping_mended",
    ):
        assert numbers[key] == 0
    # a = [0, 3, 1, 2]: a*b on lags -2..3 is 0, 3, 6+1, ... : [0, 3, 7, 16, 8, 8]; b on a is the same backwards
    ab = correlated(Placed(np.array([0.0, 3, 1, 2])), Placed(np.array([4.0, 2, 1])))
    assert (ab.start, ab.values.tolist()) == (-2, [0, 3, 7, 16, 8, 8])
    assert numbers["correlation_order"] == 13  # at lag 1: 16 against 3
    assert numbers["correlation_grouping"] > 0


def test_the_identities_hold_for_any_whole_numbers():
    rng = np.random.default_rng(9)
    for _ in range(20):
        a, b, c = (
            Placed(rng.integers(-9, 9, n).astype(float), int(rng.integers(-5, 5))) for n in rng.integers(1, 9, 3)
        )
        assert convolved(a, b).values.tolist() == np.convolve(a.values, b.values).tolist()
        assert apart(convolved(a, b), convolved(b, a)) == 0
        assert apart(convolved(convolved(a, b), c), convolved(a, convolved(b, c))) == 0
        assert apart(correlated(correlated(a, b), c), correlated(a, convolved(b, c))) == 0
        by_definition = {
            n: sum(a.values[n + k - a.start] * b.values[k - b.start]
                   for k in range(b.start, b.start + len(b.values)) if 0 <= n + k - a.start < len(a.values))
            for n in range(a.start - b.start - len(b.values) + 1, a.start + len(a.values) - b.start)
        }  # fmt: skip
        r = correlated(a, b)
        assert dict(zip(range(r.start, r.start + len(r.values)), r.values, strict=True)) == by_definition


# ---- learning ------------------------------------------------------------------------------------------------------


def test_the_recorded_answer_of_conv1d_is_the_correlation_of_the_worked_example(claims):
    assert TORCH_CONV1D.tolist() == [7, 16, 8, 8, 0, 0] == np.correlate([0, 3, 1, 2, 0, 0, 0, 0], [4, 2, 1]).tolist()
    numbers = claims["frameworks"].numbers
    assert (numbers["to_correlation"], numbers["to_convolution"]) == (0, 6)  # [6, 7, 10, 5, 2, 0] differs most by 6


def test_torch_itself_agrees_where_it_is_installed(claims):
    torch = pytest.importorskip("torch")
    x, h = torch.tensor([[[0.0, 3, 1, 2, 0, 0, 0, 0]]]), torch.tensor([[[4.0, 2, 1]]])
    assert torch.nn.functional.conv1d(x, h)[0, 0].tolist() == TORCH_CONV1D.tolist()
    assert claims["frameworks"].numbers["torch_asked"]
    np.testing.assert_allclose(claims["learnt"].numbers["torch_weights"], TRUE_KERNEL[::-1], atol=1e-9)


def test_the_lesson_is_a_convolution_with_the_true_kernel():
    windows, wanted = lesson(50)
    np.testing.assert_allclose(wanted, np.convolve(windows[:, 0], TRUE_KERNEL)[:50], atol=1e-12)
    np.testing.assert_array_equal(windows[3:, 3], windows[:-3, 0])


def test_learnt_both_ways_the_weights_mirror_and_the_outputs_agree(claims):
    zero = np.zeros(len(TRUE_KERNEL))
    a, b = learn("convolve", zero), learn("correlate", zero)
    windows, wanted = lesson()
    best = np.linalg.lstsq(windows, wanted, rcond=None)[0]
    np.testing.assert_allclose(a.weights, best, atol=1e-9)
    np.testing.assert_allclose(b.weights, best[::-1], atol=1e-9)
    assert np.abs(a.output - b.output).max() < 1e-12
    assert np.abs(a.weights - b.weights).max() == pytest.approx(0.9)  # 1.0 - 0.1, the ends of the kernel
    mirrored = learn("correlate", np.array([0.0, 1, -1, 0, 2])[::-1], 5)
    np.testing.assert_allclose(mirrored.weights[::-1], learn("convolve", np.array([0.0, 1, -1, 0, 2]), 5).weights)
    told, start = claims["learnt"].numbers, np.array([0.0, 1, -1, 0, 2])
    unequal = [learn(way, start, 5).weights for way in ("convolve", "correlate")]
    assert told["unequal_starts_differ_mirrored"] == pytest.approx(np.abs(unequal[0] - unequal[1][::-1]).max())
    assert told["unequal_starts_differ_mirrored"] > 0.01
    assert max(told["weights_differ_mirrored"], told["outputs_differ"]) < 1e-12
    assert told["weights_differ"] == pytest.approx(0.9)
    assert np.all(np.diff(a.losses) <= 0)


def test_a_rule_that_does_not_mirror_breaks_the_symmetry(claims):
    losses = claims["learnt"].numbers["loss_with_weight_0_held"]
    variance = float((lesson()[0][:, 0] ** 2).mean())
    assert losses["convolving"] == pytest.approx(1.0**2 * variance, rel=0.1)  # the tap of 1 is forbidden
    assert losses["correlating"] == pytest.approx(0.1**2 * variance, rel=0.1)  # the tap of 0.1 is


def test_a_fixed_echo_loaded_into_a_correlating_layer_plays_before_the_sound(claims):
    fixed = claims["learnt"].numbers["fixed_echo"]
    assert fixed["meant"] == [0, 0, 0, 0, 1, 0, 0, 0.5, 0]
    assert fixed["played"] == [0, 0.5, 0, 0, 1, 0, 0, 0, 0]


def test_a_sum_of_products_prefers_what_is_bright_to_what_is_alike(claims):
    found, t = claims["similarity"], 0.93 ** np.arange(60.0)
    x = found.series["x"]
    windows = np.lib.stride_tricks.sliding_window_view(x, 60)
    for way, taps in (("correlation", t), ("convolution", t[::-1])):
        sums = windows @ taps
        assert found.numbers["largest_at"][way] == sums.argmax()
        assert 181 <= sums.argmax() < 300
        assert found.numbers["on_patch"][way] > 1.5 * found.numbers["on_copy"][way]
    pearson = [np.corrcoef(window, t)[0, 1] for window in windows]
    assert found.numbers["normalised_at"] == np.argmax(pearson) == 60
    assert found.numbers["normalised"] == pytest.approx(max(pearson), abs=1e-3)
