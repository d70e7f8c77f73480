"""Tell formats apart by their first bytes, and say what a file is that cannot be read.

The extension is not asked: a name is easily wrong, a signature is not.
"""

from __future__ import annotations


def is_riff(head: bytes) -> bool:
    """WAV, RIFX, RF64 or BW64."""
    return head[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64") and head[8:12] == b"WAVE"


def is_w64(head: bytes) -> bool:
    """Sony Wave64."""
    return head[:16] == bytes.fromhex("726966662e91cf11a5d628db04c10000")


def is_flac(head: bytes) -> bool:
    """FLAC, also behind an ID3 tag."""
    return head[:4] == b"fLaC" or (head[:3] == b"ID3" and b"fLaC" in head)


def is_aiff(head: bytes) -> bool:
    """AIFF or AIFF-C."""
    return head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC")


def is_ogg(head: bytes) -> bool:
    """OGG, with Vorbis, Opus or FLAC in it."""
    return head[:4] == b"OggS"


def is_mp3(head: bytes) -> bool:
    """MPEG audio: an ID3 tag, or the eleven set bits of a frame with a known version, layer and rate."""
    if head[:3] == b"ID3":
        return not is_flac(head)
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0 or head[:2] == _UTF16:
        return False
    return head[1] & 0x18 != 0x08 and head[1] & 0x06 != 0 and head[2] & 0xF0 != 0xF0 and head[2] & 0x0C != 0x0C


def is_npy(head: bytes) -> bool:
    """A NumPy array."""
    return head[:6] == b"\x93NUMPY"


def is_npz(head: bytes) -> bool:
    """A zip archive, of NumPy arrays one hopes."""
    return head[:4] in (b"PK\x03\x04", b"PK\x05\x06")


def looks_like_text(head: bytes) -> bool:
    """Whether the first bytes are text in UTF-8."""
    if not head or b"\0" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 4  # a character cut in two by the end of the sniffed bytes
    return True


_UTF16 = b"\xff\xfe"
_FOREIGN = (
    (0, _UTF16, "is text in UTF-16; save it as UTF-8"),
    (0, b"\x00\x05\x16\x07", "is an AppleDouble file (macOS keeps them beside copies as ._NAME), with no audio in it"),
    (0, b"version https://git-lfs", "is a Git LFS pointer, not the file itself; run 'git lfs pull'"),
    (0, b"caff", "is a CAF file; convert it, for instance: ffmpeg -i IN.caf OUT.wav"),
    (0, b".snd", "is an AU file; convert it, for instance: sox IN.au OUT.wav"),
    (4, b"ftyp", "is an MP4/M4A file; convert it, for instance: ffmpeg -i IN.m4a OUT.wav"),
    (0, b"\x1aE\xdf\xa3", "is a Matroska/WebM file; convert it, for instance: ffmpeg -i IN.webm OUT.wav"),
    (0, b"\x1f\x8b", "is compressed with gzip; unpack it first"),
    (0, b"RIFF", "is a RIFF file, but no WAVE audio"),
)


def explain_unknown(head: bytes, extension: str) -> str:
    """Why a file is in none of the known formats, in words."""
    if not head:
        return "is empty (0 bytes)"
    for at, magic, words in _FOREIGN:
        if head[at : at + len(magic)] == magic:
            return words
    if not head.strip(b"\0"):
        return "starts with zeros: the recorder or the copy never wrote it"
    if looks_like_text(head):
        start = head[:40].decode("utf-8", "replace").splitlines()[0]
        return f"is text, not {extension.lstrip('.').upper() or 'audio'}: it begins with {start!r}"
    return f"is in no known format: it begins with the bytes {head[:8].hex(' ')}"
