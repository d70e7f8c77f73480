"""flip_check takes what people have: images, texts, NaN at the ends, kernels by name, lags, channels, tensors."""

from __future__ import annotations

import functools
import json
import re
import sys

import numpy as np
import pytest
import scipy
from faltung_flipcheck.causality import causality_check
from faltung_flipcheck.flip import flip_check
from PIL import ImageFilter

from pipeline.cli import main
from pipeline.errors import FaltungError, UsageError

NINE = [[9, 8, 7], [6, 5, 4], [3, 2, 1]]


def python(body: str, *words: str) -> list[str]:
    """A command that runs one line of Python on ``a``, the words given."""
    known = ["from PIL import Image", "from scipy import ndimage", "import soundfile as sf"]
    imports = "; ".join(["import sys, numpy as np", *(line for line in known if f"{line.split()[-1]}." in body)])
    return [sys.executable, "-c", f"{imports}; a = sys.argv[1:]; {body}", *words]


# ---- derivatives and their sign


@pytest.mark.parametrize(("taps", "slope"), [([1, 0, -1], 2), ([-1, 0, 1], -2), ([1, -1], 1), ([1, -2, 1], None)])
def test_a_derivative_tells_what_a_rising_ramp_gives(taps, slope):
    found = flip_check(lambda x: np.convolve(x, taps, "same"))
    ramp = np.convolve(np.arange(20.0), taps, "same")[8:12]  # the definition: a ramp, convolved
    assert slope is None or ramp.tolist() == [slope] * 4
    assert found.slope == (None if slope is None else pytest.approx((slope,)))
    wrong = [w for w in found.warnings if "points the wrong way" in w]
    assert wrong == ([f"a ramp that rises gives {slope}: this derivative points the wrong way"] if slope == -2 else [])


def test_a_derivative_that_lost_its_flip_is_warned_of_though_its_kernel_is_antisymmetric():
    found = flip_check(lambda x, h: scipy.ndimage.correlate1d(x, h), [1, 0, -1])
    assert found.verdict == "cannot tell"
    assert "a ramp that rises gives -2: this derivative points the wrong way" in found.warnings
    assert "a rising ramp     gives -2" in str(found)


def test_the_gradients_of_an_image_have_a_slope_along_each_axis():
    found = flip_check(lambda x: scipy.ndimage.sobel(x, axis=1), image=True)
    assert found.slope == pytest.approx((0, 8))
    assert flip_check(["scipy.ndimage:sobel", "axis=0"]).slope in ((pytest.approx(2),), pytest.approx((8, 0)))
    assert len(flip_check(["scipy.ndimage:sobel", "axis=1"]).starts) == 2  # no signal has an axis 1


# ---- NaN at the ends


@pytest.mark.parametrize(("before", "after"), [(2, 1), (1, 2), (3, 0), (0, 3)])
def test_nan_at_the_ends_is_a_boundary_and_tells_the_window(before, after):
    def rolling(x):
        y = np.full(len(x), np.nan)
        windows = np.lib.stride_tricks.sliding_window_view(x, 4)
        y[before : len(x) - after] = windows.mean(axis=1)
        return y

    found = flip_check(rolling)
    assert (found.edges, found.nan) == ("nan", ((before, after),))
    assert (found.starts, found.response) == ((-after,), (0.25,) * 4)


