"""Sinks: where the bytes of an output go, to a file that appears when it is whole, or straight through to a pipe.

The bytes of a file go to a hidden ``.NAME.XXXXXXXX.part`` beside the target, which is renamed at the end; until then
what stood under the name stays as it was. A link is followed first: what it points to is replaced, the link remains.
The hidden file is locked while its writer lives, so that one left behind by a killed process can be told and removed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol, Self

from ..errors import DiskFullError, WriteError
from ..system import (
    BINARY,
    DISK_FULL,
    NO_FOLLOW,
    FolderSync,
    begin_writeback,
    can_rename_open_files,
    is_append_only,
    keep_mode,
    lock_file,
    pwrite,
    sync_folder,
    unfinished,
)
from .base import PathArg
from .names import RealNames, display, is_stream, refuse_taken
from .remote import is_remote, stores
from .source import broken_link, cause

_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS, errno.EXDEV}
_SEND_BYTES = 16 << 20  # written before the disk is set to work
_NAME_BYTES = 255  # of a name, at most, that file systems take
_MARK = "########"  # stands for the random part of a hidden name
_HIDDEN = re.compile(r"\.[0-9a-f]{8}\.part$")


@contextlib.contextmanager
def naming_errors(path: str) -> Iterator[None]:
    """OS errors inside the block as what they mean for this output."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.errno in DISK_FULL:
            raise DiskFullError(path, DISK_FULL[error.errno]) from error
        why = cause(error)
        if error.errno == errno.ENOENT:
            broken = broken_link(Path(path))
            why = "the folder does not exist" if broken is None else f"{broken[0]} {broken[1]}"
        raise WriteError(path, why) from error
    except ValueError as error:
        raise WriteError(path, "the path has a NUL byte in it") from error


def write_all(fd: int, data: bytes | memoryview) -> int:
    """Write all of ``data``; its length in bytes."""
    left = memoryview(data).cast("B")
    size = len(left)
    while left:
        left = left[os.write(fd, left) :]
    return size


class Sink(Protocol):
    """Place that the bytes of an output go to."""

    seekable: bool

    def write(self, data: bytes | memoryview) -> int:
        """Append all of ``data``; its length."""

    def patch(self, at: int, data: bytes) -> None:
        """Overwrite bytes written earlier; only if ``seekable``."""

    def size(self) -> int:
        """Bytes so far."""

    def commit(self, folders: FolderSync | None = None) -> None:
        """Make it safe, under its name."""

    def abort(self) -> None:
        """Give up."""


class _Descriptor:
    """An open descriptor to write to; what goes wrong names the output."""

    def __init__(self, name: str, fd: int) -> None:
        self.name = name
        self._fd = fd

    def write(self, data: bytes | memoryview) -> int:
        """Append or overwrite at the position; the length of ``data``. A reader that went away is a BrokenPipeError."""
        with naming_errors(self.name):
            return write_all(self._fd, data)

    def patch(self, at: int, data: bytes) -> None:
        """Overwrite bytes written earlier, leaving the position."""
        with naming_errors(self.name):
            pwrite(self._fd, data, at)

    def abort(self) -> None:
        """Give up what was not committed; twice does no harm."""
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.abort()

    def _close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class StreamSink(_Descriptor):
    """Standard output, or a pipe or device by name: bytes go straight through, and what was sent is sent.

    It is seekable only when a shell redirected standard output into an empty regular file.
    """

    def __init__(self, path: str) -> None:
        name = "standard output" if path == "-" else path
        with naming_errors(name):
            super().__init__(name, os.dup(1) if path == "-" else os.open(path, os.O_WRONLY | BINARY))
            regular = stat.S_ISREG(os.fstat(self._fd).st_mode)
            appends = is_append_only(self._fd)  # then a patch would land at the end
            self.seekable = regular and not appends and os.lseek(self._fd, 0, os.SEEK_END) == 0
        self._size = 0

    def write(self, data: bytes | memoryview) -> int:
        """Send all of ``data``."""
        size = super().write(data)
        self._size += size
        return size

    def size(self) -> int:
        """Bytes so far."""
        return self._size

    def commit(self, folders: FolderSync | None = None) -> None:  # noqa: ARG002 - a pipe has none
        """Let go."""
        self._close()


