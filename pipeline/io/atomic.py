"""Write a file that appears under its name only when it is whole and safe on the disk.

The bytes go to a hidden ``.NAME.XXXXXXXX.part`` beside the target, which is renamed at the end; until then what stood
under the name stays as it was. A link is followed first: what it points to is replaced, the link remains. The hidden
file is locked while its writer lives, so that one left behind by a killed process can be told and removed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..errors import DiskFullError, UsageError, WriteError
from ..system import (
    BINARY,
    DISK_FULL,
    FolderSync,
    begin_writeback,
    can_rename_open_files,
    lock_file,
    pwrite,
    sync_folder,
)
from .base import PathArg
from .hidden import NAME_BYTES, hidden_beside
from .remote import Remote, is_remote, upload
from .remote import refuse_taken as refuse_taken_url
from .source import cause, display

_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS, errno.EXDEV}
_SEND_BYTES = 16 << 20  # written before the disk is set to work


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
        why = "the folder does not exist" if error.errno == errno.ENOENT else cause(error)
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


class AtomicFile:
    """A new file, hidden until :meth:`commit`. Also a binary file object, for libraries that write to one.

    Raises
    ------
    UsageError
        The name is taken and ``overwrite`` is not set, or is no regular file.
    WriteError
        It cannot be written, with the true cause; :class:`~pipeline.errors.DiskFullError` when there is no room.
    """

    seekable = True
    _unsent = 0
    _part = ""

    def __init__(self, path: PathArg, *, overwrite: bool = False) -> None:
        self.name = display(path)
        self.overwrite = overwrite
        with naming_errors(self.name):
            self._target = os.path.realpath(self.name)
            refuse_taken(self.name, overwrite=overwrite)
            if len(os.fsencode(Path(self._target).name)) > NAME_BYTES:
                raise WriteError(self.name, "the name is too long for this file system")
            self._part = hidden_beside(self._target)
            self._fd = os.open(self._part, os.O_RDWR | os.O_CREAT | os.O_EXCL | BINARY, 0o666)
            lock_file(self._fd)

    def write(self, data: bytes | memoryview) -> int:
        """Append or overwrite at the position; the length of ``data``."""
        with naming_errors(self.name):
            size = write_all(self._fd, data)
        self._unsent += size
        if self._unsent >= _SEND_BYTES:
            self._send()
        return size

    def _send(self) -> None:
        """Have the system begin to write to the disk what lies behind the position, so that `commit` waits for less."""
        begin_writeback(self._fd, self.tell() - self._unsent, self._unsent)
        self._unsent = 0

    def flush(self) -> None:
        """Nothing waits here."""

    def read(self, count: int = -1) -> bytes:
        """Bytes from the position."""
        return os.read(self._fd, count if count >= 0 else os.fstat(self._fd).st_size)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move the position."""
        return os.lseek(self._fd, offset, whence)

    def tell(self) -> int:
        """The position."""
        return os.lseek(self._fd, 0, os.SEEK_CUR)

    def patch(self, at: int, data: bytes) -> None:
        """Overwrite bytes written earlier, leaving the position."""
        with naming_errors(self.name):
            pwrite(self._fd, data, at)

    def size(self) -> int:
        """Bytes so far."""
        return os.fstat(self._fd).st_size

    def commit(self, folders: FolderSync | None = None) -> None:
        """Make it durable and give it its name, which ``folders`` makes durable, or else is so at once."""
        try:
            with naming_errors(self.name):
                os.fsync(self._fd)
                if not can_rename_open_files():
                    os.close(self._fd)
                    self._fd = -1
                self._rename()
        except BaseException:
            self.abort()
            raise
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        self._part = ""
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
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        if self._part:
            Path(self._part).unlink(missing_ok=True)
            self._part = ""


class RemoteFile(AtomicFile):
    """A new file for a store: a local one without a name, which is sent when it is whole."""

    def __init__(self, url: str, *, overwrite: bool = False) -> None:
        self.name = url
        self.overwrite = overwrite
        refuse_taken(url, overwrite=overwrite)
        with naming_errors(url), tempfile.TemporaryFile() as unnamed:
            self._fd = os.dup(unnamed.fileno())

    def commit(self, folders: FolderSync | None = None) -> None:  # noqa: ARG002 - a store has none to wait for
        """Send it, and give it its name there."""
        try:
            upload(self._fd, self.name, overwrite=self.overwrite)
        finally:
            self.abort()


def refuse_taken(path: PathArg, *, overwrite: bool) -> None:
    """Refuse an output whose name is taken, unless it may be replaced and is a regular file."""
    if is_remote(path):
        refuse_taken_url(display(path), overwrite=overwrite)
        return
    try:
        mode = Path(display(path)).stat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        what = "a directory" if stat.S_ISDIR(mode) else "no regular file"
        raise UsageError(f"{display(path)}: is {what}; give a file name")
    if not overwrite:
        raise UsageError(f"{display(path)}: exists already; set overwrite, or give another name")


def same_file(a: PathArg, b: PathArg) -> bool:
    """Whether two names are one file, through any links; a name with no file behind it is compared as a path."""
    if is_remote(a) or is_remote(b):
        return is_remote(a) and is_remote(b) and Remote(display(a)).identity() == Remote(display(b)).identity()
    one, other = file_of(a), file_of(b)
    if one is not None or other is not None:
        return one == other
    try:
        return os.path.realpath(display(a)) == os.path.realpath(display(b))
    except ValueError:  # a NUL byte: the name of no file
        return False


def file_of(path: PathArg) -> tuple[int, int] | None:
    """The same for all names of one file; None where there is none."""
    try:
        status = Path(display(path)).stat()
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino


def open_file(path: str, *, overwrite: bool = False) -> AtomicFile:
    """A file that appears when it is whole, here or in a store."""
    return RemoteFile(path, overwrite=overwrite) if is_remote(path) else AtomicFile(path, overwrite=overwrite)


def write_bytes(path: PathArg, data: bytes, *, overwrite: bool) -> None:
    """A file with these bytes, whole or not at all; raises what :class:`AtomicFile` raises."""
    file = AtomicFile(path, overwrite=overwrite)
    try:
        file.write(data)
    except BaseException:
        file.abort()
        raise
    file.commit()
