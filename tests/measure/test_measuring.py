"""A room measured whole: true stereo, several takes, spoilt repeats, cut, delay, and the room used by reverb."""

import json

import faltung_measure
import numpy as np
import pytest
from faltung_measure.page import write_report

import pipeline
from pipeline.errors import SettingError, UsageError

from .rooms import allowed_db, error_db, played_in, recorded, rooms
from .test_sweep import small

FS, BAND = 16_000, (180.0, 6000.0)


@pytest.fixture(scope="module")
def stereo():
    """True stereo: two loudspeakers, two microphones, 40 ppm, and what was measured."""
    sweep, h = small(repeats=2, channels=["left", "right"]), rooms(0.3, FS, 2, 2, seed=6)
    y, _ = recorded(sweep.signal(), h, FS, ppm=40, noise_db=-70)
    return sweep, h, y, faltung_measure.measure_room(y, sweep)


def test_a_true_stereo_set_is_in_the_order_of_reverb(stereo, tmp_path):
    sweep, h, y, made = stereo
    assert [path.path for path in made.paths] == ["LL", "LR", "RL", "RR"]
    assert made.taps.shape[1:] == (2, 2)
    assert error_db(made.taps, h, FS, BAND) < -65
    written = faltung_measure.measure_room(y, sweep, tmp_path / "room.wav")
    read, info = pipeline.read(tmp_path / "room.wav")
    assert (info.fs, info.channels, info.subtype) == (FS, 4, "FLOAT")
    np.testing.assert_allclose(read, written.file_taps, atol=1e-7)


def test_speech_in_the_measured_room_is_speech_in_the_room(stereo, tmp_path):
    _, h, _, made = stereo
    x = np.random.default_rng(2).standard_normal((4000, 2))
    pipeline.write(tmp_path / "room.wav", made.file_taps, FS)
    wet = pipeline.Pipeline([pipeline.Reverb(ir=tmp_path / "room.wav", normalize="none")])(x, fs=FS)
    assert error_db(wet, played_in(x, h), FS, BAND) < -65
    assert error_db(pipeline.convolve(x, made.kernel), played_in(x, h), FS, BAND) < -65


def test_the_direct_sound_is_time_zero(stereo):
    _, h, _, made = stereo
    assert abs(int(np.argmax(np.abs(made.taps[:, 0, 0]))) - made.origin) <= 3  # 20 dB below its peak it begins
    across = int(np.argmax(np.abs(made.taps[:, 0, 1]))) - int(np.argmax(np.abs(made.taps[:, 0, 0])))
    assert abs(across - 30) <= 1  # the other path comes as much later as it does in the room
    assert h[100, 0, 0] == h[130, 0, 1] == 0.3


def test_the_figures_are_those_of_the_room_itself(stereo):
    _, h, _, made = stereo
    true = faltung_measure.decay(h[:, 0, 0], FS, from_hz=60, to_hz=7000)
    for mine, its in zip(made.paths[0].octaves, true, strict=True):
        if its.t30_s is not None and mine.t30_s is not None:
            assert mine.t30_s == pytest.approx(its.t30_s, rel=0.02)
            assert mine.c80_db == pytest.approx(its.c80_db, abs=0.2)


def test_the_data_hold_everything_but_samples(stereo):
    made = stereo[3]
    data = json.loads(made.to_json())
    assert data["takes"][0]["drift_ppm"] == pytest.approx(40, abs=0.05)
    assert [path["path"] for path in data["paths"]] == ["LL", "LR", "RL", "RR"]
    rows = made.to_csv().splitlines()
    assert rows[0].startswith("path,bands,band_hz,edt_s,t20_s,t30_s,c50_db,c80_db,d50,ts_s")
    assert len(rows) == 1 + 4 * len(made.paths[0].octaves + made.paths[0].thirds)


