"""Claims about images: which way the kernel turns, the formula with r, where a gradient points, what shows the flip.

Convention: images are ``x[i, j]``, rows downward, columns to the right; a kernel's tap [0, 0] is its top left corner.
Convolution launches a copy of the kernel from every pixel; correlation lays the kernel on every place and sums the
products. Neither is made from the other.
"""

from __future__ import annotations

import numpy as np

from pipeline.kernel import Kernel, Taps
from pipeline.text import with_minus

from ..bilingual import LANGUAGES, Bilingual, listed, name_in
from . import ClaimResult

_SEED = 7

HOOK: Taps = np.array([[5.0, 4.0, 3.0], [0.0, 0.0, 2.0], [0.0, 0.0, 1.0]])
"""A hook that fades: it differs from each of its turns and mirror images, and from its transpose."""

LINE: Taps = np.eye(3)
"""A straight line, which is its own turn by 180 degrees and its own transpose."""


def launched(x: Taps, k: Taps) -> Taps:
    """Convolution, all of it: ``y[i, j] = sum_pq k[p, q] x[i-p, j-q]``, ``(R + r - 1, C + c - 1)``."""
    out = np.zeros((x.shape[0] + k.shape[0] - 1, x.shape[1] + k.shape[1] - 1))
    for (i, j), value in np.ndenumerate(x):
        out[i : i + k.shape[0], j : j + k.shape[1]] += value * k
    return out


def laid(x: Taps, k: Taps) -> Taps:
    """Correlation where the kernel lies wholly inside: ``r[i, j] = sum_pq k[p, q] x[i+p, j+q]``."""
    windows = np.lib.stride_tricks.sliding_window_view(x, k.shape)
    out: Taps = (windows * k).sum(axis=(2, 3))
    return out


def turned(k: Taps) -> Taps:
    """The kernel turned by 180 degrees: rows and columns both reversed."""
    return k[::-1, ::-1]


def variants(k: Taps) -> dict[str, Taps]:
    """The ways in which a kernel could be turned before it is laid on the image."""
    return {"as it is": k, "rows": k[::-1], "columns": k[:, ::-1], "both": turned(k), "transposed": k.T}


def _image() -> Taps:
    return np.random.default_rng(_SEED).integers(0, 10, (8, 8)).astype(np.float64)


def _errors(k: Taps) -> dict[str, float]:
    """How far each variant, laid on every place, is from the launched kernel."""
    x = _image()
    convolution, padded = launched(x, k), np.pad(x, [(m - 1, m - 1) for m in k.shape])
    return {name: float(np.abs(laid(padded, v) - convolution).max()) for name, v in variants(k).items()}


def _errors_listed(errors: dict[str, float]) -> Bilingual:
    """The errors in a row; in English each with its variant, which the Chinese sentence names itself."""
    named = listed(f"{name} {error:g}" for name, error in errors.items())
    return {**listed(f"{error:g}" for error in errors.values()), "en": named["en"]}


def both_axes() -> ClaimResult:
    """The one variant of a fading hook that convolves is turned by 180 degrees; a line cannot tell."""
    hook, line = _errors(HOOK), _errors(LINE)
    good = [name for name, error in hook.items() if error == 0]
    blind = [name for name, error in line.items() if error == 0]
    series = {
        **{f"hook {name}": v for name, v in variants(HOOK).items()},
        **{f"line {name}": v for name, v in variants(LINE).items()},
        "hook errors": np.array(list(hook.values())),
        "line errors": np.array(list(line.values())),
    }
    return ClaimResult.of(
        "both_axes",
        "right",
        {"hook": hook, "line": line},
        series,
        good=", ".join(good),
        blind=len(blind),
        hook_errors=_errors_listed(hook),
        line_errors=_errors_listed(line),
    )


def formula(x: Taps, k: Taps, r: int) -> Taps:
    """``sum_pq x[i+p, j+q] k[r-p, r-q]``, p and q over the window 0..M-1, taps that are not there taken as 0."""
    m = len(k)
    wide = np.zeros((m, m))
    for p, q in np.ndindex(m, m):
        if 0 <= r - p < m and 0 <= r - q < m:
            wide[p, q] = k[r - p, r - q]
    return laid(x, wide)


