"""Headers of AU, CAF and NIST: where each says that its audio lies, how long it is, and what is in it."""

from __future__ import annotations

import struct

from pipeline.errors import ReadError
from pipeline.io.declared import Audio, Facts, found_chunks, plain_numbers, says_unknown, size_patch
from pipeline.io.source import Source

_AU_BYTES = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1}


def audio(source: Source, container: str) -> Audio | Facts:
    """Audio of a file in one of these containers, by its header; raises `ReadError` where that contradicts itself."""
    return {"AU": _au, "CAF": _caf, "NIST": _nist}[container](source)


def _au(source: Source) -> Audio | Facts:
    order = ">" if source.head[:4] == b".snd" else "<"
    start, size, encoding, _, channels = struct.unpack(f"{order}5I", source.head[4:24].ljust(20, b"\0"))
    block = _AU_BYTES.get(encoding, 0) * channels
    return Audio(start, size, block, size_patch(8, f"{order}I", 0), says_unknown(size), None, channels)


def _caf(source: Source) -> Audio | Facts:
    found = found_chunks(source, "CAF")
    kind = source.at(found[b"desc"][0] + 20, 4).decode("latin-1") if b"desc" in found else "no description"
    if kind not in ("lpcm", "ulaw", "alaw") or b"data" not in found:
        unread = f"is a CAF file with {kind.strip()} that libsndfile does not decode"
        return Facts(unreadable=f"{unread}; convert it, for instance: ffmpeg -i IN.caf OUT.wav")
    at, length = found[b"data"]
    desc = source.at(found[b"desc"][0] + 12, 32).ljust(32, b"\0")
    fs, block, channels = (struct.unpack(">d8xI4xI4x", desc))[:3]
    unknown, patch = length < 12, size_patch(at + 4, ">q", 4)
    return Audio(at + 16, 2**62 if unknown else max(0, length - 16), block, patch, unknown, fs, channels)


def _nist(source: Source) -> Audio | Facts:
    words = [line.split(None, 2) for line in source.head[:1024].decode("latin-1").split("\n")]
    told = {line[0]: line[2] for line in words if len(line) == 3}
    coding = told.get("sample_coding", "pcm").strip()
    try:
        frames, channels = int(told["sample_count"]), int(told.get("channel_count", 1))
        width = int(told.get("sample_n_bytes", 2))
        start, order = int(source.head[8:16]), told.get("sample_byte_format", "01").strip()
        fs = float(told["sample_rate"])
    except (KeyError, ValueError):
        problem = "is a NIST file that does not tell its rate, or how many samples it has"
        raise ReadError(source.name, problem) from None
    if coding not in ("pcm", "ulaw", "mu-law", "alaw"):
        unread = f"is a NIST file with {coding}; unpack it, for instance: sph2pipe -f wav IN.sph OUT.wav"
        return Facts(unreadable=unread)
    bytes_in_order = "01234567"[:width]
    if width > 1 and order not in (bytes_in_order, bytes_in_order[::-1]):
        raise ReadError(source.name, f"contradicts itself: samples of {width} bytes in the order {order[:9]!r}")
    linear = plain_numbers(1, 8 * width, "<" if order == bytes_in_order else ">") if coding == "pcm" else None
    block = width * channels
    return Audio(start, frames * block, block, lambda _: (), False, fs, channels, (), linear)
