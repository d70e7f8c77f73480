"""Write WAV and RF64 to a file, and WAV to a pipe: the same signal gives the same bytes, every time.

A file over 4 GiB becomes RF64 by itself: its header keeps room for that unless the length is known to be small.
A pipe gets the sizes that were announced, or sizes that say "unknown" (0xFFFFFFFF): none can be filled in later.
"""

from __future__ import annotations

import struct
from pathlib import PurePath

import numpy as np

from ..errors import UsageError, WriteError
from .base import Block, Writer, WriteReport, WriteRequest
from .metadata import Chunks, carried_chunks
from .pcm import BITS, SAMPLE_BYTES, encode
from .quantise import Quantiser
from .sink import open_sink

RIFF_LIMIT = 0xFFFFFFFE
"""Largest size a RIFF header can tell; 0xFFFFFFFF says "unknown"."""

_UNKNOWN = 0xFFFFFFFF
_GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")
_DEFAULT_MASK = {1: 4, 2: 3}  # front centre; front left and right. More channels: no positions, order as it comes.


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _fmt_chunk(fs: int, channels: int, subtype: str, mask: int) -> bytes:
    size = SAMPLE_BYTES[subtype]
    tag = 3 if subtype in ("FLOAT", "DOUBLE") else 1
    extensible = channels > 2 or (tag == 1 and size > 2) or mask != 0
    block = size * channels
    body = struct.pack("<HHIIHH", 0xFFFE if extensible else tag, channels, fs, fs * block & _UNKNOWN, block, 8 * size)
    if extensible:
        body += struct.pack("<HHIH", 22, 8 * size, mask or _DEFAULT_MASK.get(channels, 0), tag) + _GUID_TAIL
    elif tag == 3:
        body += struct.pack("<H", 0)
    return _chunk(b"fmt ", body)


def wav_header(
    fs: int,
    channels: int,
    subtype: str,
    frames: int | None,
    *,
    chunks: Chunks = (),
    room: bool = False,
    force_rf64: bool = False,
    mask: int = 0,
) -> bytes:
    """Everything in front of the audio.

    Parameters
    ----------
    fs, channels, subtype : of the signal, ``subtype`` one of PCM_U8, PCM_16, PCM_24, PCM_32, FLOAT, DOUBLE.
    frames : how many; None writes sizes that say "unknown".
    chunks : (id, bytes) to put before the audio.
    room : keep a JUNK chunk where RF64 has its ds64 chunk, so that the header's length does not depend on its kind.
    force_rf64 : write RF64 however short the signal is.
    mask : loudspeaker positions; 0 for the usual ones.
    """
    body = _fmt_chunk(fs, channels, subtype, mask)
    if subtype in ("FLOAT", "DOUBLE"):
        body += _chunk(b"fact", struct.pack("<I", min(frames or 0, _UNKNOWN)))
    body += b"".join(_chunk(name, data) for name, data in chunks)
    audio = None if frames is None else frames * channels * SAMPLE_BYTES[subtype]
    room = room or force_rf64
    if audio is None:
        return b"RIFF" + struct.pack("<I", _UNKNOWN) + b"WAVE" + body + b"data" + struct.pack("<I", _UNKNOWN)
    total = 4 + 36 * room + len(body) + 8 + audio + audio % 2
    if force_rf64 or (total > RIFF_LIMIT and room):
        ds64 = _chunk(b"ds64", struct.pack("<QQQI", total, audio, frames or 0, 0))
        return b"RF64" + struct.pack("<I", _UNKNOWN) + b"WAVE" + ds64 + body + b"data" + struct.pack("<I", _UNKNOWN)
    junk = _chunk(b"JUNK", bytes(28)) if room else b""
    return b"RIFF" + struct.pack("<I", total) + b"WAVE" + junk + body + b"data" + struct.pack("<I", audio)


class WavWriter(Writer):
    """Write one WAV or RF64 file, or a WAV stream."""

    def __init__(self, request: WriteRequest, container: str, subtype: str, fs: int) -> None:
        super().__init__(request)
        self._container = container
        self._subtype = subtype
        self._fs = fs
        self._chunks, notes = carried_chunks(request.source, request.fs)
        self.notes += notes
        source = request.source
        same_layout = source is not None and source.channels == request.channels
        self._mask = source.channel_mask if source is not None and same_layout else 0
        bits = BITS.get(subtype)
        self._quantiser = Quantiser(
            bits, dither=request.fmt.dither, clip=request.fmt.clip, key=PurePath(request.path).name
        )
        self.full_scale = None if bits is None else self._quantiser.full_scale
        self._room = True  # the longest header, to measure with
        self._room = request.frames is None or self._bytes(request.frames) > RIFF_LIMIT
        self._sink = open_sink(request.path, overwrite=request.overwrite)
        self.outputs = [self._sink]
        try:
            if not self._sink.seekable:
                self._check_stream()
            self._sink.write(self._header(0 if self._sink.seekable else request.frames))
        except BaseException:
            self._sink.abort()
            raise

    def _header(self, frames: int | None) -> bytes:
        return wav_header(
            self._fs,
            self.request.channels,
            self._subtype,
            frames,
            chunks=self._chunks,
            room=self._room,
            force_rf64=self._container == "RF64",
            mask=self._mask,
        )

    def _bytes(self, frames: int) -> int:
        return len(self._header(0)) + frames * self.request.channels * SAMPLE_BYTES[self._subtype] + 1

    def _check_stream(self) -> None:
        too_long = self.request.frames is not None and self._bytes(self.request.frames) > RIFF_LIMIT
        if self._container == "RF64" or too_long:
            raise UsageError(
                f"{self.request.path}: RF64 (a WAV over 4 GiB) needs its length filled in, which a pipe does not allow;"
                " write a file"
            )

    def _write(self, block: Block) -> None:
        if self._quantiser.bits is None:
            data: bytes | memoryview = np.ascontiguousarray(block, "<f4" if self._subtype == "FLOAT" else "<f8").data
        else:
            data = encode(self._quantiser.codes(block), self._subtype)
        if self._sink.seekable and not self._room and self._bytes(self.frames + len(block)) > RIFF_LIMIT:
            raise WriteError(self.request.path, f"grew over 4 GiB; {self.request.frames} frames were announced")
        self._sink.write(data)

    def _finish(self) -> WriteReport:
        size = SAMPLE_BYTES[self._subtype] * self.request.channels * self.frames
        if size % 2:
            self._sink.write(b"\0")
        if not self._sink.seekable and self.request.frames not in (None, self.frames):
            raise WriteError(self.request.path, f"{self.request.frames} frames were announced, {self.frames} written")
        if self._sink.seekable:
            header = self._header(self.frames)
            self._sink.patch(0, header)
            if header.startswith(b"RF64") and self._container == "WAV":
                self._container = "RF64"
                self.notes.append("over 4 GiB: written as RF64")
        return self._report(
            self._container,
            self._subtype,
            self._sink.size(),
            clipped=self._quantiser.clipped,
            first_clip=self._quantiser.first_clip,
        )
