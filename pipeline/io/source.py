"""An open descriptor to read from: a file, or a pipe whose first bytes were looked at and put back.

Opening with ``os.open`` gives the true cause of a failure; decoders get the descriptor, never the name.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath

from ..errors import DiskFullError, ReadError, WriteError
from ..system import BINARY, DISK_FULL, is_disk_full, pread
from ..text import shorten
from .base import PathArg
from .names import display
from .remote import is_remote, stores

HEAD_BYTES = 4096
PIPE_HEAD_BYTES = 44
"""Bytes awaited of a pipe, as many as the shortest audio file has: what comes live is to be answered at once."""

FOLDER = b"folder\0"
"""Beginning of the head of a folder; the names in it follow, a zero byte between them."""

HEADER = ".hea"
"""Extension of the headers of WFDB records."""

_KEPT_BYTES = 1 << 20
"""Bytes of a pipe that are kept at most, so that a header can be read again."""

_CAUSES = {
    errno.ENOENT: "no such file",
    errno.EACCES: "permission denied",
    errno.EPERM: "not permitted",
    errno.EISDIR: "is a directory",
    errno.ENOTDIR: "part of the path is a file, not a folder",
    errno.ELOOP: "symbolic links that go round in a circle",
    errno.ENAMETOOLONG: "the name is too long for this file system; most take 255 bytes",
    errno.ENXIO: "is a socket, or a device that is not there",
    errno.EROFS: "the file system is read-only",
    errno.EBADF: "is closed",
    **DISK_FULL,
    errno.EIO: "input/output error: the device or the network failed",
}


def cause(error: OSError) -> str:
    """True cause of an OS error, in words."""
    return _CAUSES.get(error.errno or 0) or error.strerror or str(error)


def broken_link(path: Path) -> tuple[Path, str] | None:
    """The link, of a path or a folder it is in, that leads to nothing, and why it does; None where there is none."""
    for one in (path, *path.parents):
        if one.is_symlink() and not one.exists():
            try:
                one.stat()
            except OSError as error:
                gone = "is a link to what is not there"
                return one, gone if error.errno == errno.ENOENT else f"is a link to nowhere: {cause(error)}"
    return None


@contextlib.contextmanager
def temporary_errors() -> Iterator[None]:
    """OS errors inside the block, which writes a temporary file, as those of the folder for these."""
    try:
        yield
    except OSError as error:
        kind = DiskFullError if is_disk_full(error) else WriteError
        raise kind(tempfile.gettempdir(), f"{cause(error)} (set TMPDIR to a folder with room)") from error


class Source:
    """Bytes in order, with their name.

    Attributes
    ----------
    name
        for messages.
    size
        bytes of the file, or of the part of it that is looked at; None for a pipe.
    head
        the first bytes, not consumed; of a folder, which some plugins read, ``FOLDER`` and the names in it.
    piped
        the bytes came through a pipe (also after `spooled`).
    """

    def __init__(self, fd: int, name: str, *, piped: bool = False, start: int = 0, end: int | None = None) -> None:
        self.fd = fd
        self.name = name
        self.piped = piped
        self.position = 0
        self._start, self._end = start, end
        self._pushed = self._seen = b""
        status = os.fstat(fd)
        self._at_open, regular = status.st_size, stat.S_ISREG(status.st_mode)
        self.size: int | None = (status.st_size if end is None else end) - start if regular else None
        if stat.S_ISDIR(status.st_mode):
            self.size, self.head = 0, FOLDER + b"\0".join(map(os.fsencode, sorted(os.listdir(fd))))
            return
        self.head = self.read(PIPE_HEAD_BYTES if self.size is None else min(HEAD_BYTES, self.size))
        self.piped = piped or self.size is None
        self.rewind()

    def read(self, count: int) -> bytes:
        """Read the next ``count`` bytes; fewer only at the end."""
        parts = [self._pushed[:count]] if self._pushed else []
        self._pushed = self._pushed[count:]
        left = count - sum(map(len, parts))
        at = self._start + self.position
        try:
            while left > 0 and (part := self._next(min(left, 1 << 24), at + count - left)):
                parts.append(part)
                left -= len(part)
        except OSError as error:
            raise ReadError(self.name, f"reading stopped at byte {self.position}: {cause(error)}") from error
        raw = parts[0] if len(parts) == 1 else b"".join(parts)
        if self.size is None and len(self._seen) == self.position < _KEPT_BYTES:
            self._seen += raw
        self.position += count - left
        return raw

    def _next(self, count: int, at: int) -> bytes:
        if self.size is None:
            return os.read(self.fd, count)
        return pread(self.fd, count if self._end is None else max(0, min(count, self._end - at)), at)

    def rewind(self) -> None:
        """Go back to the first byte; on a pipe only as long as no more than a header was read."""
        if self.size is None:
            if len(self._seen) != self.position:
                raise ReadError(self.name, f"has a header of over {_KEPT_BYTES} bytes in a pipe; give a file")
            self._pushed, self._seen = self._seen + self._pushed, b""
        self.position = 0

    def put_back(self, raw: bytes) -> None:
        """Let the last bytes that were read of a pipe be read again."""
        self._pushed = raw + self._pushed
        self.position -= len(raw)
        self._seen = self._seen[: self.position]

    def peek(self, count: int) -> bytes:
        """The next ``count`` bytes, which are yet to be read; fewer only at the end."""
        if self.size is not None:
            return self.at(self.position, count)
        self.put_back(raw := self.read(count))
        return raw

    def window(self, start: int, end: int | None = None) -> Source:
        """A part of a file, from one byte to before another, as a file of its own."""
        end = (self.size or 0) if end is None else end
        return Source(os.dup(self.fd), self.name, piped=self.piped, start=self._start + start, end=self._start + end)

    def at(self, position: int, count: int) -> bytes:
        """Up to so many bytes of a file from a position, without going there."""
        return pread(self.fd, count, self._start + position)

    def find(self, pattern: re.Pattern[bytes], start: int, longest: int) -> Iterator[int]:
        """Positions in a file, from ``start`` on, of what a pattern finds, which is ``longest`` bytes at most."""
        at, size = start, self.size or 0
        while at < size:
            raw = pread(self.fd, 1 << 20, self._start + at)[: size - at]
            last = len(raw) < 1 << 20 or at + len(raw) >= size
            step = len(raw) if last else len(raw) - longest + 1
            yield from (at + found.start() for found in pattern.finditer(raw) if found.start() < step)
            at += max(1, step)

    def skip(self, count: int) -> None:
        """Go on by ``count`` bytes; on a pipe they are read and dropped."""
        if self.size is not None:
            self.position += count
            return
        while count > 0 and (part := self.read(min(count, 1 << 16))):
            count -= len(part)

    def spooled(self) -> Source:
        """A pipe as an unnamed temporary file, for decoders that need to seek; a file stays as it is."""
        if self.size is not None:
            return self
        copy = spool(self, iter(lambda: self.read(1 << 20), b""))
        self.close()
        return copy

    def grown(self) -> int:
        """Bytes the file has gained since it was opened."""
        return 0 if self.size is None else os.fstat(self.fd).st_size - self._at_open

    def close(self) -> None:
        """Close the descriptor; twice does no harm."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def open_source(path: PathArg) -> Source:
    """Open a file, a local copy of one in a store, or standard input for ``"-"``.

    Raises
    ------
    ReadError
        With the true cause: missing, unreadable, a directory, a symlink loop, a name too long, a NUL byte.
    """
    standard_input = path in ("-", b"-")
    name = "standard input" if standard_input else display(path)
    try:
        if is_remote(path):
            fd = stores().fetch(name)
        else:
            fd = os.dup(0) if standard_input else os.open(path, os.O_RDONLY | BINARY)
    except OSError as error:
        raise ReadError(name, cause(error)) from error
    except ValueError as error:
        raise ReadError(name, "the path has a NUL byte in it") from error
    try:
        return Source(fd, name)
    except BaseException:
        os.close(fd)
        raise