def test_nan_inside_or_that_moves_is_refused():
    with pytest.raises(FaltungError, match="must return finite numbers for finite ones, got nan"):
        flip_check(lambda x: np.where(np.arange(len(x)) == len(x) // 2 + 9, np.nan, x))
    with pytest.raises(FaltungError, match="must return finite numbers"):
        flip_check(lambda x: np.where(x > 0, np.nan, x))


# ---- which parameter is the kernel, and in what form


def test_the_kernel_is_found_by_its_name_or_put_where_it_is_said():
    def named(image, depth=-1, *, kernel):
        return scipy.ndimage.correlate(image, np.asarray(kernel))

    def strange(image, depth, matrix):
        return scipy.ndimage.convolve(image, np.asarray(matrix))

    assert flip_check(named, NINE).verdict == "correlation"
    with pytest.raises(FaltungError, match="missing 1 required positional argument: 'matrix'"):
        flip_check(strange, NINE)
    found = flip_check(functools.partial(strange, depth=1), NINE, kernel_as="matrix")
    assert (found.verdict, found.origin) == ("convolution", (1, 1))


def test_forms_other_than_arrays_are_tried():
    def batched(x, w):
        if x.ndim != 3 or w.ndim != 3:
            raise TypeError("expected (1, 1, N)")
        return np.correlate(x[0, 0], w[0, 0], "same")[None, None]

    def channels_last(x, filters):
        if x.shape[-1] != 1 or filters.ndim != 3:
            raise TypeError("expected (1, N, 1) and (M, 1, 1)")
        return np.correlate(x[0, :, 0], filters[:, 0, 0], "same")[None, :, None]

    def single(x, h):
        if x.dtype != np.float32:
            raise TypeError("expected float32")
        return np.convolve(x, h)

    assert [flip_check(f).verdict for f in (batched, channels_last, single)] == ["correlation"] * 2 + ["convolution"]
    with pytest.raises(UsageError, match=r"--as: 'tensr' is no form .* did you mean 'tensor'"):
        flip_check(single, form="tensr")


class Frame:
    """What a library of tables or images has instead of arrays."""

    def __init__(self, values):
        self.values = values

    def to_numpy(self):
        return self.values


def test_what_a_library_returns_is_turned_into_an_array():
    assert flip_check(lambda x, h: Frame(np.convolve(x, h))).verdict == "convolution"
    assert flip_check(lambda x, h: (np.convolve(x, h), {"of": "what it knows"})).verdict == "convolution"


def test_a_function_of_dask_arrays_is_handed_one():
    pytest.importorskip("dask.array")

    def chunked(x, h):
        return x.map_overlap(lambda b: scipy.ndimage.convolve1d(b, h), depth=8, boundary="reflect")

    assert flip_check(chunked).verdict == "convolution"


# ---- 8 bits and images


def test_pixels_saturate_and_round_and_are_still_told_apart():
    def blur(image, kernel):  # Pillow turns the rows of a kernel, not the columns
        return image.filter(ImageFilter.Kernel((3, 3), kernel.reshape(-1).tolist()))

    found = flip_check(blur, NINE, form="pillow")
    assert (found.verdict, found.known_as) == ("neither", "flips one axis")
    assert found.sentence == "flips rows, not columns: the kernel comes back reversed along axis 1 alone"
    assert np.allclose(found.response, np.array(NINE)[:, ::-1] / 45, atol=1 / 240)


@pytest.mark.parametrize(
    ("f", "verdict"), [(scipy.ndimage.convolve, "convolution"), (scipy.ndimage.correlate, "correlation")]
)
@pytest.mark.parametrize("scale", [1, 1 / 45, 1 / 9])
def test_eight_bit_functions_are_sent_whole_numbers(f, verdict, scale):
    def eight(x, h):
        assert x.dtype == np.uint8
        return np.clip(np.round(f(x.astype(float), h)), 0, 255).astype(np.uint8)

    assert flip_check(eight, np.array(NINE) * scale, form="uint8").verdict == verdict


@pytest.mark.parametrize(
    ("variant", "sentence"),
    [
        (lambda h: h.T, "transposes: the kernel comes back with rows and columns exchanged, as it is"),
        (lambda h: h.T[::-1, ::-1], "transposes: .* exchanged, turned by 180 degrees"),
        (lambda h: h.T[::-1], "transposes: .* exchanged, reversed along axis 0 alone"),
        (lambda h: h[::-1], "flips columns, not rows"),
    ],
)
def test_a_kernel_that_is_transposed_or_half_flipped_is_named(variant, sentence):
    found = flip_check(lambda x, h: scipy.ndimage.convolve(x, variant(h)), NINE)
    assert found.verdict == "neither"
    assert re.match(sentence, found.sentence)


@pytest.mark.parametrize("kind", ["png", *(pytest.param(one, marks=pytest.mark.long) for one in ("pgm", "tif"))])
def test_commands_on_images_go_through_files(kind):
    body = "k = np.array(eval(a[2])).reshape(3, 3) / 45; im = np.asarray(Image.open(a[0])).astype(float); "
    body += "y = ndimage.correlate(im, k, mode='nearest'); "
    body += f"Image.fromarray({'y.astype(np.float32)' if kind == 'tif' else 'np.round(y).astype(np.uint8)'}).save(a[1])"
    found = flip_check(python(body, f"{{in.{kind}}}", f"{{out.{kind}}}", "[{taps,}]"), NINE)
    assert (found.verdict, found.origin) == ("correlation", (1, 1))
    assert found.edges == "nearest or reflect"
    assert found.gain == pytest.approx(1 / 45, rel=0.02)


# ---- texts: any language


@pytest.mark.parametrize(
    ("show", "verdict"),
    [
        ("print(*np.convolve(x, h), sep='\\n')", "convolution"),
        ("print('[1]', *np.correlate(x, h, 'same').round(6))", "correlation"),
        ("print('[', ', '.join(map(str, np.convolve(x, h, 'same'))), ']')", "convolution"),
        ("print('NA', *np.convolve(x, h, 'valid'), 'NA')", "convolution"),
        ("print(*(f'{v:.5e}' for v in np.correlate(x, h)))", "correlation"),
    ],
)
def test_numbers_in_and_numbers_out_is_all_a_language_needs(show, verdict):
    found = flip_check(python(f"x = np.array(sys.stdin.read().split(), float); h = [{{taps,}}]; {show}"))
    assert found.verdict == verdict
    assert found.edges == ("nan" if "NA" in show else "zeros" if "same" in show else None)


def test_text_files_and_images_of_text_work_too():
    body = "h = np.array([[float(t) for t in r.split(',')] for r in '{taps;}'.split(';')]); "
    body += "y = ndimage.convolve(np.loadtxt(a[0], delimiter=','), h, mode='wrap'); np.savetxt(a[1], y)"
    found = flip_check(python(body, "{in.csv}", "{out.txt}"), image=True)
    assert (found.verdict, found.edges) == ("convolution", "wrap")
    raw = python("np.correlate(np.fromfile(a[0], '<f4'), np.loadtxt(a[2]), 'same').astype('<f8').tofile(a[1])")
    assert flip_check([*raw, "{in.f32}", "{out.f64}", "{kernel.txt}"]).verdict == "correlation"


@pytest.mark.parametrize(
    ("words", "kind", "match"),
    [
        (python("print('none')"), FaltungError, "must print numbers, got 'none"),
        (["cat", "{in.xyz}", "{out.txt}"], UsageError, r"\.xyz is no kind of file for numbers; one of wav, txt"),
        (
            ["cat", "{in.f32}", "{out.f32}"],
            UsageError,
            "a file of raw numbers is a signal; its kernel must have one axis",
        ),
        (python("pass", "{in.png}", "{out.png}"), FaltungError, "left no PNG file to read under {out}"),
    ],
)
def test_what_is_no_answer_is_refused_with_the_reason(words, kind, match):
    with pytest.raises(kind, match=match):
        flip_check(words, NINE if "f32" in "".join(words) else None)


# ---- channels, padding, copies


def test_channels_that_fall_silent_or_change_their_level_are_warned_of():
    body = "x, fs = sf.read(a[0]); h = sf.read(a[2])[0]; n = x.shape[-1] if x.ndim > 1 else 1; "
    body += "x = x.reshape(len(x), -1); y = np.stack([np.convolve(c, h) for c in x.T], 1); "
    body += (
        "y = y * (np.arange(n) == 2) if n == 6 else y / 2 ** (0.5 * (n == 2)); sf.write(a[1], y, fs, subtype='FLOAT')"
    )
    found = flip_check(python(body, "{in}", "{out}", "{kernel}"))
    assert found.verdict == "convolution"
    assert found.channels == ("2: 0.7071 0.7071", "6: 0 0 1 0 0 0")
    assert "of 6 channels, 1, 2, 4, 5, 6 fall silent" in found.warnings


def test_a_program_that_fails_on_few_taps_is_found_out():
    body = "x, fs = sf.read(a[0]); h = sf.read(a[2])[0]; y = np.convolve(x, h * (1e-4 if len(h) < 8 else 1)); "
    body += "sf.write(a[1], y, fs, subtype='FLOAT')"
    found = flip_check(python(body, "{in}", "{out}", "{kernel.wav}"))
    assert found.verdict == "convolution"
    assert (
        "padded with zeros from 3 taps; without them the loudest sample is 0.0001 times this one" in found.warnings[-1]
    )
    assert not any(
        "padded" in w for w in flip_check(python(body.replace("1e-4", "1"), "{in}", "{out}", "{kernel}")).warnings
    )


@pytest.mark.parametrize(("turned", "word"), [(False, ""), (True, " reversed")])
@pytest.mark.parametrize(("gains", "rest"), [((1, 1, 1), ""), ((1, 0.5), ", with gains 1, 0.5")])
def test_a_kernel_that_comes_back_again_and_again_is_counted(gains, rest, turned, word):
    train = np.zeros(40 * len(gains))
    train[::40] = gains
    found = flip_check(lambda x, h: np.convolve(np.convolve(x, h[::-1] if turned else h), train))
    assert found.known_as == "copies"
    assert found.sentence == f"the kernel comes back{word} {len(gains)} times, every 40 frames{rest}"


@pytest.mark.parametrize("wrong", [[4, 2], [4, 1, 2], [4, 0, 1], [1, 4, 2, 1], [4, 2, 2, 1]])
def test_another_kernel_is_no_sum_of_copies(wrong):
    found = flip_check(lambda x, h: np.convolve(x, wrong))
    assert (found.verdict, found.known_as) == ("neither", None)


# ---- ends


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("edge", "constant", "nearest at the start, zeros at the end"),
        ("reflect", "symmetric", "mirror at the start, reflect at the end"),
        ("wrap", "wrap", "wrap"),
    ],
)
def test_either_end_is_named(start, end, words):
    def f(x, h):
        padded = np.concatenate([np.pad(x, 4, mode=start)[:4], x, np.pad(x, 4, mode=end)[-4:]])
        return np.convolve(padded, h, "same")[4:-4]

    assert flip_check(f, [5, 4, 3, 2, 1]).edges == words


