"""A search made of scipy alone: scores, peaks, and the `Detection` that they make; and that of this package."""

from __future__ import annotations

import numpy as np
import scipy

from pipeline.dsp.detection import Detection, Peaks, Regions
from pipeline.dsp.search import Search, SearchSettings

NO_REGIONS = Regions(*(np.zeros(0, np.int64),) * 2, *(np.zeros(0, np.int32),) * 2, np.zeros(0, np.uint8))


def chirp(m):
    """A decaying upward sweep, far from its own reversal."""
    n = np.arange(m)
    return np.exp(-3 * n / m) * np.sin(2 * np.pi * (0.02 * n + 0.075 * n * n / m))


def coloured(frames, seed, pole=0.9):
    """Gaussian noise through one pole."""
    noise = np.random.default_rng(seed).standard_normal(frames + 200)
    return scipy.signal.lfilter([1.0], [1.0, -pole], noise)[200:]


def ncc(x, t):
    """Pearson's r of the template with each window."""
    m, t = len(t), (t - t.mean()) / np.linalg.norm(t - t.mean())
    sums, squares = (np.concatenate([[0.0], np.cumsum(part)]) for part in (x, x * x))
    energy = squares[m:] - squares[:-m] - (sums[m:] - sums[:-m]) ** 2 / m
    return scipy.signal.oaconvolve(x, t[::-1], "valid") / np.sqrt(energy)


def peaks_of(scores, distance):
    frames, _ = scipy.signal.find_peaks(np.abs(scores), distance=distance + 1)
    return columns(frames, scores[frames])


def columns(frames, scores, templates=0, channels=0, offsets=0.0):
    n = len(frames)
    return Peaks(
        frame=np.asarray(frames, np.int64),
        template=np.broadcast_to(np.int32(templates), n) if np.isscalar(templates) else np.asarray(templates, np.int32),
        channel=np.broadcast_to(np.int32(channels), n) if np.isscalar(channels) else np.asarray(channels, np.int32),
        score=np.asarray(scores, np.float64),
        offset=np.broadcast_to(np.float64(offsets), n) if np.isscalar(offsets) else np.asarray(offsets, np.float64),
    )


def search(x, t, fs=8000.0, *, decoys=True):
    """One template in one channel, with its reversal."""
    scores, distance = ncc(x, t), len(t) // 2
    return Detection(
        fs=fs,
        frames=len(x),
        templates=("t",),
        lengths=(len(t),),
        peaks=peaks_of(scores, distance),
        regions=NO_REGIONS,
        decoys=peaks_of(ncc(x, t[::-1]), distance) if decoys else None,
        median=np.array([[np.median(np.abs(scores))]]),
    )


def searched(x, templates, fs=1.0, **settings):
    """What the search of this package finds in a whole signal."""
    signal = np.asarray(x)
    blocks = signal if signal.ndim == 2 else signal[:, None]
    names = [f"t{i}" for i in range(len(templates))]
    made = Search(templates, names, fs, blocks.shape[1], SearchSettings(**settings))
    made.process(blocks)
    made.flush()
    return made.detection()