def head_of(path: PathArg) -> bytes:
    """The first bytes of a file, or what stands for them of a folder."""
    source = open_source(path)
    source.close()
    return source.head


def spool(source: Source, parts: Iterable[bytes]) -> Source:
    """Bytes made from a source, in an unnamed temporary file that passes for it."""
    with temporary_errors(), tempfile.TemporaryFile() as copy:
        copy.writelines(parts)
        copy.seek(0)
        fd = os.dup(copy.fileno())
    return Source(fd, source.name, piped=source.piped)


def is_flac(head: bytes) -> bool:
    """FLAC, also behind a tag of titles."""
    return head[:4] == b"fLaC" or (head[:3] in (b"ID3", b"APE") and b"fLaC" in head)


def is_mp3(head: bytes) -> bool:
    """MPEG audio: a tag of titles, or the eleven set bits of a frame with a known version, layer and rate."""
    if head[:3] == b"ID3" or head[:8] == b"APETAGEX":
        return not is_flac(head)
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0 or head.startswith(_UTF16):
        return False
    return head[1] & 0x18 != 0x08 and head[1] & 0x06 != 0 and head[2] & 0xF0 != 0xF0 and head[2] & 0x0C != 0x0C


def looks_like_text(head: bytes) -> bool:
    """Whether the first bytes are text, in UTF-8, in UTF-16 with its mark, or in one byte a character."""
    return text_encoding(head) is not None


def in_record(name: str) -> bool:
    """Whether a file is the header of a WFDB record, which is a text and no table, or the samples beside one."""
    return name.lower().endswith(HEADER) or _header_beside(name) != ""


