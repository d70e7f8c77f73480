"""Resample: the same signal at another rate, frame for frame where it should be."""

import math
from fractions import Fraction as F

import numpy as np
import pytest

from pipeline.engine.options import Options
from pipeline.engine.plan import make_plan
from pipeline.errors import SettingError
from pipeline.stages.base import Format
from pipeline.stages.base.rates import frames_after, rate_ratio
from pipeline.stages.resample import Resample

from .helpers import noise, refused, run

RATES = [(48000, 44100), (44100, 48000), (8000, 16000), (48000, 8000), (8000, 7999.5), (0.1, 1), (1000.3, 7.1)]


@pytest.mark.parametrize(("fs_in", "fs_out"), RATES)
@pytest.mark.parametrize("frames", [0, 1, 2, 5, 100, 4095, 4096, 4097, 9001])
def test_the_frames_are_those_of_the_same_stretch_of_time(fs_in, fs_out, frames):
    y = run(Resample(fs=fs_out), noise(frames, 2), fs=fs_in)
    assert y.shape == (math.ceil(frames * F(str(fs_out)) / F(str(fs_in))), 2)


@pytest.mark.parametrize("frames", [1, 128, 127, 384_000, 3 * 10**9])
@pytest.mark.parametrize(
    ("meant_in", "meant_out"),
    [(F(128, 3), F(10)), (F(128, 3), F(64)), (F(7, 3), F(10)), (F(10), F(128, 3)), (F(192_000, 7), F(48_000)),
     (F("62.4725"), F(250)), (F("99.98765"), F(100)), (F(1, 3), F(1, 7)), (F(384_000, 11), F(192_000, 13))],
)  # fmt: skip
def test_a_rate_that_no_double_holds_is_the_fraction_that_it_stands_for(meant_in, meant_out, frames):
    """``128 / 3`` as a double is a little lower: by the double one frame too many came of 384,000."""
    assert rate_ratio(float(meant_in), float(meant_out)) == meant_out / meant_in
    assert frames_after(frames, float(meant_in), float(meant_out)) == math.ceil(frames * meant_out / meant_in)


def test_three_hours_at_128_thirds_of_a_hertz_are_as_long_as_they_were():
    plan = make_plan((Resample(fs="10 Hz"),), Format(128 / 3, 1), Options())
    assert plan.frames_out(384_000) == 90_000
    assert len(run(Resample(fs="10 Hz"), np.zeros((384_000, 1)), 128 / 3)) == 90_000


