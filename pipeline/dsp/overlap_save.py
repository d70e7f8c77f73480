"""Convolution by overlap-save: transforms on a grid fixed to absolute frame numbers, several blocks in one call.

Block b gives the frames ``[b*B, (b+1)*B)`` from the ``n_fft`` input frames that end where it ends. Blocks are gathered
and transformed in whole groups, which may be computed side by side: see `gather`.

A kernel longer than ``n_fft - B + 1`` taps is cut into P partitions of B taps: partition p multiplies the spectrum
of the block p earlier, ``Y[b] = sum_p H[p] X[b-p]``.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Executor, Future
from typing import Any

import numpy as np

from ..kernel import Array, Kernel
from .gather import Gather, Pool
from .methods import Method
from .nonfinite import NonFinite, Sample, extract
from .responses import spectra_of
from .threads import SerialExecutor, groups_ahead
from .transforms import irfft, rfft, room_within, to_frames

_STRETCH = 1 << 13
"""Bins whose products and sums stay in the cache."""

Forward = tuple[list[Array], list[Sample]]
"""The spectra of a group, one (channels, bins) a block, and the samples that had to be extracted."""
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
    """

    def __init__(
        self,
        kernel: Kernel,
        channels: int,
        dtype: np.dtype[Any],
        method: Method,
        executor: Executor | None = None,
    ) -> None:
        self._length, self._method, self._dtype = kernel.length, method, dtype
        self._channels, self._channels_out = channels, kernel.channels_out or channels
        # (partitions, channels in or 1, bins), or with routes (partitions, channels in, channels out, bins)
        self._responses = spectra_of(kernel, method, dtype)
        self._executor = executor or SerialExecutor()
        self._overlap = method.n_fft - method.block
        self._gather: Gather[Group] = Gather(
            channels,
            self._overlap,
            method.block,
            method.group,
            dtype=dtype,
            lead=self._overlap,
            ahead=groups_ahead(executor),
        )
        bins = (method.group, method.n_fft // 2 + 1)
        self._spectra = Pool((channels, *bins), self._responses.dtype)
        self._products = Pool((self._channels_out, *bins), self._responses.dtype)
        self._rows = Pool((self._channels_out, method.group, method.n_fft), dtype)
        self._past: deque[Future[Forward]] = deque(maxlen=-(-(method.partitions - 1) // method.group))
        self._frames_out = 0
        self._nonfinite = NonFinite(kernel)

    def process(self, block: Array) -> Array:
        return self._joined([self._completed(group) for group in self._gather.process(block, self._begin)])

    def flush(self) -> Array:
        total = self._gather.frames_in + self._length - 1 if self._gather.frames_in else 0
        left = total - self._frames_out
        return self._joined([self._completed(group) for group in self._gather.flush(total, 0.0, self._begin)])[:left]

    def _begin(self, region: Array, blocks: int, first: int) -> Future[Group]:
        """Start on a region whose first ``overlap`` frames lie before frame ``first``."""
        if self._method.partitions == 1:
            return self._executor.submit(self._whole, region, blocks, first - self._overlap)
        forward = self._executor.submit(self._forward, region, blocks, first - self._overlap)
        group = self._executor.submit(self._backward, tuple(self._past), forward)
        self._past.append(forward)
        return group

    def _completed(self, group: Group) -> Array:
        """The frames of a group, together with what samples that are not finite do there."""
        out, nonfinite = group
        self._nonfinite.note(nonfinite)
        self._nonfinite.add_to(out, self._frames_out)
        self._frames_out += len(out)
        return out

    @np.errstate(over="ignore", invalid="ignore")  # what grows too large is told by whoever asked
    def _whole(self, region: Array, blocks: int, first: int) -> Group:
        spectra = self._spectra.take()
        nonfinite = self._transform(region, first, spectra[:, :blocks])
        if self._responses.ndim == 3:  # no routes
            np.multiply(spectra[:, :blocks], self._responses[0, :, None], out=spectra[:, :blocks])
            out = self._frames_of(spectra[:, :blocks])
        else:
            product = self._products.take()
            _multiply(spectra[:, :blocks], self._responses[0], product[:, :blocks])
            out = self._frames_of(product[:, :blocks])
            self._products.give_back(product)
        self._spectra.give_back(spectra)
        return out, nonfinite

    def _forward(self, region: Array, blocks: int, first: int) -> Forward:
        spectra = np.empty((self._channels, blocks, self._method.n_fft // 2 + 1), self._responses.dtype)
        nonfinite = self._transform(region, first, spectra)
        return list(spectra.swapaxes(0, 1)), nonfinite

    @np.errstate(over="ignore", invalid="ignore")
    def _backward(self, past: tuple[Future[Forward], ...], forward: Future[Forward]) -> Group:
        """Waits only for what was submitted before it, so threads that take work in order cannot block each other."""
        fresh, nonfinite = forward.result()
        known = [spectrum for group in past for spectrum in group.result()[0]] + fresh
        product, lead = self._products.take(), len(known) - len(fresh)
        for i, b in enumerate(range(lead, lead + len(fresh))):
            seen = known[max(0, b - self._method.partitions + 1) : b + 1][::-1]  # before the signal there is silence
            for start in range(0, product.shape[-1], _STRETCH):
                here = slice(start, start + _STRETCH)
                total = product[:, i : i + 1, here]
                _multiply(seen[0][:, None, here], self._responses[0][..., here], total)
                term = np.empty_like(total)
                for spectrum, response in zip(seen[1:], self._responses[1:], strict=False):
                    _multiply(spectrum[:, None, here], response[..., here], term)
                    total += term
        out = self._frames_of(product[:, : len(fresh)])
        self._products.give_back(product)
        return out, nonfinite

    def _transform(self, region: Array, first: int, spectra: Array) -> list[Sample]:
        """Put the spectra (channels, blocks, bins) of a region whose frame 0 is frame ``first`` into ``spectra``."""
        rows = self._gather.blocks(region, spectra.shape[1])
        nonfinite: list[Sample] = []
        rfft(rows, out=spectra)
        if not np.isfinite(spectra[..., 0]).all():  # the sum of all samples: one that is not finite makes it so too
            nonfinite = extract(region, first, self._overlap)
            rfft(rows, out=spectra)
        self._gather.regions.give_back(region)
        return nonfinite

    def _frames_of(self, spectra: Array) -> Array:
        """The new frames (n, channels out) of spectra (channels out, blocks, bins), which are used up."""
        within = room_within(spectra, self._method.n_fft)
        room = self._rows.take() if within is None else within
        rows = room[:, : spectra.shape[1]]
        irfft(spectra, self._method.n_fft, out=rows)
        out: Array = np.empty((spectra.shape[1], self._method.block, self._channels_out), self._dtype)
        to_frames(rows[..., self._overlap :], out)
        if within is None:
            self._rows.give_back(room)
        return out.reshape(-1, self._channels_out)

    def _joined(self, parts: list[Array]) -> Array:
        if len(parts) == 1:
            return parts[0]
        return np.concatenate(parts) if parts else np.zeros((0, self._channels_out), self._dtype)


def _multiply(spectra: Array, response: Array, out: Array) -> None:
    """Spectra (in, blocks, bins) times a response (in or 1, bins), or (in, out, bins): summed over in, in order."""
    if response.ndim == 2:
        np.multiply(spectra, response[:, None, :], out=out)
        return
    np.multiply(spectra[0][None], response[0][:, None, :], out=out)
    for x, h in zip(spectra[1:], response[1:], strict=True):
        out += x[None] * h[:, None, :]
