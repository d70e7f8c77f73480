"""Which encoding an output gets, and what each audio container can hold: refused before anything is opened.

Without a wish an output keeps the encoding of its source. Where the container lacks it, the nearest that holds every
value is taken, else the finest there is; either way a note says so. Lossy sources (MP3, Vorbis) decode to floats that
may pass full scale, so their nearest is FLOAT, not PCM_16, which would round and clip them.
"""

from __future__ import annotations

import math

from ..errors import UsageError
from .base import MAX_CHANNELS, WriteRequest

_LINEAR = ("PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "PCM_U8")
SUBTYPES = {
    "WAV": (*_LINEAR, "ULAW", "ALAW", "IMA_ADPCM", "MS_ADPCM"),
    "RF64": _LINEAR,
    "W64": (*_LINEAR, "ULAW", "ALAW"),
    "AIFF": (*_LINEAR, "PCM_S8", "ULAW", "ALAW"),
    "FLAC": ("PCM_16", "PCM_24", "PCM_S8"),
    "OGG": ("VORBIS", "OPUS"),
    "MP3": ("MPEG_LAYER_III",),
}
"""Encodings written into each container."""

_DIGITS = {"PCM_S8": 8, "PCM_U8": 8, "ULAW": 14, "ALAW": 13, "IMA_ADPCM": 16, "MS_ADPCM": 16, "GSM610": 16}
_DIGITS |= {"PCM_16": 16, "PCM_24": 24, "FLOAT": 25, "PCM_32": 32, "DOUBLE": 53}
_LOSSY_DIGITS = _DIGITS["FLOAT"]

_MAX_CHANNELS = {"FLAC": 8, "MP3": 2}
_MAX_RATE = {"FLAC": 655350, "OGG": 200000}
_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_OPUS_RATES = (8000, 12000, 16000, 24000, 48000)


def choose_subtype(container: str, request: WriteRequest) -> tuple[str, list[str]]:
    """The encoding for this output, and notes for the report.

    Raises
    ------
    UsageError
        The container does not hold the encoding that was asked for.
    """
    held = SUBTYPES[container]
    wanted = request.fmt.subtype
    if wanted is not None:
        name = wanted.upper().replace("-", "_")
        if name not in held:
            raise UsageError(f"{request.path}: {container} does not hold {wanted}; it holds {', '.join(held)}")
        return name, []
    source = request.source
    if source is not None and source.subtype in held:
        return source.subtype, []
    needed = _LOSSY_DIGITS if source is None or source.subtype is None else _DIGITS.get(source.subtype, _LOSSY_DIGITS)
    enough = [name for name in held if _DIGITS.get(name, 0) >= needed]
    finest = max(held, key=lambda name: _DIGITS.get(name, 0))
    chosen = min(enough, key=lambda name: _DIGITS[name], default=finest)
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
    if not math.isfinite(fs) or fs != int(fs):
        raise UsageError(f"{path}: a fractional rate ({fs:g} Hz) is never sent through {container}; write .npy or .csv")
    rates = {"MP3": _MP3_RATES, "OPUS": _OPUS_RATES}.get("MP3" if container == "MP3" else subtype)
    if not 1 <= fs <= _MAX_RATE.get(container, 2**31 - 1):
        raise UsageError(f"{path}: {container} holds 1 to {_MAX_RATE.get(container, 2**31 - 1)} Hz, got {fs:g} Hz")
    if rates and fs not in rates:
        raise UsageError(f"{path}: {subtype} holds {', '.join(map(str, rates))} Hz, got {fs:g} Hz; resample first")
    limit = _MAX_CHANNELS.get(container, MAX_CHANNELS)
    if not 1 <= channels <= limit:
        raise UsageError(f"{path}: {container} holds 1 to {limit} channels, got {channels}")
    return int(fs)
