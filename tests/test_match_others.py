"""Scores are those of other packages, where these are installed and their input is benign."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline import match_scores

RNG = np.random.default_rng(3)
X = np.cumsum(RNG.standard_normal(5_000)) * 0.1 + RNG.standard_normal(5_000)
T = X[1_234:1_434] + 0.1 * RNG.standard_normal(200)


def test_stumpy():
    stumpy = pytest.importorskip("stumpy", exc_type=ImportError)
    distances = stumpy.mass(T, X, normalize=True)
    np.testing.assert_allclose(match_scores(X, T), 1 - distances**2 / (2 * len(T)), rtol=0, atol=1e-10)


def test_obspy():
    correlation = pytest.importorskip("obspy.signal.cross_correlation", exc_type=ImportError)
    np.testing.assert_allclose(match_scores(X, T), correlation.correlate_template(X, T), rtol=0, atol=1e-10)


def test_scikit_image():
    feature = pytest.importorskip("skimage.feature", exc_type=ImportError)
    np.testing.assert_allclose(match_scores(X, T), feature.match_template(X[None], T[None])[0], rtol=0, atol=1e-8)


def test_opencv():
    cv2 = pytest.importorskip("cv2", exc_type=ImportError)
    rows = (np.float32(a)[None] for a in (X, T))
    found = cv2.matchTemplate(*rows, cv2.TM_CCOEFF_NORMED)[0]
    np.testing.assert_allclose(match_scores(X, T), found, rtol=0, atol=1e-4)


def test_numpy():
    expected = [np.corrcoef(X[k : k + 200], T)[0, 1] for k in range(len(X) - 199)]
    np.testing.assert_allclose(match_scores(X, T), expected, rtol=0, atol=1e-12)
