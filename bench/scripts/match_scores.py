"""Scores a recording against templates by one library: ``match_scores.py LIBRARY RECORDING TEMPLATES OUT [scores]``.

RECORDING is a mono WAV file, TEMPLATES a ``.npy`` file (T, m). OUT takes the frames whose score is at least 0.7 (of
faltung, the peaks), or, with ``scores``, all scores (T, N - m + 1). What is imported is what the library needs.
"""

from __future__ import annotations

import sys

import numpy as np

LEAST = 0.7


def faltung(x, t):
    from pipeline.match.find import match_scores

    return match_scores(x, t)


def opencv(x, t):
    import cv2

    rows = (np.asarray(a, np.float32).reshape(1, -1) for a in (x, t))
    return cv2.matchTemplate(*rows, cv2.TM_CCOEFF_NORMED)[0]


def obspy32(x, t):
    from obspy.signal.cross_correlation import correlate_template

    return correlate_template(np.asarray(x, np.float32), np.asarray(t, np.float32), mode="valid")


def obspy64(x, t):
    from obspy.signal.cross_correlation import correlate_template

    return correlate_template(np.asarray(x, np.float64), np.asarray(t, np.float64), mode="valid")


def skimage(x, t):
    from skimage.feature import match_template

    return match_template(np.asarray(x)[None], np.asarray(t)[None])[0]


def stumpy(x, t):
    from stumpy import mass

    return 1 - mass(np.asarray(t, np.float64), np.asarray(x, np.float64)) ** 2 / (2 * len(t))


def scipy(x, t):
    """As it is found in many a script: running sums, and a convolution with the template reversed."""
    from scipy.signal import oaconvolve

    x, t, m = np.asarray(x, np.float64), np.asarray(t, np.float64), len(t)
    t = t - t.mean()
    sums = np.concatenate([[0], np.cumsum(x)])
    squares = np.concatenate([[0], np.cumsum(x**2)])
    mean = (sums[m:] - sums[:-m]) / m
    variance = (squares[m:] - squares[:-m]) / m - mean**2
    with np.errstate(all="ignore"):
        return oaconvolve(x, t[::-1], "valid") / (np.sqrt(variance * m) * np.linalg.norm(t))


def eqcorrscan(x, templates):
    """All templates at once; at 2^16 points, which is quicker than what it takes by itself, and than 2^15 or 2^17.

    Its moments are checked against a number, not against the signal: soft ones are refused, so all is made louder.
    """
    from eqcorrscan.utils.correlate import fftw_normxcorr

    x, templates = (1000 * np.asarray(a, np.float32) for a in (x, templates))
    return fftw_normxcorr(templates, x, [0] * len(templates), threaded=False, fft_len=1 << 16)[0]


LIBRARIES = {
    "faltung": faltung,
    "OpenCV": opencv,
    "ObsPy float32": obspy32,
    "ObsPy float64": obspy64,
    "scikit-image": skimage,
    "scipy by hand": scipy,
    "stumpy": stumpy,
}


def faltung_peaks(recording: str, templates: np.ndarray) -> list[np.ndarray]:
    """As a job does it: read and searched in blocks, on two threads."""
    from concurrent.futures import ThreadPoolExecutor

    from pipeline.dsp.search import Search, SearchSettings
    from pipeline.dsp.threads import ahead
    from pipeline.engine.plan import BLOCK
    from pipeline.io import open_reader
    from pipeline.system import keep_freed_memory

    keep_freed_memory()
    with ThreadPoolExecutor(2) as executor, open_reader(recording) as reader:
        names = [f"t{i}" for i in range(len(templates))]
        search = Search(templates, names, reader.info.fs, 1, SearchSettings(floor=LEAST), executor=executor)
        for block in ahead(_blocks(reader, BLOCK)):
            search.process(block)
        search.flush()
    return [search.detection().peaks.frame]


def _blocks(reader, size):
    while len(block := reader.read(size)):
        yield block


def main(library: str, recording: str, templates: str, out: str, *what: str) -> None:
    looked_for = np.load(templates)
    if library == "faltung" and not what:
        found = faltung_peaks(recording, looked_for)
    else:
        import soundfile

        x, _ = soundfile.read(recording, dtype="float64" if library in ("faltung", "ObsPy float64") else "float32")
        if library == "EQcorrscan":
            scores = eqcorrscan(x, looked_for)
        else:
            scores = (LIBRARIES[library](x, template) for template in looked_for)
        found = list(scores) if what else [np.flatnonzero(score >= LEAST) for score in scores]
    np.save(out, np.stack(found) if what else np.concatenate(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
