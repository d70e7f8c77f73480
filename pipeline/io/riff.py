"""Chunks of WAV, RF64 and RIFX: the header walked and compared with what the file has, and those that outputs keep.

Decoders clamp a data chunk that is too long, read nothing when its size was never filled in, and drop what lies
behind one that is too short, all in silence. Here each is named; ``truncated: accept`` takes what is there.

Titles and the like are names and texts that every container knows. Other chunks count positions in samples (cue
points, a recording's time reference), so they hold only as long as the sampling rate does.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ..errors import ReadError
from ..limits import MAX_CHANNELS, set_by
from .base import ReadOptions, SignalInfo
from .encodings import linear_subtype
from .source import Source

INFO_IDS = {
    "title": b"INAM",
    "artist": b"IART",
    "comment": b"ICMT",
    "copyright": b"ICOP",
    "date": b"ICRD",
    "album": b"IPRD",
    "genre": b"IGNR",
    "tracknumber": b"ITRK",
    "software": b"ISFT",
}
"""libsndfile's names of tags, and the ids they have in a RIFF ``LIST INFO`` chunk."""

Chunks = tuple[tuple[bytes, bytes], ...]

CARRIED = frozenset({b"bext", b"iXML", b"cue ", b"smpl", b"LIST"})
"""Chunks that are kept, to be written to the output."""

STRUCTURAL = frozenset({b"fact", b"PEAK", b"PAD ", b"JUNK", b"junk", b"FLLR", b"ds64", b"fake"})
"""Chunks that describe the file, not the signal: not carried, and no loss."""

_TRAILING = CARRIED | STRUCTURAL | {b"id3 ", b"ID3 ", b"inst", b"_PMX", b"axml", b"acid", b"SAUR", b"afsp"}
_UNKNOWN = 0xFFFFFFFF
_SOX_UNKNOWN = 0x7FFFF000  # what sox writes to a pipe, rounded down to whole frames
_MAX_CHUNKS = 1000
_MAX_CARRIED_BYTES = 1 << 20


@dataclass(frozen=True)
class WavFormat:
    """Content of the ``fmt`` chunk; ``subtype`` is None for a codec that is left to libsndfile."""

    fs: int
    channels: int
    block: int
    subtype: str | None
    mask: int = 0


@dataclass(frozen=True)
class WavHeader:
    """Header of a RIFF file, compared with what the file has."""

    container: str
    order: str
    """Byte order, ``"<"`` or ``">"``."""
    fmt: WavFormat
    frames: int | None
    """Whole frames of the data chunk; None on a pipe whose header does not tell."""
    warnings: tuple[str, ...]
    """Faults that were accepted."""
    chunks: tuple[tuple[bytes, bytes], ...]
    dropped: tuple[str, ...]


