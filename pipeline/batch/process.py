"""Settles how a process of the command runs, itself or a worker: what the library leaves to who imports it.

Each line earns its place by a measurement: ten minutes of stereo through 48,000 taps are a second of processor time.
"""

from __future__ import annotations

import atexit
import gc
import os

__all__ = ["keep_freed_memory", "processors", "settle", "share_threads"]

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # of mallopt, in malloc.h
_LARGEST = 32 << 20  # bytes; the largest that glibc lets an array have and yet keeps

_GARBAGE = 50_000  # objects made between looks for cycles; the imports make more, and no garbage: 0.03 s


def settle() -> None:
    """Before anything else is imported: what the libraries look for when they are loaded."""
    gc.set_threshold(_GARBAGE)
    atexit.register(gc.freeze)  # what is left at the end needs no last look for cycles: 0.05 s
    # the threads of the linear algebra library spin for work that never comes: 0.1 s
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # pydantic looks through all installed packages for plugins of its own: 0.01 s
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


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
    mallopt(_MMAP_THRESHOLD, _LARGEST)
    mallopt(_TRIM_THRESHOLD, 2**31 - 1)
    mallopt(_ARENA_MAX, 2)  # not one a thread, which would keep what another could use: 20 MB


def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def share_threads(jobs: int, threads: int | None) -> int | None:
    """Threads for each of so many workers, in all never more than there are processors, one each at least.

    A process that works alone is left as it is.
    """
    share = max(1, processors() // jobs)
    return threads if jobs == 1 else min(share, threads or share)
