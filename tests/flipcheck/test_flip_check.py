"""flip_check tells convolution from correlation in whatever it is given, and says when nobody could."""

from __future__ import annotations

import json
import shutil
import sys

import numpy as np
import pytest
import scipy
from faltung_flipcheck.causality import causality_check
from faltung_flipcheck.flip import flip_check
from faltung_flipcheck.probes import convolved
from faltung_flipcheck.targets import DEFAULT_IMAGE_KERNEL, DEFAULT_KERNEL

from pipeline import Correlate, Echo, Pipeline, Smooth
from pipeline.cli import main
from pipeline.errors import SignalError, UsageError

H = (4.0, 2.0, 1.0)


@pytest.mark.parametrize(
    ("words", "verdict", "origin", "response", "starts", "causal"),
    [
        ("numpy:convolve", "convolution", 0, H, 0, True),
        ("numpy:convolve mode=same", "convolution", 1, H, -1, False),
        ("numpy:convolve mode=valid", "convolution", 2, H, -2, False),
        ("numpy:correlate", "correlation", 0, H[::-1], -2, False),
        ("numpy:correlate mode=full", "correlation", 2, H[::-1], 0, True),
        ("scipy.signal:fftconvolve", "convolution", 0, H, 0, True),
        ("scipy.signal:correlate mode=same", "correlation", 1, H[::-1], -1, False),
        ("scipy.signal:lfilter", "convolution", 0, H, 0, True),
        ("scipy.signal:upfirdn", "convolution", 0, H, 0, True),
        ("scipy.ndimage:convolve1d", "convolution", 1, H, -1, False),
        ("scipy.ndimage:convolve1d origin=-1", "convolution", 0, H, 0, True),
        ("scipy.ndimage:correlate1d", "correlation", 1, H[::-1], -1, False),
        ("scipy.ndimage:correlate1d origin=-1", "correlation", 0, H[::-1], -2, False),
        ("pipeline:convolve", "convolution", 0, H, 0, True),
        ("pipeline:correlate", "correlation", 2, H[::-1], 0, True),
        ("stage:convolve taps=[4,2,1]", "convolution", 0, H, 0, True),
        ("stage:convolve taps=[4,2,1] origin=1", "convolution", 1, H, -1, False),
        ("stage:correlate template=[4,2,1]", "correlation", 0, H[::-1], -2, False),
    ],
)
def test_the_verdict_and_the_origin_are_those_of_the_definition(words, verdict, origin, response, starts, causal):
    found = flip_check(words.split(" "))
    assert (found.verdict, found.origin, found.starts, found.causal) == (verdict, (origin,), (starts,), causal)
    np.testing.assert_allclose(found.response, response, rtol=1e-9)
    assert found.gain == pytest.approx(1.0)


@pytest.mark.parametrize("mode", ["constant", "nearest", "reflect", "mirror", "wrap"])
def test_the_edges_are_named_as_scipy_names_them(mode):
    found = flip_check(lambda x, h: scipy.ndimage.correlate1d(x, h, mode=mode))
    assert found.edges == {"constant": "zeros"}.get(mode, mode)
    three = flip_check(lambda x, h: scipy.ndimage.correlate1d(x, h, mode=mode), [4, 2, 1])  # named, so it is kept
    assert three.edges == {"constant": "zeros", "nearest": "nearest or reflect", "reflect": "nearest or reflect"}.get(
        mode, mode
    )


def test_a_convolution_on_a_circle_wraps():
    def circular(x, h):
        return np.fft.irfft(np.fft.rfft(x) * np.fft.rfft(h, len(x)), len(x))

    assert (flip_check(circular).verdict, flip_check(circular).edges) == ("convolution", "wrap")


@pytest.mark.parametrize(
    ("kernel", "sentence"),
    [
        ([1, 2, 1], "symmetric: its own reversal"),
        ([0, 1, 3, 1], "symmetric: its own reversal"),
        (
            [1, 0, -1],
            "antisymmetric: the flip only turns the sign; convolution with gain 1, or correlation with gain -1",
        ),
        ([7], "one tap"),
        ([[1, 0], [0, 1]], "symmetric: the kernel turned by 180 degrees is itself"),
    ],
)
def test_a_kernel_that_is_its_own_reversal_cannot_tell(kernel, sentence):
    f = np.convolve if np.ndim(kernel) == 1 else scipy.ndimage.convolve
    found = flip_check(f, kernel)
    assert found.verdict == "cannot tell"
    assert found.sentence.startswith(sentence)
    if np.size(kernel) > 1:
        assert any("asymmetric one, such as 4,2,1" in warning for warning in found.warnings)