class _Walk:
    """One walk over one header; `read_header` is its only user."""

    def __init__(self, source: Source, options: ReadOptions) -> None:
        self.source = source
        self.options = options
        self.warnings: list[str] = []
        self.chunks: list[tuple[bytes, bytes]] = []
        self.dropped: list[str] = []
        self.fmt: WavFormat | None = None
        self.ds64_data: int | None = None
        magic = source.read(12)
        self.order = ">" if magic[:4] == b"RIFX" else "<"
        self.container = "WAV" if magic[:3] == b"RIF" else "RF64"
        self.riff_size = self.unpack("I", magic[4:8])[0]

    def unpack(self, form: str, raw: bytes) -> tuple[int, ...]:
        return struct.unpack(self.order + form, raw)

    def fail(self, message: str) -> ReadError:
        return ReadError(self.source.name, message)

    def fault(self, problem: str, taken: str) -> None:
        """A fault that ``truncated: accept`` turns into a warning."""
        self.warnings.append(self.options.accept(self.source.name, problem, taken))

    def to_data(self) -> int:
        """Walk to the first byte of audio; return the declared size of the data chunk."""
        for _ in range(_MAX_CHUNKS):
            at = self.source.position
            head = self.source.read(8)
            if len(head) < 8:
                raise self.fail("has no data chunk: the file ends inside its header")
            name, size = head[:4], self.unpack("I", head[4:])[0]
            if name == b"data":
                return size
            if self.source.size is not None and self.source.position + size > self.source.size:
                raise self.fail(f"chunk {name!r} at byte {at} declares {size} bytes, more than the file has")
            self.keep(name, size)
        raise self.fail(f"more than {_MAX_CHUNKS} chunks before the audio")

    def keep(self, name: bytes, size: int) -> None:
        """Take one chunk that is not the audio."""
        if name == b"fmt " and self.fmt is None:
            self.fmt = self.parse_fmt(self.source.read(min(size, 4096)))
            self.source.skip(max(0, size - 4096) + size % 2)
        elif name == b"ds64" and size >= 24:
            self.ds64_data = self.unpack("Q", self.source.read(24)[8:16].ljust(8, b"\0"))[0]
            self.source.skip(size - 24 + size % 2)
        elif name in CARRIED and size <= _MAX_CARRIED_BYTES:
            self.chunks.append((name, self.source.read(size)))
            self.source.skip(size % 2)
        else:
            if name not in STRUCTURAL:
                self.dropped.append(name.decode("latin-1").strip())
            self.source.skip(size + size % 2)

    def parse_fmt(self, raw: bytes) -> WavFormat:
        if len(raw) < 16:
            raise self.fail(f"its fmt chunk has {len(raw)} bytes, at least 16 are needed")
        tag, channels, fs, _, block, bits = self.unpack("HHIIHH", raw[:16])
        mask = 0
        if tag == 0xFFFE and len(raw) >= 40:
            mask = self.unpack("I", raw[20:24])[0]
            tag = self.unpack("H", raw[24:26])[0]
        if not 1 <= channels <= MAX_CHANNELS:
            raise self.fail(
                f"its header declares {channels} channels; 1 to {MAX_CHANNELS} can be read ({set_by('channels')})"
            )
        if not 1 <= fs < 2**31:
            raise self.fail(f"its header declares a sampling rate of {fs} Hz")
        if tag not in (1, 3):
            return WavFormat(fs, channels, block, None, mask)
        # 12 bits lie in 2 bytes and 20 in 3, in the upper bits: what counts is the size of the container.
        size = block // channels
        subtype = linear_subtype(size, floating=tag == 3)
        if subtype is None or block % channels or not 1 <= bits <= 8 * size:
            raise self.fail(
                f"its fmt chunk contradicts itself: {bits} bits, {channels} channels, {block} bytes a frame"
            )
        return WavFormat(fs, channels, block, subtype, mask)

    def data_bytes(self, declared: int, block: int) -> int | None:
        """Bytes of audio: what is declared, held against what is there."""
        if self.container == "RF64" and declared in (_UNKNOWN, 0):
            if self.ds64_data is None:
                self.fault("an RF64 file without a ds64 chunk, so without a length", "all bytes to its end as audio")
                declared = _UNKNOWN
            else:
                declared = self.ds64_data
        unknown = declared == _UNKNOWN or _SOX_UNKNOWN - block < declared <= _SOX_UNKNOWN
        if self.source.size is None:
            return None if unknown or declared == 0 else declared
        there = self.source.size - self.source.position
        if unknown and declared > there:
            self.warnings.append("the header does not tell the length (it was written to a pipe); took all to the end")
            return there
        if declared > there:
            block = max(1, block)
            self.fault(f"declares {declared // block} frames, has {there // block}", f"the {there // block} frames")
            return there
        return self.behind(declared, there, max(1, block))

    def behind(self, declared: int, there: int, block: int) -> int:
        """Bytes of audio, when the file does not end with them: what follows must be chunks."""
        start = self.source.position
        extra = there - declared
        if declared == 0 and not self.is_chunks(start, extra):
            self.fault("unfinished header: the data size is 0, with audio behind it", "all bytes to the end as audio")
            return there
        if declared == 0 and extra == 0 and self.riff_size == 0:
            self.fault("unfinished header: the recorder stopped before its first sound", "it as an empty signal")
        for padding in (declared % 2, 0):  # some writers forget the pad byte
            if self.is_chunks(start + declared + padding, extra - padding):
                self.read_trailer(start + declared + padding, start + there)
                return declared
        tail = self.peek(start + declared, extra)
        if extra < 16 or not tail.strip(b"\0") or (tail[:3] == b"TAG" and extra == 128):
            self.warnings.append(f"{extra} bytes behind the audio are no chunk; ignored")
            return declared
        self.fault(
            f"declares {declared // block} frames, and {extra} bytes behind them are no chunk: the data size"
            " may be too small",
            f"all {there // block} frames to the end",
        )
        return there

    def peek(self, at: int, count: int) -> bytes:
        """Up to 64 KiB from ``at``, leaving the position where it was."""
        back = self.source.position
        self.source.skip(at - back)
        raw = self.source.read(max(0, min(count, 1 << 16)))
        self.source.skip(back - self.source.position)
        return raw

    def is_chunks(self, at: int, count: int) -> bool:
        """Whether ``count`` bytes from ``at`` are nothing, or chunks that end with the file."""
        end = at + count
        if count <= 0:
            return count == 0
        first = True
        while end - at >= 8:
            head = self.peek(at, 8)
            size = self.unpack("I", head[4:])[0]
            if not all(0x20 <= c < 0x7F for c in head[:4]):
                return False
            if first and head[:4] in _TRAILING and at + 8 + size <= end:
                return True  # a name this particular is no audio, whatever follows it
            at += 8 + size + size % 2
            first = False
        return not first and at - 1 <= end <= at

    def read_trailer(self, at: int, end: int) -> None:
        """Keep the chunks behind the audio, and come back."""
        back = self.source.position
        self.source.skip(at - back)
        for _ in range(_MAX_CHUNKS):
            head = self.source.read(8)
            if len(head) < 8:
                break
            size = self.unpack("I", head[4:])[0]
            if self.source.position + size > end:
                self.warnings.append(f"chunk {head[:4]!r} behind the audio is cut short; ignored")
                break
            self.keep(head[:4], size)
        self.source.skip(back - self.source.position)


