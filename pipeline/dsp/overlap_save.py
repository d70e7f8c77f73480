"""Convolution by overlap-save: transforms on a grid fixed to absolute frame numbers, several blocks in one call.

Block b gives the frames ``[b*B, (b+1)*B)`` from the ``n_fft`` input frames that end where it ends. The input is
gathered until a whole group of blocks is known, and only whole groups are transformed (the last one excepted, whose
size follows from the signal's length), so that no cut of the input reaches the arithmetic.

A kernel longer than ``n_fft - B + 1`` taps is cut into P partitions of B taps: partition p multiplies the spectrum
of the block p earlier, ``Y[b] = sum_p H[p] X[b-p]``.

A sample that is not finite would spoil its whole block through the transform. It is set to 0 for that, and what it
really does is added by the definition, to the M frames that it touches and to no other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import fft

from ..kernel import Array, Kernel
from .finite import all_finite
from .methods import Method

__all__ = ["OverlapSave"]


class OverlapSave:
    """Streams ``(n, channels)`` blocks through overlap-save.

    Parameters
    ----------
    kernel
        transformed once, in double precision.
    channels
        of the input; ``kernel.channels_in``, where the kernel says.
    dtype
        float64 or float32: of the input, the transforms and the output.
    method
        ``n_fft``, ``block``, ``partitions`` and ``group``.
    """

    def __init__(self, kernel: Kernel, channels: int, dtype: np.dtype[Any], method: Method) -> None:
        self._kernel, self._dtype = kernel, dtype
        self._n_fft, self._block, self._group = method.n_fft, method.block, method.group
        self._channels, self._channels_out = channels, kernel.channels_out or channels
        complex_dtype = np.dtype(np.complex128 if dtype == np.float64 else np.complex64)
        self._spectra = _partition_spectra(kernel, method, complex_dtype)
        self._past_spectra: Array = np.zeros((channels, method.partitions - 1, method.n_fft // 2 + 1), complex_dtype)
        # planar: the frames before the group that its first block still sees, then the group itself
        self._overlap = self._n_fft - self._block
        self._buffer: Array = np.zeros((channels, self._overlap + self._group * self._block), dtype)
        self._filled = self._overlap
        self._frames_in = self._frames_out = 0
        self._spoilt = _Spoilt(kernel, self._channels_out)

    def process(self, block: Array) -> Array:
        parts: list[Array] = []
        while len(block):
            taken = block[: self._buffer.shape[1] - self._filled]
            self._take(taken)
            block = block[len(taken) :]
            if self._filled == self._buffer.shape[1]:
                parts.append(self._transform(self._group))
        return _joined(parts, self._channels_out, self._dtype)

    def flush(self) -> Array:
        parts: list[Array] = []
        total = self._frames_in + self._kernel.length - 1 if self._frames_in else 0
        while self._frames_out < total:
            self._buffer[:, self._filled :] = 0
            left = total - self._frames_out
            parts.append(self._transform(min(self._group, -(-left // self._block)))[:left])
            self._frames_out = min(self._frames_out, total)
        return _joined(parts, self._channels_out, self._dtype)

    def _take(self, frames: Array) -> None:
        into = self._buffer[:, self._filled : self._filled + len(frames)]
        into[:] = frames.T
        if not all_finite(into):
            self._spoilt.note(into, self._frames_in)
        self._filled += len(frames)
        self._frames_in += len(frames)

    def _transform(self, blocks: int) -> Array:
        """The next ``blocks`` blocks, from a full buffer; the frames still needed move to its front."""
        rows = np.lib.stride_tricks.as_strided(
            self._buffer,
            (self._channels, blocks, self._n_fft),
            (self._buffer.strides[0], self._block * self._buffer.itemsize, self._buffer.itemsize),
            writeable=False,
        )
        spectra = fft.rfft(rows, axis=-1)
        product = self._multiply(spectra, blocks)
        frames = fft.irfft(product, self._n_fft, axis=-1, overwrite_x=True)[..., self._overlap :]
        out: Array = np.empty((blocks * self._block, self._channels_out), self._dtype)
        out[:] = frames.reshape(self._channels_out, -1).T
        self._spoilt.add_to(out, self._frames_out)
        self._frames_out += len(out)
        self._buffer[:, : self._overlap] = self._buffer[:, self._buffer.shape[1] - self._overlap :].copy()
        self._filled = self._overlap
        return out

    def _multiply(self, spectra: Array, blocks: int) -> Array:
        """``Y[b] = sum_p H[p] X[b-p]`` for (channels, blocks, bins); with routing also summed over channels in."""
        partitions = self._spectra.shape[0]
        if partitions > 1:
            spectra = np.concatenate([self._past_spectra, spectra], axis=1)
            self._past_spectra = spectra[:, spectra.shape[1] - (partitions - 1) :].copy()
        total: Array = np.zeros((0,))
        for p in range(partitions):
            part = spectra[:, partitions - 1 - p : partitions - 1 - p + blocks]
            response = self._spectra[p]  # (channels in or 1, bins), or (channels in, channels out, bins)
            term: Array = part * response[:, None, :] if response.ndim == 2 else _sum_over_inputs(part, response)
            total = np.add(total, term, out=total) if p else term
        return total


def _sum_over_inputs(spectra: Array, response: Array) -> Array:
    """``Y[o, b] = sum_i X[i, b] H[i, o]`` for X (in, blocks, bins) and H (in, out, bins), in the order of i."""
    total: Array = spectra[0][None] * response[0][:, None, :]
    for x, h in zip(spectra[1:], response[1:], strict=True):
        total += x[None] * h[:, None, :]
    return total


def _partition_spectra(kernel: Kernel, method: Method, dtype: np.dtype[Any]) -> Array:
    """Spectra of the kernel's partitions: (P, channels in or 1, bins), or (P, channels in, channels out, bins)."""
    taps = kernel.taps.reshape(kernel.length, -1) if kernel.taps.ndim < 3 else kernel.taps
    size = kernel.length if method.partitions == 1 else method.block
    padded = np.zeros((method.partitions * size, *taps.shape[1:]))
    padded[: kernel.length] = taps
    parts = padded.reshape(method.partitions, size, *taps.shape[1:])
    return np.stack([np.moveaxis(fft.rfft(part, method.n_fft, axis=0), 0, -1) for part in parts]).astype(dtype)