def test_the_default_kernels_are_none_of_their_own_turns_or_mirror_images():
    for kernel in (DEFAULT_KERNEL, DEFAULT_IMAGE_KERNEL):
        axes = range(kernel.ndim)
        turns = [np.flip(kernel, a) for a in ([a] for a in axes)] + [np.flip(kernel)]
        for other in turns + ([kernel.T, np.flip(kernel).T] if kernel.ndim == 2 else []):
            assert not np.array_equal(np.abs(other), np.abs(kernel))


def test_what_is_not_linear_or_not_time_invariant_is_said_with_a_number():
    assert flip_check(np.tanh).verdict == "not linear"
    assert "f(a/2 - b/4)" in flip_check(np.abs).sentence
    assert flip_check(lambda x: x / np.abs(x).max() if x.any() else x).verdict == "not linear"
    assert flip_check(lambda x: x[::-1]).verdict == "not time-invariant"
    assert flip_check(lambda x: x * np.linspace(0, 1, len(x))).verdict == "not time-invariant"
    assert flip_check("stage:reverse").verdict == "not time-invariant"
    assert flip_check(["stage:normalize", "peak=0 dB"]).verdict == "not linear"
    longer = flip_check(lambda x: np.ones(9 + np.count_nonzero(x)))
    assert longer.verdict == "not linear"  # its length depends on the signal


def test_gain_sign_and_a_constant_are_told_apart_from_the_flip():
    found = flip_check(lambda x, h: 5.0 - 0.5 * np.convolve(x, h))
    assert found.verdict == "convolution"
    assert found.gain == pytest.approx(-0.5)
    assert "adds a constant, up to 5" in found.warnings[0]


def test_an_extra_delay_is_an_origin_outside_the_taps():
    found = flip_check(lambda x, h: np.concatenate([np.zeros(5), np.convolve(x, h)]))
    assert (found.origin, found.starts, found.causal) == ((-5,), (5,), True)
    assert "a shift of the whole" in str(found)


def test_a_kernel_inside_is_told_only_when_it_is_named():
    def inside(x):
        return np.convolve(x, H)

    assert flip_check(inside).verdict == "cannot tell"
    assert flip_check(inside).response == pytest.approx(H)
    assert flip_check(inside, H).verdict == "convolution"
    assert flip_check(inside, H[::-1]).verdict == "correlation"
    assert flip_check(inside, [1, 5, 2]).verdict == "neither"
    assert flip_check(lambda x: 0 * x, H).sentence == "an impulse gives silence"


def test_stages_and_pipelines_are_checked_by_their_own_kernels():
    assert flip_check(Echo(delay="2 samples", gain=0.5, repeats=2)).verdict == "convolution"
    assert flip_check(Correlate(template=[4, 2, 1])).verdict == "correlation"
    assert flip_check(Smooth(length="5 samples", window="hann")).verdict == "cannot tell"
    chain = flip_check(Pipeline([Echo(delay="2 samples", gain=0.5, repeats=1), Correlate(template=[4, 2, 1])]))
    assert (chain.verdict, chain.causal) == ("convolution", False)
    assert "stage 1, correlate, flips its template" in chain.warnings[0]


def test_images_are_turned_about_both_axes_or_told_which():
    assert flip_check("scipy.signal:convolve2d").verdict == "convolution"
    assert flip_check("scipy.signal:correlate2d").origin == (2, 2)
    found = flip_check(scipy.ndimage.correlate, DEFAULT_IMAGE_KERNEL)
    assert (found.verdict, found.origin, found.causal) == ("correlation", (1, 1), None)
    assert found.edges == "nearest or reflect"
    half = flip_check(lambda x, h: scipy.ndimage.convolve(x, h[::-1]), DEFAULT_IMAGE_KERNEL)
    assert (half.verdict, half.sentence) == (
        "neither",
        "flips columns, not rows: the kernel comes back reversed along axis 0 alone",
    )


