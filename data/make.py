"""Make every signal of this folder from physical models and one seed: ``python data/make.py [--check]``.

Without an option the files are written; ``--check`` makes them in memory and compares: samples may differ by
1 LSB and printed numbers by one unit of their last digit, because ``sin`` and ``exp`` differ between machines.
Arrays are ``(frames,)`` or ``(frames, channels)``, float64, full scale 1; the sources of the models are in README.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import scipy
import soundfile

Array = npt.NDArray[np.float64]
Audio = tuple[npt.NDArray[np.int16], int]  # samples and their rate in Hz
HERE = Path(__file__).parent
SEED, FS, SPEED_OF_SOUND = 1983, 48_000, 343.0  # FS in Hz, the speed in m/s
LN_60_DB = 3 * np.log(10)  # an amplitude falls by 60 dB in T60 seconds: exp(-LN_60_DB * t / T60)


def draw(name: str) -> np.random.Generator:
    """The random numbers of one file: they do not change when another file does."""
    return np.random.default_rng([SEED, *name.encode()])


def pcm16(x: Array, peak_db: float, fs: int = FS) -> Audio:
    """``x`` with its largest sample at ``peak_db`` dBFS, rounded to the nearest of the 65,536 codes."""
    scale = 32768 * 10 ** (peak_db / 20) / np.abs(x).max()
    return np.rint(scale * x).astype(np.int16), fs


def table(header: str, rows: Iterable[Any]) -> str:
    """The text of a CSV file."""
    return "".join(",".join(map(str, row)) + "\n" for row in (header.split(","), *rows))


def fade_out(x: Array, seconds: float) -> Array:
    """``x`` with half a cosine over its last ``seconds``."""
    n = round(seconds * FS)
    ramp = np.ones(len(x))
    ramp[-n:] = 0.5 + 0.5 * np.cos(np.pi * np.arange(1, n + 1) / n)
    return x * (ramp if x.ndim == 1 else ramp[:, None])


def butter(x: Array, order: int, cutoff_hz: Any, kind: Literal["highpass", "bandpass"]) -> Array:
    """``x`` through a causal Butterworth filter."""
    sos = scipy.signal.butter(order, cutoff_hz, kind, fs=FS, output="sos")
    return np.asarray(scipy.signal.sosfilt(sos, x))


PLUCK_NOTES = (
    (0.10, -12), (0.40, -5), (0.70, 0), (1.00, 2), (1.30, 3), (1.60, -5), (1.90, 2), (2.05, 0), (2.35, -2),
    (2.65, -12), (2.68, -5), (2.71, 0),
)  # fmt: skip
"""Start in seconds and semitones from A4 = 440 Hz: A3 E4 A4 B4 C5 E4 B4 A4 G4, then A3, E4 and A4 strummed."""
PLUCK_SECONDS = 3.8


def string(f0_hz: float, seconds: float, rng: np.random.Generator, pick: float = 0.17) -> Array:
    """A plucked string: a digital waveguide closed by a loss filter and a tuning all-pass.

    ``y[n] = e[n] + (loss * tuning * y)[n - N]`` with loss ``g (1 + z^-1) / 2``, tuning ``(c + z^-1) / (1 + c z^-1)``
    and ``fs / f0 = N + 1/2 + fraction``; ``c = (1 - fraction) / (1 + fraction)``. The excitation ``e`` is one period
    of noise, minus itself delayed by ``pick`` periods: the comb of a string plucked at that part of its length.
    """
    period = FS / f0_hz
    n = int(period - 0.6)
    fraction = period - 0.5 - n
    c = (1 - fraction) / (1 + fraction)
    g = 10 ** (-3 / (f0_hz * (1.6 + 500 / f0_hz)))
    burst = scipy.signal.lfilter(
        [0.45], [1, -0.55], rng.uniform(-1, 1, round(period)) * np.hanning(round(period)) ** 0.25
    )
    excitation = np.zeros(round(seconds * FS))
    for start, sign in ((0, 1), (round(pick * period), -1)):
        excitation[start : start + len(burst)] += sign * (burst - burst.mean())
    feedback = np.zeros(n + 3)
    feedback[:2] = 1, c
    feedback[n:] -= g / 2 * np.array([c, 1 + c, 1])
    return np.asarray(scipy.signal.lfilter([1, c], feedback, excitation))


def pluck() -> Audio:
    """A melodic phrase on plucked strings, through three resonances of a guitar's body (frequency in Hz, Q, gain)."""
    rng = draw("pluck")
    dry = np.zeros(round(PLUCK_SECONDS * FS))
    for start_s, semitones in PLUCK_NOTES:
        tone = string(440 * 2 ** (semitones / 12), PLUCK_SECONDS - start_s, rng)
        dry[-len(tone) :] += rng.uniform(0.8, 1.0) * tone / np.sqrt(np.mean(tone[: FS // 4] ** 2))
    body = ((108, 8, 0.8), (204, 10, 0.7), (395, 12, 0.4))
    wet = dry + sum(gain * scipy.signal.lfilter(*scipy.signal.iirpeak(f_hz, q, fs=FS), dry) for f_hz, q, gain in body)
    return pcm16(fade_out(butter(wet, 2, 50, "highpass"), 0.4), -3)


DRUM_LEAD, DRUM_STEP, HIT_FRAMES = 4_800, 5_400, 19_200  # silence first, a sixteenth note (133 beats a minute), a hit
DRUM_PATTERN = {"kick": (0, 6, 10, 16, 19, 22, 26), "snare": (4, 12, 20, 28, 31), "hat": tuple(range(0, 32, 2))}
DRUM_MIX = {"kick": (1.0, 0.0), "snare": (0.7, -0.25), "hat": (0.25, 0.45)}  # level; pan, -1 left to 1 right
FRESH = 0.15  # the part of a hit's noise that is its own; the rest is the same in every hit of that drum


def hit(drum: str, common: Array, fresh: Array) -> Array:
    """One hit of 0.4 s: a decaying swept sine, a membrane with its wires, or two sheets of metal."""
    t = np.arange(HIT_FRAMES) / FS
    noise = np.sqrt(1 - FRESH**2) * common + FRESH * fresh
    if drum == "kick":  # f(t) = 48 + 140 exp(-t / 30 ms) Hz, and the beater's knock
        sweep = np.sin(2 * np.pi * (48 * t + 140 * 0.03 * (1 - np.exp(-t / 0.03))))
        return fade_out(sweep * np.exp(-t / 0.1) + 0.25 * noise * np.exp(-t / 0.0015), 0.1)
    if drum == "snare":  # the modes (0,1) and (1,1) of a circular membrane: 1 : 1.594
        modes = np.sin(2 * np.pi * 185 * t) * np.exp(-t / 0.07) + 0.6 * np.sin(2 * np.pi * 295 * t) * np.exp(-t / 0.05)
        return fade_out(0.6 * modes + 0.5 * butter(noise, 2, 1_500, "highpass") * np.exp(-t / 0.075), 0.1)
    metal = sum(np.sin(2 * np.pi * f_hz * t + f_hz) for f_hz in (5_430, 6_810, 7_390, 8_720, 9_590, 11_130))
    return fade_out((0.25 * metal + butter(noise, 4, 7_000, "highpass")) * np.exp(-t / 0.028), 0.1)


def drum_hits() -> list[tuple[int, str]]:
    """Start frame and drum of every hit, in order: on a grid, each step early or late by up to 2 ms."""
    shift = draw("drums.csv").integers(-96, 97, 32)
    steps = ((step, drum) for drum, where in DRUM_PATTERN.items() for step in where)
    return sorted((int(DRUM_LEAD + DRUM_STEP * step + shift[step]), drum) for step, drum in steps)


def drums() -> Audio:
    """Two bars in stereo; hits of one drum differ by up to 1.5 dB and by their fresh noise."""
    rng = draw("drums")
    out = np.zeros((DRUM_LEAD + 32 * DRUM_STEP + 9_600, 2))
    common = {drum: rng.standard_normal(HIT_FRAMES) for drum in DRUM_PATTERN}
    for start, drum in drum_hits():
        level, pan = DRUM_MIX[drum]
        sound = level * 10 ** (rng.uniform(-1.5, 0) / 20) * hit(drum, common[drum], rng.standard_normal(HIT_FRAMES))
        angle = np.pi / 4 * (1 + pan)
        out[start : start + HIT_FRAMES] += (sound[:, None] * [np.cos(angle), np.sin(angle)])[: len(out) - start]
    return pcm16(fade_out(out, 0.05), -3)


CLICKS = (
    (24_000, "impulse", -6.0), (33_600, "band_limited", -6.0), (43_200, "impulse", -12.0),
    (52_800, "band_limited", -12.0), (62_400, "impulse", -18.0), (72_000, "band_limited", -18.0),
    (79_200, "impulse", -6.0), (79_440, "impulse", -9.0), (88_800, "impulse", -24.0),
)  # fmt: skip
"""Frame of the peak, kind, level in dBFS."""
CHIRP_SECONDS = 0.25
CHIRPS = ((24_000, "up", 0.0), (55_200, "down", 0.0), (86_400, "up", -6.0), (112_800, "down", -6.0))  # start, ..., dB


def clicks() -> Audio:
    """Two seconds, the first half-second silent; a band-limited click is a sinc cut at 8 kHz under a Hann window."""
    out = np.zeros(2 * FS)
    k = np.arange(-24, 25)
    band_limited = np.sinc(k / 3) * np.hanning(51)[1:-1]
    for frame, kind, level_db in CLICKS:
        shape = np.ones(1) if kind == "impulse" else band_limited
        first = frame - len(shape) // 2
        out[first : first + len(shape)] += 10 ** (level_db / 20) * shape
    return pcm16(out, -6)


def chirp() -> Array:
    """The template: 600 Hz rising to 6 kHz along a straight line in 0.25 s, its ends tapered."""
    t = np.arange(round(CHIRP_SECONDS * FS)) / FS
    return np.sin(2 * np.pi * (600 * t + (6_000 - 600) / CHIRP_SECONDS / 2 * t**2)) * scipy.signal.windows.tukey(
        len(t), 0.1, sym=True
    )


def chirps() -> Audio:
    """Three seconds of white noise, 11 dB below the full chirp, with rising chirps and their exact reversals."""
    up = chirp()
    out = 0.2 * draw("chirps").standard_normal(3 * FS)
    for start, direction, level_db in CHIRPS:
        out[start : start + len(up)] += 10 ** (level_db / 20) * (up if direction == "up" else up[::-1])
    return pcm16(out, -6)


SPEECH_FS = 16_000
VOWELS = {"a": (730, 1090, 2440), "i": (270, 2290, 3010), "u": (300, 870, 2240), "e": (530, 1840, 2480)}  # F1, F2, F3
VOICE = (
    (0.15, "a"), (0.40, "a"), (0.52, "i"), (0.72, "i"), (0.92, "u"), (1.10, "u"), (1.26, "e"), (1.45, "a"), (2, "a")
)  # fmt: skip
"""A time in seconds and the vowel whose formants hold there; between two, the formants glide."""
SYLLABLES = ((0.12, 0.76), (0.84, 1.16), (1.22, 1.88))


def glottis(n: int, rng: np.random.Generator) -> Array:
    """The derivative of Rosenberg's glottal pulse at 16 kHz, made at four times that rate to keep aliasing low.

    Flow over one period T: ``(1 - cos(pi t / 0.4 T)) / 2``, then ``cos(pi (t - 0.4 T) / 0.32 T)`` until 0.56 T, then 0.
    """
    t = np.arange(4 * n) / (4 * SPEECH_FS)
    f0_hz = 128 - 14 * t + 14 * np.sin(np.pi * t / 0.9) ** 2 + 2 * np.sin(2 * np.pi * 5.2 * t)
    jitter = scipy.signal.lfilter([0.0006], [1, -0.998], rng.standard_normal(4 * n))
    phase = np.cumsum(f0_hz * (1 + jitter)) / (4 * SPEECH_FS) % 1
    opening = 0.5 - 0.5 * np.cos(np.pi * phase / 0.4)
    closing = np.cos(np.pi * (phase - 0.4) / 0.32)
    flow = np.where(phase < 0.4, opening, np.where(phase < 0.56, closing, 0))
    return np.asarray(scipy.signal.resample_poly(np.diff(flow, prepend=flow[0]), 1, 4))


def resonator(x: Array, f_hz: Array, bandwidth_hz: float, fs: int) -> Array:
    """A formant that moves: ``y[n] = a x[n] + b y[n-1] + c y[n-2]`` with unit gain at 0 Hz."""
    c = -np.exp(-2 * np.pi * bandwidth_hz / fs)
    b = 2 * np.sqrt(-c) * np.cos(2 * np.pi * f_hz / fs)
    y, y1, y2 = np.empty_like(x), 0.0, 0.0
    for n, (x_n, b_n) in enumerate(zip(x.tolist(), b.tolist(), strict=True)):
        y1, y2 = (1 - b_n - c) * x_n + b_n * y1 + c * y2, y1
        y[n] = y1
    return y


def speech_like() -> Audio:
    """Three syllables of gliding vowels: glottal pulses and a little breath through five formants."""
    rng = draw("speech_like")
    t = np.arange(2 * SPEECH_FS) / SPEECH_FS
    envelope = np.zeros_like(t)
    for start_s, stop_s in SYLLABLES:
        envelope += np.clip(np.minimum((t - start_s) / 0.03, (stop_s - t) / 0.12), 0, 1)
    x = (glottis(len(t), rng) + 0.002 * rng.standard_normal(len(t))) * np.sin(np.pi / 2 * envelope) ** 2
    for k, bandwidth_hz in enumerate((70, 90, 130, 200, 250)):
        targets = [(*VOWELS[vowel], 3_400, 4_500)[k] for _, vowel in VOICE]
        x = resonator(x, np.interp(t, [at_s for at_s, _ in VOICE], targets), bandwidth_hz, SPEECH_FS)
    return pcm16(x, -3, SPEECH_FS)


OCTAVES_HZ = (125, 250, 500, 1_000, 2_000, 4_000, 8_000, 16_000)
LEAD = 24  # frames before the direct sound at the nearest ear: the skirt of its band-limited impulse


@dataclass(frozen=True)
class Room:
    """A shoebox: its size and positions in metres, T60 in seconds for each octave of ``OCTAVES_HZ``."""

    size: tuple[float, float, float]
    source: tuple[float, float, float]
    ears: tuple[tuple[float, float, float], ...]
    t60_s: tuple[float, ...]
    mixing_s: float  # where the single reflections give way to the dense tail, after the direct sound
    seconds: float


HALL = Room(
    (19.3, 13.7, 7.9), (5.1, 5.9, 1.6), ((12.62, 7.91, 1.5), (12.58, 7.73, 1.5)),
    t60_s=(1.25, 1.2, 1.15, 1.1, 1.0, 0.85, 0.65, 0.45), mixing_s=0.07, seconds=1.4,
)  # fmt: skip
ROOM = Room(
    (4.3, 3.1, 2.6), (1.1, 1.3, 1.2), ((3.2, 1.9, 1.3),),
    t60_s=(0.24, 0.23, 0.22, 0.21, 0.2, 0.18, 0.15, 0.12), mixing_s=0.02, seconds=0.25,
)  # fmt: skip


def wall(room: Room) -> tuple[Array, Array]:
    """One reflection as a one-pole low-pass filter with the losses that the T60 at 250 Hz and 8 kHz ask for.

    Between two reflections a ray flies ``4 V / S`` metres on average, so one of them leaves
    ``exp(-LN_60_DB * 4 V / (S c T60))`` of the amplitude.
    """
    x, y, z = room.size
    flight_s = 4 * x * y * z / (2 * (x * y + y * z + z * x)) / SPEED_OF_SOUND
    low, high = (np.exp(-LN_60_DB * flight_s / room.t60_s[k]) for k in (1, 6))
    cosine = np.cos(2 * np.pi * 8_000 / FS)  # |low (1 - p) / (1 - p z^-1)| = high at 8 kHz, solved for p
    q = (high / low) ** 2
    half = (1 - q * cosine) / (1 - q)
    pole = half - np.sqrt(half**2 - 1)
    return np.array([low * (1 - pole)]), np.array([1, -pole])


def early(room: Room, ear: Sequence[float], n_frames: int, nearest_m: float) -> Array:
    """Direct sound and reflections at one ear, each a band-limited impulse falling as 1 / distance.

    Along an axis of length L the images of s stand at ``2 n L + (1 - 2 p) s``, ``|n - p| + |n|`` reflections far.
    """
    squares, order = np.zeros(1), np.zeros(1, dtype=np.int64)
    for length, s, e in zip(room.size, room.source, ear, strict=True):
        n, p = (a.ravel() for a in np.meshgrid(np.arange(-9, 10), (0, 1)))
        squares = np.add.outer(squares, (2 * n * length + (1 - 2 * p) * s - e) ** 2).ravel()
        order = np.add.outer(order, np.abs(n - p) + np.abs(n)).ravel()
        near = squares < (nearest_m + n_frames / FS * SPEED_OF_SOUND) ** 2
        squares, order = squares[near], order[near]
    distance = np.sqrt(squares)
    at = LEAD + (distance - nearest_m) / SPEED_OF_SOUND * FS
    k = np.floor(at).astype(int)[:, None] + np.arange(-20, 21)
    u = k - at[:, None]
    taps = (nearest_m / distance)[:, None] * np.sinc(u) * (0.5 + 0.5 * np.cos(np.pi * u / 21))
    inside = (k >= 0) & (k < n_frames)
    out = np.zeros(n_frames)
    for m in range(int(order.max()), -1, -1):  # Horner's rule: out = impulses[0] + wall * (impulses[1] + wall * ...)
        out = np.asarray(scipy.signal.lfilter(*wall(room), out))
        chosen = inside & (order == m)[:, None]
        np.add.at(out, k[chosen], taps[chosen])
    return out


def late(room: Room, n_frames: int, rng: np.random.Generator) -> Array:
    """Gaussian noise, third-octave by third-octave, each ``noise * exp(-LN_60_DB * t / T60)``."""
    t = np.arange(n_frames) / FS
    thirds_hz = 1_000 * 2 ** (np.arange(-10, 14) / 3)
    t60_s = np.interp(np.log(thirds_hz), np.log(OCTAVES_HZ), room.t60_s)
    out = np.zeros(n_frames)
    for k, f_hz in enumerate(thirds_hz):
        noise = rng.standard_normal(n_frames + FS // 10)
        band = butter(noise, 4, f_hz * np.array([2 ** (-1 / 6), 2 ** (1 / 6)]), "bandpass")
        out += band[-n_frames:] * np.exp(-LN_60_DB * t / t60_s[k])
    return out


def impulse_response(name: str, room: Room) -> Audio:
    """The response at each ear: image sources, crossfaded at equal power into decaying noise of the same level."""
    rng = draw(name)
    n_frames, mix = round(room.seconds * FS), LEAD + round(room.mixing_s * FS)
    half = mix // 3
    nearest_m = min(float(np.linalg.norm(np.subtract(room.source, ear))) for ear in room.ears)
    first = np.stack([early(room, ear, mix + half, nearest_m) for ear in room.ears], axis=1)
    first = np.pad(first, ((0, n_frames - len(first)), (0, 0)))
    tail = np.stack([late(room, n_frames, rng) for _ in room.ears], axis=1)
    around = slice(mix - half, mix + half)
    tail *= np.sqrt(np.mean(first[around] ** 2) / np.mean(tail[around] ** 2))
    angle = np.pi / 2 * np.clip((np.arange(n_frames) - mix + half) / (2 * half), 0, 1)[:, None]
    out = first * np.cos(angle) + tail * np.sin(angle)
    out = np.stack([butter(channel, 2, 40, "highpass") for channel in out.T], axis=1)
    return pcm16(fade_out(np.squeeze(out), 0.03), -3)


def measured_room() -> Audio:
    """``room_mono.wav`` as it is measured: a sweep played in it, recorded in noise by a clock that is 30 ppm fast."""
    import faltung_measure
    import soxr

    room, fs = impulse_response("room_mono", ROOM)
    sweep = faltung_measure.sweep(length=5, silence=0.5, fs=fs)
    heard = scipy.signal.fftconvolve(sweep.signal()[:, 0], room / 32768)
    recorded = soxr.resample(heard, fs, fs * (1 + 30e-6), quality="VHQ")
    recorded += 1e-4 * draw("measured_room").standard_normal(len(recorded))
    return pcm16(faltung_measure.measure_room(recorded, sweep, length=0.24).taps[:, 0, 0], -3)


SENSOR_ROWS, SENSOR_STEP_S = 2_160, 10
SENSOR_SPIKES = ((311, 4.2), (742, -3.6), (1_203, 5.0), (1_204, 3.1), (1_877, -4.4))  # row from 0, degrees Celsius
ECG_FS, ECG_SECONDS = 250, 60
ECG_WAVES = (
    (-np.pi / 3, 0.12, 0.25), (-np.pi / 12, -0.12, 0.1), (0, 1.1, 0.1), (np.pi / 12, -0.22, 0.1), (np.pi / 2, 0.3, 0.4)
)  # fmt: skip
"""P, Q, R, S, T: angle in radians, height in mV, width in radians."""


def sensor() -> str:
    """Six morning hours of a room: the daily cycle, a drift, a heater going on and off, red and white noise, spikes.

    The relative humidity follows from a nearly constant dew point by Magnus: ``100 e(dew point) / e(temperature)``
    with ``e(T) = exp(17.62 T / (243.12 + T))``.
    """
    rng = draw("sensor")
    t = SENSOR_STEP_S * np.arange(SENSOR_ROWS)
    heater = scipy.signal.lfilter([1 / 40], [1, 1 / 40 - 1], (t % 2_400 < 900).astype(float))
    red = scipy.signal.lfilter([0.02], [1, -0.99], rng.standard_normal((2, SENSOR_ROWS)))
    true_c = 19 - 3 * np.cos(2 * np.pi * (t / 86_400 + 0.25 - 4 / 24)) + 0.08 * t / 3_600 + 0.8 * heater + red[0]
    dew_c = 9.5 + 0.1 * t / 3_600 + red[1]
    humidity = 100 * np.exp(17.62 * dew_c / (243.12 + dew_c) - 17.62 * true_c / (243.12 + true_c))
    measured_c = true_c + 0.05 * rng.standard_normal(SENSOR_ROWS)
    for row, size in SENSOR_SPIKES:
        measured_c[row] += size
    humidity += 0.2 * rng.standard_normal(SENSOR_ROWS)
    stamps = np.datetime_as_string(np.datetime64("2026-03-02T06:00:00") + t, timezone="UTC")
    rows = ((at, f"{c:.3f}", f"{rh:.2f}") for at, c, rh in zip(stamps, measured_c, humidity, strict=True))
    return table("time,temperature_c,humidity_pct", rows)


def beats_s() -> Array:
    """The times of the R peaks, one before and one after the record included.

    ``RR = 0.85 s + 0.04 sin(2 pi 0.25 t) + 0.025 sin(2 pi 0.1 t) + 0.01 * noise``: breathing and blood pressure waves.
    """
    rng = draw("ecg_beats")
    at = [-0.4]
    while at[-1] < ECG_SECONDS:
        breath, pressure = np.sin(2 * np.pi * np.array([0.25, 0.1]) * at[-1])
        at.append(at[-1] + 0.85 + 0.04 * breath + 0.025 * pressure + 0.01 * rng.standard_normal())
    return np.array(at)


def ecg() -> str:
    """One lead: five Gaussians on the phase of the beat, heights varying by 4 %, baseline wander, noise, 50 Hz hum."""
    rng = draw("ecg")
    at, t = beats_s(), np.arange(ECG_SECONDS * ECG_FS) / ECG_FS
    phase = np.interp(t, at, 2 * np.pi * np.arange(len(at)))
    height = 1 + 0.04 * rng.standard_normal((len(at), len(ECG_WAVES)))
    mv = 0.08 * np.sin(2 * np.pi * 0.25 * t) + 0.05 * np.sin(2 * np.pi * 0.07 * t + 1)
    mv += 0.01 * rng.standard_normal(len(t)) + 0.004 * np.sin(2 * np.pi * 50 * t)
    for k, (angle, peak_mv, width) in enumerate(ECG_WAVES):
        for beat in range(len(at)):
            mv += peak_mv * height[beat, k] * np.exp(-(((phase - 2 * np.pi * beat - angle) / width) ** 2) / 2)
    return table("time_s,ecg_mv", ((f"{s:.3f}", f"{v:.3f}") for s, v in zip(t, mv, strict=True)))


def ecg_beats() -> str:
    """The R peaks inside the record: exact time, nearest frame."""
    inside = (s for s in beats_s() if 0 <= s < ECG_SECONDS)
    return table("peak_s,peak_frame", ((f"{s:.4f}", round(s * ECG_FS)) for s in inside))


def events(header: str, rows: Iterable[Any]) -> str:
    """Frames of the 48 kHz files as a table: the time, the frame, and the words that go with it."""
    return table(header, ((f"{row[0] / FS:.6f}", *row) for row in rows))


FILES: dict[str, Callable[[], Audio | str]] = {
    "pluck.wav": pluck, "speech_like.wav": speech_like,
    "drums.wav": drums, "drums.csv": lambda: events("start_s,start_frame,label", drum_hits()),
    "clicks.wav": clicks, "clicks.csv": lambda: events("peak_s,peak_frame,label,level_db", CLICKS),
    "chirp_up.wav": lambda: pcm16(chirp(), -3),
    "chirps.wav": chirps, "chirps.csv": lambda: events("start_s,start_frame,label,level_db", CHIRPS),
    "hall.wav": lambda: impulse_response("hall", HALL), "room_mono.wav": lambda: impulse_response("room_mono", ROOM),
    "measured_room.wav": measured_room,
    "sensor.csv": sensor, "ecg.csv": ecg, "ecg_beats.csv": ecg_beats,
}  # fmt: skip


def same_cell(a: str, b: str) -> bool:
    """Equal, or two numbers with a decimal point whose last digits differ by one unit; words have no points."""
    return a == b or ("." in a and "." in b and abs(float(a) - float(b)) < 1.5 * 10.0 ** -len(a.partition(".")[2]))


def difference(path: Path, made: Audio | str) -> str:
    """What differs between the file and what was made; nothing when they agree."""
    if not path.is_file():
        return "is missing"
    if isinstance(made, tuple):
        samples, fs = soundfile.read(path, dtype="int16")
        if (samples.shape, fs) != (made[0].shape, made[1]):
            return f"has {samples.shape} samples at {fs} Hz, expected {made[0].shape} at {made[1]} Hz"
        lsb = int(np.abs(samples.astype(int) - made[0]).max())
        return "" if lsb <= 1 else f"differs by up to {lsb} LSB, at most 1 is allowed"
    old, new = ([line.split(",") for line in text.splitlines()] for text in (path.read_text("utf-8"), made))
    if old[0] != new[0] or list(map(len, old)) != list(map(len, new)):
        return f"has {len(old)} lines under {old[0]}, expected {len(new)} under {new[0]}"
    for number, (row, expected) in enumerate(zip(old, new, strict=True), start=1):
        if not all(map(same_cell, row, expected)):
            return f"differs in line {number}: {row}, expected {expected}"
    return ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files, or compare them with ``--check``; the exit status is 1 when one differs."""
    parser = argparse.ArgumentParser(description="Make the signals of this folder.")
    parser.add_argument("--check", action="store_true", help="compare with the files that are there, write nothing")
    check, failed = parser.parse_args(arguments).check, 0
    for path, made in ((HERE / name, make()) for name, make in FILES.items()):
        if check:
            if problem := difference(path, made):
                failed = 1
                sys.stderr.write(f"{path}: {problem}\n")
        elif isinstance(made, str):
            path.write_text(made, "utf-8", newline="\n")
        else:
            soundfile.write(path, *made, subtype="PCM_16")
    return failed


if __name__ == "__main__":
    sys.exit(main())
