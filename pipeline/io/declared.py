"""Headers of AIFF and W64, and what is common to all, held against the file before libsndfile believes them.

libsndfile clamps what is declared to the end of the file, takes what lies behind the audio for audio, and rounds a
sampling rate, all in silence. A program that wrote to a pipe leaves 0, or a size like 0x7F000000 that no file has: then
the audio goes on to the end, libsndfile is shown a header that says so, and a warning tells it.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ..errors import ReadError
from ..plugins import bundled
from .base import ReadOptions
from .encodings import linear_subtype
from .source import Source

NO_LENGTH = "the header does not tell the length (it was written to a pipe, or never finished); took all to the end"

_FLOATS = {b"fl32": 4, b"FL32": 4, b"fl64": 8, b"FL64": 8, b"ulaw": 1, b"ULAW": 1, b"alaw": 1, b"ALAW": 1}
_WHOLES = (b"NONE", b"twos", b"sowt", b"raw ", b"in24", b"in32", b"42ni", b"23ni")
_REVERSED = (b"sowt", b"42ni", b"23ni")
_LONGEST = 1 << 24  # bytes of a chunk behind the audio; four bytes of audio seldom look like a name and so few


def says_unknown(size: int) -> bool:
    """Whether a size is one of those that programs write to a pipe: near 2 or 4 GiB, less a header or half a frame."""
    return 0x7FFF0000 <= size <= 0x80010000 or size >= 0xFFFF0000


def is_filling(source: Source, at: int, count: int) -> bool:
    """Whether bytes behind the audio that are no chunk are surely no audio: a few, zeros, or an ID3 tag."""
    tail = source.at(at, min(count, 1 << 16))
    return count < 16 or (len(tail) == count and not tail.strip(b"\0")) or (tail[:3] == b"TAG" and count == 128)


def too_small(frames: int, extra: int, unit: str = "frames") -> str:
    """What to say where a file goes on behind the frames that it declares."""
    return f"declares {frames} {unit}, and {extra} bytes behind them are no chunk: the data size may be too small"


@dataclass(frozen=True)
class Facts:
    """What is known of a stream beside what libsndfile makes of it."""

    frames: int | None = None
    """Number of frames; None for what libsndfile says."""
    fs: float | None = None
    channels: int | None = None
    patches: tuple[tuple[int, bytes], ...] = ()
    """Bytes of the header to show to libsndfile in place of those that are there, with their place."""
    endless: bool = False
    """Whether libsndfile is to find no end: ``frames`` was counted here, and it would guess one from the size."""
    start: int = 0
    """Position of the first byte of audio, where that is known."""
    behind: int = 0
    """Position from which on another recording may begin, where that is known."""
    linear: tuple[str, str, int] | None = None
    """Encoding, byte order and bytes of a frame of plain numbers that libsndfile does not read in this container."""
    mask: int = 0
    """Loudspeaker positions of WAVE_FORMAT_EXTENSIBLE; 0 says nothing."""
    checksum: tuple[bytes, int] = (b"", 0)
    """MD5 of the samples as integers, and their bits; empty where none is told."""
    goes_on: bool = False
    """Whether there may be frames behind ``frames``: it is tried."""
    unreadable: str = ""
    """What to say where libsndfile cannot read it; empty for libsndfile's own words."""
    warnings: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Audio:
    """Where a header says that its audio lies."""

    start: int
    declared: int
    """Bytes."""
    block: int
    """Bytes of a frame; 0 where that is not fixed."""
    patches: Callable[[int], tuple[tuple[int, bytes], ...]]
    """Header that says a number of bytes."""
    unknown: bool = False
    fs: float | None = None
    channels: int | None = None
    notes: tuple[str, ...] = ()
    linear: tuple[str, str] | None = None
    """Encoding and byte order of plain numbers that libsndfile does not read in this container."""
    told: int = 0
    """Bytes that the whole file should have; 0 where that is not told."""
    mask: int = 0


