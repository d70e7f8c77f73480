"""The sounds keep what is said about them, on the samples; a sum that forgets the flip is found out."""

import io

import numpy as np
import pytest
import soundfile as sf
from faltung_explain import sounds as module
from faltung_explain.sounds import (
    SCENE_FS,
    chirps,
    clicks_and_pluck,
    difference,
    echoing_room,
    make_sounds,
    symmetric_pair,
    wav_bytes,
    worst_against_definition,
)

NAMES = [
    "01_dry", "02_kernel", "03_kernel_reversed", "04_convolved", "05_correlated", "06_convolved_with_reversed",
    "07_reverse_convolve_reverse", "08_null", "08_symmetric_convolved", "08_symmetric_correlated", "09_scene",
    "10_correlation_score", "11_convolution_score",
]  # fmt: skip
FS = 8000


@pytest.fixture(scope="module")
def made():
    return make_sounds(clicks_and_pluck(), echoing_room(), SCENE_FS)


@pytest.fixture(scope="module")
def samples(made):
    return {sound.name: sound.samples for sound in made.sounds}


def test_all_the_sounds_are_there(samples):
    assert list(samples) == NAMES


def test_each_begins_with_half_a_second_of_silence(samples):
    for name, signal in samples.items():
        assert not signal[: SCENE_FS // 2].any(), name


def test_every_identity_holds(made):
    assert [one.name for one in made.identities if not one.holds] == []
    assert len(made.identities) == 9


def test_identities_between_files_hold_to_1_lsb(made):
    assert {one.name: one.lsb for one in made.identities if one.lsb is not None}.keys() == {
        "06_is_05_delayed", "07_is_05", "08_null_is_silent",
    }  # fmt: skip
    assert max(one.lsb for one in made.identities if one.lsb is not None) <= 1


def test_convolution_and_correlation_are_those_of_numpy():
    x, h = clicks_and_pluck(4000), echoing_room(4000)
    made = make_sounds(x, h, 4000)
    samples = {sound.name: sound.samples for sound in made.sounds}
    y, r = np.convolve(x, h) * made.gain, np.correlate(x, h, "full") * made.gain
    np.testing.assert_allclose(samples["04_convolved"][made.zero :], y, atol=1e-12)
    np.testing.assert_allclose(samples["05_correlated"][made.zero - len(h) + 1 : made.zero + len(x)], r, atol=1e-12)


def test_the_tail_comes_after_and_the_swell_before(samples, made):
    x = clicks_and_pluck()
    onset = made.zero + np.flatnonzero(x)[0]
    assert np.abs(samples["04_convolved"][:onset]).max() < 1e-12
    before = samples["05_correlated"][made.zero - len(echoing_room()) + 1 : onset]
    assert np.abs(before).max() > 0.1


def test_the_null_is_exactly_silent(samples, made):
    assert not samples["08_null"].any()
    null = next(sound for sound in made.sounds if sound.name == "08_null")
    assert not np.frombuffer(wav_bytes(null)[44:], "<i2").any()
    assert samples["08_symmetric_convolved"].any()


def test_one_gain_is_common_to_all(samples, made):
    assert max(np.abs(signal).max() for signal in samples.values()) == pytest.approx(0.9)
    np.testing.assert_allclose(samples["02_kernel"][SCENE_FS // 2 :], echoing_room() * made.gain, rtol=1e-12)


def test_scores_find_the_chirp_and_its_backwards_twin(samples):
    scene, up, at, decoy = chirps(SCENE_FS)
    lead = round(0.5 * SCENE_FS)
    assert np.argmax(samples["10_correlation_score"][lead:]) == at
    assert np.argmax(samples["11_convolution_score"][lead:]) == decoy
    assert np.correlate(scene, up, "valid").argmax() == at


def test_a_wav_holds_the_samples(made):
    for sound in made.sounds:
        read, fs = sf.read(io.BytesIO(wav_bytes(sound)), dtype="int16")
        assert fs == SCENE_FS
        assert np.array_equal(read, np.rint(sound.samples * 32768))


@pytest.mark.parametrize(("frames", "taps"), [(1, 1), (1, 5), (5, 1), (7, 7), (100, 2), (2, 100)])
def test_identities_hold_for_any_lengths(frames, taps):
    rng = np.random.default_rng(frames * 1000 + taps)
    made = make_sounds(rng.standard_normal(frames), rng.standard_normal(taps), FS)
    assert [one.name for one in made.identities if not one.holds] == []


def test_silence_has_residuals_of_0():
    made = make_sounds(np.zeros(10), np.ones(3), FS)
    assert all(one.holds for one in made.identities)


def test_correlation_without_its_flip_is_found_out(monkeypatch):
    monkeypatch.setattr(module, "correlate", module.convolve)
    made = make_sounds(clicks_and_pluck(FS), echoing_room(FS), FS)
    broken = {one.name for one in made.identities if not one.holds}
    assert {"05_is_correlation", "06_is_05_delayed", "07_is_05", "10_finds_the_chirp"} <= broken


def test_a_difference_is_a_share_of_the_largest_sample():
    assert difference(np.array([0.0, 2.0]), np.array([1.0, 2.0])) == 0.5
    assert difference(np.zeros(3), np.zeros(3)) == 0


def test_the_definition_is_summed_independently():
    x, h = np.array([0.0, 3, 1, 2, 0, 0, 0, 0]), np.array([4.0, 2, 1])
    y = np.concatenate([np.zeros(2), np.convolve(x, h)])
    assert worst_against_definition(y, x, h, 2, -1) == 0
    assert worst_against_definition(y, x, h, 2, +1) > 0.1


@pytest.mark.parametrize("reach", [0, 1, 7])
def test_the_symmetric_pair_is_its_own_reversal(reach):
    pair = symmetric_pair(reach)
    assert np.array_equal(pair, pair[::-1])