def read_header(source: Source, options: ReadOptions) -> WavHeader:
    """Walk the header of an open RIFF, RIFX, RF64 or BW64 source up to its first byte of audio.

    Parameters
    ----------
    source
        at its first byte; afterwards at the first byte of audio.
    options
        as of `open_reader`; ``truncated="accept"`` turns faults that leave audio to be read into warnings.

    Raises
    ------
    ReadError
        The header is broken, or declares another amount of audio than the file has, which is not accepted.
    """
    walk = _Walk(source, options)
    declared = walk.to_data()
    if walk.fmt is None:
        raise walk.fail("has no fmt chunk before its audio, so no sampling rate and no encoding")
    size = walk.data_bytes(declared, walk.fmt.block)
    if size is not None and walk.fmt.block and size % walk.fmt.block and walk.fmt.subtype:
        walk.warnings.append(f"the last frame is cut: {size % walk.fmt.block} of {walk.fmt.block} bytes; dropped")
    return WavHeader(
        container=walk.container,
        order=walk.order,
        fmt=walk.fmt,
        frames=None if size is None else size // max(1, walk.fmt.block),
        warnings=tuple(walk.warnings),
        chunks=tuple(walk.chunks),
        dropped=tuple(walk.dropped),
    )


def _is_info(chunk: tuple[bytes, bytes]) -> bool:
    return chunk[0] == b"LIST" and chunk[1][:4] == b"INFO"


def tags_of_chunks(chunks: Chunks) -> tuple[tuple[str, str], ...]:
    """The tags of the ``LIST INFO`` chunks, those that other containers can hold."""
    names = {riff: name for name, riff in INFO_IDS.items()}
    tags: dict[str, str] = {}
    for chunk in filter(_is_info, chunks):
        at, raw = 4, chunk[1]
        while at + 8 <= len(raw):
            name, size = raw[at : at + 4], struct.unpack_from("<I", raw, at + 4)[0]
            if name in names:
                tags[names[name]] = raw[at + 8 : at + 8 + size].split(b"\0")[0].decode("utf-8", "replace")
            at += 8 + size + size % 2
    return tuple(tags.items())


def info_chunk(tags: tuple[tuple[str, str], ...]) -> Chunks:
    """Tags as one ``LIST INFO`` chunk; no tags, no chunk."""
    body = b""
    for name, text in tags:
        raw = text.encode() + b"\0"
        body += INFO_IDS[name] + struct.pack("<I", len(raw)) + raw + b"\0" * (len(raw) % 2)
    return ((b"LIST", b"INFO" + body),) if body else ()


def carried_chunks(source: SignalInfo | None, fs: float) -> tuple[Chunks, list[str]]:
    """The chunks to write into a WAV output at rate ``fs``, and notes on what is lost."""
    if source is None:
        return (), []
    info = tuple(filter(_is_info, source.chunks)) or info_chunk(source.tags)
    placed = tuple(chunk for chunk in source.chunks if not _is_info(chunk))
    lost = list(source.dropped)
    if fs != source.fs:
        lost += [chunk[0].decode("latin-1").strip() for chunk in placed]
        placed = ()
    return placed + info, _lost(lost)


def carried_tags(source: SignalInfo | None) -> tuple[tuple[tuple[str, str], ...], list[str]]:
    """The tags to write into another container than WAV, and notes on what is lost."""
    if source is None:
        return (), []
    chunks = [chunk[0].decode("latin-1").strip() for chunk in source.chunks if not _is_info(chunk)]
    return source.tags, _lost([*chunks, *source.dropped])


def _lost(names: list[str]) -> list[str]:
    return [f"metadata not carried: {', '.join(dict.fromkeys(names))}"] if names else []