def index_formula() -> ClaimResult:
    """The formula is convolution, advanced by r, for one r only when p and q run over a window."""
    x, k = _image(), HOOK
    m = len(k)
    whole = np.pad(launched(x, k), ((0, m), (0, m)))
    errors = []
    for r in range(2 * m - 1):
        y = formula(x, k, r)
        errors.append(float(np.abs(y - whole[r : r + len(y), r : r + y.shape[1]]).max()))
    good = [r for r, error in enumerate(errors) if error == 0]
    return ClaimResult.of(
        "index_formula",
        "sloppy",
        {"r": list(range(2 * m - 1)), "largest_difference": errors, "fits": good},
        {"errors": np.array(errors)},
        last=m - 1,
        highest=2 * m - 2,
        errors=listed(f"{error:g}" for error in errors),
    )


def gradient() -> ClaimResult:
    """Correlation with a patch finds the patch; with the turned patch it finds the turned one. A ramp agrees."""
    patch = np.add.outer(np.arange(4.0), np.arange(4.0))  # brighter to the lower right
    x = 3.0 + np.random.default_rng(_SEED).uniform(-0.5, 0.5, (20, 20))
    here, decoy = (3, 4), (12, 11)
    x[here[0] : here[0] + 4, here[1] : here[1] + 4] = patch
    x[decoy[0] : decoy[0] + 4, decoy[1] : decoy[1] + 4] = turned(patch)
    slope = patch - patch.mean()
    scores = {"as it is": laid(x, slope), "turned": laid(x, turned(slope))}
    peaks = {name: tuple(int(i) for i in np.unravel_index(s.argmax(), s.shape)) for name, s in scores.items()}
    ramp = np.add.outer(np.arange(4.0), np.arange(4.0))
    on_ramp = {name: float(laid(ramp, k)[0, 0]) for name, k in (("as it is", slope), ("turned", turned(slope)))}
    numbers = {
        "patch_at": list(here),
        "twin_at": list(decoy),
        "peaks": {n: list(p) for n, p in peaks.items()},
        "ramp": on_ramp,
    }
    series = {"image": x, "slope": slope, "score": scores["as it is"], "score_turned": scores["turned"]}
    signed = {name: with_minus(f"{score:+g}") for name, score in on_ramp.items()}
    return ClaimResult.of("gradient", "backwards", numbers, series, here=here, decoy=decoy, found=peaks, signed=signed)


def indispensable() -> ClaimResult:
    """Common image kernels are symmetric; a delta probe shows at once which ones are not."""
    kernels: dict[str, Taps] = {
        "box": np.full((3, 3), 1 / 9),
        "Gauss": np.outer([1.0, 2, 1], [1.0, 2, 1]) / 16,
        "Laplace": np.array([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]),
        "Sobel": np.outer([1.0, 2, 1], [1.0, 0, -1]),
        "smear": np.array([[0.0, 0, 0], [0, 0.6, 0.3], [0, 0, 0.1]]),
        "hook": HOOK,
    }
    x = np.random.default_rng(5).integers(0, 10, (16, 16)).astype(np.float64)
    difference = {}
    for name, k in kernels.items():
        y, r = laid(x, turned(k)), laid(x, k)
        difference[name] = round(float(np.abs(y - r).max() / np.abs(y).max()), 12)
    delta = np.zeros((5, 5))
    delta[2, 2] = 1.0
    came_back = launched(delta, HOOK)[1:-1, 1:-1]
    same = [name for name, d in difference.items() if d == 0]
    numbers = {
        "relative_difference": difference,
        "delta_by_convolution": came_back.tolist(),
        "asymmetry_of_hook": Kernel(HOOK.ravel()).asymmetry,
    }
    series = {
        "difference": np.array(list(difference.values())),
        "by_convolution": came_back,
        "by_correlation": turned(came_back),
    }
    return ClaimResult.of(
        "indispensable",
        "sloppy",
        numbers,
        series,
        same=", ".join(same),
        count=len(same),
        tried=len(difference),
        differences={
            lang: listed(f"{name_in(name, lang)} {d:.2g}" for name, d in difference.items())[lang] for lang in LANGUAGES
        },
    )
