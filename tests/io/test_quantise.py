"""Rounding, dither and clipping, by themselves and through whole files."""

import numpy as np
import pytest

from pipeline.errors import SignalError
from pipeline.io import OutputFormat, open_writer, read_signal
from pipeline.io.encodings import decode, encode
from pipeline.io.quantise import Quantiser, tpdf_noise
from tests.io.helpers import noise, save

CODES_16 = np.arange(-32768, 32768, dtype=np.int32)


def quantiser(bits=16, dither="none", clip="warn", key="out.wav"):
    return Quantiser(bits, dither=dither, clip=clip, key=key)


@pytest.mark.parametrize("container", ["wav", "rf64", "w64", "aiff", "flac"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_all_65536_codes_of_16_bits_survive_a_file(tmp_path, container, dtype):
    path = tmp_path / f"codes.{container}"
    x = (CODES_16 / 32768.0)[:, None].astype(dtype)
    report = save(path, x, fmt=OutputFormat("PCM_16"))
    y, info = read_signal(path, dtype=dtype)
    assert report.clipped == 0
    assert info.subtype == "PCM_16"
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, x)


@pytest.mark.parametrize(
    ("container", "subtype"),
    [
        ("wav", "PCM_24"),
        ("flac", "PCM_24"),
        ("aiff", "PCM_24"),
        ("w64", "PCM_32"),
        ("wav", "PCM_32"),
        ("aiff", "PCM_32"),
    ],
)
def test_codes_of_24_and_32_bits_survive_a_file(tmp_path, container, subtype):
    bits = int(subtype[-2:])
    codes = np.random.default_rng(2).integers(-(2 ** (bits - 1)), 2 ** (bits - 1), 20_000)
    codes[:4] = [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1, 0, -1]
    x = (codes / 2.0 ** (bits - 1))[:, None]
    path = tmp_path / f"codes.{container}"
    assert save(path, x, fmt=OutputFormat(subtype)).clipped == 0
    np.testing.assert_array_equal(read_signal(path)[0], x)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32"])
@pytest.mark.parametrize("frames", [0, 1, 2, 33])
def test_bytes_of_every_integer_encoding_decode_to_their_codes(subtype, frames):
    bits = 8 if subtype == "PCM_U8" else int(subtype[-2:])
    codes = np.random.default_rng(3).integers(-(2 ** (bits - 1)), 2 ** (bits - 1), (frames, 2)).astype(np.int32)
    x = decode(encode(codes, subtype), subtype, 2, np.float64)
    assert x.shape == (frames, 2)
    np.testing.assert_array_equal(x * 2 ** (bits - 1), codes)


def test_rounding_goes_to_the_nearest_code_and_has_no_bias():
    x = np.random.default_rng(4).uniform(-0.9, 0.9, (200_000, 1))
    error = quantiser().codes(x) - x * 32768
    assert np.abs(error).max() <= 0.5
    assert abs(error.mean()) < 5 * np.sqrt(1 / 12 / len(x))


def test_plus_one_is_clipped_and_counted_but_minus_one_is_not():
    q = quantiser()
    codes = q.codes(np.array([[-1.0, 0.0], [1.0, 32767 / 32768], [0.5, 32767.4 / 32768], [0.0, -1.0 - 2.0**-15]]))
    np.testing.assert_array_equal(codes, [[-32768, 0], [32767, 32767], [16384, 32767], [0, -32768]])
    assert q.clipped == 2
    assert q.first_clip == (1, 0)


def test_the_first_clip_is_counted_from_the_start_of_the_signal():
    q = quantiser()
    q.codes(np.zeros((10, 3)))
    x = np.zeros((5, 3))
    x[2, 1], x[3, 0] = 1.5, -2.0
    q.codes(x)
    q.codes(x)
    assert (q.clipped, q.first_clip) == (4, (12, 1))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_never_becomes_an_integer(value):
    q = quantiser()
    q.codes(np.zeros((7, 2)))
    x = np.zeros((4, 2))
    x[3, 1] = value
    with pytest.raises(SignalError, match=r"frame 10, channel 1 is .*(nan|inf).*write FLOAT"):
        q.codes(x)
    with pytest.raises(SignalError, match="frame 10, channel 1"):
        Quantiser(None, dither="none", clip="warn", key="").limited(np.vstack([np.zeros((7, 2)), x]))


def test_clip_error_stops_at_the_first_sample_over_full_scale():
    with pytest.raises(SignalError, match=r"frame 1, channel 0 is \+1\.25: over full scale"):
        quantiser(clip="error").codes(np.array([[0.0], [1.25]]))
    np.testing.assert_array_equal(quantiser(clip="error").codes(np.array([[-1.0], [0.25]])), [[-32768], [8192]])


def test_a_quantiser_without_bits_only_limits():
    q = Quantiser(None, dither="none", clip="warn", key="")
    np.testing.assert_array_equal(q.limited(np.array([[1.5, -1.0], [0.5, -3.0]])), [[1.0, -1.0], [0.5, -1.0]])
    assert (q.clipped, q.first_clip) == (2, (0, 0))
    with pytest.raises(TypeError, match="only limits"):
        q.codes(np.zeros((1, 1)))


def test_triangular_noise_has_its_mean_its_variance_and_its_width():
    d = tpdf_noise("a.wav", 0, 0, 400_000)
    assert abs(d.mean()) < 5 * np.sqrt(1 / 6 / len(d))
    # The fourth moment of the triangle is 1/15, so the variance of d² is 1/15 - 1/36.
    assert abs(d.var() - 1 / 6) < 5 * np.sqrt((1 / 15 - 1 / 36) / len(d))
    assert np.abs(d).max() < 1.0
    assert np.abs(d).max() > 0.99


@pytest.mark.parametrize("level", [0.0, 0.25, 0.5, 0.8])
def test_the_error_of_dithered_samples_does_not_depend_on_the_signal(level):
    x = np.full((300_000, 1), level / 32768)
    error = quantiser(dither="tpdf").codes(x)[:, 0] - level
    assert abs(error.mean()) < 5 * np.sqrt(1 / 4 / len(x))
    assert abs(error.var() - 1 / 4) < 5 * np.sqrt(1 / 4 / len(x))  # the fourth moment of the error is below 5/16


def test_noise_differs_between_channels_and_between_names():
    draws = [tpdf_noise("a.wav", 0, 0, 5000), tpdf_noise("a.wav", 1, 0, 5000), tpdf_noise("b.wav", 0, 0, 5000)]
    correlation = np.corrcoef(draws)
    assert np.abs(correlation - np.eye(3)).max() < 5 / np.sqrt(5000)


@pytest.mark.parametrize("seed", range(5))
def test_no_cut_into_blocks_changes_the_noise(seed):
    rng = np.random.default_rng(seed)
    whole = tpdf_noise("a.wav", 3, 0, 2000)
    cuts = np.sort(rng.integers(0, 2000, 12))
    parts = [tpdf_noise("a.wav", 3, a, b - a) for a, b in zip([0, *cuts], [*cuts, 2000], strict=True)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("container", ["wav", "flac", "aiff", "w64", "ogg", "mp3"])
def test_no_cut_into_blocks_changes_a_byte_of_a_dithered_file(tmp_path, container):
    x = noise(9000, 2)
    path = tmp_path / f"x.{container}"
    subtype = None if container in ("ogg", "mp3") else "PCM_16"
    files = []
    for cuts in [(), (1, 2, 5, 4099), np.sort(np.random.default_rng(5).integers(0, 9000, 40))]:
        save(path, x, cuts=cuts, fmt=OutputFormat(subtype, dither="tpdf"))
        files.append(path.read_bytes())
    assert files[0] == files[1] == files[2]


def test_dither_changes_16_bit_audio_by_less_than_two_codes(tmp_path):
    x = noise(5000, 1)
    save(tmp_path / "x.wav", x, fmt=OutputFormat("PCM_16", dither="tpdf"))
    error = (read_signal(tmp_path / "x.wav")[0] - x) * 32768
    assert 0.5 < np.abs(error).max() < 1.5


@pytest.mark.parametrize("subtype", ["ULAW", "ALAW"])
def test_companded_audio_clips_where_libsndfile_would_wrap_round(tmp_path, subtype):
    report = save(tmp_path / "x.wav", np.array([[1.5], [-1.5], [0.1]]), fmt=OutputFormat(subtype))
    y, info = read_signal(tmp_path / "x.wav")
    assert info.subtype == subtype
    assert report.clipped == 2
    assert y[0, 0] > 0.95
    assert y[1, 0] < -0.95


def test_float_output_never_clips(tmp_path):
    x = np.array([[1.5], [-7.25], [np.nan], [np.inf]])
    report = save(tmp_path / "x.wav", x, fmt=OutputFormat("FLOAT", clip="error"))
    np.testing.assert_array_equal(read_signal(tmp_path / "x.wav")[0], x)
    assert (report.peak, report.clipped, report.first_clip) == (7.25, 0, None)


@pytest.mark.parametrize("dither", ["none", "tpdf"])
@pytest.mark.parametrize(
    ("name", "subtype"),
    [
        ("x.wav", "PCM_U8"),
        ("x.wav", "PCM_16"),
        ("x.wav", "PCM_32"),
        ("x.flac", "PCM_24"),
        ("x.wav", "ULAW"),
        ("x.mp3", None),
    ],
)
def test_what_does_not_pass_full_scale_is_not_clipped(tmp_path, name, subtype, dither):
    fmt = OutputFormat(subtype, dither=dither, clip="error")
    with open_writer(tmp_path / name, fs=8000, channels=1, fmt=fmt) as writer:
        top = writer.full_scale
        writer.write(np.full((5000, 1), top))
        writer.write(np.full((5000, 1), -top))
        assert writer.commit().clipped == 0
    assert 0.98 < top <= 1.0


@pytest.mark.parametrize(("name", "subtype"), [("x.wav", "FLOAT"), ("x.aiff", "DOUBLE"), ("x.csv", None)])
def test_what_holds_floats_has_no_full_scale(tmp_path, name, subtype):
    with open_writer(tmp_path / name, fs=8000, channels=1, fmt=OutputFormat(subtype)) as writer:
        assert writer.full_scale is None
