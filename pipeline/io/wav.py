"""Read and write WAV and RF64, integer and float, in files and through pipes: one signal gives the same bytes.

On a pipe the sizes in a header may be missing: then the signal read ends where the pipe does, and one written gets the
sizes that were announced, or such as say "unknown" (0xFFFFFFFF), for none can be filled in later. A file over 4 GiB
becomes RF64 by itself: its header keeps room for that unless the length is known to be small.
"""

from __future__ import annotations

import re
import struct
from dataclasses import replace

import numpy as np

from ..errors import ReadError, UsageError, WriteError
from ..plugins import bundled
from .base import Block, Reader, ReadOptions, SignalInfo, Writer, WriteReport, WriteRequest
from .declared import Facts
from .encodings import ENCODINGS, choose_subtype, decode, encode, is_linear, require_audio
from .quantise import AudioWriter
from .recorders import recorder_clock, triggered
from .riff import MAGICS, TAIL_BYTES, WavHeader, first_header, read_header, recordings
from .riff_metadata import Chunks, carried_chunks, tags_of_chunks
from .sink import open_sink
from .source import Source

RIFF_LIMIT = 0xFFFFFFFE
"""Largest size a RIFF header can tell; 0xFFFFFFFF says "unknown"."""

_UNKNOWN = 0xFFFFFFFF
HEADER = re.compile(rb"(?s)(?:%s)....WAVE" % b"|".join(MAGICS))
"""First twelve bytes of a WAV."""

_MPEG = (0x50, 0x55)
_GSM, _GSM_BLOCK, _GSM_FRAMES = 0x31, 65, 320
_GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")
_DEFAULT_MASK = {1: 4, 2: 3}  # front centre; front left and right. More channels: no positions, order as it comes.


class WavReader(Reader):
    """Frames of an open WAV source, behind its header."""

    def __init__(self, source: Source, header: WavHeader, subtype: str, options: ReadOptions) -> None:
        super().__init__(signal_info(header, subtype), options.dtype)
        self.warnings = [*header.warnings, *_oddities(header)]
        self._source = source
        self._order = header.order
        self._subtype = subtype
        self._block = header.fmt.block
        self._options = options
        self.tail = b""
        """Last bytes of audio that came through a pipe."""

    def _read_piece(self, frames: int) -> Block:
        total = self.info.frames
        wanted = frames if total is None else min(frames, total - self._done)
        raw = self._source.read(wanted * self._block)
        if self._source.size is None and (total is None or self._options.truncated == "accept"):
            raw = self._before_header(raw)
        elif not self._done:
            self._refuse_header(raw[:12])
        if self._source.size is None:
            self.tail = (self.tail + raw)[-TAIL_BYTES:]
        whole = len(raw) // self._block
        if whole < wanted:
            if total is not None:
                problem = f"declares {total} frames, ended after {self._done + whole}"
                if self._source.size is not None:
                    raise ReadError(self._source.name, f"{problem}: cut short while read")
                self.warnings.append(self._options.accept(self._source.name, problem, "these"))
            if len(raw) % self._block:
                self.warnings.append(f"the last frame is cut: {len(raw) % self._block} of {self._block} bytes; dropped")
                raw = raw[: whole * self._block]
        elif total is not None and self._done + whole == total and (grown := self._source.grown()):
            self.warnings.append(f"the file gained {grown} bytes while it was read; they are not in the result")
        return decode(raw, self._subtype, self.info.channels, self._dtype, self._order)

    def _before_header(self, raw: bytes) -> bytes:
        """Audio out of a pipe before the header of another recording, which is left there, as is what was too much."""
        count = len(raw)
        while (known := _begun(raw)) and (more := self._source.read(12 - known)):
            raw += more
        found = first_header(raw)
        cut = count if found is None else min(count, found)
        self._source.put_back(raw[cut:])
        return raw[:cut]

    def _refuse_header(self, raw: bytes) -> None:
        """Refuse the header of another recording where sound is expected: no decoder could tell it from noise."""
        if HEADER.match(raw):
            words = "another WAV header stands in its audio"
            self.warnings.append(self._options.accept(self._source.name, words, "the audio as if it were none"))

    def skip(self, frames: int) -> None:
        """Go on without a look at what is passed over."""
        total = self.info.frames
        if total is None:
            super().skip(frames)
            return
        frames = min(frames, total - self._done)
        self._source.skip(frames * self._block)
        self._done += frames

    def close(self) -> None:
        """Let go of the file."""
        self._source.close()