class OutputFile(_Descriptor, ABC):
    """A new file with no name yet. Also a binary file object, for libraries that write to one."""

    seekable = True

    def fileno(self) -> int:
        """Descriptor of the file."""
        return self._fd

    def flush(self) -> None:
        """Nothing waits here."""

    def read(self, count: int = -1) -> bytes:
        """Bytes from the position."""
        return os.read(self._fd, count if count >= 0 else self.size())

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move the position."""
        return os.lseek(self._fd, offset, whence)

    def tell(self) -> int:
        """Position in bytes."""
        return os.lseek(self._fd, 0, os.SEEK_CUR)

    def size(self) -> int:
        """Bytes so far."""
        return os.fstat(self._fd).st_size

    @abstractmethod
    def commit(self, folders: FolderSync | None = None) -> None:
        """Make it safe, under its name."""


class AtomicFile(OutputFile):
    """A new file of this machine, hidden until `commit`.

    Raises
    ------
    UsageError
        The name is taken and ``overwrite`` is not set, or is no regular file.
    WriteError
        It cannot be written, with the true cause; `DiskFullError` when there is no room.
    """

    _unsent = 0

    def __init__(self, path: PathArg, *, overwrite: bool = False) -> None:
        name = display(path)
        self.overwrite = overwrite
        with naming_errors(name):
            self._target = os.path.realpath(name)
            refuse_taken(name, overwrite=overwrite)
            if len(os.fsencode(Path(self._target).name)) > _NAME_BYTES:
                raise WriteError(name, "the name is too long for this file system")
            self._part = hidden_beside(self._target)
            unfinished.add(self._part)
            super().__init__(name, os.open(self._part, os.O_RDWR | os.O_CREAT | os.O_EXCL | BINARY, 0o666))
            lock_file(self._fd)
            keep_mode(self._fd, self._target)

    def write(self, data: bytes | memoryview) -> int:
        """Append or overwrite at the position; the length of ``data``."""
        size = super().write(data)
        self._unsent += size
        if self._unsent >= _SEND_BYTES:  # the system begins to write to the disk, so that `commit` waits for less
            begin_writeback(self._fd, self.tell() - self._unsent, self._unsent)
            self._unsent = 0
        return size

    def commit(self, folders: FolderSync | None = None) -> None:
        """Make it durable and give it its name, which ``folders`` makes durable, or else is so at once."""
        try:
            with naming_errors(self.name):
                os.fsync(self._fd)
                if not can_rename_open_files():
                    self._close()
                self._rename()
        except BaseException:
            self.abort()
            raise
        self._close()
        self._finished()
        folder = str(Path(self._target).parent)
        if folders is None:
            sync_folder(folder)
        else:
            folders.add(folder)

    def _rename(self) -> None:
        if self.overwrite:
            Path(self._part).replace(self._target)
            return
        try:
            os.link(self._part, self._target)  # unlike a rename, this fails when the name was taken meanwhile
        except FileExistsError:
            refuse_taken(self.name, overwrite=False)
            raise
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            refuse_taken(self.name, overwrite=False)
            Path(self._part).replace(self._target)
            return
        Path(self._part).unlink()

    def abort(self) -> None:
        """Remove what was written; twice does no harm."""
        self._close()
        if self._part:
            Path(self._part).unlink(missing_ok=True)
            self._finished()

    def _finished(self) -> None:
        unfinished.discard(self._part)
        self._part = ""


def open_file(path: str, *, overwrite: bool = False) -> OutputFile:
    """Open a file that appears when it is whole, here or in a store."""
    kind: Callable[..., OutputFile] = stores().RemoteFile if is_remote(path) else AtomicFile
    return kind(path, overwrite=overwrite)


def make_folder(folder: Path, output: str = "") -> None:
    """Make a folder, and those it is in, where there is none; errors name the output, where it is for one."""
    with naming_errors(output or str(folder)):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            os.stat(f"{folder}/")  # noqa: PTH116 - raises what is true of a file, or of a link that leads nowhere
            raise


def make_folder_of(path: PathArg) -> None:
    """Make the folder that an output is to lie in, where there is none; a pipe and a store have none to make."""
    if display(path) != "-" and not is_remote(path):
        make_folder(Path(display(path)).parent, display(path))


def write_bytes(path: PathArg, data: bytes, *, overwrite: bool) -> None:
    """Write a file of these bytes, whole or not at all; raises what `AtomicFile` raises."""
    remove_left_behind([path])
    with AtomicFile(path, overwrite=overwrite) as file:
        file.write(data)
        file.commit()


def open_sink(path: str, *, overwrite: bool) -> Sink:
    """Open an output: straight through for a stream, else a file that appears when it is whole."""
    return StreamSink(path) if is_stream(path) else open_file(path, overwrite=overwrite)


def _part_name(base: str, mark: str) -> str:
    """Hidden name beside a file of this name, cut so that the file system takes it."""
    suffix = f".{mark}.part"
    return f".{os.fsdecode(os.fsencode(base)[: _NAME_BYTES - 1 - len(suffix)])}{suffix}"


def hidden_beside(path: str) -> str:
    """New hidden name beside a file, for what is made of it on the way; see `remove_left_behind`.

    The file is told by its real name: what is renamed must not lie beside a link to it.
    """
    folder, base = os.path.split(path)
    return str(Path(folder, _part_name(base, secrets.token_hex(4))))


def remove_left_behind(targets: Iterable[PathArg]) -> int:
    """Remove the hidden files that killed writers of these files left; those of writers alive stay. How many."""
    real = RealNames()
    beside: dict[str, set[str]] = {}
    for target in targets:
        if is_remote(target) or "\0" in display(target):
            continue
        folder, base = os.path.split(real(display(target)))
        beside.setdefault(folder, set()).add(_part_name(base, _MARK))
    removed = 0
    for folder, names in beside.items():
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            found = [entry.path for entry in entries if _HIDDEN.sub(f".{_MARK}.part", entry.name) in names]
            removed += sum(map(_removed_unless_locked, found))
    return removed


def _removed_unless_locked(path: str) -> bool:
    with contextlib.suppress(OSError):
        fd = os.open(path, os.O_RDONLY | NO_FOLLOW)
        try:
            if not lock_file(fd):
                return False
            if can_rename_open_files():
                Path(path).unlink()
                return True
        finally:
            os.close(fd)
        Path(path).unlink()
        return True
    return False
