r"""Scores of a block of windows: a transform for the sums, sliding sums for the norms, and a bound that says where not.

The samples that a block of windows sees are scaled by a power of two and, for ``ncc``, centred by their mean: both
leave the score as it is. With ``y`` the samples so changed, ``u`` the template as a unit vector (``sum u = 0``),

    rho[k] = N_k / sqrt(V_k),    N_k = sum_i y[k+i] u[i],    V_k = E_k - S_k^2 / m,

``E_k`` and ``S_k`` the sums of ``y^2`` and ``y`` over window k. With ``e = eps / 2`` and d additions a sum,

* the transform errs by at most ``a = e log2(n) ||y||``, with the norm of *all* n samples (measured: a tenth of it);
* ``y`` is rounded, relative to each sample, and ``u`` has a sum of at most ``d e sqrt(m)``: ``N_k`` moves by
  ``(d + 1) e sqrt(E_k)``, ``sqrt(V_k)`` by ``e sqrt(E_k)``;
* ``E_k`` and ``S_k^2 / m`` err by at most ``(3 d + 3) e E_k`` together (`sliding_sums`), and half
  of that, relative to ``V_k``, reaches the score.

As ``V_k <= E_k`` and ``|rho| <= 1``, the score errs by at most ``a / sqrt(V_k) + (2.5 d + 4) e E_k / V_k``. Where
either term is above ``TOLERANCE``, the windows are done again, each run of them in halves with a mean and a scale of
their own and shorter transforms, until few are left: these are summed directly, mean first. A burst or a step is so
kept away from the quiet windows beside it. Without centring, ``S_k`` is left out and the same bound holds,
relative to ``||x_k|| ||t||``.

Of a spectrogram each bin is a row, and the rows of a channel have one mean: ``S_k`` and ``E_k`` are of all the rows,
m counts all samples of the patch, and d the additions over the rows too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..kernel import Array
from .score_bank import Bank
from .transforms import irfft, rfft

__all__ = ["FLAT", "GAP", "TOLERANCE", "score_rows", "sliding_any", "sliding_sums"]

FLAT, GAP = 1, 2
"""Positions in `pipeline.dsp.detection.STATUSES`."""
TOLERANCE = 1e-10
"""Limit of each of the two terms of the bound."""

_U = 2.0**-53  # what rounding adds, relative to the result
_DIRECT = 16  # windows that are not worth a transform
_DIRECT_SAMPLES = 1 << 17  # summed at a time
_TOGETHER = 4  # rows that are transformed back in a call, whose plan takes as long as one
_TINY = 1e-280  # energies below may have lost samples to underflow

Marks = npt.NDArray[np.bool_]
Statuses = npt.NDArray[np.uint8]


def score_rows(rows: Array, banks: list[Bank], eps: float, out: Array, unit: int | None = None) -> dict[int, Statuses]:
    """Scores of the first windows of every row; to be called with numpy's floating-point errors ignored.

    Parameters
    ----------
    rows
        (units, blocks, channels of a unit, n): n is at least windows + m - 1. What is not finite is a gap.
    banks
        the templates, those of one length in each.
    eps
        relative spacing of the numbers that the samples were given as.
    out
        (templates, units, blocks, windows), filled with the scores.
    unit
        which unit the rows are of, where they are of one alone.

    Returns
    -------
    dict
        for each length with windows that have no score, the statuses (units, blocks, windows).
    """
    lengths, windows = [bank.length for bank in banks], out.shape[-1]
    samples = _prepared(rows, banks[0].bins, centred=banks[0].centred)
    squares = _over_bins(samples.y**2, samples.bins)
    energies = sliding_sums(squares, lengths, windows)
    sums = sliding_sums(_over_bins(samples.y, samples.bins), lengths, windows) if samples.centred else {}
    found = {}
    for bank in banks:
        m = bank.length
        factor, status, bad = _factors(samples, m, squares, energies[m].sum(axis=2), sums.get(m), eps)
        _write(samples, bank, unit, factor, out)
        if status is None or bad is None:
            continue
        for u, b in np.argwhere(bad.any(axis=-1)):
            for start, stop in _runs(bad[u, b]):
                again = _directly if stop - start <= _DIRECT else score_rows
                part = rows[u : u + 1, b : b + 1, :, start : stop + m - 1]
                place = out[:, u : u + 1, b : b + 1, start:stop]
                done = again(part, [bank], eps, place, u if unit is None else unit)
                status[u, b, start:stop] = done.get(m, 0)
        if status.any():
            found[m] = status
    return found


@dataclass(frozen=True)
class _Samples:
    """Rows scaled and centred."""

    raw: Array
    y: Array
    exponent: npt.NDArray[np.int32]
    """(units, blocks, 1, 1): ``y = raw 2^-exponent - centre``."""
    centre: Array
    """(units, blocks, channels, 1)."""
    bins: int
    """Rows of a channel, which have one centre."""
    centred: bool
    holes: Marks | None
    """Places of samples that are not finite; ``y`` is 0 there."""
    spectra: Array


def _over_bins(rows: Array, bins: int) -> Array:
    """(units, blocks, channels times bins, n) summed over the bins of each channel."""
    return rows if bins == 1 else rows.reshape(*rows.shape[:2], -1, bins, rows.shape[-1]).sum(axis=3)


def _prepared(rows: Array, bins: int, *, centred: bool) -> _Samples:
    n = rows.shape[-1]
    largest = np.maximum(rows.max(axis=-1, keepdims=True), -rows.min(axis=-1, keepdims=True))
    holes = None if np.isfinite(largest).all() else ~np.isfinite(rows)
    known = n * bins if holes is None else np.maximum(_over_bins(~holes, bins).sum(axis=-1, keepdims=True), 1)
    finite = rows if holes is None else np.where(holes, 0, rows)
    if holes is not None:
        largest = np.abs(finite).max(axis=-1, keepdims=True)
    exponent = np.clip(np.frexp(largest.max(axis=2, keepdims=True))[1], -1000, 1000)  # 2^-exponent must be a number
    padded = np.zeros((*rows.shape[:-1], 1 << (n - 1).bit_length()))
    y = padded[..., :n]
    np.multiply(finite, np.exp2(-exponent.astype(float)), out=y)
    centre = _over_bins(y.sum(axis=-1, keepdims=True), bins) / known if centred else np.zeros((*rows.shape[:-1], 1))
    if centred:
        y -= np.repeat(centre, bins, axis=2)
        if holes is not None:
            y[holes] = 0
    return _Samples(rows, y, exponent, centre, bins, centred, holes, rfft(padded))


def _write(samples: _Samples, bank: Bank, unit: int | None, factor: Array, out: Array) -> None:
    """The scores: sums by transform, times ``factor``."""
    n_fft = 2 * (samples.spectra.shape[-1] - 1)
    responses, gains = bank.spectra(n_fft), bank.gains
    if unit is not None and responses.shape[1] > 1:
        responses, gains = responses[:, unit : unit + 1], gains[:, unit : unit + 1]
    units, blocks, channels, _ = samples.spectra.shape
    step = max(1, _TOGETHER // (units * blocks))
    for start in range(0, len(bank.members), step):
        here = slice(start, start + step)
        totals = np.empty((len(responses[here]), units, blocks, n_fft // 2 + 1), np.complex128)
        for total, response in zip(totals, responses[here], strict=True):
            if channels == 1:
                np.multiply(samples.spectra[:, :, 0], response[:, None, 0], out=total)
            else:
                np.sum(samples.spectra * response[:, None], axis=2, out=total)
        for t, sums, gain in zip(bank.members[here], irfft(totals, n_fft), gains[here], strict=True):
            np.multiply(sums[..., : out.shape[-1]], factor, out=out[t])
            if samples.centred:
                np.clip(out[t], -1, 1, out=out[t])
            else:
                out[t] *= gain[:, None, None]


def _factors(
    samples: _Samples, m: int, squares: Array, energy: Array, sums: Array | None, eps: float
) -> tuple[Array, Statuses | None, Marks | None]:
    """Factors of the sums (units, blocks, windows); statuses; the windows that must be done again."""
    count, additions = m * samples.bins, depth(m) + samples.y.shape[2] - 1
    variance = energy if sums is None else energy - (sums**2).sum(axis=2) / count
    whole = squares.sum(axis=(-2, -1))
    n = samples.y.shape[-1]
    far = (_U * np.log2(n) / TOLERANCE) ** 2 * whole  # the least that bears the error of the transform
    off = (2.5 * additions + 4) * _U / TOLERANCE  # and, of the window's energy, that of the sums
    least = np.maximum(far, off * energy.max(axis=-1))
    least = np.maximum(least, 4 * eps**2 * m * samples.y.shape[2])  # more than the largest samples' rounding
    factor = 1 / np.sqrt(variance) if samples.centred else np.ldexp(np.ones_like(energy), samples.exponent[..., 0])
    sure = variance.min(axis=-1) >= least
    if sure.all() and samples.holes is None:
        return factor, None, None
    status, bad = np.zeros(energy.shape, np.uint8), np.zeros(energy.shape, np.bool_)
    for u, b in np.ndindex(*sure.shape):
        if sure[u, b] and samples.holes is None:
            continue
        v, e = variance[u, b], energy[u, b]
        gap, same = _gaps(samples, u, b, m, len(v)), _constant(samples, u, b, m, len(v))
        doubt = (v < far[u, b]) | (v < off * e) | (e < _TINY)
        if sums is not None:
            # of the samples themselves, offset included: what their rounding may make is eps times its root
            total = v + ((count * samples.centre[u, b] + sums[u, b]) ** 2).sum(axis=0) / count
            slack = 3 * (additions + 1) * _U * e
            flat = (v + slack <= eps**2 * total) & (e > _TINY)
            doubt |= v - slack <= eps**2 * total
            same |= flat
            status[u, b, same] = FLAT
        status[u, b, gap] = GAP
        factor[u, b, gap | same] = 0
        bad[u, b] = doubt & ~gap & ~same
    return factor, status, bad


def _gaps(samples: _Samples, u: int, b: int, m: int, windows: int) -> Marks:
    """Windows with a sample that is not finite."""
    if samples.holes is None:
        return np.zeros(windows, np.bool_)
    return sliding_any(samples.holes[u, b].any(axis=0), m, windows)


def _constant(samples: _Samples, u: int, b: int, m: int, windows: int) -> Marks:
    """Windows of one value in each channel; without centring, of zeros."""
    raw = samples.raw[u, b]
    if not samples.centred:
        return ~sliding_any((raw != 0).any(axis=0), m, windows)
    same = ~sliding_any((raw[:, 1:] != raw[:, :-1]).any(axis=0), m - 1, windows)
    if samples.bins > 1:
        channels = raw.reshape(-1, samples.bins, raw.shape[-1])
        same &= ~sliding_any((channels != channels[:, :1]).any(axis=(0, 1)), m, windows)
    return same


def _runs(bad: Marks) -> Iterator[tuple[int, int]]:
    """Runs of windows to be done again, none across the middle: each is shorter than what it is a part of."""
    half = len(bad) // 2
    for start, part in ((0, bad[:half]), (half, bad[half:])):
        edges = np.flatnonzero(np.diff(part, prepend=False, append=False)) + start
        yield from ((int(a), int(b)) for a, b in edges.reshape(-1, 2))


def _directly(rows: Array, banks: list[Bank], eps: float, out: Array, unit: int) -> dict[int, Statuses]:
    """Scores as of `score_rows`, for one row: every window by itself, its mean taken out first."""
    (bank,) = banks
    m, windows = bank.length, out.shape[-1]
    units = bank.units[:, unit if bank.units.shape[1] > 1 else 0]
    gains = bank.gains[:, unit if bank.units.shape[1] > 1 else 0]
    every = np.lib.stride_tricks.sliding_window_view(rows[0, 0], m, axis=-1)  # (channels, windows, m)
    status = np.zeros((1, 1, windows), np.uint8)
    step = max(1, _DIRECT_SAMPLES // (m * len(every)))
    for start in range(0, windows, step):
        here = slice(start, min(start + step, windows))
        raw = every[:, here]
        exponent = np.clip(np.frexp(np.abs(raw).max(axis=(0, 2)))[1], -1000, 1000)
        y = raw * np.exp2(-exponent.astype(float))[:, None]
        total = (y**2).sum(axis=(0, 2))
        for _ in range(2 if bank.centred else 0):  # twice: what the rounding of the first mean has left
            channels = y.reshape(-1, bank.bins, *y.shape[1:])
            y = (channels - channels.mean(axis=(1, 3), keepdims=True)).reshape(y.shape)
        energy = (y**2).sum(axis=(0, 2))
        flat = energy <= eps**2 * total
        for t, u, gain in zip(bank.members, units, gains, strict=True):
            sums = (y * u[:, None]).sum(axis=(0, 2))
            scores = np.clip(sums / np.sqrt(energy), -1, 1) if bank.centred else np.ldexp(sums, exponent) * gain
            out[t, 0, 0, here] = np.where(flat, 0, scores)
        if bank.centred:
            status[0, 0, here] = np.where(flat, FLAT, 0)
    return {m: status}


def depth(length: int) -> int:
    """Additions, at most, that any sample goes through in a window of ``length``."""
    return 2 * length.bit_length()


def sliding_sums(rows: Array, lengths: Iterable[int], windows: int) -> dict[int, Array]:
    """``out[m][..., k] = sum_{i<m} rows[..., k+i]`` for each length m, k below ``windows``; rows of windows+m-1.

    By doubling, ``S_2L[k] = S_L[k] + S_L[k+L]``, and a length by its binary digits. Nothing is subtracted, so that a
    sum of squares has a *relative* error of at most ``depth(m) u`` with ``u = eps / 2``, whatever stands beside the
    window: running sums carry the rounding of a burst on to all that follows it.
    """
    wanted = set(lengths)
    sums: dict[int, Array] = {}
    power, spare, size = rows, None, 1  # power[..., k] is the sum of `size` samples from k on
    while True:
        for m in wanted:
            if m & size:
                part = power[..., m & (size - 1) :][..., :windows]  # behind those of the lower digits
                if m in sums:
                    sums[m] += part
                else:
                    sums[m] = part.copy()
        if 2 * size > max(wanted):
            return sums
        kept = power.shape[-1] - size
        doubled = np.empty((*rows.shape[:-1], kept)) if spare is None else spare[..., :kept]
        np.add(power[..., :kept], power[..., size:], out=doubled)
        spare, power = (None if power is rows else power), doubled
        size *= 2


def sliding_any(marks: npt.NDArray[np.bool_], length: int, windows: int) -> npt.NDArray[np.bool_]:
    """Whether any of ``marks[..., k:k+length]`` is set, for k = 0..windows-1."""
    counts = np.zeros((*marks.shape[:-1], marks.shape[-1] + 1), np.int64)
    np.cumsum(marks, axis=-1, out=counts[..., 1:])
    return counts[..., length : length + windows] > counts[..., :windows]
