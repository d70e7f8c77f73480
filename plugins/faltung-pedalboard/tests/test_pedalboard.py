"""Effects of pedalboard against pedalboard on the whole signal, and by the contract kit."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline import Format, Pipeline
from pipeline.errors import SettingError
from pipeline.testing import check_stage

pedalboard = pytest.importorskip("pedalboard", reason="pedalboard is not installed: its wheel is not for every system")

from faltung_pedalboard import BLOCK, Effect, Vst3  # noqa: E402

EFFECTS = (
    "Bitcrush", "Chorus", "Clipping", "Compressor", "Delay", "Distortion", "Gain", "HighpassFilter", "HighShelfFilter",
    "Invert", "LadderFilter", "Limiter", "LowpassFilter", "NoiseGate", "PeakFilter", "Phaser", "Reverb",
)  # fmt: skip


def noise(frames, channels=2):
    return np.random.default_rng(1).uniform(-0.5, 0.5, (frames, channels))


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("effect", ["Compressor", "Reverb", "Delay"])
def test_contract(effect, channels):
    check_stage(Effect(effect=effect, tail="20 ms"), Format(8000, channels, "single"))


@pytest.mark.parametrize("effect", EFFECTS)
def test_an_effect_is_that_of_pedalboard_on_the_whole_signal(effect):
    x = noise(3 * BLOCK)
    expected = getattr(pedalboard, effect)().process(x.T.astype(np.float32), 8000, buffer_size=BLOCK).T
    y = Pipeline([Effect(effect=effect)], precision="single")(x, fs=8000)
    np.testing.assert_array_equal(y, expected)


@pytest.mark.parametrize("effect", [*EFFECTS, "Resample", "MP3Compressor", "PitchShift"])
@pytest.mark.parametrize("frames", [1, 37, BLOCK - 1, BLOCK + 1, 3 * BLOCK])
def test_no_frame_is_lost_or_gained_and_cuts_change_nothing(effect, frames):
    x, pipe = noise(frames), Pipeline([Effect(effect=effect)])
    whole = pipe(x, fs=16_000)
    assert whole.shape == x.shape
    cut = np.concatenate(list(pipe.stream(np.array_split(x, min(frames, 11)), fs=16_000)))
    np.testing.assert_array_equal(cut, whole)


def test_the_tail_sounds_on():
    x = noise(1000)
    y = Pipeline([Effect(effect="Delay", settings={"delay_seconds": 0.1, "mix": 1.0, "feedback": 0.0}, tail="100 ms")])(
        x, fs=8000
    )
    assert len(y) == 1800
    np.testing.assert_allclose(y[800:1800], x, atol=1e-6)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"effect": "Revreb"}, r"effect: no effect is called 'Revreb'; there are Bitcrush"),
        ({"effect": "Pedalboard"}, r"effect: no effect is called 'Pedalboard'"),
        ({"effect": "load_plugin"}, r"effect: no effect is called 'load_plugin'"),
        (
            {"effect": "Reverb", "settings": {"rom_size": 0.5}},
            r"settings: Reverb takes room_size: float = 0.5",
        ),
        (
            {"effect": "Reverb", "settings": {"room_size": 7}},
            r"settings: Reverb: Room Size value must be between",
        ),
        ({"effect": "Reverb", "settings": {"room_size": [1]}}, r"settings"),
    ],
)
def test_what_is_no_effect_is_refused(settings, said):
    with pytest.raises(SettingError, match=said):
        Effect(**settings)


@pytest.mark.parametrize("name", ["NoSuch", "/tmp/evil", "../evil", "a/b", ""])
def test_a_plugin_is_loaded_from_the_folders_of_plugins_alone(name, tmp_path, monkeypatch):
    (tmp_path / "evil.vst3").touch()
    monkeypatch.setenv("FALTUNG_VST3_PATH", str(tmp_path / "inner"))
    with pytest.raises(SettingError, match="plugin: is the name of a VST3 plugin that is installed, got"):
        Vst3(plugin=name)


def test_a_plugin_that_is_broken_is_told(tmp_path, monkeypatch):
    (tmp_path / "evil.vst3").write_bytes(b"no plugin")
    monkeypatch.setenv("FALTUNG_VST3_PATH", str(tmp_path))
    with pytest.raises(SettingError, match=r"plugin: .*evil\.vst3 cannot be loaded: "):
        Pipeline([Vst3(plugin="evil")])(np.zeros(9), fs=8000)
