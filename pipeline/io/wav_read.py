"""Read WAV and RF64, integer and float, from a file or from a pipe, with one decoder for both.

On a pipe the header's sizes may be missing; then the signal ends where the pipe does.
"""

from __future__ import annotations

from ..errors import ReadError
from .base import Block, Reader, ReadOptions, SignalInfo
from .metadata import tags_of_chunks
from .pcm import decode
from .riff import WavHeader, read_header
from .sndfile import SndfileReader
from .source import Source


class WavReader(Reader):
    """Frames of an open WAV source, behind its header."""

    def __init__(self, source: Source, header: WavHeader, subtype: str, options: ReadOptions) -> None:
        super().__init__(signal_info(header, subtype), options.dtype)
        self.warnings = list(header.warnings)
        self._source = source
        self._order = header.order
        self._subtype = subtype
        self._block = header.fmt.block

    def _read_piece(self, frames: int) -> Block:
        total = self.info.frames
        wanted = frames if total is None else min(frames, total - self._done)
        raw = self._source.read(wanted * self._block)
        whole = len(raw) // self._block
        if whole < wanted:
            if total is not None:
                raise ReadError(
                    self._source.name,
                    f"declares {total} frames, ended after {self._done + whole}: cut short while read",
                )
            if len(raw) % self._block:
                self.warnings.append(f"the last frame is cut: {len(raw) % self._block} of {self._block} bytes; dropped")
                raw = raw[: whole * self._block]
        elif total is not None and self._done + whole == total and (grown := self._source.grown()):
            self.warnings.append(f"the file gained {grown} bytes while it was read; they are not in the result")
        return decode(raw, self._subtype, self.info.channels, self._dtype, self._order)

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


def signal_info(header: WavHeader, subtype: str, frames: int | None = None) -> SignalInfo:
    """What a header says, as :class:`SignalInfo`."""
    return SignalInfo(
        fs=float(header.fmt.fs),
        channels=header.fmt.channels,
        frames=header.frames if frames is None else frames,
        container=header.container,
        subtype=subtype,
        tags=tags_of_chunks(header.chunks),
        chunks=header.chunks,
        dropped=header.dropped,
        channel_mask=header.fmt.mask,
    )


def open_wav(source: Source, options: ReadOptions) -> WavReader | SndfileReader:
    """Read a RIFF source; codecs other than PCM and float (u-law, ADPCM) go to libsndfile, with the same checks."""
    header = read_header(source, accept=options.truncated == "accept")
    if header.fmt.subtype is not None:
        return WavReader(source, header, header.fmt.subtype, options)
    if source.size is None:
        raise ReadError(source.name, "a compressed WAV cannot be read from a pipe; decode it first, or give a file")
    reader = SndfileReader(source, options, header.container)
    reader.info = signal_info(header, str(reader.info.subtype), reader.info.frames)
    reader.warnings.extend(header.warnings)
    return reader
