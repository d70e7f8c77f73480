"""What differs between operating systems: locks, files at a place, processors, signals; each has a way without it.

What a system lacks is looked for when it is wanted, so that every module can be imported everywhere. A process of the
command is settled here, too (`settle_process`, `keep_freed_memory`); each line of that earns its place by a
measurement: ten minutes of stereo through 48,000 taps are a second of processor time.
"""

from __future__ import annotations

import atexit
import errno
import gc
import os
import signal
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any, TypeVar

T = TypeVar("T")

fcntl: Any = None  # of POSIX
msvcrt: Any = None  # of Windows
with suppress(ImportError):
    fcntl = import_module("fcntl")
with suppress(ImportError):
    msvcrt = import_module("msvcrt")

BINARY: int = getattr(os, "O_BINARY", 0)
"""For `os.open`: bytes as they are, where a system would else translate ends of lines."""

NO_FOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
"""For `os.open`: no link is followed, where that can be asked for."""

DISK_FULL = {
    errno.ENOSPC: "No space left on device",
    errno.EDQUOT: "No space left on device: the disk quota is used up",
    errno.EFBIG: "No space left on device: the file is larger than the file system or a limit allows",
}
"""Numbers of the errors of a disk with no more room for a file, each in words."""

_ALARM: int = getattr(signal, "SIGALRM", 0) if hasattr(signal, "setitimer") else 0

TIMED_OUT = -_ALARM or 142
"""Exit code, as `subprocess` gives it, of a process that `limit_time` ended."""

_HAS_PREAD, _HAS_PWRITE = hasattr(os, "pread"), hasattr(os, "pwrite")
_LOCKED_BYTE = 1 << 40  # far behind the end: what is locked on Windows cannot be read by others


# ---- files ----------------------------------------------------------------------------------------------------------


def is_disk_full(error: OSError) -> bool:
    """Whether an error means that there is no more room on the disk."""
    return error.errno in DISK_FULL


def lock_file(fd: int) -> bool | None:
    """Lock an open file for this process: True if it is ours now, False if another has it, None if there are no locks.

    The system gives a lock back when its file is closed, or its process ends, however it does.
    """
    try:
        if fcntl is not None:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        elif msvcrt is not None:
            _at(fd, _LOCKED_BYTE, lambda: msvcrt.locking(fd, msvcrt.LK_NBLCK, 1))
        else:
            return None
    except OSError as error:  # else a file system without locks
        return False if error.errno in (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK) else None
    return True


def pread(fd: int, count: int, at: int) -> bytes:
    """Read up to ``count`` bytes from ``at``, leaving the position."""
    return os.pread(fd, count, at) if _HAS_PREAD else _at(fd, at, lambda: os.read(fd, count))


def pwrite(fd: int, data: bytes, at: int) -> int:
    """Write ``data`` at ``at``, leaving the position; how many bytes were written."""
    return os.pwrite(fd, data, at) if _HAS_PWRITE else _at(fd, at, lambda: os.write(fd, data))


def _at(fd: int, at: int, step: Callable[[], T]) -> T:
    before = os.lseek(fd, 0, os.SEEK_CUR)
    try:
        os.lseek(fd, at, os.SEEK_SET)
        return step()
    finally:
        os.lseek(fd, before, os.SEEK_SET)


def keep_mode(fd: int, path: str) -> None:
    """Give an open file the permissions of the one that it will replace, if there is one."""
    if hasattr(os, "fchmod"):
        with suppress(OSError):
            os.fchmod(fd, stat.S_IMODE(os.stat(path).st_mode))  # noqa: PTH116


def is_append_only(fd: int) -> bool:
    """Whether all that is written to a file lands at its end, wherever it is to go."""
    return fcntl is not None and bool(fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_APPEND)


def begin_writeback(fd: int, at: int, count: int) -> None:
    """Have the system begin to write bytes to the disk, so that a later `os.fsync` waits for less."""
    if hasattr(os, "posix_fadvise"):
        with suppress(OSError):
            os.posix_fadvise(fd, at, count, os.POSIX_FADV_DONTNEED)


def sync_folder(folder: str) -> None:
    """Make new names in a folder durable; a file system that cannot sync folders is no failure."""
    with suppress(OSError):
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


