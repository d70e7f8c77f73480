"""What is wrong with a recording is said in words, with the likely reason and what to do."""

import faltung_measure
import numpy as np
import pytest
from faltung_measure.takes import clipped

import pipeline
from pipeline.errors import FaltungError, SettingError, UsageError

from .rooms import recorded, rooms
from .test_sweep import small

FS = 16_000


@pytest.fixture(scope="module")
def sweep():
    return small(repeats=2)


@pytest.fixture(scope="module")
def take(sweep):
    return recorded(sweep.signal(), rooms(0.2, FS, 1, 1, seed=1), FS, noise_db=-60)[0]


def refused(y, sweep, message, **choices):
    with pytest.raises(FaltungError, match=message):
        faltung_measure.measure_room(y, sweep, **choices)


def test_no_pilot(sweep):
    noise = 0.1 * np.random.default_rng(1).standard_normal((20 * FS, 1))
    refused(
        noise, sweep, "no pilot found, a chirp of 0.500 s before the first sweep and after the last; is it a recording"
    )


def test_silence_and_nothing(sweep):
    refused(np.zeros((20 * FS, 1)), sweep, "recording: is silent; nothing was recorded")
    refused(np.ones((10, 1)), sweep, "is 625 µs long; nothing was recorded")
    pilots = sweep.signal()
    pilots[sweep.starts[0][0] : sweep.starts[0][-1] + sweep.period] = 0
    refused(pilots, sweep, "recording: the pilots are in it, its sweeps are silent; was the loudspeaker switched off")


def test_too_quiet(sweep, take):
    noise = np.random.default_rng(1).standard_normal(take.shape)
    refused(1e-6 * noise, sweep, "too quiet: its loudest sample is -1")
    loud = np.abs(take).max()
    refused(0.05 * take + 2 * loud * noise, sweep, "too quiet|no pilot found")


def test_another_sweep_file(take):
    message = "a recording of another sweep file, or with a part lost: its pilots are .* apart, those of the sweep"
    for other in ({"length": 3}, {"from_hz": 200}, {"silence": 0.6}, {"channels": ["left"]}):
        refused(take, small(**{"repeats": 2, **other}), message)
    refused(take, small(repeats=2, to_hz=6500), "no pilot found")


def test_clipped(sweep, take):
    loud = np.abs(take).max()
    refused(np.clip(take, -0.5 * loud, 0.5 * loud), sweep, "no sweep can be used: recording clipped, [0-9,]+ samples")
    refused(np.clip(2 / loud * take, -1, 1), sweep, "turn the microphone down")


def test_one_clipped_repeat_is_left_out_and_told(sweep, take):
    y = take.copy()
    at = sweep.starts[0][0] + round(0.7 * FS)
    piece = y[at : at + sweep.period]
    y[at : at + sweep.period] = np.clip(piece, -0.4 * np.abs(piece).max(), 0.4 * np.abs(piece).max())
    made = faltung_measure.measure_room(y, sweep)
    assert made.takes[0].left_out[0].startswith("sweep 1 of 2: recording clipped")


def test_what_is_loud_without_a_flat_top_is_not_clipped():
    t = np.arange(FS) / FS
    assert clipped(np.sin(2 * np.pi * 20 * t)[:, None] * 0.99) == 0
    assert clipped(np.random.default_rng(1).standard_normal((FS, 2))) == 0
    assert clipped(np.clip(1.2 * np.sin(2 * np.pi * 200 * t), -1, 1)[:, None]) > 100


def test_cut_before_the_end(sweep, take):
    refused(
        take[: len(take) - 2 * FS], sweep, "cut before the end: the second pilot would end .* after the recording does"
    )


def test_begun_after_the_first_pilot(sweep, take):
    refused(take[round(2.5 * FS) :], sweep, "begins after the first pilot; start it .* sooner")


def test_drift_over_the_limit(sweep, take):
    from .rooms import stretched

    refused(stretched(take, 3000.0), sweep, "drift over the limit|another sweep file|no pilot")


def test_rates_that_differ(sweep, take, tmp_path):
    pipeline.write(tmp_path / "take.wav", take, 44_100)
    fix = "record at 16 kHz, or make and play a sweep with --fs 44100"
    with pytest.raises(UsageError, match=f"rates differ: it has 44.1 kHz, the sweep 16 kHz; {fix}"):
        faltung_measure.measure_room(tmp_path / "take.wav", sweep)


def test_two_rooms_mixed_up(sweep, take, tmp_path):
    other = recorded(sweep.signal(), rooms(0.4, FS, 1, 1, seed=44, direct_db=-12), FS)[0]
    for name, y in (("a.wav", take), ("b.wav", other)):
        pipeline.write(tmp_path / name, 0.3 * y, FS)
    refused(
        [tmp_path / "a.wav", tmp_path / "b.wav"],
        sweep,
        "two rooms mixed up: the responses of .*a.wav and .*b.wav agree",
    )


def test_takes_of_different_channels(sweep, take, tmp_path):
    pipeline.write(tmp_path / "a.wav", 0.3 * take, FS)
    pipeline.write(tmp_path / "b.wav", 0.3 * np.repeat(take, 2, axis=1), FS)
    refused([tmp_path / "a.wav", tmp_path / "b.wav"], sweep, "takes of one room have as many channels each")


def test_what_is_no_request(sweep, take):
    refused([], sweep, "no recording to measure")
    with pytest.raises(SettingError, match="method: must be 'division' or 'inverse'"):
        faltung_measure.measure_room(take, sweep, method="magic")
    broken = take.copy()
    broken[5] = np.nan
    refused(broken, sweep, "not finite")


def test_nothing_random_breaks_it(sweep):
    rng = np.random.default_rng(3)
    for frames in (0, 1, 7999, 8000, 40_000):
        for channels in (1, 3):
            with pytest.raises(FaltungError):
                faltung_measure.measure_room(rng.uniform(-1, 1, (frames, channels)), sweep)
