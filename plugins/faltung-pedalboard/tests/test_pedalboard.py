"""Effects of pedalboard against pedalboard on the whole signal, and by the contract kit."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline import Echo, Format, Pipeline
from pipeline.errors import SettingError
from pipeline.testing import check_stage

pedalboard = pytest.importorskip("pedalboard", reason="pedalboard is not installed: its wheel is not for every system")

from faltung_pedalboard import BLOCK, Effect, Vst3, folders  # noqa: E402

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


REVERB = "DragonflyHallReverb"
"""Of Debian's dragonfly-reverb-vst3: it needs no screen, and gives the same for the same."""


@pytest.fixture
def reverb():
    """Place of a VST3 plugin that is installed."""
    found = [place for folder in folders() if (place := folder / f"{REVERB}.vst3").exists()]
    if not found:
        pytest.skip(f"{REVERB}.vst3 lies in none of {', '.join(map(str, folders()))}; FALTUNG_VST3_PATH names others")
    return found[0]


def test_a_vst3_is_that_of_pedalboard_on_the_whole_signal_however_it_is_cut(reverb):
    settings, tail = {"dry_level": 20.0, "late_level": 60.0}, np.zeros((9600, 2))
    x = noise(3 * BLOCK + 777)
    alone = pedalboard.load_plugin(str(reverb), parameter_values=settings)
    expected = alone.process(np.concatenate([x, tail]).T.astype(np.float32), 48_000, buffer_size=BLOCK).T
    pipe = Pipeline([Vst3(plugin=REVERB, settings=settings, tail="200 ms")], precision="single")
    np.testing.assert_array_equal(pipe(x, fs=48_000), expected)
    assert np.abs(expected[len(x) :]).max() > 1e-3
    cut = np.concatenate(list(pipe.stream(np.array_split(x, 37), fs=48_000)))
    np.testing.assert_array_equal(cut, expected)


def test_a_vst3_keeps_the_contract(reverb):
    check_stage(Vst3(plugin=REVERB, settings={"dry_level": 20.0}, tail="20 ms"), Format(48_000, 2, "single"))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"dry": 20}, f"settings: {REVERB} has no parameter 'dry'; there are .*dry_level"),
        (
            {"dry_level": 500},
            rf"settings: {REVERB}: Value received for parameter 'dry_level' \(500\.0\) is out of range",
        ),
        ({"dry_level": "loud"}, f"settings: {REVERB}: Value received for parameter 'dry_level' .* must be a number"),
    ],
)
def test_what_a_vst3_does_not_take_is_refused_when_it_is_asked_for(reverb, settings, said):
    with pytest.raises(SettingError, match=said):
        Vst3(plugin=REVERB, settings=settings)


def test_a_vst3_for_two_channels_refuses_one(reverb):
    with pytest.raises(
        SettingError, match=r"does not take 1 channels at 48000 Hz: .* does not support 1-channel output"
    ):
        Pipeline([Vst3(plugin=REVERB)])(np.zeros(9), fs=48_000)


def test_a_vst3_between_two_of_our_stages_from_yaml(reverb, tmp_path):
    (tmp_path / "hall.yaml").write_text(
        "version: 1\nstages:\n- {use: echo, delay: 20 ms, gain: -6 dB}\n"
        f"- {{use: pedalboard.vst3, plugin: {REVERB}, settings: {{dry_level: 0, late_level: 40}}, tail: 500 ms}}\n"
        "- {use: gain, gain: -6 dB}\n"
    )
    x = noise(5000)
    y = Pipeline.from_yaml(tmp_path / "hall.yaml")(x, fs=48_000)
    before = Pipeline([Echo(delay="20 ms", gain="-6 dB")])(x, fs=48_000)
    alone = pedalboard.load_plugin(str(reverb), parameter_values={"dry_level": 0.0, "late_level": 40.0})
    wet = alone.process(
        np.concatenate([before, np.zeros((24_000, 2))]).T.astype(np.float32), 48_000, buffer_size=BLOCK
    ).T
    assert len(y) == len(wet)
    np.testing.assert_allclose(y, wet * 10 ** (-6 / 20), atol=1e-6)
