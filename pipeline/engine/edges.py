"""What stands before a signal and behind it where that is no silence: its ends, held or turned round."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..kernel import Array
from .plan import BLOCK


def hold_edges(signal: Iterator[Array], before: int, after: int) -> Iterator[Array]:
    """The signal with its first frame repeated in front and its last behind, as often as the kernels can see."""
    last: Array | None = None
    for block in signal:
        if len(block):
            if last is None:
                yield from _repeated(block[:1], before)
            last = block[-1:].copy()
            yield block
    if last is not None:
        yield from _repeated(last, after)


def reflect_edges(signal: Iterator[Array], before: int, after: int) -> Iterator[Array]:
    """The signal with itself turned round in front and behind, as far as the kernels see; again, where it is short."""
    beginning: list[Array] | None = []  # until there is enough of it to turn round
    ending: Array | None = None
    for block in signal:
        if not len(block):
            continue
        ending = (block if ending is None else np.concatenate([ending, block]))[-max(after, 1) :].copy()
        if beginning is None:
            yield block
            continue
        beginning.append(block.copy())
        if sum(map(len, beginning)) >= before:
            start = np.concatenate(beginning)
            beginning = None
            yield _beyond(start[::-1], before)[::-1]
            yield start
    if beginning:  # all of a short signal
        start = np.concatenate(beginning)
        yield _beyond(start[::-1], before)[::-1]
        yield start
    if ending is not None:
        yield _beyond(ending, after)


def _beyond(signal: Array, frames: int) -> Array:
    """Frames that follow a signal's last, as in a mirror, and in one of that: period 2 N."""
    mirrored = np.concatenate([signal[::-1], signal])
    return mirrored[np.arange(frames) % len(mirrored)]


def _repeated(frame: Array, times: int) -> Iterator[Array]:
    for start in range(0, times, BLOCK):
        yield np.repeat(frame, min(BLOCK, times - start), axis=0)
