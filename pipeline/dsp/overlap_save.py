"""Convolution by overlap-save: transforms on a grid fixed to absolute frame numbers, several blocks in one call.

Block b gives the frames ``[b*B, (b+1)*B)`` from the ``n_fft`` input frames that end where it ends. The input is
gathered until a whole group of blocks is known, and only whole groups are transformed (the last one excepted, whose
size follows from the signal's length), so that neither a cut of the input nor a number of threads reaches the
arithmetic. Groups may be computed side by side; they are given out in their order.

A kernel longer than ``n_fft - B + 1`` taps is cut into P partitions of B taps: partition p multiplies the spectrum
of the block p earlier, ``Y[b] = sum_p H[p] X[b-p]``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from ..kernel import Array, Kernel
from .methods import Method
from .spoilt import Sample, Spoilt, take_out
from .transforms import irfft, rfft

__all__ = ["OverlapSave"]

T = TypeVar("T")
Forward = tuple[list[Array], list[Sample]]
"""The spectra of a group, one (channels, bins) a block, and the samples that had to be taken out."""
Group = tuple[Array, list[Sample]]


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
    executor
        computes groups side by side; without one each is computed when it is whole.
    ahead
        groups that may be under way, with an executor.
    """

    def __init__(
        self,
        kernel: Kernel,
        channels: int,
        dtype: np.dtype[Any],
        method: Method,
        executor: Executor | None = None,
        ahead: int = 2,
    ) -> None:
        self._length, self._method, self._dtype = kernel.length, method, dtype
        self._channels, self._channels_out = channels, kernel.channels_out or channels
        self._responses = _spectra_of(kernel, method, dtype)
        self._executor, self._ahead = executor, ahead if executor else 0
        self._overlap = method.n_fft - method.block
        # (channels, frames): those before the group that its first block still sees, then the group itself
        self._region: Array = np.zeros((channels, self._overlap + method.group * method.block), dtype)
        self._filled = self._overlap
        self._frames_in = self._frames_begun = self._frames_out = 0
        self._past: deque[Future[Forward]] = deque(maxlen=-(-(method.partitions - 1) // method.group))
        self._under_way: deque[Future[Group]] = deque()
        self._spoilt = Spoilt(kernel)

    def process(self, block: Array) -> Array:
        parts: list[Array] = []
        while len(block):
            taken = block[: self._region.shape[1] - self._filled]
            self._region[:, self._filled : self._filled + len(taken)] = taken.T
            self._filled += len(taken)
            self._frames_in += len(taken)
            block = block[len(taken) :]
            if self._filled == self._region.shape[1]:
                self._begin(self._method.group)
                self._finish(self._ahead, parts)
        return self._joined(parts)

    def flush(self) -> Array:
        parts: list[Array] = []
        total = self._frames_in + self._length - 1 if self._frames_in else 0
        while self._frames_begun < total:
            self._region[:, self._filled :] = 0
            self._begin(min(self._method.group, -(-(total - self._frames_begun) // self._method.block)))
            self._finish(self._ahead, parts)
        self._finish(0, parts)
        return self._joined(parts)[: total - (self._frames_out - sum(map(len, parts)))]

    def _begin(self, blocks: int) -> None:
        """Start on the next blocks; the frames that later ones still see move to the front of a new region."""
        region = self._region
        self._region = np.empty_like(region)
        self._region[:, : self._overlap] = region[:, region.shape[1] - self._overlap :]
        self._filled = self._overlap
        first = self._frames_begun - self._overlap
        if self._method.partitions == 1:
            group = self._start(self._whole, region, blocks, first)
        else:
            forward = self._start(self._forward, region, blocks, first)
            group = self._start(self._backward, tuple(self._past), forward)
            self._past.append(forward)
        self._under_way.append(group)
        self._frames_begun += blocks * self._method.block

    def _finish(self, keep: int, parts: list[Array]) -> None:
        """Put the frames of all but the newest ``keep`` groups behind ``parts``, when they are there."""
        while len(self._under_way) > keep:
            out, spoilt = self._under_way.popleft().result()
            self._spoilt.note(spoilt)
            self._spoilt.add_to(out, self._frames_out)
            self._frames_out += len(out)
            parts.append(out)

    def _start(self, work: Callable[..., T], *arguments: Any) -> Future[T]:
        if self._executor is not None:
            return self._executor.submit(work, *arguments)
        done: Future[T] = Future()
        done.set_result(work(*arguments))
        return done

    def _whole(self, region: Array, blocks: int, first: int) -> Group:
        spectra, spoilt = self._transform(region, blocks, first)
        response = self._responses[0]
        product = (
            np.multiply(spectra, response[:, None], out=spectra) if response.ndim == 2 else _times(spectra, response)
        )
        return self._frames_of(product), spoilt

    def _forward(self, region: Array, blocks: int, first: int) -> Forward:
        spectra, spoilt = self._transform(region, blocks, first)
        return list(spectra.swapaxes(0, 1)), spoilt

    def _backward(self, past: tuple[Future[Forward], ...], forward: Future[Forward]) -> Group:
        """Waits only for what was submitted before it, so threads that take work in order cannot block each other."""
        fresh, spoilt = forward.result()
        known = [spectrum for group in past for spectrum in group.result()[0]] + fresh
        products = []
        for b in range(len(known) - len(fresh), len(known)):
            reach = min(self._method.partitions, b + 1)  # before the signal there is silence
            product = _times(known[b][:, None], self._responses[0])
            for p in range(1, reach):
                product += _times(known[b - p][:, None], self._responses[p])
            products.append(product)
        return self._frames_of(np.concatenate(products, axis=1)), spoilt

    def _transform(self, region: Array, blocks: int, first: int) -> tuple[Array, list[Sample]]:
        """The spectra (channels, blocks, bins) of the blocks in a region whose frame 0 is frame ``first``."""
        spoilt = take_out(region, first, self._overlap)
        rows = np.lib.stride_tricks.as_strided(
            region,
            (self._channels, blocks, self._method.n_fft),
            (region.strides[0], self._method.block * region.itemsize, region.itemsize),
            writeable=False,
        )
        return rfft(rows), spoilt

    def _frames_of(self, spectra: Array) -> Array:
        """The new frames (n, channels out) of spectra (channels out, blocks, bins), which are used up."""
        rows = irfft(spectra, self._method.n_fft)[..., self._overlap :]
        out: Array = np.empty((rows.shape[1], self._method.block, self._channels_out), self._dtype)
        out[:] = rows.transpose(1, 2, 0)
        return out.reshape(-1, self._channels_out)

    def _joined(self, parts: list[Array]) -> Array:
        if len(parts) == 1:
            return parts[0]
        return np.concatenate(parts) if parts else np.zeros((0, self._channels_out), self._dtype)


def _times(spectra: Array, response: Array, *, reuse: bool = False) -> Array:
    """Spectra (in, blocks, bins) times a response (in or 1, bins), or (in, out, bins): summed over in, in order."""
    if response.ndim == 2:
        return np.multiply(spectra, response[:, None, :], out=spectra if reuse else None)
    total: Array = spectra[0][None] * response[0][:, None, :]
    for x, h in zip(spectra[1:], response[1:], strict=True):
        total += x[None] * h[:, None, :]
    return total


_known: WeakKeyDictionary[Kernel, dict[tuple[Method, np.dtype[Any]], Array]] = WeakKeyDictionary()
"""The spectra of every kernel that is still in use: a plan that is run on many signals transforms its own once."""


def _spectra_of(kernel: Kernel, method: Method, dtype: np.dtype[Any]) -> Array:
    known = _known.setdefault(kernel, {})
    if (method, dtype) not in known:
        known[method, dtype] = _partition_spectra(kernel, method, dtype)
    return known[method, dtype]


def _partition_spectra(kernel: Kernel, method: Method, dtype: np.dtype[Any]) -> Array:
    """Spectra of the kernel's partitions: (P, channels in or 1, bins), or (P, channels in, channels out, bins)."""
    taps = kernel.taps.reshape(kernel.length, -1) if kernel.taps.ndim < 3 else kernel.taps
    size = kernel.length if method.partitions == 1 else method.block
    padded = np.zeros((method.partitions * size, *taps.shape[1:]))
    padded[: kernel.length] = taps
    parts = padded.reshape(method.partitions, size, *taps.shape[1:])
    complex_dtype = np.complex128 if dtype == np.float64 else np.complex64
    return np.stack([_response(part, method.n_fft) for part in parts]).astype(complex_dtype)


def _response(taps: Array, n_fft: int) -> Array:
    """The spectrum of (m, ...) taps, (..., bins)."""
    padded = np.zeros((*taps.shape[1:], n_fft))
    padded[..., : len(taps)] = np.moveaxis(taps, 0, -1)
    return rfft(padded)