def test_single_precision_is_allowed_its_rounding():
    def single(x, h):
        return scipy.signal.fftconvolve(x.astype(np.float32), np.asarray(h, np.float32))

    assert flip_check(single, [1, 0.5, 0.25, 0.1]).verdict == "convolution"


def test_a_layer_of_torch_is_a_correlation():
    torch = pytest.importorskip("torch")
    assert flip_check("torch.nn.functional:conv1d").verdict == "correlation"
    assert flip_check(torch.nn.Conv1d(1, 1, 3)).verdict == "correlation"
    assert flip_check("torch.nn.functional:conv_transpose1d").verdict == "convolution"


def mapper(body: str) -> list[str]:
    """A command that maps WAV to WAV by one line of Python."""
    code = f"import sys, numpy as np, soundfile as sf; i, o, k = sys.argv[1:]; x, fs = sf.read(i); {body}"
    return [sys.executable, "-c", code, "{in}", "{out}", "{kernel.wav}"]


def test_a_command_is_checked_through_files():
    convolver = mapper("sf.write(o, np.convolve(x, sf.read(k)[0]), fs, subtype='FLOAT')")
    found = flip_check(convolver)
    assert (found.verdict, found.origin, found.gain) == ("convolution", (0,), pytest.approx(1, abs=1e-5))
    coarse = mapper("sf.write(o, np.correlate(x, sf.read(k)[0][:3], 'same'), fs, subtype='PCM_16')")
    found = flip_check(coarse)
    assert (found.verdict, found.origin) == ("correlation", (1,))
    deaf = mapper("sf.write(o, np.convolve(x, [0.5, 0.2]), fs, subtype='PCM_U8')")
    assert "too coarse to tell" in flip_check(deaf).sentence


@pytest.mark.skipif(shutil.which("sox") is None, reason="asks sox")
def test_sox_fir_convolves_and_centres_the_kernel():
    found = flip_check(["sox", "{in}", "{out}", "fir", "{kernel}"])
    assert (found.verdict, found.origin, found.causal) == ("convolution", (1,), False)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="asks ffmpeg")
def test_ffmpeg_afir_convolves_from_tap_0():
    found = flip_check(["ffmpeg", "-i", "{in}", "-i", "{kernel}", "-lavfi", "afir", "{out}"])
    assert (found.verdict, found.origin, found.causal) == ("convolution", (0,), True)


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: flip_check("numpy:convolv"), UsageError, "numpy has no 'convolv'; did you mean 'convolve'"),
        (lambda: flip_check("nosuchmodule:f"), UsageError, "nosuchmodule:f: No module named"),
        (lambda: flip_check("sox"), UsageError, "'sox' is no target; give MODULE:FUNCTION"),
        (lambda: flip_check("numpy:pi"), UsageError, "must be a function, got float"),
        (lambda: flip_check(["numpy:convolve", "same"]), UsageError, "'same' is no setting=value"),
        (lambda: flip_check(3), UsageError, "something to call, got int"),
        (lambda: flip_check(np.convolve, fs=0), UsageError, "fs must be above 0 Hz, got 0"),
        (lambda: flip_check(np.convolve, [0, 0]), SignalError, "finite and not all zero"),
        (lambda: flip_check(np.convolve, [[[1]]]), SignalError, r"one or two axes, got shape \(1, 1, 1\)"),
        (lambda: flip_check(lambda x: 1 / 0), SignalError, "fails on a signal of shape .*ZeroDivisionError"),
        (
            lambda: flip_check(lambda x: x.sum()),
            SignalError,
            r"must return numbers of 1 axes, got float64 of shape \(\)",
        ),
        (lambda: flip_check(lambda x: x + np.nan), SignalError, "must return finite numbers"),
        (lambda: flip_check(["sox", "{in}"]), UsageError, r"must name both its files; \{out\} is missing"),
        (lambda: flip_check(["no-such-program", "{in}", "{out}"]), UsageError, "no such program"),
        (lambda: flip_check(["false", "{in}", "{out}"]), Exception, "false: ended with 1"),
        (lambda: flip_check(["true", "{in}", "{out}"]), Exception, "true: left no WAV file to read"),
        (lambda: flip_check(["cp", "{in}", "{out}"], [[1, 2]]), UsageError, "its kernel must have one axis"),
    ],
)
def test_what_is_no_target_is_refused_with_the_reason(call, kind, words):
    with pytest.raises(kind, match=words):
        call()