@pytest.mark.parametrize("repeats", [1, 3])
@pytest.mark.parametrize("noise_db", [-60, -40, -20])
def test_the_error_is_that_of_the_noise(noise_db, repeats):
    sweep, h = small(length=4, repeats=repeats), rooms(0.3, FS, 1, 1, seed=7)
    y, hiss = recorded(sweep.signal(), h, FS, noise_db=noise_db)
    made = faltung_measure.measure_room(y, sweep)
    allowed = allowed_db(hiss, sweep, round(made.cut_s * FS), h, BAND)
    assert allowed - 1 < error_db(made.taps, h, FS, BAND) < allowed + 1.5


def test_the_method_itself_leaves_less_than_noise_does():
    sweep, h = small(length=4), rooms(0.3, FS, 1, 1, seed=7)
    made = faltung_measure.measure_room(recorded(sweep.signal(), h, FS)[0], sweep)
    assert error_db(made.taps, h, FS, BAND) < -75
    size = np.abs(np.fft.rfft(made.taps[:, 0, 0], 1 << 15))
    f = np.fft.rfftfreq(1 << 15, 1 / FS)
    inside = (f > BAND[0]) & (f < BAND[1])
    assert size[~inside].max() < 2 * size[inside].max()  # what is chosen outside the band is no louder than the room


@pytest.mark.parametrize("length", ["0.2 s", "1 s", "3 s"])
def test_a_sweep_against_itself_has_no_warning(length):
    sweep = faltung_measure.sweep(length=length, silence=1)
    made = faltung_measure.measure_room(sweep.signal(), sweep)
    assert (made.warnings, made.distortion_db) == ((), None)


def test_a_wire_between_each_loudspeaker_and_its_microphone_is_a_set_with_two_silent_paths(tmp_path):
    sweep = small(channels=["left", "right"])
    made = faltung_measure.measure_room(sweep.signal(), sweep, tmp_path / "wire.wav")
    assert made.warnings == ("nothing at all comes by LR, RL: that microphone heard only silence",)
    assert not made.taps[:, 0, 1].any()
    assert abs(int(np.argmax(np.abs(made.taps[:, 1, 1]))) - made.origin) <= 3
    write_report(made, tmp_path / "wire.html")
    assert "RL" in (tmp_path / "wire.html").read_text()


def test_a_room_that_is_as_loud_as_played_keeps_its_level():
    sweep = small()
    made = faltung_measure.measure_room(sweep.signal(), sweep)
    response = np.abs(np.fft.rfft(made.taps[:, 0, 0], 1 << 15))
    f = np.fft.rfftfreq(1 << 15, 1 / FS)
    assert np.abs(20 * np.log10(response[(f > 200) & (f < 6000)])).max() < 0.05


def test_takes_are_averaged_whatever_their_clocks(tmp_path):
    sweep, h = small(), rooms(0.2, FS, 1, 1, seed=8)
    faltung_measure.write_sweep(sweep, tmp_path / "sweep.wav")
    names = []
    for i, ppm in enumerate((0, 25, -60, 10)):
        y, _ = recorded(sweep.signal(), h, FS, ppm=ppm, lead_s=0.3 * i + 0.11, noise_db=-40, seed=i)
        names.append(tmp_path / f"take{i}.wav")
        pipeline.write(names[-1], y, FS)
    one = faltung_measure.measure_room(names[0], tmp_path / "sweep.wav", length="200 ms")
    four = faltung_measure.measure_room(names, tmp_path / "sweep.wav", length="200 ms")
    assert four.drift_ppm == pytest.approx((0, 25, -60, 10), abs=0.1)
    assert error_db(four.taps, h, FS, BAND) < error_db(one.taps, h, FS, BAND) - 4


def test_a_repeat_that_was_disturbed_is_told_and_left_out():
    sweep, h = small(repeats=4), rooms(0.2, FS, 1, 1, seed=9)
    y, _ = recorded(sweep.signal(), h, FS, noise_db=-60)
    bang = sweep.starts[0][2] + round(1.4 * FS)
    y[bang : bang + 1600] += 0.3 * np.random.default_rng(1).standard_normal((1600, 1))
    made = faltung_measure.measure_room(y, sweep)
    assert [text for text in made.warnings if "sweep 3 of 4: it was disturbed" in text]
    assert len(made.takes[0].left_out) == 1
    assert error_db(made.taps, h, FS, BAND) < -50