def test_an_impulse_at_either_end_shows_what_the_middle_hides():
    def start(x):  # as if the line through the first two samples went on before them
        return x - 0.97 * np.concatenate([[2 * x[0] - x[1]], x[:-1]])

    found = flip_check(start, [1, -0.97])
    assert (found.verdict, found.edges) == ("convolution", "another way at the start")
    assert found.ends == "an impulse at frame 0 gives -0.94 -0.97 0 0 there, where 1 -0.97 0 0 is due"
    blocks = flip_check(lambda x, h: np.convolve(x, h)[: len(x) // 100 * 100])
    assert blocks.ends == "an impulse at the last frame is not heard"
    assert flip_check(np.convolve).ends is None
    assert flip_check(lambda x, h: np.convolve(x, h)[: len(x)]).ends is None


# ---- what has a name


def test_what_has_a_name_is_named():
    def normalised(x, h):
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, 1), 3)
        with np.errstate(all="ignore"):
            return windows @ h / np.linalg.norm(windows, axis=1) / np.linalg.norm(h)

    cases = {
        normalised: ("not linear", "normalised"),
        scipy.signal.filtfilt: ("neither", "forwards and backwards"),
        (lambda x, h: np.convolve(x, h)[::2]): ("not time-invariant", "decimation by 2"),
        (lambda x, h: np.convolve(x, h)[::5]): ("not time-invariant", "decimation by 5"),
        (lambda x: x): ("cannot tell", "identity"),
        (lambda x, h: x + 0 * h[0]): ("neither", "identity"),
        np.tanh: ("not linear", None),
        (lambda x: x[::-1]): ("not time-invariant", None),
    }
    assert {f: (flip_check(f).verdict, flip_check(f).known_as) for f in cases} == cases


