"""Convolution as it is defined: a shifted, scaled copy of the input for each tap that is not zero, added up.

``y[n] = sum_k h[k] x[n-k]``, in the order of k for every n. Elementwise products and sums round each output alike
wherever it stands in a block, so the result depends on nothing but the samples. Serves sparse kernels of any
length, and short ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kernel import Array, Kernel

_STEP = 1 << 18  # samples computed at a time: a call costs more than the cache gives back


class ShiftedAdds:
    """Streams ``(n, channels)`` blocks through shifted adds.

    Parameters
    ----------
    kernel
        its taps are rounded to ``dtype``.
    channels
        of the input; ``kernel.channels_in``, where the kernel says.
    dtype
        float64 or float32.
    """

    def __init__(self, kernel: Kernel, channels: int, dtype: np.dtype[Any]) -> None:
        self._past = kernel.length - 1
        self._channels, self._dtype = channels, dtype
        self._channels_out = kernel.channels_out or channels
        self._step = max(1, _STEP // max(channels, self._channels_out))
        times = kernel.nonzero
        # (time, factor): a number, a row of one factor a channel, or (from, to, factor) entries for routing
        with np.errstate(over="ignore"):
            self._terms = [(int(k), kernel.taps[k].astype(dtype)) for k in times]
        self._routes = kernel.taps.ndim == 3
        self._unit = [bool((factor == 1).all()) for _, factor in self._terms]
        # frames [0, _end) of the buffer are known; those before _end - _past are not needed any more
        self._buffer: Array = np.zeros((self._past, channels), dtype)
        self._end = self._past
        self._started = False

    def process(self, block: Array) -> Array:
        if len(block) == 0:
            return np.zeros((0, self._channels_out), self._dtype)
        self._started = True
        self._append(block)
        begun = self._terms and not self._routes  # by the first term, which nothing need stand below
        out: Array = (np.empty if begun else np.zeros)((len(block), self._channels_out), self._dtype)
        first = self._end - len(block)
        scratch = np.empty((min(self._step, len(block)), self._channels_out), self._dtype)
        with np.errstate(invalid="ignore", over="ignore"):  # inf - inf is NaN, as it should be
            for start in range(0, len(block), self._step):
                part = out[start : start + self._step]
                self._add_terms(part, scratch[: len(part)], first + start)
        return out

    def flush(self) -> Array:
        if not self._started:
            return np.zeros((0, self._channels_out), self._dtype)
        out: Array = np.empty((self._past, self._channels_out), self._dtype)
        for start in range(0, self._past, self._step):
            silence: Array = np.zeros((min(self._step, self._past - start), self._channels), self._dtype)
            out[start : start + self._step] = self.process(silence)
        return out

    def _append(self, block: Array) -> None:
        """Put a block behind the frames still needed; they move to the front only when the room runs out."""
        if self._end + len(block) > len(self._buffer):
            room = max(len(self._buffer), 2 * self._past + 2 * len(block))
            target: Array = np.empty((room, self._channels), self._dtype) if room > len(self._buffer) else self._buffer
            target[: self._past] = self._buffer[self._end - self._past : self._end]  # apart, in a room of twice that
            self._buffer, self._end = target, self._past
        self._buffer[self._end : self._end + len(block)] = block
        self._end += len(block)

    def _add_terms(self, out: Array, scratch: Array, first: int) -> None:
        """Add every term to ``out``, whose frame 0 is frame ``first`` of the buffer."""
        for number, (k, factor) in enumerate(self._terms):
            shifted = self._buffer[first - k : first - k + len(out)]
            if not self._routes:
                term = shifted if self._unit[number] else np.multiply(shifted, factor, out=scratch)
                np.add(out if number else 0, term, out=out)  # 0 + -0 is 0
                continue
            for i, o in zip(*np.nonzero(factor), strict=True):
                np.multiply(shifted[:, i], factor[i, o], out=scratch[:, o])
                np.add(out[:, o], scratch[:, o], out=out[:, o])
