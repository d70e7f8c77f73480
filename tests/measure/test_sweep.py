"""Sweeps: what is played, where it stands, and the kernel that undoes it."""

import json

import faltung_measure
import numpy as np
import pytest
from faltung_measure.sweep_file import read_sweep, write_sweep

import pipeline
from pipeline.errors import ReadError, SettingError, UsageError
from pipeline.io import read_signal, write_signal


def small(**settings):
    return faltung_measure.sweep(
        **{"from_hz": 60, "to_hz": 7000, "length": 2, "fs": 16_000, "silence": 0.5, **settings}
    )


def test_the_frequency_grows_by_an_octave_in_equal_times():
    made = small()
    x = made.one()
    for seconds in (0.5, 1.0, 1.5):
        at = round(seconds * made.fs)
        piece = x[at - 400 : at + 400] * np.hanning(800)
        found = np.argmax(np.abs(np.fft.rfft(piece, 1 << 16))) * made.fs / (1 << 16)
        assert found == pytest.approx(60 * 2 ** (seconds / made.octave_s), rel=0.02)


def test_everything_that_is_played_stands_where_it_is_said():
    made = small(repeats=2, channels=["left", "right"])
    x = made.signal()
    assert x.shape == (made.pilot_starts[1] + len(made.pilot()) + made.silence, 2)
    for at in made.pilot_starts:
        np.testing.assert_array_equal(x[at : at + len(made.pilot()), 0], made.pilot())
    for source, starts in enumerate(made.starts):
        for at in starts:
            np.testing.assert_array_equal(x[at : at + made.frames, source], made.one())
            assert not x[at : at + made.period, 1 - source].any()
    played = len(made.starts) * 2 * made.frames
    assert np.count_nonzero(np.abs(x).max(axis=1) > 1e-6) <= played + 2 * len(made.pilot())


def test_the_sweep_turned_round_makes_a_click_of_the_sweep():
    made = small()
    inverse = made.inverse()
    assert inverse.origin == made.frames - 1
    assert not inverse.is_causal
    click = pipeline.convolve(made.one(), inverse.taps)
    spectrum = np.abs(np.fft.rfft(click))
    f = np.fft.rfftfreq(len(click), 1 / made.fs)
    inside = spectrum[(f > 120) & (f < 6000)]
    assert np.argmax(np.abs(click)) == inverse.origin
    assert np.abs(20 * np.log10(inside)).max() < 0.15


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"from_hz": 0.5}, "from: must be at least 1 Hz"),
        ({"to_hz": 7900}, "to: must be at most 7.68 kHz at 16 kHz, got 7.9 kHz"),
        ({"to_hz": 200}, "to: must be two octaves or more above 60 Hz"),
        ({"length": 0.1}, "length: must be from 0.2 s to 120 s"),
        ({"silence": 0}, "silence: must be from 0.1 s"),
        ({"repeats": 0}, "repeats: must be from 1 to 100, got 0"),
        ({"level": "3 dB"}, "level: must be above 0 and at most 0 dB"),
        ({"channels": []}, "channels: must be 1 to 8 different names, got none"),
        ({"channels": ["a", "a"]}, "channels: must be 1 to 8 different names, got a, a"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(settings, message):
    with pytest.raises(SettingError, match=message):
        small(**settings)


@pytest.mark.parametrize("name", ["sweep.wav", "sweep.flac", "sweep.aiff"])
def test_a_sweep_file_tells_its_settings(tmp_path, name):
    made = small(repeats=2, channels=["left", "right"])
    write_sweep(made, tmp_path / name)
    assert read_sweep(tmp_path / name) == made
    (tmp_path / "sweep.json").unlink()
    assert read_sweep(tmp_path / name) == made  # its comment tells them, too


def test_where_the_comment_was_lost_the_sidecar_tells(tmp_path):
    made = small()
    write_sweep(made, tmp_path / "sweep.wav")
    x, info = read_signal(tmp_path / "sweep.wav")
    write_signal(tmp_path / "sweep.wav", x, info.fs, subtype="PCM_16", overwrite=True)
    assert read_sweep(tmp_path / "sweep.wav") == made
    (tmp_path / "sweep.json").unlink()
    with pytest.raises(ReadError, match="holds no settings of a sweep; give the file that faltung sweep wrote"):
        read_sweep(tmp_path / "sweep.wav")


def test_a_sweep_file_that_was_changed_is_refused(tmp_path):
    write_sweep(small(), tmp_path / "sweep.wav")
    x, info = read_signal(tmp_path / "sweep.wav")
    write_signal(tmp_path / "sweep.wav", 0.5 * x, info.fs, source=info, overwrite=True)
    with pytest.raises(ReadError, match="holds other samples than its settings say"):
        read_sweep(tmp_path / "sweep.wav")


@pytest.mark.parametrize("text", ["{", "[]", '{"fs": 16000}', '{"fs": "x"}'])
def test_a_sidecar_that_is_none_is_refused(tmp_path, text):
    write_signal(tmp_path / "sweep.wav", np.zeros(10), 16_000)
    (tmp_path / "sweep.json").write_text(text)
    with pytest.raises(ReadError, match="its settings are none of a sweep"):
        read_sweep(tmp_path / "sweep.wav")


def test_a_sweep_that_exists_is_kept(tmp_path):
    write_sweep(small(), tmp_path / "sweep.wav")
    with pytest.raises(UsageError, match="exists"):
        write_sweep(small(), tmp_path / "sweep.wav")
    (tmp_path / "sweep.wav").unlink()
    with pytest.raises(UsageError, match=r"sweep\.json: exists already"):
        write_sweep(small(), tmp_path / "sweep.wav")
    assert json.loads((tmp_path / "sweep.json").read_text())["repeats"] == 1