def _begun(raw: bytes) -> int:
    """Bytes at the end that a header of a WAV may begin with."""
    ends = (raw[-count:] for count in range(min(11, len(raw)), 0, -1))
    begun = (end for end in ends if b"WAVE".startswith(end[8:]) and any(one.startswith(end[:4]) for one in MAGICS))
    return len(next(begun, b""))


def _oddities(header: WavHeader) -> list[str]:
    return recorder_clock(header.chunks, tags_of_chunks(header.chunks), header.fmt.fs)[1]


def signal_info(header: WavHeader, subtype: str, frames: int | None = None) -> SignalInfo:
    """Facts that a header tells."""
    tags = tags_of_chunks(header.chunks)
    clock, _ = recorder_clock(header.chunks, tags, header.fmt.fs)
    return SignalInfo(
        fs=float(header.fmt.fs),
        channels=header.fmt.channels,
        frames=header.frames if frames is None else frames,
        container=header.container,
        subtype=subtype,
        tags=tags,
        chunks=header.chunks,
        dropped=header.dropped,
        channel_mask=header.fmt.mask,
        clocks=() if clock is None else (clock,),
    )


def open_wav(source: Source, options: ReadOptions) -> Reader:
    """Read a RIFF source; codecs other than PCM and float (u-law, ADPCM, MP3) go to libsndfile behind the checks."""
    header = read_header(source, options)
    if header.following is not None:
        from .joined import cut_up

        return cut_up(source, [0, *recordings(source, header.following)], open_wav, options)
    if header.fmt.subtype is not None:
        return _expanded(source, header, header.fmt.subtype, options)
    if source.size is None:
        source.rewind()
        return open_wav(source.spooled(), options)
    reader = _open_codec(source, header, options)
    reader.info = signal_info(header, str(reader.info.subtype), reader.info.frames)
    reader.warnings.extend(header.warnings)
    return reader


def _expanded(source: Source, header: WavHeader, subtype: str, options: ReadOptions) -> Reader:
    """The reader of linear audio, with the coded quiet of a triggered recording as the silence that it stands for."""
    coded = (subtype, header.order, header.fmt.channels) == ("PCM_16", "<", 1)
    quiet_of = triggered(source.name, tags_of_chunks(header.chunks)) if coded else None
    if quiet_of is None:
        reader = WavReader(source, header, subtype, options)
        if source.size is not None:
            return reader
        from .joined import PipedReader

        return PipedReader(source, reader, header, options)
    if source.size is None:  # its true length is known when the whole has been seen
        source.rewind()
        return open_wav(source.spooled(), options)
    quiet = quiet_of.quiet_blocks(source, header.start, header.frames or 0)
    reader = WavReader(source, header, subtype, options)
    if not quiet:
        return reader
    if options.triggered == "as_stored":
        reader.warnings.append(
            "is a triggered recording of an AudioMoth, taken as it is stored: its times are not true"
        )
        reader.info = replace(reader.info, clocks=())
        return reader
    expanded: Reader = quiet_of.TriggeredReader(reader, source.name, quiet)
    return expanded