def test_lag_0_is_where_equal_signals_meet():
    def around(x, h, shift=100):
        full = np.zeros(2 * shift + len(x) + len(h))
        lags = np.correlate(x, h, "full")
        middle = (len(x) + len(h)) // 2 - 1
        full[shift : shift + len(lags)] = lags
        return full[middle : middle + 2 * shift + 1]

    assert flip_check(around).lag_0 == 100
    assert flip_check(lambda x, h: np.correlate(x, h, "full")).lag_0 == 2
    assert flip_check("scipy.ndimage:correlate1d").lag_0 is None


# ---- other lengths and dtypes


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("scipy.ndimage:correlate1d", "of an even kernel of 4, tap 2"),
        ("scipy.ndimage:convolve1d", "of an even kernel of 4, tap 2"),
        ("numpy:convolve mode=same", "of an even kernel of 4, tap 1"),
        ("numpy:convolve", "of an even kernel of 4, tap 0"),
    ],
)
def test_the_origin_of_an_even_kernel_is_told_beside_that_of_an_odd_one(target, words):
    assert flip_check(target.split()).other_origin == words


@pytest.mark.parametrize("mode", ["nearest", "reflect", "mirror", "constant"])
def test_the_boundary_of_eight_bits_is_asked_with_taps_that_cannot_saturate(mode):
    def pixels(image, kernel):
        y = scipy.ndimage.correlate(image.astype(float), kernel, mode=mode)
        return np.clip(np.rint(y), 0, 255).astype(np.uint8)

    found = flip_check(pixels, form="uint8", image=True)
    assert found.edges == {"constant": "zeros"}.get(mode, mode)  # three taps leave nearest and reflect alike


