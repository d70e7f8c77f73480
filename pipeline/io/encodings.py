"""Sample encodings: what each one is, which containers hold it, and its bytes as numbers in ±1.0 and back.

An encoding has libsndfile's name, its *subtype*. An integer of ``b`` bits is scaled by ``2**(b - 1)``: 16-bit code
-32768 is -1.0 and 32767 is 32767/32768, so every integer up to 32 bits is exact in double precision, and no code is
lost on the way back.

Without a wish an output keeps the encoding of its source. Where the container lacks it, the nearest that holds every
value is taken, else the finest there is; either way a note says so. Lossy sources (MP3, Vorbis) decode to floats that
may pass full scale, so their nearest is FLOAT, not PCM_16, which would round and clip them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..errors import UsageError
from ..limits import MAX_CHANNELS
from .base import Block, SignalInfo, WriteRequest

Subtype = Literal[
    "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "PCM_U8", "PCM_S8",
    "ULAW", "ALAW", "IMA_ADPCM", "MS_ADPCM", "VORBIS", "OPUS", "MPEG_LAYER_III",
]  # fmt: skip
"""Encodings that can be written."""


@dataclass(frozen=True)
class Encoding:
    """One way to write a sample."""

    bits: int | None = None
    """Bits of its integer codes; None for floats, and for codecs that round by themselves."""
    bytes: int = 0
    """Bytes of one sample; 0 where samples share them."""
    digits: int = 0
    """Binary digits of a number that it keeps; 0 where that is not known."""
    dtype: str | None = None
    """Name of it in NumPy, or of the integer its codes are read as; None for a codec."""
    most: float | None = 1.0
    """Largest magnitude that fits; None for floats. Vorbis and Opus make noise or silence of much more than this."""
    rates: tuple[int, ...] = ()
    """Sampling rates in Hz that it is limited to; none for any."""


ENCODINGS = {
    "PCM_U8": Encoding(8, 1, 8, "u1"),
    "PCM_S8": Encoding(8, 1, 8, "i1"),
    "PCM_16": Encoding(16, 2, 16, "i2"),
    "PCM_24": Encoding(24, 3, 24, "i4"),
    "PCM_32": Encoding(32, 4, 32, "i4"),
    "FLOAT": Encoding(None, 4, 25, "f4", most=None),
    "DOUBLE": Encoding(None, 8, 53, "f8", most=None),
    "ULAW": Encoding(None, 1, 14),
    "ALAW": Encoding(None, 1, 13),
    "IMA_ADPCM": Encoding(digits=16),
    "MS_ADPCM": Encoding(digits=16),
    "GSM610": Encoding(digits=16),
    "VORBIS": Encoding(most=64.0),
    "OPUS": Encoding(most=64.0, rates=(8000, 12000, 16000, 24000, 48000)),
    "MPEG_LAYER_III": Encoding(rates=(8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)),
}
"""Encodings that are known, by name; others can be read where libsndfile reads them."""


@dataclass(frozen=True)
class AudioContainer:
    """Limits of a kind of audio file."""

    subtypes: tuple[str, ...]
    """Encodings that are written into it."""
    packed: bool = False
    """Whether it compresses, so that its size is not known from the number of its frames."""
    max_channels: int = MAX_CHANNELS
    max_fs: int = 2**31 - 1


_LINEAR = ("PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "PCM_U8")
AUDIO_CONTAINERS = {
    "WAV": AudioContainer((*_LINEAR, "ULAW", "ALAW", "IMA_ADPCM", "MS_ADPCM")),
    "RF64": AudioContainer(_LINEAR),
    "W64": AudioContainer((*_LINEAR, "ULAW", "ALAW")),
    "AIFF": AudioContainer((*_LINEAR, "PCM_S8", "ULAW", "ALAW")),
    "FLAC": AudioContainer(("PCM_16", "PCM_24", "PCM_S8"), packed=True, max_channels=8, max_fs=655350),
    "OGG": AudioContainer(("VORBIS", "OPUS"), packed=True, max_fs=200000),
    "MP3": AudioContainer(("MPEG_LAYER_III",), packed=True, max_channels=2),
}
"""Kinds of audio files that can be written, by name."""

ARRAY_CONTAINERS = ("NPY", "NPZ")
"""Kinds of files that hold arrays: of floats, without a full scale."""


def integer_bits(subtype: str | None) -> int | None:
    """Bits of the integer codes of an encoding; None for floats and codecs."""
    return ENCODINGS.get(subtype or "", Encoding()).bits


def is_linear(subtype: str) -> bool:
    """Whether the samples of an encoding are plain numbers, not those of a codec."""
    return ENCODINGS.get(subtype, Encoding()).dtype is not None


def linear_subtype(size: int, *, floating: bool) -> str | None:
    """Encoding of samples of so many bytes that are plain numbers in a WAV; None where there is none."""
    kinds = ((name, ENCODINGS[name]) for name in _LINEAR)
    return next((name for name, kind in kinds if (kind.bytes, kind.bits is None) == (size, floating)), None)


def can_hold(container: str, subtype: str) -> bool:
    """Whether an encoding can be written into a kind of audio file."""
    return container in AUDIO_CONTAINERS and subtype in AUDIO_CONTAINERS[container].subtypes


def bytes_per_sample(container: str, subtype: str | None) -> int | None:
    """Bytes of each sample in a file; None where these differ: text, and what is packed."""
    if container in ARRAY_CONTAINERS:
        subtype = subtype or "DOUBLE"
    elif container not in AUDIO_CONTAINERS or AUDIO_CONTAINERS[container].packed:
        return None
    return ENCODINGS.get(subtype or "", Encoding()).bytes or None


def choose_subtype(path: str, container: str, source: SignalInfo | None, wanted: str | None) -> tuple[str, list[str]]:
    """The encoding of an audio output, and notes for the report.

    Parameters
    ----------
    path
        of the output, for messages.
    container
        one of `AUDIO_CONTAINERS`.
    source
        the input, if there is one.
    wanted
        the encoding that was asked for; None for that of the source, or the nearest to it.

    Raises
    ------
    UsageError
        The container does not hold the encoding that was asked for.
    """
    held = AUDIO_CONTAINERS[container].subtypes
    if PurePath(path).suffix.lower() == ".opus":  # the name of a codec, by RFC 7845, not of a container
        container, held = ".opus", ("OPUS",)
    if wanted is not None:
        name = wanted.upper().replace("-", "_")
        if name not in held:
            raise UsageError(f"{path}: {container} does not hold {wanted}; it holds {', '.join(held)}")
        return name, []
    if source is not None and source.subtype in held:
        return source.subtype, []
    before = None if source is None else ENCODINGS.get(source.subtype or "")
    needed = (before.digits if before is not None else 0) or ENCODINGS["FLOAT"].digits
    enough = [name for name in held if ENCODINGS[name].digits >= needed]
    finest = max(held, key=lambda name: ENCODINGS[name].digits)
    chosen = min(enough, key=lambda name: ENCODINGS[name].digits, default=finest)
    if source is None:
        return chosen, []
    was = source.subtype or f"the numbers of a {source.container} table"
    return chosen, [f"{container} does not hold {was}: written as {chosen}"]


def require_audio(container: str, subtype: str, request: WriteRequest) -> int:
    """Refuse what an audio container cannot hold; the sampling rate as the integer it is.

    Raises
    ------
    UsageError
        The rate is fractional, zero or too high, or there are too many channels.
    """
    path, fs, channels = request.path, request.fs, request.channels
    limits, rates = AUDIO_CONTAINERS[container], ENCODINGS[subtype].rates
    if not math.isfinite(fs) or fs != int(fs):
        raise UsageError(f"{path}: a fractional rate ({fs:g} Hz) is never sent through {container}; write .npy or .csv")
    if not 1 <= fs <= limits.max_fs:
        raise UsageError(f"{path}: {container} holds 1 to {limits.max_fs} Hz, got {fs:g} Hz")
    if rates and fs not in rates:
        near = min((rate for rate in rates if rate >= fs), default=max(rates))
        fix = f"resample first: {{use: resample, fs: {near}}}"
        raise UsageError(f"{path}: {subtype} holds {', '.join(map(str, rates))} Hz, got {fs:g} Hz; {fix}")
    if not 1 <= channels <= limits.max_channels:
        raise UsageError(f"{path}: {container} holds 1 to {limits.max_channels} channels, got {channels}")
    return int(fs)


def decode(raw: bytes, subtype: str, channels: int, dtype: DTypeLike, order: str = "<") -> Block:
    """Samples of shape ``(frames, channels)`` from their bytes; ``order`` is ``"<"`` for RIFF, ``">"`` for RIFX."""
    encoding = ENCODINGS[subtype]
    if encoding.bits is None:
        floats = np.frombuffer(raw, f"{order}{encoding.dtype}")
        with np.errstate(invalid="ignore", over="ignore"):  # NaN in a file is for others to judge
            return floats.astype(dtype, copy=False).reshape(-1, channels)
    if subtype == "PCM_24":
        # The three bytes become the upper three of a 32-bit integer: the sign needs no care that way.
        wide = np.zeros((len(raw) // 3, 4), np.uint8)
        wide[:, slice(1, 4) if order == "<" else slice(0, 3)] = np.frombuffer(raw, np.uint8).reshape(-1, 3)
        samples = wide.view(f"{order}i4")[:, 0].astype(dtype)
    else:
        samples = np.frombuffer(raw, f"{order}{encoding.dtype}").astype(dtype)
    if subtype == "PCM_U8":
        samples -= 128
    samples *= 2.0 ** -(31 if subtype == "PCM_24" else encoding.bits - 1)
    return samples.reshape(-1, channels)


def encode(codes: NDArray[np.int32], subtype: str) -> bytes:
    """Little-endian bytes of integer codes (``-2**(b-1)`` to ``2**(b-1) - 1``)."""
    if subtype == "PCM_U8":
        return (codes + 128).astype(np.uint8).tobytes()
    if subtype == "PCM_24":
        return np.ascontiguousarray(codes, "<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    return codes.astype(f"<{ENCODINGS[subtype].dtype}").tobytes()