@pytest.mark.parametrize(("fs_in", "fs_out"), [(48000, 44100), (8000, 48000), (48000, 10000), (8000, 7999.5)])
def test_a_sine_keeps_its_amplitude_and_its_phase(fs_in, fs_out):
    f, n_in = 0.2 * min(fs_in, fs_out), 20_000
    x = 0.8 * np.sin(2 * np.pi * f * np.arange(n_in) / fs_in + 0.3)
    y = run(Resample(fs=fs_out), x, fs=fs_in)[:, 0]
    expected = 0.8 * np.sin(2 * np.pi * f * np.arange(len(y)) / fs_out + 0.3)
    middle = slice(len(y) // 4, 3 * len(y) // 4)
    # -120 dB; where the ratio is simple soxr is better still
    np.testing.assert_allclose(y[middle], expected[middle], rtol=0, atol=1e-6)


def test_what_lies_above_half_the_new_rate_is_filtered_out():
    x = np.sin(2 * np.pi * 6000 * np.arange(20_000) / 48000)
    y = run(Resample(fs=8000), x, fs=48000)[500:-500]
    assert np.abs(y).max() < 1e-6


def test_the_last_frame_is_interpolated_not_made_up():
    x = np.ones(1000)
    y = run(Resample(fs=48000), x, fs=44100)[:, 0]
    assert len(y) == 1089
    # frame 1088 lies at input time 999.6: half way down the step from 1 to silence, not at 0
    assert 0.2 < y[-1] < 1.2


def test_the_way_there_and_back_is_the_signal():
    x = np.convolve(noise(6000), np.hanning(64), "same")  # little above a quarter of the rate
    y = run(Resample(fs=8000), run(Resample(fs=12000), x), fs=12000)[:, 0]
    np.testing.assert_allclose(y[500:5500], x[500:5500], rtol=0, atol=1e-5 * np.abs(x).max())


@pytest.mark.parametrize("cuts", [(1,), (4095, 4096, 4097), tuple(range(0, 10_000, 613)), (0, 0, 9999)])
@pytest.mark.parametrize("quality", ["very_high", "low"])
def test_any_cut_gives_the_same_bits(cuts, quality):
    x = noise(10_000, 2)
    stage, fmt = Resample(fs=44100, quality=quality), Format(48000.0, 2)
    processor = stage.open(fmt)
    parts = [processor.process(part) for part in np.split(x, cuts)]
    got = np.concatenate([*parts, processor.flush()])
    np.testing.assert_array_equal(got, run(stage, x, fs=48000.0))


def test_what_soxr_is_given_does_not_depend_on_the_cut(monkeypatch):
    import soxr

    given = []

    class Watched(soxr.ResampleStream):
        def resample_chunk(self, x, last=False):
            given.append((len(x), last))
            return super().resample_chunk(x, last=last)

    monkeypatch.setattr(soxr, "ResampleStream", Watched)
    x, lists = noise(10_000, 1), []
    for cuts in ((), (17, 5000, 5001), range(0, 10_000, 100)):
        given.clear()
        processor = Resample(fs=44100).open(Format(48000.0, 1))
        for part in np.split(x, cuts):
            processor.process(part)
        processor.flush()
        lists.append(given.copy())
    assert lists[0] == lists[1] == lists[2]


@pytest.mark.parametrize("quality", ["quick", "low", "medium", "high", "very_high"])
@pytest.mark.parametrize(
    ("fs", "to"), [(250, 128), (48000, 44100), (44100, 48000), (8000, 48000), (1000, 10), (7, 7.5)]
)
def test_what_is_missing_reaches_as_far_as_an_impulse_and_no_further(fs, to, quality):
    n = 30_000
    for first, last, value in (
        (15_000, 15_000, np.nan),
        (0, 0, np.inf),
        (n - 1, n - 1, -np.inf),
        (14_000, 14_500, np.nan),
    ):
        x = noise(n, 2)
        x[first : last + 1, 1] = 0
        without = run(Resample(fs=to, quality=quality), x, fs)
        x[first : last + 1, 1] = value
        y = run(Resample(fs=to, quality=quality), x, fs)
        missing = np.isnan(y)
        np.testing.assert_array_equal(y[~missing], without[~missing])
        assert not missing[:, 0].any()
        impulses = np.zeros((n, 1))
        impulses[[first, last]] = 1
        heard = np.flatnonzero(np.abs(run(Resample(fs=to, quality=quality), impulses, fs)[:, 0]) > 2e-6)
        lost = np.flatnonzero(missing[:, 1])
        assert set(heard) <= set(range(lost[0], lost[-1] + 1)) if len(lost) else not len(heard)
        np.testing.assert_array_equal(np.diff(lost), 1)
        if not len(lost):  # "quick" may pass a frame over, going down
            assert quality == "quick"
            continue
        reach = 150 * max(1, to / fs) + 3
        assert lost[0] >= first * to / fs - reach
        assert lost[-1] <= last * to / fs + reach


def test_one_missing_sample_of_an_ecg_costs_what_the_filter_reaches():
    x = noise(2500, 1)
    x[1250] = np.nan
    y = run(Resample(fs=128), x, 250)
    assert 265 <= np.isnan(y).sum() <= 270


def test_missing_samples_stay_where_they_are_however_the_input_is_cut():
    x = noise(20_000, 2)
    x[[5, 4095, 4096, 12_000], [0, 1, 0, 1]] = np.nan
    expected = run(Resample(fs=44100), x, 48000)
    for cuts in (range(0, 20_000, 1009), (4095, 4096, 4097, 12_001)):
        processor = Resample(fs=44100).open(Format(48000.0, 2))
        y = [processor.process(part) for part in np.split(x, cuts)]
        np.testing.assert_array_equal(np.concatenate([*y, processor.flush()]), expected)


def test_the_same_rate_changes_nothing():
    x = noise(100, 2)
    np.testing.assert_array_equal(run(Resample(fs="8 kHz"), x), x)


def test_single_precision_stays_single():
    processor = Resample(fs=16000).open(Format(8000.0, 1, "single"))
    y = processor.process(np.ones((5000, 1), np.float32))
    assert y.dtype == np.float32
    assert processor.flush().dtype == np.float32


def test_latency_and_tail_are_none_and_the_rate_is_the_new_one():
    processor = Resample(fs=16000).open(Format(8000.0, 2))
    assert (processor.latency, processor.tail, processor.format) == (0, 0, Format(16000.0, 2))


def test_bad_settings_say_what_and_why():
    with refused("must be above 0, got 0.0", "fs"):
        Resample(fs=0)
    with refused("unknown unit", "fs"):
        Resample(fs="8 khz")
    with refused("must be 'quick'", "quality"):
        Resample(fs=8000, quality="best")
    with pytest.raises(SettingError, match=r"^fs: 1e\+08 Hz is 12,500 times away from 8000 Hz; at most 1000 times"):
        Resample(fs="100 MHz").open(Format(8000.0, 1))


@pytest.mark.parametrize(("fs_in", "fs_out"), [(48000, 44100), (44100, 48000), (8000, 1000), (8000, 48000)])
@pytest.mark.parametrize("quality", ["very_high", "low"])
def test_the_plan_says_how_loud_a_square_wave_comes_out(fs_in, fs_out, quality):
    stage = Resample(fs=fs_out, quality=quality)
    (note,) = make_plan([stage], Format(fs_in, 1)).stages[0].notes
    square = np.repeat([-1.0, 1.0] * 150, 8_009)
    told = float(
        note.removeprefix("a square wave comes out ").removesuffix(" dB louder: clip: scale keeps it from clipping")
    )
    assert told == pytest.approx(20 * np.log10(np.abs(run(stage, square, fs_in)).max()), abs=0.02)
    assert make_plan([Resample(fs=fs_in)], Format(fs_in, 1)).stages[0].notes == ()