def facts_of(source: Source, options: ReadOptions) -> Facts:
    """Facts of a file in one of these containers; faults are raised, or accepted as ``options`` say."""
    if options.container == "FLAC":
        told: Facts = bundled("faltung_codecs.flac", "a FLAC").facts(source, options)
        return told
    others = "faltung_codecs.headers", f"a file in {options.container}"
    own = {"AIFF": _aiff, "W64": _w64}.get(options.container)
    audio: Audio | Facts = own(source) if own else bundled(*others).audio(source, options.container)
    if isinstance(audio, Facts):
        return audio
    if audio.fs is not None and not 0 < audio.fs < math.inf:
        raise ReadError(source.name, f"its header declares a sampling rate of {audio.fs:g} Hz")
    there = max(0, (source.size or 0) - audio.start)
    block, warnings, size = max(1, audio.block), list(audio.notes), min(audio.declared, there)
    end = audio.start + size
    untold = audio.unknown or (audio.declared == 0 and there > 0)
    if untold and (audio.declared > there or not _are_chunks(source, options.container, end)):
        size = there
        warnings.append(NO_LENGTH)
    elif audio.declared > there:
        unit = "frames" if audio.block else "bytes"
        problem = f"declares {audio.declared // block} {unit}, has {there // block}"
        warnings.append(options.accept(source.name, problem, f"the {there // block} {unit}"))
    elif audio.block and not _goes_on(source, options.container, end):
        if is_filling(source, end, there - size):
            warnings.append(f"{there - size} bytes behind the audio are no chunk; ignored")
        else:
            problem = too_small(size // block, there - size)
            warnings.append(options.accept(source.name, problem, f"all {there // block} frames to the end"))
            size = there
    if not warnings and audio.told and not end <= audio.told <= (source.size or 0) + 1 and not says_unknown(audio.told):
        warnings.append(f"its header declares {audio.told} bytes, the file has {source.size}; took its audio chunk")
    if size % block and audio.block:
        warnings.append(f"the last frame is cut: {size % block} of {block} bytes; dropped")
    return Facts(
        frames=size // block if audio.block else None,
        fs=audio.fs,
        channels=audio.channels,
        patches=audio.patches(size) if size != audio.declared else (),
        warnings=tuple(warnings),
        start=audio.start,
        behind=audio.start + (0 if NO_LENGTH in warnings else size),
        linear=None if audio.linear is None else (*audio.linear, audio.block),
        mask=audio.mask,
    )


def _goes_on(source: Source, container: str, end: int) -> bool:
    """Whether what lies behind the audio is nothing, a chunk, or another recording."""
    full = end + -end % (8 if container == "W64" else 2)
    for at in (end, full):  # some do not fill up
        head = next(chunks(source.at, container, source.size or 0, at), None)
        named = head is not None and head[2] < _LONGEST and head[0].isascii() and head[0].decode().isprintable()
        if named or source.at(at, 4) == source.head[:4]:
            return True
    return full >= (source.size or 0)


def _are_chunks(source: Source, container: str, start: int) -> bool:
    """Whether there is nothing from a byte on, or chunks to the end of the file."""
    size, found = source.size or 0, chunks(source.at, container, source.size or 0, start)
    ends = [start, *(at + length for name, at, length in found if name.isascii() and name.decode().isprintable())]
    return ends[-1] in (size, size - 1)


def chunks(
    at_of: Callable[[int, int], bytes], container: str, size: int, start: int = 0
) -> Iterator[tuple[bytes, int, int]]:
    """Name, position and length of each chunk of an AIFF, CAF or W64 file, its head included, the first or from a byte.

    ``at_of(position, count)`` gives its bytes.
    """
    kinds = {"AIFF": (12, ">4sI", 8, 2), "CAF": (8, ">4sq", 12, 1)}
    first, form, uncounted, even = kinds.get(container, (40, "<4s12xQ", 0, 8))
    at, width = start or first, struct.calcsize(form)
    while at < size and len(head := at_of(at, width)) == width:
        name, length = struct.unpack(form, head)
        length += uncounted
        if not name.strip(b"\0"):  # zeros, of which there may be many
            return
        yield name, at, length
        if length < width:
            return
        at += length + -length % even


def found_chunks(source: Source, container: str) -> dict[bytes, tuple[int, int]]:
    """Position and length of the first chunk of each name."""
    found: dict[bytes, tuple[int, int]] = {}
    for name, at, length in chunks(source.at, container, source.size or 0):
        if name in (b"FORM", b"riff", b"caff"):
            break  # another recording
        if name in found and name in (b"SSND", b"COMM", b"data", b"fmt ", b"desc"):
            raise ReadError(source.name, f"contradicts itself: a second {name.decode().strip()} chunk at byte {at}")
        found.setdefault(name, (at, length))
    return found


def _aiff(source: Source) -> Audio | Facts:
    found = found_chunks(source, "AIFF")
    if b"COMM" not in found or b"SSND" not in found:
        return Facts(unreadable=f"has no {'SSND' if b'COMM' in found else 'COMM'} chunk, so no audio that can be read")
    common, (at, length) = found[b"COMM"][0], found[b"SSND"]
    comm = source.at(common, 30)[8:].ljust(22, b"\0")
    channels, frames, bits = struct.unpack(">HIH", comm[:8])
    exponent, mantissa = struct.unpack(">HQ", comm[8:18])
    kind = comm[18:22] if source.at(8, 4) == b"AIFC" else b"NONE"
    block = channels * _FLOATS.get(kind, (bits + 7) // 8 if kind in _WHOLES else 0)
    offset = struct.unpack(">I", source.at(at + 8, 4).ljust(4, b"\0"))[0]
    declared = length - 16 - offset if length > 16 else 0
    unknown = says_unknown(declared) or 0x7EFFFF00 < declared <= 0x7F000000 or (declared == 0 and frames == 0)
    if block and not unknown and not 0 <= declared - frames * block <= 1:
        words = f"COMM says {frames} frames of {block} bytes, SSND holds {declared} bytes"
        raise ReadError(source.name, f"its header contradicts itself: {words}")

    def patches(size: int) -> tuple[tuple[int, bytes], ...]:
        count = ((common + 10, struct.pack(">I", size // block)),) if block else ()
        return ((at + 4, struct.pack(">I", min(size + 8 + offset, 2**32 - 1))), *count)

    try:
        fs = math.ldexp(-mantissa if exponent & 0x8000 else mantissa, (exponent & 0x7FFF) - 16446)
    except OverflowError:
        fs = math.inf
    form = struct.unpack(">I", source.at(4, 4))[0]
    # Sizes in its header end at 4 GiB, and libsndfile with them; what goes on behind is read here.
    floats, order = kind in _FLOATS and block > channels, "<" if kind in _REVERSED else ">"
    linear = (
        plain_numbers(3 if floats else 1, 8 * block // max(1, channels), order) if (source.size or 0) >> 32 else None
    )
    # A pad byte is no audio, though libsndfile's own files count it.
    size = declared if unknown or not block else frames * block
    return Audio(at + 16 + offset, size, block, patches, unknown, fs, channels, (), linear, form and form + 8)


def _w64(source: Source) -> Audio:
    found = found_chunks(source, "W64")
    if b"fmt " not in found or b"data" not in found:  # libsndfile may find one, by half of a length
        raise ReadError(source.name, f"has no {'data' if b'fmt ' in found else 'fmt'} chunk, so no audio to read")
    from .riff import parse_fmt

    at, length = found[b"fmt "]
    notes: list[str] = []
    fmt = parse_fmt(source, source.at(at + 24, min(length - 24, 4096)), "<", notes)
    at, length = found[b"data"]
    return Audio(
        at + 24,
        max(0, length - 24),
        fmt.block if fmt.tag in (1, 3, 6, 7) else 0,
        size_patch(at + 16, "<Q", 24),
        unknown=length >= 2**62,
        fs=float(fmt.fs),
        channels=fmt.channels,
        notes=tuple(notes),
        linear=None if fmt.subtype is None else (fmt.subtype, "<"),
        told=struct.unpack("<Q", source.at(16, 8).ljust(8, b"\0"))[0],
        mask=fmt.mask,
    )


def size_patch(at: int, form: str, more: int) -> Callable[[int], tuple[tuple[int, bytes], ...]]:
    """Header that says a number of bytes at one place, with those of the head counted."""
    return lambda size: ((at, struct.pack(form, min(size + more, 2**32 - 1 if form[1] == "I" else 2**63 - 1))),)


def plain_numbers(tag: int, bits: int, order: str) -> tuple[str, str] | None:
    """Encoding and byte order of samples that are read without libsndfile; None of others."""
    subtype = linear_subtype((bits + 7) // 8, floating=tag == 3) if tag in (1, 3) else None
    return None if subtype in (None, "PCM_U8") else (subtype, order)