def _open_codec(source: Source, header: WavHeader, options: ReadOptions) -> Reader:
    from .sndfile import SndfileReader

    start, size = header.start, header.bytes or 0
    if header.fmt.tag in _MPEG:
        # Its fact chunk tells more frames than there are in every such file.
        reader: Reader = bundled("faltung_codecs.mpeg", "MPEG audio in a WAV").open_mpeg(
            source.window(start, start + size), options
        )
        if (reader.info.fs, reader.info.channels) != (header.fmt.fs, header.fmt.channels):
            words = f"{header.fmt.fs} Hz and {header.fmt.channels} channels in its fmt chunk"
            raise ReadError(source.name, f"contradicts itself: {words}, others in its MPEG frames")
        source.close()
        return reader
    codec = f"holds a codec that is not read (format tag 0x{header.fmt.tag:04X})"
    facts = Facts(
        frames=size // _GSM_BLOCK * _GSM_FRAMES if header.fmt.tag == _GSM else None,  # libsndfile counts one too many
        patches=((start - 4, struct.pack(f"{header.order}I", min(size, RIFF_LIMIT))),),
        unreadable=f"{codec}; decode it first, for instance: ffmpeg -i IN.wav OUT.wav",
    )
    return SndfileReader(source, options, facts)


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _fmt_chunk(fs: int, channels: int, subtype: str, mask: int) -> bytes:
    size = ENCODINGS[subtype].bytes
    tag = 3 if ENCODINGS[subtype].bits is None else 1
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
    fs, channels, subtype
        of the signal, ``subtype`` one of PCM_U8, PCM_16, PCM_24, PCM_32, FLOAT, DOUBLE.
    frames
        how many; None writes sizes that say "unknown".
    chunks
        (id, bytes) to put before the audio.
    room
        keep a JUNK chunk where RF64 has its ds64 chunk, so that the header's length does not depend on its kind.
    force_rf64
        write RF64 however short the signal is.
    mask
        loudspeaker positions; 0 for the usual ones.
    """
    body = _fmt_chunk(fs, channels, subtype, mask)
    if ENCODINGS[subtype].bits is None:
        body += _chunk(b"fact", struct.pack("<I", min(frames or 0, _UNKNOWN)))
    body += b"".join(_chunk(name, data) for name, data in chunks)
    audio = None if frames is None else frames * channels * ENCODINGS[subtype].bytes
    room = room or force_rf64
    if audio is None:
        return b"RIFF" + struct.pack("<I", _UNKNOWN) + b"WAVE" + body + b"data" + struct.pack("<I", _UNKNOWN)
    total = 4 + 36 * room + len(body) + 8 + audio + audio % 2
    if force_rf64 or (total > RIFF_LIMIT and room):
        ds64 = _chunk(b"ds64", struct.pack("<QQQI", total, audio, frames or 0, 0))
        return b"RF64" + struct.pack("<I", _UNKNOWN) + b"WAVE" + ds64 + body + b"data" + struct.pack("<I", _UNKNOWN)
    junk = _chunk(b"JUNK", bytes(28)) if room else b""
    return b"RIFF" + struct.pack("<I", total) + b"WAVE" + junk + body + b"data" + struct.pack("<I", audio)


def open_wav_writer(request: WriteRequest) -> Writer:
    """Write WAV or RF64; codecs other than PCM and float go to libsndfile."""
    subtype, notes = choose_subtype(request.path, request.container, request.source, request.fmt.subtype)
    if is_linear(subtype):
        fs = require_audio(request.container, subtype, request)
        return WavWriter(request, subtype, fs, notes)
    from .sndfile import SndfileWriter

    return SndfileWriter(request)


class WavWriter(AudioWriter):
    """Write one WAV or RF64 file, or a WAV stream."""

    def __init__(self, request: WriteRequest, subtype: str, fs: int, notes: list[str]) -> None:
        super().__init__(request, subtype)
        self._fs = fs
        self._chunks, lost = carried_chunks(request.source, request.fs)
        self.notes += notes + lost
        source = request.source
        same_layout = source is not None and source.channels == request.channels
        self._mask = source.channel_mask if source is not None and same_layout else 0
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
        return len(self._header(0)) + frames * self.request.channels * ENCODINGS[self._subtype].bytes + 1

    def _check_stream(self) -> None:
        too_long = self.request.frames is not None and self._bytes(self.request.frames) > RIFF_LIMIT
        if self._container == "RF64" or too_long:
            raise UsageError(
                f"{self.request.path}: RF64 (a WAV over 4 GiB) needs its length filled in, which a pipe does not allow;"
                " write a file"
            )

    def _write(self, block: Block) -> None:
        if self._quantiser.bits is None:
            data: bytes | memoryview = np.ascontiguousarray(block, f"<{ENCODINGS[self._subtype].dtype}").data
        else:
            data = encode(self._quantiser.codes(block), self._subtype)
        if self._sink.seekable and not self._room and self._bytes(self.frames + len(block)) > RIFF_LIMIT:
            raise WriteError(self.request.path, f"grew over 4 GiB; {self.request.frames} frames were announced")
        self._sink.write(data)

    def _finish(self) -> WriteReport:
        size = ENCODINGS[self._subtype].bytes * self.request.channels * self.frames
        if size % 2:
            self._sink.write(b"\0")
        if not self._sink.seekable and self.request.frames not in (None, self.frames):
            problem = f"{self.request.frames} frames were announced, {self.frames} written"
            raise WriteError(self.request.path, f"{problem}; write a file, whose header is filled in when all is there")
        if self._sink.seekable:
            header = self._header(self.frames)
            self._sink.patch(0, header)
            if header.startswith(b"RF64") and self._container == "WAV":
                self._container = "RF64"
                self.notes.append("over 4 GiB: written as RF64")
        return self._audio_report()
