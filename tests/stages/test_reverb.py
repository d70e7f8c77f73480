"""Reverb: impulse responses of every layout, mixed with the dry signal."""

import math

import numpy as np
import pytest
import soundfile

from pipeline.engine.plan import make_plan
from pipeline.errors import SettingError
from pipeline.stages.base import Format
from pipeline.stages.reverb import Reverb

from .helpers import MONO, STEREO, noise, refused, run, taps


def as_it_is(**settings):
    return Reverb(normalize="none", **settings)


@pytest.fixture
def hall(tmp_path):
    """A function that saves a response and gives its path."""

    def save(response, name="hall.npy"):
        np.save(tmp_path / name, response)
        return tmp_path / name

    return save


def test_as_it_is_it_is_convolution_with_the_file(hall):
    h, x = noise(30), noise(40, 2, seed=1)
    y = run(as_it_is(ir=hall(h)), x)
    for c in range(2):
        np.testing.assert_allclose(y[:, c], np.convolve(x[:, c], h), rtol=0, atol=1e-13)


@pytest.mark.parametrize(("mix", "m"), [("0%", 0.0), ("30%", 0.3), (1, 1.0)])
def test_the_mix_goes_from_dry_to_wet(hall, mix, m):
    h = noise(6)
    expected = m * np.concatenate([np.zeros(8), h])
    expected[0] += 1 - m
    np.testing.assert_allclose(taps(as_it_is(ir=hall(h), mix=mix, predelay="1 ms")), expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize("normalize", ["dc", "l1", "l2"])
def test_the_loudest_channel_has_norm_one_and_the_others_keep_their_balance(hall, normalize):
    h = np.abs(noise(50, 2)) * [1, 0.25]
    got = taps(Reverb(ir=hall(h), normalize=normalize), STEREO)
    norm = {"dc": lambda c: c.sum(), "l1": lambda c: np.abs(c).sum(), "l2": lambda c: np.sqrt((c**2).sum())}[normalize]
    assert norm(got[:, 0]) == pytest.approx(1, abs=1e-14)
    np.testing.assert_allclose(got[:, 0] / got[:, 1], h[:, 0] / h[:, 1], rtol=1e-13)


def test_what_comes_from_both_inputs_counts_together_so_that_l1_cannot_clip_and_l2_is_no_louder(hall):
    h = np.tile(noise(40, 1), 4)
    x = np.sign(h[::-1, :2])  # the worst of all signals
    assert np.abs(run(Reverb(ir=hall(h), normalize="l1"), x)).max() == pytest.approx(1, abs=1e-12)
    assert Reverb(ir=hall(h)).kernel(STEREO).norm2 == pytest.approx(np.sqrt(0.5), abs=1e-12)


def test_the_default_keeps_noise_as_loud_at_every_rate(tmp_path):
    h = 30 * noise(3000) * np.exp(-np.arange(3000) / 400)
    soundfile.write(tmp_path / "hall.wav", h / 40, 16000, subtype="DOUBLE")
    x = np.random.default_rng(5).standard_normal((60_000, 1))
    y = run(Reverb(ir=tmp_path / "hall.wav"), x, 16000.0)[:60_000]
    assert np.sqrt((y**2).mean()) == pytest.approx(np.sqrt((x**2).mean()), rel=0.1)
    f, levels = np.linspace(100, 3000, 50), []
    for fs in (16000.0, 8000.0, 96000.0):
        kernel = Reverb(ir=tmp_path / "hall.wav", resample=True).kernel(Format(fs, 1))
        levels.append(np.abs(np.exp(-2j * np.pi * np.outer(f, np.arange(kernel.length)) / fs) @ kernel.taps))
    np.testing.assert_allclose(levels[1:], [levels[0]] * 2, rtol=0.1)


def test_the_plan_says_what_makes_noise_louder_and_what_helps(hall):
    def notes(**settings):
        return make_plan([Reverb(ir=hall(np.r_[1.0, 1.0, 1.0, 1.0]), **settings)], MONO).stages[0].notes

    assert notes() == ("at worst a signal comes out 6.02 dB louder: normalize: l1 keeps it from clipping",)
    assert notes(normalize="l1") == notes(mix=0) == ()
    louder = "noise comes out 6.02 dB louder, at worst a signal 12.04 dB: normalize: l1 keeps it from clipping"
    assert notes(normalize="none") == (f"{louder}; normalize: l2 keeps noise as loud",)


def test_the_dry_signal_is_not_normalised(hall):
    h = np.array([0.0, 4.0, 3.0])
    np.testing.assert_allclose(taps(Reverb(ir=hall(h), normalize="l2", mix=0.5)), [0.5, 0.4, 0.3], rtol=1e-15)


def test_a_response_a_channel(hall):
    h, x = noise(9, 3), noise(20, 3, seed=1)
    y = run(as_it_is(ir=hall(h)), x)
    for c in range(3):
        np.testing.assert_allclose(y[:, c], np.convolve(x[:, c], h[:, c]), rtol=0, atol=1e-14)


def test_true_stereo_is_four_convolutions_and_the_dry_signal_stays_on_its_side(hall):
    h, x = noise(9, 4), noise(20, 2, seed=1)
    ll, lr, rl, rr = h.T
    left, right = x.T
    y = run(as_it_is(ir=hall(h), mix=0.25), x)
    wet_l = np.convolve(left, ll) + np.convolve(right, rl)
    wet_r = np.convolve(left, lr) + np.convolve(right, rr)
    dry = np.concatenate([x, np.zeros((8, 2))])
    np.testing.assert_allclose(y, 0.75 * dry + 0.25 * np.stack([wet_l, wet_r], axis=1), rtol=0, atol=1e-14)


def test_a_stereo_response_makes_a_mono_signal_stereo_with_the_dry_signal_on_both_sides(hall):
    h, x = noise(9, 2), noise(20, seed=1)
    y = run(as_it_is(ir=hall(h), mix=0.25), x)
    dry = np.concatenate([x, np.zeros(8)])
    for c in range(2):
        np.testing.assert_allclose(y[:, c], 0.75 * dry + 0.25 * np.convolve(x, h[:, c]), rtol=0, atol=1e-14)


def test_four_channels_are_true_stereo_only_for_a_stereo_signal(hall):
    path = hall(noise(9, 4))
    assert taps(Reverb(ir=path), STEREO).shape == (9, 2, 2)
    assert taps(Reverb(ir=path), Format(8000.0, 4)).shape == (9, 4)
    assert taps(Reverb(ir=path, layout="per_channel"), MONO).shape == (9, 1, 4)


@pytest.mark.parametrize(
    ("layout", "channels", "signal", "takes"),
    [
        ("auto", 3, 2, "1 channel, as many as the signal, 2 for a mono signal"),
        ("auto", 2, 4, "1 channel, as many"),
        ("auto", 4, 1, "1 channel, as many"),
        ("mono", 2, 2, "1 channel"),
        ("per_channel", 1, 2, "as many channels as the signal"),
        ("per_channel", 4, 2, "as many channels as the signal"),
        ("true_stereo", 2, 2, "4 channels"),
        ("true_stereo", 4, 4, "4 channels"),
    ],
)
def test_a_layout_that_does_not_fit_names_both_channel_counts(hall, layout, channels, signal, takes):
    match = rf"^ir: layout: {layout} wants hall.npy to have {takes}.*; it has {channels}, the signal {signal}$"
    with pytest.raises(SettingError, match=match):
        Reverb(ir=hall(noise(9, channels)), layout=layout).kernel(Format(8000.0, signal))


def test_another_rate_is_an_error_that_names_both_rates_and_the_way_out(tmp_path):
    soundfile.write(tmp_path / "hall.wav", np.ones(10), 44100)
    match = r"^ir: hall.wav is sampled at 44100 Hz, the input at 48000 Hz; set resample: true or convert it$"
    with pytest.raises(SettingError, match=match):
        Reverb(ir=tmp_path / "hall.wav").kernel(Format(48000.0, 1))


def shapes_of_responses():
    """Responses with silence, a direct sound, or all they have at their frame 0, or at their last."""
    decay = noise(2000) * np.exp(-np.arange(2000) / 300)
    for at in (0, 1, 7, 500, 1999):
        yield f"impulse at {at}", np.eye(1, 2000, at)[0]
    yield from {
        "decay": decay,
        "late decay": np.r_[np.zeros(300), decay],
        "one tap": np.ones(1),
        "step": np.ones(40),
    }.items()
    yield "two channels", np.stack([decay, decay[::-1]], axis=1)


@pytest.mark.parametrize("fs", [8000.0, 15999.7, 22050.0, 44100.0, 192000.0])
@pytest.mark.parametrize(("name", "h"), list(shapes_of_responses()))
def test_a_resampled_response_keeps_its_frequency_response_whatever_stands_at_its_ends(tmp_path, fs, name, h):
    soundfile.write(tmp_path / "hall.wav", h, 16000, subtype="DOUBLE")
    kernel = as_it_is(ir=tmp_path / "hall.wav", resample=True).kernel(Format(fs, h.ndim))
    f = np.linspace(50, 3000, 40)
    times = (np.arange(len(h)) / 16000, (np.arange(kernel.length) - kernel.origin) / fs)
    at = [np.exp(-2j * np.pi * np.outer(f, t)) @ g for t, g in zip(times, (h, kernel.taps), strict=True)]
    np.testing.assert_allclose(at[1], at[0], rtol=0, atol=4e-4 * np.abs(at[0]).max(), err_msg=name)


def test_a_response_with_silence_before_its_sound_stays_causal_when_it_is_resampled(tmp_path):
    for silence, origin in ((0, True), (500, False)):
        soundfile.write(tmp_path / "hall.wav", np.r_[np.zeros(silence), noise(800)], 16000, subtype="DOUBLE")
        assert (as_it_is(ir=tmp_path / "hall.wav", resample=True).kernel(Format(44100.0, 1)).origin > 0) == origin


def test_a_response_that_is_silent_at_its_end_lasts_as_long_at_another_rate(tmp_path):
    quiet = np.r_[np.zeros(300), noise(800), np.full(500, 1e-12)]
    soundfile.write(tmp_path / "hall.wav", quiet, 16000, subtype="DOUBLE")
    for fs in (8000.0, 44100.0, 48000.0):
        kernel = as_it_is(ir=tmp_path / "hall.wav", resample=True).kernel(Format(fs, 1))
        assert kernel.length - kernel.origin == math.ceil(1600 * fs / 16000)


def test_a_response_without_a_norm_cannot_be_normalised(hall):
    with pytest.raises(SettingError, match=r"^normalize: the response has no l2 to divide by"):
        Reverb(ir=hall(np.zeros(4)), normalize="l2").kernel(MONO)
    with pytest.raises(SettingError, match=r"^normalize: the response has no dc to divide by"):
        Reverb(ir=hall(np.array([0.1, 0.2, -0.3])), normalize="dc").kernel(MONO)


def test_bad_settings_say_what_and_why(hall):
    with refused("did you mean '30%'", "mix"):
        Reverb(ir="hall.wav", mix=30)
    with refused("must be at most 10 s, got 20 s", "predelay"):
        Reverb(ir="hall.wav", predelay=20)
    with refused("missing; 'reverb' needs it", "ir"):
        Reverb()
    with pytest.raises(SettingError, match=r"^ir: 9,999,999 frames and a response of 5; .* at most 10,000,000"):
        Reverb(ir=hall(np.ones(5)), predelay="9999999 samples").kernel(MONO)
    with pytest.raises(SettingError, match=r"^ir: must hold \(frames, channels\), got an array of shape \(2, 2, 2\)"):
        Reverb(ir=hall(np.ones((2, 2, 2)))).kernel(STEREO)