def _header_beside(name: str) -> str:
    """Name of the header of a WFDB record that a file of samples belongs to; empty where there is none."""
    path = Path(name)
    header = path.with_suffix(HEADER)
    return str(header) if path.suffix.lower() == ".dat" and header.is_file() else ""


def text_encoding(head: bytes) -> str | None:
    """Encoding of a text by its first bytes; None where they are no text."""
    if head.startswith(_UTF16) and head[2:4] != b"\0\0":
        return "utf-16"
    for at, name in ((1, "utf-16-le"), (0, "utf-16-be")):  # without its mark
        if len(head) > 3 and not any(head[at::2]) and text_encoding(head[1 - at :: 2]):
            return name
    if not head or any(byte < 32 and byte not in b"\t\n\r\f\x1a\x1b" for byte in head):
        return None
    try:
        head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.reason != "unexpected end of data":  # a character cut in two by the end of the sniffed bytes
            return "cp1252" if sum(byte > 127 for byte in head) < len(head) / 4 else None
    return "utf-8-sig"


_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_CONVERT = "convert it, for instance: ffmpeg -i IN{0} OUT.wav"
_FOREIGN = (
    (0, FOLDER, "is a directory, not a file; give a pattern such as FOLDER/*.wav"),
    (0, b"\x00\x05\x16\x07", "is an AppleDouble file (macOS keeps them beside copies as ._NAME); the audio is in NAME"),
    (0, b"version https://git-lfs", "is a Git LFS pointer, not the file itself; run 'git lfs pull'"),
    (4, b"ftyp", f"is an MP4/M4A file; {_CONVERT}"),
    (0, b"\x1aE\xdf\xa3", f"is a Matroska/WebM file; {_CONVERT}"),
    (0, b"\x1f\x8b", "is compressed with gzip; unpack it first: gunzip IN{0}"),
    (0, b"\xff\xfe\0\0", "is a text in UTF-32; convert it: iconv -f UTF-32 -t UTF-8 IN{0} > OUT{0}"),
    (0, b"\0\0\xfe\xff", "is a text in UTF-32; convert it: iconv -f UTF-32 -t UTF-8 IN{0} > OUT{0}"),
    (0, b"RIFF", f"is a RIFF file, but no WAVE audio; {_CONVERT}"),
)
PLAYED = "if other programs play it: ffmpeg -i IN{0} OUT.wav, or: sox IN{0} OUT.wav"
_RAW = "samples without a header are given one: sox -t raw -r 48000 -e signed -b 16 -c 1 IN{0} OUT.wav"
_TOLD = (".f32", ".float", ".f64", ".dbl", ".double", ".s16", ".s24", ".s32")  # by which the encoding is known, too
HEADERLESS = (*_TOLD, ".pcm", ".raw", ".bin", ".dat", ".sam")
"""Extensions of files of samples without a header."""
READ_BY = {
    "faltung-arrays": (".h5", ".hdf5", ".mat", ".nc", ".nwb", ".zarr"),
    "faltung-axivity": (".cwa",),
    "faltung-bio": (".edf", ".bdf", HEADER),
    "faltung-room": (".sofa",),
    "faltung-seismic": (".mseed", ".miniseed", ".msd", ".seed", ".sac"),
}
"""Packages beside faltung that read files of these extensions, which none may be installed of."""


def explain_unknown(head: bytes, name: str, *, known: bool = False) -> str:
    """Why a file of this name is in none of the known formats, and the way out; ``known`` to a plugin is its kind."""
    extension = re.split(r"[?#]", PurePath(name).suffix)[0]  # a URL has more behind it
    if not head:
        return "is empty (0 bytes); copy it again"
    for at, magic, words in _FOREIGN:
        if head[at : at + len(magic)] == magic:
            return words.format(extension)
    if not head.strip(b"\0"):
        return "starts with zeros; the recorder or the copy never wrote it; copy it again"
    if header := _header_beside(name):
        return f"holds samples of a WFDB record; give its header, {header}, which faltung-bio reads"
    package = next((one for one, theirs in READ_BY.items() if extension.lower() in theirs and not known), "")
    fix = f"; install what reads such files: pip install {package}" if package else ""
    if looks_like_text(head):
        start = shorten(head.decode(text_encoding(head) or "utf-8", "replace").partition("\n")[0], 40)
        return f"is text, not {extension.lstrip('.').upper() or 'audio'}: it begins with {start!r}{fix}"
    if extension.lower() in (".csv", ".tsv", ".txt") and looks_like_text(head.replace(b"\0", b"")):
        fix = "a recorder or a copy broke off there; take them out: tr -d '\\0' < IN{0} > OUT{0}"
        return f"is text that holds NUL characters, the first at byte {head.index(0):,}; {fix.format(extension)}"
    fix = fix or f"; {_RAW if extension.lower() in HEADERLESS else PLAYED}"
    return f"is in no known format: it begins with the bytes {head[:8].hex(' ')}{fix.format(extension)}"
