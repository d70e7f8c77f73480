"""Sample encodings: bytes to numbers in ±1.0 and integer codes to bytes, exactly.

An integer of ``b`` bits is scaled by ``2**(b - 1)``: 16-bit code -32768 is -1.0 and 32767 is 32767/32768, so
every integer up to 32 bits is exact in double precision, and no code is lost on the way back.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .base import Block

BITS = {"PCM_U8": 8, "PCM_S8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
"""Bits of the integer encodings."""

SAMPLE_BYTES = {"PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}
"""Bytes of one sample, of the encodings that :func:`decode` and :func:`encode` know."""


def decode(raw: bytes, subtype: str, channels: int, dtype: DTypeLike, order: str = "<") -> Block:
    """Bytes as samples of shape ``(frames, channels)``; ``order`` is ``"<"`` for RIFF, ``">"`` for RIFX."""
    if subtype in ("FLOAT", "DOUBLE"):
        floats = np.frombuffer(raw, f"{order}f{SAMPLE_BYTES[subtype]}")
        with np.errstate(invalid="ignore", over="ignore"):  # NaN in a file is for others to judge
            return floats.astype(dtype, copy=False).reshape(-1, channels)
    if subtype == "PCM_U8":
        samples = np.frombuffer(raw, np.uint8).astype(dtype) - 128
    elif subtype == "PCM_24":
        # The three bytes become the upper three of a 32-bit integer: the sign needs no care that way.
        wide = np.zeros((len(raw) // 3, 4), np.uint8)
        wide[:, slice(1, 4) if order == "<" else slice(0, 3)] = np.frombuffer(raw, np.uint8).reshape(-1, 3)
        samples = wide.view(f"{order}i4")[:, 0].astype(dtype)
    else:
        samples = np.frombuffer(raw, f"{order}i{SAMPLE_BYTES[subtype]}").astype(dtype)
    samples *= 2.0 ** -(31 if subtype == "PCM_24" else BITS[subtype] - 1)
    return samples.reshape(-1, channels)


def encode(codes: NDArray[np.int32], subtype: str) -> bytes:
    """Integer codes (``-2**(b-1)`` to ``2**(b-1) - 1``) as little-endian bytes."""
    if subtype == "PCM_U8":
        return (codes + 128).astype(np.uint8).tobytes()
    if subtype == "PCM_24":
        return np.ascontiguousarray(codes, "<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    return codes.astype(f"<i{SAMPLE_BYTES[subtype]}").tobytes()