def test_the_report_and_the_data_say_the_same():
    found = flip_check("scipy.ndimage:correlate1d")
    assert str(found).splitlines()[:2] == [
        "scipy.ndimage:correlate1d: correlation",
        "  y[n] = sum h[k] x[n+k-1]: the kernel comes back reversed",
    ]
    data = json.loads(json.dumps(found.to_dict()))
    assert (data["verdict"], data["origin"], data["kernel"], data["response_length"]) == (
        "correlation",
        [1],
        list(H),
        3,
    )
    long = flip_check(np.convolve, np.arange(1.0, 400)).to_dict()
    assert (long["kernel"], long["kernel_length"]) == (None, 399)


def run(capfd, *args):
    capfd.readouterr()
    code = main(["flip-check", *args])
    return code, *capfd.readouterr()


def test_the_command_prints_the_verdict_or_json(capfd):
    code, out, err = run(capfd, "numpy:correlate", "--kernel", "1,2,4,9")
    assert (code, err) == (0, "")
    assert out.startswith("numpy:correlate: correlation\n")
    code, out, _ = run(capfd, "scipy.signal:convolve2d", "--kernel", "1,2;3,5", "--json")
    assert (code, json.loads(out)["verdict"]) == (0, "convolution")
    code, out, _ = run(capfd, "--", *mapper("sf.write(o, np.convolve(x, sf.read(k)[0]), fs, subtype='FLOAT')"))
    assert (code, ": convolution\n" in out) == (0, True)


def test_the_command_reads_a_configuration(capfd, tmp_path):
    config = tmp_path / "c.yaml"
    config.write_text("version: 1\nstages:\n  - {use: correlate, template: [4, 2, 1]}\n", "utf-8")
    code, out, _ = run(capfd, str(config), "--json")
    assert (code, json.loads(out)["verdict"]) == (0, "correlation")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["numpy:convolve", "--kernel", "1,x"], "--kernel must be numbers parted by commas"),
        (["numpy:convolve", "--kernel", "1,2;3"], "rows must have one length, got 2, 1 taps"),
        (["numpy:convolve", "--fs", "-1"], "fs must be above 0 Hz"),
        (["stage:echo", "delay=-1"], "stages[0].delay: must be above 0 s"),
    ],
)
def test_the_command_refuses_in_one_line(capfd, args, words):
    code, out, err = run(capfd, *args)
    assert (code, out) == (2, "")
    assert words in err


def test_causality_is_measured_by_changing_the_future():
    assert causality_check(np.convolve).causal
    for f, ahead in ((np.correlate, 2), (lambda x, h: np.convolve(x, h, "same"), 1)):
        found = causality_check(f)
        assert (found.causal, found.lookahead, found.earliest) == (False, ahead, found.changed - ahead)
    whole = causality_check(lambda x: x / np.abs(x).max())
    assert (whole.causal, whole.earliest, whole.lookahead) == (False, 0, whole.changed)
    assert causality_check(lambda x: 0 * x).earliest is None
    assert causality_check("scipy.ndimage:correlate1d", [1, 2, 3, 4, 5]).lookahead == 2
    assert causality_check(scipy.signal.convolve2d).causal


def test_a_transform_disturbs_the_past_by_rounding_only_and_this_is_counted():
    h = np.random.default_rng(1).standard_normal(257)
    found = causality_check(scipy.signal.oaconvolve, h, frames=4000)
    assert found.causal
    assert found.rounded > 100
    assert 0 < found.largest_rounding < 1e-14
    assert f"{found.rounded:,} earlier frames differ by rounding" in str(found)
    assert found.to_dict()["lookahead"] == 0


@pytest.mark.parametrize(
    ("a", "b"), [((1,), (1,)), ((5,), (3,)), ((64,), (64,)), ((7, 4), (3, 5)), ((3, 1, 4), (2, 2, 2))]
)
def test_the_convolution_behind_a_check_is_the_sum_of_the_definition(a, b):
    draw = np.random.default_rng(4)
    x, h = draw.standard_normal(a), draw.standard_normal(b)
    expected = np.zeros([m + n - 1 for m, n in zip(a, b, strict=True)])
    for at, tap in np.ndenumerate(h):
        expected[tuple(slice(k, k + n) for k, n in zip(at, a, strict=True))] += tap * x
    found = convolved(x, h)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= 1e-13
