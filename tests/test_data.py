"""The signals in data/ are what data/make.py makes, and what data/README.md says about them is true."""

import csv
import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import scipy
import soundfile

DATA = Path(__file__).parents[1] / "data"


def load_make() -> ModuleType:
    spec = importlib.util.spec_from_file_location("faltung_data_make", DATA / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


make = load_make()


def read_wav(name):
    return soundfile.read(DATA / name, dtype="float64")


def read_csv(name):
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rms(x):
    return np.sqrt(np.mean(np.square(x)))


def t60_s(h, fs, centre_hz):
    """Decay time from -5 to -35 dB of the backward-integrated octave (Schroeder 1965; T30 of ISO 3382)."""
    edges = centre_hz * np.array([2**-0.5, 2**0.5])
    octave = scipy.signal.sosfiltfilt(scipy.signal.butter(4, edges, "bandpass", fs=fs, output="sos"), h)
    energy = np.cumsum(octave[::-1] ** 2)[::-1]
    decay_db = 10 * np.log10(np.maximum(energy / energy[0], 1e-12))
    (fit,) = np.nonzero((decay_db < -5) & (decay_db > -35))
    slope_db, _ = np.polyfit(fit / fs, decay_db[fit], 1)
    return -60 / slope_db


@pytest.mark.parametrize("name", make.FILES)
def test_the_file_is_what_the_script_makes(name):
    assert make.difference(DATA / name, make.FILES[name]()) == ""


def test_a_changed_sample_and_a_changed_number_are_noticed(tmp_path, monkeypatch, capsys):
    for name in ("clicks.wav", "clicks.csv", "chirps.csv"):
        shutil.copy(DATA / name, tmp_path)
    samples, fs = soundfile.read(DATA / "clicks.wav", dtype="int16")
    samples[100] += 2
    soundfile.write(tmp_path / "clicks.wav", samples, fs, subtype="PCM_16")
    table = (tmp_path / "clicks.csv").read_text("utf-8")
    (tmp_path / "clicks.csv").write_text(table.replace("24000", "24001"), "utf-8")
    monkeypatch.setattr(make, "HERE", tmp_path)
    names = ("clicks.wav", "clicks.csv", "chirps.csv", "room_mono.wav")
    monkeypatch.setattr(make, "FILES", {name: make.FILES[name] for name in names})

    assert make.main(["--check"]) == 1
    said = capsys.readouterr().err.splitlines()

    assert len(said) == 3
    assert said[0].endswith("clicks.wav: differs by up to 2 LSB, at most 1 is allowed")
    assert "clicks.csv: differs in line 2: " in said[1]
    assert said[2].endswith("room_mono.wav: is missing")


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [("1.234", "1.235", True), ("1.234", "1.236", False), ("7", "8", False), ("up", "up", True), ("up", "down", False)],
)
def test_printed_numbers_may_differ_by_one_unit_of_the_last_digit(a, b, same):
    assert make.same_cell(a, b) is same


def test_the_same_samples_give_the_same_bytes(tmp_path):
    samples, fs = make.FILES["clicks.wav"]()
    for name in ("a.wav", "b.wav"):
        soundfile.write(tmp_path / name, samples, fs, subtype="PCM_16")
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


def test_the_folder_stays_small_and_every_file_is_described():
    files = [path for path in DATA.iterdir() if path.suffix in {".wav", ".csv"}]
    assert {path.name for path in files} == set(make.FILES)
    assert sum(path.stat().st_size for path in files) < 3_000_000
    described = (DATA / "README.md").read_text("utf-8")
    assert [name for name in make.FILES if f"| `{name}` |" not in described] == []


@pytest.mark.parametrize("name", [name for name in make.FILES if name.endswith(".wav")])
def test_nothing_clips_and_the_peak_leaves_headroom(name):
    x, _ = read_wav(name)
    assert -6.1 < 20 * np.log10(np.abs(x).max()) < -2.9
    assert abs(x.mean()) < 1e-3


def test_the_measured_room_is_the_room():
    x, fs = read_wav("measured_room.wav")
    room, _ = read_wav("room_mono.wav")
    n = 1 << 15
    f = np.fft.rfftfreq(n, 1 / fs)
    inside = (f > 60) & (f < 18_000)
    found, true = np.fft.rfft(x, n), np.fft.rfft(room, n)
    late = int(np.argmax(np.abs(x))) - int(np.argmax(np.abs(room)))
    best = min(
        np.sum(np.abs(turned * (np.vdot(turned, true[inside]) / np.vdot(turned, turned)).real - true[inside]) ** 2)
        for part in np.arange(-0.5, 0.5, 0.002)
        for turned in [(found * np.exp(2j * np.pi * f / fs * (late + part)))[inside]]
    )
    assert 10 * np.log10(best / np.sum(np.abs(true[inside]) ** 2)) < -40


