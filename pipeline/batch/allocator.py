"""Has the C library keep freed memory for the next block, which a run of many equal blocks asks for at once.

By default it gives each large array back to the system and gets it anew, page by page, zeroed: measured, that took
half of the time of a convolution. It is set for the process of the command, never by the library.
"""

from __future__ import annotations

__all__ = ["keep_freed_memory"]

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt, in malloc.h
_LARGEST = 32 << 20  # bytes; the largest that glibc lets an array have and yet keeps


def keep_freed_memory() -> None:
    """Keep it, where the C library is glibc; elsewhere do nothing."""
    import ctypes

    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, TypeError, AttributeError):
        return
    mallopt(_MMAP_THRESHOLD, _LARGEST)
    mallopt(_TRIM_THRESHOLD, 2**31 - 1)