class FolderSync:
    """Folders with new names that are not durable yet; a context manager, which waits at its end for each once."""

    def __init__(self) -> None:
        self._folders: set[str] = set()

    def add(self, folder: str) -> None:
        """Remember a folder that has a new name in it."""
        self._folders.add(folder)

    def __enter__(self) -> FolderSync:
        return self

    def __exit__(self, *error: object) -> None:
        for folder in sorted(self._folders):
            sync_folder(folder)


unfinished: set[str] = set()
"""Hidden files of this process that have no name yet."""


def remove_unfinished() -> None:
    """Remove every hidden file that has no name yet, at a process's end, whatever cut their own removal short."""
    while unfinished:
        with suppress(OSError):
            os.unlink(unfinished.pop())  # noqa: PTH108  (pathlib need not be loaded for it)


def can_rename_open_files() -> bool:
    """Whether a file can get another name, or lose its last, while it is open: not so on Windows."""
    return os.name != "nt"


# ---- processes ------------------------------------------------------------------------------------------------------


def usable_processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def share_threads(jobs: int, threads: int | None) -> int | None:
    """Threads for each of so many workers, in all never more than there are processors, one each at least.

    A process that works alone is left as it is.
    """
    share = max(1, usable_processors() // jobs)
    return threads if jobs == 1 else min(share, threads or share)


def end_process(pid: int) -> None:
    """End a process at once, if it is still there."""
    with suppress(ProcessLookupError, PermissionError if sys.platform == "win32" else ProcessLookupError):
        os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))


def interrupt_after(seconds: float | None, action: Callable[[], object] = lambda: None) -> None:
    """Have the main thread do something else in so many seconds, wherever it is by then; None takes that back.

    Where a system has no such timer nothing comes.
    """
    if not _ALARM:
        return
    if seconds:
        signal.signal(_ALARM, lambda *_: action())
    signal.setitimer(signal.ITIMER_REAL, seconds or 0)
    if not seconds:
        signal.signal(_ALARM, signal.SIG_DFL)


def working_folder() -> str | None:
    """The folder that names are seen from; None where it is gone."""
    try:
        return os.getcwd()  # noqa: PTH109
    except FileNotFoundError:
        return None


@contextmanager
def staying() -> Iterator[None]:
    """Wherever code of others goes in here, this process is in the same folder afterwards."""
    folder = working_folder()
    try:
        yield
    finally:
        if folder is not None and working_folder() != folder:
            os.chdir(folder)


signalled: list[type[BaseException]] | None = None
"""What signals raised here, where each leaves a mark, which survives what swallows the exception; else None."""


def is_interruption(error: BaseException) -> bool:
    """Whether an exception is, or may be, of a signal or of the caller, rather than of the code that raised it."""
    return not isinstance(error, Exception | SystemExit) and signalled != []


_limit: threading.Timer | None = None


def limit_time(seconds: float | None) -> None:
    """Have this process end, with the exit code `TIMED_OUT`, in so many seconds; None takes the limit back."""
    global _limit
    if _ALARM:
        if seconds:
            signal.signal(_ALARM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds or 0)
        return
    if _limit is not None:
        _limit.cancel()
        _limit = None
    if seconds:
        _limit = threading.Timer(seconds, os._exit, (TIMED_OUT,))
        _limit.daemon = True
        _limit.start()


_GARBAGE = 200_000  # objects made between looks for cycles; the imports make half as many, and no garbage: 0.03 s


def settle_process() -> None:
    """Settle, before anything else is imported, what the libraries look for when they are loaded."""
    gc.set_threshold(_GARBAGE)
    atexit.register(gc.freeze)  # what is left at the end needs no last look for cycles: 0.05 s
    # the threads of the linear algebra library spin for work that never comes: 0.1 s
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # pydantic looks through all installed packages for plugins of its own: 0.01 s
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # of mallopt, in malloc.h
KEPT_BYTES = 32 << 20  # the largest that glibc lets an array have and yet keeps


def keep_freed_memory() -> None:
    """Have the C library keep freed memory for the next block, which a run of many equal blocks asks for at once.

    By default glibc gives each large array back to the system and gets it anew, page by page, zeroed: that took half
    of the time of a convolution. Where the C library is another, nothing is done.
    """
    import ctypes

    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, TypeError, AttributeError):
        return
    mallopt(_MMAP_THRESHOLD, KEPT_BYTES)
    mallopt(_TRIM_THRESHOLD, 2**31 - 1)
    mallopt(_ARENA_MAX, 1)  # not one a thread, which would keep what another could use: 30 MB; of two, 13