def test_what_is_silent_on_an_even_kernel_has_no_origin_there():
    found = flip_check(lambda x, h: np.convolve(x, h, "same") * (len(h) % 2))
    assert (found.verdict, found.origin, found.other_origin) == ("convolution", (1,), None)


def test_an_even_kernel_is_sent_to_programs_on_sounds_as_well():
    body = (
        "(x, fs), (h, _) = sf.read(a[0]), sf.read(a[2]); "
        "sf.write(a[1], np.convolve(x, np.trim_zeros(h), 'same'), fs, subtype='FLOAT')"
    )
    assert flip_check(python(body, "{in}", "{out}", "{kernel}")).other_origin == "of an even kernel of 4, tap 1"


@pytest.mark.parametrize("growth", [0.99, 1.0, 1.02])
def test_an_answer_that_goes_on_is_no_surprise_at_the_start(growth):
    found = flip_check(lambda x: scipy.signal.lfilter([1], [1, -growth], x))
    assert found.ends is None
    late = flip_check(lambda x: scipy.signal.lfilter([1], [1, -growth], np.concatenate([[0], x[1:]])))
    assert late.ends == "an impulse at frame 0 is not heard"


def test_an_even_kernel_may_be_refused():
    def odd(x, h):
        if len(h) % 2 == 0:
            raise ValueError("the kernel must be odd")
        return np.convolve(x, h, "same")

    assert flip_check(odd).other_origin == "of an even kernel of 4, refused"
    assert flip_check(odd, [4, 2, 1]).verdict == "convolution"


def test_whole_numbers_wrap_saturate_or_are_cut():
    def saturating(x, h):
        y = np.convolve(x.astype(float), np.asarray(h, float), "same")
        return (
            np.clip(y, *(np.iinfo(x.dtype).min, np.iinfo(x.dtype).max)).astype(x.dtype) if x.dtype.kind in "iu" else y
        )

    def cutting(x, h):
        return np.convolve(x, np.asarray(h).astype(x.dtype), "same")

    assert flip_check(np.convolve).dtypes[:2] == (
        "uint8: wraps, 1200 becomes 176",
        "int16: wraps, 120000 becomes -11072",
    )
    assert flip_check(saturating).dtypes[0] == "uint8: saturates at 255"
    assert "fractions on uint8: 0 for 200" in flip_check(cutting).dtypes
    assert flip_check(np.convolve).dtypes[-1] == "float32: float32"


# ---- the command


def test_the_command_takes_the_new_options(capfd, tmp_path):
    module = tmp_path / "mine.py"
    module.write_text(
        "from scipy import ndimage\ndef blur(x, depth=0, matrix=None):\n    return ndimage.convolve(x, matrix)\n",
        "utf-8",
    )
    code = main(["flip-check", f"{module}:blur", "--kernel-as", "matrix", "--image", "--json"])
    data = json.loads(capfd.readouterr().out)
    assert (code, data["verdict"], data["edges"]) == (0, "convolution", "reflect")
    code = main(["flip-check", "--", *python("print(*np.cumsum(np.array(sys.stdin.read().split(), float)))")])
    assert (code, "cannot tell" in capfd.readouterr().out) == (0, True)
    assert main(["flip-check", f"{tmp_path}/none.py:f"]) == 2
    assert "No such file" in capfd.readouterr().err


def test_causality_is_asked_of_texts_as_well():
    found = causality_check(python("x = np.array(sys.stdin.read().split(), float); print(*np.correlate(x, [4, 2, 1]))"))
    assert (found.causal, found.lookahead) == (False, 2)


def test_a_picture_of_three_equal_colours_is_read_as_grey():
    body = "im = Image.open(a[0]).convert('RGB'); im.save(a[1])"
    found = flip_check(python(body, "{in.png}", "{out.png}"))
    assert (found.verdict, found.known_as) == ("cannot tell", "identity")
