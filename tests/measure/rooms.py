"""Rooms that are known, recordings of sweeps in them, and the error of a response, none of it by the package.

A room is noise that dies away, 60 dB in its reverberation time, behind a direct sound.
"""

from __future__ import annotations

import numpy as np


def room(rt_s: float, fs: float, seed: int, *, delay: int = 100, direct_db: float = 0.0) -> np.ndarray:
    """A response ``(frames,)``: direct sound after ``delay`` frames, ``direct_db`` above all that follows in energy."""
    rng = np.random.default_rng(seed)
    n = int(1.15 * rt_s * fs)
    h = rng.standard_normal(n) * 10 ** (-3 * np.arange(n) / fs / rt_s)
    h *= 10 ** (-direct_db / 20) / np.sqrt((h**2).sum())
    rise = int(0.005 * fs)
    h[:rise] *= np.linspace(0, 1, rise) ** 2
    h = np.concatenate([np.zeros(delay), h])
    h[delay] = 1
    return 0.3 * h


def rooms(rt_s: float, fs: float, sources: int, mics: int, seed: int, direct_db: float = 0.0) -> np.ndarray:
    """Responses ``(frames, sources, mics)``, each of its own noise and delay."""
    n = int(1.15 * rt_s * fs) + 400
    out = np.zeros((n, sources, mics))
    for i in range(sources):
        for o in range(mics):
            h = room(rt_s, fs, seed + 10 * i + o, delay=100 + 30 * abs(i - o), direct_db=direct_db)
            out[: len(h), i, o] = h
    return out


def played_in(x: np.ndarray, h: np.ndarray) -> np.ndarray:
    """What microphones hear: ``(frames, sources)`` through ``(taps, sources, mics)``."""
    from scipy.signal import fftconvolve

    paths = [[fftconvolve(x[:, i], h[:, i, o]) for i in range(h.shape[1])] for o in range(h.shape[2])]
    return np.stack([np.sum(heard, axis=0) for heard in paths], axis=1)


def distorted(x: np.ndarray, amount: float, level: float) -> np.ndarray:
    """A loudspeaker with a second harmonic of ``amount`` against the first at ``level``, and a third of half of it."""
    from scipy.signal import resample_poly

    u = resample_poly(x / level, 4, 1, axis=0)  # what is over half the rate must not come back from there
    return x + level * resample_poly(amount * 2 * u**2 + amount / 2 * (4 * u**3 - 3 * u), 1, 4, axis=0)


def recorded(
    x: np.ndarray, h: np.ndarray, fs: float, *, lead_s: float = 0.7, ppm: float = 0.0, noise_db: float | None = None,
    seed: int = 9,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """A recording, and the noise in it, ``noise_db`` against the sound's mean square."""
    y = played_in(x, h)
    loud = np.sqrt((y**2).mean())
    y = np.concatenate([np.zeros((round(lead_s * fs), y.shape[1])), y])
    if ppm:
        y = stretched(y, ppm)
    noise = np.zeros_like(y)
    if noise_db is not None:
        noise = np.random.default_rng(seed).standard_normal(y.shape) * loud * 10 ** (noise_db / 20)
    return y + noise, noise


def stretched(y: np.ndarray, ppm: float) -> np.ndarray:
    """The recording by a clock that is ``ppm`` fast: by the chirp transform, not by a resampler of anybody's.

    ``y(m / (1+d)) = sum_k Y[k] exp(2 pi i k m / (N (1+d)))`` for the spectrum Y of the signal with silence behind it.
    """
    from scipy.signal import czt

    n = len(y)
    padded = np.concatenate([y, np.zeros((4096, y.shape[1]))])
    size, m = len(padded), int(n * (1 + ppm * 1e-6))
    spectrum = np.fft.rfft(padded, axis=0)
    spectrum[0] *= 0.5
    step = np.exp(2j * np.pi / (size * (1 + ppm * 1e-6)))
    return np.stack([2 / size * czt(column, m, step).real for column in spectrum.T], axis=1)


def error_db(
    found: np.ndarray, true: np.ndarray, fs: float, band: tuple[float, float], *, fit_gain: bool = False
) -> float:
    """Energy of the difference in the band against the true response's, in dB, one delay for all paths taken out."""
    n = 1 << int(np.ceil(np.log2(2 * max(len(found), len(true)))))
    f = np.fft.rfftfreq(n, 1 / fs)
    inside = (f > band[0]) & (f < band[1])
    a = np.fft.rfft(found.reshape(len(found), -1), n, axis=0)
    b = np.fft.rfft(true.reshape(len(true), -1), n, axis=0)
    cross = (a * b.conj()).sum(axis=1) * inside
    lag = int(np.argmax(np.fft.irfft(cross, n)))
    tau = float(lag - n if lag > n // 2 else lag)
    w = 2 * np.pi * f / fs
    for _ in range(20):
        turned = cross * np.exp(1j * w * tau)
        tau += (w * turned.imag).sum() / (w**2 * turned.real).sum() * -1
    a = (a * np.exp(1j * w * tau)[:, None])[inside]
    b = b[inside]
    gain = (a * b.conj()).real.sum() / (np.abs(b) ** 2).sum() if fit_gain else 1.0
    return float(10 * np.log10((np.abs(a - gain * b) ** 2).sum() / (np.abs(gain * b) ** 2).sum()))


def allowed_db(hiss: np.ndarray, sweep, frames: int, h: np.ndarray, band: tuple[float, float]) -> float:
    """Error in the band that white noise makes by theory, in dB, in a response of so many frames.

    Division by the sweep's spectrum X is a filter: of noise of mean square s it makes ``s mean(1 / |X|^2)`` a frame,
    over the band's frequencies; the mean of repeats has one part in as many of it. Every source has it anew.
    """
    n = 1 << int(np.ceil(np.log2(sweep.period)))
    f = np.fft.rfftfreq(n, 1 / sweep.fs)
    inside = (f > band[0]) & (f < band[1])
    a_frame = (1 / np.abs(np.fft.rfft(sweep.one(), n)[inside]) ** 2).sum() * (hiss**2).mean(axis=0).sum()
    true = (np.abs(np.fft.rfft(h.reshape(len(h), -1), n, axis=0)[inside]) ** 2).sum()
    return float(10 * np.log10(a_frame * frames * h.shape[1] / sweep.repeats / true))
