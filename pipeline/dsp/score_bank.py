"""Templates made ready for scoring: those of one length together, centred, of unit norm, their spectra at hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..errors import SignalError
from ..kernel import Array
from .transforms import rfft

__all__ = ["Bank", "ChannelMode", "Score", "banks", "columns"]

Score = Literal["ncc", "correlation", "matched_filter"]
ChannelMode = Literal["each", "mean", "sum"]


class Bank:
    """Templates of one length m as unit vectors ``u``: centred for ``ncc``, as they are for the other scores.

    Parameters
    ----------
    members
        position of each among all templates.
    taps
        (T, channels or 1, m).
    score
        which score they serve.
    together
        whether the channels are one long vector (``channels: sum``) of ``channels`` columns.
    """

    def __init__(self, members: Sequence[int], taps: Array, score: Score, channels: int, *, together: bool) -> None:
        self.members, self.length, self.centred = tuple(members), taps.shape[2], score == "ncc"
        if together:
            taps = np.broadcast_to(taps, (len(taps), channels, self.length))
        scale = np.exp2(-np.frexp(np.abs(taps).max(axis=(1, 2)))[1].astype(float))[:, None, None]
        scaled = taps * scale
        centred = scaled - scaled.mean(axis=2, keepdims=True) if self.centred else scaled
        centred -= centred.mean(axis=2, keepdims=True) if self.centred else 0  # what the first mean's rounding left
        axes = (1, 2) if together else 2
        squares = (centred**2).sum(axis=axes, keepdims=True)
        self._refuse(squares, (scaled**2).sum(axis=axes, keepdims=True))
        norms = np.sqrt(squares)
        self.units: Array = centred / norms
        """(T, channels or 1, m)."""
        gains = norms / scale if score == "correlation" else scale / norms
        self.gains: Array = gains[:, :, 0]
        """(T, channels or 1): a sum with ``u`` times this is the score that is not normalised."""
        self._spectra: dict[int, Array] = {}

    def _refuse(self, squares: Array, raw: Array) -> None:
        bad = np.argwhere(squares <= np.finfo(float).eps ** 2 * raw)
        if len(bad):
            t, channel, _ = bad[0]
            column = f", column {channel}," if squares.shape[1] > 1 else ""
            rule = "constant: it has no shape to correlate with" if self.centred else "silent"
            raise SignalError(f"template {self.members[t]}{column} is {rule}; take a stretch that holds a signal")

    def spectra(self, n_fft: int) -> Array:
        """Conjugate spectra (T, channels or 1, bins): a product with them correlates, and nothing is reversed."""
        if n_fft not in self._spectra:  # two threads may both compute it, to the same bits
            padded = np.zeros((*self.units.shape[:2], n_fft))
            padded[..., : self.length] = self.units
            self._spectra[n_fft] = np.conj(rfft(padded))
        return self._spectra[n_fft]


def columns(template: npt.ArrayLike, channels: int, place: str) -> Array:
    """A template ``(m,)`` or ``(m, C)`` as (1 or C, m), held to the channels of the signal.

    Raises
    ------
    SignalError
        no frames, another shape, another number of channels, or a sample that is not finite.
    """
    taps = np.asarray(template, np.float64)
    taps = taps[:, None] if taps.ndim == 1 else taps
    if taps.ndim != 2 or not taps.size:
        raise SignalError(f"{place} must have shape (frames,) or (frames, channels), got {np.shape(template)}")
    if taps.shape[1] not in (1, channels):
        raise SignalError(f"{place} has {taps.shape[1]} channels, the signal {channels}; give one column, or one each")
    if not np.isfinite(taps).all():
        frame = int(np.argwhere(~np.isfinite(taps))[0, 0])
        raise SignalError(f"{place} is not finite at frame {frame}; a template has no gaps")
    return np.ascontiguousarray(taps.T)


def banks(templates: Sequence[npt.ArrayLike], channels: int, score: Score, mode: ChannelMode) -> list[Bank]:
    """One bank for each length, in the order of the lengths; raises as `columns` does, and for constant templates."""
    planar = [columns(t, channels, f"template {i}") for i, t in enumerate(templates)]
    if not planar:
        raise SignalError("there is no template to look for; give at least one")
    made = []
    for length in sorted({taps.shape[1] for taps in planar}):
        members = [i for i, taps in enumerate(planar) if taps.shape[1] == length]
        wide = max(len(planar[i]) for i in members)
        taps = np.stack([np.broadcast_to(planar[i], (wide, length)) for i in members])
        made.append(Bank(members, taps, score, channels, together=mode == "sum"))
    return made
