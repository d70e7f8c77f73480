"""The header of WAV, RF64 and RIFX, walked chunk by chunk and compared with what the file has.

Decoders clamp a data chunk that is too long, read nothing when its size was never filled in, and drop what lies
behind one that is too short, all in silence. Here each is named; ``truncated: accept`` takes what is there. A size that
a program left open, because it wrote to a pipe, is no fault: the audio goes on to the end, and a warning says so.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import ReadError
from ..limits import MAX_CHANNELS, set_by
from .base import ReadOptions
from .declared import NO_LENGTH, is_filling, says_unknown, too_small
from .encodings import linear_subtype
from .riff_metadata import metadata
from .source import Source

MAGICS = (b"RIFF", b"RIFX", b"RF64", b"BW64")
"""First four bytes of a file of this kind; ``WAVE`` stands four bytes behind them."""

CARRIED = frozenset(re.findall(b"....", b"bextiXMLcue smplLISTinstguanwamdaxmlchnaacidcart_PMXid3 "))
"""Chunks that are kept, to be written to the output; positions in them are moved by `faltung_metadata.moving`."""

STRUCTURAL = frozenset({b"fact", b"PEAK", b"PAD ", b"JUNK", b"junk", b"FLLR", b"ds64", b"fake"})
"""Chunks that describe the file, not the signal: not carried, and no loss."""

_TRAILING = CARRIED | STRUCTURAL | {b"ID3 ", b"SAUR", b"afsp"}
_NAMES = re.compile(b"|".join(map(re.escape, sorted(_TRAILING))))
TAIL_BYTES = 1 << 16
"""Last bytes of a file, in which chunks are looked for that the size of its audio counts."""
_FRAMED, _ADPCM = (1, 3, 6, 7), (2, 17)  # format tags: PCM, float, A-law and u-law; those of Microsoft and of IMA
_UNKNOWN = 0xFFFFFFFF
_WAVE = re.compile(b"WAVE")
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
    tag: int = 1


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
    start: int
    """Position of the first byte of audio."""
    bytes: int | None
    """Bytes of audio; None where ``frames`` is."""
    following: int | None
    """Position of the header of another recording behind this one."""


class _Walk:
    """One walk over one header, or over the chunks behind the audio of a pipe, which begin at byte ``base`` of it."""

    def __init__(self, source: Source, options: ReadOptions, magic: bytes, base: int = 0) -> None:
        self.source = source
        self.options = options
        self.base = base
        self.warnings: list[str] = []
        self.chunks: list[tuple[bytes, bytes]] = []
        self.dropped: list[str] = []
        self.fmt: WavFormat | None = None
        self.ds64_data: int | None = None
        self.counts: dict[str, int] = {}
        """Numbers of frames that chunks tell beside the size of the audio."""
        self.raw_fmt = b""
        self.trailing = False
        self.following: int | None = None
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
        if name == b"fmt ":
            raw = self.source.read(min(size, 4096))
            self.source.skip(max(0, size - 4096))
            if not self.raw_fmt:
                self.raw_fmt, self.fmt = raw, parse_fmt(self.source, raw, self.order, self.warnings)
            elif raw != self.raw_fmt and self.trailing:
                self.warnings.append("another fmt chunk stands behind the audio; it is not believed")
            elif raw != self.raw_fmt:
                raise self.fail("contradicts itself: two fmt chunks that differ stand before the audio")
        elif name == b"data":  # behind the audio
            at = self.base + self.source.position - 8
            self.fault(f"has a second data chunk of {size} bytes at byte {at}", "the first alone")
            self.source.skip(size)
        elif name == b"fact" and size >= 4:
            self.counts["fact"] = self.unpack("I", self.source.read(4).ljust(4, b"\0"))[0]
            self.source.skip(size - 4)
        elif name == b"ds64" and size >= 24:
            told = self.unpack("QQQ", self.source.read(24).ljust(24, b"\0"))
            if self.container == "RF64":
                self.riff_size, self.ds64_data, self.counts["ds64"] = told
            self.source.skip(size - 24)
        elif name in CARRIED and size <= _MAX_CARRIED_BYTES and self.order == "<":
            self.chunks.append((name, self.source.read(size)))
        else:
            if name not in STRUCTURAL:
                self.dropped.append(name.decode("latin-1").strip())
            self.source.skip(size)
        if size % 2 and self.source.peek(4) not in _TRAILING | {b"fmt ", b"data"}:  # some writers forget the pad byte
            self.source.skip(1)

    @property
    def unit(self) -> str:
        """What the audio consists of: frames, or blocks of a codec."""
        return "frames" if self.fmt and self.fmt.tag in _FRAMED else "blocks"

    def data_bytes(self, declared: int, block: int) -> int | None:
        """Bytes of audio: what is declared, held against what is there."""
        wide = self.ds64_data
        if self.container == "RF64" and wide not in (None, 0, declared) and declared not in (_UNKNOWN, 0):
            raise self.fail(f"contradicts itself: ds64 declares {wide} bytes of audio, the data chunk {declared}")
        if self.container == "RF64" and declared in (_UNKNOWN, 0):
            if wide is None:
                self.fault("an RF64 file without a ds64 chunk, so without a length", "all bytes to its end as audio")
            declared = _UNKNOWN if wide is None or wide >= 2**63 - 1 else wide
        unknown = says_unknown(declared) and (self.container == "WAV" or declared == _UNKNOWN)
        if self.source.size is None:
            bare = declared == 0 and self.source.peek(4) not in _TRAILING | {b"data"}
            return None if unknown or bare else declared
        start, there = self.source.position, self.source.size - self.source.position
        if there >= 12:
            behind = 0 if unknown or declared > there else declared
            self.following = next(recordings(self.source, start + behind), None)
        if self.following is not None:  # nothing behind its first byte is looked at here
            return min(declared, self.following - start)
        if (size := self.before_chunks(min(declared, there), there)) is not None:
            return size
        if unknown and (
            declared > there or not are_chunks(self.source, self.order, start + declared, there - declared)
        ):
            self.warnings.append(NO_LENGTH)
            return there
        if declared > there:
            unit = self.unit
            self.fault(f"declares {declared // block} {unit}, has {there // block}", f"the {there // block} {unit}")
            return there if unit == "frames" else there - there % block  # what is missing of a block would be made up
        return self.behind(declared, there, block)

    def behind(self, declared: int, there: int, block: int) -> int:
        """Bytes of audio, when the file does not end with them: what follows must be chunks."""
        start = self.source.position
        extra = there - declared
        if declared == 0 and not are_chunks(self.source, self.order, start, extra):
            self.warnings.append(NO_LENGTH)
            return there
        if declared == 0 and extra == 0 and self.riff_size == 0:
            self.fault("unfinished header: the recorder stopped before its first sound", "it as an empty signal")
        for wrapped in range(0, extra + 1, 1 << 32):  # a writer that does not know RF64 counts from 0 again at 4 GiB
            for padding in (declared % 2, 0):  # some writers forget the pad byte
                end = start + declared + wrapped + padding
                if are_chunks(self.source, self.order, end, start + there - end):
                    if wrapped:
                        self.warnings.append(f"its data size starts again at 4 GiB; took {wrapped + declared} bytes")
                    self.read_trailer(end, start + there)
                    return declared + wrapped
        if is_filling(self.source, start + declared, extra):
            self.warnings.append(f"{extra} bytes behind the audio are no chunk; ignored")
            return declared
        problem = too_small(declared // block, extra, self.unit)
        self.fault(problem, f"all {there // block} {self.unit} to the end")
        return there

    def before_chunks(self, size: int, there: int) -> int | None:
        """Bytes of audio before chunks at its end that its size counts, and that would be heard; None without such."""
        start, end = self.source.position, self.source.position + there
        first = max(start, end - TAIL_BYTES)
        at = first + chunks_at_end(self.source.at(first, end - first), self.order)
        if at >= start + size:
            return None
        self.warnings.append(f"{counts_chunks(start + size - at)}; took the audio before them")
        self.read_trailer(at, end)
        return at - start

    def look_over(self, size: int | None) -> None:
        """Warn of what is told elsewhere and does not agree; the audio is read right all the same."""
        fmt, end = self.fmt, self.source.size
        if fmt is None or size is None or self.following is not None or self.warnings:
            return
        told, audio = self.riff_size + 8, self.source.position + size
        wrong = told < audio or (end is not None and told > end + 1)
        if wrong and self.riff_size and not says_unknown(self.riff_size):
            self.warnings.append(f"RIFF declares {told} bytes, the file has {end or audio}; took the data chunk")
        samples = self.unpack("H", self.raw_fmt[18:20])[0] if fmt.tag in _ADPCM and len(self.raw_fmt) >= 20 else 1
        frames = size // max(1, fmt.block) * samples  # of which the last block of a codec may hold fewer
        for name, count in self.counts.items():
            fits = frames - samples < count <= frames or count in (0, frames * fmt.channels) or says_unknown(count)
            if not fits and fmt.tag in (*_FRAMED, *_ADPCM):
                self.warnings.append(f"its {name} chunk declares {count} frames, the data chunk {frames}; took these")

    def read_trailer(self, at: int, end: int) -> None:
        """Keep the chunks behind the audio, and come back."""
        back, self.trailing = self.source.position, True
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


def parse_fmt(source: Source, raw: bytes, order: str, warnings: list[str]) -> WavFormat:
    """The content of a ``fmt`` chunk; what does not agree in it is raised, as `ReadError`, or added to ``warnings``."""
    if len(raw) < 16:
        raise ReadError(source.name, f"its fmt chunk has {len(raw)} bytes, at least 16 are needed")
    tag, channels, fs, rate, block, bits = struct.unpack(f"{order}HHIIHH", raw[:16])
    mask = 0
    if tag == 0xFFFE and len(raw) >= 40:
        valid, mask, tag = struct.unpack(f"{order}HIH", raw[18:26])
        if tag in (1, 3) and valid > bits:
            warnings.append(f"its fmt chunk says {valid} valid bits of {bits}; took {bits}")
        if mask.bit_count() not in (0, channels) and mask < 1 << 31:  # above it means all there are
            places = f"{mask.bit_count()} loudspeakers for {channels} channels"
            warnings.append(f"its channel mask has {places}; left out")
            mask = 0
    if not 1 <= channels <= MAX_CHANNELS:
        more = f" ({set_by('channels')})" if channels else ""
        raise ReadError(source.name, f"its header declares {channels} channels; 1 to {MAX_CHANNELS} can be read{more}")
    if not 1 <= fs < 2**31:
        raise ReadError(
            source.name, f"its header declares a sampling rate of {fs} Hz; tell it: sox -r 48000 IN.wav OUT.wav"
        )
    # 12 bits lie in 2 bytes and 20 in 3, in the upper bits: what counts is the size of the container. 24 bits may
    # lie in 4 bytes, if all that is told agrees; 16 bits in 4 are two samples taken for one.
    size, rate_told = block // channels, fs * block & _UNKNOWN
    wide = tag == 1 and size == 4 and 17 <= bits <= 32 and rate in (rate_told, 0)
    fits = size == 1 if tag in (6, 7) else bits >= 1 and (size == (bits + 7) // 8 or wide)
    if tag in _FRAMED and (block % channels or not fits):
        words = f"{bits} bits, {channels} channels, {block} bytes a frame, {rate} bytes a second"
        raise ReadError(source.name, f"its fmt chunk contradicts itself: {words}")
    if tag not in (1, 3):
        return WavFormat(fs, channels, block, None, mask, tag)
    subtype = linear_subtype(size, floating=tag == 3)
    if subtype is None:
        kind = "floating point" if tag == 3 else "PCM"
        raise ReadError(
            source.name, f"holds {kind} of {bits} bits, which is not read; convert it: ffmpeg -i IN.wav OUT.wav"
        )
    if rate != rate_told:
        made = f"{fs} Hz with {block} bytes a frame make {fs * block}"
        warnings.append(f"its fmt chunk says {rate} bytes a second, {made}; took {fs} Hz")
    return WavFormat(fs, channels, block, subtype, mask, tag)


def are_chunks(source: Source, order: str, at: int, count: int) -> bool:
    """Whether ``count`` bytes from ``at`` are nothing, or chunks that end with the file."""
    end = at + count
    if count <= 0:
        return count == 0
    first = True
    while end - at >= 8:
        head = source.at(at, 8)
        size = struct.unpack(f"{order}I", head[4:])[0]
        if not all(0x20 <= c < 0x7F for c in head[:4]):
            return False
        if first and head[:4] in _TRAILING:
            return True  # a name this particular is no audio, whatever follows it
        at += 8 + size + size % 2
        first = False
    return not first and at - 1 <= end <= at


def chunks_at_end(raw: bytes, order: str) -> int:
    """Position in the last bytes of a file where chunks begin that end with it; their number without such."""
    for found in _NAMES.finditer(raw):
        at = found.start()
        while at + 8 <= len(raw):
            size = struct.unpack_from(f"{order}I", raw, at + 4)[0]
            at += 8 + size + size % 2
        if at in (len(raw), len(raw) + 1):
            return found.start()
    return len(raw)


def counts_chunks(count: int) -> str:
    """What to say of a data chunk whose last bytes are chunks."""
    return f"its data size counts {count} bytes of chunks that stand behind the audio"


def recordings(source: Source, start: int) -> Iterator[int]:
    """Positions in a file from ``start`` on where a recording of this kind begins."""
    for at in source.find(_WAVE, start + 8, 4):
        if source.at(at - 8, 4) in MAGICS:
            yield at - 8


def first_header(raw: bytes) -> int | None:
    """Position in these bytes where the first recording of this kind begins."""
    found = (match.start() - 8 for match in _WAVE.finditer(raw, 8))
    return next((at for at in found if raw[at : at + 4] in MAGICS), None)


def chunks_behind(source: Source, base: int, order: str, at: int, options: ReadOptions) -> list[str]:
    """What is to be said of the chunks behind the audio of a pipe, which come too late to be carried.

    ``source`` holds what the pipe gave from its byte ``base`` on, with chunks from ``at`` on; raises as `read_header`.
    """
    walk = _Walk(source, options, (b"RIFX" if order == ">" else b"RIFF") + bytes(8), base)
    walk.read_trailer(at, source.size or 0)
    kept = [name.decode("latin-1").strip() for name, _ in walk.chunks]
    return [*walk.warnings, *metadata().lost([*kept, *walk.dropped])]


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
    walk = _Walk(source, options, source.read(12))
    declared = walk.to_data()
    if walk.fmt is None:
        raise walk.fail("has no fmt chunk before its audio, so no sampling rate and no encoding; copy it again")
    size = walk.data_bytes(declared, max(1, walk.fmt.block))
    walk.look_over(size)
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
        start=source.position,
        bytes=size,
        following=walk.following,
    )