def test_every_drum_starts_at_its_frame():
    x, fs = read_wav("drums.wav")
    high = np.diff(x.mean(axis=1), prepend=0)  # the differences hide the kick's tail under a hat
    hits = read_csv("drums.csv")
    assert [(h["start_frame"], h["label"]) for h in hits] == [(str(n), drum) for n, drum in make.drum_hits()]
    for hit in hits:
        n = int(hit["start_frame"])
        assert float(hit["start_s"]) == pytest.approx(n / fs, abs=1e-6)
        assert rms(high[n : n + 96]) > 8 * rms(high[n - 96 : n]), hit
    assert not x[: int(hits[0]["start_frame"])].any()


def test_clicks_peak_at_their_frames_with_their_levels():
    x, fs = read_wav("clicks.wav")
    assert not x[: fs // 2].any()
    for click in read_csv("clicks.csv"):
        n, level = int(click["peak_frame"]), 10 ** (float(click["level_db"]) / 20)
        assert np.argmax(np.abs(x[n - 30 : n + 31])) == 30
        assert x[n] == pytest.approx(level, abs=1 / 32768)
        assert np.count_nonzero(x[n - 30 : n + 31]) == 1 or click["label"] == "band_limited"


def test_the_decoy_is_exactly_the_reversed_template():
    scene, _ = read_wav("chirps.wav")
    up, _ = read_wav("chirp_up.wav")
    noise = rms(scene[:24_000])
    for chirp in read_csv("chirps.csv"):
        n = int(chirp["start_frame"])
        window = scene[n : n + len(up)]
        same, other = (up, up[::-1]) if chirp["label"] == "up" else (up[::-1], up)
        left = window - (window @ same) / (same @ same) * same
        assert rms(left) == pytest.approx(noise, rel=0.03)
        assert np.corrcoef(window, same)[0, 1] > 0.85
        assert abs(np.corrcoef(window, other)[0, 1]) < 0.05


@pytest.mark.parametrize(("name", "room"), [("hall.wav", make.HALL), ("room_mono.wav", make.ROOM)])
def test_a_room_decays_in_the_time_asked_for(name, room):
    h, fs = soundfile.read(DATA / name, always_2d=True)
    assert h.shape == (round(room.seconds * fs), len(room.ears))
    for centre_hz, asked_s in zip(make.OCTAVES_HZ, room.t60_s, strict=True):
        if 500 <= centre_hz <= 8_000:
            for channel in h.T:
                assert t60_s(channel, fs, centre_hz) == pytest.approx(asked_s, rel=0.1), centre_hz


def test_a_room_starts_with_the_direct_sound_at_the_stated_frame():
    h, _ = read_wav("hall.wav")
    assert np.abs(h).argmax(axis=0).min() == make.LEAD
    assert np.argmax(np.abs(read_wav("room_mono.wav")[0])) == make.LEAD


@pytest.mark.parametrize(("semitones", "f0_hz"), [(-12, 220.0), (0, 440.0), (3, 523.2511)])
def test_the_string_is_in_tune(semitones, f0_hz):
    tone = make.string(440 * 2 ** (semitones / 12), 1.0, np.random.default_rng(7))
    spectrum = np.abs(np.fft.rfft(tone * np.hanning(len(tone)), 2**20))
    f_hz = np.fft.rfftfreq(2**20, 1 / make.FS)
    near = np.abs(f_hz / f0_hz - 1) < 0.03
    assert f_hz[near][spectrum[near].argmax()] == pytest.approx(f0_hz, rel=0.0006)  # one cent


def test_the_sensor_has_even_steps_and_its_spikes_where_it_says():
    rows = read_csv("sensor.csv")
    times = np.array([row["time"].removesuffix("Z") for row in rows], dtype="datetime64[s]")
    assert set(np.diff(times).astype(int)) == {10}
    temperature = np.array([float(row["temperature_c"]) for row in rows])
    odd = np.flatnonzero(np.abs(temperature - scipy.signal.medfilt(temperature, 21)) > 1)
    assert odd.tolist() == [row for row, _ in make.SENSOR_SPIKES]


def test_every_heartbeat_peaks_within_one_frame_of_its_time():
    rows = read_csv("ecg.csv")
    mv = np.array([float(row["ecg_mv"]) for row in rows])
    assert len(mv) == 15_000
    assert [rows[n]["time_s"] for n in (0, 1, -1)] == ["0.000", "0.004", "59.996"]
    for beat in read_csv("ecg_beats.csv"):
        n = int(beat["peak_frame"])
        assert abs(n - float(beat["peak_s"]) * make.ECG_FS) < 0.51
        around = mv[max(n - 25, 0) : n + 26]
        assert abs(np.argmax(around) - min(n, 25)) <= 1
        assert 0.8 < around.max() < 1.5
