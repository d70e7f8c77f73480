"""Convolution for live use: every hop of frames is answered at once, however long the kernel.

Overlap-save on a grid fixed to absolute frame numbers. The near taps are cut into partitions of one hop. The far
ones, from tap 2B on, are cut into partitions of B = ``group`` hops: what they add to a block of B frames depends on
nothing newer than two blocks before it, so it is worked out in the hops of the block before, a slice of its bins in
each. A hop so costs about ``M hop / B + 2 B`` products a channel in place of M. Gardner, Journal of the Audio
Engineering Society 43 (1995) 127; Battenberg and Avizienis, DAFx (2011).

Only whole hops are computed, so how the input was cut reaches no bit of the output.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kernel import Array, Kernel
from .methods import Method
from .nonfinite import NonFinite, extract
from .transforms import irfft, rfft, spectrum_of


class LiveOverlapSave:
    """Streams ``(n, channels)`` blocks; a call returns all the whole hops that are known with its last frame.

    Parameters
    ----------
    kernel
        transformed once, in double precision.
    channels
        of the input; ``kernel.channels_in``, where the kernel says.
    dtype
        float64 or float32: of the input, the transforms and the output.
    method
        ``block``, the hop; ``group``, the hops in a partition of the far taps: at least 4, or 1 to have none of them.
    """

    def __init__(self, kernel: Kernel, channels: int, dtype: np.dtype[Any], method: Method) -> None:
        self._length, self._hop, self._dtype = kernel.length, method.block, dtype
        self._channels, self._channels_out = channels, kernel.channels_out or channels
        reach = 2 * method.group * method.block if method.group > 1 else kernel.length
        self._near = _Partitions(kernel.taps[:reach], method.block, channels, dtype)
        self._far = _Far(kernel.taps[reach:], method, channels, dtype) if reach < kernel.length else None
        self._waiting: Array = np.zeros((method.block, channels), dtype)
        self._filled = 0
        self._frames: Array = np.zeros((channels, 2 * method.block), dtype)  # the hop before, then the newest
        self._given = 0
        self._nonfinite = NonFinite(kernel)

    def process(self, block: Array) -> Array:
        hops = (self._filled + len(block)) // self._hop
        out: Array = np.empty((hops * self._hop, self._channels_out), self._dtype)
        for start in range(0, len(out), self._hop):
            block = self._gathered(block)
            self._answer(out[start : start + self._hop])
        self._gathered(block)
        return out

    def flush(self) -> Array:
        frames_in = self._given + self._filled
        rest = self._filled + self._length - 1 if frames_in else 0
        silence = -(-rest // self._hop) * self._hop - self._filled if rest else 0
        return self.process(np.zeros((silence, self._channels), self._dtype))[:rest]

    def _gathered(self, block: Array) -> Array:
        """Put frames behind those that wait for their hop to be whole; what is left of the block."""
        taken = block[: self._hop - self._filled]
        self._waiting[self._filled : self._filled + len(taken)] = taken
        self._filled += len(taken)
        return block[len(taken) :]

    def _answer(self, out: Array) -> None:
        """Convolve the hop that waits, into (hop, channels out) frames."""
        newest = self._frames[:, self._hop :]
        self._frames[:, : self._hop] = newest
        newest[:] = self._waiting.T
        self._filled = 0
        self._nonfinite.note(extract(newest, self._given, 0))
        self._near.push(self._frames)
        rows = irfft(self._near.sums(), 2 * self._hop)[:, self._hop :]
        if self._far is not None:
            rows += self._far.answer(newest)
        out[:] = rows.T
        self._nonfinite.add_to(out, self._given)
        self._given += self._hop


class _Far:
    """The taps from 2B on: what they add to each hop, made ready while the B frames before it were given out."""

    def __init__(self, taps: Array, method: Method, channels: int, dtype: np.dtype[Any]) -> None:
        self._hop, self._group = method.block, method.group
        self._block = method.group * method.block
        self._partitions = _Partitions(taps, self._block, channels, dtype)
        self._frames: Array = np.zeros((channels, 2 * self._block), dtype)  # the block before, then the newest
        self._product = self._partitions.sums()  # of bins, filled slice by slice
        self._slice = -(-self._product.shape[1] // (method.group - 2))
        self._ready: Array = np.zeros((len(self._product), self._block), dtype)
        self._turn = 0  # of the hops in a block

    def answer(self, newest: Array) -> Array:
        """Contribution of the far taps to the hop (channels, hop) that is given out now, (channels out, hop)."""
        turn, self._turn = self._turn, (self._turn + 1) % self._group
        hop = slice(turn * self._hop, (turn + 1) * self._hop)
        added = self._ready[:, hop]
        older, block = self._frames[:, : self._block], self._frames[:, self._block :]
        # the first turn transforms, the last transforms back, the slices lie between: no hop has more than one to do
        if turn == 0:
            self._partitions.push(self._frames)
            older[:] = block
        elif turn < self._group - 1:
            bins = slice((turn - 1) * self._slice, turn * self._slice)
            self._product[:, bins] = self._partitions.sums(bins)
        else:
            self._ready = irfft(self._product, 2 * self._block)[:, self._block :]
        block[:, hop] = newest
        return added


class _Partitions:
    """Taps cut into P partitions of B, and the spectra of the last P blocks of input.

    ``Y[b] = sum_p H[p] X[b-p]`` is, in every bin, the dot product of two rows of P numbers. The spectra are kept
    newest first in a ring that is doubled, so that the last P always are one row: all bins are one call.
    """

    def __init__(self, taps: Array, block: int, channels: int, dtype: np.dtype[Any]) -> None:
        spectrum = np.dtype(np.complex128 if dtype == np.float64 else np.complex64)
        paths = taps.reshape(len(taps), -1) if taps.ndim < 3 else taps
        self._count, self._newest = -(-len(taps) // block), 0
        # (channels in or 1, bins, P), or (channels in, channels out, bins, P); conjugate, for vecdot takes it back
        self._responses: Array = np.empty((*paths.shape[1:], block + 1, self._count), spectrum)
        for p in range(self._count):
            self._responses[..., p] = spectrum_of(paths[p * block : (p + 1) * block], 2 * block).conj()
        # full, not zeros: those come from the system page by page when first touched, and the first hop would wait
        self._spectra: Array = np.full((channels, block + 1, 2 * self._count), 0, spectrum)

    def push(self, frames: Array) -> None:
        """Take the spectra of (channels, 2B) frames, the newest block last."""
        self._newest = (self._newest - 1) % self._count
        spectrum = rfft(frames)
        self._spectra[..., self._newest] = spectrum
        self._spectra[..., self._newest + self._count] = spectrum

    def sums(self, bins: slice = slice(None)) -> Array:
        """The spectra (channels out, bins) of what comes out, summed over the partitions and the channels in."""
        past = self._spectra[:, bins, self._newest : self._newest + self._count]
        responses = self._responses[..., bins, :]
        routes = responses.ndim == 4
        sums: Array = np.vecdot(responses, past[:, None] if routes else past)
        return sums.sum(axis=0) if routes else sums
