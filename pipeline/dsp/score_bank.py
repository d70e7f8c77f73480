"""Templates made ready for scoring: those of one length together, centred, of unit norm, their spectra at hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..errors import SignalError
from ..kernel import Array
from .transforms import rfft

Score = Literal["ncc", "correlation", "matched_filter"]
ChannelMode = Literal["each", "mean", "sum"]


class Bank:
    """Templates of one length m as unit vectors ``u``: centred for ``ncc``, as they are for the other scores.

    Parameters
    ----------
    members
        position of each among all templates.
    taps
        (T, bins times channels or 1, m).
    channels
        of the signal.
    bins
        rows of a channel that have one mean: 1, or the bins of a spectrogram; each counts as a channel of its unit.
    score
        which score they serve.
    together
        whether the channels are one long vector: one unit of all channels; else each channel is a unit.
    """

    def __init__(
        self, members: Sequence[int], taps: Array, channels: int, bins: int, score: Score, *, together: bool
    ) -> None:
        self.members, self.bins, self.centred = tuple(members), bins, score == "ncc"
        self.length: int = taps.shape[-1]
        taps = taps.reshape(len(taps), -1, bins, self.length)
        if together:
            taps = np.broadcast_to(taps, (len(taps), channels, bins, self.length))
        taps = taps[:, None] if together else taps[:, :, None]  # (T, units or 1, channels of a unit, bins, m)
        largest = np.abs(taps).max(axis=(-3, -2, -1), keepdims=True)
        scale = np.exp2(-np.clip(np.frexp(largest)[1], -1000, 1000).astype(float))
        taps = taps * scale
        unit = taps
        for _ in range(2 if self.centred else 0):  # twice: what the rounding of the first mean has left
            unit = unit - unit.mean(axis=(-2, -1), keepdims=True)
        energy = (unit**2).sum(axis=(-3, -2, -1), keepdims=True)
        self._refuse(energy <= np.finfo(float).eps ** 2 * (taps**2).sum(axis=(-3, -2, -1), keepdims=True))
        norm = np.sqrt(energy)
        self.units: Array = (unit / norm).reshape(*unit.shape[:2], -1, self.length)
        """(T, units or 1, channels of a unit, m)."""
        self.gains: Array = (norm / scale if score == "correlation" else scale / norm)[:, :, 0, 0, 0]
        """(T, units or 1): what the sum with ``u`` is multiplied by for a score that is not normalised."""
        self._spectra: dict[int, Array] = {}

    def _refuse(self, flat: Array) -> None:
        if flat.any():
            t, column = np.argwhere(flat)[0, :2]
            which = f"template {self.members[t]}" + (f", column {column}," if flat.shape[1] > 1 else "")
            why = "constant and has no shape to correlate with" if self.centred else "silent"
            raise SignalError(f"{which} is {why}; take a stretch that holds a signal")

    def spectra(self, n_fft: int) -> Array:
        """Conjugate spectra (T, units or 1, channels of a unit, bins): a product correlates, nothing is reversed."""
        if n_fft not in self._spectra:  # two threads may both compute it, to the same bits
            padded = np.zeros((*self.units.shape[1:-1], n_fft))
            spectra = np.empty((*self.units.shape[:-1], n_fft // 2 + 1), np.complex128)
            for unit, spectrum in zip(self.units, spectra, strict=True):
                padded[..., : self.length] = unit
                rfft(padded, spectrum)
            self._spectra[n_fft] = np.conj(spectra, out=spectra)
        return self._spectra[n_fft]


def columns(template: npt.ArrayLike, channels: int, place: str, bins: int = 1) -> Array:
    """A template ``(m,)`` or ``(m, C)`` as (1 or C, m), C held to the channels of the signal times their bins.

    Raises
    ------
    SignalError
        no frames, another shape, another number of channels, or a sample that is not finite.
    """
    try:
        taps = np.asarray(template, np.float64)
    except (TypeError, ValueError):
        raise SignalError(f"a template must be an array of numbers, got {template!r:.60}") from None
    taps = taps[:, None] if taps.ndim == 1 else taps
    if taps.ndim != 2 or not taps.size:
        raise SignalError(f"{place} must have shape (frames,) or (frames, channels), got {np.shape(template)}")
    if taps.shape[1] not in (bins, channels * bins):
        raise SignalError(
            f"{place} has {taps.shape[1] // bins} channels, the signal {channels}; give one column, or one each"
        )
    if not np.isfinite(taps).all():
        frame = int(np.argwhere(~np.isfinite(taps))[0, 0])
        raise SignalError(f"{place} is not finite at frame {frame}; a template has no gaps")
    return np.ascontiguousarray(taps.T)


def banks(
    templates: Sequence[npt.ArrayLike], channels: int, score: Score, mode: ChannelMode, bins: int = 1
) -> list[Bank]:
    """One bank for each length, in the order of the lengths; raises as `columns` does, and for constant templates."""
    planar = [columns(t, channels, f"template {i}", bins) for i, t in enumerate(templates)]
    if not planar:
        raise SignalError("there is no template to look for; give at least one")
    made = []
    for length in sorted({taps.shape[1] for taps in planar}):
        members = [i for i, taps in enumerate(planar) if taps.shape[1] == length]
        wide = max(len(planar[i]) for i in members)
        taps = np.stack([np.tile(planar[i], (wide // len(planar[i]), 1)) for i in members])
        made.append(Bank(members, taps, channels, bins, score, together=mode == "sum"))
    return made