def test_repeats_that_are_as_they_should_be_are_all_kept():
    sweep, h = small(repeats=5), rooms(0.2, FS, 1, 1, seed=9)
    for noise_db in (None, -60, -30, -20):
        y, _ = recorded(sweep.signal(), h, FS, noise_db=noise_db, ppm=20)
        assert faltung_measure.measure_room(y, sweep).takes[0].left_out == ()


def test_a_sweep_that_is_missing_is_told_and_left_out():
    sweep, h = small(repeats=3), rooms(0.2, FS, 1, 1, seed=9)
    y, _ = recorded(sweep.signal(), h, FS)
    at = sweep.starts[0][1] + round(0.7 * FS)
    y[at : at + sweep.period] = 0
    made = faltung_measure.measure_room(y, sweep)
    assert made.takes[0].left_out == ("sweep 2 of 3: it is missing, or far quieter than the others",)


def test_the_response_ends_where_the_noise_begins_or_as_asked():
    sweep, h = small(silence=1), rooms(0.3, FS, 1, 1, seed=10)
    noisy, _ = recorded(sweep.signal(), h, FS, noise_db=-30)
    made = faltung_measure.measure_room(noisy, sweep)
    assert made.cut_because == "the decay meets the noise"
    assert 0.1 < made.cut_s < 0.4
    asked = faltung_measure.measure_room(noisy, sweep, length="150 ms")
    assert (asked.cut_s, asked.cut_because) == (0.15, "as asked")
    assert len(asked.taps) == asked.origin + 2400
    with pytest.raises(SettingError, match="length: must be above 0 s and at most 1 s, the silence behind the sweep"):
        faltung_measure.measure_room(noisy, sweep, length=2)


def test_a_room_that_sounds_longer_than_the_silence_is_told():
    sweep, h = small(silence=0.3), rooms(1.2, FS, 1, 1, seed=10, direct_db=-6)
    made = faltung_measure.measure_room(recorded(sweep.signal(), h, FS)[0], sweep)
    assert any("make a sweep with a longer --silence" in text for text in made.warnings)


def test_the_delay_is_kept_where_player_and_recorder_began_together():
    sweep, h = small(), rooms(0.2, FS, 1, 1, seed=11)
    y, _ = recorded(sweep.signal(), h, FS, lead_s=0)
    made = faltung_measure.measure_room(y, sweep, keep_delay=True)
    assert made.origin == 0
    assert int(np.argmax(np.abs(made.taps[:, 0, 0]))) == 100
    late, _ = recorded(sweep.signal(), h, FS, lead_s=5)
    with pytest.raises(pipeline.FaltungError, match="the delay cannot be kept: the direct sound comes 5"):
        faltung_measure.measure_room(late, sweep, keep_delay=True)


def test_mains_hum_is_told():
    sweep, h = small(), rooms(0.2, FS, 1, 1, seed=12)
    y, _ = recorded(sweep.signal(), h, FS, lead_s=2, noise_db=-60)
    t = np.arange(len(y)) / FS
    assert not any("hum" in text for text in faltung_measure.measure_room(y, sweep).warnings)
    for mains in (50, 60):
        buzz = sum(0.002 / k * np.sin(2 * np.pi * mains * k * t) for k in (1, 2, 3))
        warnings = faltung_measure.measure_room(y + buzz[:, None], sweep).warnings
        assert any(f"mains hum at {mains} Hz" in text for text in warnings)


def test_a_response_that_exists_is_kept(tmp_path):
    sweep = small()
    (tmp_path / "room.wav").write_bytes(b"mine")
    with pytest.raises(UsageError, match="exists"):
        faltung_measure.measure_room(sweep.signal(), sweep, tmp_path / "room.wav")
    assert (tmp_path / "room.wav").read_bytes() == b"mine"