def _joined(parts: list[Array], channels: int, dtype: np.dtype[Any]) -> Array:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.zeros((0, channels), dtype)


class _Spoilt:
    """Samples that are not finite, kept until every frame that they touch has been given out."""

    def __init__(self, kernel: Kernel, channels_out: int) -> None:
        self._kernel, self._channels_out = kernel, channels_out
        self._runs: list[tuple[int, int, int]] = []  # NaN: first frame, end, channel
        self._infinite: list[tuple[int, int, float]] = []  # frame, channel, value

    def note(self, planar: Array, first: int) -> None:
        """Find what is not finite in (channels, n) frames from frame ``first`` on, and set it to 0."""
        for channel, row in enumerate(planar):
            missing = np.isnan(row)
            edges = np.flatnonzero(np.diff(missing, prepend=False, append=False))
            self._runs += [(first + int(a), first + int(b), channel) for a, b in edges.reshape(-1, 2)]
            infinite = np.flatnonzero(np.isinf(row))
            self._infinite += [(first + int(i), channel, float(row[i])) for i in infinite]
            row[missing] = 0
            row[infinite] = 0

    def add_to(self, out: Array, first: int) -> None:
        """Add to (n, channels out) frames from frame ``first`` on what the spoilt samples do there."""
        if not self._runs and not self._infinite:
            return
        length, end = self._kernel.length, first + len(out)
        taps = self._kernel.taps
        for frame, channel, value in self._infinite:
            a, b = max(frame, first), min(frame + length, end)
            if a < b:
                with np.errstate(invalid="ignore"):
                    out[a - first : b - first, self._reached(channel)] += value * (
                        taps[a - frame : b - frame].reshape(b - a, -1)[:, self._column(channel)]
                        if taps.ndim < 3
                        else taps[a - frame : b - frame, channel]
                    )
        for start, stop, channel in self._runs:
            a, b = max(start, first), min(stop - 1 + length, end)
            if a < b:
                out[a - first : b - first, self._reached(channel)] = np.nan
        self._runs = [run for run in self._runs if run[1] - 1 + length > end]
        self._infinite = [event for event in self._infinite if event[0] + length > end]

    def _reached(self, channel: int) -> slice:
        """The channels out that a channel in reaches."""
        return slice(None) if self._kernel.taps.ndim == 3 else slice(channel, channel + 1)

    def _column(self, channel: int) -> slice:
        return slice(0, 1) if self._kernel.taps.ndim == 1 else slice(channel, channel + 1)
